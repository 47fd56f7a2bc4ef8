//! `/v1` and `/v2`: the requests of phones, in CBOR (see docs/protocol).

use std::sync::Arc;

use axum::Extension;
use axum::body::Bytes;
use axum::extract::rejection::{BytesRejection, FailedToBufferBody};
use axum::extract::{FromRequest, Path, Request, State};
use axum::http::{HeaderMap, HeaderName, StatusCode, header};
use axum::response::{IntoResponse, Response};
use doorstep_domain::DeviceId;
use doorstep_domain::protocol::{Council, Limits, NoAnswer, Problem, ProblemCode, Signed, decode};
use doorstep_domain::v2::{self, Exchange, padding};
use serde::Deserialize;

use super::connections::OnConnection;
use crate::device::{self, Answered};
use crate::service::Service;

const MEDIA_TYPE: &str = "application/vnd.doorstep+cbor";
const ZSTD_LEVEL: i32 = 3;

/// The newest version of the protocol that the council speaks.
const SPEAKS: HeaderName = HeaderName::from_static("doorstep-protocol");

/// The whole body of a request.
pub(crate) struct Received(Bytes);

impl<S: Send + Sync> FromRequest<S> for Received {
    type Rejection = Response;

    async fn from_request(request: Request, state: &S) -> Result<Self, Response> {
        let received = Bytes::from_request(request, state).await;
        received.map(Self).map_err(|why| match why {
            BytesRejection::FailedToBufferBody(FailedToBufferBody::LengthLimitError(_)) => {
                problem(ProblemCode::TooLarge, None)
            }
            // It broke off. The phone sends it again.
            _ => problem(ProblemCode::Busy, Some(TRY_AGAIN_SECONDS)),
        })
    }
}

/// The bytes of a request as phones usually send it, unpacked: a piece of a photo, or some visits.
const USUAL_BYTES: usize = 320 * 1024;

/// After how many seconds a phone whose request broke off tries again.
const TRY_AGAIN_SECONDS: u64 = 5;

/// The connection that a request came on. `None` where a test calls the router without one.
type On = Option<Extension<OnConnection>>;

pub(crate) async fn enrol(
    State(service): State<Service>,
    on: On,
    headers: HeaderMap,
    Received(body): Received,
) -> Response {
    exchange(service, on, &headers, body, |service, request| service.enrol(request)).await
}

pub(crate) async fn sync(
    State(service): State<Service>,
    on: On,
    headers: HeaderMap,
    Received(body): Received,
) -> Response {
    exchange(service, on, &headers, body, |service, request| service.sync(request)).await
}

pub(crate) async fn put_blob(
    State(service): State<Service>,
    on: On,
    Path(sha256): Path<String>,
    headers: HeaderMap,
    Received(body): Received,
) -> Response {
    match sha256.parse() {
        Ok(sha256) => {
            exchange(service, on, &headers, body, move |service, request| service.put_blob(sha256, request)).await
        }
        Err(_) => problem(ProblemCode::Unreadable, None),
    }
}

pub(crate) async fn enrol_v2(
    State(service): State<Service>,
    on: On,
    headers: HeaderMap,
    Received(body): Received,
) -> Response {
    exchange_v2(service, on, &headers, body, Exchange::Enrol).await
}

pub(crate) async fn sync_v2(
    State(service): State<Service>,
    on: On,
    headers: HeaderMap,
    Received(body): Received,
) -> Response {
    exchange_v2(service, on, &headers, body, Exchange::Fetch).await
}

pub(crate) async fn put_photo_v2(
    State(service): State<Service>,
    on: On,
    Path(sha256): Path<String>,
    headers: HeaderMap,
    Received(body): Received,
) -> Response {
    put_v2(service, on, &headers, body, sha256.parse().map(Exchange::Photo)).await
}

pub(crate) async fn put_salvage_v2(
    State(service): State<Service>,
    on: On,
    Path(sha256): Path<String>,
    headers: HeaderMap,
    Received(body): Received,
) -> Response {
    put_v2(service, on, &headers, body, sha256.parse().map(Exchange::Salvage)).await
}

/// Answers a request of version 2 about a file, if its address names one.
async fn put_v2<E>(service: Service, on: On, headers: &HeaderMap, body: Bytes, named: Result<Exchange, E>) -> Response {
    match named {
        Ok(exchange) => exchange_v2(service, on, headers, body, exchange).await,
        Err(_) => problem(ProblemCode::Unreadable, None),
    }
}

/// Answers a request of version 1. The header tells an app that it may speak version 2.
async fn exchange(
    service: Service,
    on: On,
    headers: &HeaderMap,
    body: Bytes,
    ask: impl FnOnce(&Service, &[u8]) -> Result<Vec<u8>, NoAnswer> + Send + 'static,
) -> Response {
    let mut response = answer(service, on, headers, body, move |service, request| {
        let answer = ask(service, request)?;
        Ok((device_of(&answer), packed(&answer)?))
    })
    .await;
    response.headers_mut().insert(SPEAKS, v2::PROTOCOL.into());
    response
}

/// Answers a request of version 2. The answer is padded, so that its length tells little.
async fn exchange_v2(service: Service, on: On, headers: &HeaderMap, body: Bytes, exchange: Exchange) -> Response {
    answer(service, on, headers, body, move |service, request| {
        let Answered { bytes, device } = device::ask(service, exchange, request)?;
        let mut packed = packed(&bytes)?;
        padding::pad_answer(&mut packed, |padding| service.environment.randomness.fill(padding));
        Ok((Some(device), packed))
    })
    .await
}

