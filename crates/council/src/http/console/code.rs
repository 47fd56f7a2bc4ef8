//! Versions of the Code, publishing one, and the register of signatures.

use axum::extract::State;
use chrono::NaiveDate;
use doorstep_domain::conduct::{CodeSection, PublishedCode};
use serde::Deserialize;

use crate::desk::code::{self, CodeList};
use crate::desk::register::{self, Register, RegisterQuery};
use crate::http::authorize::By;
use crate::http::blocking::ask;
use crate::http::extract::{Json, Query};
use crate::http::problem::WebProblem;
use crate::service::Service;

/// A version to publish.
#[derive(Debug, Deserialize, schemars::JsonSchema)]
pub(crate) struct NewCode {
    label: String,
    from: NaiveDate,
    text: String,
}

pub(crate) async fn list(State(service): State<Service>, By(by): By) -> Result<Json<CodeList>, WebProblem> {
    ask(service, move |service| code::list(service, &by)).await.map(Json)
}

pub(crate) async fn publish(
    State(service): State<Service>,
    By(by): By,
    Json(new): Json<NewCode>,
) -> Result<Json<Vec<CodeSection>>, WebProblem> {
    let code = PublishedCode { label: new.label, from: new.from, text: new.text };
    ask(service, move |service| code::publish(service, &by, &code)).await.map(Json)
}

pub(crate) async fn register(
    State(service): State<Service>,
    By(by): By,
    Query(query): Query<RegisterQuery>,
) -> Result<Json<Register>, WebProblem> {
    ask(service, move |service| register::list(service, &by, query)).await.map(Json)
}
