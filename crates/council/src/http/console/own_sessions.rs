//! A person's own account: listing where they are signed in, ending a session, changing their
//! password, and proving again who they are.

use std::sync::Arc;

use axum::Extension;
use axum::extract::State;
use axum::http::HeaderMap;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::access::{session, sign_in};
use crate::desk::people;
use crate::http::authorize::By;
use crate::http::blocking::ask;
use crate::http::cookies;
use crate::http::extract::{Json, Path};
use crate::http::problem::WebProblem;
use crate::http::sign_in_queue::SignInQueue;
use crate::machine::times;
use crate::service::Service;

/// One of the person's own sessions.
#[derive(Debug, Serialize, schemars::JsonSchema, ts_rs::TS)]
pub(crate) struct OwnSession {
    /// The id by which to end it.
    id: String,
    /// The browser's `User-Agent`, shortened.
    browser: String,
    /// When it began.
    began_at: DateTime<Utc>,
    /// When it was last used, to the minute.
    seen_at: DateTime<Utc>,
    /// Whether this request belongs to it.
    is_this: bool,
}

pub(crate) async fn list(
    State(service): State<Service>,
    By(by): By,
    headers: HeaderMap,
) -> Result<Json<Vec<OwnSession>>, WebProblem> {
    let this = cookies::session(&service, &headers);
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

/// A new password for oneself. It has no `Debug`, so that nothing prints it.
#[derive(Deserialize, schemars::JsonSchema)]
pub(crate) struct NewPassword {
    /// The password until now.
    old: String,
    /// The new one.
    new: String,
}

/// Changes the person's own password, and ends their sessions.
pub(crate) async fn change_password(
    State(service): State<Service>,
    Extension(queue): Extension<Arc<SignInQueue>>,
    By(by): By,
    Json(NewPassword { old, new }): Json<NewPassword>,
) -> Result<(), WebProblem> {
    let _turn = queue.turn_of_a_session(&service, by.user().ok_or(WebProblem::SignInFirst)?).await?;
    ask(service, move |service| people::change_own_password(service, &by, &old, &new)).await
}

/// The person's password, once more. It has no `Debug`, so that nothing prints it.
#[derive(Deserialize, schemars::JsonSchema)]
pub(crate) struct PasswordAgain {
    password: String,
}

/// Lets a person prove again who they are, by their password. They are asked to before something
/// that can't be undone. Whoever signs in with the council's account does so again.
pub(crate) async fn prove(
    State(service): State<Service>,
    Extension(queue): Extension<Arc<SignInQueue>>,
    By(by): By,
    headers: HeaderMap,
    Json(PasswordAgain { password }): Json<PasswordAgain>,
) -> Result<(), WebProblem> {
    let _turn = queue.turn_of_a_session(&service, by.user().ok_or(WebProblem::SignInFirst)?).await?;
    let token = cookies::session(&service, &headers).ok_or(WebProblem::SignInFirst)?;
    ask(service, move |service| {
        sign_in::check_again(service, by.name(), &password)?;
        session::proved(service, &token)
    })
    .await
}
