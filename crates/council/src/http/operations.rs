//! Addresses for those who run the service: `/health`, `/ready` and `/metrics`. They hold no
//! personal data: requests are counted by route, never by the values in an address.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use axum::Extension;
use axum::extract::{MatchedPath, Request, State};
use axum::http::{StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use metrics::with_local_recorder;
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusRecorder};

use crate::desk::health;
use crate::http::blocking::ask;
use crate::http::problem::WebProblem;
use crate::service::Service;

const REQUESTS: &str = "doorstep_requests_total";
const SECONDS: &str = "doorstep_request_seconds";
/// The upper limits of the histogram's buckets for request times, in seconds.
const CLASSES: [f64; 9] = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 30.0];

/// How many requests are counted before their times are sorted into the histogram's buckets.
const UNSORTED: u64 = 4_096;

/// The counts of one council's service. Councils that are served by one process count separately.
#[derive(Clone)]
pub(crate) struct ServiceCounts {
    recorder: Arc<PrometheusRecorder>,
    requests: Arc<AtomicU64>,
}

impl ServiceCounts {
    /// Starts with nothing counted.
    pub(crate) fn new() -> Self {
        let matcher = Matcher::Full(SECONDS.to_owned());
        let builder = PrometheusBuilder::new();
        // This only fails when there are no buckets, and there are some.
        let recorder = match builder.set_buckets_for_metric(matcher, &CLASSES) {
            Ok(builder) => builder.build_recorder(),
            Err(_) => PrometheusBuilder::new().build_recorder(),
        };
        Self { recorder: Arc::new(recorder), requests: Arc::default() }
    }

    fn count(&self, route: String, method: String, status: String, took: Duration) {
        with_local_recorder(&*self.recorder, || {
            metrics::counter!(REQUESTS, "route" => route.clone(), "method" => method, "status" => status).increment(1);
            metrics::histogram!(SECONDS, "route" => route).record(took.as_secs_f64());
        });
        // Request times stay in memory until they are sorted into buckets, even if nobody ever asks
        // for the metrics.
        if self.requests.fetch_add(1, Ordering::Relaxed) % UNSORTED == UNSORTED - 1 {
            self.recorder.handle().run_upkeep();
        }
    }
}

/// `GET /health`: the process runs.
pub(crate) async fn live() -> &'static str {
    "ok\n"
}

/// `GET /ready`: the service can keep what phones send. 503 while its database is down or does not
/// flush, or a disk is full or takes no writes.
pub(crate) async fn ready(State(service): State<Service>) -> Result<(StatusCode, &'static str), WebProblem> {
    let is_ready = ask(service, |service| Ok(health::is_ready(service))).await?;
    Ok(if is_ready { (StatusCode::OK, "ok\n") } else { (StatusCode::SERVICE_UNAVAILABLE, "not ready\n") })
}

/// Counts a request by its route, and how long it took.
pub(crate) async fn count(
    State((service, counted)): State<(Service, ServiceCounts)>,
    request: Request,
    next: Next,
) -> Response {
    // That a note is read, or how often, is for the leads alone (clause 6.2).
    if request.uri().path().contains("safeguarding") {
        return next.run(request).await;
    }
    let route = request.extensions().get::<MatchedPath>().map_or("none", MatchedPath::as_str).to_owned();
    let method = request.method().to_string();
    let started_ms = service.now_ms();
    let answer = next.run(request).await;
    let took_ms = u64::try_from(service.now_ms() - started_ms).unwrap_or(0);
    let status = answer.status().as_u16().to_string();
    counted.count(route, method, status, Duration::from_millis(took_ms));
    answer
}

/// `GET /metrics`: the counts, in the text format of Prometheus.
pub(crate) async fn metrics(
    State(service): State<Service>,
    Extension(counted): Extension<ServiceCounts>,
) -> Result<Response, WebProblem> {
    let gauges = ask(service, health::gauges).await?;
    with_local_recorder(&*counted.recorder, || {
        for (name, value) in gauges {
            metrics::gauge!(name).set(as_number(value));
        }
    });
    let text = counted.recorder.handle().render();
    Ok(([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text).into_response())
}

/// A count as a float, for Prometheus. It stops at `u32::MAX`.
fn as_number(count: u64) -> f64 {
    u32::try_from(count).map_or(f64::from(u32::MAX), f64::from)
}
