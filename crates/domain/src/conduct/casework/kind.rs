//! What cases are about, what is to be done about them, and what can come of them. Clauses 3.1,
//! 5.3, 6.1, 7 and 8.

use serde::{Deserialize, Serialize};

use crate::conduct::{About, Clause, Concern, Hazard, Severity};

/// What a case is about.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    strum::VariantArray,
    ts_rs::TS,
    schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum CaseKind {
    /// Somebody may be hurt within a day. Clause 6.1.
    EmergencyHazard,
    /// Somebody works alone and is not out by when they expected. Clause 6.1.
    OverdueCheckIn,
    /// Somebody went in without consent. Clause 3.1.
    LawfulEntry,
    /// Somebody was aggressive. Clause 7.
    Aggression,
    /// A tenant is not satisfied. Clause 8.1.
    Complaint,
    /// A tenant is not satisfied with the answer. Clause 8.1.
    #[serde(rename = "complaint_stage_2")]
    ComplaintStage2,
    /// Something is not safe. Clause 6.1.
    SignificantHazard,
    /// Something is to be put right. Clause 6.1.
    MinorHazard,
    /// Somebody broke the Code. Clause 8.2.
    Breach,
    /// A refusal for a valid reason: somebody needs support. It is never a step towards
    /// enforcement. Clause 3.1.
    RefusalSupport,
    /// A refusal for a reason that a supervisor has to weigh. Clause 3.1.
    RefusalDecision,
    /// A gift was taken. Clause 5.3.
    Gift,
    /// A visitor knows the tenant. Clause 5.3.
    Conflict,
}

/// What is to be done about a case.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    strum::VariantArray,
    ts_rs::TS,
    schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum CaseStep {
    /// Tell whoever complained that it is heard.
    Acknowledge,
    /// Answer it.
    Answer,
    /// Look at it.
    Investigate,
    /// Tell the tenant in writing what was found.
    TellInWriting,
    /// Make it safe.
    MakeSafe,
    /// Look through what happened.
    Review,
    /// Decide.
    Decide,
    /// Arrange what the tenant needs.
    Support,
    /// Find out whether they are safe.
    Check,
}

/// What came of a case.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    strum::VariantArray,
    ts_rs::TS,
    schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum CaseOutcome {
    /// The reason for refusing was valid: the attempt never counts towards enforcement. Clause 3.1.
    Valid,
    /// The reason was not valid: the attempt counts.
    NotValid,
    /// What the tenant needs was arranged.
    SupportArranged,
    /// It turned out that nothing was needed.
    NotNeeded,
    /// Nothing more was to be done.
    NoAction,
    /// Whoever broke the Code apologised. Clause 8.2.
    Apology,
    /// They were given training. Clause 8.2.
    Training,
    /// It was taken up under the firm's contract. Clause 9.
    Contract,
    /// It was taken up as a matter of discipline. Clause 8.2.
    Disciplinary,
    /// The complaint was right.
    Upheld,
    /// The complaint was right in part.
    PartlyUpheld,
    /// The complaint was not right.
    NotUpheld,
    /// Whoever complained took it back.
    Withdrawn,
    /// The hazard is gone.
    MadeSafe,
    /// There was no hazard.
    NoHazard,
    /// The visitor is safe.
    Safe,
    /// The visitor was not safe.
    NotSafe,
    /// The entry without consent was lawful.
    InOrder,
    /// The entry without consent was not lawful.
    NotInOrder,
    /// A warning marker was proposed for the home. Clause 7.
    MarkerProposed,
    /// The declaration was put on record. Clause 5.3.
    Recorded,
    /// The visitor struck out what opened it: the council did nothing.
    TakenBack,
}

impl CaseKind {
    /// The clause behind it.
    #[must_use]
    pub fn clause(self) -> Clause {
        match self {
            Self::EmergencyHazard | Self::SignificantHazard | Self::MinorHazard | Self::OverdueCheckIn => Clause::C6_1,
            Self::LawfulEntry | Self::RefusalSupport | Self::RefusalDecision => Clause::C3_1,
            Self::Aggression => Clause::C7,
            Self::Complaint | Self::ComplaintStage2 => Clause::C8_1,
            Self::Breach => Clause::C8_2,
            Self::Gift | Self::Conflict => Clause::C5_3,
        }
    }

    /// Whether a visit opens it by how it went, and not by a concern or a clock.
    #[must_use]
    pub fn comes_from_the_visit(self) -> bool {
        matches!(self, Self::LawfulEntry | Self::RefusalSupport | Self::RefusalDecision)
    }

    /// What a case of this kind may be closed with.
    #[must_use]
    pub fn outcomes(self) -> &'static [CaseOutcome] {
        use CaseOutcome as Outcome;
        match self {
            Self::RefusalDecision => &[Outcome::Valid, Outcome::NotValid],
            Self::RefusalSupport => &[Outcome::SupportArranged, Outcome::NotNeeded],
            Self::Breach => {
                &[Outcome::NoAction, Outcome::Apology, Outcome::Training, Outcome::Contract, Outcome::Disciplinary]
            }
            Self::Complaint | Self::ComplaintStage2 => {
                &[Outcome::Upheld, Outcome::PartlyUpheld, Outcome::NotUpheld, Outcome::Withdrawn]
            }
            Self::EmergencyHazard | Self::SignificantHazard | Self::MinorHazard => {
                &[Outcome::MadeSafe, Outcome::NoHazard]
            }
            Self::OverdueCheckIn => &[Outcome::Safe, Outcome::NotSafe],
            Self::LawfulEntry => &[Outcome::InOrder, Outcome::NotInOrder],
            Self::Aggression => &[Outcome::NoAction, Outcome::MarkerProposed],
            Self::Gift | Self::Conflict => &[Outcome::Recorded, Outcome::NoAction],
        }
    }

    /// The kind that a concern opens; `None` where nothing is to be done.
    #[must_use]
    pub fn of_concern(concern: &Concern) -> Option<Self> {
        Some(match &concern.about {
            // Gas is an emergency, whatever somebody thinks of it at the door.
            About::UnsafeCondition { hazard: Hazard::Gas, .. }
            | About::UnsafeCondition { severity: Severity::Emergency, .. } => Self::EmergencyHazard,
            About::UnsafeCondition { severity: Severity::Significant, .. } => Self::SignificantHazard,
            About::UnsafeCondition { severity: Severity::Minor, .. } => Self::MinorHazard,
            About::Aggression { .. } => Self::Aggression,
            About::Complaint { .. } => Self::Complaint,
            About::Breach => Self::Breach,
            About::Gift { accepted: true } => Self::Gift,
            About::Gift { accepted: false } => return None,
            About::Conflict => Self::Conflict,
        })
    }
}
