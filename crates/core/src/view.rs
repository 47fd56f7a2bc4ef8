//! What screens and scripts are given. Plain data: everything in it was already decided.

use chrono::{DateTime, Utc};
use doorstep_domain::conduct::{Appointment, Clause, Outcome, RefusalReason, Refused, Step, Validity, Visit, Weight};
use doorstep_domain::{AppointmentRef, VisitId};
use serde::Serialize;

use crate::AppError;

/// Who this device belongs to.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct EnrolmentView {
    /// The visitor's user name.
    pub user_name: String,
    /// The visitor's name.
    pub display_name: String,
    /// The visitor's position.
    pub position: String,
    /// Their organisation.
    pub organisation: String,
    /// The council.
    pub council_name: String,
    /// The device's id at the council.
    pub device: String,
}

/// How this device stands.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct StatusView {
    /// Who the device belongs to; `null` before it is enrolled.
    pub enrolled: Option<EnrolmentView>,
    /// Whether a PIN has been set.
    pub pin_set: bool,
    /// Whether somebody has signed in, where a PIN is asked for.
    pub signed_in: bool,
    /// Records on the device.
    #[cfg_attr(feature = "typescript", ts(type = "number"))]
    pub records: u64,
    /// Records that wait to be sent.
    #[cfg_attr(feature = "typescript", ts(type = "number"))]
    pub unsent: u64,
    /// When the oldest of those was recorded, by the device's clock.
    pub oldest_unsent: Option<DateTime<Utc>>,
    /// Records that the council set aside.
    #[cfg_attr(feature = "typescript", ts(type = "number"))]
    pub set_aside: u64,
    /// The device's own clock when the council last answered.
    pub last_contact: Option<DateTime<Utc>>,
    /// The device's clock now.
    pub now: DateTime<Utc>,
    /// The council has revoked the device: it sends what it holds, and is given nothing more.
    pub revoked: bool,
}

/// An appointment, and how far its visit has come.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct AppointmentView {
    /// The appointment.
    #[serde(flatten)]
    pub appointment: Appointment,
    /// Its last visit, if one was started.
    pub visit: Option<VisitSummary>,
}

/// A visit as a list shows it.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct VisitSummary {
    /// The visit.
    pub visit: VisitId,
    /// Its appointment.
    pub appointment: Option<AppointmentRef>,
    /// When it started, by the device's clock.
    pub started_at: DateTime<Utc>,
    /// What came of it, as a stable name; `null` while it is open.
    pub outcome: Option<String>,
    /// Whether the visitor has gone in.
    pub entered: bool,
}

/// Today's route.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct TodayView {
    /// Appointments of today, in the order of their windows, and whatever is still open from before.
    pub appointments: Vec<AppointmentView>,
    /// Appointments of later days.
    pub later: Vec<AppointmentView>,
    /// Appointments of earlier days that nobody went to.
    pub earlier: Vec<AppointmentView>,
}

/// Where a visit's records are.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct Custody {
    /// Whether anything of the visit still waits to be sent.
    pub waiting: bool,
    /// The council's clock when it signed the last receipt for it.
    pub received_at: Option<DateTime<Utc>>,
}

/// One visit as its screen shows it.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct VisitView {
    /// What is known of it.
    #[serde(flatten)]
    pub visit: Visit,
    /// Its appointment, where the device has it.
    pub details: Option<Appointment>,
    /// The steps that still stand between the visitor and the door. Clause 3.2.
    pub missing_before_entry: Vec<Step>,
    /// Where its records are.
    pub custody: Custody,
}

/// What waits to be sent, visit by visit: nothing in it tells what kind of record waits.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct OutboxView {
    /// What waits.
    pub waiting: Vec<OutboxGroup>,
    /// What the council set aside, and why.
    pub set_aside: Vec<SetAsideView>,
    /// The device's own clock when the council last answered.
    pub last_contact: Option<DateTime<Utc>>,
}

/// What waits of one visit.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct OutboxGroup {
    /// The visit.
    pub visit: VisitId,
    /// Where, as far as the device knows.
    pub address: Option<String>,
    /// How many records wait.
    #[cfg_attr(feature = "typescript", ts(type = "number"))]
    pub records: u64,
    /// When the oldest of them was recorded.
    pub oldest: DateTime<Utc>,
}

/// A record that the council set aside.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct SetAsideView {
    /// The visit.
    pub visit: VisitId,
    /// Where, as far as the device knows.
    pub address: Option<String>,
    /// When it was recorded.
    pub recorded_at: DateTime<Utc>,
    /// Why, as a stable code.
    pub reason: String,
}

/// Why a screen's request failed: a stable code for its words, and what a rule of the Code said.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct Problem {
    /// The stable code.
    pub code: String,
    /// What happened, what is safe, and what to do, in English.
    pub message: String,
    /// The rule's answer, where a rule of the Code said no.
    pub refused: Option<Refused>,
}

impl From<AppError> for Problem {
    fn from(error: AppError) -> Self {
        let refused = match &error {
            AppError::Refused(refused) => Some(refused.clone()),
            _ => None,
        };
        Self { code: error.code().to_owned(), message: error.to_string(), refused }
    }
}

/// A step as a screen draws it.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct StepDescription {
    /// The step.
    pub step: Step,
    /// The clause behind it.
    pub clause: Clause,
    /// Whether going in waits for it.
    pub weight: Weight,
    /// Whether it belongs to the door, and not to the inside.
    pub at_the_door: bool,
    /// The likely reasons for not doing it, as stable names.
    pub likely_reasons: Vec<String>,
}

/// The steps and reasons of the Code, from which the screens are drawn.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct Vocabulary {
    /// The steps, in the order of the Code.
    pub steps: Vec<StepDescription>,
    /// The reasons for refusing entry, and how the Code takes each.
    pub refusal_reasons: Vec<(RefusalReason, Validity)>,
    /// The outcomes in which nobody got in.
    pub no_access: Vec<Outcome>,
}

impl Vocabulary {
    /// What the domain knows.
    #[must_use]
    pub fn of_the_code() -> Self {
        let describe = |step: Step| StepDescription {
            step,
            clause: step.clause(),
            weight: step.weight(),
            at_the_door: step != Step::ShoeCovers,
            likely_reasons: step.likely_reasons().iter().map(|&reason| reason.to_owned()).collect(),
        };
        Self {
            steps: Step::ALL.into_iter().map(describe).collect(),
            refusal_reasons: RefusalReason::ALL.into_iter().map(|reason| (reason, reason.validity())).collect(),
            no_access: vec![Outcome::EntryRefused, Outcome::NoAnswer, Outcome::NoSuitableAdult],
        }
    }
}
