//! The envelope of a record. The device makes its bytes once. The device and the council both keep
//! them unchanged.

use minicbor::{Decode, Encode};

use super::{Epoch, Hash};
use crate::{DeviceId, RecordId, UserId, VisitId};

/// What kind of record an envelope belongs to. A council keeps records of kinds that it does not
/// know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(transparent)]
pub struct RecordKind(#[n(0)] pub u16);

impl RecordKind {
    /// An event of a visit. Only the body says which event, so that nobody can tell from envelopes
    /// that there is a concern.
    pub const VISIT_EVENT: Self = Self(1);

    /// Somebody's signature under a version of the Code. It belongs to no visit, so it gets a visit
    /// id of its own.
    pub const ACKNOWLEDGEMENT: Self = Self(2);
}

/// Who made a record, when, and after which other record. What the record says is in its body.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct Envelope {
    /// The version of this layout.
    #[n(0)]
    pub version: u8,
    /// The record's id, which the device gave it.
    #[n(1)]
    pub record: RecordId,
    /// The device that made it.
    #[n(2)]
    pub device: DeviceId,
    /// The device's epoch.
    #[n(3)]
    pub epoch: Epoch,
    /// Its number in the epoch: 1, 2, 3 ... without gaps.
    #[n(4)]
    pub sequence: u64,
    /// The hash of the envelope before it, or [`Envelope::genesis`] for the first.
    #[n(5)]
    pub previous: Hash,
    /// The kind of record.
    #[n(6)]
    pub kind: RecordKind,
    /// The version of the body's schema.
    #[n(7)]
    pub schema: u16,
    /// The visit that it is about. A signature under the Code gets an id of its own.
    #[n(8)]
    pub visit: VisitId,
    /// Who recorded it.
    #[n(9)]
    pub actor: UserId,
    /// Its place in the order of all the device's records: milliseconds since 1970 by the device's
    /// clock, or one more than the record before it, whichever is greater. It never goes back, even
    /// when the clock does.
    #[n(10)]
    pub order: u64,
    /// The device's clock: milliseconds since 1970, UTC.
    #[n(11)]
    pub recorded_at_ms: i64,
    /// The device's zone at that moment: minutes east of UTC.
    #[n(12)]
    pub utc_offset_minutes: i16,
    /// Milliseconds since the device started.
    #[n(13)]
    pub monotonic_ms: u64,
    /// A number for the start of the device that `monotonic_ms` counts from.
    #[n(14)]
    pub boot: u64,
    /// The council's clock at the last contact: milliseconds since 1970, UTC; `None` before the
    /// first.
    #[n(15)]
    pub council_contact_ms: Option<i64>,
    /// Ties the body to the envelope; see [`super::VisitKey::commit`].
    #[n(16)]
    pub commitment: Hash,
    /// The SHA-256 of each photo that belongs to the record.
    #[n(17)]
    pub photos: Vec<Hash>,
}

/// The bytes are not an envelope.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("these bytes are not a record's envelope")]
pub struct BadEnvelope;

impl Envelope {
    /// The version of the layout that this build writes.
    pub const VERSION: u8 = 1;

    /// The hash that the first record of an epoch gives in place of a record before it.
    #[must_use]
    pub fn genesis(device: DeviceId, epoch: Epoch) -> Hash {
        Hash::of("doorstep-genesis-v1", &[device.as_bytes(), epoch.as_bytes()])
    }

    /// The envelope as CBOR. The same envelope always gives the same bytes.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(256);
        // This can't fail: an envelope is plain data, and it is written to memory.
        let _infallible = minicbor::encode(self, &mut bytes);
        bytes
    }

    /// Reads bytes back.
    ///
    /// # Errors
    /// [`BadEnvelope`] when the bytes are not exactly one envelope.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, BadEnvelope> {
        let mut decoder = minicbor::Decoder::new(bytes);
        let envelope = decoder.decode().map_err(|_| BadEnvelope)?;
        if decoder.position() == bytes.len() { Ok(envelope) } else { Err(BadEnvelope) }
    }

    /// The hash of an envelope's bytes, which the next record names.
    #[must_use]
    pub fn hash(bytes: &[u8]) -> Hash {
        Hash::of("doorstep-record-v1", &[bytes])
    }
}
