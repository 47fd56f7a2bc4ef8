//! The queue of cases, by deadline.

use chrono::{DateTime, Utc};
use doorstep_domain::conduct::{CaseKind, CaseStep, Clause};
use doorstep_domain::{Named, StableName, VisitId};
use serde::{Deserialize, Serialize};

use crate::desk::not_received::{MissingRecords, missing};
use crate::desk::{Actor, PAGE, said};
use crate::error::CouncilError;
use crate::machine::times;
use crate::refused::Refused;
use crate::service::Service;
use crate::storage::{CASES, CaseFilter, CaseRow, Order, Reading};

/// A case in the list, with what is due next.
#[derive(Debug, Serialize, schemars::JsonSchema, ts_rs::TS)]
pub struct CaseListRow {
    /// The case's id.
    pub(crate) case: String,
    /// What it is about.
    #[schemars(with = "CaseKind")]
    #[ts(as = "CaseKind")]
    pub(crate) kind: Named<CaseKind>,
    /// The clause behind it; `null` for a kind that only a newer version knows.
    pub(crate) clause: Option<Clause>,
    /// The visit that it comes from.
    pub(crate) visit: VisitId,
    /// When it was said or seen, by the device's clock. Deadlines count from here.
    pub(crate) opened_at: DateTime<Utc>,
    /// When the council heard of it.
    pub(crate) received_at: DateTime<Utc>,
    /// The owner's user name; `null` when nobody owns it.
    pub(crate) owner: Option<String>,
    /// The owner's name; `null` when nobody owns it.
    pub(crate) owner_name: Option<String>,
    /// The next step; `null` when all steps are done.
    #[schemars(with = "Option<CaseStep>")]
    #[ts(as = "Option<CaseStep>")]
    pub(crate) due_step: Option<Named<CaseStep>>,
    /// The deadline of that step; `null` when nothing is due, or the bank holidays of that year are
    /// not known.
    pub(crate) due_at: Option<DateTime<Utc>>,
    /// When it was closed; `null` while it is open.
    pub(crate) closed_at: Option<DateTime<Utc>>,
    /// The outcome that it was closed with, as a stable name; `null` while it is open.
    pub(crate) outcome: Option<String>,
    /// Whether its record was set aside, so that nobody has confirmed who said it.
    pub(crate) unconfirmed: bool,
    /// The address of the home.
    pub(crate) address: String,
    /// The name of the visitor whose visit it comes from.
    pub(crate) visitor_name: String,
    /// The organisation that the visitor works for.
    pub(crate) organisation: String,
}

impl From<&CaseRow> for CaseListRow {
    fn from(row: &CaseRow) -> Self {
        Self {
            case: row.id.to_string(),
            kind: row.kind.clone(),
            clause: row.kind.known().map(CaseKind::clause),
            visit: row.visit,
            opened_at: times::from_ms(row.opened_ms),
            received_at: times::from_ms(row.received_ms),
            owner: row.owner.clone(),
            owner_name: row.owner_name.clone(),
            due_step: row.due_step.clone(),
            due_at: row.due_ms().map(times::from_ms),
            closed_at: row.closed_ms.map(times::from_ms),
            outcome: row.outcome.clone(),
            unconfirmed: row.unconfirmed,
            address: row.address.clone(),
            visitor_name: row.visitor_name.clone(),
            organisation: row.organisation.clone(),
        }
    }
}

/// A person who can be given a case.
#[derive(Debug, Serialize, schemars::JsonSchema, ts_rs::TS)]
pub struct CaseOwner {
    /// The user name.
    pub(crate) user: String,
    /// The name, as people read it.
    pub(crate) name: String,
}

/// A page of cases.
#[derive(Debug, Serialize, schemars::JsonSchema, ts_rs::TS)]
pub struct CaseList {
    /// The cases on this page.
    pub(crate) cases: Vec<CaseListRow>,
    /// What to ask for to get the next page; `null` on the last.
    pub(crate) next: Option<String>,
    /// How many cases are open.
    #[ts(type = "number")]
    pub(crate) open: u64,
    /// How many of them are past their deadline.
    #[ts(type = "number")]
    pub(crate) late: u64,
    /// The people who can be given a case.
    pub(crate) owners: Vec<CaseOwner>,
    /// Records that phones have and the council has not: there may be cases in them.
    pub(crate) missing: Vec<MissingRecords>,
    /// The council's clock when this was read.
    pub(crate) as_of: DateTime<Utc>,
}

/// Which cases to list, and in which order.
#[derive(Debug, Default, Deserialize, schemars::JsonSchema)]
#[serde(default)]
pub struct CaseQuery {
    /// `open`, as it is without it, or `closed`.
    state: Option<String>,
    kind: Option<String>,
    owner: Option<String>,
    organisation: Option<String>,
    /// `due`, `closed`, `opened`, `about`, `where` or `owner`. A `-` in front reverses the order.
    sort: Option<String>,
    after: Option<String>,
}

impl CaseQuery {
    fn filter(&self) -> Result<CaseFilter, Refused> {
        let closed = |state: &str| CaseFilter::read_closed(state).ok_or(Refused::NoSuchPage);
        let kind = |name: String| CaseKind::from_name(&name).ok_or(Refused::NoSuchPage);
        Ok(CaseFilter {
            closed: Some(said(self.state.clone()).map_or(Ok(false), |state| closed(&state))?),
            kind: said(self.kind.clone()).map(kind).transpose()?,
            owner: said(self.owner.clone()),
            organisation: said(self.organisation.clone()),
        })
    }

    /// The order that is asked for. Otherwise open cases are in order of their deadline, and closed
    /// cases have the last closed first.
    fn order(&self, closed: bool) -> Result<Order, CouncilError> {
        CASES.order(self.sort.as_deref(), if closed { "-closed" } else { "due" }, self.after.as_deref())
    }
}

/// A page of cases.
///
/// # Errors
/// [`Refused::NoSuchPage`] when a filter, the order or the place can't be read.
pub fn list(service: &Service, by: &Actor, query: &CaseQuery) -> Result<CaseList, CouncilError> {
    let filter = query.filter()?;
    let order = query.order(filter.closed == Some(true))?;
    let now_ms = service.now_ms();
    service.storage.read(|reading| {
        let page = reading.cases(&filter, &order, PAGE)?;
        let (open, late) = reading.case_counts(now_ms)?;
        Ok(CaseList {
            cases: page.rows.iter().map(CaseListRow::from).collect(),
            next: page.next,
            open,
            late,
            owners: owners(reading)?,
            missing: missing(reading, by)?,
            as_of: times::from_ms(now_ms),
        })
    })
}

/// The people who can be given a case.
pub(super) fn owners(reading: &Reading<'_>) -> Result<Vec<CaseOwner>, CouncilError> {
    let owners = reading.case_owners()?;
    Ok(owners.into_iter().map(|(user, name)| CaseOwner { user, name }).collect())
}
