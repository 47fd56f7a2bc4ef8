//! Every URL of the service, on one page.

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::handler::Handler;
use axum::http::{HeaderName, HeaderValue, Method, header};
use axum::middleware::from_fn_with_state;
use axum::routing::{MethodRouter, delete, get, post, put};
use doorstep_domain::protocol::Limits;
use serde::Serialize;
use tower_http::set_header::SetResponseHeaderLayer;
use tower_http::timeout::TimeoutLayer;
use tower_http::trace::TraceLayer;

use crate::Service;
use crate::web::seats::{
    ADMINISTRATORS, AUDIT, CASES, DESKS, LEADS, May, Opens, PLANNERS, ROSTER, SENDERS, SUPERVISORS, Seat, door,
};
use crate::web::{
    appointments, audit, cases, codes, concerns, devices, exports, odata, openid, operation, own_sessions, pages,
    people, phones, reports, safeguarding, sessions, visits,
};

/// Seconds for one request, upload included.
const REQUEST_SECONDS: u64 = 120;

/// No script, style, frame or form but the console's own.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
     connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; \
     trusted-types svelte-trusted-html";

/// The longest thing that a console sends is a table of appointments.
const CONSOLE_BYTES: usize = 16 * 1024 * 1024;

/// What somebody may send who has not signed in.
const SIGN_IN_BYTES: usize = 16 * 1024;

/// A route: what may be asked at which address, by whom, and who answers.
struct Route {
    method: Method,
    path: &'static str,
    may: May,
    answers: MethodRouter<Service>,
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
    /// Of people: where they sit.
    pub roles: &'static [Seat],
}

/// Every route, once.
fn all_routes() -> Vec<Route> {
    use May::{Anybody, Phones, Systems};
    use Opens::{Appointments, Feed, Metrics};
    let page = pages::console;
    vec![
        // What phones say.
        Route::post("/v1/enrol", Phones, devices::enrol),
        Route::post("/v1/sync", Phones, devices::sync),
        Route::put("/v1/blobs/{sha256}", Phones, devices::put_blob),
        // Signing in and out.
        Route::get("/api/session", DESKS, sessions::show),
        Route::post("/api/session", Anybody, sessions::sign_in),
        Route::delete("/api/session", Anybody, sessions::sign_out),
        Route::get("/api/sign-in", Anybody, openid::ways_in),
        Route::get("/api/sign-in/openid", Anybody, openid::begin),
        Route::get("/api/sign-in/openid/back", Anybody, openid::back),
        Route::get("/api/sessions", DESKS, own_sessions::list),
        Route::delete("/api/sessions/{session}", DESKS, own_sessions::end),
        // What the console shows.
        Route::get("/api/today", DESKS, visits::today),
        Route::get("/api/visits", DESKS, visits::list),
        Route::get("/api/visits/{visit}", DESKS, visits::show),
        Route::get("/api/visits/{visit}/photos/{sha256}", DESKS, visits::photo),
        Route::get("/api/organisations", DESKS, visits::organisations),
        Route::get("/api/no-access", DESKS, reports::no_access),
        Route::get("/api/reports", DESKS, reports::show),
        Route::get("/api/concerns", DESKS, concerns::list),
        Route::get("/api/cases", CASES, cases::list),
        Route::get("/api/cases/{case}", CASES, cases::show),
        Route::post("/api/cases/{case}", SUPERVISORS, cases::act),
        Route::get("/api/appointments", DESKS, appointments::list),
        Route::post("/api/appointments", PLANNERS, appointments::import),
        Route::post("/api/appointments/preview", PLANNERS, appointments::preview),
        Route::put("/api/appointments/{reference}", Systems(Appointments), appointments::put),
        Route::post("/api/appointments/{reference}", SENDERS, appointments::change),
        Route::get("/api/phones", ROSTER, phones::list),
        Route::post("/api/phones", ADMINISTRATORS, phones::offer),
        Route::delete("/api/phones/{device}", ADMINISTRATORS, phones::revoke),
        Route::get("/api/people", ROSTER, people::list),
        Route::post("/api/people", ADMINISTRATORS, people::import),
        Route::post("/api/people/{user}", ADMINISTRATORS, people::change),
        Route::get("/api/acknowledgements", DESKS, codes::register),
        Route::get("/api/exports/dictionary", DESKS, exports::dictionary),
        Route::get("/api/exports/{table}", DESKS, exports::table),
        Route::get("/api/codes", DESKS, codes::list),
        Route::post("/api/codes", ADMINISTRATORS, codes::publish),
        Route::get("/api/safeguarding", LEADS, safeguarding::list),
        Route::get("/api/safeguarding/{record}", LEADS, safeguarding::open),
        Route::get("/api/audit", AUDIT, audit::list),
        // The console's own pages: each is the same file, which then asks for what it shows.
        Route::get("/", Anybody, page),
        Route::get("/visits", Anybody, page),
        Route::get("/visits/{visit}", Anybody, page),
        Route::get("/concerns", Anybody, page),
        Route::get("/cases", Anybody, page),
        Route::get("/cases/{case}", Anybody, page),
        Route::get("/no-access", Anybody, page),
        Route::get("/reports", Anybody, page),
        Route::get("/appointments", Anybody, page),
        Route::get("/phones", Anybody, page),
        Route::get("/people", Anybody, page),
        Route::get("/acknowledgements", Anybody, page),
        Route::get("/code", Anybody, page),
        Route::get("/exports", Anybody, page),
        Route::get("/audit", Anybody, page),
        Route::get("/safeguarding", Anybody, page),
        Route::get("/sign-ins", Anybody, page),
        Route::get("/assets/{name}", Anybody, pages::asset),
        // What those who run the service ask.
        Route::get("/health", Anybody, operation::live),
        Route::get("/ready", Anybody, operation::ready),
        Route::get("/metrics", Systems(Metrics), operation::metrics),
        // What spreadsheets and Power BI refresh from.
        Route::get("/odata/v4", Systems(Feed), odata::service),
        Route::get("/odata/v4/", Systems(Feed), odata::service),
        Route::get("/odata/v4/$metadata", Systems(Feed), odata::metadata),
        Route::get("/odata/v4/Visits", Systems(Feed), odata::visits),
    ]
}

