//! What screens and scripts get: plain data. The core has already worked everything out.

use chrono::{DateTime, NaiveDate, Utc};
use doorstep_domain::StableName;
use doorstep_domain::conduct::{
    Appointment, Attempt, CancelReason, CancelledBy, Clause, CodeSection, ConcernKind, ConsentBy, Hazard, LawfulGround,
    LikelyReason, NextStep, Notice, NoticeMethod, Numbers, Outcome, Owed, Phase, PhotoPurpose, RefusalReason, Refused,
    Severity, Step, Validity, Visit, VisitKind, Weight, WithdrawalReason,
};
use doorstep_domain::{AppointmentRef, Named, VisitId};
use serde::Serialize;

use crate::error::AppError;
use crate::store::UnopenedStanding;

/// Who this device belongs to.
#[derive(Debug, Clone, Serialize, ts_rs::TS)]
pub struct EnrolmentView {
    /// The visitor's user name.
    pub user_name: String,
    /// The visitor's name.
    pub display_name: String,
    /// The visitor's position.
    pub position: String,
    /// The name of the organisation that the visitor works for.
    pub organisation: String,
    /// The name of the council that enrolled the device.
    pub council_name: String,
    /// The device's id at the council.
    pub device: String,
}

/// What was done about a file of visits that was damaged or lost.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ts_rs::TS)]
pub struct SalvagedView {
    /// The folder in which the file is kept as it was found.
    pub kept: String,
    /// How many records came back from the journal.
    #[ts(type = "number")]
    pub records: u64,
    /// When, in UTC, by the device's clock.
    pub at: DateTime<Utc>,
}

/// The state of this device.
#[derive(Debug, Clone, Serialize, ts_rs::TS)]
pub struct StatusView {
    /// Who the device belongs to; `null` before it is enrolled.
    pub enrolled: Option<EnrolmentView>,
    /// The numbers behind the rules, as they are today in England.
    pub numbers: Numbers,
    /// Whether a PIN has been set.
    pub pin_set: bool,
    /// Whether the PIN was entered. Always `true` where no PIN is needed.
    pub signed_in: bool,
    /// Records and photos of earlier enrolments of this device that wait to be sent.
    #[ts(type = "number")]
    pub left_by_others: u64,
    /// Whether a newer app wrote what is on the device: it can be read, the visit under way
    /// finished, and everything is sent.
    pub is_newer: bool,
    /// Whether the device is full: visits can be finished and sent, and no photos added.
    pub is_full: bool,
    /// What was done about a file of visits that was damaged or lost, until somebody has read it.
    pub salvaged: Option<SalvagedView>,
    /// Records on the device. On a locked one, those that it can send.
    #[ts(type = "number")]
    pub records: u64,
    /// Records that wait to be sent.
    #[ts(type = "number")]
    pub unsent: u64,
    /// When the oldest of those was recorded, in UTC, by the device's clock; `None` for none.
    pub oldest_unsent: Option<DateTime<Utc>>,
    /// Records that the council set aside.
    #[ts(type = "number")]
    pub set_aside: u64,
    /// Photos that wait to be sent.
    pub photos_waiting: usize,
    /// If something urgent has waited too long to be sent, when it was recorded. The visitor is
    /// asked to phone it in.
    pub phone_it_in: Option<DateTime<Utc>>,
    /// The visit in which somebody who works alone is late; `None` if nobody is. Clause 6.1.
    pub overdue: Option<Overdue>,
    /// When to ask somebody who works alone whether they are safe, in UTC; `None` if nobody is
    /// alone.
    pub remind_at: Option<DateTime<Utc>>,
    /// The visit under way: "Leave now" is about it, on every screen. Clause 7.
    pub under_way: Option<VisitId>,
    /// Whether the visitor still has to sign the Code that is in force. Clause 9.
    pub sign_the_code: bool,
    /// When the council last answered, in UTC, by the device's own clock.
    pub last_contact: Option<DateTime<Utc>>,
    /// The time now, in UTC, by the device's clock.
    pub now: DateTime<Utc>,
    /// What the device may still show and begin.
    pub standing: DeviceStanding,
    /// The council that has ended the use of this device, once everything was sent and nothing is
    /// left on it.
    pub ended_by: Option<String>,
}

