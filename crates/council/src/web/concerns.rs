//! Concerns that are not sealed: a firm is given those of its own people, and never a breach. Clauses 5.3, 6.1, 7, 8.

use axum::extract::State;
use serde::Deserialize;

use super::extract::{Json, Query};
use super::sessions::SignedIn;
use super::views::ConcernListRow;
use super::{WebProblem, ask};
use crate::Service;

/// Concerns on the page.
const MOST: usize = 500;

/// Filters as the address bar holds them.
#[derive(Debug, Default, Deserialize, schemars::JsonSchema)]
pub(crate) struct Wanted {
    kind: Option<String>,
}

pub(crate) async fn list(
    State(service): State<Service>,
    person: SignedIn,
    Query(wanted): Query<Wanted>,
) -> Result<Json<Vec<ConcernListRow>>, WebProblem> {
    let firm = person.bound_to();
    let kind = wanted.kind.filter(|kind| !kind.is_empty());
    ask(service, move |service| {
        let rows = service.storage.read(|reading| reading.plain_concerns(firm.as_deref(), kind.as_deref(), MOST))?;
        Ok(rows.into_iter().map(ConcernListRow::from).collect())
    })
    .await
    .map(Json)
}
