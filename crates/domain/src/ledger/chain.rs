//! The chain of one device's epoch: each record names the one before it, and its own number.

use super::{BadEnvelope, Envelope, Epoch, Hash};
use crate::DeviceId;

/// The end of a chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChainHead {
    /// The device whose records are in the chain.
    pub device: DeviceId,
    /// The device's epoch. Each epoch has a chain of its own.
    pub epoch: Epoch,
    /// The number of the last record; 0 before the first.
    pub sequence: u64,
    /// The hash of the last record.
    pub hash: Hash,
}

/// Why a record does not follow the one before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ChainFault {
    /// The bytes are not an envelope.
    #[error("record {at} can't be read")]
    Unreadable {
        /// The number that it should have.
        at: u64,
    },
    /// It comes from another device or epoch.
    #[error("record {at} belongs to another chain")]
    AnotherChain {
        /// The number that it should have.
        at: u64,
    },
    /// Its number is not the next one: something was left out, repeated or swapped.
    #[error("expected record {expected}, found {found}")]
    OutOfSequence {
        /// The number that should come.
        expected: u64,
        /// The number that came.
        found: u64,
    },
    /// It names another record as the one before it.
    #[error("record {at} does not follow the record before it")]
    BrokenLink {
        /// Its number.
        at: u64,
    },
    /// Its body is not the one that it committed to.
    #[error("the content of record {at} is not what was recorded")]
    AlteredBody {
        /// Its number.
        at: u64,
    },
    /// A seal does not cover the chain as it is.
    #[error("the seal at record {at} does not fit")]
    BrokenSeal {
        /// The last record that the seal covers.
        at: u64,
    },
}

impl ChainHead {
    /// The chain of an epoch before its first record.
    #[must_use]
    pub fn start(device: DeviceId, epoch: Epoch) -> Self {
        Self { device, epoch, sequence: 0, hash: Envelope::genesis(device, epoch) }
    }

    /// Checks the bytes of the next record's envelope against the chain. Gives the new end of the
    /// chain, and the envelope.
    ///
    /// # Errors
    /// The first [`ChainFault`] that it finds. It does not check the body or the seals.
    pub fn follow(&self, bytes: &[u8]) -> Result<(Self, Envelope), ChainFault> {
        let expected = self.sequence + 1;
        let envelope = Envelope::from_bytes(bytes).map_err(|BadEnvelope| ChainFault::Unreadable { at: expected })?;
        if envelope.device != self.device || envelope.epoch != self.epoch {
            return Err(ChainFault::AnotherChain { at: expected });
        }
        if envelope.sequence != expected {
            return Err(ChainFault::OutOfSequence { expected, found: envelope.sequence });
        }
        if envelope.previous != self.hash {
            return Err(ChainFault::BrokenLink { at: expected });
        }
        Ok((Self { sequence: expected, hash: Envelope::hash(bytes), ..*self }, envelope))
    }
}
