//! Two kinds of refusal: a tenant refuses entry, which is respected (clause 3.1), or a rule refuses
//! a command, and cites its clause.

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
    /// It is a time of prayer, or another religious or personal time.
    FaithOrTime,
    /// An animal that could not be shut away.
    Animal,
    /// There is a dispute with the council or the visitor.
    Dispute,
    /// Something else, in the tenant's words.
    Other,
}

/// Whether a reason is valid under the Code. A valid refusal never counts towards enforcement.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, strum::VariantArray, ts_rs::TS, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Validity {
    /// The Code names it as a valid reason.
    Valid,
    /// The Code does not accept the reason. The refusal is still respected, and the council gets a
    /// case.
    NotValid,
    /// The Code does not say, so a supervisor decides. Until then the attempt does not count.
    SupervisorDecides,
}

impl RefusalReason {
    /// Whether the reason is valid under the Code.
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

    /// The clause that the reason belongs to: the one that names it, or 3.1 for reasons that the
    /// Code does not name.
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
    /// The visitor must introduce themselves, say why they have come, and show ID before going in.
    ArrivalFirst,
    /// No suitable adult: do not go in.
    NoSuitableAdult,
    /// Entry without consent needs the name of the person who authorised it.
    AuthorisationFirst,
    /// A reason is missing.
    ReasonFirst,
    /// A note can't be empty.
    NoteFirst,
    /// The visit has ended. Only corrections, concerns, photos and missing details can be added.
    VisitEnded,
    /// The visitor is inside, so entry was not refused: leave instead.
    AlreadyInside,
    /// There is nothing to correct: no such record, or one that can't be struck out; or there was
    /// no refusal to add words to.
    NothingToCorrect,
    /// Notice was short or missing: going in needs the tenant's express agreement to the visit now.
    AgreementFirst,
    /// The visit has not started.
    StartFirst,
    /// The visit was started already.
    StartedAlready,
    /// The Code of conduct that is in force was not signed by the visitor.
    SignTheCodeFirst,
    /// Nobody has gone in with consent, so there is no consent to take back.
    NotInside,
    /// The command is for a visit that ended in another way.
    OtherEnding,
    /// A name is missing: who was told, who does it, who signed.
    NameFirst,
    /// There is no signature. A dot does not count as one.
    SignatureFirst,
    /// A text is too long.
    TooLong,
    /// Something that was said or seen can't be later than now.
    TimeToCome,
}

/// The Code does not allow a command now. Says which clause and rule, and what is missing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error, ts_rs::TS, schemars::JsonSchema)]
#[error("the Code of conduct does not allow that yet (clause {clause})")]
pub struct Refused {
    /// The clause that stands in the way.
    pub clause: Clause,
    /// The rule, as a stable code.
    pub rule: Rule,
    /// What is missing, as stable names. For [`Rule::TooLong`], the most characters that are
    /// allowed.
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
