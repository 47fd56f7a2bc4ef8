//! Signing in to the console and out of it.

use std::sync::Arc;

use axum::Extension;
use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::{AppendHeaders, IntoResponse, Response};
use serde::{Deserialize, Serialize};

use crate::access::actor::Actor;
use crate::access::passkey::{PasskeyAnswer, PasskeyAsked};
use crate::access::second_factor::SetUp;
use crate::access::session::{self, Browser};
use crate::access::sign_in::{self, SignInOutcome};
use crate::error::CouncilError;
use crate::http::authorize::{OpenRoutes, SignedIn, only_from_the_console};
use crate::http::blocking::ask;
use crate::http::cookies::{self, FromBrowser};
use crate::http::extract::Json;
use crate::http::problem::WebProblem;
use crate::http::sign_in_queue::SignInQueue;
use crate::service::{NAME, Service};
use crate::storage::{AssignedRole, OrganisationKind, Person};

/// The person who has signed in, and what they may do.
#[derive(Debug, Serialize, schemars::JsonSchema, ts_rs::TS)]
pub(crate) struct SessionView {
    /// The user name.
    pub(crate) user: String,
    /// The person's name.
    pub(crate) display_name: String,
    /// The person's organisation.
    pub(crate) organisation: String,
    /// Their role in the table of people.
    pub(crate) role: AssignedRole,
    /// Whether they work for the council itself, and see all firms.
    pub(crate) of_the_council: bool,
    /// Whether they have a password. Others sign in with the council's accounts alone.
    pub(crate) has_password: bool,
    /// The name that the council gave when it set up the service.
    pub(crate) council_name: String,
    /// The routes that they may use, by method and address, such as `GET /api/audit`. The console
    /// shows the pages and actions that they need.
    #[ts(type = "Array<RouteName>")]
    pub(crate) may: Vec<String>,
}

impl SessionView {
    pub(crate) fn of(service: &Service, person: &Person, open: &OpenRoutes) -> Result<Self, CouncilError> {
        Ok(Self {
            user: person.user_name.clone(),
            display_name: person.display_name.clone(),
            organisation: person.organisation.name.clone(),
            role: person.role,
            of_the_council: person.organisation.kind == OrganisationKind::Council,
            has_password: service.storage.read(|reading| reading.password_hash(&person.user_name))?.is_some(),
            council_name: service.storage.read(|reading| reading.meta(NAME))?,
            may: open.to(&Actor::person(person)),
        })
    }
}

#[derive(Deserialize, schemars::JsonSchema)]
pub(crate) struct Credentials {
    user: String,
    password: String,
    /// The six digits from their authenticator app.
    code: Option<String>,
    /// The browser's answer by a passkey.
    passkey: Option<PasskeyAnswer>,
    /// A password of their own, in place of one that they were given.
    new_password: Option<String>,
}

impl Credentials {
    fn given<'a>(&'a self, browser: &'a Browser) -> sign_in::Credentials<'a> {
        let Self { user, password, code, passkey, new_password } = self;
        let (code, new_password) = (code.as_deref(), new_password.as_deref());
        sign_in::Credentials { user, password, code, passkey: passkey.as_ref(), new_password, browser }
    }
}

/// The answer to a right user name and password.
#[derive(Serialize, schemars::JsonSchema, ts_rs::TS)]
#[serde(rename_all = "snake_case")]
pub(crate) enum SignInAnswer {
    /// They have signed in. The answer sets the cookie of their session.
    SignedIn(SessionView),
    /// An administrator gave them the password. They must choose their own.
    NewPasswordNeeded,
    /// They must set up their authenticator first.
    SetUp(SetUp),
    /// They must also give the code from their authenticator.
    CodeNeeded,
    /// They must answer with one of their passkeys, or with a code.
    PasskeyNeeded {
        /// What is asked of the browser.
        asked: PasskeyAsked,
        /// Whether a code from their authenticator does as well.
        or_code: bool,
    },
}

pub(crate) async fn show(
    State(service): State<Service>,
    Extension(open): Extension<OpenRoutes>,
    SignedIn(person): SignedIn,
) -> Result<Json<SessionView>, WebProblem> {
    ask(service, move |service| SessionView::of(service, &person, &open)).await.map(Json)
}

pub(crate) async fn sign_in(
    State(service): State<Service>,
    Extension(open): Extension<OpenRoutes>,
    Extension(queue): Extension<Arc<SignInQueue>>,
    FromBrowser(browser): FromBrowser,
    headers: HeaderMap,
    Json(credentials): Json<Credentials>,
) -> Result<Response, WebProblem> {
    only_from_the_console(&headers)?;
    let over_tls = service.is_over_tls();
    let _turn = queue.turn(&service, &browser, &credentials.user).await?;
    let answer = ask(service, move |service| {
        let outcome = sign_in::sign_in(service, &credentials.given(&browser))?;
        answer(service, outcome, &open, over_tls)
    });
    Ok(([(header::CACHE_CONTROL, "no-store")], answer.await??).into_response())
}

/// What a browser is told about how a try to sign in ended.
fn answer(
    service: &Service,
    outcome: SignInOutcome,
    open: &OpenRoutes,
    over_tls: bool,
) -> Result<Result<Response, WebProblem>, CouncilError> {
    Ok(match outcome {
        SignInOutcome::In(person, opened) => {
            let view = SessionView::of(service, &person, open)?;
            let cookies = cookies::of_session(&opened, over_tls).into_iter().map(|cookie| (header::SET_COOKIE, cookie));
            Ok((AppendHeaders(cookies), Json(SignInAnswer::SignedIn(view))).into_response())
        }
        SignInOutcome::NewPasswordNeeded => Ok(Json(SignInAnswer::NewPasswordNeeded).into_response()),
        SignInOutcome::NewPasswordRefused(refused) => Err(refused.into()),
        SignInOutcome::SetUp(set_up) => Ok(Json(SignInAnswer::SetUp(set_up)).into_response()),
        SignInOutcome::PasskeyNeeded { asked, or_code } => {
            Ok(Json(SignInAnswer::PasskeyNeeded { asked, or_code }).into_response())
        }
        SignInOutcome::CodeNeeded => Ok(Json(SignInAnswer::CodeNeeded).into_response()),
        SignInOutcome::WrongPassword => Err(WebProblem::WrongPassword),
        SignInOutcome::WrongCode => Err(WebProblem::WrongCode),
        SignInOutcome::WrongPasskey => Err(WebProblem::WrongPasskey),
        SignInOutcome::TooEarly { left_ms } => {
            Err(WebProblem::Wait { seconds: u64::try_from(left_ms / 1000 + 1).unwrap_or(1) })
        }
    })
}

pub(crate) async fn sign_out(State(service): State<Service>, headers: HeaderMap) -> Result<Response, WebProblem> {
    let over_tls = service.is_over_tls();
    if let Some(token) = cookies::session(&service, &headers) {
        ask(service, move |service| session::sign_out(service, &token)).await?;
    }
    Ok(([(header::SET_COOKIE, cookies::end_of_session(over_tls))], ()).into_response())
}
