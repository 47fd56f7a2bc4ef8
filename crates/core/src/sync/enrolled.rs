//! Who a store belongs to, for whatever needs that.

use crate::error::AppError;
use crate::store::{Enrolment, Reading, Scope};

/// The enrolment that a store has.
///
/// # Errors
/// [`AppError::NotEnrolled`]; [`AppError::SignInFirst`] where it is locked, and its damaged journal
/// does not say: the rest is there.
pub(crate) fn enrolled(reading: &Reading<'_>) -> Result<Enrolment, AppError> {
    let is_locked = reading.scope() == Scope::Outbox;
    let missing = if is_locked { AppError::SignInFirst } else { AppError::NotEnrolled };
    reading.enrolment()?.ok_or(missing)
}
