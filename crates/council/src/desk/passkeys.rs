//! A person's own passkeys.

use chrono::{DateTime, Utc};
use doorstep_domain::conduct::TextKind;
use serde::Serialize;

use super::Actor;
use crate::access::accounts;
use crate::access::passkey::{self, PasskeyAnswer, PasskeyAsked};
use crate::access::roles::{DESKS, Role};
use crate::error::CouncilError;
use crate::machine::times;
use crate::refused::Refused;
use crate::service::Service;
use crate::storage::{AccountMatter, Audited, LeadsDeed, Person, Reading, Writing};

/// One of the person's own passkeys.
#[derive(Debug, Serialize, schemars::JsonSchema, ts_rs::TS)]
pub(crate) struct OwnPasskey {
    /// The id by which to remove it.
    pub(crate) id: String,
    /// What they call it.
    pub(crate) name: String,
    /// When it was made.
    pub(crate) made_at: DateTime<Utc>,
    /// When they last signed in with it.
    pub(crate) used_at: DateTime<Utc>,
}

/// The person's own passkeys.
#[derive(Debug, Serialize, schemars::JsonSchema, ts_rs::TS)]
pub(crate) struct OwnPasskeys {
    /// Whether there can be passkeys here: the council's settings say at which address it is.
    pub(crate) possible: bool,
    /// The passkeys, the oldest first.
    pub(crate) passkeys: Vec<OwnPasskey>,
}

fn own(reading: &Reading<'_>, by: &Actor) -> Result<Person, CouncilError> {
    by.only(DESKS)?;
    let user = by.user().ok_or(Refused::NotFound)?;
    Ok(reading.person(user)?.ok_or(Refused::NotFound)?)
}

/// The person's own passkeys.
pub(crate) fn list(service: &Service, by: &Actor) -> Result<OwnPasskeys, CouncilError> {
    let known = service.storage.read(|reading| reading.passkeys_of(own(reading, by)?.id))?;
    let shown = known.into_iter().map(|passkey| OwnPasskey {
        id: data_encoding::HEXLOWER.encode(&passkey.credential),
        name: passkey.name,
        made_at: times::from_ms(passkey.made_ms),
        used_at: times::from_ms(passkey.used_ms),
    });
    Ok(OwnPasskeys { possible: passkey::are_possible(service), passkeys: shown.collect() })
}

/// Asks the person's browser to make a passkey.
///
/// # Errors
/// [`Refused::NoPasskeys`].
pub(crate) fn offer(service: &Service, by: &Actor) -> Result<PasskeyAsked, CouncilError> {
    passkey::offer(service, &service.storage.read(|reading| own(reading, by))?)
}

/// Keeps the passkey that the person's browser made. If they are a lead, the leads are told.
///
/// # Errors
/// [`Refused::NotAPasskey`], [`Refused::NoPasskeys`], or [`Refused::NoName`] without a name.
pub(crate) fn keep(service: &Service, by: &Actor, given: &PasskeyAnswer, name: &str) -> Result<(), CouncilError> {
    let name = name.trim();
    if name.is_empty() || TextKind::Label.check(name).is_err() {
        return Err(Refused::NoName.into());
    }
    let person = service.storage.read(|reading| own(reading, by))?;
    let made = passkey::take(service, &person, given, name)?;
    service.transact(|writing| {
        if !writing.keep_passkey(person.id, &made)? {
            return Err(Refused::NotAPasskey.into());
        }
        tell(service, writing, by, &person, &Audited::PasskeyMade {})
    })
}

/// Removes one of the person's own passkeys. Does nothing when there is none with this id.
pub(crate) fn forget(service: &Service, by: &Actor, id: &str) -> Result<(), CouncilError> {
    let credential = data_encoding::HEXLOWER.decode(id.as_bytes()).unwrap_or_default();
    service.transact(|writing| {
        let person = own(writing, by)?;
        if !writing.forget_passkey(person.id, &credential)? {
            return Ok(());
        }
        tell(service, writing, by, &person, &Audited::PasskeyRemoved {})
    })
}

fn tell(
    service: &Service,
    writing: &Writing<'_>,
    by: &Actor,
    person: &Person,
    what: &Audited<'_>,
) -> Result<(), CouncilError> {
    if Role::of(person) == Role::SafeguardingLead {
        let (of, matter) = (person.user_name.clone(), AccountMatter::SecondFactor);
        accounts::tell_leads(service, writing, by, LeadsDeed::ChangeMade { of, matter })?;
    }
    writing.audit(service.now_ms(), by.name(), what)
}
