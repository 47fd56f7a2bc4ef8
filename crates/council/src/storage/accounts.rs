//! Changes to accounts that wait until somebody has agreed to them.

use doorstep_domain::StableName;
use doorstep_domain::ledger::Hash;
use serde::{Deserialize, Serialize};

use super::database::{Row, params};
use super::people::{AssignedRole, OrganisationKind};
use super::transaction::{Reading, Writing};
use crate::error::CouncilError;

/// What is to be changed about an account.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, strum::VariantArray, schemars::JsonSchema, ts_rs::TS,
)]
#[serde(rename_all = "snake_case")]
pub(crate) enum AccountMatter {
    /// The role, with the organisation and the email address.
    Role,
    /// The password.
    Password,
    /// The authenticator and passkeys are forgotten, so that they set up others.
    SecondFactor,
    /// Somebody who had left is back.
    Return,
}

/// A change to an account. It has no `Debug`, so that nothing prints the hash of a password.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "change")]
pub(crate) enum AccountChange {
    /// Makes the person what a table says of them.
    Role {
        display_name: String,
        organisation: String,
        kind: OrganisationKind,
        role: AssignedRole,
        position: String,
        email: String,
    },
    /// Sets a password, by its hash. They change it at their next sign-in.
    Password { hash: String },
    /// Forgets their second factors.
    SecondFactor,
    /// Lets somebody who had left sign in again.
    Return,
}

impl AccountChange {
    pub(crate) fn matter(&self) -> AccountMatter {
        match self {
            Self::Role { .. } => AccountMatter::Role,
            Self::Password { .. } => AccountMatter::Password,
            Self::SecondFactor => AccountMatter::SecondFactor,
            Self::Return => AccountMatter::Return,
        }
    }
}

/// A change that waits.
#[derive(Clone)]
pub(crate) struct WaitingChange {
    /// Made of everything that the change says, so that nobody agrees to another one than they saw.
    pub(crate) id: Hash,
    /// The user name of the person whose account it is. There may be no such person yet.
    pub(crate) user: String,
    pub(crate) change: AccountChange,
    pub(crate) asked_ms: i64,
    /// Who asked for it, by user name.
    pub(crate) asked_by: String,
}

fn waiting(row: &Row<'_>) -> Result<WaitingChange, CouncilError> {
    let detail: String = row.get("detail")?;
    Ok(WaitingChange {
        id: Hash::from_bytes(row.get("change_id")?),
        user: row.get("user_name")?,
        change: serde_json::from_str(&detail).map_err(|_| CouncilError::Unreadable("account change"))?,
        asked_ms: row.get("asked_ms")?,
        asked_by: row.get("asked_by")?,
    })
}

impl Reading<'_> {
    /// The changes that wait and were asked for after a moment, the oldest first.
    pub(crate) fn waiting_changes(&self, after_ms: i64) -> Result<Vec<WaitingChange>, CouncilError> {
        self.many(
            "SELECT * FROM account_change WHERE asked_ms > ?1 ORDER BY asked_ms, change_id",
            params![after_ms],
            waiting,
        )
    }

    /// A change that waits and was asked for after a moment.
    pub(crate) fn waiting_change(&self, id: Hash, after_ms: i64) -> Result<Option<WaitingChange>, CouncilError> {
        self.one(
            "SELECT * FROM account_change WHERE change_id = ?1 AND asked_ms > ?2",
            params![id.as_bytes(), after_ms],
            waiting,
        )
    }

    /// The change that waits already and says the same.
    pub(crate) fn same_waiting_change(
        &self,
        user: &str,
        change: &AccountChange,
        after_ms: i64,
    ) -> Result<Option<WaitingChange>, CouncilError> {
        let detail = serde_json::to_string(change).map_err(|_| CouncilError::Unreadable("account change"))?;
        self.one(
            "SELECT * FROM account_change WHERE user_name = ?1 AND detail = ?2 AND asked_ms > ?3",
            params![user, detail, after_ms],
            waiting,
        )
    }

    /// The user names of those who agreed to a change, the first to agree first.
    pub(crate) fn agreed_to(&self, id: Hash) -> Result<Vec<String>, CouncilError> {
        self.many(
            "SELECT user_name FROM account_agreed WHERE change_id = ?1 ORDER BY at_ms, user_name",
            params![id.as_bytes()],
            |row| row.get("user_name"),
        )
    }
}

impl Writing<'_> {
    /// Lets a change wait. Another one about the same matter of the same account is dropped.
    pub(crate) fn keep_waiting_change(
        &self,
        user: &str,
        change: &AccountChange,
        asked_by: &str,
        now_ms: i64,
    ) -> Result<Hash, CouncilError> {
        let detail = serde_json::to_string(change).map_err(|_| CouncilError::Unreadable("account change"))?;
        let parts = [user.as_bytes(), detail.as_bytes(), asked_by.as_bytes(), &now_ms.to_be_bytes()];
        let (id, kind) = (Hash::framed("doorstep-account-change-v1", &parts), change.matter().name());
        let same: Vec<Hash> = self.many(
            "SELECT change_id FROM account_change WHERE user_name = ?1 AND kind = ?2",
            params![user, kind],
            |row| Ok(Hash::from_bytes(row.get("change_id")?)),
        )?;
        same.into_iter().try_for_each(|before| self.forget_waiting_change(before))?;
        self.write(
            "INSERT INTO account_change (change_id, user_name, kind, detail, asked_ms, asked_by)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            params![id.as_bytes(), user, kind, detail, now_ms, asked_by],
        )?;
        Ok(id)
    }

    /// Notes that somebody agrees to a change. Agreeing twice counts once.
    pub(crate) fn agree_to_change(&self, id: Hash, user_name: &str, now_ms: i64) -> Result<(), CouncilError> {
        self.write(
            "INSERT INTO account_agreed (change_id, user_name, at_ms) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING",
            params![id.as_bytes(), user_name, now_ms],
        )?;
        Ok(())
    }

    /// Drops a change that was made, was refused, or is not wanted any more.
    pub(crate) fn forget_waiting_change(&self, id: Hash) -> Result<(), CouncilError> {
        for sql in
            ["DELETE FROM account_agreed WHERE change_id = ?1", "DELETE FROM account_change WHERE change_id = ?1"]
        {
            self.write(sql, params![id.as_bytes()])?;
        }
        Ok(())
    }

    /// Drops the changes that were asked for before a moment, and to which nobody agreed in time.
    pub(crate) fn forget_old_changes(&self, before_ms: i64) -> Result<(), CouncilError> {
        let old =
            self.many("SELECT change_id FROM account_change WHERE asked_ms <= ?1", params![before_ms], |row| {
                Ok(Hash::from_bytes(row.get("change_id")?))
            })?;
        old.into_iter().try_for_each(|id| self.forget_waiting_change(id))
    }

    /// Drops what waits about a person who is erased, and replaces their name elsewhere.
    pub(super) fn erase_from_changes(&self, name_before: &str, name: &str) -> Result<(), CouncilError> {
        let about =
            self.many("SELECT change_id FROM account_change WHERE user_name = ?1", params![name_before], |row| {
                Ok(Hash::from_bytes(row.get("change_id")?))
            })?;
        about.into_iter().try_for_each(|id| self.forget_waiting_change(id))?;
        for sql in [
            "UPDATE account_change SET asked_by = ?2 WHERE asked_by = ?1",
            "UPDATE account_agreed SET user_name = ?2 WHERE user_name = ?1",
        ] {
            self.write(sql, params![name_before, name])?;
        }
        Ok(())
    }
}
