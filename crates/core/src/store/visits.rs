//! The rows of the lists of visits. Each row is folded from the visit's records, and stored with
//! them.

use std::collections::BTreeSet;

use doorstep_domain::conduct::{Outcome, Owed, Visit};
use doorstep_domain::{AppointmentRef, Named, RecordId, StableName, Uprn, VisitId};
use rusqlite::{Row, params};

use super::{Reading, StoreError, Writing};

/// A visit as a list shows it.
#[derive(Debug, Clone)]
pub(crate) struct VisitRow {
    pub(crate) visit: VisitId,
    pub(crate) appointment: Option<AppointmentRef>,
    /// When it started; if it has not, when its file was opened. Milliseconds since 1970, UTC.
    pub(crate) started_at_ms: i64,
    pub(crate) started: bool,
    pub(crate) address: Option<String>,
    pub(crate) outcome: Option<String>,
    pub(crate) entered: bool,
}

fn visit_row(row: &Row<'_>) -> rusqlite::Result<VisitRow> {
    let appointment: Option<String> = row.get("appointment_ref")?;
    Ok(VisitRow {
        visit: VisitId::from_bytes(row.get("visit_id")?),
        appointment: appointment.and_then(|text| text.parse().ok()),
        started_at_ms: row.get("started_at_ms")?,
        started: row.get("started")?,
        address: row.get("address")?,
        outcome: row.get("outcome")?,
        entered: row.get("entered")?,
    })
}

const COLUMNS: &str = "visit_id, appointment_ref, started_at_ms, started, address, outcome, entered";

impl Reading<'_> {
    /// Visits that started since a moment, and all that are still open, newest first.
    pub(crate) fn visits_since(&self, since_ms: i64) -> Result<Vec<VisitRow>, StoreError> {
        self.many(
            &format!("SELECT {COLUMNS} FROM visit WHERE started_at_ms >= ?1 OR outcome IS NULL ORDER BY started_at_ms DESC, visit_id DESC"),
            params![since_ms],
            visit_row,
        )
    }

    /// Every visit with a record here.
    pub(super) fn all_visits(&self) -> Result<Vec<VisitId>, StoreError> {
        self.many("SELECT DISTINCT visit_id FROM record", [], |row| Ok(VisitId::from_bytes(row.get("visit_id")?)))
    }

    /// The records that the council has not confirmed.
    pub(super) fn waiting_records(&self) -> Result<BTreeSet<RecordId>, StoreError> {
        let waiting = self.many("SELECT record_id FROM record WHERE state = 'waiting'", [], |row| {
            Ok(RecordId::from_bytes(row.get("record_id")?))
        })?;
        Ok(waiting.into_iter().collect())
    }

    /// Open visits without an appointment, oldest first.
    pub(crate) fn open_without_appointment(&self) -> Result<Vec<VisitRow>, StoreError> {
        self.many(
            &format!(
                "SELECT {COLUMNS} FROM visit WHERE outcome IS NULL AND appointment_ref IS NULL ORDER BY started_at_ms"
            ),
            [],
            visit_row,
        )
    }

    /// The last visit to an appointment.
    pub(crate) fn last_visit_to(&self, appointment: &AppointmentRef) -> Result<Option<VisitRow>, StoreError> {
        self.one(
            &format!("SELECT {COLUMNS} FROM visit WHERE appointment_ref = ?1 ORDER BY started_at_ms DESC, visit_id DESC LIMIT 1"),
            params![appointment.as_str()],
            visit_row,
        )
    }

    /// Own visits to a property in which nobody got in.
    pub(crate) fn without_access(&self, uprn: &Uprn) -> Result<Vec<VisitId>, StoreError> {
        self.many(
            "SELECT visit_id FROM visit WHERE uprn = ?1 AND outcome IN ('entry_refused', 'no_answer', 'no_suitable_adult')
             ORDER BY started_at_ms",
            params![uprn.as_str()],
            |row| Ok(VisitId::from_bytes(row.get("visit_id")?)),
        )
    }

    /// What is still owed, visit by visit, oldest first.
    pub(crate) fn to_do(&self) -> Result<Vec<(VisitRow, Named<Owed>)>, StoreError> {
        self.many(
            &format!("SELECT {COLUMNS}, to_do FROM visit WHERE to_do IS NOT NULL ORDER BY started_at_ms"),
            [],
            |row| Ok((visit_row(row)?, Named::read(row.get("to_do")?))),
        )
    }

    /// The visit that is under way; the one that started last, if there are several.
    pub(crate) fn under_way(&self) -> Result<Option<VisitId>, StoreError> {
        self.one(
            "SELECT visit_id FROM visit WHERE outcome IS NULL AND started = 1 ORDER BY started_at_ms DESC LIMIT 1",
            [],
            |row| Ok(VisitId::from_bytes(row.get("visit_id")?)),
        )
    }

    /// Whether this visit is under way.
    pub(crate) fn is_under_way(&self, visit: VisitId) -> Result<bool, StoreError> {
        let sql = "SELECT 1 FROM visit WHERE visit_id = ?1 AND outcome IS NULL AND started = 1";
        Ok(self.one(sql, params![visit.as_bytes()], |_| Ok(()))?.is_some())
    }

    /// The file in which something was recorded last, and when, by the device's clock.
    pub(crate) fn last_recorded(&self) -> Result<Option<(VisitId, i64)>, StoreError> {
        self.one("SELECT visit_id, recorded_at_ms FROM record ORDER BY local_id DESC LIMIT 1", [], |row| {
            Ok((VisitId::from_bytes(row.get("visit_id")?), row.get("recorded_at_ms")?))
        })
    }

    /// The visit in which somebody who works alone expects to be out first, and when, in
    /// milliseconds since 1970, UTC.
    pub(crate) fn alone(&self) -> Result<Option<(VisitId, i64)>, StoreError> {
        self.one(
            "SELECT visit_id, expected_end_ms FROM visit WHERE expected_end_ms IS NOT NULL ORDER BY expected_end_ms LIMIT 1",
            [],
            |row| Ok((VisitId::from_bytes(row.get("visit_id")?), row.get("expected_end_ms")?)),
        )
    }
}

