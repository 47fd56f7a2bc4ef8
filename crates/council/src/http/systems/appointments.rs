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

/// The answer to a housing system.
#[derive(Debug, Serialize, schemars::JsonSchema)]
pub(crate) struct AppointmentAnswer {
    /// What happened: `added`, `updated`, `unchanged`, or `nothing` when there are faults.
    kept: &'static str,
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
    Ok(match put {
        Ok(ImportEffect::Added) => (StatusCode::CREATED, Json(AppointmentAnswer { kept: "added", faults: Vec::new() })),
        Ok(ImportEffect::Updated) => (StatusCode::OK, Json(AppointmentAnswer { kept: "updated", faults: Vec::new() })),
        Ok(ImportEffect::Unchanged) => {
            (StatusCode::OK, Json(AppointmentAnswer { kept: "unchanged", faults: Vec::new() }))
        }
        Err(faults) => (StatusCode::UNPROCESSABLE_ENTITY, Json(AppointmentAnswer { kept: "nothing", faults })),
    }
    .into_response())
}
