//! The second factor for signing in: a secret shared with the person's authenticator app (TOTP, RFC
//! 6238).

use doorstep_domain::UserId;

use super::database::params;
use super::transaction::{Reading, Writing};
use crate::error::CouncilError;

/// From the earliest step of which a code is taken to the latest: the one before now, and the one
/// after.
const STEPS_TAKEN: u64 = 2;

/// A person's second factor.
#[derive(Clone)]
pub(crate) struct SecondFactor {
    /// The secret shared with the authenticator app, as it is stored.
    pub(crate) secret: String,
    /// Whether the person has entered a right code at least once.
    pub(crate) confirmed: bool,
}

impl Reading<'_> {
    /// A person's second factor, confirmed or not; `None` if they have none.
    pub(crate) fn second_factor(&self, user: UserId) -> Result<Option<SecondFactor>, CouncilError> {
        self.one(
            "SELECT totp_secret, totp_confirmed_ms IS NOT NULL AS confirmed FROM person
             WHERE user_id = ?1 AND totp_secret IS NOT NULL",
            params![user.as_bytes()],
            |row| Ok(SecondFactor { secret: row.get("totp_secret")?, confirmed: row.get("confirmed")? }),
        )
    }
}

impl Reading<'_> {
    /// Everybody's secrets, as they are stored.
    pub(crate) fn second_factors(&self) -> Result<Vec<(UserId, String)>, CouncilError> {
        self.many("SELECT user_id, totp_secret FROM person WHERE totp_secret IS NOT NULL", params![], |row| {
            Ok((UserId::from_bytes(row.get("user_id")?), row.get("totp_secret")?))
        })
    }
}

impl Writing<'_> {
    /// Stores somebody's secret in another form.
    pub(crate) fn replace_second_factor(&self, user: UserId, secret: &str) -> Result<(), CouncilError> {
        self.write("UPDATE person SET totp_secret = ?2 WHERE user_id = ?1", params![user.as_bytes(), secret])?;
        Ok(())
    }

    pub(crate) fn offer_second_factor(&self, user: UserId, secret: &str) -> Result<(), CouncilError> {
        self.write(
            "UPDATE person SET totp_secret = ?2, totp_confirmed_ms = NULL, totp_last_step = NULL
             WHERE user_id = ?1 AND totp_confirmed_ms IS NULL",
            params![user.as_bytes(), secret],
        )?;
        Ok(())
    }

    /// Notes that the right code of a time step was used. `false` if that code or a later one was
    /// used before. A step that has yet to come was used while the clock was wrong: it bars nobody.
    pub(crate) fn take_second_factor(&self, user: UserId, step: u64, now_ms: i64) -> Result<bool, CouncilError> {
        let taken = self.write(
            "UPDATE person SET totp_last_step = ?2, totp_confirmed_ms = coalesce(totp_confirmed_ms, ?3)
             WHERE user_id = ?1 AND (totp_last_step IS NULL OR totp_last_step < ?2 OR totp_last_step > ?4)",
            params![user.as_bytes(), step, now_ms, step.saturating_add(STEPS_TAKEN)],
        )?;
        Ok(taken == 1)
    }

    /// Removes a person's second factors and ends their sessions, because they lost them. They set
    /// up another when they next sign in.
    pub(crate) fn forget_second_factor(&self, user: UserId) -> Result<(), CouncilError> {
        self.write(
            "UPDATE person SET totp_secret = NULL, totp_confirmed_ms = NULL, totp_last_step = NULL WHERE user_id = ?1",
            params![user.as_bytes()],
        )?;
        self.forget_passkeys_of(user)?;
        self.end_sessions_of(user)
    }
}