/// What the device may still show and begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ts_rs::TS)]
#[serde(rename_all = "snake_case")]
pub enum DeviceStanding {
    /// Everything.
    Open,
    /// The council has revoked it: it shows and finishes the visit under way, and sends what waits.
    /// Then its keys and files are destroyed.
    Revoked,
    /// It has not reached the council for so long that it shows no tenants: the number
    /// `offline_hours`. The visit under way goes on, and an emergency can begin.
    LongWithoutContact,
}

/// A visit in which somebody who works alone is later than they expected.
#[derive(Debug, Clone, Serialize, ts_rs::TS)]
pub struct Overdue {
    /// The visit in which they work alone.
    pub visit: VisitId,
    /// When they expected to be out again.
    pub expected_end: DateTime<Utc>,
}

/// What a visitor still owes a tenant.
#[derive(Debug, Clone, Serialize, ts_rs::TS)]
pub struct ToDo {
    /// The visit after which it is owed.
    pub visit: VisitId,
    /// What is owed.
    #[ts(as = "Owed")]
    pub what: Named<Owed>,
    /// The address, if it is on this device.
    pub address: Option<String>,
    /// When the visit started, in UTC, by the device's clock.
    pub since: DateTime<Utc>,
}

/// The Code as a screen shows it.
#[derive(Debug, Clone, Serialize, ts_rs::TS)]
pub struct CodeView {
    /// The SHA-256 of the exact text, in hexadecimal.
    pub hash: String,
    /// What people call this version.
    pub label: String,
    /// The first day on which it is in force, in Europe/London.
    #[ts(type = "string")]
    pub from: NaiveDate,
    /// Whether the council published it; otherwise these are Doorstep's own plain words.
    pub in_force: bool,
    /// When the person who carries this device signed it.
    pub signed_at: Option<DateTime<Utc>>,
    /// All its sections, or only those that match the search.
    pub sections: Vec<CodeSection>,
}

/// An appointment, and how far its visit has come.
#[derive(Debug, Clone, Serialize, ts_rs::TS)]
pub struct AppointmentView {
    /// The appointment as the council sent it. Its fields stand beside the others here.
    #[serde(flatten)]
    pub appointment: Appointment,
    /// The notice that the tenant had. Clause 3.1.
    pub notice: Notice,
    /// Visits to the property in which nobody got in.
    pub attempts: Vec<Attempt>,
    /// The last visit to it; `None` if no file was opened yet.
    pub visit: Option<VisitSummary>,
}

/// A visit as a list shows it.
#[derive(Debug, Clone, Serialize, ts_rs::TS)]
pub struct VisitSummary {
    /// The visit's id.
    pub visit: VisitId,
    /// The reference of its appointment; `null` for a visit that nobody planned.
    pub appointment: Option<AppointmentRef>,
    /// When it started, or its file was opened, by the device's clock.
    pub started_at: DateTime<Utc>,
    /// Whether it has started.
    pub started: bool,
    /// The address, if it is on this device.
    pub address: Option<String>,
    /// How it ended, as a stable name; `null` while it is open.
    pub outcome: Option<String>,
    /// Whether the visitor has gone in.
    pub entered: bool,
}

/// Today's route.
#[derive(Debug, Clone, Serialize, ts_rs::TS)]
pub struct TodayView {
    /// Today's appointments, and those of other days whose visit is open, by the start of their
    /// windows.
    pub appointments: Vec<AppointmentView>,
    /// Appointments of later days.
    pub later: Vec<AppointmentView>,
    /// Appointments of earlier days that nobody went to.
    pub earlier: Vec<AppointmentView>,
    /// Open visits without an appointment.
    pub unplanned: Vec<VisitSummary>,
    /// What is still owed to tenants.
    pub to_do: Vec<ToDo>,
}

/// Where a visit's records are.
#[derive(Debug, Clone, Serialize, ts_rs::TS)]
pub struct Custody {
    /// Whether any record of the visit still waits to be sent.
    pub waiting: bool,
    /// When the council signed the last receipt for the visit, in UTC, by the council's clock.
    pub received_at: Option<DateTime<Utc>>,
    /// The state of each photo, in the order in which they were taken. The council has the whole
    /// visit when no record waits and every photo is complete.
    pub photos: Vec<PhotoState>,
}

