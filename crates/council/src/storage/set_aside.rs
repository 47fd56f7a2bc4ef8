//! Records that were set aside: kept as they came, for people to look at and decide about.

use std::collections::BTreeSet;

use doorstep_domain::conduct::{CaseKind, CaseOpened, Event, Started};
use doorstep_domain::ledger::{Epoch, Hash, decode_acknowledgement, decode_body};
use doorstep_domain::v2::{AnyEnvelope, HeadClass};
use doorstep_domain::{DeviceId, RecordId, StableName, VisitId};
use serde::{Deserialize, Serialize};

use super::batch::{IfThere, named};
use super::chain::Place;
use super::concerns::SealedConcern;
use super::database::{Conditions, Row, Value, params};
use super::settings::Belief;
use super::tables::Table;
use super::transaction::{Reading, Writing};
use crate::error::CouncilError;
use crate::machine::times;

/// A record that is to be set aside.
pub(crate) struct SetAside<'a> {
    pub(crate) place: Place,
    pub(crate) hash: Hash,
    pub(crate) reason: &'static str,
    /// Whether it takes its place in the chain, because no other record is held there.
    pub(crate) holds_place: bool,
    pub(crate) envelope: &'a [u8],
    pub(crate) body: &'a [u8],
    pub(crate) received_ms: i64,
    /// The earliest moment at which it can have been made, in UTC milliseconds.
    pub(crate) earliest_ms: i64,
    /// Where it says that somebody works alone: not before this they should be out, in UTC
    /// milliseconds.
    pub(crate) alone_until_ms: Option<i64>,
}

/// A set-aside record's place and hash, to check the records next to it.
pub(crate) struct SetAsideAt {
    pub(crate) sequence: u64,
    pub(crate) hash: Hash,
    pub(crate) reason: String,
    pub(crate) holds_place: bool,
    /// Whether a person has released it.
    pub(crate) released: bool,
}

/// What a person decided about a record that was set aside.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, strum::VariantArray, schemars::JsonSchema, ts_rs::TS,
)]
#[serde(rename_all = "snake_case")]
pub(crate) enum AsideDecision {
    /// It counts as what its phone says.
    Released,
    /// Nothing more is to be done about it. It stays as it is.
    AtRest,
}

/// Who decided about a record, when and why.
#[derive(Debug, Clone)]
pub(crate) struct AsideDecided {
    pub(crate) decision: AsideDecision,
    pub(crate) at_ms: i64,
    pub(crate) by: String,
    pub(crate) because: String,
}

/// A record that was set aside, whole.
#[derive(Debug, Clone)]
pub(crate) struct AsideRecord {
    pub(crate) place: Place,
    pub(crate) hash: Hash,
    pub(crate) reason: String,
    pub(crate) received_ms: i64,
    /// The earliest moment at which it can have been made, in UTC milliseconds; `None` for one that
    /// an earlier version set aside.
    pub(crate) earliest_ms: Option<i64>,
    pub(crate) envelope: Vec<u8>,
    pub(crate) body: Vec<u8>,
    /// Whether only the leads may know of it.
    pub(crate) of_note: bool,
    pub(crate) decided: Option<AsideDecided>,
}

/// How many records of one device were set aside for one reason, and wait for somebody to decide.
/// It leaves out what they say.
pub(crate) struct SetAsideCount {
    pub(crate) device_id: DeviceId,
    pub(crate) visitor_name: String,
    pub(crate) device: String,
    pub(crate) reason: String,
    pub(crate) records: u64,
    pub(crate) last_ms: i64,
}

/// Which records of a phone to read.
#[derive(Debug, Clone, Copy)]
pub(crate) struct AsideFilter {
    pub(crate) device: DeviceId,
    /// Whether those that only leads may know of are among them.
    pub(crate) of_notes: bool,
    /// Only those that nobody has decided about.
    pub(crate) waiting: bool,
}

