//! Stand-ins for systems that the service connects to: a mail server, another system of the
//! council, providers of accounts, an impostor, and certificates for them.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection};
use serde_json::Value;

use crate::harness::{eventually, json, root};

/// How long an impostor waits for what a client says next.
const PATIENCE: Duration = Duration::from_secs(10);

/// A certificate for this machine by an authority of the tests' own.
#[derive(Debug)]
pub struct Certificate {
    /// The path of the authority's certificate, in PEM.
    pub authority: PathBuf,
    /// The path of this machine's certificate, in PEM.
    pub certificate: PathBuf,
    /// The path of this machine's private key, in PEM.
    pub key: PathBuf,
}

impl Certificate {
    /// Makes an authority and a certificate for `localhost` and 127.0.0.1, as files in a folder.
    ///
    /// # Panics
    /// When they can't be made or written.
    #[must_use]
    pub fn in_folder(folder: &Path) -> Self {
        let key = rcgen::KeyPair::generate().expect("a key can be made");
        let mut authority = rcgen::CertificateParams::default();
        authority.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        authority.distinguished_name.push(rcgen::DnType::CommonName, "An authority for tests");
        let authority_text = authority.self_signed(&key).expect("an authority can be made").pem();
        let issuer = rcgen::Issuer::new(authority, key);
        let own_key = rcgen::KeyPair::generate().expect("a key can be made");
        let names = ["localhost".to_owned(), "127.0.0.1".to_owned()];
        let own = rcgen::CertificateParams::new(names).expect("those are names").signed_by(&own_key, &issuer);
        let written = |name: &str, text: String| {
            let file = folder.join(name);
            fs::write(&file, text).expect("a certificate can be written");
            file
        };
        Self {
            authority: written("authority.pem", authority_text),
            certificate: written("certificate.pem", own.expect("a certificate can be made").pem()),
            key: written("key.pem", own_key.serialize_pem()),
        }
    }
}

/// One process with a mail server, which asks for STARTTLS and a password, and a system that
/// receives webhooks about cases.
#[derive(Debug)]
pub struct Outside {
    process: Child,
    lines: BufReader<ChildStdout>,
    /// The port of the mail server.
    pub smtp: u64,
    /// The port of the system that receives webhooks.
    pub http: u64,
}

impl Outside {
    /// Starts both. Each refuses the first `refuses` deliveries.
    ///
    /// # Panics
    /// When they don't start.
    #[must_use]
    pub fn start(certificate: &Certificate, refuses: u32) -> Self {
        let mut process = Command::new("node")
            .arg("servers/outside.mjs")
            .current_dir(root().join("ui"))
            .env("DOORSTEP_CERTIFICATE", &certificate.certificate)
            .env("DOORSTEP_KEY", &certificate.key)
            .env("DOORSTEP_REFUSES", refuses.to_string())
            .stdout(Stdio::piped())
            .spawn()
            .expect("node runs");
        let lines = BufReader::new(process.stdout.take().expect("it has an output"));
        let mut outside = Self { process, lines, smtp: 0, http: 0 };
        let ports = outside.receives();
        outside.smtp = ports["smtp"].as_u64().expect("a mail server has a port");
        outside.http = ports["http"].as_u64().expect("a system has a port");
        outside
    }

    /// Waits for the next mail or webhook call, and returns it.
    ///
    /// # Panics
    /// When the process has ended.
    pub fn receives(&mut self) -> Value {
        let mut line = String::new();
        let read = self.lines.read_line(&mut line).expect("lines can be read");
        assert!(read > 0, "nothing comes in any more");
        json(&line)
    }
}

impl Drop for Outside {
    fn drop(&mut self) {
        let _gone = self.process.kill().and_then(|()| self.process.wait());
    }
}

/// An OpenID Connect provider, in the place of a council's Microsoft Entra ID or Keycloak.
#[derive(Debug)]
pub struct OpenIdProvider {
    process: Child,
    /// The provider's address, which is the setting `openid-issuer`.
    pub issuer: String,
}

