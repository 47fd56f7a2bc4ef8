//! An envelope of either version, for those who read what is kept.

use super::{Envelope, Link};
use crate::ledger::{self, Epoch, Hash, RecordKind, VisitKey};
use crate::{DeviceId, RecordId, UserId, VisitId};

/// What an envelope says, whichever version wrote it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnyEnvelope {
    /// The version of its layout: 1 or 2.
    pub version: u8,
    /// The record's id, which the phone gave it.
    pub record: RecordId,
    /// The enrolment that made it.
    pub enrolment: DeviceId,
    /// The name of its chain.
    pub chain: Epoch,
    /// Its number in the chain.
    pub sequence: u64,
    /// The hash of the envelope before it, or what its version gives for the first.
    pub previous: Hash,
    /// Whether it begins its chain as its version asks. `true` for every other record.
    pub begins: bool,
    /// The record that it goes on from, in another chain. Absent in version 1.
    pub continues: Option<Link>,
    /// The kind of record.
    pub kind: RecordKind,
    /// The version of the body's schema.
    pub schema: u16,
    /// The visit that it is about.
    pub visit: VisitId,
    /// Who recorded it, by its own word. Absent in version 2, where it is the enrolment's person.
    pub actor: Option<UserId>,
    /// Its place in the order of all the enrolment's records.
    pub order: u64,
    /// The phone's clock: milliseconds since 1970, UTC.
    pub recorded_at_ms: i64,
    /// The phone's zone at that moment: minutes east of UTC.
    pub utc_offset_minutes: i16,
    /// Milliseconds since the phone started.
    pub monotonic_ms: u64,
    /// A number for the start of the phone that `monotonic_ms` counts from.
    pub boot: u64,
    /// The council's clock at the last contact: milliseconds since 1970, UTC.
    pub council_contact_ms: Option<i64>,
    /// Ties the body to the envelope.
    pub commitment: Hash,
    /// The SHA-256 of each photo that belongs to the record.
    pub photos: Vec<Hash>,
    /// The hash of the grant of the visit's appointment. Absent in version 1.
    pub grant: Option<Hash>,
}

impl AnyEnvelope {
    /// Reads an envelope of either version; `None` when the bytes are none.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        if is_second(bytes) {
            Envelope::from_bytes(bytes).ok().map(Self::from)
        } else {
            ledger::Envelope::from_bytes(bytes).ok().map(Self::from)
        }
    }

    /// The hash of an envelope's bytes, as its version makes it. Bytes that are no envelope get a
    /// hash too, by which they are known.
    #[must_use]
    pub fn hash(bytes: &[u8]) -> Hash {
        if is_second(bytes) { Envelope::hash(bytes) } else { ledger::Envelope::hash(bytes) }
    }

    /// The commitment to a body, as this envelope's version makes it.
    #[must_use]
    pub fn commit(&self, key: &VisitKey, body: &[u8]) -> Hash {
        match self.version {
            super::VERSION => super::Salt::of(key, self.record).commit(body),
            _ => key.commit(self.record, body),
        }
    }

    /// Whether a body is in a form that this envelope's version takes. Version 1 took every form
    /// that can be read; see [`Envelope::takes`] for version 2.
    #[must_use]
    pub fn takes(&self, body: &[u8]) -> bool {
        self.version != super::VERSION || super::envelope::takes(self.kind, self.schema, body)
    }
}

/// Whether the bytes say that they are an envelope of version 2: an array that begins with a 2.
fn is_second(bytes: &[u8]) -> bool {
    let mut decoder = minicbor::Decoder::new(bytes);
    decoder.array().is_ok() && decoder.u8().is_ok_and(|version| version == super::VERSION)
}

impl From<Envelope> for AnyEnvelope {
    fn from(envelope: Envelope) -> Self {
        Self {
            version: envelope.version,
            record: envelope.record,
            enrolment: envelope.enrolment,
            chain: envelope.chain,
            sequence: envelope.sequence,
            previous: envelope.previous,
            begins: true,
            continues: envelope.continues,
            kind: envelope.kind,
            schema: envelope.schema,
            visit: envelope.visit,
            actor: None,
            order: envelope.order,
            recorded_at_ms: envelope.recorded_at_ms,
            utc_offset_minutes: envelope.utc_offset_minutes,
            monotonic_ms: envelope.monotonic_ms,
            boot: envelope.boot,
            council_contact_ms: envelope.council_contact_ms,
            commitment: envelope.commitment,
            photos: envelope.photos,
            grant: envelope.grant,
        }
    }
}

impl From<ledger::Envelope> for AnyEnvelope {
    fn from(envelope: ledger::Envelope) -> Self {
        let start = ledger::Envelope::genesis(envelope.device, envelope.epoch);
        Self {
            version: envelope.version,
            record: envelope.record,
            enrolment: envelope.device,
            chain: envelope.epoch,
            sequence: envelope.sequence,
            previous: envelope.previous,
            begins: envelope.sequence != 1 || envelope.previous == start,
            continues: None,
            kind: envelope.kind,
            schema: envelope.schema,
            visit: envelope.visit,
            actor: Some(envelope.actor),
            order: envelope.order,
            recorded_at_ms: envelope.recorded_at_ms,
            utc_offset_minutes: envelope.utc_offset_minutes,
            monotonic_ms: envelope.monotonic_ms,
            boot: envelope.boot,
            council_contact_ms: envelope.council_contact_ms,
            commitment: envelope.commitment,
            photos: envelope.photos,
            grant: None,
        }
    }
}