/// Where a photo is on its way to the council.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ts_rs::TS)]
#[serde(rename_all = "snake_case", tag = "state")]
pub enum PhotoState {
    /// It waits to be sent.
    Waiting,
    /// The council holds it whole.
    Complete,
    /// The council does not take it.
    Refused {
        /// Why, as a stable code.
        reason: String,
    },
    /// It was struck out before it was sent, and its picture is gone.
    Erased,
}

/// One visit as its screen shows it.
#[derive(Debug, Clone, Serialize, ts_rs::TS)]
pub struct VisitView {
    /// What is known about the visit.
    #[serde(flatten)]
    pub visit: Visit,
    /// Its appointment, if it is on this device.
    pub details: Option<Appointment>,
    /// The steps that the visitor must still do before going in. Clause 3.2.
    pub missing_before_entry: Vec<Step>,
    /// Whether notice was short and the tenant has not agreed to the visit. Clause 3.1.
    pub agreement_missing: bool,
    /// Whether the tenant should have been told who comes and why, and was not. Clause 3.1.
    pub not_told_who_and_why: bool,
    /// Whether the visit does not go ahead and the tenant does not know yet. Clause 3.2.
    pub tenant_not_told: bool,
    /// What the visitor can do next.
    pub next: Vec<NextStep>,
    /// Why the visitor can't go in with consent now; `null` when they can.
    pub shut: Option<Refused>,
    /// Whether the visitor is asked if something seems wrong. Clause 6.2.
    pub ask_welfare: bool,
    /// Visits to the property in which nobody got in, this one included.
    pub attempts: Vec<Attempt>,
    /// Where its records are.
    pub custody: Custody,
}

/// The answer to a tap: the visit as it is now, what can be done next, and the state of the device.
#[derive(Debug, Clone, Serialize, ts_rs::TS)]
pub struct Acted {
    /// The visit as it is after the tap.
    pub visit: VisitView,
    /// The state of the device.
    pub status: StatusView,
}

/// What waits to be sent, grouped by visit. It does not show what kind of record waits.
#[derive(Debug, Clone, Serialize, ts_rs::TS)]
pub struct OutboxView {
    /// The records that wait, grouped by visit.
    pub waiting: Vec<OutboxGroup>,
    /// The records that the council set aside, and why.
    pub set_aside: Vec<SetAsideView>,
    /// The photos. They are sent after the records.
    pub photos: PhotosView,
    /// Files of visits from earlier enrolments that this device can't open any more.
    pub unopened: Vec<UnopenedStanding>,
    /// When the council last answered, in UTC, by the device's own clock.
    pub last_contact: Option<DateTime<Utc>>,
}

/// The photos that wait, and on which network they are sent.
#[derive(Debug, Clone, Serialize, ts_rs::TS)]
pub struct PhotosView {
    /// How many photos wait.
    pub waiting: usize,
    /// How many bytes of them are still to be sent.
    #[ts(type = "number")]
    pub bytes: u64,
    /// Whether photos are only sent on a network that does not charge for data, such as Wi-Fi.
    pub on_wifi_only: bool,
    /// Photos that the council refused: the address, and the reason as a stable code.
    pub refused: Vec<(Option<String>, String)>,
}

/// The records of one visit that wait to be sent.
#[derive(Debug, Clone, Serialize, ts_rs::TS)]
pub struct OutboxGroup {
    /// The visit that the records are about.
    pub visit: VisitId,
    /// The address, if it is on this device.
    pub address: Option<String>,
    /// How many records wait.
    #[ts(type = "number")]
    pub records: u64,
    /// When the oldest of them was recorded.
    pub oldest: DateTime<Utc>,
}

/// A record that the council set aside.
#[derive(Debug, Clone, Serialize, ts_rs::TS)]
pub struct SetAsideView {
    /// The visit that the record is about.
    pub visit: VisitId,
    /// The address, if it is on this device.
    pub address: Option<String>,
    /// When it was recorded.
    pub recorded_at: DateTime<Utc>,
    /// Why, as a stable code.
    pub reason: String,
}

