//! Giving an appointment to somebody else, or calling it off. Phones learn of the change at their
//! next contact.

use doorstep_domain::AppointmentRef;
use doorstep_domain::conduct::TextKind;
use serde::Deserialize;

use super::Actor;
use crate::error::CouncilError;
use crate::refused::Refused;
use crate::service::Service;
use crate::storage::{AppointmentRow, Audited, Person, Writing};

/// What somebody at a desk can change about an appointment.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, schemars::JsonSchema, serde::Serialize, ts_rs::TS)]
#[serde(rename_all = "snake_case", tag = "action")]
pub enum AppointmentChange {
    /// Gives the appointment to another visitor.
    Reassign {
        /// Their user name.
        user: String,
    },
    /// Calls the appointment off. This does not tell the tenant, which clause 3.2 asks for.
    Cancel {
        /// The reason, in up to 500 characters.
        because: String,
    },
}

/// Changes an appointment. People at a firm can only change their firm's appointments, and can only
/// give them to their firm's visitors.
///
/// # Errors
/// [`Refused::NotFound`], [`Refused::NobodyToSend`] or [`Refused::NoReason`]. After an error,
/// nothing has changed.
pub fn change(
    service: &Service,
    by: &Actor,
    reference: &AppointmentRef,
    change: &AppointmentChange,
) -> Result<(), CouncilError> {
    let now_ms = service.now_ms();
    service.transact(|writing| {
        let theirs = |row: &AppointmentRow| by.firm().is_none_or(|firm| row.appointment.organisation == firm);
        let row = writing.appointment(reference)?.filter(theirs).ok_or(Refused::NotFound)?;
        match change {
            AppointmentChange::Reassign { user } => {
                reassign(writing, by, row, user)?;
                writing.audit(now_ms, by.name(), &Audited::AppointmentReassigned { appointment: reference })
            }
            AppointmentChange::Cancel { because } => {
                let because = because.trim();
                if because.is_empty() || TextKind::Short.check(because).is_err() {
                    return Err(Refused::NoReason.into());
                }
                writing.cancel_appointment(reference, now_ms, because)?;
                writing.audit(now_ms, by.name(), &Audited::AppointmentCancelled { appointment: reference })
            }
        }
    })
}

fn reassign(writing: &Writing<'_>, by: &Actor, row: AppointmentRow, user: &str) -> Result<(), CouncilError> {
    let can_be_sent =
        |to: &Person| !to.role.uses_the_console() && by.firm().is_none_or(|firm| to.organisation.name == firm);
    let to = writing.person_by_name(user)?.filter(can_be_sent).ok_or(Refused::NobodyToSend)?;
    let mut appointment = row.appointment;
    appointment.assigned_to.clone_from(&to.user_name);
    appointment.organisation.clone_from(&to.organisation.name);
    writing.keep_appointment(&appointment, to.id)?;
    Ok(())
}
