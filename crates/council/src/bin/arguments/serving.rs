//! The settings by which the service runs.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Args;

use super::Switch;

/// How the service is reached, and whom it reaches.
#[derive(Args)]
pub(crate) struct ServeSettings {
    /// Address and port; port 0 takes a free one.
    #[arg(long, default_value = "127.0.0.1:8470", env = "DOORSTEP_LISTEN")]
    pub(crate) listen: SocketAddr,
    /// The address at which people and phones reach the service, `https://doorstep.example.gov.uk`.
    /// Links in mail begin with it.
    #[arg(long, value_name = "URL", env = "DOORSTEP_PUBLIC_ADDRESS")]
    pub(crate) public_address: Option<String>,
    /// The service's certificate with its chain, PEM. It is read anew while the service runs, once
    /// it changes.
    #[arg(long, value_name = "FILE", requires = "tls_key", env = "DOORSTEP_TLS_CERTIFICATE")]
    pub(crate) tls_certificate: Option<PathBuf>,
    /// The private key of the certificate, PEM.
    #[arg(long, value_name = "FILE", requires = "tls_certificate", env = "DOORSTEP_TLS_KEY")]
    pub(crate) tls_key: Option<PathBuf>,
    /// Whether a proxy in front ends TLS. Without TLS, and without this, the service listens to its
    /// own machine alone.
    #[arg(long, value_name = "on|off", default_value = "off", env = "DOORSTEP_BEHIND_PROXY")]
    pub(crate) behind_proxy: Switch,
    /// Whether signing in to the console asks for a code from an authenticator beside the password.
    #[arg(long, value_name = "on|off", default_value = "on", env = "DOORSTEP_SECOND_FACTOR")]
    pub(crate) second_factor: Switch,
    /// The mail server: `smtp://host:587`, which must offer STARTTLS, or `smtps://host:465`.
    #[arg(long, value_name = "URL", requires = "mail_from", requires = "public_address", env = "DOORSTEP_MAIL_SERVER")]
    pub(crate) mail_server: Option<String>,
    /// Whom mail comes from, `Doorstep <doorstep@example.gov.uk>`.
    #[arg(long, value_name = "ADDRESS", env = "DOORSTEP_MAIL_FROM")]
    pub(crate) mail_from: Option<String>,
    /// The name by which the service signs in to the mail server.
    #[arg(long, value_name = "NAME", requires = "mail_password_file", env = "DOORSTEP_MAIL_USER")]
    pub(crate) mail_user: Option<String>,
    /// A file with the password for it.
    #[arg(long, value_name = "FILE", env = "DOORSTEP_MAIL_PASSWORD_FILE")]
    pub(crate) mail_password_file: Option<PathBuf>,
    /// The certificate of the authority that vouches for the mail server, PEM, where this machine
    /// does not know it.
    #[arg(long, value_name = "FILE", env = "DOORSTEP_MAIL_AUTHORITY")]
    pub(crate) mail_authority: Option<PathBuf>,
    /// Where the council's own systems are told of cases, `https://...`.
    #[arg(long, value_name = "URL", requires = "webhook_secret_file", env = "DOORSTEP_WEBHOOK")]
    pub(crate) webhook: Option<String>,
    /// A file with the secret that signs what they are told: `whsec_` and 24 to 64 bytes in Base64.
    #[arg(long, value_name = "FILE", env = "DOORSTEP_WEBHOOK_SECRET_FILE")]
    pub(crate) webhook_secret_file: Option<PathBuf>,
    /// The provider with which the council's people sign in, by OpenID Connect: its issuer,
    /// `https://...`.
    #[arg(
        long,
        value_name = "URL",
        requires_all = ["openid_client", "openid_secret_file", "public_address"],
        env = "DOORSTEP_OPENID_ISSUER"
    )]
    pub(crate) openid_issuer: Option<String>,
    /// What the provider calls this service.
    #[arg(long, value_name = "ID", env = "DOORSTEP_OPENID_CLIENT")]
    pub(crate) openid_client: Option<String>,
    /// A file with the secret that the provider knows this service by.
    #[arg(long, value_name = "FILE", env = "DOORSTEP_OPENID_SECRET_FILE")]
    pub(crate) openid_secret_file: Option<PathBuf>,
    /// What people call the provider: "Sign in with ...".
    #[arg(long, value_name = "NAME", default_value = "your council account", env = "DOORSTEP_OPENID_NAME")]
    pub(crate) openid_name: String,
    /// Whether the provider's word for an e-mail address is enough, without its saying that it
    /// verified it. Entra ID never says so.
    #[arg(long, value_name = "on|off", default_value = "off", env = "DOORSTEP_OPENID_TRUSTS_EMAIL")]
    pub(crate) openid_trusts_email: Switch,
}
