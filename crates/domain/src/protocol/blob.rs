//! `PUT /v1/blobs/{sha256}`: a photo's picture, piece by piece, after the record that names it.

use serde::{Deserialize, Serialize};

use crate::DeviceId;
use crate::bytes::Bytes;
use crate::ledger::Hash;

/// One piece of a picture, or none, to ask how far the council has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BlobRequest {
    /// The version of the protocol.
    pub protocol: u16,
    /// The device.
    pub device: DeviceId,
    /// A random number, repeated in the answer.
    pub nonce: Bytes,
    /// The SHA-256 of the whole file.
    pub sha256: Hash,
    /// The size of the whole file, in bytes.
    pub total: u64,
    /// Where the piece belongs.
    pub offset: u64,
    /// The piece, at most [`super::Limits::BLOB_CHUNK`] bytes.
    pub chunk: Bytes,
}

/// What the council answers, signed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BlobAnswer {
    /// The version of the protocol.
    pub protocol: u16,
    /// The device that is answered.
    pub device: DeviceId,
    /// The request's random number.
    pub nonce: Bytes,
    /// The file.
    pub sha256: Hash,
    /// How far the council has it.
    pub state: BlobState,
}

/// How far the council has a picture.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BlobState {
    /// Its first bytes, on durable storage: the next piece begins behind them.
    Partial {
        /// How many.
        held: u64,
    },
    /// All of it, its hash found to be right, on durable storage.
    Complete,
    /// No record that the council holds names it. Records come first.
    NotNamed,
    /// It is not what a photo may be; why, as a stable code. A person looks at it.
    Refused(String),
}
