//! The console's files.

use axum::http::{StatusCode, Uri};
use axum::response::{Html, IntoResponse, Redirect, Response};
use percent_encoding::percent_decode_str;

use crate::http::assets;
use crate::http::extract::Path;
use crate::http::problem::WebProblem;

/// The page for an address that the console itself can't read. It stands alone, because the
/// console's script stops at such an address.
const UNREADABLE: &str = "<!doctype html><html lang=\"en-GB\"><meta charset=\"utf-8\">\
    <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><title>Page not found – Doorstep console</title>\
    <h1>Page not found</h1><p>Check the address, or <a href=\"/\">go to Today</a>.</p></html>";

pub(crate) async fn console() -> Response {
    assets::page()
}

pub(crate) async fn asset(Path(name): Path<String>) -> Response {
    assets::file(&name)
}

/// The answer at an address that is not in the table of routes: a problem for programs, and a page
/// for people. A slash too many at the end leads to the address without it.
pub(crate) async fn not_found(uri: Uri) -> Response {
    let path = uri.path();
    if path.starts_with("/api/") || path.starts_with("/v1/") || path.starts_with("/v2/") {
        return WebProblem::NotFound.into_response();
    }
    page_not_found(&uri)
}

fn page_not_found(uri: &Uri) -> Response {
    if percent_decode_str(uri.path()).decode_utf8().is_err() || has_stray_percent(uri.path()) {
        return (StatusCode::NOT_FOUND, Html(UNREADABLE)).into_response();
    }
    match without_last_slash(uri) {
        Some(address) => Redirect::permanent(&address).into_response(),
        None => (StatusCode::NOT_FOUND, assets::page()).into_response(),
    }
}

/// Whether a percent sign stands without two hexadecimal digits behind it.
fn has_stray_percent(path: &str) -> bool {
    let is_code = |rest: &str| rest.bytes().take(2).filter(u8::is_ascii_hexdigit).count() == 2;
    path.split('%').skip(1).any(|rest| !is_code(rest))
}

/// The same address without the slash at its end. It stays on this site, whatever the path holds.
fn without_last_slash(uri: &Uri) -> Option<String> {
    let name = uri.path().strip_prefix('/')?.strip_suffix('/')?;
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    if !name.split('/').all(|part| !part.is_empty() && part.bytes().all(is_plain)) {
        return None;
    }
    let query = uri.query().map(|query| format!("?{query}")).unwrap_or_default();
    Some(format!("/{name}{query}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slash_at_the_end_leads_to_the_page_and_never_to_another_site() {
        let leads = |address: &str| without_last_slash(&address.parse().unwrap());
        assert_eq!(leads("/cases/").as_deref(), Some("/cases"));
        assert_eq!(leads("/visits/?entry=lawful").as_deref(), Some("/visits?entry=lawful"));
        for address in ["/", "/cases", "//evil.example/", "///evil.example/", "/evil.example/", "/a//b/"] {
            assert_eq!(leads(address), None, "{address}");
        }
    }

    #[test]
    fn a_percent_sign_needs_its_two_digits() {
        for path in ["/%", "/%4", "/%zz", "/a%20b%"] {
            assert!(has_stray_percent(path), "{path}");
        }
        for path in ["/", "/%20", "/a%C3%A9b"] {
            assert!(!has_stray_percent(path), "{path}");
        }
    }
}
