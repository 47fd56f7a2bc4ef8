//! Signing in to the console: local accounts, argon2id. A session is a random number in a cookie that no script can read
//! and no other site can send; the database holds its hash alone.

use std::collections::HashMap;
use std::sync::{LazyLock, Mutex, PoisonError};

use argon2::password_hash::phc::PasswordHash;
use argon2::{Argon2, PasswordVerifier};
use axum::Json;
use axum::extract::{FromRequestParts, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, header};
use axum::response::{IntoResponse, Response};
use doorstep_domain::ledger::Hash;
use serde::Deserialize;

use super::seats::Seat;
use super::views::SessionView;
use super::{WebProblem, ask};
use crate::Service;
use crate::storage::Person;

const COOKIE: &str = "doorstep_session";
const IDLE_MS: i64 = 30 * 60 * 1000;
const LONGEST_MS: i64 = 12 * 60 * 60 * 1000;
/// A header that a form of another site can't send.
const OWN_REQUEST: &str = "x-doorstep";

/// Somebody who has signed in, and whom the door of the route has let in.
#[derive(Clone)]
pub(crate) struct SignedIn(pub(crate) Person);

impl SignedIn {
    /// The organisation to which what they see is bound; `None` for the council's own people, who see all.
    pub(crate) fn bound_to(&self) -> Option<String> {
        (self.0.organisation.kind != "council").then(|| self.0.organisation.name.clone())
    }

    /// Where they sit.
    pub(crate) fn seat(&self) -> Seat {
        Seat::of(&self.0)
    }
}

impl FromRequestParts<Service> for SignedIn {
    type Rejection = WebProblem;

    async fn from_request_parts(parts: &mut Parts, _: &Service) -> Result<Self, WebProblem> {
        parts.extensions.get::<Self>().cloned().ok_or(WebProblem::SignInFirst)
    }
}

/// Whose session it is.
pub(crate) async fn signed_in(service: &Service, method: &Method, headers: &HeaderMap) -> Result<Person, WebProblem> {
    if *method != Method::GET && !headers.contains_key(OWN_REQUEST) {
        return Err(WebProblem::BadRequest("The request did not come from the console."));
    }
    let token = token(headers).ok_or(WebProblem::SignInFirst)?;
    let person = ask(service.clone(), move |service| {
        let now_ms = service.environment.clock.now_ms();
        let Some((user, created_ms, seen_ms)) = service.storage.read(|reading| reading.session(&token))? else {
            return Ok(None);
        };
        if now_ms - created_ms > LONGEST_MS || now_ms - seen_ms > IDLE_MS {
            service.storage.transact(&service.environment, |writing| writing.end_session(&token))?;
            return Ok(None);
        }
        if now_ms - seen_ms > 60_000 {
            service.storage.transact(&service.environment, |writing| writing.session_seen(&token, now_ms))?;
        }
        service.storage.read(|reading| reading.person(user))
    })
    .await?;
    person.ok_or(WebProblem::SignInFirst)
}

fn token(headers: &HeaderMap) -> Option<[u8; 32]> {
    let cookies = headers.get(header::COOKIE)?.to_str().ok()?;
    let value = cookies.split(';').find_map(|cookie| cookie.trim().strip_prefix(COOKIE)?.strip_prefix('='))?;
    Some(token_hash(value))
}

/// What is kept of a token: nobody can make the token of it.
pub(crate) fn token_hash(token: &str) -> [u8; 32] {
    *Hash::of("doorstep-session-v1", &[token.as_bytes()]).as_bytes()
}

/// The name of the system whose token came with a request.
pub(crate) async fn system(service: &Service, headers: &HeaderMap) -> Result<String, WebProblem> {
    let bearer = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()?.strip_prefix("Bearer "));
    let hash = token_hash(bearer.ok_or(WebProblem::SignInFirst)?.trim());
    let name = ask(service.clone(), move |service| service.storage.read(|reading| reading.api_token(&hash))).await?;
    name.ok_or(WebProblem::SignInFirst)
}

#[derive(Deserialize)]
pub(crate) struct Credentials {
    user: String,
    password: String,
}

pub(crate) async fn show(
    State(service): State<Service>,
    SignedIn(person): SignedIn,
) -> Result<Json<SessionView>, WebProblem> {
    ask(service, move |service| SessionView::of(service, &person)).await.map(Json)
}

