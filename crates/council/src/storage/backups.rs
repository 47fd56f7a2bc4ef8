//! Backups that were made, and those of which a drill has shown that they restore.

use super::database::params;
use super::transaction::{Reading, Writing};
use crate::error::CouncilError;

/// How long before a backup a record must have been received to count as in it, in milliseconds: a
/// transaction may end a while after the moment that its receipts give.
const SETTLES_MS: i64 = 10 * 60 * 1000;

impl Reading<'_> {
    /// The moment up to which everything that was received is in a backup that restores, in UTC
    /// milliseconds. `None` in an epoch of the council without such a backup.
    pub(crate) fn backup_mark(&self, council_epoch: &str, now_ms: i64) -> Result<Option<i64>, CouncilError> {
        let made = self.one(
            "SELECT max(made_ms) AS made_ms FROM backup_made
             WHERE council_epoch = ?1 AND verified_ms IS NOT NULL AND made_ms <= ?2",
            params![council_epoch, now_ms],
            |row| row.get::<Option<i64>>("made_ms"),
        )?;
        Ok(made.flatten().map(|made| made.saturating_sub(SETTLES_MS)))
    }

    /// When the newest of the backups that restore was made, in seconds since 1970; 0 for none.
    pub(crate) fn last_verified_backup(&self) -> Result<u64, CouncilError> {
        let made = self.one(
            "SELECT max(made_ms) AS made_ms FROM backup_made WHERE verified_ms IS NOT NULL",
            params![],
            |row| row.get::<Option<i64>>("made_ms"),
        )?;
        Ok(made.flatten().and_then(|made| u64::try_from(made / 1000).ok()).unwrap_or(0))
    }
}

impl Writing<'_> {
    /// Notes that a backup was made of the tables as they were at a moment.
    pub(crate) fn note_backup(&self, id: &str, council_epoch: &str, made_ms: i64) -> Result<(), CouncilError> {
        self.write(
            "INSERT INTO backup_made (backup_id, council_epoch, made_ms) VALUES (?1, ?2, ?3)",
            params![id, council_epoch, made_ms],
        )?;
        Ok(())
    }

    /// Notes that a backup of this council was shown to restore. Gives `false` for one that this
    /// council has not made.
    pub(crate) fn backup_verified(&self, id: &str, now_ms: i64) -> Result<bool, CouncilError> {
        let changed = self.write(
            "UPDATE backup_made SET verified_ms = coalesce(verified_ms, ?2) WHERE backup_id = ?1",
            params![id, now_ms],
        )?;
        Ok(changed > 0)
    }
}
