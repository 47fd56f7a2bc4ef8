//! Sessions. The browser holds a random token, and the database holds only its hash.

use std::net::IpAddr;

use super::actor::Actor;
use super::token::token_hash;
use crate::error::CouncilError;
use crate::machine::network::Network;
use crate::machine::times::CLOCKS_APART_MS;
use crate::refused::Refused;
use crate::service::Service;
use crate::storage::{Audited, Person, Session, SignedInBy};

/// The hash that is stored for a token.
pub(crate) type TokenHash = [u8; 32];

/// A session ends after this long without a request, in milliseconds.
const IDLE_MS: i64 = 30 * 60 * 1000;
/// A session ends this long after it began, in any case, in milliseconds.
const LONGEST_MS: i64 = 12 * 60 * 60 * 1000;
/// Before something that can't be undone, people prove again who they are, if that is longer ago
/// than this, in milliseconds.
const PROVED_MS: i64 = 15 * 60 * 1000;
/// How often the time of a session's last use is written, in milliseconds.
const SEEN_MS: i64 = 60_000;
/// How many bytes of a session's hash make up its id. They tell a person's sessions apart.
const SHOWN: usize = 8;

/// The browser from which somebody signs in.
#[derive(Debug, Clone, Default)]
pub(crate) struct Browser {
    /// The tokens that it sent, by which it may be known: one for each person who has signed in
    /// there, the newest last.
    pub(crate) tokens: Vec<String>,
    /// Its `User-Agent`, shortened.
    pub(crate) name: String,
    /// The address that it is at, as far as the service can tell.
    pub(crate) address: Option<IpAddr>,
    /// The network that it is in; `None` where a proxy may stand between.
    pub(crate) network: Option<Network>,
    /// The session that it had until now. It ends when another begins.
    pub(crate) session: Option<TokenHash>,
}

impl Browser {
    /// Whether it says nothing by which anybody could be known.
    pub(crate) fn tells_nothing(&self) -> bool {
        self.tokens.is_empty() && self.network.is_none()
    }
}

/// Whether somebody has signed in before from where they try it now. Strangers' wrong guesses slow
/// nobody down there, and they have places of their own in the queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum KnownBy {
    /// With this browser.
    Browser,
    /// From this network.
    Network,
    /// Neither.
    Nothing,
}

/// How a person is known, and the hash of the token or network by which they are.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Known {
    pub(crate) by: KnownBy,
    pub(crate) hash: Option<TokenHash>,
}

impl Known {
    /// Nobody is known by what was sent.
    pub(crate) const NOT: Self = Self { by: KnownBy::Nothing, hash: None };
}

/// The most people for whom one browser is known: those who signed in there last.
pub(crate) const MOST_KNOWN: usize = 8;

/// How a person of this name is known, if they are.
pub(crate) fn known_by(service: &Service, browser: &Browser, user: &str) -> Result<Known, CouncilError> {
    if browser.tells_nothing() {
        return Ok(Known::NOT);
    }
    let (network, now_ms) = (browser.network.map(|network| network.hash(&service.keys)), service.now_ms());
    service.storage.read(|reading| {
        for token in browser.tokens.iter().map(|token| token_hash(token)) {
            if reading.knows_browser(&token, user)? {
                return Ok(Known { by: KnownBy::Browser, hash: Some(token) });
            }
        }
        let knows = network.map(|network| reading.knows_network(&network, user, now_ms)).transpose()?;
        Ok(if knows == Some(true) { Known { by: KnownBy::Network, hash: network } } else { Known::NOT })
    })
}

/// The tokens of a new session. The browser gets them as cookies.
pub(crate) struct NewSession {
    pub(crate) token: String,
    /// The tokens by which the browser is known from now on. `None` when it was known for this
    /// person before.
    pub(crate) known_browser: Option<Vec<String>>,
}

/// A session that goes on.
pub(crate) struct Resumed {
    /// The person whose session it is.
    pub(crate) person: Person,
    /// Whether they proved who they are within [`PROVED_MS`].
    pub(crate) has_proved: bool,
}

/// The session that a token belongs to, with its person. `None` when there is no such session, or
/// it has ended. A request that a page makes by itself does not keep the session alive.
pub(crate) fn resume(service: &Service, token: &TokenHash, by_itself: bool) -> Result<Option<Resumed>, CouncilError> {
    let now_ms = service.environment.clock.now_ms();
    let Some((user, times)) = service.storage.read(|reading| reading.session(token))? else {
        return Ok(None);
    };
    // A session from the future was made while the clock was wrong: it would not end.
    let is_of_now = |at_ms: i64, longest_ms: i64| (-CLOCKS_APART_MS..=longest_ms).contains(&(now_ms - at_ms));
    if !is_of_now(times.created_ms, LONGEST_MS) || !is_of_now(times.seen_ms, IDLE_MS) {
        end(service, token)?;
        return Ok(None);
    }
    if now_ms - times.seen_ms > SEEN_MS && !by_itself {
        service.transact(|writing| writing.session_seen(token, now_ms))?;
    }
    let person = service.storage.read(|reading| match reading.has_left(user)? {
        true => Ok(None),
        false => reading.person(user),
    })?;
    let has_proved = (0..=PROVED_MS).contains(&(now_ms - times.proved_ms));
    Ok(person.map(|person| Resumed { person, has_proved }))
}

