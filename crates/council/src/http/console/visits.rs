//! The list of visits, one visit, and its photos.

use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use doorstep_domain::VisitId;
use doorstep_domain::ledger::Hash;

use crate::desk::visits::{self, DecideVisit, VisitDetail, VisitList};
use crate::export::ListQuery;
use crate::http::authorize::By;
use crate::http::blocking::ask;
use crate::http::extract::{Json, Path, Query};
use crate::http::problem::WebProblem;
use crate::service::Service;

pub(crate) async fn list(
    State(service): State<Service>,
    By(by): By,
    Query(query): Query<ListQuery>,
) -> Result<Json<VisitList>, WebProblem> {
    ask(service, move |service| visits::list(service, &by, &query)).await.map(Json)
}

pub(crate) async fn show(
    State(service): State<Service>,
    By(by): By,
    Path(visit): Path<String>,
) -> Result<Json<VisitDetail>, WebProblem> {
    let visit: VisitId = visit.parse().map_err(|_| WebProblem::NotFound)?;
    ask(service, move |service| visits::read(service, &by, visit)).await.map(Json)
}

/// Decides about a visit, and shows it as it is afterwards.
pub(crate) async fn decide(
    State(service): State<Service>,
    By(by): By,
    Path(visit): Path<String>,
    Json(request): Json<DecideVisit>,
) -> Result<Json<VisitDetail>, WebProblem> {
    let visit: VisitId = visit.parse().map_err(|_| WebProblem::NotFound)?;
    ask(service, move |service| visits::decide(service, &by, visit, &request)).await.map(Json)
}

pub(crate) async fn photo(
    State(service): State<Service>,
    By(by): By,
    Path((visit, sha256)): Path<(String, String)>,
) -> Result<Response, WebProblem> {
    let visit: VisitId = visit.parse().map_err(|_| WebProblem::NotFound)?;
    let sha256: Hash = sha256.parse().map_err(|_| WebProblem::NotFound)?;
    let file = ask(service, move |service| visits::photo(service, &by, visit, sha256)).await?;
    Ok(([(header::CONTENT_TYPE, "image/jpeg"), (header::CACHE_CONTROL, "private, no-store")], file).into_response())
}

pub(crate) async fn organisations(State(service): State<Service>, By(by): By) -> Result<Json<Vec<String>>, WebProblem> {
    ask(service, move |service| visits::organisations(service, &by)).await.map(Json)
}
