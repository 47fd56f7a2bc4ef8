//! The list of every URL of the service, and the router that serves them.

use std::sync::Arc;

use aide::axum::routing::{ApiMethodRouter, delete, get, post, put};
use aide::openapi::OpenApi;
use aide::operation::{OperationHandler, OperationInput, OperationOutput};
use axum::extract::{DefaultBodyLimit, MatchedPath};
use axum::handler::Handler;
use axum::http::{HeaderName, HeaderValue, Method, header};
use axum::middleware::from_fn_with_state;
use axum::routing::MethodRouter;
use axum::{Extension, Router};
use doorstep_domain::protocol::Limits;
use schemars::JsonSchema;
use serde::Serialize;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::set_header::SetResponseHeaderLayer;
use tower_http::timeout::{RequestBodyTimeoutLayer, TimeoutLayer};
use tower_http::trace::TraceLayer;

use super::authorize::{Access, OpenRoutes, authorize};
use super::bodies::{Bodies, in_bounds};
use super::connections::BODY_TIME;
use super::console::{
    accounts, appointments, audit, cases, code, concerns, exports, no_access, openid, own_sessions, pages, passkeys,
    people, phones, reports, safeguarding, set_aside, settings, sign_in, today, visits,
};
use super::openapi::{self, AnswerDescription, RouteDescription, schema_of};
use super::operations::ServiceCounts;
use super::problem::WebProblem;
use super::sign_in_queue::SignInQueue;
use super::{assets, devices, operations, systems};
use crate::access::openid::Provider;
use crate::access::roles::{
    ACCOUNT_DECIDERS, ACCOUNTS, ADMINISTRATORS, ASIDE, ASIDE_DECIDERS, AUDIT, CASES, DESKS, LEADS, PLANNERS, ROSTER,
    Role, SENDERS, SUPERVISORS, Scope,
};
use crate::service::Service;

/// How many seconds one request can take, including its upload. Only an export can take longer.
const REQUEST_SECONDS: u64 = 120;

/// The longest table that the console can send, in bytes.
const TABLE_BYTES: usize = 16 * 1024 * 1024;

/// The longest other body that the console can send, in bytes. The text of a Code is the longest.
const CONSOLE_BYTES: usize = 1024 * 1024;

/// The longest body that another system, or a person who has not signed in, can send, in bytes.
const SIGN_IN_BYTES: usize = 16 * 1024;

/// A route: its method, its address, who may use it, and its handler.
struct Route {
    method: Method,
    path: &'static str,
    access: Access,
    answers: ApiMethodRouter<Service>,
    /// Whether it can take longer than [`REQUEST_SECONDS`]. It ends when the caller goes away.
    at_length: bool,
    /// Whether its body is a table.
    takes_a_table: bool,
    /// How the document describes its answer.
    told: AnswerDescription,
}

/// A route as the table in docs/roles.md shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RouteRow {
    /// The HTTP method, such as `GET`.
    pub method: String,
    /// The address, with its variable parts in braces.
    pub path: &'static str,
    /// `anybody`, `phones`, `systems` or `people`.
    pub who: &'static str,
    /// The roles that may use it. Empty where `who` is not `people`.
    pub roles: &'static [Role],
}

