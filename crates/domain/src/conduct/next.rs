//! What the visitor can do next. `decide` answers this, so that each rule is in one place.

use serde::{Deserialize, Serialize};

use super::{Basis, CancelReason, CancelledBy, Command, ConsentBy, RefusalReason, Refused, Visit};
use crate::StableName;

impl Visit {
    /// The steps that `decide` allows now. Screens offer these, and work out no rules themselves.
    #[must_use]
    pub fn next(&self) -> Vec<NextStep> {
        let may = |step: &NextStep| self.decide(step.command()).is_ok();
        NextStep::all().filter(may).collect()
    }

    /// Why the visitor can't go in with consent now, and what comes first; `None` when they can.
    #[must_use]
    pub fn shut(&self) -> Option<Refused> {
        let basis = Some(Basis::Consented { by: ConsentBy::Tenant });
        self.decide(Command::Enter { basis, admitting: None }).err()
    }
}

/// Something that a screen offers when the rules allow it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, strum::VariantArray, ts_rs::TS)]
#[serde(rename_all = "snake_case")]
pub enum NextStep {
    /// Going in with consent although something was left out, and saying why. Clauses 3.1 and 3.2.
    EnterAdmitting,
    /// The tenant refuses. Clause 3.1.
    RefuseEntry,
    /// Nobody answers.
    NoAnswer,
    /// Somebody takes back their consent. Clause 3.1.
    WithdrawConsent,
    /// Saying whether a card was left.
    LeaveCard,
    /// Saying whether something seems wrong. Clause 6.2.
    AnswerWelfare,
    /// Adding the tenant's words to a refusal.
    AddRefusalWords,
    /// Leaving, when all is done.
    Leave,
    /// Calling the visit off. Clause 3.2.
    Cancel,
}

impl NextStep {
    /// A sample command for this step. `decide` allows it exactly when it allows the step.
    fn command(self) -> Command {
        let (words, said) = (None, || "said".to_owned());
        match self {
            Self::EnterAdmitting => {
                let basis = Some(Basis::Consented { by: ConsentBy::Tenant });
                Command::Enter { basis, admitting: Some(said()) }
            }
            Self::RefuseEntry => Command::RefuseEntry { reason: RefusalReason::Other, words },
            Self::NoAnswer => Command::NoAnswer,
            Self::WithdrawConsent => Command::WithdrawConsent { by: ConsentBy::Tenant, words },
            Self::LeaveCard => Command::LeaveCard { left: true },
            Self::AnswerWelfare => Command::AnswerWelfare { worried: false, words },
            Self::AddRefusalWords => Command::AddRefusalWords { words: said() },
            Self::Leave => Command::Leave { further_visit_needed: false },
            Self::Cancel => Command::Cancel { by: CancelledBy::Visitor, reason: CancelReason::Other, words },
        }
    }
}
