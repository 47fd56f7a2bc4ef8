//! Signing in to the console: local accounts, argon2id and a second factor. A session is a random number in a cookie that no script can read
//! and no other site can send; the database holds its hash alone.

use argon2::password_hash::phc::PasswordHash;
use argon2::{Argon2, PasswordVerifier};
use axum::extract::{FromRequestParts, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, header};
use axum::response::{AppendHeaders, IntoResponse, Response};
use doorstep_domain::StableName;
use doorstep_domain::ledger::Hash;
use serde::{Deserialize, Serialize};

use crate::access::seats::{Opens, Seat};
use crate::access::second_factor::{self, Second, SetUp};
use crate::access::token::token_hash;
use crate::error::CouncilError;
use crate::http::console::views::SessionView;
use crate::http::extract::Json;
use crate::http::{WebProblem, ask};
use crate::service::Service;
use crate::storage::Person;

const COOKIE: &str = "doorstep_session";
/// A browser from which somebody has signed in before.
const KNOWN_BROWSER: &str = "doorstep_browser";
const IDLE_MS: i64 = 30 * 60 * 1000;
pub(super) const LONGEST_MS: i64 = 12 * 60 * 60 * 1000;
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

/// The hash of the session's token that came with a request.
pub(super) fn token(headers: &HeaderMap) -> Option<[u8; 32]> {
    cookie(headers, COOKIE).map(|value| token_hash(&value))
}

pub(super) fn cookie(headers: &HeaderMap, name: &str) -> Option<String> {
    let cookies = headers.get(header::COOKIE)?.to_str().ok()?;
    let value = cookies.split(';').find_map(|cookie| cookie.trim().strip_prefix(name)?.strip_prefix('='))?;
    Some(value.to_owned())
}

/// The name of the system whose token came with a request, and opens what it asks for: as a bearer's, or as a password beside any
/// name, which is all that a spreadsheet can send.
pub(crate) async fn system(service: &Service, headers: &HeaderMap, what: Opens) -> Result<String, WebProblem> {
    let said = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let token = said.and_then(|said| match said.split_once(' ')? {
        ("Bearer", token) => Some(token.trim().to_owned()),
        ("Basic", both) => {
            let both = String::from_utf8(data_encoding::BASE64.decode(both.trim().as_bytes()).ok()?).ok()?;
            both.split_once(':').map(|(_, password)| password.to_owned())
        }
        _ => None,
    });
    let hash = token_hash(&token.ok_or(WebProblem::SignInFirst)?);
    let known = ask(service.clone(), move |service| service.storage.read(|reading| reading.api_token(&hash))).await?;
    let opened = known.filter(|(_, may)| may.split(' ').any(|may| may == what.name()));
    opened.map(|(name, _)| name).ok_or(WebProblem::SignInFirst)
}

#[derive(Deserialize, schemars::JsonSchema)]
pub(crate) struct Credentials {
    user: String,
    password: String,
    /// Six digits from an authenticator.
    code: Option<String>,
}

/// What comes of the right password.
#[derive(Debug, Serialize, schemars::JsonSchema)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub(crate) enum SignInAnswer {
    /// They have signed in.
    SignedIn(SessionView),
    /// They set their authenticator up first.
    SetUp(SetUp),
    /// The code from their authenticator is asked for.
    CodeNeeded,
}

pub(crate) async fn show(
    State(service): State<Service>,
    SignedIn(person): SignedIn,
) -> Result<Json<SessionView>, WebProblem> {
    ask(service, move |service| SessionView::of(service, &person)).await.map(Json)
}

/// A session that was opened.
pub(super) struct Opened {
    token: String,
    /// By which the browser is known from now on, where it was not before.
    known_browser: Option<String>,
}

/// How a try to sign in ended.
enum Tried {
    In(SessionView, Opened),
    Asked(SignInAnswer),
    WrongPassword,
    WrongCode,
    /// After too many wrong ones: so many milliseconds too early.
    TooEarly {
        left_ms: i64,
    },
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
    let browser = cookie(&headers, KNOWN_BROWSER).map(|value| token_hash(&value));
    let secure = is_over_tls(&service, &headers);
    let browser_name = browser_name(&headers);
    let tried = ask(service, move |service| {
        let storage = &service.storage;
        let knows = |browser| storage.read(|reading| reading.knows_browser(browser, &credentials.user));
        let known = browser.as_ref().map(knows).transpose()?.unwrap_or(false);
        let whose = counted(&credentials.user, browser.as_ref().filter(|_| known));
        if let Some(left_ms) =
            storage.transact(&service.environment, |writing| writing.count_try(&whose, now_ms, wait_ms))?
        {
            return Ok(Tried::TooEarly { left_ms });
        }
        let tried = try_to_sign_in(service, &credentials, known, &browser_name, now_ms)?;
        storage.transact(&service.environment, |writing| match tried {
            Tried::In(..) => writing.forget_tries(&whose),
            Tried::Asked(_) => writing.take_try_back(&whose),
            Tried::WrongPassword | Tried::WrongCode | Tried::TooEarly { .. } => Ok(()),
        })?;
        Ok(tried)
    })
    .await?;
    let answer = match tried {
        Tried::In(view, opened) => {
            let cookies = session_cookies(&opened, secure).into_iter().map(|cookie| (header::SET_COOKIE, cookie));
            (AppendHeaders(cookies), Json(SignInAnswer::SignedIn(view))).into_response()
        }
        Tried::Asked(asked) => Json(asked).into_response(),
        Tried::WrongPassword => return Err(WebProblem::WrongPassword),
        Tried::WrongCode => return Err(WebProblem::WrongCode),
        Tried::TooEarly { left_ms } => {
            return Err(WebProblem::Wait { seconds: u64::try_from(left_ms / 1000 + 1).unwrap_or(1) });
        }
    };
    Ok(([(header::CACHE_CONTROL, "no-store")], answer).into_response())
}

