//! Whom the service itself speaks to, over the network.

use std::time::Duration;

use reqwest::blocking::Client;
use reqwest::redirect::Policy;
use reqwest::{Certificate, Url};

/// Whether what is sent to an address stays between the two: over TLS, or on this very machine.
pub(crate) fn is_safe(address: &Url) -> bool {
    let here = || matches!(address.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"));
    address.scheme() == "https" || (address.scheme() == "http" && here())
}

/// A client for them: it trusts whom this machine trusts, waits for ten seconds, and goes where it was sent and nowhere else. Make it
/// where waiting is allowed.
#[expect(clippy::disallowed_methods, reason = "this is the one place of the council that makes one")]
pub(crate) fn client() -> Result<Client, reqwest::Error> {
    let known = rustls_native_certs::load_native_certs().certs;
    let authorities = known.iter().filter_map(|certificate| Certificate::from_der(certificate).ok());
    Client::builder().timeout(Duration::from_secs(10)).redirect(Policy::none()).tls_certs_merge(authorities).build()
}
