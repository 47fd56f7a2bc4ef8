//! Sessions in the console, and the browsers from which people have signed in before.

use doorstep_domain::UserId;

use super::database::params;
use super::transaction::{Reading, Writing};
use crate::error::CouncilError;

/// One of somebody's sessions.
pub(crate) struct Session {
    pub(crate) token_hash: [u8; 32],
    pub(crate) created_ms: i64,
    pub(crate) seen_ms: i64,
    /// The browser, as it describes itself.
    pub(crate) browser: String,
}

/// The times of a session, in milliseconds since 1970.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SessionTimes {
    /// When it began.
    pub(crate) created_ms: i64,
    /// When it was last used.
    pub(crate) seen_ms: i64,
    /// When its person last proved who they are; 0 if the provider did not say when.
    pub(crate) proved_ms: i64,
}

/// How long a network is known after somebody last signed in from it, in milliseconds: others may
/// have its address by then.
const NETWORK_KNOWN_MS: i64 = 90 * 24 * 60 * 60 * 1000;

impl Reading<'_> {
    /// Whether somebody has signed in from a browser before.
    pub(crate) fn knows_browser(&self, token_hash: &[u8; 32], user_name: &str) -> Result<bool, CouncilError> {
        let known = self.one(
            "SELECT 1 FROM known_browser JOIN person USING (user_id) WHERE token_hash = ?1 AND user_name = ?2",
            params![token_hash, user_name],
            |_| Ok(()),
        )?;
        Ok(known.is_some())
    }

    /// Whether somebody has signed in from a network before.
    pub(crate) fn knows_network(&self, network: &[u8; 32], user_name: &str, now_ms: i64) -> Result<bool, CouncilError> {
        let known = self.one(
            "SELECT 1 FROM known_network JOIN person USING (user_id)
             WHERE network = ?1 AND user_name = ?2 AND seen_ms >= ?3",
            params![network, user_name, now_ms - NETWORK_KNOWN_MS],
            |_| Ok(()),
        )?;
        Ok(known.is_some())
    }

    /// Somebody's sessions that were made after a moment, the last used first.
    pub(crate) fn sessions_of(&self, user: UserId, after_ms: i64) -> Result<Vec<Session>, CouncilError> {
        self.many(
            "SELECT token_hash, created_ms, seen_ms, browser FROM session WHERE user_id = ?1 AND created_ms > ?2
             ORDER BY seen_ms DESC, token_hash",
            params![user.as_bytes(), after_ms],
            |row| {
                Ok(Session {
                    token_hash: row.get("token_hash")?,
                    created_ms: row.get("created_ms")?,
                    seen_ms: row.get("seen_ms")?,
                    browser: row.get("browser")?,
                })
            },
        )
    }

    /// Who a session belongs to, and its times.
    pub(crate) fn session(&self, token_hash: &[u8; 32]) -> Result<Option<(UserId, SessionTimes)>, CouncilError> {
        let sql = "SELECT user_id, created_ms, seen_ms, proved_ms FROM session WHERE token_hash = ?1";
        self.one(sql, params![token_hash], |row| {
            let (created_ms, seen_ms) = (row.get("created_ms")?, row.get("seen_ms")?);
            let times = SessionTimes { created_ms, seen_ms, proved_ms: row.get("proved_ms")? };
            Ok((UserId::from_bytes(row.get("user_id")?), times))
        })
    }
}

impl Writing<'_> {
    pub(crate) fn keep_known_browser(
        &self,
        token_hash: &[u8; 32],
        user: UserId,
        now_ms: i64,
    ) -> Result<(), CouncilError> {
        self.write(
            "INSERT INTO known_browser (token_hash, user_id, seen_ms) VALUES (?1, ?2, ?3)",
            params![token_hash, user.as_bytes(), now_ms],
        )?;
        Ok(())
    }

    /// Notes that somebody has signed in from a network. Those from which they did long ago are
    /// forgotten.
    pub(crate) fn keep_known_network(&self, network: &[u8; 32], user: UserId, now_ms: i64) -> Result<(), CouncilError> {
        self.write(
            "DELETE FROM known_network WHERE user_id = ?1 AND seen_ms < ?2",
            params![user.as_bytes(), now_ms - NETWORK_KNOWN_MS],
        )?;
        self.write(
            "INSERT INTO known_network (user_id, network, seen_ms) VALUES (?1, ?2, ?3)
             ON CONFLICT (user_id, network) DO UPDATE SET seen_ms = excluded.seen_ms",
            params![user.as_bytes(), network, now_ms],
        )?;
        Ok(())
    }

    /// Ends everybody's sessions, and what was offered and not taken yet, after a restore.
    pub(crate) fn end_all_sessions(&self) -> Result<(), CouncilError> {
        for table in ["session", "enrolment_code", "passkey_ceremony"] {
            self.write(&format!("DELETE FROM {table}"), params![])?;
        }
        Ok(())
    }

    pub(crate) fn end_sessions_of(&self, user: UserId) -> Result<(), CouncilError> {
        self.write("DELETE FROM session WHERE user_id = ?1", params![user.as_bytes()])?;
        Ok(())
    }

    pub(crate) fn keep_session(
        &self,
        token_hash: &[u8; 32],
        user: UserId,
        browser: &str,
        now_ms: i64,
        proved_ms: i64,
    ) -> Result<(), CouncilError> {
        self.write(
            "INSERT INTO session (token_hash, user_id, created_ms, seen_ms, browser, proved_ms)
             VALUES (?1, ?2, ?3, ?3, ?4, ?5)",
            params![token_hash, user.as_bytes(), now_ms, browser, proved_ms],
        )?;
        Ok(())
    }

    /// Notes that whoever has a session has proved again who they are.
    pub(crate) fn session_proved(&self, token_hash: &[u8; 32], now_ms: i64) -> Result<(), CouncilError> {
        self.write("UPDATE session SET proved_ms = ?2 WHERE token_hash = ?1", params![token_hash, now_ms])?;
        Ok(())
    }

    pub(crate) fn session_seen(&self, token_hash: &[u8; 32], now_ms: i64) -> Result<(), CouncilError> {
        self.write("UPDATE session SET seen_ms = ?2 WHERE token_hash = ?1", params![token_hash, now_ms])?;
        Ok(())
    }

    pub(crate) fn end_session(&self, token_hash: &[u8; 32]) -> Result<(), CouncilError> {
        self.write("DELETE FROM session WHERE token_hash = ?1", params![token_hash])?;
        Ok(())
    }
}
