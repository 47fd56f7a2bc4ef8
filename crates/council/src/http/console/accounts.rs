//! Changes to accounts that wait until somebody agrees.

use axum::extract::State;
use doorstep_domain::ledger::Hash;

use crate::desk::accounts::{self, AccountDecide, AccountList};
use crate::http::authorize::By;
use crate::http::blocking::ask;
use crate::http::extract::{Json, Path};
use crate::http::problem::WebProblem;
use crate::service::Service;

pub(crate) async fn list(State(service): State<Service>, By(by): By) -> Result<Json<AccountList>, WebProblem> {
    ask(service, move |service| accounts::list(service, &by)).await.map(Json)
}

/// Agrees to a change or refuses it, and shows what waits afterwards.
pub(crate) async fn decide(
    State(service): State<Service>,
    By(by): By,
    Path(change): Path<String>,
    Json(request): Json<AccountDecide>,
) -> Result<Json<AccountList>, WebProblem> {
    let change: Hash = change.parse().map_err(|_| WebProblem::NotFound)?;
    ask(service, move |service| accounts::decide(service, &by, change, &request)).await.map(Json)
}
