//! Homes where nobody got in, and the evidence about such a home.

use axum::extract::State;
use doorstep_domain::Uprn;

use crate::desk::no_access::{self, EvidencePack, NoAccessList, NoAccessQuery};
use crate::http::authorize::By;
use crate::http::blocking::ask;
use crate::http::extract::{Json, Path, Query};
use crate::http::problem::WebProblem;
use crate::service::Service;

pub(crate) async fn list(
    State(service): State<Service>,
    By(by): By,
    Query(query): Query<NoAccessQuery>,
) -> Result<Json<NoAccessList>, WebProblem> {
    ask(service, move |service| no_access::list(service, &by, query)).await.map(Json)
}

pub(crate) async fn evidence(
    State(service): State<Service>,
    By(by): By,
    Path(uprn): Path<String>,
) -> Result<Json<EvidencePack>, WebProblem> {
    let uprn = Uprn::try_from(uprn).map_err(|_| WebProblem::NotFound)?;
    ask(service, move |service| no_access::evidence(service, &by, &uprn)).await.map(Json)
}
