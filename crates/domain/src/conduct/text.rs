//! How long a text can be. The length is checked when the text is entered, never when it is read
//! back, so everything that was recorded stays readable.

use serde::{Deserialize, Serialize};

/// The kind of a text, which sets how long it can be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, strum::VariantArray)]
#[serde(rename_all = "snake_case")]
pub enum TextKind {
    /// A longer text: what was seen, heard or done.
    Words,
    /// A name, a number, or a reason.
    Short,
    /// Where a number that the council owns comes from.
    Source,
    /// The name of a version of the Code.
    Label,
}

/// The text is too long.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("that is too long: it can have {} characters", .kind.most())]
pub struct TooLong {
    /// The kind of text. [`TextKind::most`] gives the limit that it passed.
    pub kind: TextKind,
}

impl TextKind {
    /// The most characters that a text of this kind can have.
    #[must_use]
    pub const fn most(self) -> usize {
        match self {
            Self::Words => 4_000,
            Self::Short => 500,
            Self::Source => 300,
            Self::Label => 100,
        }
    }

    /// Checks the length of a text.
    ///
    /// # Errors
    /// [`TooLong`].
    pub fn check(self, text: &str) -> Result<(), TooLong> {
        if text.chars().count() > self.most() { Err(TooLong { kind: self }) } else { Ok(()) }
    }

    /// Checks the length of a text, if there is one.
    ///
    /// # Errors
    /// [`TooLong`].
    pub fn check_any(self, text: Option<&String>) -> Result<(), TooLong> {
        text.map_or(Ok(()), |text| self.check(text))
    }
}
