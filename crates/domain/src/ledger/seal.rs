//! Ed25519 signatures (RFC 8032). What is signed always begins with the name of its purpose, so
//! that a signature made for one purpose can't serve another.

use std::fmt;

use ed25519_dalek::Signer;
use serde::{Deserialize, Serialize};

use super::{ChainHead, Epoch, Hash};
use crate::DeviceId;
use crate::bytes::Bytes;

/// The private key of a device or of the council.
pub struct SigningKey(ed25519_dalek::SigningKey);

/// The public key of a device or of the council.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct PublicKey(ed25519_dalek::VerifyingKey);

/// An Ed25519 signature.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Signature([u8; 64]);

/// The bytes are not a public key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("these bytes are not a public key")]
pub struct BadKey;

/// A device's signature over the end of its chain. Through the chain it covers every earlier
/// record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seal {
    /// The kind of signature. 1 is Ed25519.
    pub algorithm: u8,
    /// The device's epoch.
    pub epoch: Epoch,
    /// The last record that it covers.
    pub sequence: u64,
    /// The hash of that record.
    pub hash: Hash,
    /// The signature over the device, the epoch, the number and the hash.
    pub signature: Signature,
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SigningKey(<redacted>)")
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({})", data_encoding::HEXLOWER.encode(self.as_bytes()))
    }
}

impl fmt::Debug for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Signature(..)")
    }
}

impl SigningKey {
    /// A key from 32 random bytes.
    #[must_use]
    pub fn from_bytes(bytes: &[u8; 32]) -> Self {
        Self(ed25519_dalek::SigningKey::from_bytes(bytes))
    }

    /// The public half.
    #[must_use]
    pub fn public(&self) -> PublicKey {
        PublicKey(self.0.verifying_key())
    }

    /// Signs a message for one purpose.
    #[must_use]
    pub fn sign(&self, purpose: &str, message: &[u8]) -> Signature {
        Signature(self.0.sign(&named(purpose, message)).to_bytes())
    }

    /// Seals a chain up to its head.
    #[must_use]
    pub fn seal(&self, head: &ChainHead) -> Seal {
        let signature = self.sign(SEAL, &sealed_bytes(head.device, head.epoch, head.sequence, head.hash));
        Seal { algorithm: Seal::ED25519, epoch: head.epoch, sequence: head.sequence, hash: head.hash, signature }
    }
}

impl PublicKey {
    /// Reads a stored key.
    ///
    /// # Errors
    /// [`BadKey`] when there are not 32 bytes, or they are not a point on the curve.
    pub fn from_slice(bytes: &[u8]) -> Result<Self, BadKey> {
        let bytes: [u8; 32] = bytes.try_into().map_err(|_| BadKey)?;
        ed25519_dalek::VerifyingKey::from_bytes(&bytes).map(Self).map_err(|_| BadKey)
    }

    /// The bytes, to store and send.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 32] {
        self.0.as_bytes()
    }

    /// Whether the key is one that every verifier reads in the same way. Whoever makes a key can
    /// add a point of small order to it, or write it in another way. Then libraries differ about
    /// what it signed, so such a key is not enrolled.
    #[must_use]
    pub fn is_plain(&self) -> bool {
        !self.0.is_weak() && is_plain(self.as_bytes())
    }

    /// Whether this key signed this message for this purpose. The key and the signature must be
    /// ones that every verifier reads in the same way; see [`PublicKey::is_plain`].
    #[must_use]
    pub fn verifies(&self, purpose: &str, message: &[u8], signature: &Signature) -> bool {
        let signature = ed25519_dalek::Signature::from_bytes(&signature.0);
        self.is_plain()
            && is_plain(signature.r_bytes())
            && self.0.verify_strict(&named(purpose, message), &signature).is_ok()
    }

    /// A hash by which people and programs can compare keys.
    #[must_use]
    pub fn fingerprint(&self) -> Hash {
        Hash::of("doorstep-key-v1", &[self.as_bytes()])
    }
}

impl Seal {
    /// The number of Ed25519, the only algorithm so far.
    pub const ED25519: u8 = 1;

    /// Whether the device with this key made the seal.
    #[must_use]
    pub fn is_signed_by(&self, device: DeviceId, key: &PublicKey) -> bool {
        self.algorithm == Self::ED25519
            && key.verifies(SEAL, &sealed_bytes(device, self.epoch, self.sequence, self.hash), &self.signature)
    }
}

const SEAL: &str = "doorstep-seal-v1";

fn sealed_bytes(device: DeviceId, epoch: Epoch, sequence: u64, hash: Hash) -> Vec<u8> {
    [device.as_bytes().as_slice(), epoch.as_bytes(), &sequence.to_be_bytes(), hash.as_bytes()].concat()
}

/// Whether the bytes are a point of the group of prime order, written in the one shortest way.
fn is_plain(bytes: &[u8; 32]) -> bool {
    ed25519_dalek::VerifyingKey::from_bytes(bytes).is_ok_and(|key| {
        let point = key.to_edwards();
        point.is_torsion_free() && point.compress().as_bytes() == bytes
    })
}

fn named(purpose: &str, message: &[u8]) -> Vec<u8> {
    [purpose.as_bytes(), &[0], message].concat()
}

impl Signature {
    /// The bytes, to store and send.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 64] {
        &self.0
    }

    /// Reads stored bytes back; `None` unless there are 64.
    #[must_use]
    pub fn from_slice(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }
}

impl<C> minicbor::Encode<C> for Signature {
    fn encode<W: minicbor::encode::Write>(
        &self,
        e: &mut minicbor::Encoder<W>,
        _: &mut C,
    ) -> Result<(), minicbor::encode::Error<W::Error>> {
        e.bytes(&self.0)?.ok()
    }
}

impl<'b, C> minicbor::Decode<'b, C> for Signature {
    fn decode(d: &mut minicbor::Decoder<'b>, _: &mut C) -> Result<Self, minicbor::decode::Error> {
        Self::from_slice(d.bytes()?).ok_or_else(|| minicbor::decode::Error::message("expected 64 bytes"))
    }
}

impl<C> minicbor::Encode<C> for PublicKey {
    fn encode<W: minicbor::encode::Write>(
        &self,
        e: &mut minicbor::Encoder<W>,
        _: &mut C,
    ) -> Result<(), minicbor::encode::Error<W::Error>> {
        e.bytes(self.as_bytes())?.ok()
    }
}

impl<'b, C> minicbor::Decode<'b, C> for PublicKey {
    fn decode(d: &mut minicbor::Decoder<'b>, _: &mut C) -> Result<Self, minicbor::decode::Error> {
        Self::from_slice(d.bytes()?).map_err(minicbor::decode::Error::message)
    }
}

impl Serialize for Signature {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(&self.0)
    }
}

impl<'de> Deserialize<'de> for Signature {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let bytes = Bytes::deserialize(deserializer)?;
        Self::from_slice(&bytes.0).ok_or_else(|| serde::de::Error::custom("expected 64 bytes"))
    }
}

impl Serialize for PublicKey {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(self.as_bytes())
    }
}

impl<'de> Deserialize<'de> for PublicKey {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let bytes = Bytes::deserialize(deserializer)?;
        Self::from_slice(&bytes.0).map_err(serde::de::Error::custom)
    }
}
