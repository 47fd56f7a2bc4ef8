//! `PUT /v2/blobs/{sha256}`: sends a photo's picture in pieces, after the record that names it. How
//! large it is, the record says.

use minicbor::{Decode, Encode};

use super::{Attested, Certificate, Message, Name, Nonce};
use crate::DeviceId;
use crate::bytes::Bytes;
use crate::ledger::Hash;

/// One piece of a picture. With an empty piece, it only asks how much of the picture the council
/// has.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct PhotoRequest {
    /// The version of the protocol.
    #[n(0)]
    pub protocol: u16,
    /// The enrolment that sends it, and whose key signed the request.
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
    /// Where the piece starts in the file, in bytes.
    #[n(5)]
    pub offset: u64,
    /// The piece, at most [`crate::protocol::Limits::BLOB_CHUNK`] bytes.
    #[n(6)]
    pub piece: Bytes,
}

/// How much of a picture the council has. A newer council may say what an older phone does not
/// know; the phone asks again later.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(transparent)]
pub struct Held(#[n(0)] pub u16);

impl Held {
    /// The first bytes; see [`PhotoAnswer::held`].
    pub const PART: Self = Self(1);
    /// The whole picture, and its hash is right.
    pub const WHOLE: Self = Self(2);
    /// No record names it yet. Records are sent first.
    pub const NOT_NAMED: Self = Self(3);
    /// The council does not take it; see [`PhotoAnswer::reason`].
    pub const REFUSED: Self = Self(4);
}

/// The council's answer, which it signs.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct PhotoAnswer {
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
    /// How much of it the council has.
    #[n(4)]
    pub state: Held,
    /// How many of its first bytes the council has stored. The next piece begins after them.
    #[n(5)]
    pub held: u64,
    /// Why it was refused, as a stable code.
    #[n(6)]
    pub reason: Option<String>,
}

impl Message for PhotoRequest {
    const NAME: Name = Name::BlobRequest;
}

impl Message for PhotoAnswer {
    const NAME: Name = Name::BlobAnswer;
}
