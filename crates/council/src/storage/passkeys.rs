//! Passkeys, and what was asked of a browser until it has answered.

use doorstep_domain::UserId;
use doorstep_domain::ledger::Hash;

use super::database::{Row, params};
use super::transaction::{Reading, Writing};
use crate::error::CouncilError;

/// A passkey.
#[derive(Debug, Clone)]
pub(crate) struct Passkey {
    /// The id that the authenticator gave it.
    pub(crate) credential: Vec<u8>,
    /// What its owner calls it.
    pub(crate) name: String,
    /// The ways in which a browser reaches it, as a bit set.
    pub(crate) transports: u8,
    /// The public key, and what never changes.
    pub(crate) fixed: Vec<u8>,
    /// How often it was used, by its own count, and whether it is backed up.
    pub(crate) changing: [u8; 7],
    pub(crate) made_ms: i64,
    pub(crate) used_ms: i64,
}

/// What was asked of a browser.
#[derive(Debug, Clone)]
pub(crate) struct Ceremony {
    pub(crate) user: UserId,
    /// Whether a passkey is made. If not, one is asked for.
    pub(crate) makes_one: bool,
    /// What was asked.
    pub(crate) asked: Vec<u8>,
    pub(crate) at_ms: i64,
}

fn passkey(row: &Row<'_>) -> Result<Passkey, CouncilError> {
    let transports: i64 = row.get("transports")?;
    Ok(Passkey {
        credential: row.get("credential_id")?,
        name: row.get("name")?,
        transports: u8::try_from(transports).map_err(|_| CouncilError::Unreadable("passkey"))?,
        fixed: row.get("fixed")?,
        changing: row.get("changing")?,
        made_ms: row.get("made_ms")?,
        used_ms: row.get("used_ms")?,
    })
}

impl Reading<'_> {
    /// Somebody's passkeys, the oldest first.
    pub(crate) fn passkeys_of(&self, user: UserId) -> Result<Vec<Passkey>, CouncilError> {
        self.many(
            "SELECT * FROM passkey WHERE user_id = ?1 ORDER BY made_ms, credential_id",
            params![user.as_bytes()],
            passkey,
        )
    }
}

impl Writing<'_> {
    /// Keeps what is asked of a browser. Nothing else that is asked of the same person stays.
    pub(crate) fn keep_ceremony(&self, id: Hash, ceremony: &Ceremony) -> Result<(), CouncilError> {
        let Ceremony { user, makes_one, asked, at_ms } = ceremony;
        self.write(
            "DELETE FROM passkey_ceremony WHERE user_id = ?1 AND makes_one = ?2",
            params![user.as_bytes(), i64::from(*makes_one)],
        )?;
        self.write(
            "INSERT INTO passkey_ceremony (ceremony_id, user_id, makes_one, asked, at_ms) VALUES (?1, ?2, ?3, ?4, ?5)",
            params![id.as_bytes(), user.as_bytes(), i64::from(*makes_one), asked, *at_ms],
        )?;
        Ok(())
    }

    /// Takes what was asked of a browser: its answer is looked at once.
    pub(crate) fn take_ceremony(&self, id: Hash) -> Result<Option<Ceremony>, CouncilError> {
        let found = self.one(
            "SELECT user_id, makes_one, asked, at_ms FROM passkey_ceremony WHERE ceremony_id = ?1",
            params![id.as_bytes()],
            |row| {
                let makes_one = row.get::<i64>("makes_one")? != 0;
                let user = UserId::from_bytes(row.get("user_id")?);
                Ok(Ceremony { user, makes_one, asked: row.get("asked")?, at_ms: row.get("at_ms")? })
            },
        )?;
        self.write("DELETE FROM passkey_ceremony WHERE ceremony_id = ?1", params![id.as_bytes()])?;
        Ok(found)
    }

    /// Keeps a new passkey. `false` if there is one with its id, of whoever it is.
    pub(crate) fn keep_passkey(&self, user: UserId, passkey: &Passkey) -> Result<bool, CouncilError> {
        let Passkey { credential, name, transports, fixed, changing, made_ms, used_ms } = passkey;
        let kept = self.write(
            "INSERT INTO passkey (credential_id, user_id, name, transports, fixed, changing, made_ms, used_ms)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT (credential_id) DO NOTHING",
            params![
                credential,
                user.as_bytes(),
                name,
                i64::from(*transports),
                fixed,
                changing.as_slice(),
                *made_ms,
                *used_ms
            ],
        )?;
        Ok(kept == 1)
    }

    /// Notes that a passkey was used, and its own count.
    pub(crate) fn passkey_used(&self, passkey: &Passkey, now_ms: i64) -> Result<(), CouncilError> {
        self.write(
            "UPDATE passkey SET changing = ?2, used_ms = ?3 WHERE credential_id = ?1",
            params![&passkey.credential, passkey.changing.as_slice(), now_ms],
        )?;
        Ok(())
    }

    /// Removes one of somebody's passkeys.
    pub(crate) fn forget_passkey(&self, user: UserId, credential: &[u8]) -> Result<bool, CouncilError> {
        let gone = self.write(
            "DELETE FROM passkey WHERE user_id = ?1 AND credential_id = ?2",
            params![user.as_bytes(), credential],
        )?;
        Ok(gone == 1)
    }

    /// Removes all of somebody's passkeys.
    pub(super) fn forget_passkeys_of(&self, user: UserId) -> Result<(), CouncilError> {
        for sql in ["DELETE FROM passkey WHERE user_id = ?1", "DELETE FROM passkey_ceremony WHERE user_id = ?1"] {
            self.write(sql, params![user.as_bytes()])?;
        }
        Ok(())
    }
}