impl AsideFilter {
    fn conditions(self) -> Conditions {
        let mut which = Conditions::default();
        which.and("device_id = ?", [self.device.as_bytes()]);
        if !self.of_notes {
            which.and_that("of_note = 0");
        }
        if self.waiting {
            which.and_that("decided IS NULL");
        }
        which
    }
}

pub(super) fn aside_record(row: &Row<'_>) -> Result<AsideRecord, CouncilError> {
    let decision = row.get::<Option<String>>("decided")?.as_deref().and_then(AsideDecision::from_name);
    let decided = match decision {
        Some(decision) => Some(AsideDecided {
            decision,
            at_ms: row.get::<Option<i64>>("decided_ms")?.unwrap_or(0),
            by: row.get::<Option<String>>("decided_by")?.unwrap_or_default(),
            because: row.get::<Option<String>>("because")?.unwrap_or_default(),
        }),
        None => None,
    };
    Ok(AsideRecord {
        place: Place {
            device: DeviceId::from_bytes(row.get("device_id")?),
            epoch: Epoch::from_bytes(row.get("epoch")?),
            sequence: row.get("sequence")?,
        },
        hash: Hash::from_bytes(row.get("hash")?),
        reason: row.get("reason")?,
        received_ms: row.get("received_ms")?,
        earliest_ms: row.get("earliest_ms")?,
        envelope: row.get("envelope")?,
        body: row.get("body")?,
        of_note: row.get::<Option<bool>>("of_note")?.unwrap_or(true),
        decided,
    })
}

/// The event that begins a visit, if a body is one.
fn plan(body: &[u8]) -> Option<Started> {
    match decode_body(body)?.event {
        Event::Started(plan) | Event::Opened(plan) => Some(plan),
        _ => None,
    }
}

