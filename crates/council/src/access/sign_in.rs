//! Signing in: the password, then the second factor, then a session. Each try is counted before it
//! is checked, so that many tries at once can't get round the limit.

use doorstep_domain::ledger::Hash;

use super::passkey::{PasskeyAnswer, PasskeyAsked};
use super::password;
use super::second_factor::{self, SecondFactorResult, SetUp};
use super::session::{self, Browser, NewSession};
use crate::error::CouncilError;
use crate::machine::rates::RefusalOf;
use crate::refused::Refused;
use crate::service::Service;
use crate::storage::{Audited, Person, SignedInBy};

/// How long a password that somebody else chose can be used to choose one's own, in milliseconds.
const GIVEN_MS: i64 = 7 * 24 * 60 * 60 * 1000;
/// How many wrong tries are allowed without a wait.
const FREE_TRIES: u64 = 5;

/// What a person gives to sign in. It has no `Debug`, so that nothing prints the password.
pub(crate) struct Credentials<'a> {
    pub(crate) user: &'a str,
    pub(crate) password: &'a str,
    /// The six digits from their authenticator app, if given.
    pub(crate) code: Option<&'a str>,
    /// Their browser's answer by a passkey, if it was asked for one.
    pub(crate) passkey: Option<&'a PasskeyAnswer>,
    /// A password of their own, in place of one that they were given.
    pub(crate) new_password: Option<&'a str>,
    pub(crate) browser: &'a Browser,
}

/// How a try to sign in ended.
pub(crate) enum SignInOutcome {
    /// Everything was right. A session is open, and the audit log notes it.
    In(Person, NewSession),
    /// An administrator gave them the password. They must choose their own.
    NewPasswordNeeded,
    /// The new password can't be taken.
    NewPasswordRefused(Refused),
    /// They must set up their authenticator first.
    SetUp(SetUp),
    /// They must also give the code from their authenticator.
    CodeNeeded,
    /// They must answer with one of their passkeys, or with a code if they have an authenticator.
    PasskeyNeeded { asked: PasskeyAsked, or_code: bool },
    /// The name or the password is wrong.
    WrongPassword,
    /// The code is wrong, or was used before.
    WrongCode,
    /// The passkey is none of theirs, or answers something else.
    WrongPasskey,
    /// There were too many wrong tries. They can try again after this many milliseconds.
    TooEarly { left_ms: i64 },
}

/// Signs a person in, or says what is wrong or missing.
pub(crate) fn sign_in(service: &Service, given: &Credentials<'_>) -> Result<SignInOutcome, CouncilError> {
    let now_ms = service.environment.clock.now_ms();
    let from = session::known_by(service, given.browser, given.user)?.hash;
    let counter = counter(given.user, from.as_ref());
    if let Some(left_ms) = service.transact(|writing| writing.count_try(&counter, now_ms, wait_ms))? {
        return Ok(SignInOutcome::TooEarly { left_ms });
    }
    let outcome = look(service, given)?;
    let is_wrong =
        matches!(outcome, SignInOutcome::WrongPassword | SignInOutcome::WrongCode | SignInOutcome::WrongPasskey);
    let may_note = is_wrong && service.rates.may_note_refusal(RefusalOf::SignIns);
    service.transact(|writing| match outcome {
        SignInOutcome::In(..) => writing.forget_tries(&counter),
        SignInOutcome::SetUp(_)
        | SignInOutcome::CodeNeeded
        | SignInOutcome::PasskeyNeeded { .. }
        | SignInOutcome::NewPasswordNeeded
        | SignInOutcome::NewPasswordRefused(_) => writing.take_try_back(&counter),
        SignInOutcome::WrongPassword | SignInOutcome::WrongCode | SignInOutcome::WrongPasskey if !may_note => Ok(()),
        SignInOutcome::WrongPassword | SignInOutcome::WrongCode | SignInOutcome::WrongPasskey => {
            // Somebody may have typed their password in place of their name, so only names of
            // people are written down.
            let name = writing.person_by_name(given.user)?.map(|person| person.user_name);
            let address = given.browser.address.map(|address| address.to_string());
            writing.audit(now_ms, "", &Audited::SignInFailed { by: None, name, address })
        }
        SignInOutcome::TooEarly { .. } => Ok(()),
    })?;
    Ok(outcome)
}

