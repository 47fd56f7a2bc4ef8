//! The numbers that the council owns: the values that apply today, where they come from, the values
//! to come, and entering and taking back values. A new value can only begin on a later day, so that
//! deadlines that are running do not change. A value that has begun can never be removed, so that
//! it stays clear which value a decision was based on.

use chrono::{DateTime, Days, NaiveDate, Utc};
use doorstep_domain::conduct::{CouncilNumbers, DatedNumber, NumberUnit, TextKind};
use serde::Serialize;

use super::Actor;
use crate::access::roles::ADMINISTRATORS;
use crate::error::CouncilError;
use crate::machine::times;
use crate::refused::Refused;
use crate::service::Service;
use crate::storage::settings::{self, EnteredNumber, NumberGroup};
use crate::storage::{Audited, Writing};

/// How far ahead a value can begin: ten years.
const FURTHEST: Days = Days::new(3_653);

/// A value of a number, which applies from a day on.
#[derive(Debug, Serialize, schemars::JsonSchema, ts_rs::TS)]
pub struct NumberValue {
    /// The value, in the unit of its number.
    pub(crate) value: u32,
    /// The first day on which it applies, in Europe/London.
    pub(crate) from: NaiveDate,
    /// Where it comes from, such as a decision, a law or a clause.
    pub(crate) source: String,
    /// The name in the audit log of who entered it; `null` for a value that Doorstep ships with.
    pub(crate) entered_by: Option<String>,
    /// When it was entered; `null` for a value that Doorstep ships with.
    pub(crate) entered_at: Option<DateTime<Utc>>,
    /// Whether it has not begun yet, and can be taken back.
    pub(crate) to_come: bool,
}

/// A number that the council owns.
#[derive(Debug, Serialize, schemars::JsonSchema, ts_rs::TS)]
pub struct CouncilNumber {
    /// Its stable name.
    pub(crate) name: String,
    /// What it is for. The console shows the numbers in these groups.
    pub(crate) group: NumberGroup,
    /// What it counts.
    pub(crate) unit: NumberUnit,
    /// The lowest value allowed.
    pub(crate) least: u32,
    /// The highest value allowed.
    pub(crate) most: u32,
    /// The value that applies today; `null` when there is none yet.
    pub(crate) value: Option<u32>,
    /// Where today's value comes from.
    pub(crate) source: Option<String>,
    /// Every value, the newest first.
    pub(crate) values: Vec<NumberValue>,
}

/// All numbers that the council owns.
#[derive(Debug, Serialize, schemars::JsonSchema, ts_rs::TS)]
pub struct NumberList {
    /// Every kind of number, also those that have no value yet.
    pub(crate) numbers: Vec<CouncilNumber>,
    /// Whether this person may change them.
    pub(crate) may_change: bool,
    /// The earliest first day for a new value: tomorrow in England.
    pub(crate) earliest: NaiveDate,
}

/// Today's date in England.
#[must_use]
pub fn today(service: &Service) -> NaiveDate {
    times::day(service.now_ms())
}

/// All numbers that the council owns.
///
/// # Errors
/// [`CouncilError`] when the database fails.
pub fn list(service: &Service, by: &Actor) -> Result<NumberList, CouncilError> {
    let today = today(service);
    let entered = service.storage.read(|reading| reading.entered_numbers())?;
    let own = CouncilNumbers::new(entered.iter().map(|row| row.number.clone()).collect());
    let numbers = settings::kinds().map(|(group, kind)| {
        let shipped = kind.shipped.iter().map(NumberValue::shipped);
        let entered = entered.iter().filter(|row| row.number.name == kind.name);
        let mut values: Vec<NumberValue> = shipped.chain(entered.map(|row| NumberValue::entered(row, today))).collect();
        values.sort_by_key(|value| std::cmp::Reverse(value.from));
        let holds = kind.on(today, &own);
        CouncilNumber {
            name: kind.name.clone(),
            group,
            unit: kind.unit,
            least: kind.least,
            most: kind.most,
            value: holds.map(|number| number.value),
            source: holds.map(|number| number.source.clone()),
            values,
        }
    });
    let earliest = today.succ_opt().unwrap_or(today);
    Ok(NumberList { numbers: numbers.collect(), may_change: by.may_act_as(ADMINISTRATORS), earliest })
}

impl NumberValue {
    fn shipped(number: &DatedNumber) -> Self {
        let DatedNumber { value, from, source, .. } = number.clone();
        Self { value, from, source, entered_by: None, entered_at: None, to_come: false }
    }

    fn entered(row: &EnteredNumber, today: NaiveDate) -> Self {
        let DatedNumber { value, from, source, .. } = row.number.clone();
        let (by, at) = (row.entered_by.clone(), times::from_ms(row.entered_ms));
        Self { value, from, source, entered_by: Some(by), entered_at: Some(at), to_come: from > today }
    }
}

/// Enters a value of a number, from a day after today. Phones get it at their next contact.
///
/// # Errors
/// A [`Refused`] that says what is wrong with the value. Then nothing has changed.
pub fn enter(service: &Service, by: &Actor, number: &DatedNumber) -> Result<(), CouncilError> {
    let number = &DatedNumber { source: number.source.trim().to_owned(), ..number.clone() };
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