/// Every route, once.
fn all_routes() -> Vec<Route> {
    use Access::{Anybody, Phones, Systems};
    use Scope::{Appointments, Backups, Feed, Metrics};
    let page = pages::console;
    vec![
        // Phones.
        Route::post("/v1/enrol", Phones, devices::enrol),
        Route::post("/v1/sync", Phones, devices::sync),
        Route::put("/v1/blobs/{sha256}", Phones, devices::put_blob),
        Route::post("/v2/enrol", Phones, devices::enrol_v2),
        Route::post("/v2/sync", Phones, devices::sync_v2),
        Route::put("/v2/blobs/{sha256}", Phones, devices::put_photo_v2),
        Route::put("/v2/salvage/{sha256}", Phones, devices::put_salvage_v2),
        // Signing in and out.
        Route::get("/api/session", DESKS, sign_in::show),
        Route::post("/api/session", Anybody, sign_in::sign_in).tells::<sign_in::SignInAnswer>(&[200]),
        Route::delete("/api/session", Anybody, sign_in::sign_out),
        Route::post("/api/session/password", DESKS, own_sessions::change_password),
        Route::post("/api/session/proof", DESKS, own_sessions::prove),
        Route::get("/api/sign-in", Anybody, openid::ways_in),
        Route::get("/api/sign-in/openid", Anybody, openid::begin).redirects(),
        Route::get("/api/sign-in/openid/back", Anybody, openid::back).redirects(),
        Route::get("/api/sessions", DESKS, own_sessions::list),
        Route::delete("/api/sessions/{session}", DESKS, own_sessions::end),
        Route::get("/api/passkeys", DESKS, passkeys::list),
        Route::post("/api/passkeys", DESKS, passkeys::keep).asks_again(),
        Route::post("/api/passkeys/offer", DESKS, passkeys::offer).asks_again(),
        Route::delete("/api/passkeys/{passkey}", DESKS, passkeys::forget).asks_again(),
        Route::get("/api/openapi.json", Anybody, openapi::show),
        // What the console shows.
        Route::get("/api/today", DESKS, today::show),
        Route::get("/api/visits", DESKS, visits::list),
        Route::get("/api/visits/{visit}", DESKS, visits::show),
        Route::post("/api/visits/{visit}", SUPERVISORS, visits::decide),
        Route::get("/api/visits/{visit}/photos/{sha256}", DESKS, visits::photo).tells_other("image/jpeg"),
        Route::get("/api/organisations", DESKS, visits::organisations),
        Route::get("/api/no-access", DESKS, no_access::list),
        Route::get("/api/no-access/{uprn}", CASES, no_access::evidence),
        Route::get("/api/reports", DESKS, reports::show),
        Route::get("/api/concerns", DESKS, concerns::list),
        Route::get("/api/cases", CASES, cases::list),
        Route::get("/api/cases/{case}", CASES, cases::show),
        Route::post("/api/cases/{case}", SUPERVISORS, cases::act),
        Route::get("/api/appointments", DESKS, appointments::list),
        Route::post("/api/appointments", PLANNERS, appointments::import).takes_a_table(),
        Route::post("/api/appointments/preview", PLANNERS, appointments::preview).takes_a_table(),
        Route::put("/api/backups/{id}/verified", Systems(Backups), systems::backups::verified),
        Route::put("/api/appointments/{reference}", Systems(Appointments), systems::appointments::put)
            // With status 422, the answer lists the values that are wrong.
            .tells::<systems::appointments::AppointmentAnswer>(&[200, 201, 422]),
        Route::post("/api/appointments/{reference}", SENDERS, appointments::change),
        Route::get("/api/phones", ROSTER, phones::list),
        Route::post("/api/phones", ADMINISTRATORS, phones::offer).asks_again(),
        Route::delete("/api/phones/{device}", ADMINISTRATORS, phones::revoke).asks_again(),
        Route::get("/api/set-aside", ASIDE, set_aside::list),
        Route::post("/api/set-aside", ASIDE_DECIDERS, set_aside::put_to_rest).asks_again(),
        Route::get("/api/set-aside/{device}", ASIDE, set_aside::show),
        Route::post("/api/set-aside/{device}", ASIDE_DECIDERS, set_aside::decide).asks_again(),
        Route::get("/api/people", ROSTER, people::list),
        Route::post("/api/people", ADMINISTRATORS, people::import).takes_a_table().asks_again(),
        Route::post("/api/people/{user}", ADMINISTRATORS, people::change).asks_again(),
        Route::get("/api/accounts", ACCOUNTS, accounts::list),
        Route::post("/api/accounts/{change}", ACCOUNT_DECIDERS, accounts::decide).asks_again(),
        Route::get("/api/acknowledgements", DESKS, code::register),
        Route::get("/api/exports/dictionary", DESKS, exports::dictionary),
        Route::get("/api/exports/{table}", DESKS, exports::table).tells_other("*/*").at_length(),
        Route::get("/api/numbers", DESKS, settings::list),
        Route::post("/api/numbers", ADMINISTRATORS, settings::enter),
        Route::delete("/api/numbers/{name}/{from}", ADMINISTRATORS, settings::withdraw),
        Route::get("/api/codes", DESKS, code::list),
        Route::post("/api/codes", ADMINISTRATORS, code::publish).asks_again(),
        Route::get("/api/safeguarding", LEADS, safeguarding::list),
        Route::get("/api/safeguarding/{record}", LEADS, safeguarding::open),
        Route::get("/api/safeguarding-log", LEADS, safeguarding::log),
        Route::get("/api/audit", AUDIT, audit::list),
        Route::get("/api/audit/links", AUDIT, audit::check),
        // The console's pages. All are the same file, which then requests the data it shows.
        Route::get("/", Anybody, page),
        Route::get("/visits", Anybody, page),
        Route::get("/visits/{visit}", Anybody, page),
        Route::get("/concerns", Anybody, page),
        Route::get("/cases", Anybody, page),
        Route::get("/cases/{case}", Anybody, page),
        Route::get("/no-access", Anybody, page),
        Route::get("/no-access/{uprn}", Anybody, page),
        Route::get("/reports", Anybody, page),
        Route::get("/appointments", Anybody, page),
        Route::get("/phones", Anybody, page),
        Route::get("/set-aside", Anybody, page),
        Route::get("/set-aside/{device}", Anybody, page),
        Route::get("/people", Anybody, page),
        Route::get("/accounts", Anybody, page),
        Route::get("/acknowledgements", Anybody, page),
        Route::get("/code", Anybody, page),
        Route::get("/numbers", Anybody, page),
        Route::get("/exports", Anybody, page),
        Route::get("/audit", Anybody, page),
        Route::get("/safeguarding", Anybody, page),
        Route::get("/safeguarding/log", Anybody, page),
        Route::get("/sign-ins", Anybody, page),
        Route::get("/assets/{*name}", Anybody, pages::asset),
        // For those who run the service.
        Route::get("/health", Anybody, operations::live).tells_other("text/plain"),
        Route::get("/ready", Anybody, operations::ready).tells_other("text/plain"),
        Route::get("/metrics", Systems(Metrics), operations::metrics).tells_other("text/plain"),
        // The feed for spreadsheets and Power BI.
        Route::get("/odata/v4", Systems(Feed), systems::odata::service).tells::<serde_json::Value>(&[200]),
        Route::get("/odata/v4/", Systems(Feed), systems::odata::service).tells::<serde_json::Value>(&[200]),
        Route::get("/odata/v4/$metadata", Systems(Feed), systems::odata::metadata).tells_other("application/xml"),
        Route::get("/odata/v4/Visits", Systems(Feed), systems::odata::visits).tells::<serde_json::Value>(&[200]),
    ]
}

