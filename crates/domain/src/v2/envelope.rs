//! The envelope of a record in version 2. A chain is one visit's, one note's or one register's, and
//! belongs to one enrolment. Who acted is the enrolment's person, so no envelope names anybody.

use minicbor::{Decode, Encode};

use super::canonical::{self, NotCanonical};
use super::{Name, Nonce};
use crate::ledger::{Epoch, Hash, RecordKind, SCHEMA, VisitKey, decode_acknowledgement, decode_body};
use crate::ledger::{encode_acknowledgement, encode_body};
use crate::{DeviceId, RecordId, VisitId};

/// The version of the formats in this module.
pub const VERSION: u8 = 2;

/// The greatest number of a record or a seal. No phone comes near it, and every database can count
/// so far.
const LAST: u64 = i64::MAX.unsigned_abs();

/// A record by its place and its hash: the end of a chain, or what a chain goes on from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, std::hash::Hash, Encode, Decode)]
#[cbor(array)]
pub struct Link {
    /// The name of its chain.
    #[n(0)]
    pub chain: Epoch,
    /// Its number in that chain.
    #[n(1)]
    pub sequence: u64,
    /// Its hash; see [`Envelope::hash`].
    #[n(2)]
    pub hash: Hash,
}

/// When a record was made and after which other, and what its body is tied to by. What the record
/// says is in its body.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct Envelope {
    /// The version of this layout: [`VERSION`].
    #[n(0)]
    pub version: u8,
    /// The record's id, which the phone gave it.
    #[n(1)]
    pub record: RecordId,
    /// The enrolment that made it.
    #[n(2)]
    pub enrolment: DeviceId,
    /// The random name of its chain.
    #[n(3)]
    pub chain: Epoch,
    /// Its number in the chain: 1, 2, 3 ... without gaps.
    #[n(4)]
    pub sequence: u64,
    /// The hash of the envelope before it, or [`Envelope::genesis`] for the first.
    #[n(5)]
    pub previous: Hash,
    /// In the first record of a chain that goes on from another: the record that it goes on from.
    #[n(6)]
    pub continues: Option<Link>,
    /// The kind of record.
    #[n(7)]
    pub kind: RecordKind,
    /// The version of the body's schema.
    #[n(8)]
    pub schema: u16,
    /// The visit that it is about. A register and a note get a random id.
    #[n(9)]
    pub visit: VisitId,
    /// Its place in the order of all the enrolment's records, across its chains. It never goes
    /// back, even when the clock does: milliseconds since 1970 by the phone's clock, or one more
    /// than the record before, whichever is greater.
    #[n(10)]
    pub order: u64,
    /// The phone's clock: milliseconds since 1970, UTC.
    #[n(11)]
    pub recorded_at_ms: i64,
    /// The phone's zone at that moment: minutes east of UTC.
    #[n(12)]
    pub utc_offset_minutes: i16,
    /// Milliseconds since the phone started.
    #[n(13)]
    pub monotonic_ms: u64,
    /// A number for the start of the phone that `monotonic_ms` counts from.
    #[n(14)]
    pub boot: u64,
    /// The council's clock at the last contact: milliseconds since 1970, UTC.
    #[n(15)]
    pub council_contact_ms: Option<i64>,
    /// Ties the body to the envelope; see [`Salt::commit`].
    #[n(16)]
    pub commitment: Hash,
    /// The SHA-256 of each photo that belongs to the record.
    #[n(17)]
    pub photos: Vec<Hash>,
    /// The hash of the grant of the visit's appointment, in the record that names the appointment;
    /// see [`super::Grant`].
    #[n(18)]
    pub grant: Option<Hash>,
}

impl Envelope {
    /// The hash that the first record of a chain gives in place of a record before it.
    #[must_use]
    pub fn genesis(enrolment: DeviceId, chain: Epoch, continues: Option<Link>) -> Hash {
        let continues = continues.map(|link| canonical::write(&link)).unwrap_or_default();
        Name::Genesis.hash(&[enrolment.as_bytes(), chain.as_bytes(), &continues])
    }

    /// The envelope as bytes. The same envelope always gives the same bytes.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        canonical::write(self)
    }

    /// Reads bytes back.
    ///
    /// # Errors
    /// [`NotCanonical`] when the bytes are not exactly one envelope of version 2 in its one form,
    /// or its first record does not begin its chain.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, NotCanonical> {
        let envelope: Self = canonical::read(bytes)?;
        if envelope.is_well_formed() { Ok(envelope) } else { Err(NotCanonical) }
    }

    /// Whether the numbers fit together: the first record, and no other, begins its chain.
    pub(super) fn is_well_formed(&self) -> bool {
        let begins = self.previous == Self::genesis(self.enrolment, self.chain, self.continues);
        self.version == VERSION
            && match self.sequence {
                1 => begins,
                2..=LAST => self.continues.is_none(),
                _ => false,
            }
    }

    /// The hash of an envelope's bytes, which the next record gives.
    #[must_use]
    pub fn hash(bytes: &[u8]) -> Hash {
        Name::Record.hash(&[bytes])
    }

    /// Whether a body is in the one form that the codec of this envelope's schema writes. Of a
    /// newer schema, whose codec this version has not, it is asked that the bytes are plain CBOR.
    #[must_use]
    pub fn takes(&self, body: &[u8]) -> bool {
        takes(self.kind, self.schema, body)
    }
}

pub(super) fn takes(kind: RecordKind, schema: u16, body: &[u8]) -> bool {
    match kind {
        RecordKind::VISIT_EVENT if schema <= SCHEMA => decode_body(body).is_some_and(|read| encode_body(&read) == body),
        RecordKind::ACKNOWLEDGEMENT if schema <= SCHEMA => {
            decode_acknowledgement(body).is_some_and(|read| encode_acknowledgement(&read) == body)
        }
        _ => canonical::is_plain_cbor(body),
    }
}

/// The salt of one body. Whoever has it can check this body and no other, so it can be given away
/// where the visit's key can't.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Salt(pub Nonce);

impl Salt {
    /// The salt of a record of a visit with this key.
    #[must_use]
    pub fn of(key: &VisitKey, record: RecordId) -> Self {
        Self(Nonce::from_bytes(*Name::Salt.keyed(key.as_bytes(), &[record.as_bytes()]).as_bytes()))
    }

    /// The commitment to a body.
    #[must_use]
    pub fn commit(&self, body: &[u8]) -> Hash {
        Name::Body.hash(&[self.0.as_bytes(), body])
    }
}
