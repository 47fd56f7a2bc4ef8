//! Talks to the council over HTTP. Bodies are CBOR, compressed with zstd. TLS uses rustls with
//! Mozilla's root certificates. Plain http is allowed only to this machine.

use std::io::Read;
use std::sync::Arc;
use std::time::Duration;

use doorstep_domain::ledger::Hash;
use doorstep_domain::local_address::is_this_machine;
use doorstep_domain::protocol::{Council, Limits, NoAnswer, Problem, ProblemCode};
use doorstep_domain::v2::{Exchange, padding};
use reqwest::blocking::{Client, Response};
use reqwest::{Method, StatusCode, Url};
use rustls::RootCertStore;

use crate::environment::{BadAddress, Connect, OsRandomness, Randomness};

/// The media type of requests and answers.
pub const MEDIA_TYPE: &str = "application/vnd.doorstep+cbor";

const CONNECT_SECONDS: u64 = 10;
/// Time for one exchange. It is enough for a batch of a megabyte on a slow connection (128 kbit/s).
const WHOLE_SECONDS: u64 = 90;
const ZSTD_LEVEL: i32 = 3;

/// Connects over HTTP.
#[derive(Debug, Default, Clone, Copy)]
pub struct HttpConnect;

impl Connect for HttpConnect {
    fn connect(&self, server: &str) -> Result<Arc<dyn Council>, BadAddress> {
        Ok(Arc::new(HttpCouncil::new(server)?))
    }
}

/// The council over HTTP.
#[derive(Debug)]
pub struct HttpCouncil {
    server: Url,
    client: Client,
}

impl HttpCouncil {
    /// Makes a client for the council at an address.
    ///
    /// # Errors
    /// [`BadAddress`] unless the address is https, or http to this machine.
    #[expect(clippy::disallowed_methods, reason = "this is where a client is made: with time-outs and roots")]
    pub fn new(server: &str) -> Result<Self, BadAddress> {
        let bad = || BadAddress(server.chars().take(200).collect());
        let url = Url::parse(server.trim()).map_err(|_| bad())?;
        let loopback = match url.host_str() {
            Some(host) => is_this_machine(host),
            None => return Err(bad()),
        };
        if !(url.scheme() == "https" || (url.scheme() == "http" && loopback)) {
            return Err(bad());
        }
        let mut builder = Client::builder()
            .connect_timeout(Duration::from_secs(CONNECT_SECONDS))
            .timeout(Duration::from_secs(WHOLE_SECONDS))
            .redirect(reqwest::redirect::Policy::none())
            .user_agent(concat!("doorstep/", env!("CARGO_PKG_VERSION")))
            .tls_backend_preconfigured(tls().ok_or_else(bad)?);
        if loopback {
            builder = builder.no_proxy();
        }
        Ok(Self { server: url, client: builder.build().map_err(|_| bad())? })
    }

    fn exchange(&self, method: Method, path: &str, request: &[u8]) -> Result<Vec<u8>, NoAnswer> {
        self.send(method, path, pack(request)?)
    }

    fn send(&self, method: Method, path: &str, body: Vec<u8>) -> Result<Vec<u8>, NoAnswer> {
        let url = self.server.join(path).map_err(|_| NoAnswer::Unreachable)?;
        let response = self
            .client
            .request(method, url)
            .header("content-type", MEDIA_TYPE)
            .header("content-encoding", "zstd")
            .body(body)
            .send()
            .map_err(|error| no_connection(&error))?;
        if response.status() == StatusCode::OK && is(&response, MEDIA_TYPE) {
            unpack(response)
        } else {
            Err(said_no(response))
        }
    }
}

impl Council for HttpCouncil {
    fn enrol(&self, request: &[u8]) -> Result<Vec<u8>, NoAnswer> {
        self.exchange(Method::POST, "/v1/enrol", request)
    }

    fn sync(&self, request: &[u8]) -> Result<Vec<u8>, NoAnswer> {
        self.exchange(Method::POST, "/v1/sync", request)
    }

    fn put_blob(&self, sha256: Hash, request: &[u8]) -> Result<Vec<u8>, NoAnswer> {
        self.exchange(Method::PUT, &format!("/v1/blobs/{sha256}"), request)
    }

