//! Access tokens for the council's other systems.

use super::database::params;
use super::transaction::{Reading, Writing};
use crate::error::CouncilError;

impl Reading<'_> {
    /// The name of the system that a token belongs to, and its scopes, separated by spaces. `None`
    /// if the token is unknown or revoked.
    pub(crate) fn api_token(&self, token_hash: &[u8; 32]) -> Result<Option<(String, String)>, CouncilError> {
        self.one(
            "SELECT name, may FROM api_token WHERE token_hash = ?1 AND revoked_ms IS NULL",
            params![token_hash],
            |row| Ok((row.get("name")?, row.get("may")?)),
        )
    }
}

impl Writing<'_> {
    /// Ends the use of a token. `false` if none of this name is in use.
    pub(crate) fn revoke_token(&self, name: &str, now_ms: i64) -> Result<bool, CouncilError> {
        let revoked = self.write(
            "UPDATE api_token SET revoked_ms = ?2 WHERE name = ?1 AND revoked_ms IS NULL",
            params![name, now_ms],
        )?;
        Ok(revoked == 1)
    }

    /// Adds a token. An earlier token with the same name stops working.
    pub(crate) fn keep_api_token(
        &self,
        token_hash: &[u8; 32],
        name: &str,
        may: &str,
        now_ms: i64,
    ) -> Result<(), CouncilError> {
        self.write("DELETE FROM api_token WHERE name = ?1", params![name])?;
        self.write(
            "INSERT INTO api_token (token_hash, name, may, made_ms) VALUES (?1, ?2, ?3, ?4)",
            params![token_hash, name, may, now_ms],
        )?;
        Ok(())
    }
}