pub(crate) async fn sign_in(
    State(service): State<Service>,
    headers: HeaderMap,
    Json(credentials): Json<Credentials>,
) -> Result<Response, WebProblem> {
    if !headers.contains_key(OWN_REQUEST) {
        return Err(WebProblem::BadRequest("The request did not come from the console."));
    }
    let now_ms = service.environment.clock.now_ms();
    THROTTLE.may_try(&credentials.user, now_ms)?;
    let user = credentials.user.clone();
    let signed_in = ask(service, move |service| {
        let (person, hash) = service.storage.read(|reading| {
            Ok((reading.person_by_name(&credentials.user)?, reading.password_hash(&credentials.user)?))
        })?;
        let right = verifies(&credentials.password, hash.as_deref());
        let Some(person) = person.filter(|person| right && person.role.uses_the_console()) else {
            service.storage.transact(&service.environment, |writing| {
                writing.audit(now_ms, "", "sign_in_failed", &serde_json::json!({}))
            })?;
            return Ok(None);
        };
        let token = data_encoding::HEXLOWER.encode(&service.environment.random::<32>());
        service.storage.transact(&service.environment, |writing| {
            writing.keep_session(&token_hash(&token), person.id, now_ms)?;
            writing.audit(now_ms, &person.user_name, "signed_in", &serde_json::json!({}))
        })?;
        Ok(Some((SessionView::of(service, &person)?, token)))
    })
    .await?;
    let Some((view, token)) = signed_in else {
        THROTTLE.failed(&user, now_ms);
        return Err(WebProblem::WrongPassword);
    };
    THROTTLE.succeeded(&user);
    let secure = if came_over_tls(&headers) { "; Secure" } else { "" };
    let cookie = format!("{COOKIE}={token}; Path=/; HttpOnly; SameSite=Strict{secure}");
    Ok(([(header::SET_COOKIE, cookie), (header::CACHE_CONTROL, "no-store".to_owned())], Json(view)).into_response())
}

pub(crate) async fn sign_out(State(service): State<Service>, headers: HeaderMap) -> Result<Response, WebProblem> {
    if let Some(token) = token(&headers) {
        ask(service, move |service| {
            service.storage.transact(&service.environment, |writing| writing.end_session(&token))
        })
        .await?;
    }
    let over = format!("{COOKIE}=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0");
    Ok(([(header::SET_COOKIE, over)], ()).into_response())
}

/// A proxy that ends TLS says so; without one the service listens to this machine alone.
fn came_over_tls(headers: &HeaderMap) -> bool {
    headers.get("x-forwarded-proto").is_some_and(|proto| proto == "https")
}

/// Whether the password is right. One that nobody has takes as long to refuse as one that somebody has.
fn verifies(password: &str, hash: Option<&str>) -> bool {
    static NOBODY: &str =
        "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    PasswordHash::new(hash.unwrap_or(NOBODY))
        .is_ok_and(|hash| Argon2::default().verify_password(password.as_bytes(), &hash).is_ok())
        && hash.is_some()
}

static THROTTLE: LazyLock<Throttle> = LazyLock::new(Throttle::default);

/// Slows down guessing: after 5 wrong tries for a name, each further one waits longer, up to five minutes.
#[derive(Default)]
struct Throttle {
    tries: Mutex<HashMap<String, (u32, i64)>>,
}

impl Throttle {
    const FREE: u32 = 5;
    /// Names that are remembered, at most.
    const MOST: usize = 10_000;

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<String, (u32, i64)>> {
        self.tries.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn may_try(&self, name: &str, now_ms: i64) -> Result<(), WebProblem> {
        let Some((count, last_ms)) = self.lock().get(name).copied() else { return Ok(()) };
        let Some(beyond) = count.checked_sub(Self::FREE) else { return Ok(()) };
        let wait_ms = (5_000_i64 << beyond.min(6)).min(300_000);
        let left_ms = last_ms + wait_ms - now_ms;
        if left_ms > 0 {
            Err(WebProblem::Wait { seconds: u64::try_from(left_ms / 1000 + 1).unwrap_or(1) })
        } else {
            Ok(())
        }
    }

    fn failed(&self, name: &str, now_ms: i64) {
        let mut tries = self.lock();
        if tries.len() >= Self::MOST {
            tries.retain(|_, (_, last_ms)| now_ms - *last_ms < 300_000);
        }
        let entry = tries.entry(name.to_owned()).or_insert((0, now_ms));
        *entry = (entry.0.saturating_add(1), now_ms);
    }

    fn succeeded(&self, name: &str) {
        self.lock().remove(name);
    }
}
