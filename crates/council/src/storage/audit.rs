//! The audit log: who did what, when. Lines are added, and never changed.

use super::database::{Conditions, Row, params};
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
    "(SELECT audit_id, at_ms, user_name, action, detail FROM audit WHERE action <> 'safeguarding_note_read') AS line";

fn line(row: &Row<'_>) -> Result<AuditLine, CouncilError> {
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
        self.connection.query_at_length(&format!("SELECT * FROM {LINES} ORDER BY audit_id"), params![], &mut |row| {
            each(line(row)?)?;
            Ok(true)
        })
    }

    /// A page of lines, last to first: those before a number, of one user and one action or of all.
    pub(crate) fn audit_page(
        &self,
        before: Option<i64>,
        user_name: Option<&str>,
        action: Option<&str>,
        most: usize,
    ) -> Result<Vec<AuditLine>, CouncilError> {
        let mut which = Conditions::default();
        which.and_if("audit_id < ?", before);
        which.and_if("user_name = ?", user_name);
        which.and_if("action = ?", action);
        let most = which.placeholder(most);
        let which_lines = which.text();
        let sql = format!("SELECT * FROM {LINES}{which_lines} ORDER BY audit_id DESC LIMIT {most}");
        self.many(&sql, which.values(), line)
    }

    /// What was ever done, by stable name.
    pub(crate) fn audit_actions(&self) -> Result<Vec<String>, CouncilError> {
        self.many(&format!("SELECT DISTINCT action FROM {LINES} ORDER BY action"), params![], |row| row.get("action"))
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
