//! The second factor: a secret that somebody's authenticator has too.

use doorstep_domain::UserId;

use super::database::params;
use super::transaction::{Reading, Writing};
use crate::error::CouncilError;

/// A person's second factor: a secret that their authenticator has too.
#[derive(Clone)]
pub(crate) struct SecondFactor {
    /// In base 32.
    pub(crate) secret: String,
    /// Whether a code of it was right once.
    pub(crate) confirmed: bool,
}

impl Reading<'_> {
    /// A person's second factor, as far as it is set up.
    pub(crate) fn second_factor(&self, user: UserId) -> Result<Option<SecondFactor>, CouncilError> {
        self.one(
            "SELECT totp_secret, totp_confirmed_ms IS NOT NULL AS confirmed FROM person
             WHERE user_id = ?1 AND totp_secret IS NOT NULL",
            params![user.as_bytes()],
            |row| Ok(SecondFactor { secret: row.get("totp_secret")?, confirmed: row.get("confirmed")? }),
        )
    }
}

impl Writing<'_> {
    pub(crate) fn offer_second_factor(&self, user: UserId, secret: &str) -> Result<(), CouncilError> {
        self.write(
            "UPDATE person SET totp_secret = ?2, totp_confirmed_ms = NULL, totp_last_step = NULL
             WHERE user_id = ?1 AND totp_confirmed_ms IS NULL",
            params![user.as_bytes(), secret],
        )?;
        Ok(())
    }

    /// Takes a code that was right; `false` when it, or a later one, was taken before.
    pub(crate) fn take_second_factor(&self, user: UserId, step: u64, now_ms: i64) -> Result<bool, CouncilError> {
        let taken = self.write(
            "UPDATE person SET totp_last_step = ?2, totp_confirmed_ms = coalesce(totp_confirmed_ms, ?3)
             WHERE user_id = ?1 AND (totp_last_step IS NULL OR totp_last_step < ?2)",
            params![user.as_bytes(), step, now_ms],
        )?;
        Ok(taken == 1)
    }

    /// Somebody lost their authenticator: they set up another at their next sign-in.
    pub(crate) fn forget_second_factor(&self, user: UserId) -> Result<(), CouncilError> {
        self.write(
            "UPDATE person SET totp_secret = NULL, totp_confirmed_ms = NULL, totp_last_step = NULL WHERE user_id = ?1",
            params![user.as_bytes()],
        )?;
        self.end_sessions_of(user)
    }
}
