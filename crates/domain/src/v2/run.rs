//! Records as they are sent: a run of one chain, without what follows from the rest. The council
//! makes each envelope again, once, and keeps the bytes.

use minicbor::{Decode, Encode};

use super::canonical::{self, NotCanonical};
use super::{Attested, Envelope, Grant, Link, Receipt, Salt, VERSION};
use crate::bytes::Bytes;
use crate::ledger::{Epoch, Hash, RecordKind, VisitKey};
use crate::{DeviceId, RecordId, VisitId};

/// Records of one chain that follow each other.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct Run {
    /// The name of the chain.
    #[n(0)]
    pub chain: Epoch,
    /// The visit that it is about.
    #[n(1)]
    pub visit: VisitId,
    /// The number of the first record of the run.
    #[n(2)]
    pub first: u64,
    /// The hash of the record before the run; absent where the run begins the chain.
    #[n(3)]
    pub previous: Option<Hash>,
    /// Where the run begins the chain: what the chain goes on from.
    #[n(4)]
    pub continues: Option<Link>,
    /// The records, in order.
    #[n(5)]
    pub records: Vec<RunRecord>,
    /// The hash of the last record of the run. If the council does not get the same, something was
    /// altered on the way or made up.
    #[n(6)]
    pub last: Hash,
    /// The grant that a record of the run gives the hash of.
    #[n(7)]
    pub grant: Option<Attested<Grant>>,
}

/// One record of a run. Its number, the hash of the record before and the commitment to its body
/// follow from the run.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct RunRecord {
    /// See [`Envelope::record`].
    #[n(0)]
    pub record: RecordId,
    /// See [`Envelope::kind`].
    #[n(1)]
    pub kind: RecordKind,
    /// See [`Envelope::schema`].
    #[n(2)]
    pub schema: u16,
    /// See [`Envelope::order`].
    #[n(3)]
    pub order: u64,
    /// See [`Envelope::recorded_at_ms`].
    #[n(4)]
    pub recorded_at_ms: i64,
    /// See [`Envelope::utc_offset_minutes`].
    #[n(5)]
    pub utc_offset_minutes: i16,
    /// See [`Envelope::monotonic_ms`].
    #[n(6)]
    pub monotonic_ms: u64,
    /// See [`Envelope::boot`].
    #[n(7)]
    pub boot: u64,
    /// See [`Envelope::council_contact_ms`].
    #[n(8)]
    pub council_contact_ms: Option<i64>,
    /// See [`Envelope::photos`].
    #[n(9)]
    pub photos: Vec<Hash>,
    /// See [`Envelope::grant`].
    #[n(10)]
    pub grant: Option<Hash>,
    /// The body, byte for byte as the phone made it.
    #[n(11)]
    pub body: Bytes,
    /// The council's receipt for it, where the phone has one. A council that was restored finds its
    /// own signature there.
    #[n(12)]
    pub receipt: Option<Receipt>,
}

/// A record with its envelope, as both sides keep it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MadeRecord {
    /// What the envelope says.
    pub envelope: Envelope,
    /// Its bytes, which are kept and hashed.
    pub bytes: Vec<u8>,
    /// Its hash.
    pub hash: Hash,
    /// The body's bytes.
    pub body: Vec<u8>,
    /// The council's receipt for it, where the phone has one.
    pub receipt: Option<Receipt>,
}

impl Run {
    /// Packs records that follow each other in one chain. `None` if there are none, or they don't.
    #[must_use]
    pub fn pack(records: Vec<MadeRecord>, grant: Option<Attested<Grant>>) -> Option<Self> {
        let follow = |pair: &[MadeRecord]| match pair {
            [one, next] => {
                next.envelope.chain == one.envelope.chain
                    && one.envelope.sequence.checked_add(1) == Some(next.envelope.sequence)
                    && next.envelope.previous == one.hash
            }
            _ => true,
        };
        if !records.windows(2).all(follow) {
            return None;
        }
        let last = records.last()?.hash;
        let Envelope { chain, visit, sequence: first, previous, continues, .. } = records.first()?.envelope;
        let previous = (first != 1).then_some(previous);
        let records = records.into_iter().map(RunRecord::from).collect();
        Some(Self { chain, visit, first, previous, continues, records, last, grant })
    }

    /// Makes the records again, with the key of their visit.
    ///
    /// # Errors
    /// [`NotCanonical`] when no phone can have made such records: the numbers don't fit, or the
    /// last hash is another.
    pub fn unpack(&self, enrolment: DeviceId, key: &VisitKey) -> Result<Vec<MadeRecord>, NotCanonical> {
        let mut previous = match (self.first, self.previous) {
            (1, None) => Envelope::genesis(enrolment, self.chain, self.continues),
            (2.., Some(previous)) if self.continues.is_none() => previous,
            _ => return Err(NotCanonical),
        };
        let mut continues = self.continues;
        let mut made = Vec::with_capacity(self.records.len());
        for (at, sent) in (0_u64..).zip(&self.records) {
            let envelope = Envelope {
                version: VERSION,
                record: sent.record,
                enrolment,
                chain: self.chain,
                sequence: self.first.checked_add(at).ok_or(NotCanonical)?,
                previous,
                continues: continues.take(),
                kind: sent.kind,
                schema: sent.schema,
                visit: self.visit,
                order: sent.order,
                recorded_at_ms: sent.recorded_at_ms,
                utc_offset_minutes: sent.utc_offset_minutes,
                monotonic_ms: sent.monotonic_ms,
                boot: sent.boot,
                council_contact_ms: sent.council_contact_ms,
                commitment: Salt::of(key, sent.record).commit(&sent.body.0),
                photos: sent.photos.clone(),
                grant: sent.grant,
            };
            if !envelope.is_well_formed() {
                return Err(NotCanonical);
            }
            let bytes = canonical::write(&envelope);
            let hash = Envelope::hash(&bytes);
            previous = hash;
            made.push(MadeRecord { envelope, bytes, hash, body: sent.body.0.clone(), receipt: sent.receipt.clone() });
        }
        if made.is_empty() || previous != self.last { Err(NotCanonical) } else { Ok(made) }
    }
}

impl From<MadeRecord> for RunRecord {
    fn from(made: MadeRecord) -> Self {
        let Envelope {
            record,
            kind,
            schema,
            order,
            recorded_at_ms,
            utc_offset_minutes,
            monotonic_ms,
            boot,
            council_contact_ms,
            photos,
            grant,
            ..
        } = made.envelope;
        Self {
            record,
            kind,
            schema,
            order,
            recorded_at_ms,
            utc_offset_minutes,
            monotonic_ms,
            boot,
            council_contact_ms,
            photos,
            grant,
            body: Bytes(made.body),
            receipt: made.receipt,
        }
    }
}
