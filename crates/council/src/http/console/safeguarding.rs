//! Safeguarding notes. For people who are not safeguarding leads, the answer is 404.

use axum::extract::State;
use doorstep_domain::RecordId;

use crate::desk::safeguarding::{self, LeadsLog, NoteQuery, OpenedNote, SafeguardingList};
use crate::http::authorize::By;
use crate::http::blocking::ask;
use crate::http::extract::{Json, Path, Query};
use crate::http::problem::WebProblem;
use crate::service::Service;

pub(crate) async fn list(
    State(service): State<Service>,
    By(by): By,
    Query(query): Query<NoteQuery>,
) -> Result<Json<SafeguardingList>, WebProblem> {
    ask(service, move |service| safeguarding::list(service, &by, &query)).await.map(Json)
}

pub(crate) async fn open(
    State(service): State<Service>,
    By(by): By,
    Path(record): Path<String>,
) -> Result<Json<OpenedNote>, WebProblem> {
    let record: RecordId = record.parse().map_err(|_| WebProblem::NotFound)?;
    ask(service, move |service| safeguarding::open(service, &by, record)).await.map(Json)
}

pub(crate) async fn log(State(service): State<Service>, By(by): By) -> Result<Json<LeadsLog>, WebProblem> {
    ask(service, move |service| safeguarding::log(service, &by)).await.map(Json)
}
