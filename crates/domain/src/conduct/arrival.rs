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

    /// Likely reasons for not doing the step, as stable names. The screens have the words for them.
    #[must_use]
    pub fn likely_reasons(self) -> &'static [&'static str] {
        match self {
            Self::IdWorn | Self::IdShown => &["forgot_card", "card_lost", "tenant_did_not_ask"],
            Self::Introduced | Self::ReasonStated => &["nobody_to_speak_to", "tenant_knew_already", "interrupted"],
            Self::AdultPresent => &["only_a_child", "nobody_home", "not_sure_of_age"],
            Self::ShoeCovers => &["tenant_said_no_need", "not_safe_on_ladder", "none_left"],
            Self::DustSheets => &["tenant_said_no_need", "none_left"],
            Self::BelongingsWithPermission => &["tenant_was_not_there", "in_the_way_of_danger"],
            Self::AreaTidy | Self::LeftAsFound => &["work_goes_on", "something_was_damaged"],
            Self::RubbishRemoved => &["left_by_agreement", "work_goes_on"],
            Self::KeptToConduct => &["there_was_an_argument", "there_was_a_misunderstanding"],
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
