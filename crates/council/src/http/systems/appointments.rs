//! Adding or updating one appointment from a housing system.

use std::collections::BTreeMap;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use crate::http::authorize::By;
use crate::http::blocking::ask;
use crate::http::extract::{Json, Path};
use crate::http::problem::WebProblem;
use crate::import::{self, RowFault};
use crate::service::Service;
use crate::storage::ImportEffect;

/// What happened to an appointment.
#[derive(Debug, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Kept {
    /// It is new.
    Added,
    /// It was known, and has changed.
    Updated,
    /// It was known, and is the same.
    Unchanged,
    /// Nothing was changed, because there are faults.
    Nothing,
}

/// The answer to a housing system.
#[derive(Debug, Serialize, schemars::JsonSchema)]
pub(crate) struct AppointmentAnswer {
    /// What happened.
    kept: Kept,
    /// What is wrong, by column. If there is a fault, nothing was changed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    faults: Vec<RowFault>,
}

/// Adds or updates one appointment. `values` has the same column names as the table to import.
pub(crate) async fn put(
    State(service): State<Service>,
    By(by): By,
    Path(reference): Path<String>,
    Json(values): Json<BTreeMap<String, String>>,
) -> Result<Response, WebProblem> {
    let put = ask(service, move |service| import::put_appointment(service, &by, &reference, &values)).await?;
    let (status, kept, faults) = match put {
        Ok(ImportEffect::Added) => (StatusCode::CREATED, Kept::Added, Vec::new()),
        Ok(ImportEffect::Updated) => (StatusCode::OK, Kept::Updated, Vec::new()),
        Ok(ImportEffect::Unchanged) => (StatusCode::OK, Kept::Unchanged, Vec::new()),
        Err(faults) => (StatusCode::UNPROCESSABLE_ENTITY, Kept::Nothing, faults),
    };
    Ok((status, Json(AppointmentAnswer { kept, faults })).into_response())
}
