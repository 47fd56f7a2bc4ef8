//! Appointments: listing them, importing a table with a preview, giving one to another visitor, and
//! calling one off.

use axum::extract::State;
use doorstep_domain::AppointmentRef;
use serde::Deserialize;

use crate::desk::appointments::{self, AppointmentChange, AppointmentList, AppointmentListRow, AppointmentQuery};
use crate::http::authorize::By;
use crate::http::blocking::ask;
use crate::http::extract::{Json, Path, Query, Table};
use crate::http::problem::WebProblem;
use crate::import::{self, ImportMode, Imported};
use crate::service::Service;

pub(crate) async fn list(
    State(service): State<Service>,
    By(by): By,
    Query(query): Query<AppointmentQuery>,
) -> Result<Json<AppointmentList>, WebProblem> {
    ask(service, move |service| appointments::list(service, &by, query)).await.map(Json)
}

/// Shows what importing a table would do. Changes nothing.
pub(crate) async fn preview(
    State(service): State<Service>,
    By(by): By,
    table: Table,
) -> Result<Json<Imported>, WebProblem> {
    ask(service, move |service| import::appointments(service, &by, &table.bytes, ImportMode::Preview)).await.map(Json)
}

/// Which rows of a table to import: with `only_good`, the rows without faults.
#[derive(Debug, Deserialize, schemars::JsonSchema)]
pub(crate) struct ImportQuery {
    #[serde(default)]
    only_good: bool,
}

/// Imports a table: all rows or none, or only the rows without faults.
pub(crate) async fn import(
    State(service): State<Service>,
    By(by): By,
    Query(ImportQuery { only_good }): Query<ImportQuery>,
    table: Table,
) -> Result<Json<Imported>, WebProblem> {
    let mode = if only_good { ImportMode::GoodRowsOnly } else { ImportMode::AllOrNothing };
    ask(service, move |service| import::appointments(service, &by, &table.bytes, mode)).await.map(Json)
}

pub(crate) async fn change(
    State(service): State<Service>,
    By(by): By,
    Path(reference): Path<String>,
    Json(change): Json<AppointmentChange>,
) -> Result<Json<AppointmentListRow>, WebProblem> {
    let reference: AppointmentRef = reference.parse().map_err(|_| WebProblem::NotFound)?;
    ask(service, move |service| appointments::change(service, &by, &reference, &change)).await.map(Json)
}
