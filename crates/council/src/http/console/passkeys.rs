//! A person's own passkeys: listing, making and removing them.

use axum::extract::State;
use serde::Deserialize;

use crate::access::passkey::{PasskeyAnswer, PasskeyAsked};
use crate::desk::passkeys::{self, OwnPasskeys};
use crate::http::authorize::By;
use crate::http::blocking::ask;
use crate::http::extract::{Json, Path};
use crate::http::problem::WebProblem;
use crate::service::Service;

pub(crate) async fn list(State(service): State<Service>, By(by): By) -> Result<Json<OwnPasskeys>, WebProblem> {
    ask(service, move |service| passkeys::list(service, &by)).await.map(Json)
}

pub(crate) async fn offer(State(service): State<Service>, By(by): By) -> Result<Json<PasskeyAsked>, WebProblem> {
    ask(service, move |service| passkeys::offer(service, &by)).await.map(Json)
}

/// A passkey that the browser made, and what its owner calls it.
#[derive(Debug, Deserialize, schemars::JsonSchema)]
pub(crate) struct NewPasskey {
    name: String,
    #[serde(flatten)]
    given: PasskeyAnswer,
}

pub(crate) async fn keep(
    State(service): State<Service>,
    By(by): By,
    Json(NewPasskey { name, given }): Json<NewPasskey>,
) -> Result<(), WebProblem> {
    ask(service, move |service| passkeys::keep(service, &by, &given, &name)).await
}

pub(crate) async fn forget(
    State(service): State<Service>,
    By(by): By,
    Path(id): Path<String>,
) -> Result<(), WebProblem> {
    ask(service, move |service| passkeys::forget(service, &by, &id)).await
}
