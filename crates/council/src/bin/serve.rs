//! Running the service: reads the settings, then serves until it gets a signal to stop.

use std::net::{SocketAddr, TcpListener};
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use axum_server::tls_rustls::{RustlsAcceptor, RustlsConfig};
use axum_server::{Handle, Server};
use doorstep_council::access::openid::{Provider, ProviderSettings, Strength};
use doorstep_council::desk::overdue::look_at_the_clock;
use doorstep_council::notify::{Mail, MailSettings, Notifier, Webhook, WebhookSecret};
use doorstep_council::records::logs::keep_linked;
use doorstep_council::{Connections, CouncilError, HEADER_BYTES, HEADER_TIME, is_safe_address, router};
use zeroize::Zeroizing;

use crate::arguments::{Data, ServeSettings, Switch};
use crate::{print, read, read_password, service};

/// How long running requests may take once the service is stopping.
const LAST_REQUESTS: Duration = Duration::from_secs(30);
/// How often the service checks whether the certificate file has changed.
const CERTIFICATE_LOOK: Duration = Duration::from_secs(5);

/// What is made from the settings.
struct Ready {
    tls: Option<(PathBuf, PathBuf)>,
    mail: Option<Mail>,
    webhook: Option<Webhook>,
    provider: Option<Provider>,
}

impl ServeSettings {
    /// Reads and checks the settings and the files that they name. It uses no network and changes
    /// nothing.
    fn read(&self) -> Result<Ready> {
        let tls = self.tls_certificate.clone().zip(self.tls_key.clone());
        if tls.is_none() && self.behind_proxy == Switch::Off && !self.listen.ip().is_loopback() {
            bail!(
                "the service would use plain HTTP on the network. Give it a certificate \
                 (--tls-certificate, --tls-key), listen only on this machine (127.0.0.1), or put a \
                 proxy with TLS in front of it (--behind-proxy on)"
            );
        }
        if self.second_factor == Switch::Off && (self.behind_proxy == Switch::On || !self.listen.ip().is_loopback()) {
            bail!(
                "without a second factor the service is only for trying out, on this machine alone: listen on \
                 127.0.0.1 without a proxy in front, or leave --second-factor on"
            );
        }
        if let Some(address) = &self.public_address
            && !is_safe_address(address)
        {
            bail!("the public address does not begin with https://");
        }
        let public_address = || self.public_address.clone().unwrap_or_default();
        let mail = self.mail_server.clone().map(|server| {
            let password = self.mail_password_file.as_deref().map(secret).transpose()?;
            Ok::<_, anyhow::Error>(Mail::new(MailSettings {
                server,
                from: self.mail_from.clone().unwrap_or_default(),
                credentials: self.mail_user.clone().zip(password),
                authority: self.mail_authority.as_deref().map(read).transpose()?,
                public_address: public_address(),
            })?)
        });
        let webhook = self.webhook.as_deref().zip(self.webhook_secret_file.as_deref()).map(|(address, file)| {
            Ok::<_, anyhow::Error>(Webhook::new(address, WebhookSecret::read(&secret(file)?)?)?)
        });
        let provider = self.openid_issuer.clone().zip(self.openid_secret_file.as_deref()).map(|(issuer, file)| {
            Ok::<_, anyhow::Error>(Provider::new(ProviderSettings {
                issuer,
                client: self.openid_client.clone().unwrap_or_default(),
                secret: secret(file)?,
                name: self.openid_name.clone(),
                public_address: public_address(),
                trusts_email: self.openid_trusts_email == Switch::On,
                strength: Strength { classes: self.openid_acr.clone(), ways: self.openid_amr.clone() },
            })?)
        });
        Ok(Ready { tls, mail: mail.transpose()?, webhook: webhook.transpose()?, provider: provider.transpose()? })
    }
}

