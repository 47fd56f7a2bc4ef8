//! Two kinds of no: a tenant's, which is respected (clause 3.1), and a rule's, which cites its clause.

use serde::{Deserialize, Serialize};

use super::{Clause, Step};

/// Why entry was refused at the door.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
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
    /// Somebody at home is ill.
    Illness,
    /// A time of prayer, or another time that they keep.
    FaithOrTime,
    /// An animal that could not be shut away.
    Animal,
    /// It does not suit them, though they had proper notice.
    NotConvenient,
    /// There is a dispute with the council or the visitor.
    Dispute,
    /// Something else, in the tenant's words.
    Other,
}

/// How the Code takes a reason. A valid refusal never counts towards enforcement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
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
    /// All reasons, in the order in which a screen offers them.
    pub const ALL: [Self; 10] = [
        Self::SupportNeeds,
        Self::NoSuitableAdult,
        Self::NoIdentification,
        Self::ShortNotice,
        Self::NotConvenient,
        Self::Illness,
        Self::FaithOrTime,
        Self::Animal,
        Self::Dispute,
        Self::Other,
    ];

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

    /// The stable name, as in exports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::SupportNeeds => "support_needs",
            Self::NoSuitableAdult => "no_suitable_adult",
            Self::NoIdentification => "no_identification",
            Self::ShortNotice => "short_notice",
            Self::Illness => "illness",
            Self::FaithOrTime => "faith_or_time",
            Self::Animal => "animal",
            Self::NotConvenient => "not_convenient",
            Self::Dispute => "dispute",
            Self::Other => "other",
        }
    }
}

impl Validity {
    /// The stable name, as in exports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Valid => "valid",
            Self::NotValid => "not_valid",
            Self::SupervisorDecides => "supervisor_decides",
        }
    }
}

/// The rule that stood in the way of a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
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
}

impl Rule {
    /// The stable code.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::ConsentFirst => "consent-first",
            Self::ArrivalFirst => "arrival-first",
            Self::NoSuitableAdult => "no-suitable-adult",
            Self::AuthorisationFirst => "authorisation-first",
            Self::ReasonFirst => "reason-first",
            Self::NoteFirst => "note-first",
            Self::VisitEnded => "visit-ended",
            Self::AlreadyInside => "already-inside",
            Self::NothingToCorrect => "nothing-to-correct",
            Self::AgreementFirst => "agreement-first",
            Self::StartFirst => "start-first",
            Self::StartedAlready => "started-already",
            Self::SignTheCodeFirst => "sign-the-code-first",
            Self::NotInside => "not-inside",
            Self::OtherEnding => "other-ending",
            Self::NameFirst => "name-first",
            Self::SignatureFirst => "signature-first",
        }
    }
}

/// A command that the Code does not allow as things stand: which clause, which rule, and what is missing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
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

    pub(super) fn steps(steps: &[Step]) -> Self {
        let missing = steps.iter().map(|step| step.name().to_owned()).collect();
        Self { clause: Clause::C3_2, rule: Rule::ArrivalFirst, missing }
    }
}
