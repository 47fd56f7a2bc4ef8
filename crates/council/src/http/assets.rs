//! The console's pages, built by `npm run build` in `ui/` and carried inside the program.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use data_encoding::BASE64;
use rust_embed::RustEmbed;
use sha2::{Digest, Sha256};

#[derive(RustEmbed)]
#[folder = "../../ui/dist/console"]
#[allow_missing = true]
struct Console;

/// The console's page. It is the same for every view of the console.
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

/// A file that the page needs, by its path below `assets/`. Browsers may keep files below
/// `immutable/` for a year, because their names hold a hash of their content. They ask again for
/// any other file each time.
pub(crate) fn file(name: &str) -> Response {
    let Some(file) = Console::get(&format!("assets/{name}")) else { return StatusCode::NOT_FOUND.into_response() };
    let media_type = match name.rsplit('.').next() {
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("svg") => "image/svg+xml; charset=utf-8",
        Some("json") => "application/json",
        _ => "application/octet-stream",
    };
    let kept = if name.starts_with("immutable/") { "public, max-age=31536000, immutable" } else { "no-cache" };
    ([(header::CONTENT_TYPE, media_type), (header::CACHE_CONTROL, kept)], file.data).into_response()
}

/// Allows only the console's own scripts, styles and forms, and no frames. The inline script that
/// starts the console is allowed by its hash.
pub(crate) fn content_security_policy() -> HeaderValue {
    let page = Console::get("index.html").map(|page| page.data.into_owned()).unwrap_or_default();
    let page = String::from_utf8_lossy(&page);
    let scripts: String = scripts_within(&page)
        .map(|script| format!(" 'sha256-{}'", BASE64.encode(&Sha256::digest(script.as_bytes()))))
        .collect();
    HeaderValue::from_str(&format!(
        "default-src 'none'; script-src 'self'{scripts}; style-src 'self'; img-src 'self' data:; connect-src 'self'; \
         form-action 'self'; base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; \
         trusted-types svelte-trusted-html"
    ))
    // If the policy can't be written as a header, nothing may run.
    .unwrap_or(HeaderValue::from_static("default-src 'none'"))
}

/// The text of the inline scripts in a page.
fn scripts_within(page: &str) -> impl Iterator<Item = &str> {
    page.split("<script>").skip(1).filter_map(|rest| rest.split_once("</script>")).map(|(script, _)| script)
}
