//! Commands: what a visitor can tell the app about a visit.

use serde::{Deserialize, Serialize};

use super::{
    About, Basis, CancelReason, CancelledBy, Concern, ConsentBy, Declaration, FollowUp, LoneWorking, NoticeAgreement,
    NoticeMethod, Photo, RefusalReason, SealedNote, Signing, Step, StepState, TenantSignature, TextKind,
    ToldOfCancellation, TooLong, WithdrawalReason,
};
use crate::RecordId;

/// Whether the visitor has signed the Code that is in force: the council's, or Doorstep's own plain
/// words while the council has published none. Clause 9.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CodeSigned {
    /// They have signed it, so any visit can start.
    Yes,
    /// They have not signed it, so only an emergency repair can start.
    No,
}

/// One thing that a visitor tells the app. No rule has checked it yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Command {
    /// The tenant was told who comes and why. Clause 3.1.
    TellWhoAndWhy {
        /// How the tenant was told.
        means: NoticeMethod,
    },
    /// The tenant agreed to the visit at short notice. Clause 3.1.
    AgreeToNotice(NoticeAgreement),
    /// The visitor knows the tenant. Clause 5.3.
    DeclareKnowsTenant(Declaration),
    /// The visitor works alone. Clause 6.1.
    WorkAlone(LoneWorking),
    /// "I am safe." Clause 6.1.
    SaySafe,
    /// The visit does not go ahead. Clause 3.2.
    Cancel {
        /// Who called it off.
        by: CancelledBy,
        /// Why.
        reason: CancelReason,
        /// Why, in words.
        words: Option<String>,
    },
    /// The tenant was told that the visit does not go ahead. Clause 3.2.
    TellOfCancellation(ToldOfCancellation),
    /// A step of the checklist. Clauses 3.1 to 3.3 and 5.1.
    RecordStep {
        /// The step of the checklist. Steps can be recorded in any order.
        step: Step,
        /// Whether it was done.
        state: StepState,
    },
    /// The visitor goes in. Clause 3.1.
    Enter {
        /// What allows the visitor to go in; the Code refuses `None`.
        basis: Option<Basis>,
        /// If the visitor left out something that comes first, why, in their words.
        admitting: Option<String>,
    },
    /// Somebody took back their consent to the visitor being there. Clause 3.1.
    WithdrawConsent {
        /// Who took it back.
        by: ConsentBy,
        /// What they said.
        words: Option<String>,
    },
    /// The tenant refused entry, and that is respected. Clause 3.1.
    RefuseEntry {
        /// Why the tenant refused.
        reason: RefusalReason,
        /// The tenant's own words.
        words: Option<String>,
    },
    /// The tenant's own words, said or written down after the refusal was saved.
    AddRefusalWords {
        /// What the tenant said. It must not be empty.
        words: String,
    },
    /// What would make the next visit work. Clause 3.1.
    AddNextVisitNeeds {
        /// What is needed, in words.
        needs: String,
    },
    /// Nobody answered the door.
    NoAnswer,
    /// Whether a card was left.
    LeaveCard {
        /// Whether a card was left.
        left: bool,
    },
    /// Does something seem wrong? Asked after more than one visit without access. Clause 6.2.
    AnswerWelfare {
        /// Whether something seems wrong.
        worried: bool,
        /// Why, in words.
        words: Option<String>,
    },
    /// A concern that only the safeguarding leads may read. Clause 6.2. A screen can't send this
    /// command. The core makes it, after it has sealed the note.
    #[serde(skip)]
    RaiseSealedConcern {
        /// The note, already sealed.
        note: SealedNote,
    },
    /// A concern that is not sealed. Clauses 5.3, 6.1, 7, 8.1 and 8.2.
    RaiseConcern(Concern),
    /// What comes next. Clause 4.1.
    AgreeFollowUp(FollowUp),
    /// The tenant signs, if they wish to.
    TakeSignature(TenantSignature),
    /// A photo. A screen can't send this command. The core makes it, after it has made a new
    /// picture from the camera's file and hashed it.
    #[serde(skip)]
    TakePhoto(Photo),
    /// The visitor leaves.
    Leave {
        /// `true` when somebody has to come again; `false` when the visit is completed.
        further_visit_needed: bool,
    },
    /// The visitor leaves at once. Details can wait. Clause 7.
    LeaveNow,
    /// Why the visitor left at once.
    ExplainWithdrawal {
        /// Why the visitor left.
        reason: WithdrawalReason,
        /// What happened, in words.
        words: Option<String>,
    },
    /// An earlier record was a mistake, and is struck out. It stays visible.
    StrikeOut {
        /// The record that was a mistake.
        record: RecordId,
        /// Why it was a mistake.
        reason: String,
    },
}

