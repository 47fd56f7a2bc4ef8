//! Counts attempts to sign in, in the database, so that every council process sees them.

use super::database::params;
use super::transaction::Writing;
use crate::error::CouncilError;
use crate::machine::times::CLOCKS_APART_MS;

/// How long an attempt is remembered, in milliseconds. It is longer than the longest wait.
const REMEMBERED_MS: i64 = 60 * 60 * 1000;

impl Writing<'_> {
    /// Counts an attempt before it is checked, so that making many at once does not get round the
    /// limit. Returns the milliseconds left to wait, in which case the attempt is not counted, or
    /// `None`. `wait_ms` gives the wait after a number of attempts.
    pub(crate) fn count_try(
        &self,
        whose: &[u8; 32],
        now_ms: i64,
        wait_ms: impl Fn(u64) -> i64,
    ) -> Result<Option<i64>, CouncilError> {
        // A try in the future is from when the clock was wrong: nobody waits for that time.
        self.write(
            "DELETE FROM sign_in_try WHERE last_ms < ?1 OR last_ms > ?2",
            params![now_ms - REMEMBERED_MS, now_ms + CLOCKS_APART_MS],
        )?;
        let before = self.one("SELECT tries, last_ms FROM sign_in_try WHERE whose = ?1", params![whose], |row| {
            Ok((row.get::<u64>("tries")?, row.get::<i64>("last_ms")?))
        })?;
        let left_ms = before.map_or(0, |(tries, last_ms)| last_ms + wait_ms(tries) - now_ms);
        if left_ms > 0 {
            return Ok(Some(left_ms));
        }
        self.write(
            "INSERT INTO sign_in_try (whose, tries, last_ms) VALUES (?1, 1, ?2)
             ON CONFLICT (whose) DO UPDATE SET tries = sign_in_try.tries + 1, last_ms = excluded.last_ms",
            params![whose, now_ms],
        )?;
        Ok(None)
    }

    /// Stops counting the last attempt, because it was not a guess.
    pub(crate) fn take_try_back(&self, whose: &[u8; 32]) -> Result<(), CouncilError> {
        self.write("DELETE FROM sign_in_try WHERE whose = ?1 AND tries = 1", params![whose])?;
        self.write("UPDATE sign_in_try SET tries = tries - 1 WHERE whose = ?1", params![whose])?;
        Ok(())
    }

    /// Forgets all attempts, because somebody has signed in.
    pub(crate) fn forget_tries(&self, whose: &[u8; 32]) -> Result<(), CouncilError> {
        self.write("DELETE FROM sign_in_try WHERE whose = ?1", params![whose])?;
        Ok(())
    }
}
