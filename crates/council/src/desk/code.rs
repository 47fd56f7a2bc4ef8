//! Versions of the Code. Clauses 9 and 10.

use doorstep_domain::conduct::{CodeSection, PublishedCode, TextKind};

use super::Actor;
use crate::error::CouncilError;
use crate::refused::Refused;
use crate::service::Service;
use crate::storage::Audited;

/// Publishes a version of the Code, and returns its sections. Phones get it at their next contact.
/// From its first day, visitors must sign it before they start a visit, except in an emergency.
/// Clause 9.
///
/// # Errors
/// [`Refused::NoLabel`] when the name is missing or too long, [`Refused::NotACode`] when the text
/// can't be read as a Code.
pub fn publish(service: &Service, by: &Actor, code: &PublishedCode) -> Result<Vec<CodeSection>, CouncilError> {
    if code.label.trim().is_empty() || TextKind::Label.check(&code.label).is_err() {
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
