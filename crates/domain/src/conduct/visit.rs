//! What is known about one visit. `decide.rs` decides what a command leads to, and `apply.rs` what
//! an event changes.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{
    Admission, Basis, Cancellation, Concern, Declaration, Ending, Event, Finding, FollowUp, LoneWorking, Notice,
    NoticeAgreement, NoticeMethod, PossibleSpan, Step, StepState, TakenPhoto, ToldOfCancellation, VisitKind,
    WithdrawalReason,
};
use crate::{AppointmentRef, RecordId, Uprn, UserId, VisitId};

/// What is known about one visit, folded from its events.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, schemars::JsonSchema)]
pub struct Visit {
    /// The visit's id, which is in every envelope of its records.
    pub visit: VisitId,
    /// The appointment, where there was one.
    pub appointment: Option<AppointmentRef>,
    /// The home; `None` until the record that starts the visit is here.
    pub uprn: Option<Uprn>,
    /// Why somebody came.
    pub visit_kind: Option<VisitKind>,
    /// Who recorded it first.
    pub actor: Option<UserId>,
    /// The address, where there is no appointment to hold it.
    #[serde(default)]
    pub address: Option<String>,
    /// Why somebody came, in words, where there is no appointment to hold it.
    #[serde(default)]
    pub purpose: Option<String>,
    /// When its file was opened, in UTC, by the device's clock. That is the start of the visit, or
    /// earlier if something was recorded first.
    #[serde(default)]
    pub opened_at: Option<DateTime<Utc>>,
    /// When it started, by the device's clock.
    pub started_at: Option<DateTime<Utc>>,
    /// The notice that the tenant had; `None` where there was no appointment. Clause 3.1.
    #[serde(default)]
    pub notice: Option<Notice>,
    /// What was recorded before the visitor was at the door.
    #[serde(default)]
    pub before: Before,
    /// The last that was recorded about each step.
    pub steps: BTreeMap<Step, StepTaken>,
    /// How the visitor went in; `None` if they did not.
    pub entry: Option<Entry>,
    /// When consent to be there was taken back, if it was. Clause 3.1.
    #[serde(default)]
    pub consent_withdrawn_at: Option<DateTime<Utc>>,
    /// How it ended; `None` while it is open.
    pub ending: Option<Ending>,
    /// Details of how it ended, and of what happens next.
    #[serde(default)]
    pub after: After,
    /// Concerns that everybody who sees the visit may see.
    #[serde(default)]
    pub concerns: Vec<RaisedConcern>,
    /// Photos, in the order in which they were taken.
    #[serde(default)]
    pub photos: Vec<TakenPhoto>,
    /// Breaches and contradictions, each with its clause.
    pub findings: Vec<Finding>,
    /// Everything that happened, in order. Sealed notes and reported breaches are never in it.
    pub timeline: Vec<Line>,
}

/// What was recorded before the visitor was at the door.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, ts_rs::TS, schemars::JsonSchema)]
pub struct Before {
    /// How the visitor told the tenant who comes and why.
    pub told: Option<NoticeMethod>,
    /// The tenant's agreement to short notice.
    pub agreement: Option<NoticeAgreement>,
    /// "I know this tenant."
    pub knows_tenant: Option<Declaration>,
    /// Working alone.
    pub lone_working: Option<LoneWorking>,
    /// When the visitor last said that they are safe.
    pub safe_at: Option<DateTime<Utc>>,
}

/// Details of how a visit ended, and of what happens next.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, ts_rs::TS, schemars::JsonSchema)]
pub struct After {
    /// Why it did not go ahead.
    pub cancellation: Option<Cancellation>,
    /// How the tenant was told that it does not go ahead; `None` if nobody told them.
    pub told_of_cancellation: Option<ToldOfCancellation>,
    /// Why the visitor left at once.
    pub withdrawal: Option<Withdrawal>,
    /// What would make the next visit work.
    pub next_visit_needs: Option<String>,
    /// Whether a card was left; `None` until the visitor says.
    pub card_left: Option<bool>,
    /// Whether something seemed wrong; `None` until the visitor says.
    pub welfare: Option<Welfare>,
    /// What comes next.
    pub follow_up: Option<FollowUp>,
    /// Who signed for the tenant; the signature is in the timeline.
    #[serde(default)]
    pub signed_by: Option<String>,
}

/// Why a visitor left at once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, schemars::JsonSchema)]
pub struct Withdrawal {
    /// Why the visitor left.
    pub reason: WithdrawalReason,
    /// What happened, in words.
    pub words: Option<String>,
}

/// The visitor's answer to whether something seemed wrong at a home where nobody gets in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, schemars::JsonSchema)]
pub struct Welfare {
    /// Whether something seemed wrong.
    pub worried: bool,
    /// Why, in words.
    pub words: Option<String>,
}

