//! Passkeys (`WebAuthn`, level 3) as a second factor: an authenticator signs what the council asks,
//! and the browser adds the address at which it was asked. So a false page learns nothing that it
//! could use.

use std::convert::Infallible;

use doorstep_domain::UserId;
use doorstep_domain::ledger::Hash;
use reqwest::Url;
use serde::{Deserialize, Serialize};
use webauthn_rp::bin::{Decode as _, Encode as _};
use webauthn_rp::request::auth::{AllowedCredentials, AuthenticationVerificationOptions};
use webauthn_rp::request::register::{
    Nickname, PublicKeyCredentialUserEntity, RegistrationVerificationOptions, UserHandle16, Username,
};
use webauthn_rp::request::{
    AsciiDomain, Credentials as _, PublicKeyCredentialDescriptor, RpId, UserVerificationRequirement,
};
use webauthn_rp::response::register::{CompressedPubKey, DynamicState, StaticState};
use webauthn_rp::response::{AuthTransports, CredentialId};
use webauthn_rp::{
    AggErr, AuthenticatedCredential, NonDiscoverableAuthentication16, NonDiscoverableAuthenticationServerState,
    NonDiscoverableCredentialRequestOptions, PublicKeyCredentialCreationOptions, Registration, RegistrationServerState,
};

use crate::error::CouncilError;
use crate::refused::Refused;
use crate::service::Service;
use crate::storage::{Ceremony, Passkey, Person};

/// How long a browser has to answer, in milliseconds.
const ANSWERED_MS: i64 = 5 * 60 * 1000;

/// The most passkeys that a person has.
const MOST: usize = 10;

/// The public key as it comes back from the database.
type Key = CompressedPubKey<[u8; 32], [u8; 32], [u8; 48], Vec<u8>>;

/// What is asked of a browser.
#[derive(Serialize, schemars::JsonSchema, ts_rs::TS)]
pub(crate) struct PasskeyAsked {
    /// What to send back with the answer.
    pub(crate) ceremony: String,
    /// The options, as `PublicKeyCredential.parseCreationOptionsFromJSON` or
    /// `parseRequestOptionsFromJSON` takes them.
    #[ts(type = "PublicKeyCredentialCreationOptionsJSON & PublicKeyCredentialRequestOptionsJSON")]
    pub(crate) options: serde_json::Value,
}

/// A browser's answer.
#[derive(Debug, Clone, Deserialize, schemars::JsonSchema)]
pub(crate) struct PasskeyAnswer {
    /// As it was asked.
    pub(crate) ceremony: String,
    /// What `PublicKeyCredential.toJSON` gave.
    pub(crate) answer: serde_json::Value,
}

/// The council as passkeys know it: the host of its public address, and the one origin that may ask
/// for them.
struct RelyingParty {
    id: RpId,
    origins: [String; 1],
}

impl RelyingParty {
    /// `None` where the council has no public address, or one without a name: there are no passkeys
    /// then.
    fn of(service: &Service) -> Option<Self> {
        let address = Url::parse(service.public_address.as_deref()?).ok()?;
        let domain = AsciiDomain::try_from(address.domain()?.to_owned()).ok()?;
        Some(Self { id: RpId::Domain(domain), origins: [address.origin().ascii_serialization()] })
    }

    fn make_one(&self, person: &Person, known: &[Passkey]) -> Result<(serde_json::Value, Vec<u8>), AggErr> {
        let id = handle(person.id);
        let entity = PublicKeyCredentialUserEntity {
            // These are only shown. A name that is not allowed there is left out.
            name: Username::try_from(person.user_name.as_str()).or_else(|_| Username::try_from("-"))?,
            id: &id,
            display_name: Nickname::try_from(person.display_name.as_str()).ok(),
        };
        let known = known.iter().map(descriptor).collect::<Result<_, _>>()?;
        let mut options = PublicKeyCredentialCreationOptions::second_factor(&self.id, entity, known);
        options.authenticator_selection.user_verification = UserVerificationRequirement::Preferred;
        let (kept, asked) = options.start_ceremony()?;
        let kept = kept.encode().map_err(AggErr::EncodeRegistrationServerState)?;
        Ok((serde_json::to_value(&asked)?, kept))
    }

