//! Messages as bytes, and bytes under a signature.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::bytes::Bytes;
use crate::ledger::{PublicKey, Signature, SigningKey};

/// What a signature was made for.
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

/// A message with the signature of whoever sent it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Signed {
    /// The message's bytes, which the signature covers.
    pub payload: Bytes,
    /// The signature.
    pub signature: Signature,
}

/// Bytes that are not the message they should be.
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

    /// Reads the message, if the key signed it for the purpose.
    ///
    /// # Errors
    /// [`Unreadable`] when the signature is another's, or the message can't be read.
    pub fn open<M: DeserializeOwned>(&self, purpose: Purpose, key: &PublicKey) -> Result<M, Unreadable> {
        if !key.verifies(purpose.name(), &self.payload.0, &self.signature) {
            return Err(Unreadable);
        }
        decode(&self.payload.0)
    }

    /// Reads the message without asking who signed it, to learn whose key to ask for.
    ///
    /// # Errors
    /// [`Unreadable`] when the message can't be read.
    pub fn peek<M: DeserializeOwned>(&self) -> Result<M, Unreadable> {
        decode(&self.payload.0)
    }
}

/// The bytes of a message.
#[must_use]
pub fn encode<M: Serialize>(message: &M) -> Vec<u8> {
    // Messages are plain data written to a growing buffer: there is nothing here that can fail.
    minicbor_serde::to_vec(message).unwrap_or_default()
}

/// Reads a message.
///
/// # Errors
/// [`Unreadable`] for anything else.
pub fn decode<M: DeserializeOwned>(bytes: &[u8]) -> Result<M, Unreadable> {
    minicbor_serde::from_slice(bytes).map_err(|_| Unreadable)
}