/// A concern with its record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, schemars::JsonSchema)]
pub struct RaisedConcern {
    /// The record that raised the concern.
    pub record: RecordId,
    /// When it was recorded, in UTC, by the device's clock.
    pub at: DateTime<Utc>,
    /// What the record says.
    pub concern: Concern,
}

/// What was recorded about a step, and when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, schemars::JsonSchema)]
pub struct StepTaken {
    /// Whether the step was done.
    #[serde(flatten)]
    pub state: StepState,
    /// When it was recorded, in UTC, by the device's clock.
    pub at: DateTime<Utc>,
    /// The record that says so.
    pub record: RecordId,
}

/// How and when the visitor went in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, schemars::JsonSchema)]
pub struct Entry {
    /// What allowed the visitor to go in.
    pub basis: Basis,
    /// What the visitor says was left out before going in; `None` when nothing was.
    pub admitted: Option<Admission>,
    /// When the visitor went in, in UTC, by the device's clock.
    pub at: DateTime<Utc>,
    /// The record that says so.
    pub record: RecordId,
}

/// One line of what happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, schemars::JsonSchema)]
pub struct Line {
    /// The record behind the line.
    pub record: RecordId,
    /// When it was recorded, in UTC, by the device's clock.
    pub at: DateTime<Utc>,
    /// When it can have been recorded, by the council's clock, where the device's clock can't have
    /// shown `at` then. `None` where nothing speaks against `at`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub doubt: Option<PossibleSpan>,
    /// What happened.
    pub event: Event,
    /// When and why it was struck out; `None` if it was not.
    pub struck: Option<Strike>,
}

/// When and why a record was struck out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, schemars::JsonSchema)]
pub struct Strike {
    /// When it was struck out, in UTC, by the device's clock.
    pub at: DateTime<Utc>,
    /// Why the record was a mistake.
    pub reason: String,
}

impl Visit {
    /// A visit without any facts yet.
    #[must_use]
    pub fn new(visit: VisitId) -> Self {
        Self {
            visit,
            appointment: None,
            uprn: None,
            visit_kind: None,
            actor: None,
            address: None,
            purpose: None,
            opened_at: None,
            started_at: None,
            notice: None,
            before: Before::default(),
            steps: BTreeMap::new(),
            entry: None,
            consent_withdrawn_at: None,
            ending: None,
            after: After::default(),
            concerns: Vec::new(),
            photos: Vec::new(),
            findings: Vec::new(),
            timeline: Vec::new(),
        }
    }

    /// The steps of clause 3.2 that the visitor has not done, and must do before going in.
    #[must_use]
    pub fn missing_before_entry(&self) -> Vec<Step> {
        Step::BEFORE_ENTRY.into_iter().filter(|step| !self.is_done(*step)).collect()
    }

    /// Whether notice was short or missing, and the tenant has not agreed to the visit. Clause 3.1.
    #[must_use]
    pub fn agreement_missing(&self) -> bool {
        self.before.agreement.is_none() && self.notice.as_ref().is_some_and(Notice::needs_agreement)
    }

    /// When a record can have been made, where its time is in doubt.
    #[must_use]
    pub fn doubt(&self, record: RecordId) -> Option<&PossibleSpan> {
        self.timeline.iter().find(|line| line.record == record)?.doubt.as_ref()
    }

    /// Whether the time of any of its records is in doubt.
    #[must_use]
    pub fn times_in_doubt(&self) -> bool {
        self.timeline.iter().any(|line| line.doubt.is_some())
    }

    /// What the visitor still owes the tenant.
    #[must_use]
    pub fn owed(&self) -> Option<super::Owed> {
        match self.ending.as_ref().map(|ending| ending.outcome) {
            Some(super::Outcome::Cancelled) if self.tenant_not_told() => Some(super::Owed::TellTenant),
            Some(super::Outcome::FurtherVisitNeeded) if self.after.follow_up.is_none() => Some(super::Owed::FollowUp),
            _ => None,
        }
    }

    /// Whether the visit does not go ahead and the tenant does not know yet. Clause 3.2.
    #[must_use]
    pub fn tenant_not_told(&self) -> bool {
        let by_us = |cancellation: &Cancellation| cancellation.by != super::CancelledBy::Tenant;
        let cancelled = self.ending.as_ref().is_some_and(|ending| ending.outcome == super::Outcome::Cancelled);
        cancelled && self.after.cancellation.as_ref().is_some_and(by_us) && self.after.told_of_cancellation.is_none()
    }

    fn is_done(&self, step: Step) -> bool {
        self.steps.get(&step).is_some_and(|taken| taken.state == StepState::Done)
    }

    pub(super) fn no_suitable_adult(&self) -> bool {
        self.steps.get(&Step::AdultPresent).is_some_and(|taken| matches!(taken.state, StepState::NotDone { .. }))
    }
}