impl Route {
    fn get<T: 'static>(path: &'static str, may: May, answers: impl Handler<T, Service>) -> Self {
        Self { method: Method::GET, path, may, answers: get(answers) }
    }

    fn post<T: 'static>(path: &'static str, may: May, answers: impl Handler<T, Service>) -> Self {
        Self { method: Method::POST, path, may, answers: post(answers) }
    }

    fn put<T: 'static>(path: &'static str, may: May, answers: impl Handler<T, Service>) -> Self {
        Self { method: Method::PUT, path, may, answers: put(answers) }
    }

    fn delete<T: 'static>(path: &'static str, may: May, answers: impl Handler<T, Service>) -> Self {
        Self { method: Method::DELETE, path, may, answers: delete(answers) }
    }

    fn row(&self) -> RouteRow {
        let (who, roles) = match self.may {
            May::Anybody => ("anybody", [].as_slice()),
            May::Phones => ("phones", [].as_slice()),
            May::Systems(_) => ("systems", [].as_slice()),
            May::Seats(seats) => ("people", seats),
        };
        RouteRow { method: self.method.to_string(), path: self.path, who, roles }
    }
}

/// Every route with who may use it, from the router itself.
#[must_use]
pub fn routes() -> Vec<RouteRow> {
    all_routes().iter().map(Route::row).collect()
}

/// The router of the service.
pub fn router(service: Service) -> Router {
    let over_tls = service.public_address.as_ref().is_some_and(|address| address.starts_with("https://"));
    let mut known = Router::new();
    for Route { path, may, answers, .. } in all_routes() {
        let most = match may {
            May::Anybody => SIGN_IN_BYTES,
            May::Phones => Limits::MESSAGE_BYTES,
            May::Systems(_) => SIGN_IN_BYTES,
            May::Seats(_) => CONSOLE_BYTES,
        };
        let at_the_door = from_fn_with_state((service.clone(), may), door);
        known = known.route(path, answers.layer(DefaultBodyLimit::max(most)).layer(at_the_door));
    }
    if over_tls {
        known = known.layer(always(header::STRICT_TRANSPORT_SECURITY, "max-age=31536000"));
    }
    known
        .route_layer(from_fn_with_state(service.clone(), operation::count))
        .fallback(pages::not_found)
        .layer(TimeoutLayer::with_status_code(
            axum::http::StatusCode::REQUEST_TIMEOUT,
            std::time::Duration::from_secs(REQUEST_SECONDS),
        ))
        .layer(always(header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY))
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

fn always(name: HeaderName, value: &'static str) -> SetResponseHeaderLayer<HeaderValue> {
    SetResponseHeaderLayer::if_not_present(name, HeaderValue::from_static(value))
}
