//! The settings of `serve`.

use std::net::{IpAddr, SocketAddr};
use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::Args;

use super::Switch;

/// The settings of `serve`: how the service is reached, and which other services it uses.
#[derive(Args)]
pub(crate) struct ServeSettings {
    /// The IP address and port to listen on. Port 0 takes a free one.
    #[arg(long, default_value = "127.0.0.1:8470", env = "DOORSTEP_LISTEN")]
    pub(crate) listen: SocketAddr,
    /// How many connections there can be at a time. Beyond it, the connection of a stranger that
    /// was silent longest is closed for the new one. Without it, as many as three quarters of the
    /// files that this process may have open, up to 10,000.
    #[arg(long, value_name = "NUMBER", env = "DOORSTEP_CONNECTIONS")]
    pub(crate) connections: Option<NonZeroUsize>,
    /// The address at which people and phones reach the service, `https://doorstep.example.gov.uk`.
    /// Links in mail begin with it.
    #[arg(long, value_name = "URL", env = "DOORSTEP_PUBLIC_ADDRESS")]
    pub(crate) public_address: Option<String>,
    /// The service's certificate with its chain, PEM. When the file changes, the running service
    /// reads it again.
    #[arg(long, value_name = "FILE", requires = "tls_key", env = "DOORSTEP_TLS_CERTIFICATE")]
    pub(crate) tls_certificate: Option<PathBuf>,
    /// The private key of the certificate, PEM.
    #[arg(long, value_name = "FILE", requires = "tls_certificate", env = "DOORSTEP_TLS_KEY")]
    pub(crate) tls_key: Option<PathBuf>,
    /// Whether a proxy in front of the service handles TLS. With neither a proxy nor a certificate,
    /// the service can only listen on its own machine.
    #[arg(long, value_name = "on|off", default_value = "off", env = "DOORSTEP_BEHIND_PROXY")]
    pub(crate) behind_proxy: Switch,
    /// The IP addresses of proxies whose `X-Forwarded-For` is believed. Without it, the audit log
    /// has the address from which a connection came.
    #[arg(long, value_name = "ADDRESS", value_delimiter = ',', value_parser = address, env = "DOORSTEP_PROXY")]
    pub(crate) proxy: Vec<IpAddr>,
    /// Whether signing in to the console needs an authenticator's code as well as the password.
    #[arg(long, value_name = "on|off", default_value = "on", env = "DOORSTEP_SECOND_FACTOR")]
    pub(crate) second_factor: Switch,
    /// The mail server: `smtp://host:587`, which must offer STARTTLS, or `smtps://host:465`.
    #[arg(long, value_name = "URL", requires = "mail_from", requires = "public_address", env = "DOORSTEP_MAIL_SERVER")]
    pub(crate) mail_server: Option<String>,
    /// The address that mail comes from, `Doorstep <doorstep@example.gov.uk>`.
    #[arg(long, value_name = "ADDRESS", env = "DOORSTEP_MAIL_FROM")]
    pub(crate) mail_from: Option<String>,
    /// The user name for the mail server.
    #[arg(long, value_name = "NAME", requires = "mail_password_file", env = "DOORSTEP_MAIL_USER")]
    pub(crate) mail_user: Option<String>,
    /// A file with the password for the mail server.
    #[arg(long, value_name = "FILE", env = "DOORSTEP_MAIL_PASSWORD_FILE")]
    pub(crate) mail_password_file: Option<PathBuf>,
    /// The certificate (PEM) of the authority that signed the mail server's certificate, if this
    /// machine does not trust that authority already.
    #[arg(long, value_name = "FILE", env = "DOORSTEP_MAIL_AUTHORITY")]
    pub(crate) mail_authority: Option<PathBuf>,
    /// The address to which notices about cases are sent, for the council's own systems,
    /// `https://...`.
    #[arg(long, value_name = "URL", requires = "webhook_secret_file", env = "DOORSTEP_WEBHOOK")]
    pub(crate) webhook: Option<String>,
    /// A file with the secret that signs these notices: `whsec_` and 24 to 64 bytes in Base64.
    #[arg(long, value_name = "FILE", env = "DOORSTEP_WEBHOOK_SECRET_FILE")]
    pub(crate) webhook_secret_file: Option<PathBuf>,
    /// The issuer address of the OpenID Connect provider that people sign in with, `https://...`.
    #[arg(
        long,
        value_name = "URL",
        requires_all = ["openid_client", "openid_secret_file", "public_address"],
        env = "DOORSTEP_OPENID_ISSUER"
    )]
    pub(crate) openid_issuer: Option<String>,
    /// The client id that the provider gave this service.
    #[arg(long, value_name = "ID", env = "DOORSTEP_OPENID_CLIENT")]
    pub(crate) openid_client: Option<String>,
    /// A file with the client secret that the provider gave this service.
    #[arg(long, value_name = "FILE", env = "DOORSTEP_OPENID_SECRET_FILE")]
    pub(crate) openid_secret_file: Option<PathBuf>,
    /// The provider's name on the sign-in page, after "Sign in with".
    #[arg(long, value_name = "NAME", default_value = "your council account", env = "DOORSTEP_OPENID_NAME")]
    pub(crate) openid_name: String,
    /// Whether to trust an email address when the provider does not say whether it is verified.
    /// Entra ID never says so.
    #[arg(long, value_name = "on|off", default_value = "off", env = "DOORSTEP_OPENID_TRUSTS_EMAIL")]
    pub(crate) openid_trusts_email: Switch,
    /// The classes (`acr`) of which the provider must name one, and for which it is asked. Without
    /// any, and without ways, the provider alone decides how strongly it asks.
    #[arg(long, value_name = "WORD", value_delimiter = ',', value_parser = word, requires = "openid_issuer", env = "DOORSTEP_OPENID_ACR")]
    pub(crate) openid_acr: Vec<String>,
    /// The ways (`amr`, RFC 8176) of which the provider must name one, such as `mfa`.
    #[arg(long, value_name = "WORD", value_delimiter = ',', value_parser = word, requires = "openid_issuer", env = "DOORSTEP_OPENID_AMR")]
    pub(crate) openid_amr: Vec<String>,
}

/// Reads an IP address, with blanks around it or without.
fn address(text: &str) -> Result<IpAddr, String> {
    text.trim().parse().map(|address: IpAddr| address.to_canonical()).map_err(|_| "is not an IP address".to_owned())
}

/// Reads a word of a provider's, with blanks around it or without.
fn word(text: &str) -> Result<String, String> {
    let word = text.trim();
    if word.is_empty() { Err("is empty".to_owned()) } else { Ok(word.to_owned()) }
}