impl Writing<'_> {
    /// On a device that was revoked: erases appointments, pictures and half-typed texts that
    /// neither the visit under way nor the outbox needs.
    pub(crate) fn keep_only_what_waits(&self) -> Result<(), StoreError> {
        let under_way = "SELECT 1 FROM visit WHERE outcome IS NULL AND started = 1";
        for sql in [
            format!(
                "DELETE FROM appointment
                 WHERE NOT EXISTS ({under_way} AND visit.appointment_ref = appointment.appointment_ref)"
            ),
            format!(
                "UPDATE photo SET state = 'erased', reason = NULL
                 WHERE state IN ('complete', 'refused') AND NOT EXISTS ({under_way} AND visit.visit_id = photo.visit_id)"
            ),
            format!("DELETE FROM draft WHERE NOT EXISTS ({under_way})"),
        ] {
            self.write(&sql, [])?;
        }
        self.forget_erased_files()
    }

    /// Stores the row of a visit. A file that was opened for a concern alone is not a visit, and
    /// has no row.
    pub(crate) fn save_visit(&self, visit: &Visit) -> Result<(), StoreError> {
        let Some(opened_at) = visit.started_at.or(visit.opened_at) else { return Ok(()) };
        self.write(
            "INSERT INTO visit (visit_id, appointment_ref, started_at_ms, started, uprn, address, outcome, entered, to_do, expected_end_ms)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)
             ON CONFLICT (visit_id) DO UPDATE SET started_at_ms = excluded.started_at_ms, started = excluded.started,
                 outcome = excluded.outcome, entered = excluded.entered, to_do = excluded.to_do,
                 expected_end_ms = excluded.expected_end_ms",
            params![
                visit.visit.as_bytes(),
                visit.appointment.as_ref().map(AppointmentRef::as_str),
                opened_at.timestamp_millis(),
                visit.started_at.is_some(),
                visit.uprn.as_ref().map(Uprn::as_str),
                visit.address,
                visit.ending.as_ref().map(|ending| ending.outcome.name()),
                visit.entry.is_some(),
                visit.owed().map(Owed::name),
                expected_end_ms(visit)
            ],
        )?;
        Ok(())
    }
}

/// When somebody who works alone expects to be out, in milliseconds since 1970, UTC. `None` once
/// they have said that they are safe, or the visit has ended in any way but leaving at once.
fn expected_end_ms(visit: &Visit) -> Option<i64> {
    let lone = visit.before.lone_working.as_ref()?;
    let left_as_planned = visit.ending.as_ref().is_some_and(|ending| ending.outcome != Outcome::Withdrawn);
    let safe = left_as_planned || visit.before.safe_at.is_some();
    (!safe).then(|| lone.expected_end.timestamp_millis())
}
