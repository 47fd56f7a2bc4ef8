//! The second factor: a passkey, or a six-digit code from an authenticator app (RFC 6238), which
//! changes every 30 seconds and works once.

use serde::Serialize;
use totp_rs::{Builder, Secret, Totp};

use super::passkey::{self, PasskeyAnswer, PasskeyAsked};
use crate::error::CouncilError;
use crate::machine::keys::Keys;
use crate::service::Service;
use crate::storage::Person;

/// What a person needs to set up their authenticator.
#[derive(Serialize, schemars::JsonSchema, ts_rs::TS)]
pub(crate) struct SetUp {
    /// The secret in Base32, to type in.
    pub(crate) secret: String,
    /// The secret as a QR code to scan, SVG.
    pub(crate) qr: String,
}

/// Leaves the secret out.
impl std::fmt::Debug for SetUp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SetUp(<redacted>)")
    }
}

/// The result of checking the second factor.
pub(crate) enum SecondFactorResult {
    /// The code is right.
    Right,
    /// They have not set up an authenticator yet.
    ToSetUp(SetUp),
    /// They gave no code, and need to.
    CodeNeeded,
    /// They have passkeys. They answer with one of them, or give a code if they have an
    /// authenticator too.
    PasskeyNeeded {
        /// What is asked of their browser.
        asked: PasskeyAsked,
        /// Whether a code does as well.
        or_code: bool,
    },
    /// The code is wrong, or was used before.
    Wrong,
    /// The passkey is none of theirs, or answers something else.
    WrongPasskey,
}

/// What a person gives beside their password.
pub(crate) struct Given<'a> {
    /// Six digits from their authenticator.
    pub(crate) code: Option<&'a str>,
    /// Their browser's answer, by one of their passkeys.
    pub(crate) passkey: Option<&'a PasskeyAnswer>,
}

/// Checks the second factor of a person whose password was right.
pub(crate) fn look(service: &Service, person: &Person, given: &Given<'_>) -> Result<SecondFactorResult, CouncilError> {
    if let Some(answer) = given.passkey {
        let is_right = passkey::verifies(service, person, answer)?;
        return Ok(if is_right { SecondFactorResult::Right } else { SecondFactorResult::WrongPasskey });
    }
    let code = given.code;
    let environment = &service.environment;
    let now_ms = environment.clock.now_ms();
    let code = code.map(str::trim).filter(|code| !code.is_empty());
    let known = service.storage.read(|reading| reading.second_factor(person.id))?;
    let or_code = known.as_ref().is_some_and(|known| known.confirmed);
    if code.is_none()
        && let Some(asked) = passkey::ask(service, person)?
    {
        return Ok(SecondFactorResult::PasskeyNeeded { asked, or_code });
    }
    // Until it is confirmed, each offer has a secret of its own: whoever was shown an earlier one
    // can do nothing with it.
    let Some(known) = known.filter(|known| known.confirmed || code.is_some()) else {
        let secret = Secret::from(environment.random::<20>()).to_base32();
        let sealed = service.keys.seal_secret(person.id, &secret)?;
        service.storage.transact(environment, |writing| writing.offer_second_factor(person.id, &sealed))?;
        return Ok(SecondFactorResult::ToSetUp(set_up(service, person, &secret)?));
    };
    let Some(code) = code else { return Ok(SecondFactorResult::CodeNeeded) };
    let secret = service.keys.open_secret(person.id, &known.secret)?;
    let Some(step) = step_of(&totp(person, "", &secret)?, code, now_ms) else {
        return Ok(SecondFactorResult::Wrong);
    };
    let taken = service.storage.transact(environment, |writing| writing.take_second_factor(person.id, step, now_ms))?;
    Ok(if taken { SecondFactorResult::Right } else { SecondFactorResult::Wrong })
}

/// Encrypts the secrets that an earlier version kept as they are.
pub(crate) fn encrypt_all(service: &Service) -> Result<(), CouncilError> {
    let is_plain = |(_, secret): &(_, String)| Keys::is_plain_secret(secret);
    if !service.storage.read(|reading| reading.second_factors())?.iter().any(is_plain) {
        return Ok(());
    }
    service.transact(|writing| {
        for (user, secret) in writing.second_factors()?.into_iter().filter(is_plain) {
            writing.replace_second_factor(user, &service.keys.seal_secret(user, &secret)?)?;
        }
        Ok(())
    })
}

/// The 30-second step that a code belongs to: the current one, the one before or the one after.
/// `None` when the code belongs to none of them.
fn step_of(totp: &Totp, code: &str, now_ms: i64) -> Option<u64> {
    totp.check(code, u64::try_from(now_ms / 1000).unwrap_or(0))
}

fn set_up(service: &Service, person: &Person, secret: &str) -> Result<SetUp, CouncilError> {
    let council = service.storage.read(|reading| reading.meta(crate::service::NAME))?;
    let url = totp(person, &format!("Doorstep {council}"), secret)?.to_url();
    let url = url.map_err(|_| CouncilError::Unreadable("second factor"))?;
    let image = qrcode::QrCode::new(url.as_bytes()).map_err(|_| CouncilError::Unreadable("second factor"))?;
    let qr = image.render::<qrcode::render::svg::Color<'_>>().min_dimensions(240, 240).build();
    Ok(SetUp { secret: secret.to_owned(), qr })
}

fn totp(person: &Person, issuer: &str, secret: &str) -> Result<Totp, CouncilError> {
    let unreadable = || CouncilError::Unreadable("second factor");
    let secret = Secret::try_from_base32(secret).map_err(|_| unreadable())?;
    // A colon separates issuer and account name in an `otpauth:` address.
    let issuer = Some(issuer.replace(':', " ")).filter(|issuer| !issuer.is_empty());
    let name = person.user_name.replace(':', " ");
    Builder::new().with_secret(secret).with_account_name(name).with_issuer(issuer).build().map_err(|_| unreadable())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn totp_of(secret: &str) -> Totp {
        Builder::new().with_secret(Secret::try_from_base32(secret).unwrap()).with_account_name("x").build().unwrap()
    }

    #[test]
    fn a_code_is_good_half_a_minute_around_its_own() {
        // RFC 6238, appendix B: at 59 seconds the last six digits are 287082.
        let totp = totp_of("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
        assert_eq!(step_of(&totp, "287082", 59_000), Some(1));
        assert_eq!(step_of(&totp, "287082", 89_000), Some(1), "a slow thumb");
        assert_eq!(step_of(&totp, "287082", 121_000), None);
        assert_eq!(step_of(&totp, "000000", 59_000), None);
    }
}
