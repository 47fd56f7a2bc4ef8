//! The rows from which lists of visits are drawn: a fold over records, kept beside them.

use doorstep_domain::conduct::Visit;
use doorstep_domain::{AppointmentRef, VisitId};
use rusqlite::{Row, params};

use super::{Reading, StoreError, Writing};

/// A visit as a list shows it.
#[derive(Debug, Clone)]
pub(crate) struct VisitRow {
    pub(crate) visit: VisitId,
    pub(crate) appointment: Option<AppointmentRef>,
    pub(crate) started_at_ms: i64,
    pub(crate) outcome: Option<String>,
    pub(crate) entered: bool,
}

fn visit_row(row: &Row<'_>) -> rusqlite::Result<VisitRow> {
    let appointment: Option<String> = row.get("appointment_ref")?;
    Ok(VisitRow {
        visit: VisitId::from_bytes(row.get("visit_id")?),
        appointment: appointment.and_then(|text| text.parse().ok()),
        started_at_ms: row.get("started_at_ms")?,
        outcome: row.get("outcome")?,
        entered: row.get("entered")?,
    })
}

const COLUMNS: &str = "visit_id, appointment_ref, started_at_ms, outcome, entered";

impl Reading<'_> {
    /// Visits that started since a moment, newest first.
    pub(crate) fn visits_since(&self, since_ms: i64) -> Result<Vec<VisitRow>, StoreError> {
        self.many(
            &format!("SELECT {COLUMNS} FROM visit WHERE started_at_ms >= ?1 OR outcome IS NULL ORDER BY started_at_ms DESC, visit_id DESC"),
            params![since_ms],
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
}

impl Writing<'_> {
    /// Keeps the row of a visit as its records now fold.
    pub(crate) fn save_visit(&self, visit: &Visit) -> Result<(), StoreError> {
        self.write(
            "INSERT INTO visit (visit_id, appointment_ref, started_at_ms, outcome, entered) VALUES (?1, ?2, ?3, ?4, ?5)
             ON CONFLICT (visit_id) DO UPDATE SET outcome = excluded.outcome, entered = excluded.entered",
            params![
                visit.visit.as_bytes(),
                visit.appointment.as_ref().map(AppointmentRef::as_str),
                visit.started_at.map_or(0, |at| at.timestamp_millis()),
                visit.ending.as_ref().map(|ending| ending.outcome.name()),
                visit.entry.is_some()
            ],
        )?;
        Ok(())
    }
}
