//! Signing in with the council's own accounts: to the provider, and back.

use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{AppendHeaders, IntoResponse, Response};
use serde::{Deserialize, Serialize};

use crate::access::openid::{Attempt, BACK, Identity};
use crate::error::CouncilError;
use crate::http::ask;
use crate::http::console::sign_in::{cookie, is_over_tls, open_session, session_cookies};
use crate::http::extract::{Json, Query};
use crate::service::Service;
use crate::storage::Person;

const ATTEMPT: &str = "doorstep_openid";

/// By what people can sign in.
#[derive(Debug, Serialize, schemars::JsonSchema)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub(crate) struct WaysIn {
    /// What people call the provider with which they can sign in, where there is one.
    openid: Option<String>,
}

pub(crate) async fn ways_in(State(service): State<Service>) -> Json<WaysIn> {
    Json(WaysIn { openid: service.provider.as_ref().map(|provider| provider.name().to_owned()) })
}

/// Sends somebody to the provider.
pub(crate) async fn begin(State(service): State<Service>, headers: HeaderMap) -> Response {
    let Some(provider) = service.provider.clone() else { return to("/?sign-in=no-provider", "") };
    let secure = if is_over_tls(&service, &headers) { "; Secure" } else { "" };
    let begun = ask(service, move |service| provider.begin(&service.environment)).await;
    let Ok((address, attempt)) = begun else { return to("/?sign-in=no-provider", "") };
    // The provider's page sends people back from another site: a strict cookie would not come with them.
    let kept = format!("{ATTEMPT}={attempt}; Path={BACK}; HttpOnly; SameSite=Lax; Max-Age=600{secure}");
    to(&address, &kept)
}

/// What the provider says when it sends somebody back.
#[derive(Deserialize, schemars::JsonSchema)]
pub(crate) struct Back {
    code: Option<String>,
    state: Option<String>,
}

/// Somebody is back from the provider.
pub(crate) async fn back(State(service): State<Service>, headers: HeaderMap, Query(said): Query<Back>) -> Response {
    let Some(provider) = service.provider.clone() else { return to("/?sign-in=no-provider", "") };
    let over = format!("{ATTEMPT}=; Path={BACK}; HttpOnly; SameSite=Lax; Max-Age=0");
    let attempt = cookie(&headers, ATTEMPT).and_then(|kept| Attempt::read(&kept));
    let attempt = attempt.filter(|attempt| attempt.is(said.state.as_deref().unwrap_or_default()));
    let (Some(attempt), Some(code)) = (attempt, said.code) else { return to("/?sign-in=broken-off", &over) };
    let secure = is_over_tls(&service, &headers);
    let browser = crate::http::console::sign_in::browser_name(&headers);
    let signed_in = ask(service, move |service| {
        let identity = provider.finish(&service.environment, attempt, code)?;
        let now_ms = service.environment.clock.now_ms();
        match known(service, &identity)? {
            Some(person) => open_session(service, &person, true, &browser, now_ms).map(Some),
            None => {
                service.storage.transact(&service.environment, |writing| {
                    writing.audit(now_ms, "", "sign_in_failed", &serde_json::json!({ "by": "openid" }))
                })?;
                Ok(None)
            }
        }
    })
    .await;
    match signed_in {
        Ok(Some(opened)) => {
            let mut cookies = session_cookies(&opened, secure);
            cookies.push(over);
            let cookies = cookies.into_iter().map(|cookie| (header::SET_COOKIE, cookie));
            (AppendHeaders(cookies), to("/", "")).into_response()
        }
        Ok(None) => to("/?sign-in=not-known", &over),
        Err(_) => to("/?sign-in=no-provider", &over),
    }
}

/// The one of the council's people whom the provider vouches for: known by what never changes, and before that, once, by a mail
/// address that is nobody else's.
fn known(service: &Service, identity: &Identity) -> Result<Option<Person>, CouncilError> {
    let known = service.storage.read(|reading| reading.person_by_openid(&identity.subject))?;
    let known = match (known, &identity.email) {
        (None, Some(email)) => service.storage.transact(&service.environment, |writing| {
            let mut people = writing.people_by_email(email)?;
            let Some(only) = people.pop().filter(|_| people.is_empty()) else { return Ok(None) };
            let may = only.role.uses_the_console() && writing.set_openid_subject(only.id, &identity.subject)?;
            Ok(Some(only).filter(|_| may))
        })?,
        (known, _) => known,
    };
    Ok(known.filter(|person| person.role.uses_the_console()))
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
