//! The feed of visits for spreadsheets and other systems.

use doorstep_domain::VisitId;

use super::Actor;
use crate::error::CouncilError;
use crate::service::Service;
use crate::storage::{Audited, Filter, FoldedVisit};

/// Which part of the feed to read.
#[derive(Debug)]
pub(crate) struct FeedPart {
    /// Which visits, and after which place.
    pub(crate) filter: Filter,
    /// The most visits to return now.
    pub(crate) page: usize,
    /// The most visits that the caller wants in all.
    pub(crate) total: usize,
    /// Whether to count all visits that the filter chooses.
    pub(crate) counted: bool,
}

/// A page of the feed.
pub(crate) struct FeedPage {
    /// The visits, newest first.
    pub(crate) rows: Vec<FoldedVisit>,
    /// How many visits the filter chooses; `None` unless it was asked for.
    pub(crate) count: Option<u64>,
    /// After which place the next page begins: the start of a visit in milliseconds since 1970, and
    /// its id. `None` on the last page.
    pub(crate) next: Option<(i64, VisitId)>,
}

/// Reads a page of the feed. The reading is written to the audit log.
///
/// # Errors
/// [`CouncilError`] when the database fails.
pub(crate) fn read(service: &Service, by: &Actor, part: &FeedPart) -> Result<FeedPage, CouncilError> {
    let now_ms = service.now_ms();
    let page = part.page.min(part.total);
    service.transact(|writing| {
        let whole = Filter { after: None, ..part.filter.clone() };
        let count = part.counted.then(|| writing.count_visits(&whole)).transpose()?;
        let mut rows = writing.visits(&part.filter, page.saturating_add(1))?;
        let more = rows.len() > page && part.total > page;
        rows.truncate(page);
        let next = rows.last().filter(|_| more).map(|last| (last.columns.started_ms, last.columns.visit));
        writing.audit(now_ms, by.name(), &Audited::FeedRead { rows: rows.len() })?;
        Ok(FeedPage { rows, count, next })
    })
}
