//! The console's cookies. No script can read them, and requests from other sites do not carry them.

use axum::http::{HeaderMap, header};

use crate::access::session::{NewSession, TokenHash};
use crate::access::token::token_hash;
use crate::service::Service;

/// The cookie with a session's token.
pub(crate) const SESSION: &str = "doorstep_session";
/// The cookie with the token of a browser from which a person has signed in before.
const KNOWN_BROWSER: &str = "doorstep_browser";

/// The value of a cookie that came with a request.
pub(crate) fn value(headers: &HeaderMap, name: &str) -> Option<String> {
    let cookies = headers.get(header::COOKIE)?.to_str().ok()?;
    let value = cookies.split(';').find_map(|cookie| cookie.trim().strip_prefix(name)?.strip_prefix('='))?;
    Some(value.to_owned())
}

/// The hash of the session token in a request.
pub(crate) fn session(headers: &HeaderMap) -> Option<TokenHash> {
    value(headers, SESSION).map(|value| token_hash(&value))
}

/// The hash of the browser token in a request.
pub(crate) fn known_browser(headers: &HeaderMap) -> Option<TokenHash> {
    value(headers, KNOWN_BROWSER).map(|value| token_hash(&value))
}

/// The cookies that a browser gets when a session begins.
pub(crate) fn of_session(opened: &NewSession, over_tls: bool) -> Vec<String> {
    let secure = if over_tls { "; Secure" } else { "" };
    let kept =
        |name: &str, value: &str, age: &str| format!("{name}={value}; Path=/; HttpOnly; SameSite=Strict{age}{secure}");
    let known = opened.known_browser.as_ref().map(|browser| kept(KNOWN_BROWSER, browser, "; Max-Age=31536000"));
    std::iter::once(kept(SESSION, &opened.token, "")).chain(known).collect()
}

/// The cookie that removes the session token from the browser.
pub(crate) fn end_of_session() -> String {
    format!("{SESSION}=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0")
}

/// Whether people reach the service over TLS, by its public address or the proxy's
/// `X-Forwarded-Proto`.
pub(crate) fn is_over_tls(service: &Service, headers: &HeaderMap) -> bool {
    service.public_address.as_ref().is_some_and(|address| address.starts_with("https://"))
        || headers.get("x-forwarded-proto").is_some_and(|proto| proto == "https")
}

/// The browser's `User-Agent`, up to 200 characters. Empty when it sends none.
pub(crate) fn browser_name(headers: &HeaderMap) -> String {
    let said = headers.get(header::USER_AGENT).and_then(|said| said.to_str().ok()).unwrap_or_default();
    said.chars().take(200).collect()
}
