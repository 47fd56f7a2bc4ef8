//! Stores records byte for byte as the devices made them, how much of each chain is held, and what
//! was set aside.

use std::collections::{BTreeMap, BTreeSet};

use chrono::DateTime;
use doorstep_domain::conduct::Happened;
use doorstep_domain::ledger::{Epoch, Hash, Seal, VisitKey, decode_body};
use doorstep_domain::protocol::{self, HeadClaim, HighWater};
use doorstep_domain::v2::AnyEnvelope;
use doorstep_domain::{DeviceId, RecordId, UserId, VisitId};

use super::batch::{IfThere, named};
use super::database::{Row, params};
use super::settings::Belief;
use super::tables::Table;
use super::transaction::{Reading, Writing};
use crate::error::CouncilError;

/// The most runs above the high-water mark that an answer to a device lists.
const MOST_RUNS: usize = 64;

/// How far a chain can be ahead of what the council holds of it, in records: nobody makes as many
/// in months.
const MOST_AHEAD: u64 = 100_000;

/// How many chains a device may begin in a day before those beyond are marked. No visitor makes so
/// many visits.
const CHAINS_A_DAY: u64 = 200;

const DAY_MS: u64 = 24 * 60 * 60 * 1000;

/// A place in a device's chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place {
    pub(crate) device: DeviceId,
    pub(crate) epoch: Epoch,
    pub(crate) sequence: u64,
}

/// A record that passed its checks and is to be kept.
pub(crate) struct NewRecord<'a> {
    pub(crate) place: Place,
    pub(crate) hash: Hash,
    pub(crate) envelope: &'a AnyEnvelope,
    pub(crate) bytes: &'a [u8],
    /// `None` if its content was erased.
    pub(crate) body: Option<&'a [u8]>,
    pub(crate) received_ms: i64,
    /// The earliest moment at which it can have been made, in UTC milliseconds.
    pub(crate) earliest_ms: i64,
    /// Whether it is a safeguarding note's.
    pub(crate) of_note: bool,
}

/// A record as it is held, kept or set aside.
pub(crate) struct RawRecord {
    pub(crate) sequence: u64,
    pub(crate) envelope: Vec<u8>,
    pub(crate) body: Option<Vec<u8>>,
}

/// A kept record's place and hashes, to check the records next to it.
pub(crate) struct KeptAt {
    pub(crate) sequence: u64,
    pub(crate) hash: Hash,
    /// The hash that it gives for the record before it; `None` if its envelope can't be read.
    pub(crate) previous: Option<Hash>,
}

/// The facts of one visit, from its kept records, and from those that were set aside and a person
/// has released.
#[derive(Default)]
pub(crate) struct HeldVisit {
    /// Its facts, in no particular order. Those that this version does not understand are left out.
    pub(crate) facts: Vec<Happened>,
    /// When the council last received a record of it, in UTC milliseconds.
    pub(crate) last_ms: i64,
}

