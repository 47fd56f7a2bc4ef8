//! Leaving: what happens next, what the tenant was told about it, and leaving at once. Clauses 4.1
//! and 7.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::Signing;

/// Whether the work was finished when the visitor left.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Leaving {
    /// The work is done.
    Completed,
    /// Somebody has to come again.
    FurtherVisitNeeded,
}

/// What happens next when the work is not finished. Clause 4.1.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, schemars::JsonSchema)]
pub struct FollowUp {
    /// What is still to be done.
    pub what: String,
    /// Who does it.
    pub who: String,
    /// The proposed date; `None` when there is none yet.
    #[ts(type = "string | null")]
    pub when: Option<NaiveDate>,
    /// Whether this was explained to the tenant.
    pub tenant_told: bool,
}

/// A tenant's signature, if they wished to give one. It says that somebody was there, not that all
/// was well.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, schemars::JsonSchema)]
pub struct TenantSignature {
    /// Who signed.
    pub name: String,
    /// How they signed.
    pub signed: Signing,
}

/// Why a visitor left at once. None of these is a refusal by the tenant. Clause 7.
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
pub enum WithdrawalReason {
    /// Somebody was aggressive.
    Aggression,
    /// It was not safe.
    Unsafe,
    /// Somebody smoked.
    Smoke,
    /// The home was not fit to work in: rotten food, drug paraphernalia or waste.
    StateOfHome,
    /// Only a child was left at home.
    AdultLeft,
    /// The tenant took back their consent to the visitor being there.
    ConsentWithdrawn,
    /// Something else, in words.
    Other,
}
