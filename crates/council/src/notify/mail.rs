//! Mail, by SMTP. A mail names nobody and says nothing about anybody. It holds links, and people
//! must sign in to follow them.

use std::fmt;
use std::time::Duration;

use doorstep_domain::local_address::is_this_machine;
use lettre::message::Mailbox;
use lettre::message::header::ContentType;
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, Tls, TlsParameters};
use lettre::{Message, SmtpTransport, Transport};
use reqwest::Url;
use zeroize::Zeroizing;

use super::NotSent;
use crate::error::CouncilError;

/// The settings for sending mail.
pub struct MailSettings {
    /// `smtp://host:587`, which must offer STARTTLS, or `smtps://host:465`.
    pub server: String,
    /// The address that mail comes from, such as `Doorstep <doorstep@example.gov.uk>`.
    pub from: String,
    /// The user name and password for the mail server.
    pub credentials: Option<(String, Zeroizing<String>)>,
    /// The certificate (PEM) of the authority that signed the server's certificate, if this machine
    /// does not trust that authority already.
    pub authority: Option<Vec<u8>>,
    /// The address at which people reach the console.
    pub public_address: String,
}

/// Leaves the password out.
impl fmt::Debug for MailSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MailSettings").field("server", &self.server).finish_non_exhaustive()
    }
}

/// Sends the council's mail.
pub struct Mail {
    transport: SmtpTransport,
    from: Mailbox,
    public_address: String,
}

impl fmt::Debug for Mail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Mail")
    }
}

impl Mail {
    /// Reads the settings. It does not connect to the mail server.
    ///
    /// # Errors
    /// [`CouncilError::BadSetting`] says which of them is wrong.
    pub fn new(settings: MailSettings) -> Result<Self, CouncilError> {
        let bad = |what| CouncilError::BadSetting("mail", what);
        let server =
            Url::parse(&settings.server).map_err(|_| bad("its server is no smtp://host:587 or smtps://host:465"))?;
        let host = server.host_str().filter(|host| !host.is_empty()).ok_or(bad("its server has no host"))?.to_owned();
        let (wrapped, usual_port) = match server.scheme() {
            "smtp" => (false, 587),
            "smtps" => (true, 465),
            _ => return Err(bad("its server begins neither with smtp:// nor with smtps://")),
        };
        let mut tls = TlsParameters::builder(host.clone());
        if let Some(authority) = &settings.authority {
            let authority =
                Certificate::from_pem(authority).map_err(|_| bad("its authority is not a certificate in PEM"))?;
            tls = tls.add_root_certificate(authority);
        }
        let tls = tls.build_rustls().map_err(|_| bad("TLS can't be set up"))?;
        // A relay on this machine has no certificate that could be checked.
        let stays_here = is_this_machine(&host) && settings.authority.is_none();
        let tls = match (wrapped, stays_here) {
            (true, _) => Tls::Wrapper(tls),
            (false, true) => Tls::None,
            (false, false) => Tls::Required(tls),
        };
        if matches!(tls, Tls::None) && settings.credentials.is_some() {
            return Err(bad("a password would be sent in the clear: name the server's authority"));
        }
        let mut transport = SmtpTransport::builder_dangerous(&host)
            .port(server.port().unwrap_or(usual_port))
            .tls(tls)
            .timeout(Some(Duration::from_secs(30)));
        if let Some((name, password)) = &settings.credentials {
            transport = transport.credentials(Credentials::new(name.clone(), password.trim().to_owned()));
        }
        Ok(Self {
            transport: transport.build(),
            from: settings.from.parse().map_err(|_| bad("the sender is not a mail address"))?,
            public_address: settings.public_address.trim_end_matches('/').to_owned(),
        })
    }

    /// A link to a page of the console.
    pub(super) fn link(&self, path: &str) -> String {
        format!("{}{path}", self.public_address)
    }

    /// Sends one mail with everything that waits for a person, one paragraph for each line. The
    /// subject says how much waits, unless nothing does.
    pub(super) fn send(&self, to: &str, council: &str, lines: &[String], nothing_waits: bool) -> Result<(), NotSent> {
        let subject = match lines.len() {
            _ if nothing_waits => "Doorstep: the audit log's fingerprint".to_owned(),
            1 => "Doorstep: something waits for you".to_owned(),
            number => format!("Doorstep: {number} things wait for you"),
        };
        let lines = lines.join("\n\n");
        let text = format!(
            "{lines}\n\nSign in to see more. This mail names nobody and says nothing about anybody, on purpose: please \
             keep it so when you answer or pass it on.\n\n{council}\n"
        );
        // The server's own message may hold a mail address, so only its code is kept.
        let message = Message::builder()
            .from(self.from.clone())
            .to(to.parse().map_err(|_| NotSent("a person's mail address can't be read".to_owned()))?)
            .subject(subject)
            .header(ContentType::TEXT_PLAIN)
            .body(text)
            .map_err(|_| NotSent("the mail can't be written".to_owned()))?;
        self.transport.send(&message).map(drop).map_err(|error| {
            let code = error.status().map(|code| format!(" with {code}")).unwrap_or_default();
            let how = if error.is_tls() {
                "did not prove by TLS who it is"
            } else if error.is_timeout() {
                "did not answer in time"
            } else {
                "refused or was not reached"
            };
            NotSent(format!("the mail server {how}{code}"))
        })
    }
}
