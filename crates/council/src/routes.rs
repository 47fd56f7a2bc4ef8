//! Every URL of the service, on one page.

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::{HeaderName, HeaderValue, header};
use axum::routing::{get, post, put};
use doorstep_domain::protocol::Limits;
use tower_http::set_header::SetResponseHeaderLayer;
use tower_http::timeout::TimeoutLayer;
use tower_http::trace::TraceLayer;

use crate::Service;
use crate::web::{audit, codes, concerns, devices, exports, pages, safeguarding, sessions, visits};

/// Seconds for one request, upload included.
const REQUEST_SECONDS: u64 = 120;

/// No script, style, frame or form but the console's own.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
     connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; \
     trusted-types svelte-trusted-html";

/// The router of the service.
pub fn router(service: Service) -> Router {
    let phones = Router::new()
        .route("/v1/enrol", post(devices::enrol))
        .route("/v1/sync", post(devices::sync))
        .route("/v1/blobs/{sha256}", put(devices::put_blob))
        .layer(DefaultBodyLimit::max(Limits::MESSAGE_BYTES));

    let console = Router::new()
        .route("/api/session", get(sessions::show).post(sessions::sign_in).delete(sessions::sign_out))
        .route("/api/today", get(visits::today))
        .route("/api/visits", get(visits::list))
        .route("/api/visits/{visit}", get(visits::show))
        .route("/api/visits/{visit}/photos/{sha256}", get(visits::photo))
        .route("/api/organisations", get(visits::organisations))
        .route("/api/exports/dictionary", get(exports::dictionary))
        .route("/api/exports/{table}", get(exports::table))
        .route("/api/audit", get(audit::list))
        .route("/api/concerns", get(concerns::list))
        .route("/api/acknowledgements", get(codes::register))
        .route("/api/codes", get(codes::list).post(codes::publish))
        .route("/api/safeguarding", get(safeguarding::list))
        .route("/api/safeguarding/{record}", get(safeguarding::open))
        // The longest thing that a console sends is a version of the Code.
        .layer(DefaultBodyLimit::max(1024 * 1024));

    let files = Router::new()
        .route("/", get(pages::console))
        .route("/visits", get(pages::console))
        .route("/visits/{visit}", get(pages::console))
        .route("/concerns", get(pages::console))
        .route("/acknowledgements", get(pages::console))
        .route("/code", get(pages::console))
        .route("/exports", get(pages::console))
        .route("/audit", get(pages::console))
        .route("/safeguarding", get(pages::console))
        .route("/assets/{name}", get(pages::asset))
        .route("/health", get(pages::health));

    Router::new()
        .merge(phones)
        .merge(console)
        .merge(files)
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
