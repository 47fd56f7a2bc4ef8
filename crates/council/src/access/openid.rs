//! Signing in with the council's own accounts, by OpenID Connect: authorization code with PKCE (RFC
//! 7636). The provider says who a person is, never what they may do. A person must also be in the
//! council's table of people.

use std::fmt;
use std::io::Read;
use std::sync::{Arc, Mutex, PoisonError, TryLockError};
use std::time::Duration;

use openidconnect::core::{CoreAuthenticationFlow, CoreClient, CoreProviderMetadata, CoreUserInfoClaims};
use openidconnect::{
    AccessTokenHash, AuthenticationContextClass, AuthorizationCode, AuthorizationRequest, ClientId, ClientSecret,
    CsrfToken, EndpointMaybeSet, EndpointNotSet, EndpointSet, HttpRequest, HttpResponse, IssuerUrl, Nonce,
    OAuth2TokenResponse, PkceCodeChallenge, PkceCodeVerifier, RedirectUrl, Scope, TokenResponse,
};
use reqwest::Url;
use reqwest::blocking::Client;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use zeroize::Zeroizing;

use super::openid_attempt::Attempt;
use super::session::{self, Browser, NewSession, TokenHash};
use crate::error::CouncilError;
use crate::machine::environment::Environment;
use crate::machine::rates::RefusalOf;
use crate::machine::times;
use crate::machine::{http_client, local_address};
use crate::service::Service;
use crate::storage::{Audited, Person, SignedInBy};

/// Where the provider sends people back to.
const BACK: &str = "/api/sign-in/openid/back";

/// How long the provider's metadata and keys are kept before they are read again.
const KEPT_MS: i64 = 10 * 60 * 1000;

/// How long ago a person may have proved to the provider who they are: as long as a session lasts.
const LONGEST: Duration = Duration::from_hours(12);

/// The same in milliseconds, and five minutes for clocks that differ.
const LONGEST_MS: i64 = 12 * 60 * 60 * 1000 + 5 * 60 * 1000;

/// How many requests may ask the provider at a time.
const MOST_CALLS: usize = 8;
/// The most bytes of the provider's answer that are read. Metadata, keys and tokens are shorter.
const LONGEST_ANSWER: u64 = 1024 * 1024;
/// The most characters of why the provider can't be used that are written into the log.
const LONGEST_REASON: usize = 500;

/// The settings for signing in with an OpenID Connect provider.
pub struct ProviderSettings {
    /// The provider's issuer address, `https://...`.
    pub issuer: String,
    /// The client id that the provider gave this service.
    pub client: String,
    /// The client secret that the provider gave this service.
    pub secret: Zeroizing<String>,
    /// The provider's name on the sign-in page.
    pub name: String,
    /// The address at which people reach the console.
    pub public_address: String,
    /// Whether to trust an email address when the provider does not say whether it is verified.
    pub trusts_email: bool,
    /// How strongly the provider must have asked.
    pub strength: Strength,
}

/// How strongly a provider must have asked who somebody is, in its own words: OpenID Connect Core,
/// section 2. Without words of a kind, that kind is not looked at.
#[derive(Debug, Default)]
pub struct Strength {
    /// The classes (`acr`) of which the ID token must name one. The provider is asked for them.
    pub classes: Vec<String>,
    /// The ways (`amr`, RFC 8176) of which the ID token must name one, such as `mfa`.
    pub ways: Vec<String>,
}

impl Strength {
    /// Whether a provider that used this class and these ways asked strongly enough.
    fn is_met(&self, class: Option<&str>, ways: &[&str]) -> bool {
        let one_of = |asked: &[String], said: &[&str]| {
            asked.is_empty() || asked.iter().any(|word| said.contains(&word.as_str()))
        };
        one_of(&self.classes, class.as_slice()) && one_of(&self.ways, ways)
    }
}

/// Leaves the secret out.
impl fmt::Debug for ProviderSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProviderSettings").field("issuer", &self.issuer).finish_non_exhaustive()
    }
}