impl Reading<'_> {
    /// The set-aside records from a place in a chain up to the number `last`, inclusive.
    pub(crate) fn set_aside_from(&self, first: Place, last: u64) -> Result<Vec<SetAsideAt>, CouncilError> {
        self.many(
            "SELECT sequence, hash, reason, holds_place, coalesce(decided, '') = 'released' AS released FROM set_aside
             WHERE device_id = ?1 AND epoch = ?2 AND sequence BETWEEN ?3 AND ?4",
            params![first.device.as_bytes(), first.epoch.as_bytes(), first.sequence, last],
            |row| {
                Ok(SetAsideAt {
                    sequence: row.get("sequence")?,
                    hash: Hash::from_bytes(row.get("hash")?),
                    reason: row.get("reason")?,
                    holds_place: row.get("holds_place")?,
                    released: row.get("released")?,
                })
            },
        )
    }

    /// How many records wait for somebody to decide, by device and reason, the most recent first.
    /// Those of notes are counted for the leads alone.
    pub(crate) fn set_aside_counts(&self, of_notes: bool) -> Result<Vec<SetAsideCount>, CouncilError> {
        self.many(
            "SELECT device.device_id, person.display_name, device.name, reason, count(*) AS records, max(received_ms) AS last_ms
             FROM set_aside JOIN device USING (device_id) JOIN person USING (user_id)
             WHERE decided IS NULL AND (?1 = 1 OR of_note = 0)
             GROUP BY person.display_name, device.device_id, device.name, reason ORDER BY last_ms DESC",
            params![of_notes],
            |row| {
                Ok(SetAsideCount {
                    device_id: DeviceId::from_bytes(row.get("device_id")?),
                    visitor_name: row.get("display_name")?,
                    device: row.get("name")?,
                    reason: row.get("reason")?,
                    records: row.get("records")?,
                    last_ms: row.get("last_ms")?,
                })
            },
        )
    }

    /// The set-aside records of a phone, the last received first.
    pub(crate) fn aside_of(&self, filter: AsideFilter, most: usize) -> Result<Vec<AsideRecord>, CouncilError> {
        let mut which = filter.conditions();
        let most = which.placeholder(most);
        let sql = format!(
            "SELECT * FROM set_aside{} ORDER BY received_ms DESC, epoch, sequence, hash LIMIT {most}",
            which.text()
        );
        self.many(&sql, which.values(), aside_record)
    }

    /// The set-aside records of a phone with these hashes, in the order of their chains.
    pub(crate) fn aside_with(&self, filter: AsideFilter, hashes: &[Hash]) -> Result<Vec<AsideRecord>, CouncilError> {
        let mut found = Vec::new();
        for hash in hashes {
            let mut which = filter.conditions();
            which.and("hash = ?", [Value::from(hash.as_bytes())]);
            found.extend(self.many(
                &format!("SELECT * FROM set_aside{}", which.text()),
                which.values(),
                aside_record,
            )?);
        }
        found.sort_by_key(|record| (record.place, record.hash));
        Ok(found)
    }

    /// How many records of a visit had been set aside and were released, without notes.
    pub(crate) fn released_of(&self, visit: VisitId) -> Result<u64, CouncilError> {
        let sql =
            "SELECT count(*) AS records FROM set_aside WHERE visit_id = ?1 AND decided = 'released' AND of_note = 0";
        Ok(self.one(sql, params![visit.as_bytes()], |row| row.get("records"))?.unwrap_or(0))
    }

    /// Whether a record with this id was set aside and is released.
    pub(crate) fn is_released(&self, record: RecordId) -> Result<bool, CouncilError> {
        let sql = "SELECT 1 FROM set_aside WHERE record_id = ?1 AND decided = 'released' LIMIT 1";
        Ok(self.one(sql, params![record.as_bytes()], |_| Ok(()))?.is_some())
    }

    /// What the set-aside records of a visit say, without notes. Nobody has confirmed any of it.
    pub(crate) fn aside_events(&self, visit: VisitId) -> Result<Vec<Event>, CouncilError> {
        let bodies: Vec<Vec<u8>> = self.many(
            "SELECT body FROM set_aside WHERE visit_id = ?1 AND of_note = 0 ORDER BY received_ms, sequence",
            params![visit.as_bytes()],
            |row| row.get("body"),
        )?;
        Ok(bodies.iter().filter_map(|body| decode_body(body)).map(|body| body.event).collect())
    }

    /// The visits of which the start was set aside, and says that they were at this home.
    pub(super) fn aside_visits_at(&self, uprn: &str) -> Result<Vec<VisitId>, CouncilError> {
        let mut found = BTreeSet::new();
        let sql =
            "SELECT visit_id, body FROM set_aside WHERE visit_id IS NOT NULL AND of_note = 0 AND length(body) > 0";
        self.connection.query(sql, params![], &mut |row| {
            let is_there =
                plan(&row.get::<Vec<u8>>("body")?).and_then(|plan| plan.uprn).is_some_and(|at| at.as_str() == uprn);
            if is_there {
                found.insert(VisitId::from_bytes(row.get("visit_id")?));
            }
            Ok(())
        })?;
        Ok(found.into_iter().collect())
    }

    /// The body of a set-aside record that has this id; `None` if there is none, or it was erased.
    pub(crate) fn aside_body(&self, record: RecordId) -> Result<Option<Vec<u8>>, CouncilError> {
        self.one(
            "SELECT body FROM set_aside WHERE record_id = ?1 AND length(body) > 0 ORDER BY received_ms, hash LIMIT 1",
            params![record.as_bytes()],
            |row| row.get("body"),
        )
    }

    /// Whether an earlier version set records aside that nobody has looked at since; see
    /// [`Writing::classify_set_aside`].
    pub(crate) fn has_unclassified(&self) -> Result<bool, CouncilError> {
        let sql = "SELECT 1 FROM set_aside WHERE of_note IS NULL LIMIT 1";
        Ok(self.one(sql, params![], |_| Ok(()))?.is_some())
    }

    /// Which of these chains a phone says are notes'.
    pub(crate) fn notes_among(
        &self,
        device: DeviceId,
        chains: &BTreeSet<Epoch>,
    ) -> Result<BTreeSet<Epoch>, CouncilError> {
        let mut notes = BTreeSet::new();
        self.among(
            "SELECT device_id, epoch, class FROM chain WHERE epoch IN ({})",
            chains.iter().map(Epoch::as_bytes),
            |row| {
                let is_note = row.get::<Option<u64>>("class")? == Some(u64::from(HeadClass::NOTE.0));
                if is_note && DeviceId::from_bytes(row.get("device_id")?) == device {
                    notes.insert(Epoch::from_bytes(row.get("epoch")?));
                }
                Ok(())
            },
        )?;
        Ok(notes)
    }

    /// Whether a phone says that a chain is a note's.
    pub(crate) fn is_of_note(&self, device: DeviceId, chain: Epoch) -> Result<bool, CouncilError> {
        let class = self.one(
            "SELECT class FROM chain WHERE device_id = ?1 AND epoch = ?2",
            params![device.as_bytes(), chain.as_bytes()],
            |row| row.get::<Option<u64>>("class"),
        )?;
        Ok(class.flatten() == Some(u64::from(HeadClass::NOTE.0)))
    }

    /// Whether a record is a note: as it says itself, or where it can't be read, its chain.
    fn is_note(&self, body: &[u8], place: Place) -> Result<bool, CouncilError> {
        let event = decode_body(body).map(|body| matches!(body.event, Event::ConcernSealed(_)));
        let says = event.or_else(|| decode_acknowledgement(body).map(|_| false));
        says.map_or_else(|| self.is_of_note(place.device, place.epoch), Ok)
    }

    /// The phone from which a set-aside record with this id came; `None` if there is none.
    pub(crate) fn aside_from(&self, record: RecordId) -> Result<Option<DeviceId>, CouncilError> {
        self.one(
            "SELECT device_id FROM set_aside WHERE record_id = ?1 AND decided IS NULL ORDER BY received_ms LIMIT 1",
            params![record.as_bytes()],
            |row| Ok(DeviceId::from_bytes(row.get("device_id")?)),
        )
    }
}