impl OpenIdProvider {
    /// Starts a provider that sends people back to the council at this address.
    ///
    /// # Panics
    /// When it does not start.
    #[must_use]
    pub fn start(council: SocketAddr) -> Self {
        Self::of("servers/openid-provider.mjs", "DOORSTEP_CONSOLE", &format!("http://{council}"))
    }

    /// Starts a provider that lies: the code that it is given back says how. `lies` is how it lies
    /// about itself, or empty.
    ///
    /// # Panics
    /// When it does not start.
    #[must_use]
    pub fn hostile(lies: &str) -> Self {
        Self::of("servers/hostile-provider.mjs", "DOORSTEP_LIES", lies)
    }

    fn of(program: &str, told: &str, value: &str) -> Self {
        let mut process = Command::new("node")
            .arg(program)
            .current_dir(root().join("ui"))
            .env(told, value)
            .stdout(Stdio::piped())
            .spawn()
            .expect("node runs");
        let mut line = String::new();
        let out = process.stdout.as_mut().expect("it has an output");
        BufReader::new(out).read_line(&mut line).expect("it says where it is");
        let issuer = json(&line)["issuer"].as_str().expect("an issuer has an address").to_owned();
        Self { process, issuer }
    }
}

impl Drop for OpenIdProvider {
    fn drop(&mut self) {
        let _gone = self.process.kill().and_then(|()| self.process.wait());
    }
}

/// A server with a certificate by an authority that nobody trusts.
#[derive(Debug)]
pub struct Impostor {
    /// Its port, on `localhost`.
    pub port: u16,
    heard: JoinHandle<Option<Vec<u8>>>,
}

impl Impostor {
    /// Waits for one client, in the background.
    ///
    /// # Panics
    /// When it can't.
    #[must_use]
    pub fn start(certificate: &Certificate) -> Self {
        let _installed = rustls::crypto::ring::default_provider().install_default();
        let chain = CertificateDer::pem_file_iter(&certificate.certificate).expect("there is a certificate");
        let chain = chain.collect::<Result<Vec<_>, _>>().expect("it can be read");
        let key = PrivateKeyDer::from_pem_file(&certificate.key).expect("there is a key");
        let config = ServerConfig::builder().with_no_client_auth().with_single_cert(chain, key);
        let config = Arc::new(config.expect("they belong together"));
        let listener = TcpListener::bind("127.0.0.1:0").expect("there is a free port");
        let port = listener.local_addr().expect("it has an address").port();
        Self { port, heard: thread::spawn(move || heard_by(&listener, config)) }
    }

    /// What the client said to it behind the handshake; `None` when it broke that off.
    ///
    /// # Panics
    /// When nobody came.
    #[must_use]
    pub fn heard(self) -> Option<Vec<u8>> {
        self.heard.join().expect("somebody came")
    }
}

fn heard_by(listener: &TcpListener, config: Arc<ServerConfig>) -> Option<Vec<u8>> {
    listener.set_nonblocking(true).expect("it can look whether somebody came");
    let mut came = None;
    eventually("that a client comes", || {
        came = listener.accept().ok();
        came.is_some()
    });
    let (mut client, _) = came?;
    client.set_nonblocking(false).and_then(|()| client.set_read_timeout(Some(PATIENCE))).expect("it can wait");
    let mut first = [0];
    if client.peek(&mut first).ok()? == 1 && first == [0] {
        // A client of PostgreSQL asks in the clear whether there is TLS.
        client.read_exact(&mut [0; 8]).ok()?;
        client.write_all(b"S").ok()?;
    }
    let mut tls = ServerConnection::new(config).expect("a connection can begin");
    let mut said = vec![0; 1024];
    let length = rustls::Stream::new(&mut tls, &mut client).read(&mut said).ok().filter(|length| *length > 0)?;
    said.truncate(length);
    Some(said)
}
