//! What leaves the device: visits that the council has received and has in a backup that restores,
//! and those that it has erased (promise 2 of docs/sync.md). Of a record its place, its hash and
//! its receipt stay.
//!
//! All moments here are of the council's clock, in milliseconds since 1970, UTC. The device's own
//! makes nothing old.

use doorstep_domain::VisitId;
use doorstep_domain::ledger::{Epoch, Hash};
use doorstep_domain::v2::HeadClass;
use rusqlite::{params, params_from_iter};
use serde::{Deserialize, Serialize};

use super::{Reading, StoreError, Writing};

const SAFE: &str = "safe_elsewhere";

/// How long a visit stays at least after the council received the last of it.
const AT_LEAST_MS: i64 = 72 * 60 * 60 * 1000;

/// How long it stays at most without a backup mark over it.
const AT_MOST_MS: i64 = 30 * 24 * 60 * 60 * 1000;

/// How often a device looks for what may leave that speaks version 1 alone.
const EVERY_MS: i64 = 24 * 60 * 60 * 1000;

/// How far the council's clock may be ahead of what the device reckons, or behind what it was, in
/// milliseconds. Beyond it the clock was set, and makes nothing old.
const JUMP_MS: i64 = 60 * 60 * 1000;

/// How long a visit that was not ended must be left alone before it is erased, in milliseconds.
const ABANDONED_MS: i64 = 7 * 24 * 60 * 60 * 1000;

/// From a moment to one before it: nothing falls between them.
const NEVER: (i64, i64) = (0, -1);

/// How many visits are looked at between two moments in which somebody else may use the store.
const PAGE: usize = 100;

/// What the device knows of where its records are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct SafeElsewhere {
    /// The council's epoch that the rest is about.
    council_epoch: Epoch,
    /// The first contact in that epoch, if the device knew another before: the council was put
    /// back from a copy, and what it had received until then it may lack. Or the first since its
    /// clock was set.
    seen_ms: Option<i64>,
    /// The first contact after which the device had asked about all that it holds, and sent again
    /// what was lacking.
    settled_ms: Option<i64>,
    /// The council's backup mark.
    mark_ms: Option<i64>,
    /// The last contact.
    contact_ms: i64,
    /// Up to which answer to the daily question the device has looked for what may leave.
    looked_ms: Option<i64>,
    /// How many visits have left without a mark since the council was last told. Notes alone count
    /// for nothing: the number is told to others than leads.
    untold: u64,
    /// Whether the journal still has what was erased.
    is_untidy: bool,
    /// Whether the council had more to ask for than fits in an answer: then nothing leaves.
    asks_for_more: bool,
}

/// What a contact with the council said.
#[derive(Debug, Clone, Copy)]
pub(crate) struct CouncilContact {
    /// The council's epoch.
    pub(crate) council_epoch: Epoch,
    /// Its clock.
    pub(crate) at_ms: i64,
    /// What the device had reckoned that its clock would show, if it could.
    pub(crate) reckoned_ms: Option<i64>,
    /// Its backup mark.
    pub(crate) mark_ms: Option<i64>,
    /// Whether it lacks something that it had.
    pub(crate) has_lost: bool,
}

/// Whether a visit's safeguarding notes leave with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Notes {
    Too,
    Stay,
}

/// Receipts by which a record counts as safe.
struct Enough {
    /// It is in a backup: from this moment to that.
    in_a_backup: (i64, i64),
    /// Or it was received before this moment, mark or not.
    long_ago: i64,
}

impl SafeElsewhere {
    fn new(council_epoch: Epoch, seen_ms: Option<i64>) -> Self {
        Self {
            council_epoch,
            seen_ms,
            settled_ms: None,
            mark_ms: None,
            contact_ms: i64::MIN,
            looked_ms: None,
            untold: 0,
            is_untidy: false,
            asks_for_more: false,
        }
    }

    fn enough(&self) -> Enough {
        let mark = self.mark_ms.unwrap_or(i64::MIN);
        let from = match (self.seen_ms, self.settled_ms) {
            (None, _) => i64::MIN,
            // All that it lacked was sent again before this mark.
            (Some(_), Some(settled)) if settled <= mark => i64::MIN,
            (Some(seen), _) => seen,
        };
        let kept_since = self.contact_ms.saturating_sub(AT_MOST_MS);
        let is_new = self.seen_ms.is_some_and(|seen| seen > kept_since);
        Enough {
            in_a_backup: (from, mark.min(self.contact_ms.saturating_sub(AT_LEAST_MS))),
            long_ago: if is_new { i64::MIN } else { kept_since },
        }
    }