/// A provider with which people sign in.
pub struct Provider {
    settings: ProviderSettings,
    issuer: IssuerUrl,
    back: RedirectUrl,
    http: Client,
    /// The provider's metadata, and when it was read, in milliseconds since 1970.
    metadata: Mutex<Option<(i64, CoreProviderMetadata)>>,
    /// Held by the one request that reads the metadata. The others don't wait for it.
    reads_metadata: Mutex<()>,
    /// How many requests may ask the provider at a time.
    calls: Arc<Semaphore>,
}

impl fmt::Debug for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.settings.fmt(f)
    }
}

type Known =
    CoreClient<EndpointSet, EndpointNotSet, EndpointNotSet, EndpointNotSet, EndpointMaybeSet, EndpointMaybeSet>;

/// The person that the provider identified.
pub(crate) struct Identity {
    /// Issuer and subject, which never change for a person.
    pub(crate) subject: String,
    /// When they proved to the provider who they are, in milliseconds since 1970; 0 if it did not
    /// say.
    pub(crate) proved_ms: i64,
    /// The email address. `None` when the provider gave none, or it can't be trusted.
    pub(crate) email: Option<String>,
    /// Whether the provider asked as strongly as the settings say.
    is_strong: bool,
    /// Whether it asked lately, as it was told to. One that does not say when is taken at its word.
    is_recent: bool,
}

/// What became of a sign-in with the provider.
pub(crate) enum CameBack {
    /// The person is known, and is signed in.
    SignedIn(NewSession),
    /// The council does not know them, or their role does not use the console.
    NotKnown,
    /// The provider asked them for less than the settings say.
    AskedTooLittle,
    /// The provider let them in without asking again, longer ago than a session lasts.
    AskedTooLongAgo,
}

