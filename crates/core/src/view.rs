//! What screens and scripts are given. Plain data: everything in it was already decided.

use chrono::{DateTime, NaiveDate, Utc};
use doorstep_domain::StableName;
use doorstep_domain::conduct::{
    Appointment, Attempt, CancelReason, CancelledBy, Clause, CodeSection, ConcernKind, ConsentBy, Hazard, LawfulGround,
    NextStep, Notice, NoticeMethod, Numbers, Outcome, Phase, PhotoPurpose, RefusalReason, Refused, Severity, Step,
    Validity, Visit, VisitKind, Weight, WithdrawalReason,
};
use doorstep_domain::{AppointmentRef, VisitId};
use serde::Serialize;

use crate::error::AppError;

/// Who this device belongs to.
#[derive(Debug, Clone, Serialize, ts_rs::TS)]
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
#[derive(Debug, Clone, Serialize, ts_rs::TS)]
pub struct StatusView {
    /// Who the device belongs to; `null` before it is enrolled.
    pub enrolled: Option<EnrolmentView>,
    /// The numbers behind the rules, as they hold today.
    pub numbers: Numbers,
    /// Whether a PIN has been set.
    pub pin_set: bool,
    /// Whether somebody has signed in, where a PIN is asked for.
    pub signed_in: bool,
    /// Records on the device.
    #[ts(type = "number")]
    pub records: u64,
    /// Records that wait to be sent.
    #[ts(type = "number")]
    pub unsent: u64,
    /// When the oldest of those was recorded, by the device's clock.
    pub oldest_unsent: Option<DateTime<Utc>>,
    /// Records that the council set aside.
    #[ts(type = "number")]
    pub set_aside: u64,
    /// Photos that wait to be sent.
    pub photos_waiting: usize,
    /// Since when something urgent has waited too long to be sent, by the device's clock: it is to
    /// be phoned in.
    pub phone_it_in: Option<DateTime<Utc>>,
    /// Somebody works alone, and is later than they expected. Clause 6.1.
    pub overdue: Option<Overdue>,
    /// When somebody who works alone is to be asked whether they are safe.
    pub remind_at: Option<DateTime<Utc>>,
    /// The visit under way: "Leave now" is about it, on every screen. Clause 7.
    pub under_way: Option<VisitId>,
    /// The Code that is in force was not signed yet. Clause 9.
    pub sign_the_code: bool,
    /// The device's own clock when the council last answered.
    pub last_contact: Option<DateTime<Utc>>,
    /// The device's clock now.
    pub now: DateTime<Utc>,
    /// The council has revoked the device: it sends what it holds, and is given nothing more.
    pub revoked: bool,
}

/// Somebody works alone, and is later than they expected.
#[derive(Debug, Clone, Serialize, ts_rs::TS)]
pub struct Overdue {
    /// The visit.
    pub visit: VisitId,
    /// When they expected to be out again.
    pub expected_end: DateTime<Utc>,
}

/// What a visitor still owes a tenant.
#[derive(Debug, Clone, Serialize, ts_rs::TS)]
pub struct ToDo {
    /// The visit.
    pub visit: VisitId,
    /// What, as a stable name: `tell_tenant` (clause 3.2), `follow_up` (clause 4.1).
    pub what: String,
    /// Where.
    pub address: Option<String>,
    /// Since when, by the device's clock.
    pub since: DateTime<Utc>,
}

/// The Code as a screen shows it.
#[derive(Debug, Clone, Serialize, ts_rs::TS)]
pub struct CodeView {
    /// The SHA-256 of the exact text, in hexadecimal.
    pub hash: String,
    /// What people call this version.
    pub label: String,
    /// The first day on which it binds.
    #[ts(type = "string")]
    pub from: NaiveDate,
    /// Whether the council published it; otherwise these are Doorstep's own plain words.
    pub in_force: bool,
    /// When the person who carries this device signed it.
    pub signed_at: Option<DateTime<Utc>>,
    /// Its sections, all or those that were searched for.
    pub sections: Vec<CodeSection>,
}

/// An appointment, and how far its visit has come.
#[derive(Debug, Clone, Serialize, ts_rs::TS)]
pub struct AppointmentView {
    /// The appointment.
    #[serde(flatten)]
    pub appointment: Appointment,
    /// The notice that the tenant had. Clause 3.1.
    pub notice: Notice,
    /// Visits to the property in which nobody got in.
    pub attempts: Vec<Attempt>,
    /// Its last visit, if its file was opened.
    pub visit: Option<VisitSummary>,
}

/// A visit as a list shows it.
#[derive(Debug, Clone, Serialize, ts_rs::TS)]
pub struct VisitSummary {
    /// The visit.
    pub visit: VisitId,
    /// Its appointment.
    pub appointment: Option<AppointmentRef>,
    /// When it started, or its file was opened, by the device's clock.
    pub started_at: DateTime<Utc>,
    /// Whether it has started.
    pub started: bool,
    /// Where, as far as the device knows.
    pub address: Option<String>,
    /// What came of it, as a stable name; `null` while it is open.
    pub outcome: Option<String>,
    /// Whether the visitor has gone in.
    pub entered: bool,
}