    /// Whether the council has answered the daily question about all that the device holds since
    /// the device last looked. It has said then what it has erased and which photos it lacks.
    fn is_due(&self, asked_ms: Option<i64>) -> bool {
        !self.asks_for_more && asked_ms.is_some() && asked_ms != self.looked_ms
    }
}

/// The records of a visit that keep it here, and whether what is left needs no mark: SQL whose
/// parameters are the visit, both ends of what is in a backup, and what was long ago.
const KEEPS: &str = "
    SELECT EXISTS (SELECT 1 FROM record LEFT JOIN receipt USING (receipt_id)
               WHERE visit_id = ?1 AND forgotten = 0 AND state <> 'reissued'
                 AND NOT (state = 'received' AND coalesce(council_time_ms BETWEEN ?2 AND ?3 OR council_time_ms < ?4, 0)))
           OR EXISTS (SELECT 1 FROM visit_chain WHERE visit_id = ?1 AND (sealed < sequence OR class = 3))
           OR EXISTS (SELECT 1 FROM visit WHERE visit_id = ?1
               AND (expected_end_ms IS NOT NULL OR (started = 1 AND outcome IS NULL)))
           OR EXISTS (SELECT 1 FROM visit JOIN appointment USING (appointment_ref) WHERE visit_id = ?1
               AND outcome IS NULL AND window_start_ms >= ?4)
           OR EXISTS (SELECT 1 FROM photo WHERE visit_id = ?1 AND (state = 'waiting'
               OR (state = 'complete' AND NOT coalesce(complete_ms BETWEEN ?2 AND ?3 OR complete_ms < ?4, 0))))
           AS keeps,
           EXISTS (SELECT 1 FROM record LEFT JOIN receipt USING (receipt_id)
               WHERE visit_id = ?1 AND forgotten = 0 AND state = 'received' AND NOT council_time_ms < ?4) AS is_new,
           EXISTS (SELECT 1 FROM visit WHERE visit_id = ?1 AND (to_do IS NOT NULL OR outcome IS NULL))
           OR EXISTS (SELECT 1 FROM photo WHERE visit_id = ?1 AND state = 'refused') AS is_wanted,
           EXISTS (SELECT 1 FROM visit WHERE visit_id = ?1)
           AND EXISTS (SELECT 1 FROM record LEFT JOIN receipt USING (receipt_id)
               WHERE visit_id = ?1 AND forgotten = 0 AND state = 'received'
                 AND NOT council_time_ms BETWEEN ?2 AND ?3) AS without_mark";

impl Reading<'_> {
    fn safe_elsewhere(&self) -> Result<Option<SafeElsewhere>, StoreError> {
        self.setting(SAFE)
    }

    /// How many visits have left without a backup mark since the council was last told.
    pub(crate) fn forgotten_untold(&self) -> Result<Option<u64>, StoreError> {
        Ok(self.safe_elsewhere()?.map(|safe| safe.untold).filter(|untold| *untold > 0))
    }

    /// Whether this store has nothing that must stay: all of it was received, and is in a backup
    /// that restores or was received long ago.
    pub(crate) fn is_all_safe(&self) -> Result<bool, StoreError> {
        let Some(safe) = self.safe_elsewhere()? else { return Ok(false) };
        let enough = safe.enough();
        // After a restore of the council, what it lacks may be in a database that nobody can open.
        let in_a_backup = if safe.seen_ms.is_some() { NEVER } else { enough.in_a_backup };
        let kept = self.one(
            "SELECT 1 FROM receipt WHERE NOT (council_time_ms BETWEEN ?1 AND ?2 OR council_time_ms < ?3)
             UNION ALL SELECT 1 FROM photo WHERE state = 'waiting' OR (state = 'complete'
                 AND NOT coalesce(complete_ms BETWEEN ?1 AND ?2 OR complete_ms < ?3, 0))
             UNION ALL SELECT 1 FROM record WHERE state = 'set_aside' LIMIT 1",
            params![in_a_backup.0, in_a_backup.1, enough.long_ago],
            |_| Ok(()),
        )?;
        Ok(kept.is_none())
    }

    /// Whether the device should look for what may leave.
    pub(crate) fn may_forget(&self) -> Result<bool, StoreError> {
        let Some(safe) = self.safe_elsewhere()?.filter(|_| self.shows_all()) else { return Ok(false) };
        Ok(safe.is_due(self.asked_up_to(&safe)?))
    }

    /// When the council last answered the daily question about all that the device holds. One that
    /// speaks version 1 alone is not asked: then it is the day of the last contact.
    fn asked_up_to(&self, safe: &SafeElsewhere) -> Result<Option<i64>, StoreError> {
        let is_asked = self.enrolment()?.is_some_and(|enrolment| enrolment.second.is_some());
        if !is_asked {
            return Ok(Some(safe.contact_ms - safe.contact_ms.rem_euclid(EVERY_MS)));
        }
        let asked = self.asked()?;
        Ok(asked.done_ms.filter(|_| asked.after.is_none()))
    }

    /// Whether the journal has to be written anew without what was erased.
    pub(crate) fn is_untidy(&self) -> Result<bool, StoreError> {
        Ok(self.shows_all() && self.safe_elsewhere()?.is_some_and(|safe| safe.is_untidy))
    }

    /// A page of the visits that the device still has something of, behind one.
    pub(crate) fn remembered_after(&self, after: Option<VisitId>) -> Result<Vec<VisitId>, StoreError> {
        self.many(
            "SELECT DISTINCT visit_id FROM record WHERE visit_id > ?1 AND forgotten = 0 ORDER BY visit_id LIMIT ?2",
            params![after.map(|after| after.as_bytes().to_vec()).unwrap_or_default(), PAGE],
            |row| Ok(VisitId::from_bytes(row.get("visit_id")?)),
        )
    }
}