impl Reading<'_> {
    /// The hash of the record at a place, kept or set aside.
    pub(crate) fn hash_at(&self, place: Place) -> Result<Option<Hash>, CouncilError> {
        self.one(
            "SELECT hash FROM record WHERE device_id = ?1 AND epoch = ?2 AND sequence = ?3
             UNION ALL SELECT hash FROM set_aside WHERE device_id = ?1 AND epoch = ?2 AND sequence = ?3 AND holds_place = 1 LIMIT 1",
            params![place.device.as_bytes(), place.epoch.as_bytes(), place.sequence],
            |row| Ok(Hash::from_bytes(row.get("hash")?)),
        )
    }

    /// The kept records from a place in a chain up to the number `last`, inclusive.
    pub(crate) fn kept_from(&self, first: Place, last: u64) -> Result<Vec<KeptAt>, CouncilError> {
        self.many(
            "SELECT sequence, hash, envelope FROM record WHERE device_id = ?1 AND epoch = ?2 AND sequence BETWEEN ?3 AND ?4",
            params![first.device.as_bytes(), first.epoch.as_bytes(), first.sequence, last],
            |row| {
                let envelope = AnyEnvelope::from_bytes(&row.get::<Vec<u8>>("envelope")?);
                Ok(KeptAt {
                    sequence: row.get("sequence")?,
                    hash: Hash::from_bytes(row.get("hash")?),
                    previous: envelope.map(|envelope| envelope.previous),
                })
            },
        )
    }

    /// The commitments of the records with these ids. Records that are not kept are left out.
    pub(crate) fn commitments(
        &self,
        records: impl IntoIterator<Item = RecordId>,
    ) -> Result<Vec<(RecordId, Hash)>, CouncilError> {
        self.among(
            "SELECT record_id, commitment FROM record WHERE record_id IN ({})",
            records.into_iter().map(|record| *record.as_bytes()),
            |row| Ok((RecordId::from_bytes(row.get("record_id")?), Hash::from_bytes(row.get("commitment")?))),
        )
    }

    /// The keys of these visits. Visits without a key are left out.
    pub(crate) fn visit_keys(
        &self,
        visits: impl IntoIterator<Item = VisitId>,
    ) -> Result<Vec<(VisitId, VisitKey)>, CouncilError> {
        self.among(
            "SELECT visit_id, key FROM visit_key WHERE visit_id IN ({})",
            visits.into_iter().map(|visit| *visit.as_bytes()),
            |row| Ok((VisitId::from_bytes(row.get("visit_id")?), VisitKey::from_bytes(row.get("key")?))),
        )
    }

    /// The facts of visits, and when the last record of each came. An erased record still counts
    /// for the time, but gives no fact.
    pub(crate) fn of_visits(&self, visits: &[VisitId]) -> Result<BTreeMap<VisitId, HeldVisit>, CouncilError> {
        let mut found: BTreeMap<VisitId, HeldVisit> = BTreeMap::new();
        let belief = Belief::of(self)?;
        self.among(
            "SELECT visit_id, received_ms, earliest_ms, envelope, body, user_id FROM record JOIN device USING (device_id)
                 LEFT JOIN body USING (record_id) WHERE visit_id IN ({})
             UNION ALL SELECT visit_id, received_ms, earliest_ms, envelope, body, user_id FROM set_aside JOIN device USING (device_id)
                 WHERE visit_id IN ({}) AND decided = 'released'",
            visits.iter().map(VisitId::as_bytes),
            |row| {
                let of = found.entry(VisitId::from_bytes(row.get("visit_id")?)).or_default();
                let received_ms: i64 = row.get("received_ms")?;
                of.last_ms = of.last_ms.max(received_ms);
                of.facts.extend(fact_of_row(row, &belief)?);
                Ok(())
            },
        )?;
        Ok(found)
    }

    /// The high-water mark of each chain of version 1 of a device, and the runs held above it.
    pub(crate) fn high_water(&self, device: DeviceId) -> Result<Vec<HighWater>, CouncilError> {
        let chains = self.many(
            "SELECT epoch, high_water FROM chain WHERE device_id = ?1 AND class IS NULL ORDER BY epoch",
            params![device.as_bytes()],
            |row| Ok((Epoch::from_bytes(row.get("epoch")?), row.get::<u64>("high_water")?)),
        )?;
        chains
            .into_iter()
            .map(|(epoch, sequence)| {
                Ok(HighWater { epoch, sequence, above: self.runs_above(device, epoch, sequence)? })
            })
            .collect()
    }

    /// The runs of records held above a number: first and last of each. At most [`MOST_RUNS`].
    pub(super) fn runs_above(
        &self,
        device: DeviceId,
        epoch: Epoch,
        sequence: u64,
    ) -> Result<Vec<(u64, u64)>, CouncilError> {
        let held: Vec<u64> = self.many(
            "SELECT sequence FROM record WHERE device_id = ?1 AND epoch = ?2 AND sequence > ?3
             UNION SELECT sequence FROM set_aside WHERE device_id = ?1 AND epoch = ?2 AND sequence > ?3 AND holds_place = 1
             ORDER BY sequence",
            params![device.as_bytes(), epoch.as_bytes(), sequence],
            |row| row.get("sequence"),
        )?;
        let mut runs: Vec<(u64, u64)> = Vec::new();
        for sequence in held {
            match runs.last_mut() {
                Some((_, last)) if *last + 1 == sequence => *last = sequence,
                _ => runs.push((sequence, sequence)),
            }
        }
        runs.truncate(MOST_RUNS);
        Ok(runs)
    }

    pub(crate) fn is_forked(&self, device: DeviceId, epoch: Epoch) -> Result<bool, CouncilError> {
        let forked = self.one(
            "SELECT forked FROM chain WHERE device_id = ?1 AND epoch = ?2",
            params![device.as_bytes(), epoch.as_bytes()],
            |row| row.get("forked"),
        )?;
        Ok(forked.unwrap_or(false))
    }

    /// How many records are kept, and how many are set aside. Those of notes are not counted.
    pub(crate) fn record_counts(&self) -> Result<(u64, u64), CouncilError> {
        self.one(
            "SELECT (SELECT count(*) FROM record WHERE of_note = 0) AS records,
                    (SELECT count(*) FROM set_aside WHERE of_note = 0) AS set_aside",
            params![],
            |row| Ok((row.get("records")?, row.get("set_aside")?)),
        )?
        .ok_or(CouncilError::Unreadable("record"))
    }

    /// Every record of a device, kept or set aside, byte for byte.
    pub(crate) fn held_of(&self, device: DeviceId) -> Result<Vec<RawRecord>, CouncilError> {
        self.many(
            "SELECT sequence, envelope, body FROM record LEFT JOIN body USING (record_id) WHERE device_id = ?1
             UNION ALL SELECT sequence, envelope, body FROM set_aside WHERE device_id = ?1",
            params![device.as_bytes()],
            |row| {
                Ok(RawRecord { sequence: row.get("sequence")?, envelope: row.get("envelope")?, body: row.get("body")? })
            },
        )
    }
}

