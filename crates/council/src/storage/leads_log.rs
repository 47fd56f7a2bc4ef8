//! The log of the safeguarding leads: who opened a note, and what was changed about a lead's
//! account. It stands apart from the audit log, where a line or a gap would tell others that there
//! is a note (clause 6.2). Each line is linked to the one before by a hash. What it says is only
//! committed to, so that it can be erased while the links stay right.

use doorstep_domain::RecordId;
use doorstep_domain::ledger::Hash;
use serde::{Deserialize, Serialize};

use super::accounts::AccountMatter;
use super::concerns::NoteReading;
use super::database::{Row, params};
use super::transaction::{Reading, Writing};
use crate::error::CouncilError;
use crate::machine::environment::Environment;

/// The number and link before the first line.
fn beginning() -> (i64, Hash) {
    (0, Hash::from_bytes([0; 32]))
}

/// What was done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema, ts_rs::TS)]
#[serde(rename_all = "snake_case", tag = "deed")]
pub(crate) enum LeadsDeed {
    /// A note was opened.
    NoteOpened,
    /// A change to a lead's account was asked for. It waits for others to agree.
    ChangeAsked {
        /// The lead, by user name.
        of: String,
        /// What is to change.
        matter: AccountMatter,
    },
    /// A lead's account was changed.
    ChangeMade {
        /// The lead, by user name.
        of: String,
        /// What was changed.
        matter: AccountMatter,
    },
    /// A change to a lead's account was refused.
    ChangeRefused {
        /// The lead, by user name.
        of: String,
        /// What stays as it was.
        matter: AccountMatter,
    },
    /// A firm became the council, or the council a firm: its people have other roles.
    OrganisationChanged {
        /// Its name.
        organisation: String,
        /// Whether it is the council from now on.
        of_the_council: bool,
    },
    /// A lead was marked as having left.
    LeadLeft {
        /// The lead, by user name.
        of: String,
    },
}

impl LeadsDeed {
    /// The person to whom it was done, by user name.
    fn of(&self) -> Option<&str> {
        match self {
            Self::ChangeAsked { of, .. }
            | Self::ChangeMade { of, .. }
            | Self::ChangeRefused { of, .. }
            | Self::LeadLeft { of } => Some(of),
            Self::NoteOpened | Self::OrganisationChanged { .. } => None,
        }
    }
}

/// What a line says. It is erased with the person of whom it speaks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Said {
    by: String,
    #[serde(flatten)]
    deed: LeadsDeed,
}

/// A line of the log.
#[derive(Debug, Clone)]
pub(crate) struct LeadsLine {
    pub(crate) number: i64,
    pub(crate) at_ms: i64,
    /// The note that was opened.
    pub(crate) record: Option<RecordId>,
    /// Who did what; `None` once it is erased, or if it can't be read.
    pub(crate) said: Option<(String, LeadsDeed)>,
    /// Whether the line follows from the one before, and says what was committed to.
    pub(crate) holds: bool,
    pub(crate) link: Hash,
}

fn commitment(salt: &[u8], line: &str) -> Hash {
    Hash::framed("doorstep-leads-line-v1", &[salt, line.as_bytes()])
}

fn link(before: Hash, number: i64, at_ms: i64, record: Option<&[u8; 16]>, commitment: Hash) -> Hash {
    let record = record.map(<[u8; 16]>::as_slice).unwrap_or_default();
    let parts =
        [before.as_bytes().as_slice(), &number.to_be_bytes(), &at_ms.to_be_bytes(), record, commitment.as_bytes()];
    Hash::framed("doorstep-leads-link-v1", &parts)
}

/// Reads a line that comes after one with this number and link.
fn line(row: &Row<'_>, (number_before, before): (i64, Hash)) -> Result<LeadsLine, CouncilError> {
    let (number, at_ms): (i64, i64) = (row.get("number")?, row.get("at_ms")?);
    let record = row.get::<Option<[u8; 16]>>("record_id")?;
    let (committed, linked) = (Hash::from_bytes(row.get("commitment")?), Hash::from_bytes(row.get("link")?));
    let said = row.get::<Option<Vec<u8>>>("salt")?.zip(row.get::<Option<String>>("line")?);
    let is_said = said.as_ref().is_none_or(|(salt, said)| commitment(salt, said) == committed);
    let follows = number_before.checked_add(1) == Some(number);
    let said = said.and_then(|(_, said)| serde_json::from_str(&said).ok());
    Ok(LeadsLine {
        number,
        at_ms,
        record: record.map(RecordId::from_bytes),
        said: said.map(|Said { by, deed }| (by, deed)),
        holds: is_said && follows && link(before, number, at_ms, record.as_ref(), committed) == linked,
        link: linked,
    })
}

fn head_commitment(salt: &[u8], number: i64, link: Hash) -> Hash {
    Hash::framed("doorstep-leads-head-v1", &[salt, &number.to_be_bytes(), link.as_bytes()])
}

