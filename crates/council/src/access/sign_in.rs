//! Signing in: the password first, then the second factor, then a session. Guesses are counted
//! before each is looked at.

use doorstep_domain::ledger::Hash;

use super::password;
use super::second_factor::{self, Second, SetUp};
use super::session::{self, Opened, TokenHash};
use crate::error::CouncilError;
use crate::service::Service;
use crate::storage::{Audited, Person};

/// Wrong tries after which nobody waits yet.
const FREE_TRIES: u64 = 5;

/// What somebody gives to sign in. A password is in it: nothing prints it.
pub(crate) struct Credentials<'a> {
    pub(crate) user: &'a str,
    pub(crate) password: &'a str,
    /// Six digits from an authenticator.
    pub(crate) code: Option<&'a str>,
    /// The browser, if somebody signed in from it before.
    pub(crate) browser: Option<&'a TokenHash>,
    /// What the browser says it is.
    pub(crate) browser_name: &'a str,
}

/// How a try to sign in ended.
pub(crate) enum SignInOutcome {
    /// They have signed in.
    In(Person, Opened),
    /// They set their authenticator up first.
    SetUp(SetUp),
    /// The code from their authenticator is asked for.
    CodeNeeded,
    /// The name or the password is wrong.
    WrongPassword,
    /// The code is wrong, or was taken before.
    WrongCode,
    /// After too many wrong tries: so many milliseconds too early.
    TooEarly { left_ms: i64 },
}

/// Signs somebody in, or says what is missing.
pub(crate) fn sign_in(service: &Service, given: &Credentials<'_>) -> Result<SignInOutcome, CouncilError> {
    let now_ms = service.environment.clock.now_ms();
    let knows = |browser| service.storage.read(|reading| reading.knows_browser(browser, given.user));
    let known = given.browser.map(knows).transpose()?.unwrap_or(false);
    let counter = counter(given.user, given.browser.filter(|_| known));
    if let Some(left_ms) = service.transact(|writing| writing.count_try(&counter, now_ms, wait_ms))? {
        return Ok(SignInOutcome::TooEarly { left_ms });
    }
    let outcome = look(service, given, known)?;
    service.transact(|writing| match outcome {
        SignInOutcome::In(..) => writing.forget_tries(&counter),
        SignInOutcome::SetUp(_) | SignInOutcome::CodeNeeded => writing.take_try_back(&counter),
        SignInOutcome::WrongPassword | SignInOutcome::WrongCode => {
            writing.audit(now_ms, "", &Audited::SignInFailed { by: None })
        }
        SignInOutcome::TooEarly { .. } => Ok(()),
    })?;
    Ok(outcome)
}

fn look(service: &Service, given: &Credentials<'_>, browser_is_known: bool) -> Result<SignInOutcome, CouncilError> {
    let (person, hash) = service
        .storage
        .read(|reading| Ok((reading.person_by_name(given.user)?, reading.password_hash(given.user)?)))?;
    let right = password::verifies(given.password, hash.as_deref());
    let Some(person) = person.filter(|person| right && person.role.uses_the_console()) else {
        return Ok(SignInOutcome::WrongPassword);
    };
    if service.asks_for_second_factor {
        match second_factor::look(service, &person, given.code)? {
            Second::Right => {}
            Second::ToSetUp(set_up) => return Ok(SignInOutcome::SetUp(set_up)),
            Second::Needed => return Ok(SignInOutcome::CodeNeeded),
            Second::Wrong => return Ok(SignInOutcome::WrongCode),
        }
    }
    let opened = session::open(service, &person, browser_is_known, given.browser_name)?;
    Ok(SignInOutcome::In(person, opened))
}

/// How long one waits after so many wrong tries, in milliseconds: from the fifth on, twice as long
/// each time, five minutes at most.
fn wait_ms(tries: u64) -> i64 {
    match tries.checked_sub(FREE_TRIES) {
        None => 0,
        Some(beyond) => (5_000_i64 << beyond.min(6)).min(300_000),
    }
}

/// By what guesses are counted: a name, and the browser that is known for it. Strangers' browsers
/// are all one, so that their guesses don't lock somebody out of their own.
fn counter(name: &str, browser: Option<&TokenHash>) -> [u8; 32] {
    let browser: &[u8] = browser.map_or(&[], |browser| browser);
    *Hash::of("doorstep-sign-in-v1", &[name.as_bytes(), browser]).as_bytes()
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
