//! The numbers that the council owns: entering one, and taking one back. A number changes from a
//! day that has not begun, so that nothing that runs is moved; what has begun stays for ever, so
//! that it can be told by which number something was decided.

use chrono::{Days, NaiveDate};
use doorstep_domain::conduct::DatedNumber;

use super::Actor;
use crate::error::CouncilError;
use crate::machine::times;
use crate::refused::Refused;
use crate::service::Service;
use crate::storage::{Audited, Writing, settings};

/// Characters in a source.
const LONGEST_SOURCE: usize = 300;
/// How far ahead somebody can plan.
const FURTHEST: Days = Days::new(3_653);

/// The day in England.
#[must_use]
pub fn today(service: &Service) -> NaiveDate {
    times::day(service.now_ms())
}

/// Enters a number, from a day that has not begun: phones pull it at their next contact.
///
/// # Errors
/// [`Refused`] says what is wrong with it; nothing has changed then.
pub fn enter(service: &Service, by: &Actor, number: &DatedNumber) -> Result<(), CouncilError> {
    check(number, today(service))?;
    let now_ms = service.now_ms();
    service.transact(|writing| {
        writing.keep_number(number, now_ms, by.name())?;
        agree(writing)?;
        writing.audit(now_ms, by.name(), &Audited::NumberEntered(number))
    })
}

/// Takes a number back that has not begun.
///
/// # Errors
/// [`Refused::NumberHoldsAlready`], [`Refused::NotFound`].
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
    if number.source.trim().is_empty() || number.source.chars().count() > LONGEST_SOURCE {
        return Err(Refused::NumberWithoutSource);
    }
    Ok(())
}

/// The numbers go with each other, on each day.
fn agree(writing: &Writing<'_>) -> Result<(), CouncilError> {
    Ok(writing.council_numbers()?.check().map_err(Refused::NumbersDisagree)?)
}
