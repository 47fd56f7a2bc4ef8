//! People: what an administrator does about them.

use serde::Deserialize;

use super::Actor;
use crate::access::password;
use crate::error::CouncilError;
use crate::refused::Refused;
use crate::service::Service;
use crate::storage::{Audited, Person, Writing};

/// A change that an administrator makes to a person. It has no `Debug`, so that nothing prints the
/// password in it.
#[derive(Deserialize, schemars::JsonSchema, serde::Serialize, ts_rs::TS)]
#[serde(rename_all = "snake_case", tag = "action")]
pub enum PersonChange {
    /// Sets their password, and ends their sessions.
    SetPassword {
        /// 12 characters or more.
        password: String,
    },
    /// Ends all their sessions, in every browser. They can sign in again.
    EndSessions,
    /// Forgets their authenticator, for a person who lost it. They set up a new one the next time
    /// they sign in.
    ForgetSecondFactor,
    /// Marks them as having left. They can't sign in any more, and their phones are revoked.
    Leave,
    /// Marks them as being back. They can sign in again, but their phones stay revoked.
    Return,
}

/// Makes a change to a person.
///
/// # Errors
/// [`Refused::NoSuchUser`], [`Refused::WeakPassword`] or [`Refused::LeavingOneself`]. After an
/// error, nothing has changed.
pub fn change(service: &Service, by: &Actor, user: &str, change: &PersonChange) -> Result<(), CouncilError> {
    let now_ms = service.now_ms();
    let hash = match change {
        PersonChange::SetPassword { password } => Some(password::hash(password, &service.environment)?),
        PersonChange::Leave if by.name() == user => return Err(Refused::LeavingOneself.into()),
        _ => None,
    };
    service.transact(|writing| {
        let of = known(writing, user)?;
        let audited = match (change, &hash) {
            (PersonChange::SetPassword { .. }, hash) => {
                writing.set_password_hash(of.id, hash.as_deref().unwrap_or_default())?;
                Audited::PasswordSet { of: user }
            }
            (PersonChange::EndSessions, _) => {
                writing.end_sessions_of(of.id)?;
                Audited::SessionsEnded { of: user }
            }
            (PersonChange::ForgetSecondFactor, _) => {
                writing.forget_second_factor(of.id)?;
                Audited::SecondFactorForgotten { of: user }
            }
            (PersonChange::Leave, _) => {
                writing.set_left(of.id, Some(now_ms))?;
                Audited::PersonLeft { of: user }
            }
            (PersonChange::Return, _) => {
                writing.set_left(of.id, None)?;
                Audited::PersonReturned { of: user }
            }
        };
        writing.audit(now_ms, by.name(), &audited)
    })
}

/// The person with this user name, or [`Refused::NoSuchUser`].
pub(super) fn known(writing: &Writing<'_>, user: &str) -> Result<Person, CouncilError> {
    Ok(writing.person_by_name(user)?.ok_or_else(|| Refused::NoSuchUser(user.to_owned()))?)
}