    fn ask(&self, exchange: Exchange, request: &[u8]) -> Result<Vec<u8>, NoAnswer> {
        let (method, path) = match exchange {
            Exchange::Enrol => (Method::POST, "/v2/enrol".to_owned()),
            Exchange::Fetch | Exchange::Send { .. } => (Method::POST, "/v2/sync".to_owned()),
            Exchange::Photo(sha256) => (Method::PUT, format!("/v2/blobs/{sha256}")),
            Exchange::Salvage(sha256) => (Method::PUT, format!("/v2/salvage/{sha256}")),
        };
        let mut packed = pack(request)?;
        padding::pad_request(&mut packed, exchange, |padding| OsRandomness.fill(padding));
        self.send(method, &path, packed)
    }
}

fn pack(request: &[u8]) -> Result<Vec<u8>, NoAnswer> {
    zstd::encode_all(request, ZSTD_LEVEL).map_err(|_| NoAnswer::Unreachable)
}

/// TLS 1.2 and 1.3, with ring and Mozilla's root certificates. The platform's own verifier is not
/// used, because on a phone it would need extra set-up.
fn tls() -> Option<rustls::ClientConfig> {
    let roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = rustls::ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().ok()?;
    Some(builder.with_root_certificates(roots).with_no_client_auth())
}

fn no_connection(error: &reqwest::Error) -> NoAnswer {
    if error.is_timeout() && !error.is_connect() { NoAnswer::TimedOut } else { NoAnswer::Unreachable }
}

fn is(response: &Response, media_type: &str) -> bool {
    response
        .headers()
        .get("content-type")
        .and_then(|value| value.to_str().ok())
        .is_some_and(|value| value.starts_with(media_type))
}

/// Reads and decompresses a body. A body over the limits counts as no answer.
fn unpack(response: Response) -> Result<Vec<u8>, NoAnswer> {
    let packed = read_at_most(response, Limits::MESSAGE_BYTES)?;
    let mut decoder = zstd::Decoder::new(packed.as_slice()).map_err(|_| NoAnswer::NotTheCouncil)?;
    decoder.window_log_max(Limits::MESSAGE_WINDOW_LOG).map_err(|_| NoAnswer::NotTheCouncil)?;
    read_at_most(decoder, Limits::MESSAGE_BYTES_UNPACKED)
}

fn read_at_most(from: impl Read, most: usize) -> Result<Vec<u8>, NoAnswer> {
    let mut bytes = Vec::new();
    let limit = u64::try_from(most).unwrap_or(u64::MAX);
    from.take(limit + 1).read_to_end(&mut bytes).map_err(|_| NoAnswer::NotTheCouncil)?;
    if bytes.len() > most { Err(NoAnswer::NotTheCouncil) } else { Ok(bytes) }
}

/// Reads why a request was refused. The answer is not signed, so anybody on the network can send
/// it. So it stops nothing for good. It only decides what the visitor reads, and how long the
/// device waits.
fn said_no(response: Response) -> NoAnswer {
    let retry_after = response
        .headers()
        .get("retry-after")
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.parse().ok())
        .unwrap_or(30);
    let status = response.status();
    let problem = is(&response, "application/problem+json")
        .then(|| read_at_most(response, Limits::MESSAGE_BYTES).ok())
        .flatten()
        .and_then(|body| serde_json::from_slice::<Problem>(&body).ok());
    match problem.map(|problem| problem.code) {
        Some(ProblemCode::Busy) => NoAnswer::Busy { retry_after },
        Some(code) => NoAnswer::Refused(code),
        None if status == StatusCode::SERVICE_UNAVAILABLE || status == StatusCode::TOO_MANY_REQUESTS => {
            NoAnswer::Busy { retry_after }
        }
        None => NoAnswer::NotTheCouncil,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_http_is_for_this_machine_alone() {
        for good in
            ["https://doorstep.melton.example", "http://127.0.0.1:8470", "http://localhost:1", "http://[::1]:9/"]
        {
            assert!(HttpCouncil::new(good).is_ok(), "{good}");
        }
        for bad in
            ["http://doorstep.melton.example", "http://127.0.0.1.example", "ftp://x", "doorstep", "", "http://10.0.0.1"]
        {
            assert!(matches!(HttpCouncil::new(bad), Err(BadAddress(_))), "{bad}");
        }
    }

    #[test]
    fn a_closed_port_is_no_connection() {
        let nobody = HttpCouncil::new("http://127.0.0.1:9").unwrap();
        assert_eq!(nobody.sync(b"hello"), Err(NoAnswer::Unreachable));
    }
}
