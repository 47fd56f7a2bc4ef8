//! What cases are about, their steps, and how they can end. Clauses 3.1, 5.3, 6.1, 7 and 8.

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
    /// Somebody who works alone is not out at the time that they expected. Clause 6.1.
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
    /// Somebody may be hurt if it stays like this. Clause 6.1.
    SignificantHazard,
    /// Nobody is likely to be hurt, but something has to be put right. Clause 6.1.
    MinorHazard,
    /// Somebody broke the Code. Clause 8.2.
    Breach,
    /// The tenant refused entry for a valid reason: they may need support. It is never a step
    /// towards enforcement. Clause 3.1.
    RefusalSupport,
    /// The tenant refused entry for any other reason. A supervisor decides whether it is valid.
    /// Clause 3.1.
    RefusalDecision,
    /// A gift was taken. Clause 5.3.
    Gift,
    /// A visitor knows the tenant. Clause 5.3.
    Conflict,
}

/// One step of a case.
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
    /// Tell the person who complained that the council has their complaint.
    Acknowledge,
    /// Answer the complaint.
    Answer,
    /// Look into it.
    Investigate,
    /// Tell the tenant in writing what was found.
    TellInWriting,
    /// Make the hazard safe. Clause 6.1.
    MakeSafe,
    /// Go over what happened.
    Review,
    /// Decide whether the reason for a refusal is valid.
    Decide,
    /// Arrange what the tenant needs.
    Support,
    /// Find out whether they are safe.
    Check,
}

/// How a case ended.
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
    /// There was nothing more to do.
    NoAction,
    /// The person who broke the Code apologised. Clause 8.2.
    Apology,
    /// They were given training. Clause 8.2.
    Training,
    /// The council took it up with the firm, under its contract. Clause 9.
    Contract,
    /// Disciplinary action was taken. Clause 8.2.
    Disciplinary,
    /// The complaint was upheld.
    Upheld,
    /// The complaint was upheld in part.
    PartlyUpheld,
    /// The complaint was not upheld.
    NotUpheld,
    /// The person who complained took it back.
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
    /// The visitor struck out the record that opened the case. Nobody at the council can choose
    /// this.
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

    /// Whether only the course of a visit opens such a case: a lawful entry or a refusal.
    #[must_use]
    pub fn comes_from_the_visit(self) -> bool {
        matches!(self, Self::LawfulEntry | Self::RefusalSupport | Self::RefusalDecision)
    }

    /// The outcomes that a case of this kind can be closed with.
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

    /// The kind of case that a concern opens; `None` for a gift that was not taken.
    #[must_use]
    pub fn of_concern(concern: &Concern) -> Option<Self> {
        Some(match &concern.about {
            // Gas is always an emergency, whatever severity the visitor chose.
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