impl Writing<'_> {
    /// Notes the last number that a device says its chain has. It never goes down, and a number
    /// that nobody gets to is not believed.
    pub(crate) fn note_claim(&self, device: DeviceId, claim: &HeadClaim, now_ms: i64) -> Result<(), CouncilError> {
        if claim.sequence > MOST_AHEAD {
            let held = self.one(
                "SELECT high_water FROM chain WHERE device_id = ?1 AND epoch = ?2",
                params![device.as_bytes(), claim.epoch.as_bytes()],
                |row| row.get::<u64>("high_water"),
            )?;
            if claim.sequence.saturating_sub(held.unwrap_or(0)) > MOST_AHEAD {
                return Ok(());
            }
        }
        self.write(
            "INSERT INTO chain (device_id, epoch, high_water, claimed, claimed_ms, forked) VALUES (?1, ?2, 0, ?3, ?4, 0)
             ON CONFLICT (device_id, epoch) DO UPDATE SET claimed = excluded.claimed, claimed_ms = excluded.claimed_ms
             WHERE excluded.claimed > chain.claimed",
            params![device.as_bytes(), claim.epoch.as_bytes(), claim.sequence, now_ms],
        )?;
        Ok(())
    }

    /// How many chains of a device are known by its word alone.
    pub(crate) fn chains_only_said(&self, device: DeviceId) -> Result<usize, CouncilError> {
        let said = self.one(
            "SELECT count(*) AS chains FROM chain WHERE device_id = ?1 AND high_water = 0 AND claimed > 0
                 AND NOT EXISTS (SELECT 1 FROM record WHERE record.device_id = chain.device_id AND record.epoch = chain.epoch)",
            params![device.as_bytes()],
            |row| row.get::<u64>("chains"),
        )?;
        Ok(usize::try_from(said.unwrap_or(0)).unwrap_or(usize::MAX))
    }

    /// Adds a chain's row, if it has none yet.
    pub(crate) fn note_chain(&self, device: DeviceId, epoch: Epoch, now_ms: i64) -> Result<(), CouncilError> {
        self.write(
            "INSERT INTO chain (device_id, epoch, high_water, claimed, claimed_ms, forked) VALUES (?1, ?2, 0, 0, ?3, 0)
             ON CONFLICT (device_id, epoch) DO NOTHING",
            params![device.as_bytes(), epoch.as_bytes(), now_ms],
        )?;
        Ok(())
    }

    /// Which of these chains of a device are known.
    pub(crate) fn chains_of(&self, device: DeviceId, among: &[Epoch]) -> Result<BTreeSet<Epoch>, CouncilError> {
        let mut held = BTreeSet::new();
        self.among(
            "SELECT device_id, epoch FROM chain WHERE epoch IN ({})",
            among.iter().map(Epoch::as_bytes),
            |row| {
                if DeviceId::from_bytes(row.get("device_id")?) == device {
                    held.insert(Epoch::from_bytes(row.get("epoch")?));
                }
                Ok(())
            },
        )?;
        Ok(held)
    }

    /// Counts the chains that a device begins, against what it may begin: [`CHAINS_A_DAY`] for each
    /// day since it was enrolled, and as many for the first. Those beyond are marked. `shown` are
    /// those that are not counted.
    pub(crate) fn count_chains(
        &self,
        device: DeviceId,
        begun: &BTreeSet<Epoch>,
        shown: &BTreeSet<Epoch>,
        now_ms: i64,
    ) -> Result<(), CouncilError> {
        if begun.is_empty() {
            return Ok(());
        }
        for chain in begun.intersection(shown) {
            self.write(
                "UPDATE chain SET counted = 0 WHERE device_id = ?1 AND epoch = ?2",
                params![device.as_bytes(), chain.as_bytes()],
            )?;
        }
        let counted = self.one(
            "SELECT enrolled_ms, (SELECT count(*) FROM chain WHERE chain.device_id = device.device_id AND counted = 1) AS chains
             FROM device WHERE device_id = ?1",
            params![device.as_bytes()],
            |row| Ok((row.get::<i64>("enrolled_ms")?, row.get::<u64>("chains")?)),
        )?;
        let Some((enrolled_ms, chains)) = counted else { return Ok(()) };
        let days = u64::try_from(now_ms.saturating_sub(enrolled_ms)).unwrap_or(0) / DAY_MS;
        let beyond = chains.saturating_sub(days.saturating_add(1).saturating_mul(CHAINS_A_DAY));
        let beyond = usize::try_from(beyond).unwrap_or(usize::MAX);
        for chain in begun.difference(shown).take(beyond) {
            self.write(
                "UPDATE chain SET many_ms = ?3 WHERE device_id = ?1 AND epoch = ?2",
                params![device.as_bytes(), chain.as_bytes(), now_ms],
            )?;
        }
        Ok(())
    }

    /// Marks the chain of a record as one that says more than anybody does.
    pub(crate) fn mark_many_of(&self, record: RecordId, now_ms: i64) -> Result<(), CouncilError> {
        for chains_of in [
            "SELECT device_id, epoch FROM record WHERE record_id = ?1",
            "SELECT device_id, epoch FROM set_aside WHERE record_id = ?1",
        ] {
            let chains: Vec<([u8; 16], [u8; 16])> =
                self.many(chains_of, params![record.as_bytes()], |row| Ok((row.get("device_id")?, row.get("epoch")?)))?;
            for (device, epoch) in chains {
                self.write(
                    "UPDATE chain SET many_ms = ?3 WHERE device_id = ?1 AND epoch = ?2",
                    params![device, epoch, now_ms],
                )?;
            }
        }
        Ok(())
    }

    pub(crate) fn mark_forked(&self, device: DeviceId, epoch: Epoch) -> Result<(), CouncilError> {
        self.write(
            "UPDATE chain SET forked = 1 WHERE device_id = ?1 AND epoch = ?2",
            params![device.as_bytes(), epoch.as_bytes()],
        )?;
        Ok(())
    }

    pub(crate) fn keep_records(&self, records: &[NewRecord<'_>]) -> Result<(), CouncilError> {
        let rows = records.iter().map(|record| {
            named! {
                "device_id" => record.place.device.as_bytes(),
                "epoch" => record.place.epoch.as_bytes(),
                "sequence" => record.place.sequence,
                "hash" => record.hash.as_bytes(),
                "record_id" => record.envelope.record.as_bytes(),
                "commitment" => record.envelope.commitment.as_bytes(),
                "visit_id" => record.envelope.visit.as_bytes(),
                "received_ms" => record.received_ms,
                "earliest_ms" => record.earliest_ms,
                "of_note" => record.of_note,
                "envelope" => record.bytes,
            }
        });
        self.write_rows(Table::named("record"), rows.collect(), IfThere::Fail)?;
        // A record that was issued again in a later epoch brings the same body once more.
        let bodies = records.iter().filter_map(|record| {
            let body = record.body?;
            Some(named! { "record_id" => record.envelope.record.as_bytes(), "body" => body })
        });
        self.write_rows(Table::named("body"), bodies.collect(), IfThere::Keep)
    }

    /// Keeps the keys of visits. A visit keeps the first key that came.
    pub(crate) fn keep_visit_keys(
        &self,
        keys: impl IntoIterator<Item = (VisitId, VisitKey)>,
    ) -> Result<(), CouncilError> {
        let rows =
            keys.into_iter().map(|(visit, key)| named! { "visit_id" => visit.as_bytes(), "key" => key.as_bytes() });
        self.write_rows(Table::named("visit_key"), rows.collect(), IfThere::Keep)
    }

    pub(crate) fn keep_seals(&self, device: DeviceId, seals: &[&Seal]) -> Result<(), CouncilError> {
        let rows = seals.iter().map(|seal| {
            named! {
                "device_id" => device.as_bytes(),
                "epoch" => seal.epoch.as_bytes(),
                "sequence" => seal.sequence,
                "seal" => protocol::encode(*seal),
            }
        });
        self.write_rows(Table::named("seal"), rows.collect(), IfThere::Keep)
    }

    /// Moves a chain's high-water mark up to the last record before the first gap.
    pub(crate) fn advance(&self, device: DeviceId, epoch: Epoch) -> Result<(), CouncilError> {
        let mark = self.one(
            "SELECT high_water FROM chain WHERE device_id = ?1 AND epoch = ?2",
            params![device.as_bytes(), epoch.as_bytes()],
            |row| row.get::<u64>("high_water"),
        )?;
        let Some(mark) = mark else { return Ok(()) };
        let runs = self.runs_above(device, epoch, mark)?;
        let reached = match runs.first() {
            Some((first, last)) if *first == mark + 1 => *last,
            _ => mark,
        };
        self.write(
            "UPDATE chain SET high_water = ?3 WHERE device_id = ?1 AND epoch = ?2",
            params![device.as_bytes(), epoch.as_bytes(), reached],
        )?;
        Ok(())
    }
}