/// Why a screen's request failed.
#[derive(Debug, Clone, Serialize, ts_rs::TS)]
pub struct Problem {
    /// A stable code, by which the screen finds its own words.
    pub code: String,
    /// What happened, what is safe, and what to do, in English.
    pub message: String,
    /// The clause and the rule, if a rule of the Code refused the command.
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
#[derive(Debug, Clone, Serialize, ts_rs::TS)]
pub struct StepDescription {
    /// The step, by its stable name.
    pub step: Step,
    /// The clause behind it.
    pub clause: Clause,
    /// Whether it has to be done before going in.
    pub weight: Weight,
    /// The part of a visit that it belongs to.
    pub phase: Phase,
    /// The likely reasons for not doing it.
    pub likely_reasons: Vec<LikelyReason>,
}

/// A kind of concern as a screen offers it.
#[derive(Debug, Clone, Serialize, ts_rs::TS)]
pub struct ConcernDescription {
    /// The kind, by its stable name.
    pub kind: ConcernKind,
    /// The clause behind it.
    pub clause: Clause,
    /// Whether its record is sent before all others.
    pub urgent: bool,
    /// Whether the visitor is asked when it was said or seen.
    pub asks_when: bool,
}

/// The steps, reasons and kinds that the screens offer. This is the only list of them.
#[derive(Debug, Clone, Serialize, ts_rs::TS)]
pub struct Vocabulary {
    /// The steps, in the order of the Code.
    pub steps: Vec<StepDescription>,
    /// The reasons for refusing entry, and whether each is valid under the Code.
    pub refusal_reasons: Vec<(RefusalReason, Validity)>,
    /// The outcomes in which nobody got in.
    pub no_access: Vec<Outcome>,
    /// The kinds of visit. A kind decides how much notice the tenant must have. Clause 3.1.
    pub visit_kinds: Vec<VisitKind>,
    /// Ways to tell a tenant something.
    pub notice_methods: Vec<NoticeMethod>,
    /// Who can consent to somebody coming in.
    pub consent_by: Vec<ConsentBy>,
    /// What allows entry without consent.
    pub lawful_grounds: Vec<LawfulGround>,
    /// Who calls a visit off.
    pub cancelled_by: Vec<CancelledBy>,
    /// Why a visit is called off.
    pub cancel_reasons: Vec<CancelReason>,
    /// Why a visitor left at once.
    pub withdrawal_reasons: Vec<WithdrawalReason>,
    /// Kinds of concern.
    pub concerns: Vec<ConcernDescription>,
    /// What is not safe.
    pub hazards: Vec<Hazard>,
    /// How bad it is, worst first.
    pub severities: Vec<Severity>,
    /// What a photo shows.
    pub photo_purposes: Vec<PhotoPurpose>,
}

impl Vocabulary {
    /// The lists, as the domain crate defines them.
    #[must_use]
    pub fn of_the_code() -> Self {
        let describe = |step: Step| StepDescription {
            step,
            clause: step.clause(),
            weight: step.weight(),
            phase: step.phase(),
            likely_reasons: step.likely_reasons().to_vec(),
        };
        let concern = |kind: ConcernKind| ConcernDescription {
            kind,
            clause: kind.clause(),
            urgent: kind.is_urgent(),
            asks_when: kind.asks_when(),
        };
        Self {
            steps: Step::all().map(describe).collect(),
            refusal_reasons: RefusalReason::all().map(|reason| (reason, reason.validity())).collect(),
            no_access: Outcome::all().filter(|outcome| outcome.is_no_access()).collect(),
            visit_kinds: VisitKind::ALL.to_vec(),
            notice_methods: NoticeMethod::ALL.to_vec(),
            consent_by: ConsentBy::ALL.to_vec(),
            lawful_grounds: LawfulGround::ALL.to_vec(),
            cancelled_by: CancelledBy::ALL.to_vec(),
            cancel_reasons: CancelReason::ALL.to_vec(),
            withdrawal_reasons: WithdrawalReason::ALL.to_vec(),
            concerns: ConcernKind::all().map(concern).collect(),
            hazards: Hazard::ALL.to_vec(),
            severities: Severity::ALL.to_vec(),
            photo_purposes: PhotoPurpose::ALL.to_vec(),
        }
    }
}
