//! Reports.

use axum::extract::State;

use crate::desk::reports::{self, Reports};
use crate::export::ListQuery;
use crate::http::authorize::By;
use crate::http::blocking::ask;
use crate::http::extract::{Json, Query};
use crate::http::problem::WebProblem;
use crate::service::Service;

pub(crate) async fn show(
    State(service): State<Service>,
    By(by): By,
    Query(query): Query<ListQuery>,
) -> Result<Json<Reports>, WebProblem> {
    ask(service, move |service| reports::read(service, &by, &query)).await.map(Json)
}
