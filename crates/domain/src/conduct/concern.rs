//! Concerns. The device seals a safeguarding note to the keys of the council's safeguarding leads
//! (clause 6.2). After that nobody else can read it, not even the person who wrote it. Today the
//! council's service holds that key. Other concerns are not sealed. Some of them start a legal
//! clock, which runs from when the thing was said or seen, not from when the council hears of it.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{Clause, Refused, Rule};

/// What a concern is about.
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
pub enum ConcernKind {
    /// A child or an adult may be at risk. At the council, only the safeguarding leads may know of
    /// it. Clause 6.2.
    Safeguarding,
    /// Something in or about the home is not safe. Clause 6.1.
    UnsafeCondition,
    /// Somebody was aggressive. Clause 7.
    Aggression,
    /// The tenant is not satisfied; they need not call it a complaint. Clause 8.1.
    Complaint,
    /// Somebody broke the Code. The firm of the person who reports it never sees it. Clause 8.2.
    Breach,
    /// A gift, money or a favour was offered. Clause 5.3.
    Gift,
    /// The visitor knows the tenant. Clause 5.3.
    Conflict,
}

/// What is not safe.
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
pub enum Hazard {
    /// A smell of gas, or carbon monoxide. The visitor phones the gas emergency line first.
    Gas,
    /// Bare wires or a burnt socket, for example.
    Electrics,
    /// A risk of fire, or something in the way of an escape from one.
    Fire,
    /// A ceiling, a floor, stairs or a wall that is not safe.
    Structure,
    /// Damp or mould. Hazards in Social Housing (Prescribed Requirements) Regulations 2025.
    DampAndMould,
    /// The home is so full that ways out are blocked.
    Hoarding,
    /// Needles, blades, broken glass.
    Sharps,
    /// An animal.
    Animals,
    /// Something else.
    Other,
}

/// How serious it is in the visitor's view. Somebody at the council decides.
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
pub enum Severity {
    /// Somebody may be hurt within a day.
    Emergency,
    /// Somebody may be hurt if it stays like this.
    Significant,
    /// Nobody is likely to be hurt, but it has to be put right.
    Minor,
}

/// What a concern that is not sealed says besides its words. Each kind has its own details.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum About {
    /// Something is not safe.
    UnsafeCondition {
        /// What is not safe.
        hazard: Hazard,
        /// How serious it is in the visitor's view.
        severity: Severity,
    },
    /// Somebody was aggressive.
    Aggression {
        /// Whether somebody was hurt.
        injured: bool,
        /// The police's reference, if there is one.
        police_reference: Option<String>,
    },
    /// The tenant is not satisfied.
    Complaint {
        /// What the visitor put right at once; `None` for nothing.
        put_right: Option<String>,
        /// Whether the tenant was told that a complaint is raised and that an investigating officer
        /// will be in touch.
        told_of_process: bool,
    },
    /// Somebody broke the Code.
    Breach,
    /// A gift was offered.
    Gift {
        /// Whether the visitor took it. The Code does not allow that.
        accepted: bool,
    },
    /// The visitor knows the tenant.
    Conflict,
}

/// A concern that is not sealed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, schemars::JsonSchema)]
pub struct Concern {
    /// What it is about, with the details that this kind of concern has.
    pub about: About,
    /// What was seen, heard or said, in words.
    pub words: String,
    /// When it was said or seen: legal clocks run from here.
    pub noticed_at: DateTime<Utc>,
}

/// A note that only the holders of the safeguarding keys can open.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, schemars::JsonSchema)]
pub struct SealedNote {
    /// The note as an age file (age-encryption.org/v1), made on the device.
    #[ts(type = "number[]")]
    #[serde(with = "crate::bytes")]
    #[schemars(with = "Vec<u8>")]
    pub sealed: Vec<u8>,
}

impl std::fmt::Debug for SealedNote {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SealedNote(..)")
    }
}

impl ConcernKind {
    /// The clause behind it.
    #[must_use]
    pub fn clause(self) -> Clause {
        match self {
            Self::Safeguarding => Clause::C6_2,
            Self::UnsafeCondition => Clause::C6_1,
            Self::Aggression => Clause::C7,
            Self::Complaint => Clause::C8_1,
            Self::Breach => Clause::C8_2,
            Self::Gift | Self::Conflict => Clause::C5_3,
        }
    }

    /// Whether its record is sent before all others, because somebody may be in danger or a legal
    /// clock is running.
    #[must_use]
    pub fn is_urgent(self) -> bool {
        matches!(self, Self::Safeguarding | Self::UnsafeCondition | Self::Aggression | Self::Complaint)
    }

    /// Whether the visitor is asked when it was said or seen, because a deadline or a decision
    /// depends on it. A safeguarding note says so in its words, and what is told about a colleague
    /// is not about one moment.
    #[must_use]
    pub fn asks_when(self) -> bool {
        !matches!(self, Self::Safeguarding | Self::Breach)
    }
}

impl Concern {
    /// Checks that it was not said or seen later than now, by the device's clock. Legal deadlines
    /// run from that time.
    ///
    /// # Errors
    /// [`Refused`] with [`Rule::TimeToCome`].
    pub fn happened_by(&self, now: DateTime<Utc>) -> Result<(), Refused> {
        if self.noticed_at <= now { Ok(()) } else { Err(Refused::new(self.kind().clause(), Rule::TimeToCome, &[])) }
    }

    /// What it is about.
    #[must_use]
    pub fn kind(&self) -> ConcernKind {
        match self.about {
            About::UnsafeCondition { .. } => ConcernKind::UnsafeCondition,
            About::Aggression { .. } => ConcernKind::Aggression,
            About::Complaint { .. } => ConcernKind::Complaint,
            About::Breach => ConcernKind::Breach,
            About::Gift { .. } => ConcernKind::Gift,
            About::Conflict => ConcernKind::Conflict,
        }
    }
}