impl Command {
    /// Whether it is allowed after the visit has ended: details that were still missing, concerns,
    /// photos and corrections.
    pub(super) fn fits_after_the_end(&self) -> bool {
        matches!(
            self,
            Self::RaiseSealedConcern { .. }
                | Self::RaiseConcern(_)
                | Self::StrikeOut { .. }
                | Self::AddRefusalWords { .. }
                | Self::AddNextVisitNeeds { .. }
                | Self::LeaveCard { .. }
                | Self::AnswerWelfare { .. }
                | Self::TellOfCancellation(_)
                | Self::ExplainWithdrawal { .. }
                | Self::AgreeFollowUp(_)
                | Self::TakeSignature(_)
                | Self::TakePhoto(_)
                | Self::SaySafe
        )
    }

    /// Whether it is allowed only once the visit has started.
    pub(super) fn needs_a_start(&self) -> bool {
        matches!(
            self,
            Self::RecordStep { .. }
                | Self::Enter { .. }
                | Self::RefuseEntry { .. }
                | Self::NoAnswer
                | Self::Leave { .. }
        )
    }
}

impl Command {
    /// Checks the length of every text in the command. Each field is named here, so that the
    /// compiler asks about a new one.
    pub(super) fn check_texts(&self) -> Result<(), TooLong> {
        use TextKind::{Short, Words};
        match self {
            Self::TellWhoAndWhy { means: _ }
            | Self::AgreeToNotice(_)
            | Self::WorkAlone(_)
            | Self::SaySafe
            | Self::NoAnswer
            | Self::LeaveCard { left: _ }
            | Self::RaiseSealedConcern { note: _ }
            | Self::TakePhoto(_)
            | Self::Leave { further_visit_needed: _ }
            | Self::LeaveNow => Ok(()),
            Self::DeclareKnowsTenant(Declaration { relation, line_manager, council_contact, hand_over: _ }) => {
                [relation, line_manager, council_contact].into_iter().try_for_each(|text| Short.check(text))
            }
            Self::Cancel { by: _, reason: _, words }
            | Self::WithdrawConsent { by: _, words }
            | Self::RefuseEntry { reason: _, words }
            | Self::AnswerWelfare { worried: _, words }
            | Self::ExplainWithdrawal { reason: _, words } => Words.check_any(words.as_ref()),
            Self::TellOfCancellation(told) => Short.check_any(told.new_time.as_ref()),
            Self::RecordStep { step: _, state } => match state {
                StepState::Done => Ok(()),
                StepState::NotDone { reason } => Short.check(reason),
                StepState::NotApplicable { reason } => Short.check_any(reason.as_ref()),
            },
            Self::Enter { basis, admitting } => {
                Short.check_any(admitting.as_ref())?;
                match basis {
                    Some(Basis::Lawful { ground: _, authorised_by, reference, witness }) => {
                        Short.check(authorised_by)?;
                        Short.check_any(reference.as_ref())?;
                        Short.check_any(witness.as_ref())
                    }
                    Some(Basis::Consented { by: _ }) | None => Ok(()),
                }
            }
            Self::AddRefusalWords { words } => Words.check(words),
            Self::AddNextVisitNeeds { needs } => Words.check(needs),
            Self::RaiseConcern(Concern { about, words, noticed_at: _ }) => {
                Words.check(words)?;
                match about {
                    About::Aggression { injured: _, police_reference } => Short.check_any(police_reference.as_ref()),
                    About::Complaint { put_right, told_of_process: _ } => Words.check_any(put_right.as_ref()),
                    About::UnsafeCondition { hazard: _, severity: _ }
                    | About::Breach
                    | About::Gift { accepted: _ }
                    | About::Conflict => Ok(()),
                }
            }
            Self::AgreeFollowUp(FollowUp { what, who, when: _, tenant_told: _ }) => {
                Words.check(what)?;
                Short.check(who)
            }
            Self::TakeSignature(TenantSignature { name, signed }) => {
                Short.check(name)?;
                match signed {
                    Signing::Typed(typed) => Short.check(typed),
                    Signing::Drawn(_) => Ok(()),
                }
            }
            Self::StrikeOut { record: _, reason } => Short.check(reason),
        }
    }
}
