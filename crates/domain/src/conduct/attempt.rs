//! Attempts without access, counted per property. A valid refusal never counts towards enforcement,
//! and only an attempt after written notice counts in court. Clause 3.1.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{CaseOutcome, Notice, Outcome, Validity, Visit};
use crate::VisitId;

/// Whether an attempt counts as a step towards enforcement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Counting {
    /// It counts: nobody answered, or the reason for refusing was not valid.
    Counts,
    /// The tenant refused for a valid reason: it never counts.
    ValidRefusal,
    /// A supervisor decides; until then it does not count.
    ToBeDecided,
}

/// One visit to a property in which nobody got in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, schemars::JsonSchema)]
pub struct Attempt {
    /// The visit's id. A visit is at most one attempt.
    pub visit: VisitId,
    /// When it ended, by the device's clock.
    pub at: DateTime<Utc>,
    /// How the visit ended.
    pub outcome: Outcome,
    /// Whether it counts towards enforcement.
    pub counting: Counting,
    /// Whether a court would count it: it counts, and the tenant had 24 hours' notice in writing.
    pub in_court: bool,
}

impl Attempt {
    /// Whether it counts once a supervisor has decided about the refusal. A decision only matters
    /// where one was asked for.
    #[must_use]
    pub fn decided(&self, decision: Option<CaseOutcome>) -> Counting {
        match (self.counting, decision) {
            (Counting::ToBeDecided, Some(CaseOutcome::Valid)) => Counting::ValidRefusal,
            (Counting::ToBeDecided, Some(CaseOutcome::NotValid)) => Counting::Counts,
            (counting, _) => counting,
        }
    }
}

impl Counting {
    /// Whether a court would count an attempt that counts like this: only after 24 hours' notice in
    /// writing.
    #[must_use]
    pub fn in_court(self, notice: Option<&Notice>) -> bool {
        self == Self::Counts && notice.is_some_and(|notice| notice.written)
    }
}

impl Visit {
    /// This visit as an attempt; `None` if it is still open or somebody got in.
    #[must_use]
    pub fn attempt(&self) -> Option<Attempt> {
        let ending = self.ending.as_ref().filter(|ending| ending.outcome.is_no_access())?;
        let counting = match (ending.outcome, &ending.refusal) {
            (Outcome::NoAnswer, _) => Counting::Counts,
            (_, Some(refusal)) => match refusal.reason.validity() {
                Validity::Valid => Counting::ValidRefusal,
                Validity::NotValid => Counting::Counts,
                Validity::SupervisorDecides => Counting::ToBeDecided,
            },
            (_, None) => Counting::ToBeDecided,
        };
        Some(Attempt {
            visit: self.visit,
            at: ending.at,
            outcome: ending.outcome,
            counting,
            in_court: counting.in_court(self.notice.as_ref()),
        })
    }
}

/// Merges the attempts at one property: those that the council knows of, and this device's own.
/// Each visit is in the result once, and the oldest comes first. Where both know a visit, the
/// device's own version is used.
#[must_use]
pub fn attempts(known: &[Attempt], own: impl IntoIterator<Item = Attempt>) -> Vec<Attempt> {
    let mut all: Vec<Attempt> = own.into_iter().collect();
    all.extend(
        known.iter().filter(|attempt| !all.iter().any(|own| own.visit == attempt.visit)).cloned().collect::<Vec<_>>(),
    );
    all.sort_by_key(|attempt| (attempt.at, attempt.visit));
    all
}
