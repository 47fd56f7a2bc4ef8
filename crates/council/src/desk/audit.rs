//! The audit log, for auditors and administrators of the council.

use chrono::{DateTime, Utc};
use doorstep_domain::ledger::Hash;
use serde::{Deserialize, Serialize};

use super::{Actor, said};
use crate::access::roles::AUDIT;
use crate::error::CouncilError;
use crate::machine::times;
use crate::refused::Refused;
use crate::service::Service;
use crate::storage::{AuditFilter, AuditLine, AuditLinks, AuditPlace};

/// A page of the audit log, newest line first unless `oldest` is asked for.
#[derive(Debug, Serialize, schemars::JsonSchema, ts_rs::TS)]
pub struct AuditList {
    /// The lines on this page.
    pub(crate) lines: Vec<AuditEntry>,
    /// What to ask for to get the next page: the number of this page's last line; `null` on the
    /// last page.
    #[ts(type = "number | null")]
    pub(crate) next: Option<i64>,
    /// The stable names of all actions in the log, to filter by.
    pub(crate) actions: Vec<String>,
}

/// A line of the audit log.
#[derive(Debug, Serialize, schemars::JsonSchema, ts_rs::TS)]
pub struct AuditEntry {
    /// When it was done, by the council's clock.
    pub(crate) at: DateTime<Utc>,
    /// Who did it: a user name, the name of a system's token, or `command line`. Empty for a failed
    /// sign-in.
    pub(crate) user: String,
    /// What was done, as a stable name.
    pub(crate) action: String,
    /// What it was done to, such as ids, user names and UPRNs.
    #[ts(type = "Record<string, unknown>")]
    pub(crate) detail: serde_json::Value,
}

impl AuditEntry {
    fn of(line: &AuditLine) -> Self {
        Self {
            at: times::from_ms(line.at_ms),
            user: line.user_name.clone(),
            action: line.action.clone(),
            // One line that can't be read hides no other.
            detail: serde_json::from_str(&line.detail)
                .unwrap_or_else(|_| serde_json::json!({ "unreadable": line.detail })),
        }
    }
}

/// Whether the audit log is whole, and where a link stands in it.
#[derive(Debug, Serialize, schemars::JsonSchema, ts_rs::TS)]
pub struct AuditCheck {
    /// How many lines were checked: those that are kept and were written more than a minute ago.
    #[ts(type = "number")]
    pub(crate) lines: u64,
    /// How many of them say less than was written, because somebody was erased since. That they
    /// stand there, when and what was done is checked all the same.
    #[ts(type = "number")]
    pub(crate) erased: u64,
    /// The first line that was altered, or behind which one is missing; `null` if the whole log
    /// holds.
    pub(crate) altered: Option<AuditEnd>,
    /// The oldest line that is kept. Those before it were erased by a rule.
    pub(crate) first: Option<AuditEnd>,
    /// The last line.
    pub(crate) last: Option<AuditEnd>,
    /// The line with the link that was asked for; `null` if there is none, or the log was altered
    /// before it.
    pub(crate) found: Option<AuditEnd>,
}

/// A line's place in the log.
#[derive(Debug, Serialize, schemars::JsonSchema, ts_rs::TS)]
pub struct AuditEnd {
    /// 1 for the first line that was ever written.
    #[ts(type = "number")]
    pub(crate) place: i64,
    /// When it was written, by the council's clock.
    pub(crate) at: DateTime<Utc>,
    /// Its link, in hexadecimal: it commits to the line and to all before it.
    pub(crate) link: String,
}

impl From<AuditPlace> for AuditEnd {
    fn from(AuditPlace { place, at_ms, link }: AuditPlace) -> Self {
        Self { place, at: times::from_ms(at_ms), link: link.to_string() }
    }
}

/// The link to look for.
#[derive(Debug, Default, Deserialize, schemars::JsonSchema)]
#[serde(default)]
pub struct AuditCheckQuery {
    /// In hexadecimal, as the mail to the auditors has it.
    link: Option<String>,
}

/// How many lines are on a page.
const PAGE: usize = 100;

/// Which lines to list, and in which order.
#[derive(Debug, Default, Deserialize, schemars::JsonSchema)]
#[serde(default)]
pub struct AuditQuery {
    user: Option<String>,
    action: Option<String>,
    /// `oldest` to begin with the oldest lines.
    order: Option<String>,
    /// The `next` of the page before.
    after: Option<i64>,
}

/// A page of the audit log.
///
/// # Errors
/// [`CouncilError`] when the database fails.
pub fn list(service: &Service, by: &Actor, query: AuditQuery) -> Result<AuditList, CouncilError> {
    by.only(AUDIT)?;
    by.looked_for(service, "audit", query.user.as_deref())?;
    let filter = AuditFilter {
        user_name: said(query.user),
        action: said(query.action),
        oldest_first: query.order.as_deref() == Some("oldest"),
        after: query.after,
    };
    service.storage.read(|reading| {
        let mut lines = reading.audit_page(&filter, PAGE + 1)?;
        let more = lines.len() > PAGE;
        lines.truncate(PAGE);
        Ok(AuditList {
            next: lines.last().filter(|_| more).map(|line| line.number),
            lines: lines.iter().map(AuditEntry::of).collect(),
            actions: reading.audit_actions()?,
        })
    })
}

/// Checks the whole audit log, line by line.
///
/// # Errors
/// [`Refused::NotALink`] when what is looked for is no link.
pub fn check(service: &Service, by: &Actor, query: AuditCheckQuery) -> Result<AuditCheck, CouncilError> {
    by.only(AUDIT)?;
    let link = said(query.link).map(|link| link.trim().to_lowercase().parse());
    let link: Option<Hash> = link.transpose().map_err(|_| Refused::NotALink)?;
    let AuditLinks { lines, erased, altered, first, last, found } =
        service.storage.read_at_length(|reading| reading.audit_links(link))?;
    Ok(AuditCheck {
        lines,
        erased,
        altered: altered.map(AuditEnd::from),
        first: first.map(AuditEnd::from),
        last: last.map(AuditEnd::from),
        found: found.map(AuditEnd::from),
    })
}
