//! Signing in with the council's own accounts: going to the provider, and coming back.

use std::sync::Arc;

use axum::Extension;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{AppendHeaders, IntoResponse, Response};
use serde::{Deserialize, Serialize};

use crate::access::openid::{CameBack, Provider, sign_in};
use crate::access::openid_attempt::Attempt;
use crate::http::blocking::ask;
use crate::http::cookies::{self, FromBrowser};
use crate::http::extract::{Json, Query};
use crate::http::problem::WebProblem;
use crate::service::Service;

/// The sign-in provider. `None` when the service has none.
pub(crate) type Known = Extension<Option<Arc<Provider>>>;

const ATTEMPT: &str = "doorstep_openid";

/// The ways in which people can sign in, besides a password.
#[derive(Debug, Serialize, schemars::JsonSchema, ts_rs::TS)]
pub(crate) struct WaysIn {
    /// The name of the OpenID Connect provider; `null` when there is none.
    openid: Option<String>,
}

pub(crate) async fn ways_in(Extension(provider): Known) -> Json<WaysIn> {
    Json(WaysIn { openid: provider.as_ref().map(|provider| provider.name().to_owned()) })
}

/// Whether a person who has signed in is to prove once more who they are.
#[derive(Deserialize, schemars::JsonSchema)]
pub(crate) struct BeginQuery {
    #[serde(default)]
    again: bool,
    /// The page of the console to which they go back.
    #[serde(default)]
    page: String,
}

/// Redirects a person to the provider.
pub(crate) async fn begin(
    State(service): State<Service>,
    Extension(provider): Known,
    headers: HeaderMap,
    Query(BeginQuery { again, page }): Query<BeginQuery>,
) -> Response {
    // A link on another site signs nobody in: they may not have wanted it.
    if headers.get("sec-fetch-site").is_some_and(|from| from != "same-origin" && from != "none") {
        return to("/", "");
    }
    let Some(provider) = provider else { return to("/?sign-in=no-provider", "") };
    let over_tls = service.is_over_tls();
    let before = cookies::session(&service, &headers);
    let Some(place) = provider.place() else { return to("/?sign-in=no-provider", "") };
    let begun = ask(service, move |service| provider.begin(&service.environment, again, before.as_ref(), &page)).await;
    drop(place);
    let Ok((address, attempt)) = begun else { return to("/?sign-in=no-provider", "") };
    to(&address, &attempt_cookie(&attempt.to_string(), 600, over_tls))
}

/// The cookie that a browser keeps while a person signs in at the provider. They come back from
/// another site, and browsers do not send a strict cookie then.
fn attempt_cookie(attempt: &str, seconds: u32, over_tls: bool) -> String {
    let secure = if over_tls { "; Secure" } else { "" };
    let name = cookies::name_of(ATTEMPT, over_tls);
    format!("{name}={attempt}; Path=/; HttpOnly; SameSite=Lax; Max-Age={seconds}{secure}")
}

/// The query with which the provider sends a person back.
#[derive(Deserialize, schemars::JsonSchema)]
pub(crate) struct ProviderReturn {
    code: Option<String>,
    state: Option<String>,
}

impl ProviderReturn {
    /// The attempt that this browser began, and the provider's code for it. `None` if it began
    /// none, or another one.
    fn of_this_browser(self, headers: &HeaderMap, over_tls: bool) -> Option<(Attempt, String)> {
        let attempt =
            cookies::value(headers, &cookies::name_of(ATTEMPT, over_tls)).and_then(|kept| Attempt::read(&kept))?;
        attempt.is(self.state.as_deref().unwrap_or_default()).then_some(attempt).zip(self.code)
    }
}

/// Signs in a person who comes back from the provider, and redirects them to the console.
pub(crate) async fn back(
    State(service): State<Service>,
    Extension(provider): Known,
    FromBrowser(browser): FromBrowser,
    headers: HeaderMap,
    Query(said): Query<ProviderReturn>,
) -> Response {
    let Some(provider) = provider else { return to("/?sign-in=no-provider", "") };
    let secure = service.is_over_tls();
    let over = attempt_cookie("", 0, secure);
    let Some((attempt, code)) = said.of_this_browser(&headers, secure) else {
        return to("/?sign-in=broken-off", &over);
    };
    let is_too_much = browser.network.is_some_and(|network| service.rates.try_from(network).is_err());
    let Some(place) = provider.place().filter(|_| !is_too_much) else { return to("/?sign-in=no-provider", &over) };
    let page = attempt.page();
    let came_back = ask(service, move |service| sign_in(service, &provider, attempt, code, &browser)).await;
    drop(place);
    signed_in_or_not(came_back, &page, secure, over)
}

/// Redirects to a page of the console, with a session if the provider's answer gave one.
fn signed_in_or_not(came_back: Result<CameBack, WebProblem>, page: &str, secure: bool, over: String) -> Response {
    match came_back {
        Ok(CameBack::SignedIn(opened)) => {
            let mut cookies = cookies::of_session(&opened, secure);
            cookies.push(over);
            let cookies = cookies.into_iter().map(|cookie| (header::SET_COOKIE, cookie));
            (AppendHeaders(cookies), to(page, "")).into_response()
        }
        Ok(CameBack::NotKnown) => to("/?sign-in=not-known", &over),
        Ok(CameBack::AskedTooLittle) => to("/?sign-in=asked-too-little", &over),
        Ok(CameBack::AskedTooLongAgo) => to("/?sign-in=asked-too-long-ago", &over),
        Err(_) => to("/?sign-in=no-provider", &over),
    }
}

fn to(address: &str, cookie: &str) -> Response {
    let mut response = StatusCode::SEE_OTHER.into_response();
    let headers = response.headers_mut();
    if let Ok(address) = HeaderValue::from_str(address) {
        headers.insert(header::LOCATION, address);
    }
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let Some(cookie) = HeaderValue::from_str(cookie).ok().filter(|cookie| !cookie.is_empty()) {
        headers.append(header::SET_COOKIE, cookie);
    }
    response
}