/// Today's route.
#[derive(Debug, Clone, Serialize, ts_rs::TS)]
pub struct TodayView {
    /// Appointments of today, in the order of their windows, and whatever is still open from
    /// before.
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
    /// Whether anything of the visit still waits to be sent.
    pub waiting: bool,
    /// The council's clock when it signed the last receipt for it.
    pub received_at: Option<DateTime<Utc>>,
    /// Its photos, in the order in which they were taken, and how far each has come. The visit is
    /// complete at the council when all of them are.
    pub photos: Vec<PhotoState>,
}

/// How far a photo has come.
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
    /// What is known of it.
    #[serde(flatten)]
    pub visit: Visit,
    /// Its appointment, where the device has it.
    pub details: Option<Appointment>,
    /// The steps that still stand between the visitor and the door. Clause 3.2.
    pub missing_before_entry: Vec<Step>,
    /// Notice was short, and the tenant has not agreed. Clause 3.1.
    pub agreement_missing: bool,
    /// It does not go ahead, and the tenant does not know. Clause 3.2.
    pub tenant_not_told: bool,
    /// What may be done next.
    pub next: Vec<NextStep>,
    /// Why nobody goes in by consent as things stand; `null` where they may.
    pub shut: Option<Refused>,
    /// Whether the visitor is asked if something seems wrong. Clause 6.2.
    pub ask_welfare: bool,
    /// Visits to the property in which nobody got in, this one included.
    pub attempts: Vec<Attempt>,
    /// Where its records are.
    pub custody: Custody,
}

/// What a tap came to: the visit as it now is, what may be done next, and how the device stands.
#[derive(Debug, Clone, Serialize, ts_rs::TS)]
pub struct Acted {
    /// The visit.
    pub visit: VisitView,
    /// How the device stands.
    pub status: StatusView,
}

/// What waits to be sent, visit by visit: nothing in it tells what kind of record waits.
#[derive(Debug, Clone, Serialize, ts_rs::TS)]
pub struct OutboxView {
    /// What waits.
    pub waiting: Vec<OutboxGroup>,
    /// What the council set aside, and why.
    pub set_aside: Vec<SetAsideView>,
    /// Photos, which go after the records.
    pub photos: PhotosView,
    /// The device's own clock when the council last answered.
    pub last_contact: Option<DateTime<Utc>>,
}

/// Photos that wait, and on what.
#[derive(Debug, Clone, Serialize, ts_rs::TS)]
pub struct PhotosView {
    /// How many wait.
    pub waiting: usize,
    /// Bytes of them that are still to be sent.
    #[ts(type = "number")]
    pub bytes: u64,
    /// Whether they wait for a network that is not paid for by what goes over it.
    pub on_wifi_only: bool,
    /// Photos that the council does not take: address and reason, as a stable code.
    pub refused: Vec<(Option<String>, String)>,
}

/// What waits of one visit.
#[derive(Debug, Clone, Serialize, ts_rs::TS)]
pub struct OutboxGroup {
    /// The visit.
    pub visit: VisitId,
    /// Where, as far as the device knows.
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
#[derive(Debug, Clone, Serialize, ts_rs::TS)]
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
#[derive(Debug, Clone, Serialize, ts_rs::TS)]
pub struct StepDescription {
    /// The step.
    pub step: Step,
    /// The clause behind it.
    pub clause: Clause,
    /// Whether going in waits for it.
    pub weight: Weight,
    /// Where in a visit it belongs.
    pub phase: Phase,
    /// The likely reasons for not doing it, as stable names.
    pub likely_reasons: Vec<String>,
}

/// A kind of concern as a screen offers it.
#[derive(Debug, Clone, Serialize, ts_rs::TS)]
pub struct ConcernDescription {
    /// The kind.
    pub kind: ConcernKind,
    /// The clause behind it.
    pub clause: Clause,
    /// Whether it goes ahead of everything else.
    pub urgent: bool,
}

/// The steps, reasons and kinds of the Code, from which the screens are drawn: there is no second
/// list of them.
#[derive(Debug, Clone, Serialize, ts_rs::TS)]
pub struct Vocabulary {
    /// The steps, in the order of the Code.
    pub steps: Vec<StepDescription>,
    /// The reasons for refusing entry, and how the Code takes each.
    pub refusal_reasons: Vec<(RefusalReason, Validity)>,
    /// The outcomes in which nobody got in.
    pub no_access: Vec<Outcome>,
    /// Kinds of visit.
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
    /// What the domain knows.
    #[must_use]
    pub fn of_the_code() -> Self {
        let describe = |step: Step| StepDescription {
            step,
            clause: step.clause(),
            weight: step.weight(),
            phase: step.phase(),
            likely_reasons: step.likely_reasons().iter().map(|&reason| reason.to_owned()).collect(),
        };
        let concern = |kind: ConcernKind| ConcernDescription { kind, clause: kind.clause(), urgent: kind.is_urgent() };
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
