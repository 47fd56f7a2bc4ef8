//! `PUT /v2/salvage/{sha256}`: sends a file of visits that a phone can't open any more, in pieces.
//! It is sealed as it lies on the phone: the council's service can't open it, and whoever has the
//! secret half of its recovery key can.

use minicbor::{Decode, Encode};

use super::{Attested, Certificate, Held, Message, Name, Nonce, canonical};
use crate::DeviceId;
use crate::bytes::Bytes;
use crate::ledger::Hash;

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
}

impl SealedStore {
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
