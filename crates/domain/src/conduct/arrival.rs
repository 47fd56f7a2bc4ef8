//! The checklist of a visit: its steps, the clause behind each, and how a step is recorded.

use serde::{Deserialize, Serialize};

use super::Clause;

/// One item of the checklist, from the arrival to leaving, in the order of the Code.
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
pub enum Step {
    /// The visitor wears their ID badge where it can be seen. Clause 3.2.
    IdWorn,
    /// The visitor said who they are. Clause 3.2.
    Introduced,
    /// The visitor said why they have come. Clause 3.2.
    ReasonStated,
    /// The visitor showed their ID. Clause 3.2.
    IdShown,
    /// An adult (18 or over by default) is there to speak to. Clause 3.1.
    AdultPresent,
    /// The visitor wore covers over their shoes. Clause 3.3.
    ShoeCovers,
    /// Dust sheets covered floors and furniture. Clause 3.3.
    DustSheets,
    /// Belongings were moved only with permission. Clause 3.3.
    BelongingsWithPermission,
    /// The working area is clean and tidy. Clause 3.3.
    AreaTidy,
    /// Rubbish was taken away. Clause 3.3.
    RubbishRemoved,
    /// The home was left as it was found, or better. Clause 3.3.
    LeftAsFound,
    /// "I kept to clause 5.1": no smoke, no loud music, no remarks, no arguments.
    KeptToConduct,
}

/// The part of a visit that a step belongs to.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ts_rs::TS, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// At the door.
    AtTheDoor,
    /// Inside.
    Inside,
    /// Leaving.
    Leaving,
}

/// Whether a step stands in the way of going in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Weight {
    /// It comes before going in with consent.
    Must,
    /// It is recorded whether it was done or not. It never stops the visitor from going in.
    Should,
}

/// Whether a step was done.
#[derive(
    Debug,
    Clone,
    PartialEq,
    Eq,
    Serialize,
    Deserialize,
    ts_rs::TS,
    schemars::JsonSchema,
    strum::IntoStaticStr,
    strum::VariantNames,
)]
#[serde(rename_all = "snake_case", tag = "state")]
#[strum(serialize_all = "snake_case")]
pub enum StepState {
    /// It was done.
    Done,
    /// It was not done.
    NotDone {
        /// Why, in the visitor's words or as the name of a likely reason.
        reason: String,
    },
    /// This visit does not need it.
    NotApplicable {
        /// Why, if the visitor says.
        reason: Option<String>,
    },
}

/// A likely reason for not doing a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, strum::VariantArray, ts_rs::TS)]
#[serde(rename_all = "snake_case")]
pub enum LikelyReason {
    /// The visitor forgot their card.
    ForgotCard,
    /// The card is lost.
    CardLost,
    /// The tenant did not ask.
    TenantDidNotAsk,
    /// There was nobody to speak to.
    NobodyToSpeakTo,
    /// The tenant knew already.
    TenantKnewAlready,
    /// They were interrupted.
    Interrupted,
    /// Only a child is there.
    OnlyAChild,
    /// Nobody is home.
    NobodyHome,
    /// The visitor is not sure of their age.
    NotSureOfAge,
    /// The tenant said that there is no need.
    TenantSaidNoNeed,
    /// It is not safe on a ladder.
    NotSafeOnLadder,
    /// There are none left.
    NoneLeft,
    /// The tenant was not there to ask.
    TenantWasNotThere,
    /// They were in the way of something dangerous.
    InTheWayOfDanger,
    /// The work goes on.
    WorkGoesOn,
    /// Something was damaged.
    SomethingWasDamaged,
    /// It was left there, as agreed.
    LeftByAgreement,
    /// There was an argument.
    ThereWasAnArgument,
    /// There was a misunderstanding.
    ThereWasAMisunderstanding,
}

impl Step {
    /// The steps of clause 3.2 that come before going in.
    pub const BEFORE_ENTRY: [Self; 3] = [Self::Introduced, Self::ReasonStated, Self::IdShown];

    /// The clause that asks for the step.
    #[must_use]
    pub const fn clause(self) -> Clause {
        match self {
            Self::IdWorn | Self::Introduced | Self::ReasonStated | Self::IdShown => Clause::C3_2,
            Self::AdultPresent => Clause::C3_1,
            Self::ShoeCovers
            | Self::DustSheets
            | Self::BelongingsWithPermission
            | Self::AreaTidy
            | Self::RubbishRemoved
            | Self::LeftAsFound => Clause::C3_3,
            Self::KeptToConduct => Clause::C5_1,
        }
    }

    /// The part of a visit that the step belongs to.
    #[must_use]
    pub fn phase(self) -> Phase {
        match self {
            Self::IdWorn | Self::Introduced | Self::ReasonStated | Self::IdShown | Self::AdultPresent => {
                Phase::AtTheDoor
            }
            Self::ShoeCovers | Self::DustSheets | Self::BelongingsWithPermission => Phase::Inside,
            Self::AreaTidy | Self::RubbishRemoved | Self::LeftAsFound | Self::KeptToConduct => Phase::Leaving,
        }
    }

    /// Whether the step has to be done before going in.
    #[must_use]
    pub fn weight(self) -> Weight {
        match self {
            Self::Introduced | Self::ReasonStated | Self::IdShown | Self::AdultPresent => Weight::Must,
            Self::IdWorn
            | Self::ShoeCovers
            | Self::DustSheets
            | Self::BelongingsWithPermission
            | Self::AreaTidy
            | Self::RubbishRemoved
            | Self::LeftAsFound
            | Self::KeptToConduct => Weight::Should,
        }
    }

    /// Likely reasons for not doing the step. The screens have the words for them.
    #[must_use]
    pub fn likely_reasons(self) -> &'static [LikelyReason] {
        use LikelyReason as Why;
        match self {
            Self::IdWorn | Self::IdShown => &[Why::ForgotCard, Why::CardLost, Why::TenantDidNotAsk],
            Self::Introduced | Self::ReasonStated => &[Why::NobodyToSpeakTo, Why::TenantKnewAlready, Why::Interrupted],
            Self::AdultPresent => &[Why::OnlyAChild, Why::NobodyHome, Why::NotSureOfAge],
            Self::ShoeCovers => &[Why::TenantSaidNoNeed, Why::NotSafeOnLadder, Why::NoneLeft],
            Self::DustSheets => &[Why::TenantSaidNoNeed, Why::NoneLeft],
            Self::BelongingsWithPermission => &[Why::TenantWasNotThere, Why::InTheWayOfDanger],
            Self::AreaTidy | Self::LeftAsFound => &[Why::WorkGoesOn, Why::SomethingWasDamaged],
            Self::RubbishRemoved => &[Why::LeftByAgreement, Why::WorkGoesOn],
            Self::KeptToConduct => &[Why::ThereWasAnArgument, Why::ThereWasAMisunderstanding],
        }
    }
}

impl StepState {
    /// The stable name, as in exports.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.into()
    }

    /// All stable names, in the order of the states.
    #[must_use]
    pub fn names() -> &'static [&'static str] {
        <Self as strum::VariantNames>::VARIANTS
    }

    /// The reason that was given, if one was.
    #[must_use]
    pub fn reason(&self) -> Option<&str> {
        match self {
            Self::Done => None,
            Self::NotDone { reason } => Some(reason),
            Self::NotApplicable { reason } => reason.as_deref(),
        }
    }
}
