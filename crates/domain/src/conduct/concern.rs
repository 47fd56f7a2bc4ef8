//! Concerns. A safeguarding note is sealed on the device to the keys of the council's safeguarding leads, so that nobody
//! else can read it, the one who wrote it included. Clause 6.2.

use serde::{Deserialize, Serialize};

/// What a concern is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum ConcernKind {
    /// A child or an adult may be at risk. Only the safeguarding leads may know of it. Clause 6.2.
    Safeguarding,
}

/// A note that only the holders of some keys can open.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct SealedNote {
    /// The note as an age file (age-encryption.org/v1), made on the device.
    #[cfg_attr(feature = "typescript", ts(type = "number[]"))]
    #[serde(with = "super::event::bytes")]
    pub sealed: Vec<u8>,
}

impl std::fmt::Debug for SealedNote {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SealedNote(..)")
    }
}