fn packed(answer: &[u8]) -> Result<Vec<u8>, NoAnswer> {
    zstd::encode_all(answer, ZSTD_LEVEL).map_err(|_| NoAnswer::Refused(ProblemCode::Internal))
}

/// Gives an unpacked request to `ask`, and sends its packed answer.
async fn answer(
    service: Service,
    on: On,
    headers: &HeaderMap,
    body: Bytes,
    ask: impl FnOnce(&Service, &[u8]) -> Result<(Option<DeviceId>, Vec<u8>), NoAnswer> + Send + 'static,
) -> Response {
    let packed = headers.get(header::CONTENT_ENCODING).is_some_and(|encoding| encoding == "zstd");
    match unpacked_and_asked(service, body, packed, ask).await {
        Ok((device, answer)) => {
            // An answer is only given to a signature that verified, or a code that was valid.
            if let (Some(Extension(connection)), Some(device)) = (on, device) {
                connection.is_of(device);
            }
            (
                [
                    (header::CONTENT_TYPE, MEDIA_TYPE),
                    (header::CONTENT_ENCODING, "zstd"),
                    (header::CACHE_CONTROL, "no-store"),
                ],
                answer,
            )
                .into_response()
        }
        Err(NoAnswer::Refused(code)) => problem(code, None),
        Err(NoAnswer::Busy { retry_after }) => problem(ProblemCode::Busy, Some(retry_after)),
        Err(NoAnswer::Unreachable | NoAnswer::TimedOut | NoAnswer::NotTheCouncil) => {
            problem(ProblemCode::Internal, None)
        }
    }
}

/// Unpacks a request, and gives it to `ask`. Whoever sent it has proved nothing yet, and a small
/// body can unpack to a large request: so a few are unpacked at a time, and only a few large ones
/// are in memory.
async fn unpacked_and_asked<T: Send + 'static>(
    service: Service,
    body: Bytes,
    packed: bool,
    ask: impl FnOnce(&Service, &[u8]) -> Result<T, NoAnswer> + Send + 'static,
) -> Result<T, NoAnswer> {
    if !packed && body.len() <= USUAL_BYTES {
        return blocking(move || ask(&service, &body)).await;
    }
    if packed {
        match unpacked(&service, body.clone(), USUAL_BYTES).await {
            Ok(request) => return blocking(move || ask(&service, &request)).await,
            Err(NoAnswer::Refused(ProblemCode::TooLarge)) => {}
            Err(refused) => return Err(refused),
        }
    }
    let turn = Arc::clone(&service.large_requests).acquire_owned().await;
    let turn = turn.map_err(|_| NoAnswer::Refused(ProblemCode::Internal))?;
    let request = match packed {
        true => unpacked(&service, body, Limits::MESSAGE_BYTES_UNPACKED).await?,
        false => body.to_vec(),
    };
    let asked = blocking(move || {
        let asked = ask(&service, &request);
        drop(turn);
        asked
    });
    asked.await
}

/// Unpacks a request on the threads for that.
async fn unpacked(service: &Service, packed: Bytes, most: usize) -> Result<Vec<u8>, NoAnswer> {
    let (tell, told) = tokio::sync::oneshot::channel();
    service.unpacking.spawn(move || {
        // Nobody listens any more if the connection was closed.
        let _unheard = tell.send(unpack(&packed, most));
    });
    told.await.unwrap_or(Err(NoAnswer::Refused(ProblemCode::Internal)))
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, NoAnswer> + Send + 'static,
) -> Result<T, NoAnswer> {
    tokio::task::spawn_blocking(work).await.unwrap_or(Err(NoAnswer::Refused(ProblemCode::Internal)))
}

/// The phone that an answer is for.
fn device_of(answer: &[u8]) -> Option<DeviceId> {
    #[derive(Deserialize)]
    struct OfDevice {
        device: DeviceId,
    }
    let signed: Signed = decode(answer).ok()?;
    Some(signed.peek::<OfDevice>().ok()?.device)
}

/// Unpacks a request. It stops, and refuses the request, when it has more than `most` bytes.
fn unpack(body: &[u8], most: usize) -> Result<Vec<u8>, NoAnswer> {
    use std::io::Read;
    let unreadable = |_| NoAnswer::Refused(ProblemCode::Unreadable);
    let mut decoder = zstd::Decoder::new(body).map_err(unreadable)?;
    decoder.window_log_max(Limits::MESSAGE_WINDOW_LOG).map_err(unreadable)?;
    let mut bytes = Vec::new();
    decoder.take(u64::try_from(most).unwrap_or(u64::MAX) + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    if bytes.len() > most { Err(NoAnswer::Refused(ProblemCode::TooLarge)) } else { Ok(bytes) }
}

fn problem(code: ProblemCode, retry_after: Option<u64>) -> Response {
    let status = StatusCode::from_u16(code.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let body = serde_json::to_vec(&Problem::new(code)).unwrap_or_default();
    let mut response = (status, [(header::CONTENT_TYPE, "application/problem+json")], body).into_response();
    if let Some(seconds) = retry_after {
        response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
    }
    response
}
