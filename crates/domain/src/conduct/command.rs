//! What a visitor may say about a visit.

use super::{Basis, Outcome, RefusalReason, SealedNote, Step, StepState};
use crate::RecordId;

/// One thing that a visitor says, before a rule has looked at it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// A step of the arrival checklist. Clauses 3.1 to 3.3.
    RecordStep {
        /// Which step.
        step: Step,
        /// What is said of it.
        state: StepState,
    },
    /// Going in. Clause 3.1.
    Enter {
        /// On what footing; without one the Code refuses.
        basis: Option<Basis>,
        /// The visitor's own word on why steps of clause 3.2 were left out, if they were.
        admitting: Option<String>,
    },
    /// The tenant refused entry, and that is respected. Clause 3.1.
    RefuseEntry {
        /// Why.
        reason: RefusalReason,
        /// The tenant's own words.
        words: Option<String>,
    },
    /// The tenant's own words, said or written down after the refusal was saved.
    AddRefusalWords {
        /// The words.
        words: String,
    },
    /// Nobody answered the door.
    NoAnswer,
    /// A concern that only the safeguarding leads may read. Clause 6.2.
    RaiseSealedConcern {
        /// The note, already sealed.
        note: SealedNote,
    },
    /// Leaving, with what came of the visit.
    Leave {
        /// What came of it: completed, or a further visit needed.
        further_visit_needed: bool,
    },
    /// Something recorded by mistake is struck out; both stay visible.
    StrikeOut {
        /// The record that was a mistake.
        record: RecordId,
        /// Why.
        reason: String,
    },
}

impl Command {
    /// The outcome that the command would give the visit, if it ends it.
    #[must_use]
    pub fn outcome(&self) -> Option<Outcome> {
        match self {
            Self::RefuseEntry { reason: RefusalReason::NoSuitableAdult, .. } => Some(Outcome::NoSuitableAdult),
            Self::RefuseEntry { .. } => Some(Outcome::EntryRefused),
            Self::NoAnswer => Some(Outcome::NoAnswer),
            Self::Leave { further_visit_needed: true } => Some(Outcome::FurtherVisitNeeded),
            Self::Leave { further_visit_needed: false } => Some(Outcome::Completed),
            Self::RecordStep { .. }
            | Self::Enter { .. }
            | Self::AddRefusalWords { .. }
            | Self::RaiseSealedConcern { .. }
            | Self::StrikeOut { .. } => None,
        }
    }
}
