//! Every URL of the service, on one page.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::DefaultBodyLimit;
use axum::handler::Handler;
use axum::http::{HeaderName, HeaderValue, Method, header};
use axum::middleware::from_fn_with_state;
use axum::routing::{MethodRouter, delete, get, post, put};
use axum::{Extension, Json, Router};
use doorstep_domain::conduct::{CaseDeed, CodeSection, DatedNumber};
use doorstep_domain::protocol::Limits;
use schemars::JsonSchema;
use serde::Serialize;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::set_header::SetResponseHeaderLayer;
use tower_http::timeout::TimeoutLayer;
use tower_http::trace::TraceLayer;

use super::authorize::{
    ADMINISTRATORS, AUDIT, Access, CASES, DESKS, LEADS, OpenRoutes, PLANNERS, ROSTER, SENDERS, SUPERVISORS, authorize,
};
use super::console::{
    appointments, audit, cases, code, concerns, exports, no_access, openid, own_sessions, pages, people, phones,
    reports, safeguarding, settings, sign_in, today, visits,
};
use super::openapi::{self, Body, Contract, Operation, schema_of};
use super::operations::Counted;
use super::problem::WebProblem;
use super::{assets, devices, operations, systems};
use crate::access::openid::Provider;
use crate::access::roles::{Role, Scope};
use crate::desk::appointments::AppointmentChange;
use crate::desk::people::PersonChange;
use crate::export::Selection;
use crate::import::Imported;
use crate::service::Service;

/// Seconds for one request, upload included; a table to take away may take longer.
const REQUEST_SECONDS: u64 = 120;

/// The longest thing that a console sends is a table of appointments.
const CONSOLE_BYTES: usize = 16 * 1024 * 1024;

/// What somebody may send who has not signed in.
const SIGN_IN_BYTES: usize = 16 * 1024;

/// A route: what may be asked at which address, by whom, and who answers.
struct Route {
    method: Method,
    path: &'static str,
    access: Access,
    answers: MethodRouter<Service>,
    /// Whether it may take longer than [`REQUEST_SECONDS`]: it ends when whoever asked goes away.
    at_length: bool,
    contract: Contract,
}

/// A route as a table shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RouteRow {
    /// `GET`, `POST`, ...
    pub method: String,
    /// The address, with its variable parts in braces.
    pub path: &'static str,
    /// `anybody`, `phones`, `systems` or `people`.
    pub who: &'static str,
    /// Of people: their roles.
    pub roles: &'static [Role],
}

