//! The HTTP client with which the service itself asks others: a provider of sign-ins, an object
//! store, a webhook.

use std::time::Duration;

use reqwest::Certificate;
use reqwest::blocking::Client;
use reqwest::redirect::Policy;

/// Makes a client. It trusts whom this machine trusts, waits for ten seconds, and goes where it was
/// sent and nowhere else. Make it where waiting is allowed.
#[expect(clippy::disallowed_methods, reason = "this is the one place of the council that makes one")]
pub(crate) fn client() -> Result<Client, reqwest::Error> {
    let known = rustls_native_certs::load_native_certs().certs;
    let authorities = known.iter().filter_map(|certificate| Certificate::from_der(certificate).ok());
    Client::builder().timeout(Duration::from_secs(10)).redirect(Policy::none()).tls_certs_merge(authorities).build()
}