fn look(service: &Service, given: &Credentials<'_>) -> Result<SignInOutcome, CouncilError> {
    let (person, hash) = service
        .storage
        .read(|reading| Ok((reading.person_by_name(given.user)?, reading.password_hash(given.user)?)))?;
    let right = password::verifies(&service.hashing, given.password, hash.as_deref());
    let Some(person) = person.filter(|person| right && person.role.uses_the_console()) else {
        return Ok(SignInOutcome::WrongPassword);
    };
    // The new password is only kept once the second factor was right.
    let own_hash = match own_password(service, &person, given, hash.as_deref())? {
        OwnPassword::HadOne => None,
        OwnPassword::Chosen(hash) => Some(hash),
        OwnPassword::Refused(refused) => return Ok(SignInOutcome::NewPasswordRefused(refused)),
        OwnPassword::Missing => return Ok(SignInOutcome::NewPasswordNeeded),
    };
    let mut by = SignedInBy::Password;
    if service.asks_for_second_factor {
        let second = second_factor::Given { code: given.code, passkey: given.passkey };
        match second_factor::look(service, &person, &second)? {
            SecondFactorResult::Right if given.passkey.is_some() => by = SignedInBy::PasswordAndPasskey,
            SecondFactorResult::Right => by = SignedInBy::PasswordAndCode,
            SecondFactorResult::ToSetUp(set_up) => return Ok(SignInOutcome::SetUp(set_up)),
            SecondFactorResult::CodeNeeded => return Ok(SignInOutcome::CodeNeeded),
            SecondFactorResult::PasskeyNeeded { asked, or_code } => {
                return Ok(SignInOutcome::PasskeyNeeded { asked, or_code });
            }
            SecondFactorResult::Wrong => return Ok(SignInOutcome::WrongCode),
            SecondFactorResult::WrongPasskey => return Ok(SignInOutcome::WrongPasskey),
        }
    }
    let now_ms = service.now_ms();
    if let Some(hash) = own_hash {
        service.transact(|writing| {
            writing.set_password_hash(person.id, &hash, None)?;
            writing.audit(now_ms, &person.user_name, &Audited::PasswordSet { of: &person.user_name })
        })?;
    }
    let opened = session::open(service, &person, by, given.browser, now_ms)?;
    Ok(SignInOutcome::In(person, opened))
}

/// Whether somebody has a password of their own.
enum OwnPassword {
    /// They have.
    HadOne,
    /// They have one from now on, with this hash.
    Chosen(String),
    /// What they chose can't be taken.
    Refused(Refused),
    /// They have one that was given to them, and have not chosen another.
    Missing,
}

fn own_password(
    service: &Service,
    person: &Person,
    given: &Credentials<'_>,
    hash: Option<&str>,
) -> Result<OwnPassword, CouncilError> {
    let given_ms = service.storage.read(|reading| reading.password_given_ms(person.id))?;
    let Some(given_ms) = given_ms else { return Ok(OwnPassword::HadOne) };
    if !(0..=GIVEN_MS).contains(&(service.now_ms() - given_ms)) {
        return Ok(OwnPassword::Refused(Refused::PasswordLapsed));
    }
    let Some(new) = given.new_password else { return Ok(OwnPassword::Missing) };
    let is_same = password::is_the_same(given.password, new);
    if is_same || password::verifies(&service.hashing, new.trim(), hash) {
        return Ok(OwnPassword::Refused(Refused::SamePassword));
    }
    match password::new_hash(service, &person.user_name, &person.display_name, new) {
        Ok(hash) => Ok(OwnPassword::Chosen(hash)),
        Err(CouncilError::Refused(refused)) => Ok(OwnPassword::Refused(refused)),
        Err(error) => Err(error),
    }
}

/// Checks a person's password again, before they change something about their own account. Wrong
/// ones are counted apart from those at signing in, so that strangers who guess there keep nobody
/// from it.
///
/// # Errors
/// [`Refused::OtherPassword`] or [`Refused::WaitFirst`].
pub(crate) fn check_again(service: &Service, user_name: &str, password: &str) -> Result<(), CouncilError> {
    let now_ms = service.now_ms();
    let counter = *Hash::of("doorstep-password-again-v1", &[user_name.as_bytes()]).as_bytes();
    if let Some(left_ms) = service.transact(|writing| writing.count_try(&counter, now_ms, wait_ms))? {
        return Err(Refused::WaitFirst { seconds: left_ms / 1000 + 1 }.into());
    }
    let hash = service.storage.read(|reading| reading.password_hash(user_name))?;
    let is_right = password::verifies(&service.hashing, password, hash.as_deref());
    service.transact(|writing| {
        if is_right {
            return writing.forget_tries(&counter);
        }
        let name = Some(user_name.to_owned());
        writing.audit(now_ms, user_name, &Audited::SignInFailed { by: Some("password"), name, address: None })
    })?;
    if is_right { Ok(()) } else { Err(Refused::OtherPassword.into()) }
}

/// How long to wait after this many wrong tries, in milliseconds: 5 seconds after the fifth, then
/// twice as long each time, up to 5 minutes.
fn wait_ms(tries: u64) -> i64 {
    match tries.checked_sub(FREE_TRIES) {
        None => 0,
        Some(beyond) => (5_000_i64 << beyond.min(6)).min(300_000),
    }
}

/// The key for counting tries: a user name, and the browser or the network if it is known for that
/// user. All strangers share one count, so their guesses do not lock a person out of their own
/// browser or network.
fn counter(name: &str, from: Option<&[u8; 32]>) -> [u8; 32] {
    let from: &[u8] = from.map_or(&[], |from| from);
    *Hash::of("doorstep-sign-in-v1", &[name.as_bytes(), from]).as_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_guesses_on_waits_longer_and_never_for_good() {
        assert_eq!([0, 4, 5, 6, 7].map(wait_ms), [0, 0, 5_000, 10_000, 20_000]);
        assert_eq!(wait_ms(u64::MAX), 300_000);
        assert_ne!(counter("super-1", None), counter("super-1", Some(&[1; 32])));
    }
}
