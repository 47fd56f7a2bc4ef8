//! Who may use which route. A route is made with its access, and nothing reaches its handler but
//! through [`authorize`]: a handler that nobody is asked for can't be written.

use std::sync::Arc;

use axum::extract::{FromRequestParts, Request, State};
use axum::http::Method;
use axum::http::header::{self, HeaderMap, HeaderValue};
use axum::http::request::Parts;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::blocking::ask;
use super::cookies;
use super::problem::WebProblem;
use crate::access::actor::Actor;
use crate::access::roles::{Role, Scope};
use crate::access::{session, token};
use crate::service::Service;
use crate::storage::Person;

/// A header that a form of another site can't send.
const OWN_REQUEST: &str = "x-doorstep";

/// Who may use a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Access {
    /// Anybody: there is nothing to know.
    Anybody,
    /// Phones, by their signature under the request.
    Phones,
    /// Other systems of the council's, by a token that opens this.
    Systems(Scope),
    /// People who have signed in and have one of these roles.
    People(&'static [Role]),
}

/// Everybody with a desk.
pub(crate) const DESKS: Access = Access::People(&[
    Role::FirmSupervisor,
    Role::Supervisor,
    Role::SafeguardingLead,
    Role::Auditor,
    Role::Administrator,
]);
/// Those who see what is to be done, and by when.
pub(crate) const CASES: Access = Access::People(&[Role::Supervisor, Role::SafeguardingLead, Role::Auditor]);
/// Those who do it.
pub(crate) const SUPERVISORS: Access = Access::People(&[Role::Supervisor]);
/// Those who plan visits.
pub(crate) const PLANNERS: Access = Access::People(&[Role::Supervisor, Role::Administrator]);
/// Those who say who goes, and that nobody does.
pub(crate) const SENDERS: Access = Access::People(&[Role::FirmSupervisor, Role::Supervisor]);
/// Those who see which phones and people there are.
pub(crate) const ROSTER: Access = Access::People(&[Role::Auditor, Role::Administrator]);
/// Those who may see who did what.
pub(crate) const AUDIT: Access = Access::People(&[Role::Auditor, Role::Administrator]);
/// The safeguarding leads.
pub(crate) const LEADS: Access = Access::People(&[Role::SafeguardingLead]);
/// Those who run the service.
pub(crate) const ADMINISTRATORS: Access = Access::People(&[Role::Administrator]);

impl Access {
    /// Whether it lets somebody in.
    pub(crate) fn admits(self, who: &Actor) -> bool {
        matches!(self, Self::People(roles) if who.is_one_of(roles))
    }
}

/// Lets in who may use a route, and tells the handler who they are. To anybody else the address
/// does not exist.
pub(crate) async fn authorize(
    State((service, access)): State<(Service, Access)>,
    mut request: Request,
    next: Next,
) -> Result<Response, WebProblem> {
    match access {
        Access::Anybody | Access::Phones => {}
        Access::Systems(scope) => match system(&service, request.headers(), scope).await {
            Ok(actor) => drop(request.extensions_mut().insert(By(actor))),
            Err(problem) => {
                // Excel and Power BI ask for a name and a password once they are told so.
                let mut refused = problem.into_response();
                let ways = HeaderValue::from_static("Basic realm=\"Doorstep\", charset=\"UTF-8\"");
                refused.headers_mut().insert(header::WWW_AUTHENTICATE, ways);
                return Ok(refused);
            }
        },
        Access::People(_) => {
            let person = signed_in(&service, request.method(), request.headers()).await?;
            let actor = Actor::person(&person);
            if !access.admits(&actor) {
                return Err(WebProblem::NotFound);
            }
            request.extensions_mut().insert(By(actor));
            request.extensions_mut().insert(SignedIn(person));
        }
    }
    Ok(next.run(request).await)
}

/// Refuses what no page of the console's own sent.
pub(crate) fn only_from_the_console(headers: &HeaderMap) -> Result<(), WebProblem> {
    match headers.contains_key(OWN_REQUEST) {
        true => Ok(()),
        false => Err(WebProblem::BadRequest("The request did not come from the console.".into())),
    }
}

/// Whose session it is.
async fn signed_in(service: &Service, method: &Method, headers: &HeaderMap) -> Result<Person, WebProblem> {
    if *method != Method::GET {
        only_from_the_console(headers)?;
    }
    let token = cookies::session(headers).ok_or(WebProblem::SignInFirst)?;
    let person = ask(service.clone(), move |service| session::resume(service, &token)).await?;
    person.ok_or(WebProblem::SignInFirst)
}

/// The system whose token came with a request, if it opens what it asks for: as a bearer's, or as a
/// password beside any name, which is all that a spreadsheet can send.
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

/// Every route that people use, with who may: so that somebody can be told what is open to them.
#[derive(Clone)]
pub(crate) struct OpenRoutes(Arc<Vec<(String, Access)>>);

impl OpenRoutes {
    pub(crate) fn of(routes: impl Iterator<Item = (String, Access)>) -> Self {
        Self(Arc::new(routes.filter(|(_, access)| matches!(access, Access::People(_))).collect()))
    }

    /// What is open to somebody, by method and address: `GET /api/audit`.
    pub(crate) fn to(&self, who: &Actor) -> Vec<String> {
        self.0.iter().filter(|(_, access)| access.admits(who)).map(|(route, _)| route.clone()).collect()
    }
}

/// Somebody who has signed in, and whom the route lets in.
#[derive(Clone)]
pub(crate) struct SignedIn(pub(crate) Person);

impl FromRequestParts<Service> for SignedIn {
    type Rejection = WebProblem;

    async fn from_request_parts(parts: &mut Parts, _: &Service) -> Result<Self, WebProblem> {
        parts.extensions.get::<Self>().cloned().ok_or(WebProblem::SignInFirst)
    }
}

/// Whoever asks, whom the route lets in.
#[derive(Clone)]
pub(crate) struct By(pub(crate) Actor);

impl FromRequestParts<Service> for By {
    type Rejection = WebProblem;

    async fn from_request_parts(parts: &mut Parts, _: &Service) -> Result<Self, WebProblem> {
        parts.extensions.get::<Self>().cloned().ok_or(WebProblem::SignInFirst)
    }
}
