//! How long a text may be that somebody says. It is checked when it is said, in `decide`, and never
//! when it is read: what was recorded stays readable.

/// What kind of text it is, by which it may be so long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TextKind {
    /// What is told at length: what was seen, heard or done.
    Words,
    /// A name, a number, or a reason.
    Short,
}

/// A text that is too long.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("that is too long: it can have {} characters", .kind.most())]
pub struct TooLong {
    /// What kind of text it is.
    pub kind: TextKind,
}

impl TextKind {
    /// How many characters it may have.
    #[must_use]
    pub const fn most(self) -> usize {
        match self {
            Self::Words => 4_000,
            Self::Short => 500,
        }
    }

    /// Checks a text.
    ///
    /// # Errors
    /// [`TooLong`].
    pub fn check(self, text: &str) -> Result<(), TooLong> {
        if text.chars().count() > self.most() { Err(TooLong { kind: self }) } else { Ok(()) }
    }

    /// Checks a text, if there is one.
    ///
    /// # Errors
    /// [`TooLong`].
    pub fn check_any(self, text: Option<&String>) -> Result<(), TooLong> {
        text.map_or(Ok(()), |text| self.check(text))
    }
}
