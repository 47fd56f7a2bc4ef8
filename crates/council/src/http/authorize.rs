//! Who may use which route. Each route is made with its [`Access`], and each request goes through
//! [`authorize`] before its handler. So a route can't be added without saying who may use it.

use std::sync::Arc;

use axum::extract::{FromRequestParts, MatchedPath, Request, State};
use axum::http::header::{self, HeaderMap, HeaderValue};
use axum::http::request::Parts;
use axum::http::{Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::blocking::ask;
use super::connections::OnConnection;
use super::cookies;
use super::problem::WebProblem;
use crate::access::actor::Actor;
use crate::access::roles::{Role, Scope};
use crate::access::session::Resumed;
use crate::access::{session, token};
use crate::service::Service;
use crate::storage::{Audited, Person};

/// The header that the console sends with its requests. A form on another site can't send it.
const OWN_REQUEST: &str = "x-doorstep";
/// The value of that header in a request that a page makes by itself, every half minute. It does
/// not show that a person is there.
const BY_ITSELF: &str = "by-itself";

/// Who may use a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Access {
    /// Anybody, without signing in.
    Anybody,
    /// Phones. The handler checks the signature on the request.
    Phones,
    /// Other systems of the council, by a token with this scope.
    Systems(Scope),
    /// People who have signed in and have one of these roles.
    People(&'static [Role]),
    /// Such people, once they have proved again who they are if they did not lately: what they do
    /// there can't be undone.
    PeopleAskedAgain(&'static [Role]),
}

impl From<&'static [Role]> for Access {
    fn from(roles: &'static [Role]) -> Self {
        Self::People(roles)
    }
}

impl Access {
    /// Whether a person may use the route. Always `false` for routes that are not for people.
    pub(crate) fn admits(self, who: &Actor) -> bool {
        matches!(self, Self::People(roles) | Self::PeopleAskedAgain(roles) if who.may_act_as(roles))
    }
}

/// Checks who sent a request before its handler runs, and passes that on to the handler. People
/// whose role is not allowed get 404. Without a valid session or token, the answer is 401.
pub(crate) async fn authorize(
    State((service, access)): State<(Service, Access)>,
    mut request: Request,
    next: Next,
) -> Result<Response, WebProblem> {
    match access {
        Access::Anybody | Access::Phones => {}
        Access::Systems(scope) => match system(&service, request.headers(), scope).await {
            Ok(actor) => {
                note_proof(&request, &actor);
                request.extensions_mut().insert(By(actor));
            }
            Err(problem) => {
                let address = cookies::address_of(&service, request.headers(), request.extensions());
                // Without a token, they only asked how to sign in.
                if request.headers().contains_key(header::AUTHORIZATION) {
                    ask(service, move |service| token::note_refusal(service, address)).await?;
                }
                // Excel and Power BI ask for a user name and password when they get this header.
                let mut refused = problem.into_response();
                let ways = HeaderValue::from_static("Basic realm=\"Doorstep\", charset=\"UTF-8\"");
                refused.headers_mut().insert(header::WWW_AUTHENTICATE, ways);
                return Ok(refused);
            }
        },
        Access::People(_) | Access::PeopleAskedAgain(_) => {
            let Resumed { person, has_proved } = signed_in(&service, request.method(), request.headers()).await?;
            let actor = Actor::person(&person);
            let address = cookies::address_of(&service, request.headers(), request.extensions());
            let address = address.map(|address| address.to_string());
            if !access.admits(&actor) {
                let route = request.extensions().get::<MatchedPath>().map_or("", MatchedPath::as_str);
                let asked = format!("{} {route}", request.method());
                ask(service, move |service| {
                    actor.note_refused(service, &Audited::RoleRefused { route: &asked, address: address.clone() })
                })
                .await?;
                return Err(WebProblem::NotFound);
            }
            note_proof(&request, &actor);
            if matches!(access, Access::PeopleAskedAgain(_)) && !has_proved {
                return Err(WebProblem::ProveAgain);
            }
            request.extensions_mut().insert(By(actor.clone()));
            request.extensions_mut().insert(SignedIn(person));
            let asked = asked_for(&request);
            let answer = next.run(request).await;
            // What a lead asks for may be a note, and the log is not for leads alone.
            if answer.status() == StatusCode::NOT_FOUND && !actor.is(Role::SafeguardingLead) {
                ask(service, move |service| {
                    actor.note_refused(service, &Audited::NotFound { asked: &asked, address: address.clone() })
                })
                .await?;
            }
            return Ok(answer);
        }
    }
    Ok(next.run(request).await)
}

/// What a request asks for, as the audit log has it: its method and route, and of the variable
/// parts those that are ids. Others may be somebody's name.
fn asked_for(request: &Request) -> String {
    let route = request.extensions().get::<MatchedPath>().map_or("", MatchedPath::as_str);
    let given = request.uri().path().split('/');
    let parts = route.split('/').zip(given).map(|(part, given)| if is_an_id(given) { given } else { part });
    format!("{} {}", request.method(), parts.collect::<Vec<_>>().join("/"))
}

/// Whether a part of an address is an id or a hash: hexadecimal, with hyphens or without.
fn is_an_id(part: &str) -> bool {
    (32..=64).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-')
}

/// Notes that whoever is at the other end of the connection has proved who they are.
fn note_proof(request: &Request, by: &Actor) {
    if let Some(connection) = request.extensions().get::<OnConnection>() {
        connection.is_of(by.name());
    }
}

/// Refuses a request that the console did not send.
pub(crate) fn only_from_the_console(headers: &HeaderMap) -> Result<(), WebProblem> {
    match headers.contains_key(OWN_REQUEST) {
        true => Ok(()),
        false => Err(WebProblem::NotFromTheConsole),
    }
}

/// The session that the request belongs to.
async fn signed_in(service: &Service, method: &Method, headers: &HeaderMap) -> Result<Resumed, WebProblem> {
    if ![Method::GET, Method::HEAD].contains(method) {
        only_from_the_console(headers)?;
    }
    let token = cookies::session(service, headers).ok_or(WebProblem::SignInFirst)?;
    let by_itself = *method == Method::GET && headers.get(OWN_REQUEST).is_some_and(|said| said == BY_ITSELF);
    let resumed = ask(service.clone(), move |service| session::resume(service, &token, by_itself)).await?;
    resumed.ok_or(WebProblem::SignInFirst)
}

/// The system whose token came with the request, if the token has this scope. The token is sent as
/// a bearer token, or as the password of any user name, which is all that a spreadsheet can send.
async fn system(service: &Service, headers: &HeaderMap, scope: Scope) -> Result<Actor, WebProblem> {
    let said = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let given = said.and_then(|said| match said.split_once(' ')? {
        ("Bearer", given) => Some(given.trim().to_owned()),
        ("Basic", both) => {
            let both = String::from_utf8(data_encoding::BASE64.decode(both.trim().as_bytes()).ok()?).ok()?;
            both.split_once(':').map(|(_, password)| password.to_owned())
        }
        _ => None,
    });
    let given = given.ok_or(WebProblem::SignInFirst)?;
    let system = ask(service.clone(), move |service| token::system(service, &given, scope)).await?;
    system.ok_or(WebProblem::SignInFirst)
}

/// Every route for people with who may use it, so that the console knows what a person may do.
#[derive(Clone)]
pub(crate) struct OpenRoutes(Arc<Vec<(String, Access)>>);

impl OpenRoutes {
    pub(crate) fn of(routes: impl Iterator<Item = (String, Access)>) -> Self {
        Self(Arc::new(
            routes.filter(|(_, access)| matches!(access, Access::People(_) | Access::PeopleAskedAgain(_))).collect(),
        ))
    }

    /// The routes that a person may use, by method and address, such as `GET /api/audit`.
    pub(crate) fn to(&self, who: &Actor) -> Vec<String> {
        self.0.iter().filter(|(_, access)| access.admits(who)).map(|(route, _)| route.clone()).collect()
    }
}

/// The person who has signed in and may use the route.
#[derive(Clone)]
pub(crate) struct SignedIn(pub(crate) Person);

impl FromRequestParts<Service> for SignedIn {
    type Rejection = WebProblem;

    async fn from_request_parts(parts: &mut Parts, _: &Service) -> Result<Self, WebProblem> {
        parts.extensions.get::<Self>().cloned().ok_or(WebProblem::SignInFirst)
    }
}

/// The person or system that sent the request and may use the route.
#[derive(Clone)]
pub(crate) struct By(pub(crate) Actor);

impl FromRequestParts<Service> for By {
    type Rejection = WebProblem;

    async fn from_request_parts(parts: &mut Parts, _: &Service) -> Result<Self, WebProblem> {
        parts.extensions.get::<Self>().cloned().ok_or(WebProblem::SignInFirst)
    }
}
