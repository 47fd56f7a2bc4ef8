//! Somebody's own sessions: where they are signed in, and ending that.

use axum::extract::State;
use axum::http::HeaderMap;
use chrono::{DateTime, Utc};
use serde::Serialize;

use crate::http::console::sign_in::{SignedIn, token};
use crate::http::extract::{Json, Path};
use crate::http::{WebProblem, ask};
use crate::machine::times;
use crate::service::Service;

/// Of a session's hash, enough to tell it from the person's others.
const SHOWN: usize = 8;

/// One of somebody's sessions.
#[derive(Debug, Serialize, schemars::JsonSchema)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
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

fn shown(hash: &[u8; 32]) -> String {
    data_encoding::HEXLOWER.encode(hash.get(..SHOWN).unwrap_or_default())
}

pub(crate) async fn list(
    State(service): State<Service>,
    person: SignedIn,
    headers: HeaderMap,
) -> Result<Json<Vec<OwnSession>>, WebProblem> {
    let this = token(&headers);
    ask(service, move |service| {
        let after_ms = service.environment.clock.now_ms() - crate::http::console::sign_in::LONGEST_MS;
        let sessions = service.storage.read(|reading| reading.sessions_of(person.0.id, after_ms))?;
        let shown = sessions.into_iter().map(|session| OwnSession {
            id: shown(&session.token_hash),
            is_this: Some(session.token_hash) == this,
            browser: session.browser,
            began_at: times::from_ms(session.created_ms),
            seen_at: times::from_ms(session.seen_ms),
        });
        Ok(shown.collect())
    })
    .await
    .map(Json)
}

/// Ends one of somebody's own sessions. One that is over already is over.
pub(crate) async fn end(
    State(service): State<Service>,
    person: SignedIn,
    Path(id): Path<String>,
) -> Result<(), WebProblem> {
    ask(service, move |service| {
        let now_ms = service.environment.clock.now_ms();
        service.storage.transact(&service.environment, |writing| {
            let sessions = writing.sessions_of(person.0.id, 0)?;
            let Some(one) = sessions.iter().find(|session| shown(&session.token_hash) == id) else { return Ok(()) };
            writing.end_session(&one.token_hash)?;
            writing.audit(now_ms, &person.0.user_name, "session_ended", &serde_json::json!({}))
        })
    })
    .await
}
