//! Concerns that are not sealed. A firm sees only those of its own people, and never a breach.
//! Clauses 5.3, 6.1, 7 and 8.

use chrono::{DateTime, Utc};
use doorstep_domain::VisitId;
use doorstep_domain::conduct::{Clause, Concern, ConcernKind};
use serde::{Deserialize, Serialize};

use super::{Actor, PAGE, said};
use crate::error::CouncilError;
use crate::machine::times;
use crate::refused::Refused;
use crate::service::Service;
use crate::storage::{ConcernFilter, ConcernRow};

/// A page of concerns that are not sealed, newest first.
#[derive(Debug, Serialize, schemars::JsonSchema, ts_rs::TS)]
pub struct ConcernList {
    /// The concerns on this page.
    pub(crate) concerns: Vec<ConcernListRow>,
    /// What to ask for to get the next page; `null` on the last.
    pub(crate) next: Option<String>,
}

/// A concern in the list. Sealed notes are never in it. Clause 6.2.
#[derive(Debug, Serialize, schemars::JsonSchema, ts_rs::TS)]
pub struct ConcernListRow {
    /// The record's id.
    pub(crate) record: String,
    /// The visit, or the file of its own.
    pub(crate) visit: VisitId,
    /// What it is about.
    pub(crate) kind: ConcernKind,
    /// The clause behind it.
    pub(crate) clause: Clause,
    /// What it says.
    pub(crate) concern: Concern,
    /// When the council received it.
    pub(crate) received_at: DateTime<Utc>,
    /// The address, as far as it is known.
    pub(crate) address: String,
    /// The name of the visitor who raised it.
    pub(crate) visitor_name: String,
    /// The organisation that the visitor works for.
    pub(crate) organisation: String,
    /// Why the visitor struck it out; `null` when they did not.
    pub(crate) struck: Option<String>,
}

impl From<ConcernRow> for ConcernListRow {
    fn from(row: ConcernRow) -> Self {
        let kind = row.plain.concern.kind();
        Self {
            record: row.plain.record.to_string(),
            visit: row.plain.visit,
            kind,
            clause: kind.clause(),
            received_at: times::from_ms(row.plain.received_ms),
            concern: row.plain.concern,
            address: row.address,
            visitor_name: row.visitor_name,
            organisation: row.organisation,
            struck: row.struck,
        }
    }
}

/// Which concerns to list.
#[derive(Debug, Default, Deserialize, schemars::JsonSchema)]
pub struct ConcernQuery {
    /// Only concerns of this kind, by its stable name.
    kind: Option<String>,
    /// The `next` of the page before.
    after: Option<String>,
}

/// A page of concerns, newest first.
///
/// # Errors
/// [`Refused::NoSuchPage`] when the place can't be read.
pub fn list(service: &Service, by: &Actor, query: ConcernQuery) -> Result<ConcernList, CouncilError> {
    let place = |text: String| {
        let (at, record) = text.split_once('.')?;
        Some((at.parse().ok()?, record.parse().ok()?))
    };
    let after = said(query.after).map(|text| place(text).ok_or(Refused::NoSuchPage)).transpose()?;
    let filter = ConcernFilter { firm: by.firm().map(str::to_owned), kind: said(query.kind), after };
    let mut rows = service.storage.read(|reading| reading.plain_concerns(&filter, PAGE + 1))?;
    let more = rows.len() > PAGE;
    rows.truncate(PAGE);
    let last = rows.last().filter(|_| more).map(|row| &row.plain);
    let next = last.map(|last| format!("{}.{}", last.concern.noticed_at.timestamp_millis(), last.record));
    Ok(ConcernList { concerns: rows.into_iter().map(ConcernListRow::from).collect(), next })
}