impl Route {
    fn get<H, I, O, T: 'static>(path: &'static str, access: impl Into<Access>, answers: H) -> Self
    where
        H: Handler<T, Service> + OperationHandler<I, O>,
        I: OperationInput,
        O: OperationOutput,
    {
        Self::new(Method::GET, path, access, get(answers))
    }

    fn post<H, I, O, T: 'static>(path: &'static str, access: impl Into<Access>, answers: H) -> Self
    where
        H: Handler<T, Service> + OperationHandler<I, O>,
        I: OperationInput,
        O: OperationOutput,
    {
        Self::new(Method::POST, path, access, post(answers))
    }

    fn put<H, I, O, T: 'static>(path: &'static str, access: impl Into<Access>, answers: H) -> Self
    where
        H: Handler<T, Service> + OperationHandler<I, O>,
        I: OperationInput,
        O: OperationOutput,
    {
        Self::new(Method::PUT, path, access, put(answers))
    }

    fn delete<H, I, O, T: 'static>(path: &'static str, access: impl Into<Access>, answers: H) -> Self
    where
        H: Handler<T, Service> + OperationHandler<I, O>,
        I: OperationInput,
        O: OperationOutput,
    {
        Self::new(Method::DELETE, path, access, delete(answers))
    }

    fn new(method: Method, path: &'static str, access: impl Into<Access>, answers: ApiMethodRouter<Service>) -> Self {
        let (at_length, takes_a_table) = (false, false);
        Self {
            method,
            path,
            access: access.into(),
            answers,
            at_length,
            takes_a_table,
            told: AnswerDescription::ByItsType,
        }
    }

    /// Lets the route take longer than [`REQUEST_SECONDS`].
    fn at_length(mut self) -> Self {
        self.at_length = true;
        self
    }

    /// Lets the body be as long as a table.
    fn takes_a_table(mut self) -> Self {
        self.takes_a_table = true;
        self
    }

    /// Asks people again who they are before it runs, if they did not prove it lately.
    fn asks_again(mut self) -> Self {
        if let Access::People(roles) = self.access {
            self.access = Access::PeopleAskedAgain(roles);
        }
        self
    }

    /// Describes an answer that the handler builds by hand: JSON of this type, with these statuses.
    fn tells<T: JsonSchema>(mut self, statuses: &'static [u16]) -> Self {
        self.told = AnswerDescription::Json(statuses, schema_of::<T>);
        self
    }

    /// Describes an answer that is not JSON, by its media type.
    fn tells_other(mut self, media: &'static str) -> Self {
        self.told = AnswerDescription::Media(media);
        self
    }

    /// Describes an answer that is a redirect.
    fn redirects(mut self) -> Self {
        self.told = AnswerDescription::Elsewhere;
        self
    }

    fn row(&self) -> RouteRow {
        let (who, roles) = match self.access {
            Access::Anybody => ("anybody", [].as_slice()),
            Access::Phones => ("phones", [].as_slice()),
            Access::Systems(_) => ("systems", [].as_slice()),
            Access::People(roles) | Access::PeopleAskedAgain(roles) => ("people", roles),
        };
        RouteRow { method: self.method.to_string(), path: self.path, who, roles }
    }
}

/// Every route with who may use it, from the same list that the router is made from.
#[must_use]
pub fn routes() -> Vec<RouteRow> {
    all_routes().iter().map(Route::row).collect()
}

