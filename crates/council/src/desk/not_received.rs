//! Records that phones have and the council has not received, and records that it set aside. Lists
//! that may be incomplete show them.

use chrono::{DateTime, Utc};
use doorstep_domain::DeviceId;
use serde::Serialize;

use super::Actor;
use crate::access::roles::Role;
use crate::error::CouncilError;
use crate::machine::times;
use crate::storage::{Missing, Reading, SetAsideCount};

/// Records that phones have and the council has not. Only for the council's own people: for a firm
/// the list is empty. What is missing of a safeguarding note shows to leads alone.
pub(crate) fn missing(reading: &Reading<'_>, by: &Actor) -> Result<Vec<MissingRecords>, CouncilError> {
    if by.firm().is_some() {
        return Ok(Vec::new());
    }
    Ok(reading.missing(by.is(Role::SafeguardingLead))?.into_iter().map(MissingRecords::from).collect())
}

/// Records that the council set aside. Only for the council's own people: for a firm the list is
/// empty.
pub(crate) fn set_aside(reading: &Reading<'_>, by: &Actor) -> Result<Vec<AsideRecords>, CouncilError> {
    if by.firm().is_some() {
        return Ok(Vec::new());
    }
    Ok(reading.set_aside_counts(by.is(Role::SafeguardingLead))?.into_iter().map(AsideRecords::from).collect())
}

/// Records that a phone has and the council has not.
#[derive(Debug, Serialize, schemars::JsonSchema, ts_rs::TS)]
pub struct MissingRecords {
    /// The name of the visitor whose phone it is.
    pub(crate) visitor_name: String,
    /// The phone's name.
    pub(crate) device: String,
    /// The phone's id.
    pub(crate) device_id: DeviceId,
    /// The name of the chain in which they are missing.
    pub(crate) chain: String,
    /// Whether they are of a safeguarding note. Only leads are shown those, and put them to rest.
    pub(crate) note: bool,
    /// The first missing number in the phone's chain.
    #[ts(type = "number")]
    pub(crate) first: u64,
    /// The last missing number in the phone's chain.
    #[ts(type = "number")]
    pub(crate) last: u64,
    /// When the phone last said that it has them, by the council's clock.
    pub(crate) said_at: DateTime<Utc>,
    /// The address of the visit that they belong to; `null` if it is not known.
    pub(crate) address: Option<String>,
    /// How many more gaps the phone has than are listed; 0 but in its last line.
    #[ts(type = "number")]
    pub(crate) others: u64,
}

impl From<Missing> for MissingRecords {
    fn from(missing: Missing) -> Self {
        let Missing { device_id, chain, note, visitor_name, device, first, last, said_ms, address, others } = missing;
        let (chain, said_at) = (chain.to_string(), times::from_ms(said_ms));
        Self { visitor_name, device, device_id, chain, note, first, last, said_at, address, others }
    }
}

/// Records of a phone that the council set aside, for one reason.
#[derive(Debug, Serialize, schemars::JsonSchema, ts_rs::TS)]
pub struct AsideRecords {
    /// The name of the visitor whose phone it is.
    pub(crate) visitor_name: String,
    /// The phone's name.
    pub(crate) device: String,
    /// The phone's id.
    pub(crate) device_id: DeviceId,
    /// The reason, as a stable code.
    pub(crate) reason: String,
    /// How many records.
    #[ts(type = "number")]
    pub(crate) records: u64,
    /// When the last of them arrived.
    pub(crate) last_at: DateTime<Utc>,
}

impl From<SetAsideCount> for AsideRecords {
    fn from(counted: SetAsideCount) -> Self {
        let SetAsideCount { device_id, visitor_name, device, reason, records, last_ms } = counted;
        Self { visitor_name, device, device_id, reason, records, last_at: times::from_ms(last_ms) }
    }
}
