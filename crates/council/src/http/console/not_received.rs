//! What phones have and the council has not, or could not take. It stands beside each list in which
//! something may be missing.

use chrono::{DateTime, Utc};
use serde::Serialize;

use crate::access::actor::Actor;
use crate::error::CouncilError;
use crate::machine::times;
use crate::storage::{AsideCount, Missing, Reading};

/// What phones have and the council has not. It is for the council's own people: a firm is given
/// none.
pub(crate) fn missing(reading: &Reading<'_>, by: &Actor) -> Result<Vec<MissingRecords>, CouncilError> {
    if by.firm().is_some() {
        return Ok(Vec::new());
    }
    Ok(reading.missing()?.into_iter().map(MissingRecords::from).collect())
}

/// What the council could not take, and keeps apart. It is for the council's own people: a firm is
/// given none.
pub(crate) fn set_aside(reading: &Reading<'_>, by: &Actor) -> Result<Vec<AsideRecords>, CouncilError> {
    if by.firm().is_some() {
        return Ok(Vec::new());
    }
    Ok(reading.aside_counts()?.into_iter().map(AsideRecords::from).collect())
}

/// Records that a phone has and the council has not.
#[derive(Debug, Serialize, schemars::JsonSchema, ts_rs::TS)]
pub(crate) struct MissingRecords {
    /// Whose phone.
    pub(crate) visitor_name: String,
    /// Which.
    pub(crate) device: String,
    /// The first number.
    #[ts(type = "number")]
    pub(crate) first: u64,
    /// The last number.
    #[ts(type = "number")]
    pub(crate) last: u64,
    /// When the phone said so.
    pub(crate) said_at: DateTime<Utc>,
}

impl From<Missing> for MissingRecords {
    fn from(missing: Missing) -> Self {
        let Missing { visitor_name, device, first, last, said_ms } = missing;
        Self { visitor_name, device, first, last, said_at: times::from_ms(said_ms) }
    }
}

/// Records of a phone that the council could not take, and keeps apart.
#[derive(Debug, Serialize, schemars::JsonSchema, ts_rs::TS)]
pub(crate) struct AsideRecords {
    /// Whose phone.
    pub(crate) visitor_name: String,
    /// Which.
    pub(crate) device: String,
    /// Why, as a stable code.
    pub(crate) reason: String,
    /// How many.
    #[ts(type = "number")]
    pub(crate) records: u64,
    /// When the last of them came.
    pub(crate) last_at: DateTime<Utc>,
}

impl From<AsideCount> for AsideRecords {
    fn from(aside: AsideCount) -> Self {
        let AsideCount { visitor_name, device, reason, records, last_ms } = aside;
        Self { visitor_name, device, reason, records, last_at: times::from_ms(last_ms) }
    }
}
