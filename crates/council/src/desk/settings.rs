//! Entering and taking back the numbers that the council owns. A new value can only begin on a
//! later day, so that deadlines that are running do not change. A value that has begun can never be
//! removed, so that it stays clear which value a decision was based on.

use chrono::{Days, NaiveDate};
use doorstep_domain::conduct::{DatedNumber, TextKind};

use super::Actor;
use crate::error::CouncilError;
use crate::machine::times;
use crate::refused::Refused;
use crate::service::Service;
use crate::storage::{Audited, Writing, settings};

/// How far ahead a value can begin: ten years.
const FURTHEST: Days = Days::new(3_653);

/// Today's date in England.
#[must_use]
pub fn today(service: &Service) -> NaiveDate {
    times::day(service.now_ms())
}

/// Enters a value of a number, from a day after today. Phones get it at their next contact.
///
/// # Errors
/// A [`Refused`] that says what is wrong with the value. Then nothing has changed.
pub fn enter(service: &Service, by: &Actor, number: &DatedNumber) -> Result<(), CouncilError> {
    check(number, today(service))?;
    let now_ms = service.now_ms();
    service.transact(|writing| {
        writing.keep_number(number, now_ms, by.name())?;
        agree(writing)?;
        writing.audit(now_ms, by.name(), &Audited::NumberEntered(number))
    })
}

/// Takes back a value of a number, if its first day is after today.
///
/// # Errors
/// [`Refused::NumberHoldsAlready`] when it has begun, [`Refused::NotFound`] when there is no such
/// value, [`Refused::NumbersDisagree`] when the other numbers need it.
pub fn withdraw(service: &Service, by: &Actor, name: &str, from: NaiveDate) -> Result<(), CouncilError> {
    if from <= today(service) {
        return Err(Refused::NumberHoldsAlready.into());
    }
    let now_ms = service.now_ms();
    service.transact(|writing| {
        if !writing.withdraw_number(name, from)? {
            return Err(Refused::NotFound.into());
        }
        agree(writing)?;
        writing.audit(now_ms, by.name(), &Audited::NumberWithdrawn { name, from })
    })
}

fn check(number: &DatedNumber, today: NaiveDate) -> Result<(), Refused> {
    let (_, kind) = settings::kinds().find(|(_, kind)| kind.name == number.name).ok_or(Refused::NoSuchNumber)?;
    if kind.check(number.value).is_err() {
        return Err(Refused::NumberOutOfRange { least: kind.least, most: kind.most });
    }
    if number.from <= today || today.checked_add_days(FURTHEST).is_some_and(|furthest| number.from > furthest) {
        return Err(Refused::NumberNotAhead);
    }
    if number.source.trim().is_empty() || TextKind::Source.check(&number.source).is_err() {
        return Err(Refused::NumberWithoutSource);
    }
    Ok(())
}

/// Checks that the numbers do not contradict each other on any day.
fn agree(writing: &Writing<'_>) -> Result<(), CouncilError> {
    Ok(writing.council_numbers()?.check().map_err(Refused::NumbersDisagree)?)
}
