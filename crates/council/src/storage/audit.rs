//! The audit log: who did what, when. Lines are added, and never changed.

use super::database::{Conditions, Row, params};
use super::{Reading, Writing};
use crate::error::CouncilError;

/// A line of the audit log.
#[derive(Debug, Clone)]
pub(crate) struct AuditLine {
    /// Its place, for paging.
    pub(crate) number: i64,
    pub(crate) at_ms: i64,
    pub(crate) user_name: String,
    pub(crate) action: String,
    /// JSON, never with personal data.
    pub(crate) detail: String,
}

/// Which lines, and from where on.
#[derive(Debug, Default)]
pub(crate) struct AuditFilter {
    pub(crate) user_name: Option<String>,
    pub(crate) action: Option<String>,
    pub(crate) oldest_first: bool,
    /// Behind the line with this number.
    pub(crate) after: Option<i64>,
}

impl AuditFilter {
    /// What they say, but for the place.
    fn conditions(&self) -> Conditions {
        let mut which = Conditions::default();
        which.and_if("user_name = ?", self.user_name.as_deref());
        which.and_if("action = ?", self.action.as_deref());
        which
    }
}

/// Every line that somebody other than a safeguarding lead may see: nobody else learns that there is a note (clause 6.2). Who
/// read one has a table of its own since schema 11; lines of an earlier program are left out.
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
    /// Every line that fits, first to last, one by one.
    pub(crate) fn each_audit_line(
        &self,
        filter: &AuditFilter,
        mut each: impl FnMut(AuditLine) -> Result<(), CouncilError>,
    ) -> Result<(), CouncilError> {
        let which = filter.conditions();
        let sql = format!("SELECT * FROM {LINES}{} ORDER BY audit_id", which.text());
        self.connection.query_at_length(&sql, which.values(), &mut |row| {
            each(line(row)?)?;
            Ok(true)
        })
    }

    /// A page of lines, last to first where nothing else is asked for.
    pub(crate) fn audit_page(&self, filter: &AuditFilter, most: usize) -> Result<Vec<AuditLine>, CouncilError> {
        let mut which = filter.conditions();
        let (way, behind) = if filter.oldest_first { ("ASC", "audit_id > ?") } else { ("DESC", "audit_id < ?") };
        which.and_if(behind, filter.after);
        let most = which.placeholder(most);
        let which_lines = which.text();
        let sql = format!("SELECT * FROM {LINES}{which_lines} ORDER BY audit_id {way} LIMIT {most}");
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