/// What a stored record says about its visit, and in which span it can have been if its phone's
/// clock is in doubt; `None` as for [`fact`].
pub(super) fn fact_of_row(row: &Row<'_>, belief: &Belief) -> Result<Option<Happened>, CouncilError> {
    let earliest_ms: Option<i64> = row.get("earliest_ms")?;
    let body = row.get::<Option<Vec<u8>>>("body")?;
    let person = UserId::from_bytes(row.get("user_id")?);
    let mut fact = fact(&row.get::<Vec<u8>>("envelope")?, body.as_deref(), person);
    if let Some(fact) = &mut fact {
        fact.doubt = belief.doubt(fact.at, earliest_ms, row.get("received_ms")?);
    }
    Ok(fact)
}

/// What a record says about its visit; `None` if it was erased, or this version can't read it.
/// `person` is the enrolment's, who acted where the envelope names nobody.
fn fact(envelope: &[u8], body: Option<&[u8]>, person: UserId) -> Option<Happened> {
    let envelope = AnyEnvelope::from_bytes(envelope)?;
    Some(Happened {
        record: envelope.record,
        device: envelope.enrolment,
        order: envelope.order,
        at: DateTime::from_timestamp_millis(envelope.recorded_at_ms).unwrap_or(DateTime::UNIX_EPOCH),
        doubt: None,
        actor: envelope.actor.unwrap_or(person),
        event: decode_body(body?)?.event,
    })
}