impl Writing<'_> {
    /// Keeps records that were set aside, as they came.
    pub(crate) fn keep_set_aside(&self, set_aside: &[SetAside<'_>]) -> Result<(), CouncilError> {
        let mut rows = Vec::with_capacity(set_aside.len());
        for record in set_aside {
            let envelope = AnyEnvelope::from_bytes(record.envelope);
            let of_note = self.is_note(record.body, record.place)?;
            rows.push(named! {
                "device_id" => record.place.device.as_bytes(),
                "epoch" => record.place.epoch.as_bytes(),
                "sequence" => record.place.sequence,
                "hash" => record.hash.as_bytes(),
                "reason" => record.reason,
                "holds_place" => record.holds_place,
                "received_ms" => record.received_ms,
                "earliest_ms" => record.earliest_ms,
                "envelope" => record.envelope,
                "body" => record.body,
                "record_id" => envelope.as_ref().map(|envelope| *envelope.record.as_bytes()),
                "visit_id" => envelope.as_ref().map(|envelope| *envelope.visit.as_bytes()),
                "of_note" => of_note,
                "alone_until_ms" => record.alone_until_ms,
            });
        }
        self.write_rows(Table::named("set_aside"), rows, IfThere::Fail)
    }

    /// Takes a record out of those that were set aside, because it is judged again.
    pub(crate) fn take_from_aside(&self, record: &AsideRecord) -> Result<(), CouncilError> {
        let Place { device, epoch, sequence } = record.place;
        self.write(
            "DELETE FROM set_aside WHERE device_id = ?1 AND epoch = ?2 AND sequence = ?3 AND hash = ?4",
            params![device.as_bytes(), epoch.as_bytes(), sequence, record.hash.as_bytes()],
        )?;
        Ok(())
    }

    /// Puts set-aside records to rest that came again and were taken, with the same content.
    pub(crate) fn rest_taken(&self, records: &[RecordId], now_ms: i64) -> Result<(), CouncilError> {
        let waiting = self.among(
            "SELECT set_aside.* FROM set_aside JOIN body ON body.record_id = set_aside.record_id AND body.body = set_aside.body
             WHERE set_aside.record_id IN ({}) AND decided IS NULL",
            records.iter().map(RecordId::as_bytes),
            aside_record,
        )?;
        let decided = AsideDecided {
            decision: AsideDecision::AtRest,
            at_ms: now_ms,
            by: String::new(),
            because: "The same record came again, and was taken.".to_owned(),
        };
        waiting.iter().try_for_each(|record| self.decide_aside(record, &decided))
    }

    /// Notes what a person decided about a record.
    pub(crate) fn decide_aside(&self, record: &AsideRecord, decided: &AsideDecided) -> Result<(), CouncilError> {
        let Place { device, epoch, sequence } = record.place;
        self.write(
            "UPDATE set_aside SET decided = ?5, decided_ms = ?6, decided_by = ?7, because = ?8
             WHERE device_id = ?1 AND epoch = ?2 AND sequence = ?3 AND hash = ?4",
            params![
                device.as_bytes(),
                epoch.as_bytes(),
                sequence,
                record.hash.as_bytes(),
                decided.decision.name(),
                decided.at_ms,
                &decided.by,
                &decided.because
            ],
        )?;
        Ok(())
    }

    /// Notes of records that an earlier version set aside which record and visit they are of, and
    /// whether only the leads may know of them. Until then nobody else is shown them.
    pub(crate) fn classify_set_aside(&self) -> Result<usize, CouncilError> {
        let rows = self.many("SELECT * FROM set_aside WHERE of_note IS NULL", params![], aside_record)?;
        for row in &rows {
            let Place { device, epoch, sequence } = row.place;
            let envelope = AnyEnvelope::from_bytes(&row.envelope);
            let of_note = self.is_note(&row.body, row.place)?;
            if let Some(envelope) = &envelope {
                self.see_to_urgent(row, envelope)?;
            }
            self.write(
                "UPDATE set_aside SET record_id = ?5, visit_id = ?6, of_note = ?7
                 WHERE device_id = ?1 AND epoch = ?2 AND sequence = ?3 AND hash = ?4",
                params![
                    device.as_bytes(),
                    epoch.as_bytes(),
                    sequence,
                    row.hash.as_bytes(),
                    envelope.as_ref().map(|envelope| *envelope.record.as_bytes()),
                    envelope.as_ref().map(|envelope| *envelope.visit.as_bytes()),
                    of_note
                ],
            )?;
        }
        Ok(rows.len())
    }

    /// Sees to what can't wait of a record that an earlier version set aside.
    fn see_to_urgent(&self, row: &AsideRecord, envelope: &AnyEnvelope) -> Result<(), CouncilError> {
        let AnyEnvelope { record, visit, recorded_at_ms: recorded_ms, .. } = *envelope;
        let received_ms = row.received_ms;
        match decode_body(&row.body).map(|body| body.event) {
            Some(Event::ConcernSealed(_)) => {
                self.keep_sealed_concern(&SealedConcern { record, visit, recorded_ms, received_ms })
            }
            Some(Event::ConcernRaised(concern)) => {
                let device = self.device(row.place.device)?.ok_or(CouncilError::Unreadable("device"))?;
                let Some(kind) = CaseKind::of_concern(&concern) else { return Ok(()) };
                // That version did not work it out: at the latest, it was on receipt.
                let start = Belief::of(self)?.start_of(&concern, recorded_ms, row.earliest_ms, received_ms);
                let opened_at = start.min(times::from_ms(received_ms));
                self.open_unconfirmed_case(&CaseOpened { kind, record, opened_at }, visit, device.user, received_ms)
            }
            _ => Ok(()),
        }
    }
}