    fn take_one(&self, kept: &[u8], answer: &[u8], name: &str, now_ms: i64) -> Result<Passkey, AggErr> {
        let answer = Registration::from_json_relaxed(answer)?;
        let options = RegistrationVerificationOptions::<'_, '_, String, String> {
            allowed_origins: &self.origins,
            // Browsers add some that nobody asked for.
            error_on_unsolicited_extensions: false,
            ..RegistrationVerificationOptions::default()
        };
        let made = RegistrationServerState::<16>::decode(kept)?.verify(&self.id, &answer, &options)?;
        Ok(Passkey {
            credential: made.id().as_ref().to_vec(),
            name: name.to_owned(),
            transports: certain(made.transports().encode()),
            fixed: certain(made.static_state().encode()),
            changing: certain(made.dynamic_state().encode()),
            made_ms: now_ms,
            used_ms: now_ms,
        })
    }

    fn ask_for_one(&self, known: &[Passkey]) -> Result<(serde_json::Value, Vec<u8>), AggErr> {
        let mut allowed = AllowedCredentials::with_capacity(known.len());
        for passkey in known {
            allowed.push(descriptor(passkey)?.into());
        }
        let mut options = NonDiscoverableCredentialRequestOptions::second_factor(&self.id, allowed)?;
        options.options().user_verification = UserVerificationRequirement::Preferred;
        let (kept, asked) = options.start_ceremony()?;
        Ok((serde_json::to_value(&asked)?, kept.encode()?))
    }

    /// The passkey that answered, as it is to be kept from now on. `None` when it is none of these.
    fn check(&self, user: UserId, known: &[Passkey], kept: &[u8], answer: &[u8]) -> Result<Option<Passkey>, AggErr> {
        let answer = NonDiscoverableAuthentication16::from_json_relaxed(answer)?;
        let Some(passkey) = known.iter().find(|passkey| passkey.credential == answer.raw_id().as_ref()) else {
            return Ok(None);
        };
        let (user, id) = (handle(user), CredentialId::<&[u8]>::decode(&passkey.credential)?);
        let (fixed, changing) = (StaticState::<Key>::decode(&passkey.fixed)?, DynamicState::decode(passkey.changing)?);
        let mut credential = AuthenticatedCredential::new(id, &user, fixed, changing)?;
        let options = AuthenticationVerificationOptions::<'_, '_, String, String> {
            allowed_origins: &self.origins,
            error_on_unsolicited_extensions: false,
            ..AuthenticationVerificationOptions::default()
        };
        NonDiscoverableAuthenticationServerState::decode(kept)?.verify(&self.id, &answer, &mut credential, &options)?;
        Ok(Some(Passkey { changing: certain(credential.dynamic_state().encode()), ..passkey.clone() }))
    }
}

/// Whether people can have passkeys here.
pub(crate) fn are_possible(service: &Service) -> bool {
    RelyingParty::of(service).is_some()
}

/// Asks a browser to make a passkey for a person.
///
/// # Errors
/// [`Refused::NoPasskeys`] where the council has no public address, or they have enough.
pub(crate) fn offer(service: &Service, person: &Person) -> Result<PasskeyAsked, CouncilError> {
    let council = RelyingParty::of(service).ok_or(Refused::NoPasskeys)?;
    let known = service.storage.read(|reading| reading.passkeys_of(person.id))?;
    if known.len() >= MOST {
        return Err(Refused::NoPasskeys.into());
    }
    let (options, asked) = council.make_one(person, &known).map_err(|_| CouncilError::Unreadable("passkey"))?;
    keep(service, person, true, asked, options)
}

