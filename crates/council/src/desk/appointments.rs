//! Appointments: given to somebody else, or called off. Phones learn of it at their next contact.

use doorstep_domain::AppointmentRef;
use serde::Deserialize;

use super::Actor;
use crate::error::CouncilError;
use crate::refused::Refused;
use crate::service::Service;
use crate::storage::{AppointmentRow, Audited, Person, Writing};

/// Characters of a reason.
const LONGEST_REASON: usize = 500;

/// What is changed about an appointment.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, schemars::JsonSchema, serde::Serialize, ts_rs::TS)]
#[serde(rename_all = "snake_case", tag = "action")]
pub enum AppointmentChange {
    /// Somebody else goes.
    Reassign {
        /// Their user name.
        user: String,
    },
    /// It does not go ahead. Telling the tenant is clause 3.2's.
    Cancel {
        /// Why, in words.
        because: String,
    },
}

/// Changes an appointment. A firm's own people change their firm's, and send nobody but their own.
///
/// # Errors
/// [`Refused::NotFound`], [`Refused::NobodyToSend`], [`Refused::NoReason`]; nothing was changed
/// then.
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
                if because.is_empty() || because.chars().count() > LONGEST_REASON {
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
