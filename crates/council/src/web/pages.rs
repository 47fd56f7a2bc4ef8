//! The console's files, and what a probe asks.

use axum::extract::{Path, State};
use axum::http::Uri;
use axum::response::{IntoResponse, Response};

use super::{WebProblem, ask};
use crate::{Service, assets};

pub(crate) async fn console() -> Response {
    assets::page()
}

pub(crate) async fn asset(Path(name): Path<String>) -> Response {
    assets::file(&name)
}

/// Whether the database answers.
pub(crate) async fn health(State(service): State<Service>) -> Result<&'static str, WebProblem> {
    ask(service, |service| service.storage.read(|reading| reading.meta(crate::service::NAME))).await?;
    Ok("ok\n")
}

pub(crate) async fn not_found(uri: Uri) -> Response {
    if uri.path().starts_with("/api/") || uri.path().starts_with("/v1/") {
        WebProblem::NotFound.into_response()
    } else {
        (axum::http::StatusCode::NOT_FOUND, assets::page()).into_response()
    }
}