/// A request to the provider that failed.
#[derive(Debug, thiserror::Error)]
enum CallFailed {
    #[error(transparent)]
    Http(#[from] reqwest::Error),
    #[error(transparent)]
    Body(#[from] std::io::Error),
}

impl Provider {
    /// Reads the settings, without connecting to the provider. Call this where blocking is allowed.
    ///
    /// # Errors
    /// [`CouncilError::BadSetting`] when an address can't be read, or is not safe to send to.
    pub fn new(settings: ProviderSettings) -> Result<Self, CouncilError> {
        let bad = |what| CouncilError::BadSetting("OpenID", what);
        let issuer = Url::parse(&settings.issuer).map_err(|_| bad("its issuer is not an address"))?;
        if !local_address::is_safe(&issuer) {
            return Err(bad("its issuer does not begin with https://"));
        }
        let back = format!("{}{BACK}", settings.public_address.trim_end_matches('/'));
        let http = http_client::client().map_err(|_| bad("TLS can't be set up"))?;
        Ok(Self {
            issuer: IssuerUrl::new(settings.issuer.clone()).map_err(|_| bad("its issuer is not an address"))?,
            back: RedirectUrl::new(back).map_err(|_| bad("the public address can't be read"))?,
            settings,
            http,
            metadata: Mutex::new(None),
            reads_metadata: Mutex::new(()),
            calls: Arc::new(Semaphore::new(MOST_CALLS)),
        })
    }

    /// The provider's name on the sign-in page.
    pub(crate) fn name(&self) -> &str {
        &self.settings.name
    }

    /// A place among the few requests that may ask the provider at a time. `None` when all are
    /// taken, so that a provider that does not answer holds up nobody but those who sign in with
    /// it.
    pub(crate) fn place(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.calls).try_acquire_owned().ok()
    }

    fn call(&self, request: HttpRequest) -> Result<HttpResponse, CallFailed> {
        let (parts, body) = request.into_parts();
        let answer = self.http.request(parts.method, parts.uri.to_string()).headers(parts.headers).body(body).send()?;
        let (status, headers) = (answer.status(), answer.headers().clone());
        let mut body = Vec::new();
        answer.take(LONGEST_ANSWER).read_to_end(&mut body)?;
        let mut response = HttpResponse::new(body);
        *response.status_mut() = status;
        *response.headers_mut() = headers;
        Ok(response)
    }

    /// The provider's metadata. While one request reads it, the others use what was read before, or
    /// fail at once, so that a provider that does not answer holds up nobody else.
    fn metadata(&self, now_ms: i64) -> Result<CoreProviderMetadata, CouncilError> {
        let known = || self.metadata.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let before = known();
        if let Some((since_ms, metadata)) = &before
            && (0..KEPT_MS).contains(&(now_ms - since_ms))
        {
            return Ok(metadata.clone());
        }
        let reads = match self.reads_metadata.try_lock() {
            Ok(reads) => reads,
            Err(TryLockError::Poisoned(reads)) => reads.into_inner(),
            Err(TryLockError::WouldBlock) => {
                return before.map(|(_, metadata)| metadata).ok_or(CouncilError::ProviderWaits);
            }
        };
        let call = |request| self.call(request);
        let metadata = CoreProviderMetadata::discover(&self.issuer, &call).map_err(|error| unusable(&error))?;
        *self.metadata.lock().unwrap_or_else(PoisonError::into_inner) = Some((now_ms, metadata.clone()));
        drop(reads);
        Ok(metadata)
    }

    fn client(&self, now_ms: i64) -> Result<Known, CouncilError> {
        let metadata = self.metadata(now_ms)?;
        let secret = ClientSecret::new(self.settings.secret.trim().to_owned());
        let client = ClientId::new(self.settings.client.clone());
        Ok(CoreClient::from_provider_metadata(metadata, client, Some(secret)).set_redirect_uri(self.back.clone()))
    }

    /// The address where a person signs in, and what their browser keeps until they come back.
    /// With `again` they prove it once more, although the provider knows them still.
    /// `before` is the session that their browser has until then.
    pub(crate) fn begin(
        &self,
        environment: &Environment,
        again: bool,
        before: Option<&TokenHash>,
        page: &str,
    ) -> Result<(String, Attempt), CouncilError> {
        let attempt = Attempt::new(environment, before, page);
        let challenge = PkceCodeChallenge::from_code_verifier_sha256(&PkceCodeVerifier::new(attempt.verifier.clone()));
        let (state, nonce) = (attempt.state.clone(), attempt.nonce.clone());
        // A provider that is asked for no older sign-in than this says when it was.
        let oldest = if again { Duration::ZERO } else { LONGEST };
        let classes = self.settings.strength.classes.iter().cloned().map(AuthenticationContextClass::new);
        let (address, _, _) = classes
            .fold(
                self.client(environment.clock.now_ms())?.authorize_url(
                    CoreAuthenticationFlow::AuthorizationCode,
                    || CsrfToken::new(state),
                    || Nonce::new(nonce),
                ),
                AuthorizationRequest::add_auth_context_value,
            )
            .add_scope(Scope::new("email".to_owned()))
            .set_pkce_challenge(challenge)
            .set_max_age(oldest)
            .url();
        Ok((address.to_string(), attempt))
    }

    /// Asks the provider who the person is, with the code that it sent them back with.
    pub(crate) fn finish(
        &self,
        environment: &Environment,
        attempt: Attempt,
        code: String,
    ) -> Result<Identity, CouncilError> {
        let client = self.client(environment.clock.now_ms())?;
        let call = |request| self.call(request);
        let tokens = client
            .exchange_code(AuthorizationCode::new(code))
            .map_err(|error| unusable(&error))?
            .set_pkce_verifier(PkceCodeVerifier::new(attempt.verifier))
            .request(&call)
            .map_err(|error| unusable(&error))?;
        let clock = environment.clock.clone();
        let verifier = client.id_token_verifier().set_time_fn(move || times::from_ms(clock.now_ms()));
        let id = tokens.id_token().ok_or_else(|| CouncilError::Provider("it sent no ID token".to_owned()))?;
        let claims = id.claims(&verifier, &Nonce::new(attempt.nonce)).map_err(|error| unusable(&error))?;
        if let Some(said) = claims.access_token_hash() {
            let algorithm = id.signing_alg().map_err(|error| unusable(&error))?;
            let key = id.signing_key(&verifier).map_err(|error| unusable(&error))?;
            let hash = AccessTokenHash::from_token(tokens.access_token(), algorithm, key);
            if hash.map_err(|error| unusable(&error))? != *said {
                return Err(CouncilError::Provider("its tokens do not belong together".to_owned()));
            }
        }
        let class = claims.auth_context_ref().map(|class| class.as_str());
        let ways: Vec<&str> = claims.auth_method_refs().into_iter().flatten().map(|way| way.as_str()).collect();
        let is_strong = self.settings.strength.is_met(class, &ways);
        let mut email = (claims.email().map(|email| email.to_string()), claims.email_verified());
        if email.0.is_none() {
            let asked = client.user_info(tokens.access_token().clone(), Some(claims.subject().clone()));
            if let Ok(asked) = asked {
                let said: CoreUserInfoClaims = asked.request(&call).map_err(|error| unusable(&error))?;
                email = (said.email().map(|email| email.to_string()), said.email_verified());
            }
        }
        let relied_upon = email.1.unwrap_or(self.settings.trusts_email);
        let proved_ms = claims.auth_time().map(|at| at.timestamp_millis());
        let now_ms = environment.clock.now_ms();
        Ok(Identity {
            is_recent: proved_ms.is_none_or(|at_ms| now_ms.saturating_sub(at_ms) <= LONGEST_MS),
            proved_ms: proved_ms.unwrap_or(0),
            subject: format!("{} {}", self.settings.issuer, claims.subject().as_str()),
            email: email.0.filter(|_| relied_upon),
            is_strong,
        })
    }
}

/// Signs in the person that the provider identified, if it asked them strongly enough and the
/// council knows them.
pub(crate) fn sign_in(
    service: &Service,
    provider: &Provider,
    attempt: Attempt,
    code: String,
    browser: &Browser,
) -> Result<CameBack, CouncilError> {
    let before = attempt.session_before();
    let identity = match provider.finish(&service.environment, attempt, code) {
        // Strangers can make up what the provider refuses: the log takes a few lines of it.
        Err(CouncilError::Provider(_)) if !service.rates.may_warn() => return Err(CouncilError::ProviderWaits),
        finished => finished?,
    };
    if !identity.is_strong || !identity.is_recent {
        note_refusal(service, browser)?;
        return Ok(if identity.is_recent { CameBack::AskedTooLittle } else { CameBack::AskedTooLongAgo });
    }
    let Some(person) = known(service, &identity)? else {
        note_refusal(service, browser)?;
        return Ok(CameBack::NotKnown);
    };
    let browser = Browser { session: browser.session.or(before), ..browser.clone() };
    session::open(service, &person, SignedInBy::Openid, &browser, identity.proved_ms).map(CameBack::SignedIn)
}

/// Writes into the audit log that somebody came from the provider and was not let in.
fn note_refusal(service: &Service, browser: &Browser) -> Result<(), CouncilError> {
    if !service.rates.may_note_refusal(RefusalOf::SignIns) {
        return Ok(());
    }
    let now_ms = service.now_ms();
    let address = browser.address.map(|address| address.to_string());
    service.transact(|writing| {
        let failed = Audited::SignInFailed { by: Some("openid"), name: None, address: address.clone() };
        writing.audit(now_ms, "", &failed)
    })
}

/// Finds the person that the provider identified, by issuer and subject. At their first sign-in,
/// finds them by their email address instead, if nobody else has the same one.
fn known(service: &Service, identity: &Identity) -> Result<Option<Person>, CouncilError> {
    let known = service.storage.read(|reading| reading.person_by_openid(&identity.subject))?;
    let known = match (known, &identity.email) {
        (None, Some(email)) => service.transact(|writing| {
            let mut people = writing.people_by_email(email)?;
            let Some(only) = people.pop().filter(|_| people.is_empty()) else { return Ok(None) };
            let may = only.role.uses_the_console() && writing.set_openid_subject(only.id, &identity.subject)?;
            Ok(Some(only).filter(|_| may))
        })?,
        (known, _) => known,
    };
    Ok(known.filter(|person| person.role.uses_the_console()))
}

/// The error with all its causes. The text names nobody. What the provider has put into it can't
/// begin another line of the log.
fn unusable(error: &dyn std::error::Error) -> CouncilError {
    let mut said = error.to_string();
    let mut inner = error.source();
    while let Some(reason) = inner {
        said = format!("{said}: {reason}");
        inner = reason.source();
    }
    CouncilError::Provider(said.chars().take(LONGEST_REASON).flat_map(in_one_line).collect())
}

/// A character as it can stand in one line.
fn in_one_line(c: char) -> impl Iterator<Item = char> {
    let escaped = if c.is_control() { c.escape_default().collect() } else { vec![c] };
    escaped.into_iter()
}
