//! Reports: how many visits ended how, why entry was refused, and whether notice and ID were given.

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::Actor;
use super::not_received::{MissingRecords, missing};
use crate::error::CouncilError;
use crate::export::ListQuery;
use crate::machine::times;
use crate::service::Service;
use crate::storage::Question;

/// How many visits have one answer to a report's question.
#[derive(Debug, Serialize, schemars::JsonSchema, ts_rs::TS)]
pub struct ReportCount {
    /// The day or the organisation that is counted; empty when it is about all visits.
    pub(crate) of: String,
    /// The answer, as a stable name.
    pub(crate) answer: String,
    /// How many visits.
    #[ts(type = "number")]
    pub(crate) visits: u64,
}

/// All reports, for the visits that the filters choose.
#[derive(Debug, Serialize, schemars::JsonSchema, ts_rs::TS)]
pub struct Reports {
    /// How visits ended, day by day.
    pub(crate) outcomes_by_day: Vec<ReportCount>,
    /// Why entry was refused.
    pub(crate) refusals_by_reason: Vec<ReportCount>,
    /// What notice tenants had, by organisation. Clause 3.1.
    pub(crate) notice_kept: Vec<ReportCount>,
    /// Whether ID was shown, in visits where somebody opened the door, by organisation. Clause 3.2.
    pub(crate) id_shown: Vec<ReportCount>,
    /// Records that phones have and the council has not: the numbers may be too low.
    pub(crate) missing: Vec<MissingRecords>,
    /// The council's clock when this was read.
    pub(crate) as_of: DateTime<Utc>,
}

/// All reports. People at a firm get their firm's numbers.
///
/// # Errors
/// A [`Refused`](crate::Refused) when a filter can't be read.
pub fn read(service: &Service, by: &Actor, query: &ListQuery) -> Result<Reports, CouncilError> {
    let of = query.checked(by.firm())?.filter.counted();
    service.storage.read(|reading| {
        let answers = |question| {
            let counts = reading.counted(question, &of)?.into_iter();
            let shown = counts.map(|count| ReportCount { of: count.of, answer: count.answer, visits: count.visits });
            Ok::<_, CouncilError>(shown.collect())
        };
        Ok(Reports {
            outcomes_by_day: answers(Question::OutcomesByDay)?,
            refusals_by_reason: answers(Question::RefusalsByReason)?,
            notice_kept: answers(Question::NoticeKept)?,
            id_shown: answers(Question::IdShown)?,
            missing: missing(reading, by)?,
            as_of: times::from_ms(service.now_ms()),
        })
    })
}
