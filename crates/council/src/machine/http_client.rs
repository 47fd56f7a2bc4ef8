//! The HTTP client for requests that the service makes: to the sign-in provider, the object store
//! and the webhook.

use std::time::Duration;

use reqwest::Certificate;
use reqwest::blocking::Client;
use reqwest::redirect::Policy;

/// Makes a blocking client. It trusts the certificate authorities that this machine trusts, waits
/// for ten seconds and follows no redirects. Call this where blocking is allowed.
#[expect(clippy::disallowed_methods, reason = "this is the one place of the council that makes one")]
pub(crate) fn client() -> Result<Client, reqwest::Error> {
    let known = rustls_native_certs::load_native_certs().certs;
    let authorities = known.iter().filter_map(|certificate| Certificate::from_der(certificate).ok());
    Client::builder().timeout(Duration::from_secs(10)).redirect(Policy::none()).tls_certs_merge(authorities).build()
}
