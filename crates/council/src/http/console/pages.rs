//! The console's files.

use axum::http::Uri;
use axum::response::{IntoResponse, Response};

use crate::http::assets;
use crate::http::extract::Path;
use crate::http::problem::WebProblem;

pub(crate) async fn console() -> Response {
    assets::page()
}

pub(crate) async fn asset(Path(name): Path<String>) -> Response {
    assets::file(&name)
}

pub(crate) async fn not_found(uri: Uri) -> Response {
    if uri.path().starts_with("/api/") || uri.path().starts_with("/v1/") {
        WebProblem::NotFound.into_response()
    } else {
        (axum::http::StatusCode::NOT_FOUND, assets::page()).into_response()
    }
}
