//! Two kinds of no: a tenant's, which is respected (clause 3.1), and a rule's, which cites its
//! clause.

use serde::{Deserialize, Serialize};

use super::{Clause, Step, TooLong};
use crate::StableName;

/// Why entry was refused at the door.
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
pub enum RefusalReason {
    /// The tenant needs a trusted adult to be there. Clause 3.1.
    SupportNeeds,
    /// A child answered and there was no suitable adult. Clause 3.1.
    NoSuitableAdult,
    /// No identification was shown. Clause 3.2.
    NoIdentification,
    /// Notice was shorter than the Code asks for. Clause 3.1.
    ShortNotice,
    /// It does not suit them, though they had proper notice.
    NotConvenient,
    /// Somebody at home is ill.
    Illness,
    /// A time of prayer, or another time that they keep.
    FaithOrTime,
    /// An animal that could not be shut away.
    Animal,
    /// There is a dispute with the council or the visitor.
    Dispute,
    /// Something else, in the tenant's words.
    Other,
}

/// How the Code takes a reason. A valid refusal never counts towards enforcement.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, strum::VariantArray, ts_rs::TS, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Validity {
    /// The Code names it as a valid reason.
    Valid,
    /// It is none of the Code's reasons. It is respected all the same, and escalated.
    NotValid,
    /// A supervisor decides.
    SupervisorDecides,
}

impl RefusalReason {
    /// How the Code takes it.
    #[must_use]
    pub fn validity(self) -> Validity {
        match self {
            Self::SupportNeeds | Self::NoSuitableAdult | Self::NoIdentification | Self::ShortNotice => Validity::Valid,
            Self::NotConvenient => Validity::NotValid,
            Self::Illness | Self::FaithOrTime | Self::Animal | Self::Dispute | Self::Other => {
                Validity::SupervisorDecides
            }
        }
    }

    /// The clause that names the reason.
    #[must_use]
    pub fn clause(self) -> Clause {
        match self {
            Self::NoIdentification => Clause::C3_2,
            Self::SupportNeeds
            | Self::NoSuitableAdult
            | Self::ShortNotice
            | Self::Illness
            | Self::FaithOrTime
            | Self::Animal
            | Self::NotConvenient
            | Self::Dispute
            | Self::Other => Clause::C3_1,
        }
    }
}

/// The rule that stood in the way of a command.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, strum::VariantArray, ts_rs::TS, schemars::JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Rule {
    /// Entry needs consent or a lawful basis.
    ConsentFirst,
    /// Introduce yourself, say why, show ID, before going in.
    ArrivalFirst,
    /// No suitable adult: do not go in.
    NoSuitableAdult,
    /// Lawful entry needs the name of who authorised it.
    AuthorisationFirst,
    /// Something that was not done needs its reason.
    ReasonFirst,
    /// A note can't be empty.
    NoteFirst,
    /// The visit has ended; what was recorded can be corrected, not added to.
    VisitEnded,
    /// The visitor is inside, so entry was not refused: leave instead.
    AlreadyInside,
    /// There is nothing by that id to correct.
    NothingToCorrect,
    /// Notice was short: going in needs the tenant's express agreement to the visit now.
    AgreementFirst,
    /// The visit has not started.
    StartFirst,
    /// The visit was started already.
    StartedAlready,
    /// The Code of conduct that is in force was not signed by the visitor.
    SignTheCodeFirst,
    /// Nobody has gone in, so there is nothing to withdraw consent from.
    NotInside,
    /// It fits the end of another kind of visit.
    OtherEnding,
    /// A name is missing: who was told, who does it, who signed.
    NameFirst,
    /// There is no signature: a dot is none.
    SignatureFirst,
    /// A text is longer than can be kept.
    TooLong,
}

/// A command that the Code does not allow as things stand: which clause, which rule, and what is
/// missing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error, ts_rs::TS, schemars::JsonSchema)]
#[error("the Code of conduct does not allow that yet (clause {clause})")]
pub struct Refused {
    /// The clause that stands in the way.
    pub clause: Clause,
    /// The rule, as a stable code.
    pub rule: Rule,
    /// What is missing, as stable names.
    pub missing: Vec<String>,
}

impl Refused {
    pub(super) fn new(clause: Clause, rule: Rule, missing: &[&str]) -> Self {
        Self { clause, rule, missing: missing.iter().map(|&name| name.to_owned()).collect() }
    }

    pub(super) fn too_long(TooLong { kind }: TooLong) -> Self {
        Self { clause: Clause::C5_2, rule: Rule::TooLong, missing: vec![kind.most().to_string()] }
    }

    pub(super) fn steps(steps: &[Step]) -> Self {
        let missing = steps.iter().map(|step| step.name().to_owned()).collect();
        Self { clause: Clause::C3_2, rule: Rule::ArrivalFirst, missing }
    }
}