/// The password first, then the second factor, then a session.
fn try_to_sign_in(
    service: &Service,
    credentials: &Credentials,
    browser_is_known: bool,
    browser_name: &str,
    now_ms: i64,
) -> Result<Tried, CouncilError> {
    let (person, hash) = service
        .storage
        .read(|reading| Ok((reading.person_by_name(&credentials.user)?, reading.password_hash(&credentials.user)?)))?;
    let failed = |tried| {
        service.storage.transact(&service.environment, |writing| {
            writing.audit(now_ms, "", "sign_in_failed", &serde_json::json!({}))
        })?;
        Ok(tried)
    };
    let right = verifies(&credentials.password, hash.as_deref());
    let Some(person) = person.filter(|person| right && person.role.uses_the_console()) else {
        return failed(Tried::WrongPassword);
    };
    if service.asks_for_second_factor {
        match second_factor::look(service, &person, credentials.code.as_deref())? {
            Second::Right => {}
            Second::ToSetUp(set_up) => return Ok(Tried::Asked(SignInAnswer::SetUp(set_up))),
            Second::Needed => return Ok(Tried::Asked(SignInAnswer::CodeNeeded)),
            Second::Wrong => return failed(Tried::WrongCode),
        }
    }
    let opened = open_session(service, &person, browser_is_known, browser_name, now_ms)?;
    Ok(Tried::In(SessionView::of(service, &person)?, opened))
}

/// Opens a session for somebody who has proved who they are.
pub(super) fn open_session(
    service: &Service,
    person: &Person,
    browser_is_known: bool,
    browser_name: &str,
    now_ms: i64,
) -> Result<Opened, CouncilError> {
    let random_token = || data_encoding::HEXLOWER.encode(&service.environment.random::<32>());
    let (token, known_browser) = (random_token(), (!browser_is_known).then(random_token));
    service.storage.transact(&service.environment, |writing| {
        writing.keep_session(&token_hash(&token), person.id, browser_name, now_ms)?;
        if let Some(browser) = &known_browser {
            writing.keep_known_browser(&token_hash(browser), person.id, now_ms)?;
        }
        writing.audit(now_ms, &person.user_name, "signed_in", &serde_json::json!({}))
    })?;
    Ok(Opened { token, known_browser })
}

/// The cookies that a browser is given with a session.
pub(super) fn session_cookies(opened: &Opened, over_tls: bool) -> Vec<String> {
    let secure = if over_tls { "; Secure" } else { "" };
    let kept =
        |name: &str, value: &str, age: &str| format!("{name}={value}; Path=/; HttpOnly; SameSite=Strict{age}{secure}");
    let known = opened.known_browser.as_ref().map(|browser| kept(KNOWN_BROWSER, browser, "; Max-Age=31536000"));
    std::iter::once(kept(COOKIE, &opened.token, "")).chain(known).collect()
}

/// What a browser says it is, shortened.
pub(super) fn browser_name(headers: &HeaderMap) -> String {
    let said = headers.get(header::USER_AGENT).and_then(|said| said.to_str().ok()).unwrap_or_default();
    said.chars().take(200).collect()
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

/// Whether people reach the service over TLS: its address says so, or the proxy that ends it.
pub(super) fn is_over_tls(service: &Service, headers: &HeaderMap) -> bool {
    service.public_address.as_ref().is_some_and(|address| address.starts_with("https://"))
        || headers.get("x-forwarded-proto").is_some_and(|proto| proto == "https")
}

/// Whether the password is right. One that nobody has takes as long to refuse as one that somebody has.
fn verifies(password: &str, hash: Option<&str>) -> bool {
    static NOBODY: &str =
        "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    PasswordHash::new(hash.unwrap_or(NOBODY))
        .is_ok_and(|hash| Argon2::default().verify_password(password.as_bytes(), &hash).is_ok())
        && hash.is_some()
}

/// Wrong tries after which nobody waits yet.
const FREE_TRIES: u64 = 5;

/// How long one waits after so many wrong tries, in milliseconds: from the fifth on, twice as long each time, five minutes at most.
fn wait_ms(tries: u64) -> i64 {
    match tries.checked_sub(FREE_TRIES) {
        None => 0,
        Some(beyond) => (5_000_i64 << beyond.min(6)).min(300_000),
    }
}

/// By what guesses are counted: a name, and the browser that is known for it. Strangers' browsers are all one, so that their guesses
/// don't lock somebody out of their own.
fn counted(name: &str, browser: Option<&[u8; 32]>) -> [u8; 32] {
    let browser: &[u8] = browser.map_or(&[], |browser| browser);
    *Hash::of("doorstep-sign-in-v1", &[name.as_bytes(), browser]).as_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_guesses_on_waits_longer_and_never_for_good() {
        assert_eq!([0, 4, 5, 6, 7].map(wait_ms), [0, 0, 5_000, 10_000, 20_000]);
        assert_eq!(wait_ms(u64::MAX), 300_000);
        assert_ne!(counted("super-1", None), counted("super-1", Some(&[1; 32])));
    }
}
