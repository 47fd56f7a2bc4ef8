//! People and organisations: listing people with their roles, importing them, and changing them.

use axum::extract::State;
use serde::Deserialize;

use crate::desk::people::{self, PeopleQuery, PersonChange, PersonChanged, PersonList};
use crate::http::authorize::By;
use crate::http::blocking::ask;
use crate::http::extract::{Json, Path, Query, Table};
use crate::http::problem::WebProblem;
use crate::import::{self, ImportMode, Imported};
use crate::service::Service;

pub(crate) async fn list(
    State(service): State<Service>,
    By(by): By,
    Query(query): Query<PeopleQuery>,
) -> Result<Json<PersonList>, WebProblem> {
    ask(service, move |service| people::list(service, &by, query)).await.map(Json)
}

/// Whether to import the table, or, with `only_look`, only to check it.
#[derive(Debug, Deserialize, schemars::JsonSchema)]
pub(crate) struct ImportQuery {
    #[serde(default)]
    only_look: bool,
}

/// Imports a table of people, all of it or nothing, and lists its faults.
pub(crate) async fn import(
    State(service): State<Service>,
    By(by): By,
    Query(ImportQuery { only_look }): Query<ImportQuery>,
    table: Table,
) -> Result<Json<Imported>, WebProblem> {
    let mode = if only_look { ImportMode::Preview } else { ImportMode::AllOrNothing };
    ask(service, move |service| import::people(service, &by, &table.bytes, mode)).await.map(Json)
}

pub(crate) async fn change(
    State(service): State<Service>,
    By(by): By,
    Path(user): Path<String>,
    Json(change): Json<PersonChange>,
) -> Result<Json<PersonChanged>, WebProblem> {
    ask(service, move |service| people::change(service, &by, &user, &change)).await.map(Json)
}