impl ServeSettings {
    /// Where people sign in besides here, and who decides how strongly they are asked there.
    fn sign_in_elsewhere(&self) -> String {
        let Some(issuer) = &self.openid_issuer else { return "none: people sign in with a password".to_owned() };
        let kinds = [("acr", &self.openid_acr), ("amr", &self.openid_amr)];
        let asked = kinds.iter().filter(|(_, words)| !words.is_empty());
        let asked: Vec<String> = asked.map(|(kind, words)| format!("{kind} {}", words.join(" or "))).collect();
        if asked.is_empty() {
            return format!("{issuer}, which alone decides how strongly it asks");
        }
        format!("{issuer}, which must say {}", asked.join(", and "))
    }
}

fn secret(file: &Path) -> Result<Zeroizing<String>> {
    read_password(file).map(Zeroizing::new)
}

/// Runs `serve --check-config`: checks the settings and prints what they mean.
pub(crate) fn check(data: &Data, settings: &ServeSettings) -> Result<()> {
    let ready = settings.read()?;
    if let Some((certificate, key)) = &ready.tls {
        runtime()?.block_on(tls(certificate, key))?;
    }
    if !data.data.is_dir() {
        bail!("{} is not a folder. Make a council with `doorstep-council init`", data.data.display());
    }
    let said = |what: bool, yes: &str, no: &str| (if what { yes } else { no }).to_owned();
    let proxies = settings.proxy.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    let own = || said(settings.behind_proxy == Switch::On, "by a proxy in front", "not at all, on this machine alone");
    print(&format!(
        "These settings can be used. Nothing was started, and the network was not used.\n\
         Listens on:     {}\nTLS:            {}\nReached at:     {}\nDatabase:       {}\nPhotos:         {}\nSecond factor:  {}\n\
         Mail:           {}\nWebhook:        {}\nOpenID Connect: {}\nProxies:        {}\nConnections:    {}\n",
        settings.listen,
        ready.tls.as_ref().map_or_else(own, |(certificate, _)| format!("by the service, {}", certificate.display())),
        settings.public_address.as_deref().unwrap_or("not said"),
        said(data.database.is_some(), "PostgreSQL", "embedded, in the data folder"),
        data.photos.as_deref().unwrap_or("in the data folder"),
        said(settings.second_factor == Switch::On, "asked for", "not asked for. Only for trying out"),
        settings.mail_server.as_deref().unwrap_or("none: notices by mail wait"),
        said(ready.webhook.is_some(), "told of cases", "none"),
        settings.sign_in_elsewhere(),
        if proxies.is_empty() { "none is believed about an address" } else { &proxies },
        settings.connections.map_or_else(most_connections, NonZeroUsize::get),
    ));
    Ok(())
}

/// Runs `serve`: the service, until it gets a signal to stop.
pub(crate) fn serve(data: &Data, settings: &ServeSettings) -> Result<()> {
    let Ready { tls: certificate, mail, webhook, provider } = settings.read()?;
    let service = service(data)?.reached_at(settings.public_address.clone());
    let service = if settings.second_factor == Switch::On { service } else { service.without_second_factor() };
    let service = if certificate.is_some() { service.with_tls() } else { service };
    let service = service.behind(settings.behind_proxy == Switch::On, settings.proxy.clone());
    let notifier = Notifier::new(service.clone(), mail, webhook);
    let listener = TcpListener::bind(settings.listen).with_context(|| format!("{} can't be used", settings.listen))?;
    let address = listener.local_addr()?;
    runtime()?.block_on(async {
        let handle = Handle::new();
        // These run separately, so that a slow mail server does not delay a case for a visitor who
        // is overdue.
        let overdue = service.clone();
        tokio::spawn(again_and_again(move || look_at_the_clock(&overdue)));
        let logs = service.clone();
        tokio::spawn(again_and_again(move || keep_linked(&logs)));
        tokio::spawn(again_and_again(move || notifier.send_what_waits()));
        tokio::spawn(stop_when_told(handle.clone()));
        let routes = router(service.clone(), provider).into_make_service_with_connect_info::<SocketAddr>();
        let connections = Connections::room_for(settings.connections.map_or_else(most_connections, NonZeroUsize::get));
        if let Some((certificate, key)) = certificate {
            let tls = tls(&certificate, &key).await?;
            print(&format!("Listening on https://{address}\n"));
            tokio::spawn(renew(tls.clone(), certificate, key));
            let server = bounded(axum_server::from_tcp(listener)?.handle(handle));
            server.acceptor(RustlsAcceptor::new(tls).acceptor(connections)).serve(routes).await?;
        } else {
            print(&format!("Listening on http://{address}\n"));
            let server = bounded(axum_server::from_tcp(listener)?.handle(handle));
            server.acceptor(connections).serve(routes).await?;
        }
        Ok(())
    })
}

