//! Concerns that are not sealed: a firm is given those of its own people, and never a breach. Clauses 5.3, 6.1, 7, 8.

use axum::extract::State;
use serde::Deserialize;

use crate::error::CouncilError;
use crate::http::console::sign_in::SignedIn;
use crate::http::console::views::{ConcernList, ConcernListRow};
use crate::http::extract::{Json, Query};
use crate::http::{WebProblem, ask};
use crate::service::Service;
use crate::storage::ConcernFilter;

/// Concerns on a page.
const PAGE: usize = 50;

/// Filters as the address bar holds them.
#[derive(Debug, Default, Deserialize, schemars::JsonSchema)]
pub(crate) struct Wanted {
    /// Of this kind, by its stable name.
    kind: Option<String>,
    /// Behind this place in the list, as the page before gave it.
    after: Option<String>,
}

pub(crate) async fn list(
    State(service): State<Service>,
    person: SignedIn,
    Query(wanted): Query<Wanted>,
) -> Result<Json<ConcernList>, WebProblem> {
    let said = |text: Option<String>| text.filter(|text| !text.is_empty());
    let place = |text: String| {
        let (at, record) = text.split_once('.')?;
        Some((at.parse().ok()?, record.parse().ok()?))
    };
    let after = said(wanted.after).map(|text| place(text).ok_or(CouncilError::NoSuchPage)).transpose()?;
    let filter = ConcernFilter { firm: person.bound_to(), kind: said(wanted.kind), after };
    ask(service, move |service| {
        let mut rows = service.storage.read(|reading| reading.plain_concerns(&filter, PAGE + 1))?;
        let more = rows.len() > PAGE;
        rows.truncate(PAGE);
        let last = rows.last().filter(|_| more).map(|row| &row.plain);
        let next = last.map(|last| format!("{}.{}", last.concern.noticed_at.timestamp_millis(), last.record));
        Ok(ConcernList { concerns: rows.into_iter().map(ConcernListRow::from).collect(), next })
    })
    .await
    .map(Json)
}
