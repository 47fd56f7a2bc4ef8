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

/// A file of the page, by its path below `assets/`. Those whose name holds a hash of what is in them
/// never change; any other is asked for again each time.
pub(crate) fn file(name: &str) -> Response {
    let Some(file) = Console::get(&format!("assets/{name}")) else { return StatusCode::NOT_FOUND.into_response() };
    let media_type = match name.rsplit('.').next() {
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("json") => "application/json",
        _ => "application/octet-stream",
    };
    let kept = if name.starts_with("immutable/") { "public, max-age=31536000, immutable" } else { "no-cache" };
    ([(header::CONTENT_TYPE, media_type), (header::CACHE_CONTROL, kept)], file.data).into_response()
}

/// No script, style, frame or form but the console's own. The one script that stands in the page
/// itself, which starts the others, is let in by its hash.
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
    // A page whose policy can't be said runs nothing at all.
    .unwrap_or(HeaderValue::from_static("default-src 'none'"))
}

/// The scripts whose text stands in a page.
fn scripts_within(page: &str) -> impl Iterator<Item = &str> {
    page.split("<script>").skip(1).filter_map(|rest| rest.split_once("</script>")).map(|(script, _)| script)
}