/// Limits what a connection can hold before its first request is understood. HTTP/2 has no such
/// limits here, so it is not spoken.
fn bounded(server: Server<SocketAddr>) -> Server<SocketAddr> {
    let mut server = server.http1_only().first_request_timeout(HEADER_TIME);
    server.http_builder().http1().header_read_timeout(HEADER_TIME).max_buf_size(HEADER_BYTES);
    server
}

/// How many connections there can be at a time where no setting says so: three quarters of the
/// files that this process may have open, up to 10,000.
fn most_connections() -> usize {
    let limits = std::fs::read_to_string("/proc/self/limits").unwrap_or_default();
    let files = limits.lines().find_map(|line| line.strip_prefix("Max open files")?.split_whitespace().next());
    let files = files.map_or(1_024, |most| most.parse().unwrap_or(usize::MAX));
    (files / 4 * 3).clamp(64, 10_000)
}

fn runtime() -> Result<tokio::runtime::Runtime> {
    Ok(tokio::runtime::Builder::new_multi_thread().enable_all().build()?)
}

async fn tls(certificate: &Path, key: &Path) -> Result<RustlsConfig> {
    let read = read_tls(certificate, key).await;
    let read = read.with_context(|| {
        format!("{} and {} can't be used as certificate and key", certificate.display(), key.display())
    })?;
    Ok(RustlsConfig::from_config(read))
}

/// TLS by a certificate and its key, for HTTP/1.1 alone.
async fn read_tls(certificate: &Path, key: &Path) -> std::io::Result<Arc<rustls::ServerConfig>> {
    let read = RustlsConfig::from_pem_file(certificate, key).await?.get_inner();
    let mut read = rustls::ServerConfig::clone(&read);
    read.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(read))
}

/// Reads the certificate again when its file changes, for certificates that are renewed every few
/// weeks.
async fn renew(tls: RustlsConfig, certificate: PathBuf, key: PathBuf) {
    let mut known = tokio::fs::read(&certificate).await.ok();
    let mut every = tokio::time::interval(CERTIFICATE_LOOK);
    loop {
        every.tick().await;
        let found = tokio::fs::read(&certificate).await.ok();
        if found == known {
            continue;
        }
        match read_tls(&certificate, &key).await {
            Ok(read) => {
                tls.reload_from_config(read);
                known = found;
                tracing::info!("The certificate was read again.");
            }
            Err(error) => tracing::error!(%error, "The new certificate can't be used. The old one stays in use."),
        }
    }
}

/// Repeats a task every 20 seconds for as long as the service runs.
async fn again_and_again(work: impl Fn() -> Result<(), CouncilError> + Send + Sync + 'static) {
    let work = Arc::new(work);
    let mut every = tokio::time::interval(Duration::from_secs(20));
    loop {
        every.tick().await;
        let work = Arc::clone(&work);
        let done = tokio::task::spawn_blocking(move || work()).await.unwrap_or(Err(CouncilError::Panicked));
        if let Err(error) = done {
            tracing::error!(%error, "A task that runs every 20 seconds failed. It is tried again.");
        }
    }
}

/// Stops the service when it gets an interrupt or terminate signal. Running requests may finish.
async fn stop_when_told(handle: Handle<std::net::SocketAddr>) {
    let interrupted = tokio::signal::ctrl_c();
    #[cfg(unix)]
    {
        match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
            Ok(mut terminated) => tokio::select! { _ = interrupted => {}, _ = terminated.recv() => {} },
            Err(_) => drop(interrupted.await),
        }
    }
    #[cfg(not(unix))]
    drop(interrupted.await);
    tracing::info!("Stopping. Running requests are finished first.");
    handle.graceful_shutdown(Some(LAST_REQUESTS));
}