/// Notes that whoever has a session has proved again who they are.
pub(crate) fn proved(service: &Service, token: &TokenHash) -> Result<(), CouncilError> {
    let now_ms = service.environment.clock.now_ms();
    service.transact(|writing| writing.session_proved(token, now_ms))
}

/// Opens a session for a person who has proved who they are, `by` some way. The session that this
/// browser had before ends. `proved_ms` is when they proved it; 0 if that is not known.
///
/// A person who signed in with a password gets a token by which this browser is known from now on,
/// unless it is already, and their network is known too. The provider has its own ways.
pub(crate) fn open(
    service: &Service,
    person: &Person,
    by: SignedInBy,
    browser: &Browser,
    proved_ms: i64,
) -> Result<NewSession, CouncilError> {
    let now_ms = service.environment.clock.now_ms();
    let random_token = || data_encoding::HEXLOWER.encode(&service.environment.random::<32>());
    let is_new = by != SignedInBy::Openid && known_by(service, browser, &person.user_name)?.by != KnownBy::Browser;
    let (token, known_from_now) = (random_token(), is_new.then(random_token));
    let network = browser.network.filter(|_| by != SignedInBy::Openid).map(|network| network.hash(&service.keys));
    service.transact(|writing| {
        // They may have left since they proved who they are.
        if writing.has_left(person.id)? {
            return Err(Refused::HasLeft.into());
        }
        if let Some(before) = &browser.session {
            writing.end_session(before)?;
        }
        writing.keep_session(&token_hash(&token), person.id, &browser.name, now_ms, proved_ms)?;
        if let Some(known) = &known_from_now {
            writing.keep_known_browser(&token_hash(known), person.id, now_ms)?;
        }
        if let Some(network) = &network {
            writing.keep_known_network(network, person.id, now_ms)?;
        }
        let address = browser.address.map(|address| address.to_string());
        writing.audit(now_ms, &person.user_name, &Audited::SignedIn { by, address })
    })?;
    // Others have signed in there too, and are known there as before.
    let known_browser = known_from_now.map(|known| {
        let others = browser.tokens.iter().skip((browser.tokens.len() + 1).saturating_sub(MOST_KNOWN));
        others.cloned().chain([known]).collect()
    });
    Ok(NewSession { token, known_browser })
}

/// Ends a session. Does nothing if there is none with this hash.
pub(crate) fn end(service: &Service, token: &TokenHash) -> Result<(), CouncilError> {
    service.transact(|writing| writing.end_session(token))
}

/// Ends the session with which somebody signs out.
pub(crate) fn sign_out(service: &Service, token: &TokenHash) -> Result<(), CouncilError> {
    let now_ms = service.now_ms();
    service.transact(|writing| {
        let Some((user, _)) = writing.session(token)? else { return Ok(()) };
        writing.end_session(token)?;
        let name = writing.person(user)?.map(|person| person.user_name).unwrap_or_default();
        writing.audit(now_ms, &name, &Audited::SignedOut {})
    })
}

/// The person's own sessions that are not older than [`LONGEST_MS`], the last used first.
pub(crate) fn own(service: &Service, by: &Actor) -> Result<Vec<Session>, CouncilError> {
    let after_ms = service.environment.clock.now_ms() - LONGEST_MS;
    let Some(user) = by.user() else { return Ok(Vec::new()) };
    service.storage.read(|reading| reading.sessions_of(user, after_ms))
}

/// The id by which a person ends one of their sessions, in hexadecimal.
pub(crate) fn shown_id(hash: &TokenHash) -> String {
    data_encoding::HEXLOWER.encode(hash.get(..SHOWN).unwrap_or_default())
}

/// Ends one of the person's own sessions. Does nothing when there is no session with this id.
pub(crate) fn end_own(service: &Service, by: &Actor, id: &str) -> Result<(), CouncilError> {
    let Some(user) = by.user() else { return Ok(()) };
    let now_ms = service.environment.clock.now_ms();
    service.transact(|writing| {
        let sessions = writing.sessions_of(user, 0)?;
        let Some(one) = sessions.iter().find(|session| shown_id(&session.token_hash) == id) else { return Ok(()) };
        writing.end_session(&one.token_hash)?;
        writing.audit(now_ms, by.name(), &Audited::SessionEnded {})
    })
}
