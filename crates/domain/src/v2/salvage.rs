//! `PUT /v2/salvage/{sha256}`: sends a file of visits that a phone can't open any more, in pieces.
//! It is sealed as it lies on the phone: the council's service can't open it, and whoever has the
//! secret half of its recovery key can.

use minicbor::{Decode, Encode};

use super::{Attested, Certificate, Held, Message, Name, Nonce, canonical};
use crate::DeviceId;
use crate::bytes::Bytes;
use crate::ledger::Hash;
use crate::protocol::Limits;

/// One piece of a file. With an empty piece, it only asks how much of the file the council has.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct SalvageRequest {
    /// The version of the protocol.
    #[n(0)]
    pub protocol: u16,
    /// The enrolment that the phone has now, and whose key signed the request.
    #[n(1)]
    pub enrolment: DeviceId,
    /// The enrolment's certificate.
    #[n(2)]
    pub certificate: Option<Attested<Certificate>>,
    /// A random number, repeated in the answer.
    #[n(3)]
    pub nonce: Nonce,
    /// The SHA-256 of the whole file.
    #[n(4)]
    pub sha256: Hash,
    /// The length of the whole file, in bytes, at most
    /// [`crate::protocol::Limits::SALVAGE_BYTES`].
    #[n(5)]
    pub size: u64,
    /// Where the piece starts in the file, in bytes.
    #[n(6)]
    pub offset: u64,
    /// The piece, at most [`crate::protocol::Limits::BLOB_CHUNK`] bytes.
    #[n(7)]
    pub piece: Bytes,
}

/// The council's answer, which it signs.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct SalvageAnswer {
    /// The version of the protocol.
    #[n(0)]
    pub protocol: u16,
    /// The enrolment that asked.
    #[n(1)]
    pub enrolment: DeviceId,
    /// The request's random number.
    #[n(2)]
    pub nonce: Nonce,
    /// The SHA-256 of the whole file.
    #[n(3)]
    pub sha256: Hash,
    /// How much of it the council has. It is whole once all of it is stored and its hash is right.
    #[n(4)]
    pub state: Held,
    /// How many of its first bytes the council has stored. The next piece begins after them.
    #[n(5)]
    pub held: u64,
}

/// What is in the file: what a phone's store had to send, and the key to it.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct SealedStore {
    /// The key of the journal, sealed to the council's recovery key.
    #[n(0)]
    pub sealed_key: Bytes,
    /// The journal, encrypted with that key.
    #[n(1)]
    pub journal: Bytes,
    /// Bytes that say nothing: the length of the file does not tell how many notes are in it.
    #[n(2)]
    pub padding: Bytes,
}

/// How many bytes it takes to say how long the padding is, at most.
const ROOM: usize = 8;

/// What the padding is made of begins with this.
const PADDING: &str = "doorstep-salvage-padding-v2";

/// The shortest file, in bytes. Each other length is twice another.
const LEAST: usize = 1024 * 1024;

impl SealedStore {
    /// A store and its sealed key. The same gives the same file each time. The longest file that
    /// the council takes has less padding.
    #[must_use]
    pub fn new(sealed_key: Bytes, journal: Bytes) -> Self {
        let most = usize::try_from(Limits::SALVAGE_BYTES).unwrap_or(usize::MAX);
        let bare = Self { sealed_key, journal, padding: Bytes(Vec::new()) };
        let length = bare.to_bytes().len() + ROOM;
        let whole = length.next_power_of_two().max(LEAST).min(most.max(length));
        let seed = Hash::framed(PADDING, &[&bare.sealed_key.0, &bare.journal.0]);
        let mut padding = Vec::with_capacity(whole - length + 32);
        for number in 0_u64.. {
            if padding.len() >= whole - length {
                break;
            }
            padding.extend_from_slice(Hash::framed(PADDING, &[seed.as_bytes(), &number.to_be_bytes()]).as_bytes());
        }
        padding.truncate(whole - length);
        Self { padding: Bytes(padding), ..bare }
    }

    /// The file.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        canonical::write(self)
    }

    /// What is in a file; `None` if it is no such file.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        canonical::read(bytes).ok()
    }
}

impl Message for SalvageRequest {
    const NAME: Name = Name::SalvageRequest;
}

impl Message for SalvageAnswer {
    const NAME: Name = Name::SalvageAnswer;
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(journal: usize) -> Vec<u8> {
        SealedStore::new(Bytes(vec![1; 300]), Bytes(vec![2; journal])).to_bytes()
    }

    #[test]
    fn a_note_more_or_less_does_not_change_how_long_the_file_is() {
        for journal in [0, 12_000, 12_000 + 6 * 17_460, 900_000] {
            let file = file(journal);
            assert!(file.len() <= LEAST && LEAST - file.len() < ROOM, "{journal}: {}", file.len());
            assert_eq!(SealedStore::from_bytes(&file).unwrap().journal.0.len(), journal);
        }
        assert!(file(3_000_000).len() > 4 * LEAST - ROOM);
        assert_eq!(file(5_000), file(5_000), "it is the same each time");
        let longest = usize::try_from(Limits::SALVAGE_BYTES).unwrap();
        assert!(file(longest - 1_000).len() <= longest);
        // The padding can't be told from what is sealed by compressing it.
        let padding = SealedStore::from_bytes(&file(10)).unwrap().padding.0;
        let zeros = padding.iter().filter(|byte| **byte == 0).count();
        assert!(zeros < padding.len() / 200, "{zeros}");
    }
}
