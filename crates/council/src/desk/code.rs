//! Versions of the Code. Clauses 9 and 10.

use doorstep_domain::conduct::{CodeSection, PublishedCode};

use super::Actor;
use crate::error::CouncilError;
use crate::refused::Refused;
use crate::service::Service;
use crate::storage::Audited;

/// Characters of a version's name.
const LONGEST_LABEL: usize = 100;

/// Publishes a version of the Code: phones pull it, and from its first day on nobody starts a visit
/// before they have signed it, but in an emergency. Clause 9.
///
/// # Errors
/// [`Refused::NoLabel`]; [`Refused::NotACode`] when no clause can be found in the text.
pub fn publish(service: &Service, by: &Actor, code: &PublishedCode) -> Result<Vec<CodeSection>, CouncilError> {
    if code.label.trim().is_empty() || code.label.chars().count() > LONGEST_LABEL {
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
