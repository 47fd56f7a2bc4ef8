//! Today: the council's day at a glance.

use chrono::{DateTime, Utc};
use doorstep_domain::StableName;
use doorstep_domain::conduct::{Appointment, Outcome};
use serde::Serialize;

use super::Actor;
use super::not_received::{AsideRecords, MissingRecords, missing, set_aside};
use super::visits::VisitListRow;
use crate::error::CouncilError;
use crate::machine::times;
use crate::service::Service;
use crate::storage::{Filter, OPEN};

/// The most visits of a day that are read for the lists of visits.
const MOST_OF_A_DAY: usize = 2_000;

/// How many of today's visits have one outcome.
#[derive(Debug, Serialize, schemars::JsonSchema, ts_rs::TS)]
pub struct OutcomeCount {
    /// The outcome as a stable name, or `open` for visits under way.
    pub(crate) outcome: String,
    /// How many visits.
    #[ts(type = "number")]
    pub(crate) visits: u64,
}

/// An appointment of today that nobody has started.
#[derive(Debug, Serialize, schemars::JsonSchema, ts_rs::TS)]
pub struct Planned {
    /// The housing system's reference.
    pub(crate) reference: String,
    /// When its window begins.
    pub(crate) window_start: DateTime<Utc>,
    /// When its window ends.
    pub(crate) window_end: DateTime<Utc>,
    /// The address of the home.
    pub(crate) address: String,
    /// The visitor's user name.
    pub(crate) assigned_to: String,
    /// The kind of visit, as a stable name.
    pub(crate) visit_kind: String,
    /// Whether its window has ended.
    pub(crate) late: bool,
}

/// The council's day.
#[derive(Debug, Serialize, schemars::JsonSchema, ts_rs::TS)]
pub struct TodayBoard {
    /// The day in England, `2026-11-24`.
    pub(crate) day: String,
    /// How many of today's visits have each outcome.
    pub(crate) outcomes: Vec<OutcomeCount>,
    /// Appointments of today that nobody has started.
    pub(crate) planned: Vec<Planned>,
    /// Visits that started today and are under way.
    pub(crate) under_way: Vec<VisitListRow>,
    /// Visits of today that need a look: entry was refused, was without consent, or there are
    /// findings.
    pub(crate) to_look_at: Vec<VisitListRow>,
    /// Records that phones have and the council has not.
    pub(crate) missing: Vec<MissingRecords>,
    /// Records that the council set aside.
    pub(crate) set_aside: Vec<AsideRecords>,
    /// How many cases are open; 0 for a firm's people.
    #[ts(type = "number")]
    pub(crate) cases_open: u64,
    /// How many open cases are past their deadline; 0 for a firm's people.
    #[ts(type = "number")]
    pub(crate) cases_late: u64,
    /// The council's clock when this was read.
    pub(crate) as_of: DateTime<Utc>,
}

/// The council's day, or a firm's part of it.
///
/// # Errors
/// [`CouncilError`] when the database fails.
pub fn board(service: &Service, by: &Actor) -> Result<TodayBoard, CouncilError> {
    let now_ms = service.now_ms();
    let (from_ms, to_ms) = times::day_of(now_ms);
    let firm = by.firm();
    let of_today = Filter {
        organisation: firm.map(str::to_owned),
        from_ms: Some(from_ms),
        to_ms: Some(to_ms),
        ..Filter::default()
    };
    service.storage.read(|reading| {
        let visits = reading.visits(&of_today, MOST_OF_A_DAY)?;
        let rows = visits.into_iter().map(VisitListRow::from);
        let mut planned = Vec::new();
        for appointment in reading.appointments_between(from_ms, to_ms, firm)? {
            if reading.visit_to(&appointment.reference)?.is_none() {
                planned.push(planned_row(&appointment, now_ms));
            }
        }
        // Cases are for the council's own people.
        let (cases_open, cases_late) = if firm.is_some() { (0, 0) } else { reading.case_counts(now_ms)? };
        let (under_way, ended): (Vec<_>, Vec<_>) = rows.into_iter().partition(|row| row.outcome == OPEN);
        Ok(TodayBoard {
            day: times::day(now_ms).to_string(),
            outcomes: reading
                .outcomes(from_ms, to_ms, firm)?
                .into_iter()
                .map(|(outcome, visits)| OutcomeCount { outcome, visits })
                .collect(),
            planned,
            under_way,
            to_look_at: ended
                .into_iter()
                .filter(|row| row.lawful_entry || row.findings > 0 || row.outcome == Outcome::EntryRefused.name())
                .collect(),
            missing: missing(reading, by)?,
            set_aside: set_aside(reading, by)?,
            cases_open,
            cases_late,
            as_of: times::from_ms(now_ms),
        })
    })
}

fn planned_row(appointment: &Appointment, now_ms: i64) -> Planned {
    Planned {
        reference: appointment.reference.to_string(),
        window_start: appointment.window_start,
        window_end: appointment.window_end,
        address: appointment.address_line(),
        assigned_to: appointment.assigned_to.clone(),
        visit_kind: appointment.visit_kind.name().to_owned(),
        late: appointment.window_end.timestamp_millis() < now_ms,
    }
}
