//! The council's numbers: listing them, entering a value, and taking one back.

use axum::extract::State;
use chrono::NaiveDate;
use doorstep_domain::conduct::DatedNumber;
use serde::Deserialize;

use crate::desk::settings::{self, NumberList};
use crate::http::authorize::By;
use crate::http::blocking::ask;
use crate::http::extract::{Json, Path};
use crate::http::problem::WebProblem;
use crate::service::Service;

pub(crate) async fn list(State(service): State<Service>, By(by): By) -> Result<Json<NumberList>, WebProblem> {
    ask(service, move |service| settings::list(service, &by)).await.map(Json)
}

pub(crate) async fn enter(
    State(service): State<Service>,
    By(by): By,
    Json(number): Json<DatedNumber>,
) -> Result<(), WebProblem> {
    ask(service, move |service| settings::enter(service, &by, &number)).await
}

/// The number and the first day of the value to take back.
#[derive(Debug, Deserialize)]
pub(crate) struct NumberPath {
    name: String,
    from: NaiveDate,
}

pub(crate) async fn withdraw(
    State(service): State<Service>,
    By(by): By,
    Path(NumberPath { name, from }): Path<NumberPath>,
) -> Result<(), WebProblem> {
    ask(service, move |service| settings::withdraw(service, &by, &name, from)).await
}
