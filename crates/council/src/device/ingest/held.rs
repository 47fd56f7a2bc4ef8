//! What the council already holds that matters for judging a batch: records at the same places in
//! the chain and next to them, the keys of its visits, and its people. It is read once, before the
//! records are judged. Each judged record is then added to it.

use std::collections::{BTreeSet, HashMap};

use doorstep_domain::ledger::{Epoch, Hash, VisitKey};
use doorstep_domain::v2::AnyEnvelope;
use doorstep_domain::{RecordId, UserId, VisitId};

use super::arrived::Arrived;
use super::earliest;
use crate::error::CouncilError;
use crate::storage::{Device, KeptAt, Place, Reading, SetAsideAt};

/// What the council already holds that matters for judging one device's batch.
#[derive(Default)]
pub(super) struct HeldContext {
    kept: HashMap<(Epoch, u64), KeptAt>,
    set_aside: HashMap<(Epoch, u64), Vec<SetAsideAt>>,
    keys: HashMap<VisitId, VisitKey>,
    commitments: HashMap<RecordId, Hash>,
    known: BTreeSet<UserId>,
    /// The people of the phone that sent the batch.
    own: BTreeSet<UserId>,
    /// Whether what that phone sends stands apart.
    apart: bool,
    /// The earliest moment of each record of the batch, by its hash.
    earliest: HashMap<Hash, i64>,
    /// The chains of the batch that the phone says are notes'.
    notes: BTreeSet<Epoch>,
    /// The visits of the batch that were erased.
    erased: BTreeSet<VisitId>,
    /// The records of the batch in these visits that were taken before, and of which nothing but
    /// the envelope is held any more.
    without_body: BTreeSet<RecordId>,
}

