//! Before a visit: knowing the tenant, working alone, and calling the visit off.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::NoticeMethod;

/// "I know this tenant": a conflict of interest, declared before the visit. Clause 5.3.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, schemars::JsonSchema)]
pub struct Declaration {
    /// How they know each other, in the visitor's words.
    pub relation: String,
    /// The line manager who was told.
    pub line_manager: String,
    /// The contact at the council who was told.
    pub council_contact: String,
    /// Whether the visitor asks that somebody else takes the visit.
    pub hand_over: bool,
}

/// What somebody who works alone says about it. Clause 6.1. Doorstep is not a certified lone-worker
/// device, and does not replace one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, schemars::JsonSchema)]
pub struct LoneWorking {
    /// Whether the visitor's own lone-worker device is on.
    pub device_on: bool,
    /// When they expect to be out again, in UTC.
    pub expected_end: DateTime<Utc>,
}

/// Who called a visit off.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, strum::VariantArray, ts_rs::TS, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum CancelledBy {
    /// The visitor, or their firm.
    Visitor,
    /// The council. The tenant has to be told. Clause 3.2.
    Council,
    /// The tenant. Nobody has to tell them.
    Tenant,
}

/// Why a visit was called off.
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
pub enum CancelReason {
    /// The job before it took longer.
    RunningLate,
    /// The tenant asked for another time.
    TenantAsked,
    /// The visitor is ill, or was hurt.
    Illness,
    /// A part or a tool is missing.
    MissingPart,
    /// The weather, the road or the van.
    Travel,
    /// Somebody smokes there, or the home is not fit to work in. Clause 7. It is not a refusal.
    StateOfHome,
    /// The visitor knows the tenant, and somebody else takes the visit. Clause 5.3.
    HandOver,
    /// Something else, in words.
    Other,
}

/// A visit that does not go ahead. Clause 3.2.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, schemars::JsonSchema)]
pub struct Cancellation {
    /// Who called it off.
    pub by: CancelledBy,
    /// Why.
    pub reason: CancelReason,
    /// Why, in words.
    pub words: Option<String>,
}

/// The tenant was told that the visit does not go ahead. Clause 3.2.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, schemars::JsonSchema)]
pub struct ToldOfCancellation {
    /// How they were told.
    pub means: NoticeMethod,
    /// Whether somebody apologised.
    pub apologised: bool,
    /// The new time that was offered, in words.
    pub new_time: Option<String>,
}
