//! Cases: the queue, one case with its log, and what is done about it.

use axum::extract::State;
use doorstep_domain::conduct::CaseDeed;

use crate::desk::cases::{self, CaseDetail, CaseId, CaseList, CaseQuery};
use crate::http::authorize::By;
use crate::http::blocking::ask;
use crate::http::extract::{Json, Path, Query};
use crate::http::problem::WebProblem;
use crate::service::Service;

pub(crate) async fn list(
    State(service): State<Service>,
    By(by): By,
    Query(query): Query<CaseQuery>,
) -> Result<Json<CaseList>, WebProblem> {
    ask(service, move |service| cases::list(service, &by, &query)).await.map(Json)
}

pub(crate) async fn show(
    State(service): State<Service>,
    By(by): By,
    Path(case): Path<String>,
) -> Result<Json<CaseDetail>, WebProblem> {
    let id: CaseId = case.parse().map_err(|_| WebProblem::NotFound)?;
    ask(service, move |service| cases::read(service, &by, id)).await.map(Json)
}

/// Does a deed about a case, and shows the case as it is afterwards.
pub(crate) async fn act(
    State(service): State<Service>,
    By(by): By,
    Path(case): Path<String>,
    Json(deed): Json<CaseDeed>,
) -> Result<Json<CaseDetail>, WebProblem> {
    let id: CaseId = case.parse().map_err(|_| WebProblem::NotFound)?;
    ask(service, move |service| cases::act(service, &by, id, &deed)).await.map(Json)
}