impl Reading<'_> {
    /// Where this log once ended, by what the audit log commits to each day, the oldest first:
    /// number and link of the last line. The link is `None` where this log knows nothing of it.
    pub(crate) fn leads_log_heads(&self) -> Result<Vec<(i64, Option<Hash>)>, CouncilError> {
        let said =
            self.many("SELECT detail FROM audit WHERE action = 'logs_closed' ORDER BY audit_id", params![], |row| {
                row.get::<String>("detail")
            })?;
        let committed = |said: String| {
            let said: serde_json::Value = serde_json::from_str(&said).ok()?;
            said.get("leads")?.as_str()?.parse::<Hash>().ok()
        };
        // A line that does not say it any more was altered: nobody is erased by it.
        let head = |said| committed(said).map_or(Ok((1, None)), |commitment| self.leads_log_head(commitment));
        said.into_iter().map(head).collect()
    }

    fn leads_log_head(&self, committed: Hash) -> Result<(i64, Option<Hash>), CouncilError> {
        let sql = "SELECT number, link, salt FROM leads_log_head WHERE commitment = ?1";
        let head = self.one(sql, params![committed.as_bytes()], |row| {
            let (number, link) = (row.get::<i64>("number")?, Hash::from_bytes(row.get("link")?));
            Ok((number, link, row.get::<Vec<u8>>("salt")?))
        })?;
        let head = head.filter(|(number, link, salt)| head_commitment(salt, *number, *link) == committed);
        Ok(head.map_or((1, None), |(number, link, _)| (number, Some(link))))
    }

    fn end_of_leads_log(&self) -> Result<(i64, Hash), CouncilError> {
        let last = self.one("SELECT number, link FROM leads_log ORDER BY number DESC LIMIT 1", params![], |row| {
            Ok((row.get::<i64>("number")?, Hash::from_bytes(row.get("link")?)))
        })?;
        Ok(last.unwrap_or_else(beginning))
    }

    /// Every line, the oldest first, each checked against the one before.
    pub(crate) fn leads_log(&self) -> Result<Vec<LeadsLine>, CouncilError> {
        let (mut lines, mut before) = (Vec::new(), beginning());
        self.connection.query_at_length("SELECT * FROM leads_log ORDER BY number", params![], &mut |row| {
            let line = line(row, before)?;
            before = (line.number, line.link);
            lines.push(line);
            Ok(true)
        })?;
        Ok(lines)
    }

    /// Who opened a note by this log, the first first. Lines that were erased are left out.
    pub(super) fn openings_of(&self, record: RecordId) -> Result<Vec<NoteReading>, CouncilError> {
        let found = self.many(
            "SELECT at_ms, line FROM leads_log WHERE record_id = ?1 AND line IS NOT NULL ORDER BY number",
            params![record.as_bytes()],
            |row| Ok((row.get::<i64>("at_ms")?, row.get::<String>("line")?)),
        )?;
        let opened = |(at_ms, said): (i64, String)| {
            let Said { by, .. } = serde_json::from_str(&said).ok()?;
            Some(NoteReading { user_name: by, at_ms })
        };
        Ok(found.into_iter().filter_map(opened).collect())
    }
}

impl Writing<'_> {
    /// Writes a line at the end.
    pub(crate) fn add_to_leads_log(
        &self,
        environment: &Environment,
        record: Option<RecordId>,
        by: &str,
        deed: LeadsDeed,
        at_ms: i64,
    ) -> Result<(), CouncilError> {
        let (last, before) = self.end_of_leads_log()?;
        let number = last.saturating_add(1);
        let said = Said { by: by.to_owned(), deed };
        let said = serde_json::to_string(&said).map_err(|_| CouncilError::Unreadable("leads' log"))?;
        let salt: [u8; 32] = environment.random();
        let (committed, record) = (commitment(&salt, &said), record.map(|record| *record.as_bytes()));
        let link = link(before, number, at_ms, record.as_ref(), committed);
        self.write(
            "INSERT INTO leads_log (number, at_ms, record_id, commitment, link, salt, line)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            params![number, at_ms, record, committed.as_bytes(), link.as_bytes(), salt, said],
        )?;
        Ok(())
    }

    /// Keeps where this log ends now. Returns what commits to that, and tells nothing about it.
    pub(super) fn close_leads_log(&self, environment: &Environment) -> Result<Hash, CouncilError> {
        let ((number, link), salt) = (self.end_of_leads_log()?, environment.random::<32>());
        let committed = head_commitment(&salt, number, link);
        self.write(
            "INSERT INTO leads_log_head (commitment, number, link, salt) VALUES (?1, ?2, ?3, ?4)",
            params![committed.as_bytes(), number, link.as_bytes(), salt],
        )?;
        Ok(committed)
    }

    /// Erases what the lines that speak of a person say.
    pub(super) fn erase_from_leads_log(&self, user_name: &str) -> Result<(), CouncilError> {
        let lines: Vec<(i64, String)> =
            self.many("SELECT number, line FROM leads_log WHERE line IS NOT NULL", params![], |row| {
                Ok((row.get("number")?, row.get("line")?))
            })?;
        let speaks = |line: &str| {
            serde_json::from_str(line).is_ok_and(|Said { by, deed }| by == user_name || deed.of() == Some(user_name))
        };
        for (number, _) in lines.into_iter().filter(|(_, line)| speaks(line)) {
            self.write("UPDATE leads_log SET salt = NULL, line = NULL WHERE number = ?1", params![number])?;
        }
        Ok(())
    }

    /// Erases what the lines from before a moment say.
    pub(super) fn erase_leads_log_before(&self, before_ms: i64) -> Result<(), CouncilError> {
        self.write("UPDATE leads_log SET salt = NULL, line = NULL WHERE at_ms < ?1", params![before_ms])?;
        Ok(())
    }
}
