//! What is sealed in a safeguarding note. Its bytes have one length, whatever it says.

use minicbor::{Decode, Encode};

use super::{VERSION, canonical};
use crate::VisitId;
use crate::bytes::Bytes;

/// How many bytes a note has before it is sealed. The longest words that the app takes fit in.
const LENGTH: usize = 16 * 1024;

/// The bytes that the head of the padding takes, for padding of this size.
const PADDING_HEAD: usize = 3;

/// A safeguarding note before it is sealed. The envelope gives a random visit; the real one is in
/// here.
#[derive(Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct Note {
    /// The version of this layout: [`VERSION`].
    #[n(0)]
    version: u8,
    /// The visit in which it was written; absent for one that belongs to no visit.
    #[n(1)]
    pub visit: Option<VisitId>,
    /// What it says.
    #[n(2)]
    pub words: String,
    /// As many zero bytes as make the note 16,384 bytes long.
    #[n(3)]
    padding: Bytes,
}

impl std::fmt::Debug for Note {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Note(<redacted>)")
    }
}

impl Note {
    /// A note. `None` if the words are too long for its one length.
    #[must_use]
    pub fn new(visit: Option<VisitId>, words: &str) -> Option<Self> {
        let mut note = Self { version: VERSION, visit, words: words.to_owned(), padding: Bytes(Vec::new()) };
        // The head of empty padding takes one byte.
        let bare = canonical::write(&note).len() - 1;
        note.padding.0.resize(LENGTH.checked_sub(bare + PADDING_HEAD)?, 0);
        Some(note).filter(|note| canonical::write(note).len() == LENGTH)
    }

    /// The bytes to seal: always as many.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        canonical::write(self)
    }

    /// Reads what was sealed; `None` if it is no note.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        canonical::read(bytes).ok().filter(|note: &Self| note.version == VERSION)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conduct::TextKind;

    #[test]
    fn every_note_is_as_long_and_reads_back() {
        let most = "\u{1f6aa}".repeat(TextKind::Words.most());
        for (visit, words) in [(None, ""), (Some(VisitId::from_bytes([1; 16])), "Bruises."), (None, &most)] {
            let note = Note::new(visit, words).unwrap();
            assert_eq!(note.to_bytes().len(), LENGTH);
            assert_eq!(Note::from_bytes(&note.to_bytes()), Some(note));
        }
        assert_eq!(Note::new(None, &"x".repeat(LENGTH)), None);
        assert_eq!(Note::from_bytes(b"{\"note\":\"of version 1\"}"), None);
    }
}