/// The `OpenAPI` document. It leaves out the routes for phones and the console's pages.
fn document(over_tls: bool) -> OpenApi {
    let for_programs = |route: &Route| {
        ["/api/", "/odata/", "/health", "/ready", "/metrics"].iter().any(|begin| route.path.starts_with(begin))
    };
    let described = |route: Route| {
        let RouteRow { path, who, .. } = route.row();
        let Route { method, answers, told, .. } = route;
        RouteDescription { method, path, who, answers, told }
    };
    openapi::document(over_tls, || all_routes().into_iter().filter(for_programs).map(described).collect())
}

/// The router of the service. With a provider, people can also sign in with the council's accounts.
pub fn router(service: Service, provider: Option<Provider>) -> Router {
    let over_tls = service.is_over_tls();
    let counted = ServiceCounts::new();
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let open =
        OpenRoutes::of(all_routes().iter().map(|route| (format!("{} {}", route.method, route.path), route.access)));
    let bodies = Bodies::default();
    let mut known = Router::new();
    for Route { path, access, answers, at_length, takes_a_table, .. } in all_routes() {
        let most = match access {
            Access::Anybody => SIGN_IN_BYTES,
            Access::Phones => Limits::MESSAGE_BYTES,
            Access::Systems(_) => SIGN_IN_BYTES,
            Access::People(_) | Access::PeopleAskedAgain(_) if takes_a_table => TABLE_BYTES,
            Access::People(_) | Access::PeopleAskedAgain(_) => CONSOLE_BYTES,
        };
        let authorized = from_fn_with_state((service.clone(), access), authorize);
        let answers = MethodRouter::from(answers);
        let answers = answers.layer(DefaultBodyLimit::max(most));
        // A table finds its place before it is read.
        let in_bounds = from_fn_with_state(bodies.clone(), in_bounds);
        let answers = if takes_a_table { answers } else { answers.layer(in_bounds) };
        let answers = answers.layer(authorized);
        // No browser or proxy keeps what may be about somebody.
        let is_personal = !matches!(access, Access::Anybody) || path.starts_with("/api/");
        let answers = if is_personal { answers.layer(always(header::CACHE_CONTROL, "no-store")) } else { answers };
        known = known.route(path, if at_length { answers } else { answers.layer(in_time()) });
    }
    let router = known
        .method_not_allowed_fallback(async || WebProblem::OtherMethod)
        .route_layer(from_fn_with_state((service.clone(), counted.clone()), operations::count))
        .layer(Extension(counted))
        .layer(Extension(Arc::new(SignInQueue::new(cores))))
        .layer(Extension(open))
        .layer(Extension(Arc::new(document(over_tls))))
        .fallback(pages::not_found)
        .layer(Extension(provider.map(Arc::new)))
        .layer(CatchPanicLayer::custom(failed))
        .layer(SetResponseHeaderLayer::if_not_present(
            header::CONTENT_SECURITY_POLICY,
            assets::content_security_policy(),
        ))
        .layer(always(header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .layer(always(header::REFERRER_POLICY, "no-referrer"))
        .layer(always(header::X_FRAME_OPTIONS, "DENY"))
        .layer(always(HeaderName::from_static("cross-origin-opener-policy"), "same-origin"))
        .layer(
            TraceLayer::new_for_http()
                .make_span_with(|request: &axum::extract::Request| {
                    // Only the route: an address can hold a user name, and a query what was
                    // searched for.
                    let route = request.extensions().get::<MatchedPath>().map_or("none", MatchedPath::as_str);
                    tracing::info_span!("request", method = %request.method(), route)
                })
                // What fails is logged where it fails, and a flood of refusals must not fill the
                // log.
                .on_failure(()),
        )
        .layer(RequestBodyTimeoutLayer::new(BODY_TIME))
        .with_state(service);
    match over_tls {
        true => router.layer(always(header::STRICT_TRANSPORT_SECURITY, "max-age=31536000")),
        false => router,
    }
}

/// Answers a request whose handler panicked. The service goes on.
fn failed(_: Box<dyn std::any::Any + Send>) -> axum::response::Response {
    tracing::error!("A request panicked; the service goes on.");
    axum::response::IntoResponse::into_response(WebProblem::Internal)
}

/// Ends a request that takes longer than [`REQUEST_SECONDS`], with status 408.
fn in_time() -> TimeoutLayer {
    let longest = std::time::Duration::from_secs(REQUEST_SECONDS);
    TimeoutLayer::with_status_code(axum::http::StatusCode::REQUEST_TIMEOUT, longest)
}

fn always(name: HeaderName, value: &'static str) -> SetResponseHeaderLayer<HeaderValue> {
    SetResponseHeaderLayer::if_not_present(name, HeaderValue::from_static(value))
}