impl HeldContext {
    /// Reads it for a batch, with the keys of visits that came with it.
    pub(super) fn of(
        reading: &Reading<'_>,
        device: &Device,
        arrived: &[Arrived<'_>],
        keys: &[(VisitId, VisitKey)],
    ) -> Result<Self, CouncilError> {
        let mut held = Self { apart: device.apart, ..Self::default() };
        let places: BTreeSet<Place> = arrived.iter().map(|record| record.place).collect();
        for (first, last) in runs(&places) {
            let epoch = first.epoch;
            let beside = Place { sequence: first.sequence.saturating_sub(1), ..first };
            let kept = reading.kept_from(beside, last.saturating_add(1))?;
            held.kept.extend(kept.into_iter().map(|kept| ((epoch, kept.sequence), kept)));
            for record in reading.set_aside_from(beside, last.saturating_add(1))? {
                held.set_aside.entry((epoch, record.sequence)).or_default().push(record);
            }
        }
        let envelopes = || arrived.iter().filter_map(|record| record.envelope.as_ref());
        let visits: BTreeSet<VisitId> = envelopes().map(|envelope| envelope.visit).collect();
        let records: BTreeSet<RecordId> = envelopes().map(|envelope| envelope.record).collect();
        held.erased = reading.erased_among(visits.iter().copied())?;
        if !held.erased.is_empty() {
            held.without_body = reading.without_body(&records)?;
        }
        // Those that were erased have none, and get none again. A visit keeps the first key that
        // came.
        held.keys.extend(reading.visit_keys(visits)?);
        for (visit, key) in keys {
            held.keys.entry(*visit).or_insert_with(|| key.clone());
        }
        held.commitments.extend(reading.commitments(records)?);
        let actors = envelopes().filter_map(|envelope| envelope.actor).collect();
        held.known = reading.people_known(&actors)?.into_keys().collect();
        held.own = reading.people_of_key(&device.key)?;
        held.earliest = earliest::of_batch(reading.first_enrolled(device)?, arrived);
        let chains: BTreeSet<Epoch> = arrived.iter().map(|record| record.place.epoch).collect();
        held.notes = reading.notes_among(device.id, &chains)?;
        Ok(held)
    }

    /// The hash of the record at a place, whether it is kept or set aside.
    pub(super) fn hash_at(&self, epoch: Epoch, sequence: u64) -> Option<Hash> {
        let kept = self.kept.get(&(epoch, sequence)).map(|kept| kept.hash);
        kept.or_else(|| self.set_aside_at(epoch, sequence).find(|record| record.holds_place).map(|record| record.hash))
    }

    /// The hash that the kept record at a place gives for the record before it.
    pub(super) fn previous_at(&self, epoch: Epoch, sequence: u64) -> Option<Hash> {
        self.kept.get(&(epoch, sequence)).and_then(|kept| kept.previous)
    }

    /// Whether a record with this hash was set aside before, and a person has released it.
    pub(super) fn is_released(&self, place: Place, hash: Hash) -> bool {
        self.set_aside_at(place.epoch, place.sequence).any(|record| record.hash == hash && record.released)
    }

    /// Why a record with this hash was set aside before. `None` when it was not.
    pub(super) fn set_aside_reason(&self, place: Place, hash: Hash) -> Option<&str> {
        self.set_aside_at(place.epoch, place.sequence)
            .find(|record| record.hash == hash)
            .map(|record| record.reason.as_str())
    }

    fn set_aside_at(&self, epoch: Epoch, sequence: u64) -> impl Iterator<Item = &SetAsideAt> {
        self.set_aside.get(&(epoch, sequence)).into_iter().flatten()
    }

    pub(super) fn key_of(&self, visit: VisitId) -> Option<&VisitKey> {
        self.keys.get(&visit)
    }

    /// The commitment of the kept record with this id.
    pub(super) fn commitment_of(&self, record: RecordId) -> Option<Hash> {
        self.commitments.get(&record).copied()
    }

    pub(super) fn knows(&self, user: UserId) -> bool {
        self.known.contains(&user)
    }

    /// Whether the phone that sent the batch is or was this person's. A record of anybody else is
    /// not theirs to make.
    pub(super) fn is_theirs(&self, user: UserId) -> bool {
        self.own.contains(&user)
    }

    /// Whether a visit was erased.
    pub(super) fn is_erased(&self, visit: VisitId) -> bool {
        self.erased.contains(&visit)
    }

    /// Whether a record was taken before, and nothing but its envelope is held any more.
    pub(super) fn is_without_body(&self, record: RecordId) -> bool {
        self.without_body.contains(&record)
    }

    /// Whether the phone says that a chain is a note's.
    pub(super) fn is_of_note(&self, chain: Epoch) -> bool {
        self.notes.contains(&chain)
    }

    /// A chain has something that is no note. Gives whether its phone has called it a note's.
    pub(super) fn is_no_note(&mut self, chain: Epoch) -> bool {
        self.notes.remove(&chain)
    }

    /// Whether what the phone sends stands apart until a person releases it: it was lost, or its
    /// person has left.
    pub(super) fn stands_apart(&self) -> bool {
        self.apart
    }

    /// The earliest moment at which a record of the batch can have been made, in UTC milliseconds.
    pub(super) fn earliest_ms(&self, arrived: &Arrived<'_>) -> i64 {
        self.earliest.get(&arrived.hash).copied().unwrap_or(arrived.received_ms)
    }

    /// Adds a record of the batch that is to be kept.
    pub(super) fn keep(&mut self, place: Place, hash: Hash, envelope: &AnyEnvelope) {
        let Place { epoch, sequence, .. } = place;
        self.kept.insert((epoch, sequence), KeptAt { sequence, hash, previous: Some(envelope.previous) });
        self.commitments.insert(envelope.record, envelope.commitment);
    }

    /// Adds a record of the batch that is to be set aside.
    pub(super) fn set_aside(&mut self, place: Place, hash: Hash, reason: &str, holds_place: bool) {
        let Place { epoch, sequence, .. } = place;
        let record = SetAsideAt { sequence, hash, reason: reason.to_owned(), holds_place, released: false };
        self.set_aside.entry((epoch, sequence)).or_default().push(record);
    }
}

/// Groups places into runs without a gap. Each run is its first place and its last number.
fn runs(places: &BTreeSet<Place>) -> Vec<(Place, u64)> {
    let mut runs: Vec<(Place, u64)> = Vec::new();
    for place in places {
        match runs.last_mut() {
            Some((first, last)) if first.epoch == place.epoch && last.checked_add(1) == Some(place.sequence) => {
                *last = place.sequence;
            }
            _ => runs.push((*place, place.sequence)),
        }
    }
    runs
}
