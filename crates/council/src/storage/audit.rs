//! The audit log: who did what, when. Lines are added, and never changed.

use rusqlite::{Row, params};

use super::{Reading, Writing};
use crate::CouncilError;

/// A line of the audit log.
#[derive(Debug, Clone)]
pub(crate) struct AuditLine {
    /// Its place, for paging. It is shown to nobody: a gap would tell that there is a line they may not see.
    pub(crate) number: i64,
    pub(crate) at_ms: i64,
    pub(crate) user_name: String,
    pub(crate) action: String,
    /// JSON, never with personal data.
    pub(crate) detail: String,
}

/// Every line that somebody other than a safeguarding lead may see: nobody else learns that there is a note. Clause 6.2.
const LINES: &str =
    "(SELECT audit_id, at_ms, user_name, action, detail FROM audit WHERE action <> 'safeguarding_note_read')";

fn line(row: &Row<'_>) -> rusqlite::Result<AuditLine> {
    Ok(AuditLine {
        number: row.get("audit_id")?,
        at_ms: row.get("at_ms")?,
        user_name: row.get("user_name")?,
        action: row.get("action")?,
        detail: row.get("detail")?,
    })
}

impl Reading<'_> {
    /// Every line, first to last, one by one.
    pub(crate) fn each_audit_line(
        &self,
        mut each: impl FnMut(AuditLine) -> Result<(), CouncilError>,
    ) -> Result<(), CouncilError> {
        let mut statement = self.connection.prepare_cached(&format!("SELECT * FROM {LINES} ORDER BY audit_id"))?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            each(line(row)?)?;
        }
        Ok(())
    }

    /// A page of lines, last to first: those before a number, of one user and one action or of all.
    pub(crate) fn audit_page(
        &self,
        before: Option<i64>,
        user_name: Option<&str>,
        action: Option<&str>,
        most: usize,
    ) -> Result<Vec<AuditLine>, CouncilError> {
        self.many(
            &format!(
                "SELECT * FROM {LINES}
                 WHERE (?1 IS NULL OR audit_id < ?1) AND (?2 IS NULL OR user_name = ?2) AND (?3 IS NULL OR action = ?3)
                 ORDER BY audit_id DESC LIMIT ?4"
            ),
            params![before, user_name, action, i64::try_from(most).unwrap_or(i64::MAX)],
            line,
        )
    }

    /// What was ever done, by stable name.
    pub(crate) fn audit_actions(&self) -> Result<Vec<String>, CouncilError> {
        self.many(&format!("SELECT DISTINCT action FROM {LINES} ORDER BY action"), [], |row| row.get("action"))
    }
}

impl Writing<'_> {
    /// Writes a line of the audit log.
    pub(crate) fn audit(
        &self,
        at_ms: i64,
        user_name: &str,
        action: &str,
        detail: &serde_json::Value,
    ) -> Result<(), CouncilError> {
        self.write(
            "INSERT INTO audit (at_ms, user_name, action, detail) VALUES (?1, ?2, ?3, ?4)",
            params![at_ms, user_name, action, detail.to_string()],
        )?;
        Ok(())
    }
}
