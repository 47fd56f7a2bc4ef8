//! Sessions: a random number in a browser, of which the database holds the hash alone.

use super::actor::Actor;
use super::token::token_hash;
use crate::error::CouncilError;
use crate::service::Service;
use crate::storage::{Audited, Person, Session};

/// What is kept of a token.
pub(crate) type TokenHash = [u8; 32];

/// A session ends when nobody has asked for anything for so long, in milliseconds.
const IDLE_MS: i64 = 30 * 60 * 1000;
/// A session ends after so long in any case, in milliseconds.
const LONGEST_MS: i64 = 12 * 60 * 60 * 1000;
/// When a session was last used is kept to the minute.
const SEEN_MS: i64 = 60_000;
/// Of a session's hash, enough to tell it from the person's others.
const SHOWN: usize = 8;

/// A session that was opened.
pub(crate) struct Opened {
    pub(crate) token: String,
    /// By which the browser is known from now on, where it was not before.
    pub(crate) known_browser: Option<String>,
}

/// Whose session it is; `None` when it is none, or over.
pub(crate) fn resume(service: &Service, token: &TokenHash) -> Result<Option<Person>, CouncilError> {
    let now_ms = service.environment.clock.now_ms();
    let Some((user, created_ms, seen_ms)) = service.storage.read(|reading| reading.session(token))? else {
        return Ok(None);
    };
    if now_ms - created_ms > LONGEST_MS || now_ms - seen_ms > IDLE_MS {
        end(service, token)?;
        return Ok(None);
    }
    if now_ms - seen_ms > SEEN_MS {
        service.transact(|writing| writing.session_seen(token, now_ms))?;
    }
    service.storage.read(|reading| reading.person(user))
}

/// Opens a session for somebody who has proved who they are.
pub(crate) fn open(
    service: &Service,
    person: &Person,
    browser_is_known: bool,
    browser_name: &str,
) -> Result<Opened, CouncilError> {
    let now_ms = service.environment.clock.now_ms();
    let random_token = || data_encoding::HEXLOWER.encode(&service.environment.random::<32>());
    let (token, known_browser) = (random_token(), (!browser_is_known).then(random_token));
    service.transact(|writing| {
        writing.keep_session(&token_hash(&token), person.id, browser_name, now_ms)?;
        if let Some(browser) = &known_browser {
            writing.keep_known_browser(&token_hash(browser), person.id, now_ms)?;
        }
        writing.audit(now_ms, &person.user_name, &Audited::SignedIn {})
    })?;
    Ok(Opened { token, known_browser })
}

/// Ends a session.
pub(crate) fn end(service: &Service, token: &TokenHash) -> Result<(), CouncilError> {
    service.transact(|writing| writing.end_session(token))
}

/// The sessions of whoever asks that may still go on, the last used first.
pub(crate) fn own(service: &Service, by: &Actor) -> Result<Vec<Session>, CouncilError> {
    let after_ms = service.environment.clock.now_ms() - LONGEST_MS;
    let Some(user) = by.user() else { return Ok(Vec::new()) };
    service.storage.read(|reading| reading.sessions_of(user, after_ms))
}

/// By what somebody ends one of their sessions.
pub(crate) fn shown_id(hash: &TokenHash) -> String {
    data_encoding::HEXLOWER.encode(hash.get(..SHOWN).unwrap_or_default())
}

/// Ends one of somebody's own sessions. One that is over already is over.
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
