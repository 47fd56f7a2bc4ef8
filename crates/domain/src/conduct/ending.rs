//! How a visit ends, and findings: what its records show that does not keep to the Code.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{Clause, RefusalReason, Step};
use crate::{RecordId, StableName};

/// How a visit ended.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    strum::VariantArray,
    ts_rs::TS,
    schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The work is done.
    Completed,
    /// Somebody has to come again.
    FurtherVisitNeeded,
    /// The tenant refused entry.
    EntryRefused,
    /// Nobody answered the door.
    NoAnswer,
    /// There was no suitable adult.
    NoSuitableAdult,
    /// The visitor left at once, because of aggression, danger or smoke, for example. It is not a
    /// refusal. Clause 7.
    Withdrawn,
    /// The visit did not go ahead. Clause 3.2.
    Cancelled,
}

/// The end of a visit, and the record that says so.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, schemars::JsonSchema)]
pub struct Ending {
    /// How the visit ended.
    pub outcome: Outcome,
    /// The tenant's refusal, if that ended it.
    pub refusal: Option<RefusedEntry>,
    /// When it ended, in UTC, by the device's clock.
    pub at: DateTime<Utc>,
    /// The record that says so.
    pub record: RecordId,
}

/// A tenant's refusal of entry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, schemars::JsonSchema)]
pub struct RefusedEntry {
    /// Why the tenant refused.
    pub reason: RefusalReason,
    /// The tenant's own words.
    pub words: Option<String>,
}

/// What a visitor can still owe a tenant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, strum::VariantArray, ts_rs::TS)]
#[serde(rename_all = "snake_case")]
pub enum Owed {
    /// The visit does not go ahead, and nobody has told the tenant. Clause 3.2.
    TellTenant,
    /// Somebody has to come again, and what happens next was not agreed. Clause 4.1.
    FollowUp,
}

/// A breach of the Code, or a contradiction between records. A record with a finding is kept like
/// any other.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, schemars::JsonSchema)]
#[serde(rename_all = "snake_case", tag = "finding")]
pub enum Finding {
    /// The visitor went in before doing a step that comes first. Clause 3.2.
    LeftOutBeforeEntry {
        /// The step that was left out.
        step: Step,
    },
    /// A step that should be done was not. Clauses 3.2 and 3.3.
    NotDone {
        /// The step that was not done.
        step: Step,
    },
    /// They went in although there was no suitable adult. Clause 3.1.
    EnteredWithoutSuitableAdult,
    /// They went in at short notice, and the tenant had not agreed to it. Clause 3.1.
    ShortNoticeNotAgreed,
    /// The tenant was not told before the visit who comes and why. Clause 3.1.
    NotToldWhoAndWhy,
    /// Somebody has to come again, and what happens next was not agreed. Clause 4.1.
    NoFollowUp,
    /// The tenant was not told what happens next. Clause 4.1.
    FollowUpNotExplained,
    /// The visit did not go ahead, and the tenant was not told. Clause 3.2.
    TenantNotToldOfCancellation,
    /// They worked alone with the lone-worker device off. Clause 6.1.
    LoneWorkerDeviceOff,
    /// Two records say that the visit ended in different ways.
    ContradictoryOutcome {
        /// The outcome that came second.
        also: Outcome,
    },
}

impl Outcome {
    /// Whether the visit is an attempt without access: the visitor came and did not get in.
    #[must_use]
    pub fn is_no_access(self) -> bool {
        matches!(self, Self::EntryRefused | Self::NoAnswer | Self::NoSuitableAdult)
    }
}

impl Finding {
    /// The clause behind the finding.
    #[must_use]
    pub fn clause(&self) -> Clause {
        match self {
            Self::LeftOutBeforeEntry { step } | Self::NotDone { step } => step.clause(),
            Self::EnteredWithoutSuitableAdult | Self::ShortNoticeNotAgreed | Self::NotToldWhoAndWhy => Clause::C3_1,
            Self::NoFollowUp | Self::FollowUpNotExplained => Clause::C4_1,
            Self::TenantNotToldOfCancellation => Clause::C3_2,
            Self::LoneWorkerDeviceOff => Clause::C6_1,
            Self::ContradictoryOutcome { .. } => Clause::C8_2,
        }
    }

    /// A short stable name, as in exports: `left_out_before_entry:id_shown`.
    #[must_use]
    pub fn name(&self) -> String {
        match self {
            Self::LeftOutBeforeEntry { step } => format!("left_out_before_entry:{}", step.name()),
            Self::NotDone { step } => format!("not_done:{}", step.name()),
            Self::EnteredWithoutSuitableAdult => "entered_without_suitable_adult".to_owned(),
            Self::ShortNoticeNotAgreed => "short_notice_not_agreed".to_owned(),
            Self::NotToldWhoAndWhy => "not_told_who_and_why".to_owned(),
            Self::NoFollowUp => "no_follow_up".to_owned(),
            Self::FollowUpNotExplained => "follow_up_not_explained".to_owned(),
            Self::TenantNotToldOfCancellation => "tenant_not_told_of_cancellation".to_owned(),
            Self::LoneWorkerDeviceOff => "lone_worker_device_off".to_owned(),
            Self::ContradictoryOutcome { also } => format!("contradictory_outcome:{}", also.name()),
        }
    }
}
