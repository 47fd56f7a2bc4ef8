//! What a supervisor of the council has decided about what a visit says. A phone can name any home
//! and any time, so neither counts against a tenant by the phone's word alone.

use doorstep_domain::conduct::Visit;
use doorstep_domain::ledger::Hash;
use doorstep_domain::{StableName, VisitId};
use serde::{Deserialize, Serialize};

use super::database::params;
use super::transaction::{Reading, Writing};
use super::visits::{VisitColumns, VisitRow};
use crate::error::CouncilError;

/// How the council knows that a visit was at its home.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, strum::VariantArray, schemars::JsonSchema, ts_rs::TS,
)]
#[serde(rename_all = "snake_case")]
pub(crate) enum HomeStanding {
    /// The council gave the visitor an appointment there.
    Given,
    /// Only the phone says so.
    Said,
    /// The phone says so, and a supervisor has confirmed it.
    Confirmed,
    /// The phone says so, and a supervisor has found that it was not there.
    NotThere,
}

/// How the council sees the times of a visit.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, strum::VariantArray, schemars::JsonSchema, ts_rs::TS,
)]
#[serde(rename_all = "snake_case")]
pub(crate) enum TimesStanding {
    /// Nothing speaks against what the phone's clock showed.
    AsSaid,
    /// The phone's clock can't have shown them then.
    InDoubt,
    /// They are in doubt, and a supervisor has accepted them.
    Accepted,
}

impl HomeStanding {
    /// Whether a visit to this home can count towards enforcement.
    pub(crate) fn counts(self) -> bool {
        matches!(self, Self::Given | Self::Confirmed)
    }

    /// Whether the council itself knows the home, and with it the notice that its tenant had, and
    /// takes the times. Only then can a visit count in court.
    pub(crate) fn is_proven(self, times: TimesStanding) -> bool {
        self == Self::Given && times != TimesStanding::InDoubt
    }

    /// Of a visit, by its columns.
    pub(crate) fn of(columns: &VisitColumns) -> Self {
        match columns.home_decision.as_deref().and_then(VisitDecision::from_name) {
            _ if columns.home_given => Self::Given,
            Some(VisitDecision::Confirmed) => Self::Confirmed,
            Some(VisitDecision::NotThere) => Self::NotThere,
            Some(VisitDecision::Accepted | VisitDecision::Linked) | None => Self::Said,
        }
    }
}

impl TimesStanding {
    /// Of a visit.
    pub(crate) fn of(row: &VisitRow) -> Self {
        if !row.visit.times_in_doubt() {
            return Self::AsSaid;
        }
        let accepted = row.columns.times_accepted.as_ref();
        if accepted == Some(&in_doubt(&row.visit)) { Self::Accepted } else { Self::InDoubt }
    }
}

/// Which records of a visit have times in doubt, in short. Whoever accepts them accepts no others.
pub(crate) fn in_doubt(visit: &Visit) -> String {
    let lines = visit.timeline.iter().filter(|line| line.doubt.is_some());
    let records: Vec<[u8; 16]> = lines.map(|line| *line.record.as_bytes()).collect();
    Hash::framed("doorstep-times-in-doubt-v2", &[&records.concat()]).to_string()
}

/// What a decision is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, strum::VariantArray)]
#[serde(rename_all = "snake_case")]
pub(crate) enum DecidedAbout {
    Home,
    Times,
    Link,
}

/// A decision about a visit.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, strum::VariantArray, schemars::JsonSchema, ts_rs::TS,
)]
#[serde(rename_all = "snake_case")]
pub enum VisitDecision {
    /// The visit was at the home that it names.
    Confirmed,
    /// It was not.
    NotThere,
    /// Its times are taken as its phone says them.
    Accepted,
    /// It was to the appointment that it names.
    Linked,
}

impl VisitDecision {
    /// What it is about.
    pub(crate) fn about(self) -> DecidedAbout {
        match self {
            Self::Confirmed | Self::NotThere => DecidedAbout::Home,
            Self::Accepted => DecidedAbout::Times,
            Self::Linked => DecidedAbout::Link,
        }
    }
}

/// A decision, who made it, when and why.
#[derive(Debug, Clone)]
pub(crate) struct MadeDecision {
    pub(crate) decision: VisitDecision,
    pub(crate) at_ms: i64,
    pub(crate) by: String,
    pub(crate) because: String,
}

impl Reading<'_> {
    /// The decisions about a visit, the oldest first.
    pub(crate) fn decisions_about(&self, visit: VisitId) -> Result<Vec<MadeDecision>, CouncilError> {
        let made = self.many(
            "SELECT decision, at_ms, user_name, because FROM visit_decision WHERE visit_id = ?1 ORDER BY at_ms, about",
            params![visit.as_bytes()],
            |row| {
                // A decision that only a newer version knows is left to that version.
                let Some(decision) = VisitDecision::from_name(&row.get::<String>("decision")?) else { return Ok(None) };
                Ok(Some(MadeDecision {
                    decision,
                    at_ms: row.get("at_ms")?,
                    by: row.get("user_name")?,
                    because: row.get("because")?,
                }))
            },
        )?;
        Ok(made.into_iter().flatten().collect())
    }
}

impl Writing<'_> {
    /// Keeps a decision about a visit, in place of an earlier one about the same thing. It is about
    /// the home and the times that the visit has now.
    pub(crate) fn decide_about(&self, visit: &Visit, made: &MadeDecision) -> Result<(), CouncilError> {
        let seen = match made.decision.about() {
            DecidedAbout::Home => visit.uprn.as_ref().map(ToString::to_string).unwrap_or_default(),
            DecidedAbout::Times => in_doubt(visit),
            DecidedAbout::Link => visit.appointment.as_ref().map(ToString::to_string).unwrap_or_default(),
        };
        self.write(
            "INSERT INTO visit_decision (visit_id, about, decision, at_ms, user_name, because, seen) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
             ON CONFLICT (visit_id, about) DO UPDATE SET decision = excluded.decision, at_ms = excluded.at_ms,
                 user_name = excluded.user_name, because = excluded.because, seen = excluded.seen",
            params![
                visit.visit.as_bytes(),
                made.decision.about().name(),
                made.decision.name(),
                made.at_ms,
                &made.by,
                &made.because,
                seen
            ],
        )?;
        Ok(())
    }
}