/// Every route, once.
fn all_routes() -> Vec<Route> {
    use Access::{Anybody, Phones, Systems};
    use Scope::{Appointments, Feed, Metrics};
    let page = pages::console;
    vec![
        // What phones say.
        Route::post("/v1/enrol", Phones, devices::enrol),
        Route::post("/v1/sync", Phones, devices::sync),
        Route::put("/v1/blobs/{sha256}", Phones, devices::put_blob),
        // Signing in and out.
        Route::get("/api/session", DESKS, sign_in::show).tells::<sign_in::SessionView>(),
        Route::post("/api/session", Anybody, sign_in::sign_in)
            .takes::<sign_in::Credentials>()
            .tells::<sign_in::SignInAnswer>(),
        Route::delete("/api/session", Anybody, sign_in::sign_out),
        Route::get("/api/sign-in", Anybody, openid::ways_in).tells::<openid::WaysIn>(),
        Route::get("/api/sign-in/openid", Anybody, openid::begin).redirects(),
        Route::get("/api/sign-in/openid/back", Anybody, openid::back).asks::<openid::Back>().redirects(),
        Route::get("/api/sessions", DESKS, own_sessions::list).tells::<Vec<own_sessions::OwnSession>>(),
        Route::delete("/api/sessions/{session}", DESKS, own_sessions::end),
        Route::get("/api/openapi.json", Anybody, openapi).tells::<serde_json::Value>(),
        // What the console shows.
        Route::get("/api/today", DESKS, today::show).tells::<today::TodayBoard>(),
        Route::get("/api/visits", DESKS, visits::list).asks::<Selection>().tells::<visits::VisitList>(),
        Route::get("/api/visits/{visit}", DESKS, visits::show).tells::<visits::VisitDetail>(),
        Route::get("/api/visits/{visit}/photos/{sha256}", DESKS, visits::photo).tells_other("image/jpeg"),
        Route::get("/api/organisations", DESKS, visits::organisations).tells::<Vec<String>>(),
        Route::get("/api/no-access", DESKS, no_access::list)
            .asks::<no_access::NoAccessQuery>()
            .tells::<no_access::NoAccessList>(),
        Route::get("/api/no-access/{uprn}", CASES, no_access::evidence).tells::<no_access::EvidencePack>(),
        Route::get("/api/reports", DESKS, reports::show).asks::<Selection>().tells::<reports::Reports>(),
        Route::get("/api/concerns", DESKS, concerns::list)
            .asks::<concerns::ConcernQuery>()
            .tells::<concerns::ConcernList>(),
        Route::get("/api/cases", CASES, cases::list).asks::<cases::CaseQuery>().tells::<cases::CaseList>(),
        Route::get("/api/cases/{case}", CASES, cases::show).tells::<cases::CaseDetail>(),
        Route::post("/api/cases/{case}", SUPERVISORS, cases::act).takes::<CaseDeed>().tells::<cases::CaseDetail>(),
        Route::get("/api/appointments", DESKS, appointments::list)
            .asks::<appointments::AppointmentQuery>()
            .tells::<appointments::AppointmentList>(),
        Route::post("/api/appointments", PLANNERS, appointments::import)
            .asks::<appointments::ImportQuery>()
            .takes_table()
            .tells::<Imported>(),
        Route::post("/api/appointments/preview", PLANNERS, appointments::preview).takes_table().tells::<Imported>(),
        Route::put("/api/appointments/{reference}", Systems(Appointments), systems::appointments::put)
            .takes::<BTreeMap<String, String>>()
            .tells::<systems::appointments::Put>(),
        Route::post("/api/appointments/{reference}", SENDERS, appointments::change)
            .takes::<AppointmentChange>()
            .tells::<appointments::AppointmentListRow>(),
        Route::get("/api/phones", ROSTER, phones::list).asks::<phones::PhoneQuery>().tells::<phones::PhoneList>(),
        Route::post("/api/phones", ADMINISTRATORS, phones::offer)
            .takes::<phones::OfferFor>()
            .tells::<phones::PhoneOffer>(),
        Route::delete("/api/phones/{device}", ADMINISTRATORS, phones::revoke),
        Route::get("/api/people", ROSTER, people::list).asks::<people::PeopleQuery>().tells::<people::PersonList>(),
        Route::post("/api/people", ADMINISTRATORS, people::import)
            .asks::<people::ImportQuery>()
            .takes_table()
            .tells::<Imported>(),
        Route::post("/api/people/{user}", ADMINISTRATORS, people::change).takes::<PersonChange>(),
        Route::get("/api/acknowledgements", DESKS, code::register)
            .asks::<code::RegisterQuery>()
            .tells::<code::Register>(),
        Route::get("/api/exports/dictionary", DESKS, exports::dictionary).tells::<Vec<exports::TableMeaning>>(),
        Route::get("/api/exports/{table}", DESKS, exports::table).asks::<Selection>().tells_other("*/*").at_length(),
        Route::get("/api/numbers", DESKS, settings::list).tells::<settings::NumberList>(),
        Route::post("/api/numbers", ADMINISTRATORS, settings::enter).takes::<DatedNumber>(),
        Route::delete("/api/numbers/{name}/{from}", ADMINISTRATORS, settings::withdraw),
        Route::get("/api/codes", DESKS, code::list).tells::<code::CodeList>(),
        Route::post("/api/codes", ADMINISTRATORS, code::publish).takes::<code::NewCode>().tells::<Vec<CodeSection>>(),
        Route::get("/api/safeguarding", LEADS, safeguarding::list)
            .asks::<safeguarding::NoteQuery>()
            .tells::<safeguarding::SafeguardingList>(),
        Route::get("/api/safeguarding/{record}", LEADS, safeguarding::open).tells::<safeguarding::OpenedNote>(),
        Route::get("/api/audit", AUDIT, audit::list).asks::<audit::AuditQuery>().tells::<audit::AuditList>(),
        // The console's own pages: each is the same file, which then asks for what it shows.
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
        Route::get("/people", Anybody, page),
        Route::get("/acknowledgements", Anybody, page),
        Route::get("/code", Anybody, page),
        Route::get("/numbers", Anybody, page),
        Route::get("/exports", Anybody, page),
        Route::get("/audit", Anybody, page),
        Route::get("/safeguarding", Anybody, page),
        Route::get("/sign-ins", Anybody, page),
        Route::get("/assets/{*name}", Anybody, pages::asset),
        // What those who run the service ask.
        Route::get("/health", Anybody, operations::live).tells_other("text/plain"),
        Route::get("/ready", Anybody, operations::ready).tells_other("text/plain"),
        Route::get("/metrics", Systems(Metrics), operations::metrics).tells_other("text/plain"),
        // What spreadsheets and Power BI refresh from.
        Route::get("/odata/v4", Systems(Feed), systems::odata::service).tells::<serde_json::Value>(),
        Route::get("/odata/v4/", Systems(Feed), systems::odata::service).tells::<serde_json::Value>(),
        Route::get("/odata/v4/$metadata", Systems(Feed), systems::odata::metadata).tells_other("application/xml"),
        Route::get("/odata/v4/Visits", Systems(Feed), systems::odata::visits).tells::<serde_json::Value>(),
    ]
}

