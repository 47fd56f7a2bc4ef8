//! `PUT /v1/blobs/{sha256}`: sends a photo's picture in pieces, after the record that names it.

use serde::{Deserialize, Serialize};

use crate::DeviceId;
use crate::bytes::Bytes;
use crate::ledger::Hash;

/// One piece of a picture. With an empty piece, it only asks how much of the picture the council
/// has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BlobRequest {
    /// The version of the protocol.
    pub protocol: u16,
    /// The device that sends it, and that signed the request.
    pub device: DeviceId,
    /// A random number, repeated in the answer.
    pub nonce: Bytes,
    /// The SHA-256 of the whole file.
    pub sha256: Hash,
    /// The size of the whole file, in bytes.
    pub total: u64,
    /// Where the piece starts in the file, in bytes.
    pub offset: u64,
    /// The piece, at most [`super::Limits::BLOB_CHUNK`] bytes.
    pub chunk: Bytes,
}

/// The council's answer, which it signs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BlobAnswer {
    /// The version of the protocol.
    pub protocol: u16,
    /// The device that asked.
    pub device: DeviceId,
    /// The request's random number.
    pub nonce: Bytes,
    /// The SHA-256 of the whole file.
    pub sha256: Hash,
    /// How much of the file the council has.
    pub state: BlobState,
}

/// How much of a picture the council has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BlobState {
    /// The council has stored the first bytes. The next piece begins after them.
    Partial {
        /// How many bytes it has stored.
        held: u64,
    },
    /// The council has stored the whole picture, and its hash is right.
    Complete,
    /// The council holds no record that names the picture. Records are sent first.
    NotNamed,
    /// The council does not take it. The text is a stable code that says why. A person looks at it.
    Refused(String),
}