/// The passkey that a browser made for a person. It is not kept yet.
///
/// # Errors
/// [`Refused::NotAPasskey`] when the answer is not one to what was asked.
pub(crate) fn take(
    service: &Service,
    person: &Person,
    given: &PasskeyAnswer,
    name: &str,
) -> Result<Passkey, CouncilError> {
    let council = RelyingParty::of(service).ok_or(Refused::NoPasskeys)?;
    let asked = asked(service, person, true, given)?.ok_or(Refused::NotAPasskey)?;
    let made = council.take_one(&asked, given.answer.to_string().as_bytes(), name, service.now_ms());
    // The error can hold parts of the answer, so it is not told.
    Ok(made.map_err(|_| Refused::NotAPasskey)?)
}

/// Asks a browser for one of a person's passkeys. `None` when they have none.
pub(crate) fn ask(service: &Service, person: &Person) -> Result<Option<PasskeyAsked>, CouncilError> {
    let Some(council) = RelyingParty::of(service) else { return Ok(None) };
    let known = service.storage.read(|reading| reading.passkeys_of(person.id))?;
    if known.is_empty() {
        return Ok(None);
    }
    let (options, asked) = council.ask_for_one(&known).map_err(|_| CouncilError::Unreadable("passkey"))?;
    keep(service, person, false, asked, options).map(Some)
}

/// Whether a browser's answer comes from one of a person's passkeys, and answers what was asked.
pub(crate) fn verifies(service: &Service, person: &Person, given: &PasskeyAnswer) -> Result<bool, CouncilError> {
    let Some(council) = RelyingParty::of(service) else { return Ok(false) };
    let Some(asked) = asked(service, person, false, given)? else { return Ok(false) };
    let answer = given.answer.to_string();
    service.transact(|writing| {
        let known = writing.passkeys_of(person.id)?;
        let used = council.check(person.id, &known, &asked, answer.as_bytes()).ok().flatten();
        let Some(used) = used else { return Ok(false) };
        writing.passkey_used(&used, service.now_ms())?;
        Ok(true)
    })
}

fn keep(
    service: &Service,
    person: &Person,
    makes_one: bool,
    asked: Vec<u8>,
    options: serde_json::Value,
) -> Result<PasskeyAsked, CouncilError> {
    let id = Hash::from_bytes(service.environment.random());
    let ceremony = Ceremony { user: person.id, makes_one, asked, at_ms: service.now_ms() };
    service.transact(|writing| writing.keep_ceremony(id, &ceremony))?;
    Ok(PasskeyAsked { ceremony: id.to_string(), options })
}

/// What was asked of this person's browser. `None` when nothing was, when it was answered already,
/// or when it was too long ago.
fn asked(
    service: &Service,
    person: &Person,
    makes_one: bool,
    given: &PasskeyAnswer,
) -> Result<Option<Vec<u8>>, CouncilError> {
    let Ok(id) = given.ceremony.parse::<Hash>() else { return Ok(None) };
    let found = service.transact(|writing| writing.take_ceremony(id))?;
    let in_time = |ceremony: &Ceremony| (0..=ANSWERED_MS).contains(&(service.now_ms() - ceremony.at_ms));
    let found = found.filter(|ceremony| ceremony.user == person.id && ceremony.makes_one == makes_one);
    Ok(found.filter(in_time).map(|ceremony| ceremony.asked))
}

fn handle(user: UserId) -> UserHandle16 {
    certain(UserHandle16::decode(*user.as_bytes()))
}

fn descriptor(passkey: &Passkey) -> Result<PublicKeyCredentialDescriptor<Vec<u8>>, AggErr> {
    let id = CredentialId::<Vec<u8>>::decode(passkey.credential.clone())?;
    Ok(PublicKeyCredentialDescriptor { id, transports: AuthTransports::decode(passkey.transports)? })
}

fn certain<T>(value: Result<T, Infallible>) -> T {
    let Ok(value) = value;
    value
}
