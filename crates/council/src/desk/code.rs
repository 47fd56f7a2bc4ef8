//! Versions of the Code. Clauses 9 and 10.

use chrono::{DateTime, NaiveDate, Utc};
use doorstep_domain::conduct::{CodeSection, PublishedCode, TextKind};
use serde::Serialize;

use super::Actor;
use crate::access::roles::ADMINISTRATORS;
use crate::error::CouncilError;
use crate::machine::times;
use crate::refused::Refused;
use crate::service::Service;
use crate::storage::{Audited, CodeRow};

/// Versions of the Code.
#[derive(Debug, Serialize, schemars::JsonSchema, ts_rs::TS)]
pub struct CodeList {
    /// All of them, newest first.
    pub(crate) versions: Vec<CodeVersion>,
    /// Whether this person may publish one.
    pub(crate) may_publish: bool,
}

/// A version of the Code that the council has published. It may not bind yet.
#[derive(Debug, Serialize, schemars::JsonSchema, ts_rs::TS)]
pub struct CodeVersion {
    /// The SHA-256 of the exact text, in hexadecimal.
    pub(crate) hash: String,
    /// What people call it.
    pub(crate) label: String,
    /// The first day on which it binds.
    #[ts(type = "string")]
    pub(crate) from: NaiveDate,
    /// Whether it binds today.
    pub(crate) in_force: bool,
    /// When it was published.
    pub(crate) published_at: DateTime<Utc>,
    /// The name in the audit log of who published it.
    pub(crate) published_by: String,
    /// How many people have signed it.
    #[ts(type = "number")]
    pub(crate) signed_by: u64,
    /// The parts of its text, each with its heading, in the order of the text.
    pub(crate) sections: Vec<CodeSection>,
}

/// All versions of the Code that the council has published.
///
/// # Errors
/// [`CouncilError`] when the database fails.
pub fn list(service: &Service, by: &Actor) -> Result<CodeList, CouncilError> {
    let today = times::day(service.now_ms());
    service.storage.read(|reading| {
        let in_force = reading.code_in_force(today)?.map(|code| code.hash());
        let versions = reading.codes()?;
        let version = |row: CodeRow| CodeVersion {
            hash: row.code.hash(),
            in_force: in_force.as_deref() == Some(&row.code.hash()),
            sections: row.code.sections().unwrap_or_default(),
            label: row.code.label,
            from: row.code.from,
            published_at: times::from_ms(row.published_ms),
            published_by: row.published_by,
            signed_by: row.signed_by,
        };
        let versions = versions.into_iter().map(version).collect();
        Ok(CodeList { versions, may_publish: by.may_act_as(ADMINISTRATORS) })
    })
}

/// Publishes a version of the Code, and returns its sections. Phones get it at their next contact.
/// From its first day, visitors must sign it before they start a visit, except in an emergency.
/// Clause 9.
///
/// # Errors
/// [`Refused::NoLabel`] when the name is missing or too long, [`Refused::NotACode`] when the text
/// can't be read as a Code.
pub fn publish(service: &Service, by: &Actor, code: &PublishedCode) -> Result<Vec<CodeSection>, CouncilError> {
    let code = &PublishedCode { label: code.label.trim().to_owned(), ..code.clone() };
    if code.label.is_empty() || TextKind::Label.check(&code.label).is_err() {
        return Err(Refused::NoLabel.into());
    }
    let sections = code.sections().map_err(Refused::NotACode)?;
    let now_ms = service.now_ms();
    service.transact(|writing| {
        writing.keep_published_code(code, now_ms, by.name())?;
        let audited = Audited::CodePublished { code: code.hash(), label: &code.label, from: code.from };
        writing.audit(now_ms, by.name(), &audited)
    })?;
    Ok(sections)
}
