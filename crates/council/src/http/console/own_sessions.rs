//! Somebody's own sessions: where they are signed in, and ending that.

use axum::extract::State;
use axum::http::HeaderMap;
use chrono::{DateTime, Utc};
use serde::Serialize;

use crate::access::session;
use crate::http::authorize::By;
use crate::http::blocking::ask;
use crate::http::cookies;
use crate::http::extract::{Json, Path};
use crate::http::problem::WebProblem;
use crate::machine::times;
use crate::service::Service;

/// One of somebody's sessions.
#[derive(Debug, Serialize, schemars::JsonSchema, ts_rs::TS)]
pub(crate) struct OwnSession {
    /// By what it is ended.
    id: String,
    /// What the browser says it is.
    browser: String,
    /// When it began.
    began_at: DateTime<Utc>,
    /// When something was last asked in it, to the minute.
    seen_at: DateTime<Utc>,
    /// Whether it is this very one.
    is_this: bool,
}

pub(crate) async fn list(
    State(service): State<Service>,
    By(by): By,
    headers: HeaderMap,
) -> Result<Json<Vec<OwnSession>>, WebProblem> {
    let this = cookies::session(&headers);
    let sessions = ask(service, move |service| session::own(service, &by)).await?;
    let shown = sessions.into_iter().map(|session| OwnSession {
        id: session::shown_id(&session.token_hash),
        is_this: Some(session.token_hash) == this,
        browser: session.browser,
        began_at: times::from_ms(session.created_ms),
        seen_at: times::from_ms(session.seen_ms),
    });
    Ok(Json(shown.collect()))
}

pub(crate) async fn end(State(service): State<Service>, By(by): By, Path(id): Path<String>) -> Result<(), WebProblem> {
    ask(service, move |service| session::end_own(service, &by, &id)).await
}
