//! Going in: with consent to enter, or without it where the law allows that. Clause 3.1.

use serde::{Deserialize, Serialize};

use super::Step;

/// Who gave consent to enter. It is consent to enter only: it is not consent to use data, and a
/// child can't give it.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, strum::VariantArray, ts_rs::TS, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum ConsentBy {
    /// The tenant.
    Tenant,
    /// Another adult of the household.
    HouseholdAdult,
    /// A trusted adult whom the tenant wants to be there.
    TrustedAdult,
}

/// What allows entry without consent.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, strum::VariantArray, ts_rs::TS, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum LawfulGround {
    /// An emergency repair. The reference is the number of the job.
    EmergencyRepair,
    /// A warrant. The reference is its number.
    Warrant,
    /// An order of a court. The reference is its number.
    CourtOrder,
    /// Another ground in law, named in the reference.
    Other,
}

/// The two ways of going in, by which lists are filtered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, strum::VariantArray)]
#[serde(rename_all = "snake_case")]
pub enum EntryBasis {
    /// With consent.
    Consent,
    /// Without it, as the law allows.
    Lawful,
}

/// What allowed the visitor to go in. There is no third way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Basis {
    /// Somebody gave consent to enter.
    Consented {
        /// Who gave it.
        by: ConsentBy,
    },
    /// The law allows it without consent.
    Lawful {
        /// What allows it.
        ground: LawfulGround,
        /// The name of the person who authorised it.
        authorised_by: String,
        /// The number of the warrant, order or job.
        reference: Option<String>,
        /// The name of somebody else who was there.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        witness: Option<String>,
    },
}

impl Basis {
    /// Which of the two ways it is.
    #[must_use]
    pub fn kind(&self) -> EntryBasis {
        match self {
            Self::Consented { .. } => EntryBasis::Consent,
            Self::Lawful { .. } => EntryBasis::Lawful,
        }
    }
}

/// The visitor says that they went in although a step of clause 3.2, or the tenant's agreement to
/// short notice, was missing. The app lets them record this, so that nobody has to lie. It shows as
/// a breach.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, schemars::JsonSchema)]
pub struct Admission {
    /// The steps that were left out; empty when only the tenant's agreement was missing.
    pub missing: Vec<Step>,
    /// Why, in the visitor's words.
    pub words: String,
}
