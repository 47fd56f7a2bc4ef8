//! Turns messages into bytes, and signs those bytes.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::bytes::Bytes;
use crate::ledger::{PublicKey, Signature, SigningKey};

/// What a signature is for. A signature for one purpose does not verify for another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// The answer to an enrolment, signed by the council.
    EnrolAnswer,
    /// A sync's request, signed by the device.
    SyncRequest,
    /// A sync's answer, signed by the council. Receipts are in it.
    SyncAnswer,
    /// A piece of a photo, signed by the device.
    BlobRequest,
    /// How far the council has the photo, signed by the council.
    BlobAnswer,
}

/// A message and its sender's signature.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Signed {
    /// The message's bytes, which the signature covers.
    pub payload: Bytes,
    /// The sender's signature over the purpose and the payload.
    pub signature: Signature,
}

/// The bytes are not the expected message, or the signature is not the expected one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("this is not a message of the protocol")]
pub struct Unreadable;

impl Purpose {
    fn name(self) -> &'static str {
        match self {
            Self::EnrolAnswer => "doorstep-enrol-answer-v1",
            Self::SyncRequest => "doorstep-sync-request-v1",
            Self::SyncAnswer => "doorstep-sync-answer-v1",
            Self::BlobRequest => "doorstep-blob-request-v1",
            Self::BlobAnswer => "doorstep-blob-answer-v1",
        }
    }
}

impl Signed {
    /// Signs a message.
    #[must_use]
    pub fn new<M: Serialize>(purpose: Purpose, message: &M, key: &SigningKey) -> Self {
        let payload = encode(message);
        let signature = key.sign(purpose.name(), &payload);
        Self { payload: Bytes(payload), signature }
    }

    /// Reads the message, if this key signed it for this purpose.
    ///
    /// # Errors
    /// [`Unreadable`] when the signature does not verify, or the message can't be read.
    pub fn open<M: DeserializeOwned>(&self, purpose: Purpose, key: &PublicKey) -> Result<M, Unreadable> {
        if !key.verifies(purpose.name(), &self.payload.0, &self.signature) {
            return Err(Unreadable);
        }
        decode(&self.payload.0)
    }

    /// Reads the message without checking the signature, to find out whose key to check it with.
    /// Believe nothing in it until [`Signed::open`] has checked it.
    ///
    /// # Errors
    /// [`Unreadable`] when the message can't be read.
    pub fn peek<M: DeserializeOwned>(&self) -> Result<M, Unreadable> {
        decode(&self.payload.0)
    }
}

/// A message as CBOR bytes.
#[must_use]
pub fn encode<M: Serialize>(message: &M) -> Vec<u8> {
    // This can't fail: messages are plain data, and they are written to memory.
    minicbor_serde::to_vec(message).unwrap_or_default()
}

/// Reads a message.
///
/// # Errors
/// [`Unreadable`] for anything else.
pub fn decode<M: DeserializeOwned>(bytes: &[u8]) -> Result<M, Unreadable> {
    minicbor_serde::from_slice(bytes).map_err(|_| Unreadable)
}
