//! The Code of conduct on the device: to read, to search, to sign. Clause 9 and the
//! Acknowledgement.

use doorstep_domain::VisitId;
use doorstep_domain::conduct::{Acknowledgement, CodeSigned, PublishedCode, Signing, TextKind};

use super::{App, time};
use crate::error::AppError;
use crate::store::{CodeSignature, Enrolment, Reading, StoreError};
use crate::sync::enrolled;
use crate::view::CodeView;

impl App {
    /// The Code: the version that the council has in force, or Doorstep's own plain words while
    /// there is none. With words to search for, only the sections that hold all of them. Nobody has
    /// to sign in to read it, because it is not secret.
    ///
    /// # Errors
    /// [`AppError::Store`].
    pub fn code(&self, search: Option<&str>) -> Result<CodeView, AppError> {
        self.store().read(|reading| {
            let published = reading.code()?;
            let in_force = published.is_some();
            let code = published.unwrap_or_else(PublishedCode::own_words);
            let signed_at = match reading.enrolment()? {
                Some(enrolment) => reading.signed_at(enrolment.user, &code.hash())?,
                None => None,
            };
            let mut sections = code.sections().map_err(|_| StoreError::Unreadable("Code of conduct"))?;
            if let Some(words) = search.filter(|words| !words.trim().is_empty()) {
                sections.retain(|section| section.mentions(words));
            }
            Ok(CodeView {
                hash: code.hash(),
                label: code.label,
                from: code.from,
                in_force,
                signed_at: signed_at.map(time),
                sections,
            })
        })
    }

    /// Signs the Code that is in force. `hash` is the hash of the text that the visitor read.
    /// Position and organisation come from the enrolment.
    ///
    /// # Errors
    /// [`AppError::NotSigned`] when there is no signature or no name. [`AppError::AnotherCode`]
    /// when `hash` is not that of the Code in force, because another version has arrived.
    pub fn acknowledge(&self, hash: &str, name: &str, signed: Signing) -> Result<CodeView, AppError> {
        self.signed_in()?;
        TextKind::Short.check(name)?;
        self.store().transact::<_, AppError>(&self.environment, |writing| {
            let enrolment = enrolled(writing)?;
            let code = binding(writing)?;
            if code.hash() != hash {
                return Err(AppError::AnotherCode);
            }
            let acknowledgement = Acknowledgement {
                code: code.hash(),
                label: code.label,
                name: name.trim().to_owned(),
                position: enrolment.position.clone(),
                organisation: enrolment.organisation.clone(),
                signed: signed.clone(),
            };
            acknowledgement.check().map_err(|_| AppError::NotSigned)?;
            let at_ms = self.environment.clock.now().unix_ms;
            let file = VisitId::from_parts(u64::try_from(at_ms).unwrap_or(0), &self.environment.random());
            writing.append_acknowledgement(&self.environment, &enrolment, file, &acknowledgement)?;
            writing.set_signed(&CodeSignature { user: enrolment.user, code: acknowledgement.code, at_ms })?;
            Ok(())
        })?;
        self.code(None)
    }
}

/// Whether the person who carries this device has signed the Code that is in force.
pub(super) fn code_signed(reading: &Reading<'_>, enrolment: &Enrolment) -> Result<CodeSigned, StoreError> {
    let code = binding(reading)?;
    let signed = reading.signed_at(enrolment.user, &code.hash())?;
    Ok(if signed.is_some() { CodeSigned::Yes } else { CodeSigned::No })
}

/// The Code that is in force: the council's version, or Doorstep's own plain words until it has
/// published one.
fn binding(reading: &Reading<'_>) -> Result<PublishedCode, StoreError> {
    Ok(reading.code()?.unwrap_or_else(PublishedCode::own_words))
}
