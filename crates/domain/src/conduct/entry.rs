//! Going in: with consent to enter, or where the law allows it without. Clause 3.1.

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
    /// An emergency repair.
    EmergencyRepair,
    /// A warrant.
    Warrant,
    /// An order of a court.
    CourtOrder,
    /// Another ground in law, named in the reference.
    Other,
}

/// On what footing the visitor went in. There is no third kind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Basis {
    /// Somebody who may say so said yes.
    Consented {
        /// Who.
        by: ConsentBy,
    },
    /// The law allows it without.
    Lawful {
        /// What allows it.
        ground: LawfulGround,
        /// The name of the person who authorised it.
        authorised_by: String,
        /// The number of the warrant, order or job.
        reference: Option<String>,
        /// Who else was there.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        witness: Option<String>,
    },
}

/// The visitor's own word that steps of clause 3.2 were left out before going in. The app never
/// makes anyone lie: a breach can be recorded, and shows as what it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, schemars::JsonSchema)]
pub struct Admission {
    /// The steps that were left out.
    pub missing: Vec<Step>,
    /// Why, in the visitor's words.
    pub words: String,
}
