//! Notice: how much notice the tenant had, and whether that is enough for the Code. Clause 3.1.
//!
//! Hours are elapsed hours, even when the clocks change. Days before planned work are calendar days
//! in England. Written notice is a separate question: section 11(6) of the Landlord and Tenant Act
//! 1985 asks for 24 hours in writing, and an attempt counts in court only after such notice.

use chrono::{DateTime, Days, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::{ConsentBy, Numbers, VisitKind};
use crate::england;

/// How the tenant was given notice.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, strum::VariantArray, ts_rs::TS, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum NoticeMethod {
    /// A telephone call.
    Phone,
    /// A text message.
    Text,
    /// Somebody told them at the door or elsewhere.
    InPerson,
    /// An e-mail.
    Email,
    /// A letter. Like an e-mail and a text message, it is notice in writing.
    Letter,
}

/// How far a notice meets the Code. The hours and days given here are the ones that Doorstep ships
/// with; the council can change them.
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
pub enum NoticeStanding {
    /// 48 hours or more; for planned work, two weeks or more.
    Good,
    /// 24 hours or more.
    MeetsMinimum,
    /// Too short: going in needs the tenant's express agreement.
    Short,
    /// No notice is on record. It is treated like short notice.
    NotGiven,
    /// An emergency repair, for which the Code asks for no notice.
    ExemptEmergency,
    /// A look into a breach of the tenancy, for which the Code asks for no notice.
    ExemptInvestigation,
}

/// The notice that a tenant had of a visit, as it was known when the visit's file was opened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, schemars::JsonSchema)]
pub struct Notice {
    /// How far it meets the Code.
    pub standing: NoticeStanding,
    /// When it was given, in UTC; `None` when no notice was given.
    pub given_at: Option<DateTime<Utc>>,
    /// How it was given; `None` when no notice was given.
    pub method: Option<NoticeMethod>,
    /// Minutes from the notice to the start of the window; `None` when no notice was given.
    #[ts(type = "number | null")]
    pub minutes: Option<i64>,
    /// Whether it was in writing and given at least 24 hours before. Only then does an attempt
    /// count in court.
    pub written: bool,
    /// Whether the tenant was told who comes and why.
    pub told_who_and_why: bool,
    /// The earliest start that this notice allows, in UTC; `None` when no notice was given, or when
    /// none is needed.
    pub earliest: Option<DateTime<Utc>>,
}

/// The tenant agreed to a visit at short notice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, schemars::JsonSchema)]
pub struct NoticeAgreement {
    /// Who agreed.
    pub by: ConsentBy,
    /// How they were asked.
    pub asked: NoticeMethod,
}

impl Notice {
    /// Works out the standing of a notice for a visit whose window starts at `starts_at`. `given`
    /// is when and how the tenant was given notice; `None` for no notice.
    #[must_use]
    pub fn of(
        kind: VisitKind,
        starts_at: DateTime<Utc>,
        given: Option<(DateTime<Utc>, NoticeMethod)>,
        told_who_and_why: bool,
        numbers: &Numbers,
    ) -> Self {
        let elapsed = given.map(|(at, _)| starts_at - at);
        let hours = |hours: u32| TimeDelta::hours(i64::from(hours));
        let standing = match (kind, elapsed) {
            (VisitKind::EmergencyRepair, _) => NoticeStanding::ExemptEmergency,
            (VisitKind::TenancyInvestigation, _) => NoticeStanding::ExemptInvestigation,
            (_, None) => NoticeStanding::NotGiven,
            (VisitKind::PlannedWork, Some(_)) => {
                let days = given.map_or(0, |(at, _)| (england::day(starts_at) - england::day(at)).num_days());
                if days >= i64::from(numbers.planned_work_days) { NoticeStanding::Good } else { NoticeStanding::Short }
            }
            (_, Some(elapsed)) if elapsed >= hours(numbers.notice_good_hours) => NoticeStanding::Good,
            (_, Some(elapsed)) if elapsed >= hours(numbers.notice_minimum_hours) => NoticeStanding::MeetsMinimum,
            (_, Some(_)) => NoticeStanding::Short,
        };
        let earliest = match (standing, given) {
            (NoticeStanding::ExemptEmergency | NoticeStanding::ExemptInvestigation, _) | (_, None) => None,
            (_, Some((at, _))) if kind == VisitKind::PlannedWork => {
                let days = Days::new(u64::from(numbers.planned_work_days));
                england::day(at).checked_add_days(days).map(england::start_of)
            }
            (_, Some((at, _))) => at.checked_add_signed(hours(numbers.notice_minimum_hours)),
        };
        Self {
            standing,
            given_at: given.map(|(at, _)| at),
            method: given.map(|(_, method)| method),
            minutes: elapsed.map(|elapsed| elapsed.num_minutes()),
            written: given.is_some_and(|(_, method)| method.is_written())
                && elapsed
                    .is_some_and(|elapsed| elapsed >= TimeDelta::hours(i64::from(numbers.notice_in_writing_hours))),
            told_who_and_why,
            earliest,
        }
    }

    /// Whether going in needs the tenant's express agreement.
    #[must_use]
    pub fn needs_agreement(&self) -> bool {
        matches!(self.standing, NoticeStanding::Short | NoticeStanding::NotGiven)
    }
}

impl NoticeMethod {
    /// Whether it is "writing" as the Interpretation Act 1978, Schedule 1, means it: the words can
    /// be read again.
    #[must_use]
    pub fn is_written(self) -> bool {
        matches!(self, Self::Letter | Self::Email | Self::Text)
    }
}
