//! Why somebody visits a home.

use serde::{Deserialize, Serialize};

/// The kind of a visit, which sets how much notice the tenant must have.
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
pub enum VisitKind {
    /// A repair that the tenant asked for. 24 to 48 hours' notice, clause 3.1.
    ResponsiveRepair,
    /// Planned maintenance such as a new kitchen. Two weeks' notice, clause 3.1.
    PlannedWork,
    /// An emergency repair. No notice needed, clause 3.1.
    EmergencyRepair,
    /// A gas, electrical or fire safety check.
    SafetyCheck,
    /// Looking into a breach of the tenancy. No notice needed, clause 3.1.
    TenancyInvestigation,
    /// An inspection of the property.
    Inspection,
    /// Anything else.
    Other,
}
