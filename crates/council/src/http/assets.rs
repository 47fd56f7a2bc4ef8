//! The console's pages, built by `npm run build` in `ui/` and carried inside the program.

use axum::http::{StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use rust_embed::RustEmbed;

#[derive(RustEmbed)]
#[folder = "../../ui/dist/console"]
#[allow_missing = true]
struct Console;

/// The page itself, for every address that is a view of the console.
pub(crate) fn page() -> Response {
    match Console::get("index.html") {
        Some(page) => Html(page.data).into_response(),
        None => (
            StatusCode::SERVICE_UNAVAILABLE,
            "This build has no console in it: run `npm run build` in ui/, then build again.",
        )
            .into_response(),
    }
}

/// A file of the page. Its name holds a hash of what is in it, so it never changes.
pub(crate) fn file(name: &str) -> Response {
    let Some(file) = Console::get(&format!("assets/{name}")) else { return StatusCode::NOT_FOUND.into_response() };
    let media_type = match name.rsplit('.').next() {
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("svg") => "image/svg+xml",
        _ => "application/octet-stream",
    };
    let headers = [(header::CONTENT_TYPE, media_type), (header::CACHE_CONTROL, "public, max-age=31536000, immutable")];
    (headers, file.data).into_response()
}
