//! Who may use which route. A route is made with its seats, and nothing reaches its handler but through the door that asks for
//! them: a handler without a row can't be written.

use axum::extract::{FromRequestParts, Request, State};
use axum::http::header::{self, HeaderValue};
use axum::http::request::Parts;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};

use crate::http::WebProblem;
use crate::http::console::sign_in::{SignedIn, signed_in, system};
use crate::service::Service;
use crate::storage::{Person, Role};

/// Somebody's place: their role, and whether they sit at the council or at a firm.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    schemars::JsonSchema,
    strum::VariantArray,
)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum Seat {
    /// Works for a firm, visits tenants; has a phone and no desk.
    Contractor,
    /// Works for the council, visits tenants; has a phone and no desk.
    Officer,
    /// A firm's supervisor: sees that firm's visits and nothing else.
    FirmSupervisor,
    /// The council's supervisor.
    Supervisor,
    /// Alone reads safeguarding notes.
    SafeguardingLead,
    /// Reads, and checks that nothing was altered.
    Auditor,
    /// Enrols phones and runs the service.
    Administrator,
}

impl Seat {
    /// Where a person sits. At a firm there is one desk: whoever a firm calls its auditor or administrator sees what its
    /// supervisor sees.
    pub(crate) fn of(person: &Person) -> Self {
        let at_the_council = person.organisation.kind == "council";
        match person.role {
            Role::Contractor => Self::Contractor,
            Role::Officer => Self::Officer,
            _ if !at_the_council => Self::FirmSupervisor,
            Role::Supervisor => Self::Supervisor,
            Role::SafeguardingLead => Self::SafeguardingLead,
            Role::Auditor => Self::Auditor,
            Role::Administrator => Self::Administrator,
        }
    }
}

/// Who may use a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum May {
    /// Anybody: there is nothing to know.
    Anybody,
    /// Phones, by their signature under the request.
    Phones,
    /// Other systems of the council's, by a token that opens this.
    Systems(Opens),
    /// People who have signed in and sit in one of these.
    Seats(&'static [Seat]),
}

impl May {
    /// Whether people of a seat are let in.
    pub(crate) fn lets_in(self, seat: Seat) -> bool {
        matches!(self, Self::Seats(seats) if seats.contains(&seat))
    }
}

/// What a token of another system opens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, strum::VariantArray)]
#[serde(rename_all = "snake_case")]
pub enum Opens {
    /// Putting appointments.
    Appointments,
    /// How the service does.
    Metrics,
    /// Reading every visit, as a feed.
    Feed,
}

/// Everybody with a desk.
pub(crate) const DESKS: May =
    May::Seats(&[Seat::FirmSupervisor, Seat::Supervisor, Seat::SafeguardingLead, Seat::Auditor, Seat::Administrator]);
/// Those who see what is to be done, and by when.
pub(crate) const CASES: May = May::Seats(&[Seat::Supervisor, Seat::SafeguardingLead, Seat::Auditor]);
/// Those who do it.
pub(crate) const SUPERVISORS: May = May::Seats(&[Seat::Supervisor]);
/// Those who plan visits.
pub(crate) const PLANNERS: May = May::Seats(&[Seat::Supervisor, Seat::Administrator]);
/// Those who say who goes, and that nobody does.
pub(crate) const SENDERS: May = May::Seats(&[Seat::FirmSupervisor, Seat::Supervisor]);
/// Those who see which phones and people there are.
pub(crate) const ROSTER: May = May::Seats(&[Seat::Auditor, Seat::Administrator]);
/// Those who may see who did what.
pub(crate) const AUDIT: May = May::Seats(&[Seat::Auditor, Seat::Administrator]);
/// The safeguarding leads.
pub(crate) const LEADS: May = May::Seats(&[Seat::SafeguardingLead]);
/// Those who run the service.
pub(crate) const ADMINISTRATORS: May = May::Seats(&[Seat::Administrator]);

/// The door of a route: lets in who may come in, and tells the handler who they are. To anybody else the address does not
/// exist.
pub(crate) async fn door(
    State((service, may)): State<(Service, May)>,
    mut request: Request,
    next: Next,
) -> Result<Response, WebProblem> {
    match may {
        May::Anybody | May::Phones => {}
        May::Systems(what) => match system(&service, request.headers(), what).await {
            Ok(name) => drop(request.extensions_mut().insert(System(name))),
            Err(problem) => {
                // Excel and Power BI ask for a name and a password once they are told so.
                let mut refused = problem.into_response();
                let ways = HeaderValue::from_static("Basic realm=\"Doorstep\", charset=\"UTF-8\"");
                refused.headers_mut().insert(header::WWW_AUTHENTICATE, ways);
                return Ok(refused);
            }
        },
        May::Seats(_) => {
            let person = signed_in(&service, request.method(), request.headers()).await?;
            if !may.lets_in(Seat::of(&person)) {
                return Err(WebProblem::NotFound);
            }
            request.extensions_mut().insert(SignedIn(person));
        }
    }
    Ok(next.run(request).await)
}

/// Another system of the council's, whom the door has let in: its name.
#[derive(Debug, Clone)]
pub(crate) struct System(pub(crate) String);

impl FromRequestParts<Service> for System {
    type Rejection = WebProblem;

    async fn from_request_parts(parts: &mut Parts, _: &Service) -> Result<Self, WebProblem> {
        parts.extensions.get::<Self>().cloned().ok_or(WebProblem::SignInFirst)
    }
}