impl Route {
    fn get<T: 'static>(path: &'static str, access: Access, answers: impl Handler<T, Service>) -> Self {
        Self::new(Method::GET, path, access, get(answers))
    }

    fn post<T: 'static>(path: &'static str, access: Access, answers: impl Handler<T, Service>) -> Self {
        Self::new(Method::POST, path, access, post(answers))
    }

    fn put<T: 'static>(path: &'static str, access: Access, answers: impl Handler<T, Service>) -> Self {
        Self::new(Method::PUT, path, access, put(answers))
    }

    fn delete<T: 'static>(path: &'static str, access: Access, answers: impl Handler<T, Service>) -> Self {
        Self::new(Method::DELETE, path, access, delete(answers))
    }

    fn new(method: Method, path: &'static str, access: Access, answers: MethodRouter<Service>) -> Self {
        Self { method, path, access, answers, at_length: false, contract: Contract::default() }
    }

    /// That it may take as long as somebody waits.
    fn at_length(mut self) -> Self {
        self.at_length = true;
        self
    }

    /// What its query can say.
    fn asks<T: JsonSchema>(mut self) -> Self {
        self.contract.query = Some(schema_of::<T>);
        self
    }

    /// What it takes, in JSON.
    fn takes<T: JsonSchema>(mut self) -> Self {
        self.contract.takes = Body::Json(schema_of::<T>);
        self
    }

    /// That it takes a table.
    fn takes_table(mut self) -> Self {
        self.contract.takes = Body::Other("text/csv");
        self
    }

    /// What it tells, in JSON.
    fn tells<T: JsonSchema>(mut self) -> Self {
        self.contract.tells = Body::Json(schema_of::<T>);
        self
    }

    /// What it tells, by its media type.
    fn tells_other(mut self, media: &'static str) -> Self {
        self.contract.tells = Body::Other(media);
        self
    }

    /// That it sends whoever asks elsewhere.
    fn redirects(mut self) -> Self {
        self.contract.redirects = true;
        self
    }

    fn row(&self) -> RouteRow {
        let (who, roles) = match self.access {
            Access::Anybody => ("anybody", [].as_slice()),
            Access::Phones => ("phones", [].as_slice()),
            Access::Systems(_) => ("systems", [].as_slice()),
            Access::People(roles) => ("people", roles),
        };
        RouteRow { method: self.method.to_string(), path: self.path, who, roles }
    }
}

/// Every route with who may use it, from the router itself.
#[must_use]
pub fn routes() -> Vec<RouteRow> {
    all_routes().iter().map(Route::row).collect()
}

/// The routes as a document for programs, but for phones' and the console's pages.
pub(crate) async fn openapi() -> Json<serde_json::Value> {
    let operation = |route: Route| {
        let RouteRow { method, path, who, .. } = route.row();
        Operation { method, path, who, contract: route.contract }
    };
    let for_programs = |route: &Route| {
        ["/api/", "/odata/", "/health", "/ready", "/metrics"].iter().any(|begin| route.path.starts_with(begin))
    };
    Json(openapi::document(all_routes().into_iter().filter(for_programs).map(operation)))
}

/// The router of the service. People can also sign in with a provider, where there is one.
pub fn router(service: Service, provider: Option<Provider>) -> Router {
    let over_tls = service.public_address.as_ref().is_some_and(|address| address.starts_with("https://"));
    let counted = Counted::new();
    let open =
        OpenRoutes::of(all_routes().iter().map(|route| (format!("{} {}", route.method, route.path), route.access)));
    let mut known = Router::new();
    for Route { path, access, answers, at_length, .. } in all_routes() {
        let most = match access {
            Access::Anybody => SIGN_IN_BYTES,
            Access::Phones => Limits::MESSAGE_BYTES,
            Access::Systems(_) => SIGN_IN_BYTES,
            Access::People(_) => CONSOLE_BYTES,
        };
        let authorized = from_fn_with_state((service.clone(), access), authorize);
        let answers = answers.layer(DefaultBodyLimit::max(most)).layer(authorized);
        known = known.route(path, if at_length { answers } else { answers.layer(in_time()) });
    }
    if over_tls {
        known = known.layer(always(header::STRICT_TRANSPORT_SECURITY, "max-age=31536000"));
    }
    known
        .method_not_allowed_fallback(async || WebProblem::OtherMethod)
        .route_layer(from_fn_with_state((service.clone(), counted.clone()), operations::count))
        .layer(Extension(counted))
        .layer(Extension(open))
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
        .layer(TraceLayer::new_for_http().make_span_with(|request: &axum::extract::Request| {
            // The path alone: a query can hold what somebody searched for.
            tracing::info_span!("request", method = %request.method(), path = %request.uri().path())
        }))
        .with_state(service)
}

/// A fault of ours in one request is that request's alone: it is answered, and the service goes on.
fn failed(_: Box<dyn std::any::Any + Send>) -> axum::response::Response {
    tracing::error!("A request panicked; the service goes on.");
    axum::response::IntoResponse::into_response(WebProblem::Internal)
}

/// What takes longer is answered for: 408.
fn in_time() -> TimeoutLayer {
    let longest = std::time::Duration::from_secs(REQUEST_SECONDS);
    TimeoutLayer::with_status_code(axum::http::StatusCode::REQUEST_TIMEOUT, longest)
}

fn always(name: HeaderName, value: &'static str) -> SetResponseHeaderLayer<HeaderValue> {
    SetResponseHeaderLayer::if_not_present(name, HeaderValue::from_static(value))
}
