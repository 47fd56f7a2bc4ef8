//! Random tokens that identify a session, a browser or another system.

use std::net::IpAddr;

use doorstep_domain::StableName;
use doorstep_domain::ledger::Hash;

use super::actor::Actor;
use super::roles::{ADMINISTRATORS, Scope};
use crate::error::CouncilError;
use crate::machine::rates::RefusalOf;
use crate::refused::Refused;
use crate::service::Service;
use crate::storage::Audited;

/// The hash that is stored for a token. The token can't be worked out from it.
pub(crate) fn token_hash(token: &str) -> [u8; 32] {
    *Hash::of("doorstep-session-v1", &[token.as_bytes()]).as_bytes()
}

/// The system that a token belongs to, if the token has this scope.
pub(crate) fn system(service: &Service, token: &str, scope: Scope) -> Result<Option<Actor>, CouncilError> {
    let known = service.storage.read(|reading| reading.api_token(&token_hash(token)))?;
    let opens = |scopes: &str| scopes.split(' ').any(|opened| opened == scope.name());
    Ok(known.filter(|(_, scopes)| opens(scopes)).map(|(name, _)| Actor::system(name)))
}

/// Makes a token for another system of the council. It replaces an earlier token of the same name.
/// Only the hash is stored, so the token can't be shown again.
///
/// # Errors
/// [`CouncilError`] when the database can't be written.
pub fn make(service: &Service, by: &Actor, name: &str, scopes: &[Scope]) -> Result<String, CouncilError> {
    let may = scopes.iter().map(|scope| scope.name()).collect::<Vec<_>>().join(" ");
    let token = data_encoding::HEXLOWER.encode(&service.environment.random::<32>());
    let now_ms = service.environment.clock.now_ms();
    service.transact(|writing| {
        writing.keep_api_token(&token_hash(&token), name, &may, now_ms)?;
        writing.audit(now_ms, by.name(), &Audited::ApiTokenMade { name, may: &may })
    })?;
    Ok(token)
}

/// Writes into the audit log that somebody showed a token that is not known, or not for this.
pub(crate) fn note_refusal(service: &Service, address: Option<IpAddr>) -> Result<(), CouncilError> {
    if !service.rates.may_note_refusal(RefusalOf::Machines) {
        return Ok(());
    }
    let (now_ms, address) = (service.now_ms(), address.map(|address| address.to_string()));
    service.transact(|writing| writing.audit(now_ms, "", &Audited::TokenRefused { address: address.clone() }))
}

/// Ends the use of a token, by its name.
///
/// # Errors
/// [`Refused::NotFound`] when there is none of that name that is in use.
pub fn revoke(service: &Service, by: &Actor, name: &str) -> Result<(), CouncilError> {
    by.only(ADMINISTRATORS)?;
    let now_ms = service.now_ms();
    service.transact(|writing| {
        if !writing.revoke_token(name, now_ms)? {
            return Err(Refused::NotFound.into());
        }
        writing.audit(now_ms, by.name(), &Audited::ApiTokenRevoked { name })
    })
}
