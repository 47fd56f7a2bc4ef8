//! What may be done next, as the rules say it: by asking `decide`, and by nothing else.

use serde::{Deserialize, Serialize};

use super::{Basis, CancelReason, CancelledBy, Command, ConsentBy, RefusalReason, Refused, Visit};
use crate::StableName;

impl Visit {
    /// What a visitor may do next, as `decide` says: a screen offers this, and works out no rule by
    /// itself.
    #[must_use]
    pub fn next(&self) -> Vec<NextStep> {
        let may = |step: &NextStep| self.decide(step.command()).is_ok();
        NextStep::all().filter(may).collect()
    }

    /// Why nobody goes in by consent as things stand; `None` where they may.
    #[must_use]
    pub fn shut(&self) -> Option<Refused> {
        let basis = Some(Basis::Consented { by: ConsentBy::Tenant });
        self.decide(Command::Enter { basis, admitting: None }).err()
    }
}

/// Something that a screen offers, where the rules allow it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, strum::VariantArray, ts_rs::TS)]
#[serde(rename_all = "snake_case")]
pub enum NextStep {
    /// Going in with consent although something was left out, by the visitor's own word. Clauses
    /// 3.1 and 3.2.
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
    /// A command that is decided as this step is.
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
