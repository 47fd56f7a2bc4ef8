//! The body of a record, and the commitment that ties it to its envelope.

use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use zeroize::Zeroize;

use super::Hash;
use crate::RecordId;
use crate::conduct::{Acknowledgement, Event};

/// The version of the body's schema that this build writes. 1: arrival, entry, refusal, leaving. 2:
/// the whole Code.
pub const SCHEMA: u16 = 2;

/// What a record says. It is CBOR with named fields, so an older version can skip what it does not
/// know.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Body {
    /// What happened.
    pub event: Event,
}

/// A visit's own random key. The salts of the visit's commitments are made from it. Once the key is
/// erased, nobody can check a body against its commitment.
#[derive(Clone, PartialEq, Eq)]
pub struct VisitKey([u8; 32]);

impl Drop for VisitKey {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl fmt::Debug for VisitKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("VisitKey(<redacted>)")
    }
}

impl VisitKey {
    /// A key from 32 random bytes.
    #[must_use]
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The bytes, to store and send.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The commitment to a body: a hash of the body and a salt. Nobody can make the salt without
    /// the visit's key.
    #[must_use]
    pub fn commit(&self, record: RecordId, body: &[u8]) -> Hash {
        // A key shorter than the hash's block is padded with zeros (RFC 2104).
        let mut block = [0; 64];
        block.iter_mut().zip(self.0).for_each(|(padded, byte)| *padded = byte);
        let mut salt = Hmac::<Sha256>::new(&block.into());
        block.zeroize();
        salt.update(b"doorstep-salt-v1");
        salt.update(record.as_bytes());
        Hash::of("doorstep-body-v1", &[&salt.finalize().into_bytes(), body])
    }
}

/// The bytes of a body, made once on the device.
#[must_use]
pub fn encode_body(body: &Body) -> Vec<u8> {
    // This can't fail: a body is plain data, and it is written to memory.
    minicbor_serde::to_vec(body).unwrap_or_default()
}

/// Reads a body; `None` when this build does not understand it.
#[must_use]
pub fn decode_body(bytes: &[u8]) -> Option<Body> {
    minicbor_serde::from_slice(bytes).ok()
}

/// The bytes of an acknowledgement's body, made once on the device.
#[must_use]
pub fn encode_acknowledgement(acknowledgement: &Acknowledgement) -> Vec<u8> {
    // This can't fail: it is plain data, and it is written to memory.
    minicbor_serde::to_vec(acknowledgement).unwrap_or_default()
}

/// Reads an acknowledgement's body; `None` when this build does not understand it.
#[must_use]
pub fn decode_acknowledgement(bytes: &[u8]) -> Option<Acknowledgement> {
    minicbor_serde::from_slice(bytes).ok()
}