impl Writing<'_> {
    /// Notes a contact. `before` is the epoch that the device knew.
    pub(crate) fn note_contact(&self, before: Epoch, contact: &CouncilContact) -> Result<(), StoreError> {
        let CouncilContact { council_epoch, at_ms: contact_ms, reckoned_ms, mark_ms, has_lost } = *contact;
        let known = self.safe_elsewhere()?.unwrap_or_else(|| SafeElsewhere::new(before, None));
        let has_jumped = reckoned_ms.is_some_and(|reckoned| contact_ms.saturating_sub(reckoned) > JUMP_MS)
            || known.contact_ms.saturating_sub(contact_ms) > JUMP_MS;
        let mut safe = match known.council_epoch == council_epoch && !has_lost && !has_jumped {
            true => known,
            false => SafeElsewhere {
                untold: known.untold,
                is_untidy: known.is_untidy,
                looked_ms: known.looked_ms,
                ..SafeElsewhere::new(council_epoch, Some(contact_ms))
            },
        };
        safe.contact_ms = contact_ms;
        // One that was made while the council's clock was ahead says nothing.
        safe.mark_ms = mark_ms.filter(|mark| *mark <= contact_ms);
        let has_asked = self.asked()?.done_ms.is_some();
        if safe.settled_ms.is_none() && has_asked && self.counts()?.waiting == 0 {
            safe.settled_ms = Some(contact_ms);
        }
        self.write(
            "UPDATE photo SET complete_ms = ?1 WHERE state = 'complete' AND complete_ms IS NULL",
            params![contact_ms],
        )?;
        self.set(SAFE, &safe)
    }

    /// Notes whether the council asks for as many photos again as fit in an answer. `is_first` is
    /// whether the answer is to the first page of the daily question.
    pub(crate) fn note_asks_for_more(&self, is_full: bool, is_first: bool) -> Result<(), StoreError> {
        let Some(safe) = self.safe_elsewhere()? else { return Ok(()) };
        let asks_for_more = is_full || (safe.asks_for_more && !is_first);
        self.set(SAFE, &SafeElsewhere { asks_for_more, ..safe })
    }

    /// Notes that the journal was written anew without what was erased.
    pub(crate) fn is_tidy_now(&self) -> Result<(), StoreError> {
        let Some(safe) = self.safe_elsewhere()? else { return Ok(()) };
        self.set(SAFE, &SafeElsewhere { is_untidy: false, ..safe })
    }

    /// Notes that the council was told how many visits have left without a mark.
    pub(crate) fn told_of_forgotten(&self, told: u64) -> Result<(), StoreError> {
        let Some(safe) = self.safe_elsewhere()? else { return Ok(()) };
        self.set(SAFE, &SafeElsewhere { untold: safe.untold.saturating_sub(told), ..safe })
    }

    /// Forgets those of these visits that may leave. Gives how many did.
    pub(crate) fn forget_safe(&self, visits: &[VisitId]) -> Result<usize, StoreError> {
        let Some(mut safe) = self.safe_elsewhere()? else { return Ok(0) };
        let Enough { in_a_backup: (from, to), long_ago } = safe.enough();
        let mut forgotten = 0;
        for visit in visits {
            let (leaves, without_mark): (bool, bool) = self
                .one(KEEPS, params![visit.as_bytes(), from, to, long_ago], |row| {
                    let (keeps, is_new): (bool, bool) = (row.get("keeps")?, row.get("is_new")?);
                    let is_wanted: bool = row.get("is_wanted")?;
                    Ok((!(keeps || (is_new && is_wanted)), row.get("without_mark")?))
                })?
                .unwrap_or_default();
            if leaves {
                self.forget_visit(*visit, Notes::Too)?;
                safe.untold = safe.untold.saturating_add(u64::from(without_mark));
                forgotten += 1;
            }
        }
        self.set(SAFE, &safe)?;
        Ok(forgotten)
    }

    /// Notes that the device has looked at every visit.
    pub(crate) fn has_looked(&self) -> Result<(), StoreError> {
        let Some(safe) = self.safe_elsewhere()? else { return Ok(()) };
        let looked_ms = self.asked_up_to(&safe)?;
        self.set(SAFE, &SafeElsewhere { looked_ms, ..safe })
    }

    /// Erases what the council has erased, by the visits that its records give: all that such a
    /// visit's records say, or one safeguarding note. What still waits goes first. Gives how many
    /// visits and notes were erased.
    pub(crate) fn erase(&self, visits: &[VisitId]) -> Result<usize, StoreError> {
        if !self.shows_all() {
            // The rest goes when it is unlocked. A picture that waits would wait for ever.
            visits.iter().try_for_each(|visit| self.erase_waiting_pictures(*visit))?;
            return Ok(0);
        }
        let contact_ms = self.safe_elsewhere()?.map_or(i64::MIN, |safe| safe.contact_ms);
        let mut erased = 0;
        for visit in visits {
            let waits = self.one(
                "SELECT 1 FROM record WHERE state = 'waiting' AND forgotten = 0 AND (visit_id = ?1
                     OR epoch IN (SELECT chain FROM visit_chain WHERE said_visit_id = ?1))
                 UNION SELECT 1 FROM visit WHERE visit_id = ?1 AND (expected_end_ms IS NOT NULL OR (started = 1 AND outcome IS NULL))
                     AND EXISTS (SELECT 1 FROM record JOIN receipt USING (receipt_id)
                         WHERE record.visit_id = ?1 AND council_time_ms >= ?2)",
                params![visit.as_bytes(), contact_ms.saturating_sub(ABANDONED_MS)],
                |_| Ok(()),
            )?;
            if waits.is_some() {
                continue;
            }
            // A note's visit is random, and stands for nothing else.
            let is_note = self.one(
                "SELECT 1 FROM visit_chain WHERE said_visit_id = ?1 AND class = ?2",
                params![visit.as_bytes(), HeadClass::NOTE.0],
                |_| Ok(()),
            )?;
            match is_note {
                Some(()) => self.forget_records(
                    "epoch IN (SELECT chain FROM visit_chain WHERE said_visit_id = ?1)",
                    &[visit.as_bytes()],
                )?,
                // The council keeps notes by their own rule, and so does the device.
                None => self.forget_visit(*visit, Notes::Stay)?,
            }
            erased += 1;
        }
        if let Some(safe) = self.safe_elsewhere()?.filter(|_| erased > 0) {
            self.set(SAFE, &SafeElsewhere { is_untidy: true, ..safe })?;
        }
        Ok(erased)
    }

    /// Forgets a visit with its photos and its appointment.
    fn forget_visit(&self, visit: VisitId, notes: Notes) -> Result<(), StoreError> {
        let id = visit.as_bytes();
        self.finish_appointment(visit)?;
        let (keys, records) = match notes {
            Notes::Too => (
                "DELETE FROM visit_key WHERE visit_id = ?1
                     OR visit_id IN (SELECT said_visit_id FROM visit_chain WHERE visit_id = ?1)",
                "visit_id = ?1",
            ),
            Notes::Stay => (
                "DELETE FROM visit_key WHERE visit_id = ?1",
                "visit_id = ?1 AND epoch NOT IN (SELECT chain FROM visit_chain WHERE visit_id = ?1 AND class = 2)",
            ),
        };
        for sql in [
            keys,
            "UPDATE visit_chain SET appointment_grant = NULL WHERE visit_id = ?1 AND appointment_grant IS NOT NULL",
            "DELETE FROM photo_file WHERE photo_id IN (SELECT photo_id FROM photo WHERE visit_id = ?1)",
            "DELETE FROM photo WHERE visit_id = ?1",
            "DELETE FROM visit WHERE visit_id = ?1",
        ] {
            self.write(sql, params![id])?;
        }
        self.forget_records(records, &[id])
    }

    fn forget_records(&self, which: &str, values: &[&[u8]]) -> Result<(), StoreError> {
        self.write(
            &format!("UPDATE record SET envelope = x'', body = x'', forgotten = 1 WHERE {which} AND forgotten = 0"),
            params_from_iter(values),
        )?;
        // A receipt of version 1 is the whole answer that it came in, with the appointments in it.
        self.write(
            &format!(
                "UPDATE receipt SET answer = x'' WHERE form = 1 AND length(answer) > 0
                 AND receipt_id IN (SELECT receipt_id FROM record WHERE {which})
                 AND NOT EXISTS (SELECT 1 FROM record WHERE record.receipt_id = receipt.receipt_id AND forgotten = 0)"
            ),
            params_from_iter(values),
        )?;
        Ok(())
    }

    /// Takes the appointment of a visit away, and remembers by a hash that it is done with.
    fn finish_appointment(&self, visit: VisitId) -> Result<(), StoreError> {
        let found: Option<(String, i64)> = self.one(
            "SELECT appointment_ref, window_start_ms FROM visit JOIN appointment USING (appointment_ref)
             WHERE visit_id = ?1 AND outcome IS NOT NULL",
            params![visit.as_bytes()],
            |row| Ok((row.get("appointment_ref")?, row.get("window_start_ms")?)),
        )?;
        let Some((reference, window_start_ms)) = found else { return Ok(()) };
        // Another visit to it may still be here.
        let is_alone = self.one(
            "SELECT 1 FROM visit WHERE appointment_ref = ?1 AND visit_id <> ?2 LIMIT 1",
            params![reference, visit.as_bytes()],
            |_| Ok(()),
        )?;
        if is_alone.is_some() {
            return Ok(());
        }
        self.write("DELETE FROM appointment WHERE appointment_ref = ?1", params![reference])?;
        self.write(
            "INSERT INTO finished_appointment (hash, window_start_ms) VALUES (?1, ?2)
             ON CONFLICT (hash) DO UPDATE SET window_start_ms = max(window_start_ms, excluded.window_start_ms)",
            params![hash_of(&reference).as_bytes(), window_start_ms],
        )?;
        Ok(())
    }

    /// Whether the visit to an appointment has left this device.
    pub(super) fn is_finished(&self, reference: &str, window_start_ms: i64) -> Result<bool, StoreError> {
        let finished = self.one(
            "SELECT 1 FROM finished_appointment WHERE hash = ?1 AND window_start_ms >= ?2",
            params![hash_of(reference).as_bytes(), window_start_ms],
            |_| Ok(()),
        )?;
        Ok(finished.is_some())
    }

    /// Empties what a journal of before has brought back of forgotten records.
    pub(super) fn forget_again(&self) -> Result<(), StoreError> {
        self.write("UPDATE record SET envelope = x'', body = x'' WHERE forgotten = 1 AND length(envelope) > 0", [])?;
        // And what a database of before still has of their visits.
        let gone = self.many(
            "SELECT visit_id FROM visit WHERE EXISTS (SELECT 1 FROM record WHERE record.visit_id = visit.visit_id)
             AND NOT EXISTS (SELECT 1 FROM record WHERE record.visit_id = visit.visit_id AND forgotten = 0
                 AND epoch NOT IN (SELECT chain FROM visit_chain WHERE class = 2))",
            [],
            |row| Ok(VisitId::from_bytes(row.get("visit_id")?)),
        )?;
        gone.into_iter().try_for_each(|visit| self.forget_visit(visit, Notes::Stay))
    }
}

fn hash_of(reference: &str) -> Hash {
    Hash::of("doorstep-finished-appointment-v1", &[reference.as_bytes()])
}
