//! Concerns that are not sealed.

use axum::extract::State;

use crate::desk::concerns::{self, ConcernList, ConcernQuery};
use crate::http::authorize::By;
use crate::http::blocking::ask;
use crate::http::extract::{Json, Query};
use crate::http::problem::WebProblem;
use crate::service::Service;

pub(crate) async fn list(
    State(service): State<Service>,
    By(by): By,
    Query(query): Query<ConcernQuery>,
) -> Result<Json<ConcernList>, WebProblem> {
    ask(service, move |service| concerns::list(service, &by, query)).await.map(Json)
}
