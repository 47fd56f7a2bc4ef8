//! The audit log.

use axum::extract::State;

use crate::desk::audit::{self, AuditCheck, AuditCheckQuery, AuditList, AuditQuery};
use crate::http::authorize::By;
use crate::http::blocking::ask;
use crate::http::extract::{Json, Query};
use crate::http::problem::WebProblem;
use crate::service::Service;

pub(crate) async fn list(
    State(service): State<Service>,
    By(by): By,
    Query(query): Query<AuditQuery>,
) -> Result<Json<AuditList>, WebProblem> {
    ask(service, move |service| audit::list(service, &by, query)).await.map(Json)
}

pub(crate) async fn check(
    State(service): State<Service>,
    By(by): By,
    Query(query): Query<AuditCheckQuery>,
) -> Result<Json<AuditCheck>, WebProblem> {
    ask(service, move |service| audit::check(service, &by, query)).await.map(Json)
}
