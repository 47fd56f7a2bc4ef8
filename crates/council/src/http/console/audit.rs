//! The audit log.

use axum::extract::State;

use crate::desk::audit::{self, AuditList, AuditQuery};
use crate::http::blocking::ask;
use crate::http::extract::{Json, Query};
use crate::http::problem::WebProblem;
use crate::service::Service;

pub(crate) async fn list(
    State(service): State<Service>,
    Query(query): Query<AuditQuery>,
) -> Result<Json<AuditList>, WebProblem> {
    ask(service, move |service| audit::list(service, query)).await.map(Json)
}
