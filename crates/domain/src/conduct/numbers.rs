//! The numbers behind the rules, such as hours of notice. They are data, not code: each value has a
//! first day and a source. Doorstep ships with the numbers of the law, the Code and good practice.
//! The council can enter its own values, each from a given day on. Phones get the ones that they
//! need.

use std::sync::LazyLock;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::hash::Hash;

/// What a number counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum NumberUnit {
    /// Clock minutes, weekends included.
    Minutes,
    /// Clock hours, weekends included.
    Hours,
    /// Calendar days.
    Days,
    /// Days that are not a Saturday, a Sunday or a bank holiday in England.
    WorkingDays,
    /// Calendar years: an age, or how long things are kept.
    Years,
    /// Attempts without access.
    Attempts,
}

/// The value of a number, from a day on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, schemars::JsonSchema)]
pub struct DatedNumber {
    /// The number's stable name.
    pub name: String,
    /// Its value, in the unit of the number.
    pub value: u32,
    /// The first day on which it applies, in Europe/London.
    pub from: NaiveDate,
    /// Where it comes from: a law, a clause, a decision of the council.
    pub source: String,
}

/// One of the numbers: its name, what it counts, and the values that Doorstep ships with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NumberKind {
    /// Its stable name.
    pub name: String,
    /// What it counts.
    pub unit: NumberUnit,
    /// The lowest value that the council can enter.
    pub least: u32,
    /// The highest value that the council can enter.
    pub most: u32,
    /// The values that Doorstep ships with; empty where only the council can decide.
    pub shipped: Vec<DatedNumber>,
}

/// The council's own numbers. They replace those that Doorstep ships with.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CouncilNumbers(Vec<DatedNumber>);

/// A value that is not allowed: it is too small, too large, or contradicts another value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadNumber {
    /// The value is too small or too large.
    #[error("{name} must be from {least} to {most}")]
    OutOfRange {
        /// The number's stable name.
        name: String,
        /// The lowest value that is allowed.
        least: u32,
        /// The highest value that is allowed.
        most: u32,
    },
    /// Good notice would be shorter than the notice that a tenant must have. Clause 3.1.
    #[error("good notice can't be shorter than the notice that a tenant must have")]
    GoodNoticeTooShort,
}

/// A row of a file of numbers.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Kind {
    name: String,
    unit: NumberUnit,
    least: u32,
    most: u32,
    held: Vec<Held>,
}

/// A value in such a row.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Held {
    value: u32,
    from: NaiveDate,
    source: String,
}

impl Held {
    pub(super) fn of(self, name: &str) -> DatedNumber {
        DatedNumber { name: name.to_owned(), value: self.value, from: self.from, source: self.source }
    }
}

/// Reads a table of numbers from JSON in the form of `numbers.json`, which is beside this file.
///
/// # Errors
/// The JSON is not in that form.
pub fn read(json: &str) -> Result<Vec<NumberKind>, serde_json::Error> {
    let kinds: Vec<Kind> = serde_json::from_str(json)?;
    let kind = |Kind { name, unit, least, most, held }: Kind| {
        let shipped = held.into_iter().map(|held| held.of(&name)).collect();
        NumberKind { name, unit, least, most, shipped }
    };
    Ok(kinds.into_iter().map(kind).collect())
}

#[expect(clippy::expect_used, reason = "the table is compiled in, and a test reads it")]
static SHIPPED: LazyLock<Vec<NumberKind>> =
    LazyLock::new(|| read(include_str!("numbers.json")).expect("numbers.json can be read"));

impl NumberKind {
    /// The numbers that phones use, which are the fields of [`Numbers`].
    #[must_use]
    pub fn of_the_door() -> &'static [Self] {
        &SHIPPED
    }

    /// The value that applies on a day: the newest one that has begun by then. The council's own
    /// value wins over a shipped one from the same day. Before every first day it is the earliest
    /// shipped value; `None` where Doorstep ships none.
    #[must_use]
    pub fn on<'a>(&'a self, day: NaiveDate, own: &'a CouncilNumbers) -> Option<&'a DatedNumber> {
        let own = own.0.iter().filter(|number| number.name == self.name);
        let begun = self.shipped.iter().chain(own).filter(|number| number.from <= day);
        begun.max_by_key(|number| number.from).or_else(|| self.shipped.iter().min_by_key(|number| number.from))
    }

    /// Checks that a value is in the range of this number.
    ///
    /// # Errors
    /// [`BadNumber::OutOfRange`].
    pub fn check(&self, value: u32) -> Result<(), BadNumber> {
        if (self.least..=self.most).contains(&value) {
            return Ok(());
        }
        Err(BadNumber::OutOfRange { name: self.name.clone(), least: self.least, most: self.most })
    }
}

impl CouncilNumbers {
    /// Makes a table. Its rows are sorted by name and first day.
    #[must_use]
    pub fn new(mut rows: Vec<DatedNumber>) -> Self {
        rows.sort_by(|a, b| (&a.name, a.from).cmp(&(&b.name, b.from)));
        Self(rows)
    }

    /// The rows, sorted by name and first day.
    #[must_use]
    pub fn rows(&self) -> &[DatedNumber] {
        &self.0
    }

    /// The rows that phones need.
    #[must_use]
    pub fn for_the_door(&self) -> Self {
        let at_the_door = |number: &&DatedNumber| SHIPPED.iter().any(|kind| kind.name == number.name);
        Self(self.0.iter().filter(at_the_door).cloned().collect())
    }

    /// A hash of the table, in hexadecimal. A phone and the council compare it to know whether they
    /// hold the same table.
    #[must_use]
    pub fn hash(&self) -> String {
        let text = serde_json::to_vec(&self.0).unwrap_or_default();
        Hash::of("doorstep-numbers-v1", &[&text]).to_string()
    }

    /// Checks that the numbers do not contradict each other on any day on which one begins.
    ///
    /// # Errors
    /// [`BadNumber::GoodNoticeTooShort`].
    pub fn check(&self) -> Result<(), BadNumber> {
        let short = |number: &DatedNumber| {
            let numbers = Numbers::on(number.from, self);
            numbers.notice_good_hours < numbers.notice_minimum_hours
        };
        if self.0.iter().any(short) { Err(BadNumber::GoodNoticeTooShort) } else { Ok(()) }
    }
}

/// The numbers that phones use, as they are on one day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ts_rs::TS, schemars::JsonSchema)]
pub struct Numbers {
    /// Hours of notice that a tenant must have. Clause 3.1.
    pub notice_minimum_hours: u32,
    /// Hours of notice that a tenant should have. Clause 3.1.
    pub notice_good_hours: u32,
    /// Hours of notice in writing, without which an attempt does not count in court. Clause 3.1.
    pub notice_in_writing_hours: u32,
    /// Days before planned work starts on which the tenant must know of it. Clause 3.1.
    pub planned_work_days: u32,
    /// The age, in years, from which somebody is a suitable adult. Clause 3.1.
    pub adult_age: u32,
    /// Attempts without access after which the next letter goes out.
    pub attempts_before_letter: u32,
    /// The number of attempts from which on the visitor is asked whether something may be wrong.
    pub welfare_question_at_attempt: u32,
    /// Minutes that something urgent can wait to be sent, before the visitor is asked to phone it
    /// in.
    pub phone_it_in_minutes: u32,
    /// Days for which a visitor sees their own past visits.
    pub own_visits_days: u32,
    /// Hours without contact with the council after which a phone shows no tenants.
    pub offline_hours: u32,
    /// Minutes past the expected end after which the visitor is reminded to say that they are safe.
    /// Clause 6.1.
    pub safe_reminder_minutes: u32,
    /// Minutes without a touch after which a phone locks by itself.
    pub lock_minutes: u32,
}

impl Numbers {
    /// The numbers that Doorstep ships with, as they are on a day.
    #[must_use]
    pub fn shipped(day: NaiveDate) -> Self {
        Self::on(day, &CouncilNumbers::default())
    }

    /// The numbers as they are on a day, the council's own included.
    #[must_use]
    pub fn on(day: NaiveDate, own: &CouncilNumbers) -> Self {
        let value = |name: &str| {
            let kind = SHIPPED.iter().find(|kind| kind.name == name);
            kind.and_then(|kind| kind.on(day, own)).map_or(0, |number| number.value)
        };
        Self {
            notice_minimum_hours: value("notice_minimum_hours"),
            notice_good_hours: value("notice_good_hours"),
            notice_in_writing_hours: value("notice_in_writing_hours"),
            planned_work_days: value("planned_work_days"),
            adult_age: value("adult_age"),
            attempts_before_letter: value("attempts_before_letter"),
            welfare_question_at_attempt: value("welfare_question_at_attempt"),
            phone_it_in_minutes: value("phone_it_in_minutes"),
            own_visits_days: value("own_visits_days"),
            offline_hours: value("offline_hours"),
            safe_reminder_minutes: value("safe_reminder_minutes"),
            lock_minutes: value("lock_minutes"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn own(name: &str, value: u32, from: &str) -> DatedNumber {
        DatedNumber { name: name.into(), value, from: from.parse().unwrap(), source: "Cabinet, minute 12".into() }
    }

    #[test]
    fn every_number_is_there_and_says_where_it_comes_from() {
        let table = NumberKind::of_the_door();
        for kind in table {
            assert!(!kind.shipped.is_empty(), "{}", kind.name);
            for number in &kind.shipped {
                assert!(kind.check(number.value).is_ok() && !number.source.is_empty(), "{}", kind.name);
            }
        }
        for day in ["2020-01-01", "2025-06-02", "2099-01-01"] {
            let text = serde_json::to_value(Numbers::shipped(day.parse().unwrap())).unwrap();
            let all = text.as_object().unwrap();
            assert_eq!(all.len(), table.len(), "each row of the table is a number, and each number a row");
            assert!(all.values().all(|value| value.as_u64().unwrap() > 0), "{text}");
        }
    }

    #[test]
    fn what_the_council_enters_holds_from_its_day_on_and_not_before() {
        let table = CouncilNumbers::new(vec![own("phone_it_in_minutes", 30, "2026-12-01")]);
        let minutes = |day: &str| Numbers::on(day.parse().unwrap(), &table).phone_it_in_minutes;
        assert_eq!((minutes("2026-11-30"), minutes("2026-12-01"), minutes("2027-12-01")), (15, 30, 30));
    }

    #[test]
    fn a_table_is_known_by_what_is_in_it_and_not_by_its_order() {
        let (a, b) = (own("adult_age", 18, "2026-12-01"), own("keep_visits", 7, "2026-12-01"));
        let one = CouncilNumbers::new(vec![a.clone(), b.clone()]);
        assert_eq!(one.hash(), CouncilNumbers::new(vec![b, a.clone()]).hash());
        assert_ne!(one.hash(), CouncilNumbers::default().hash());
        assert_eq!(one.for_the_door().rows(), [a], "phones erase nothing by the council's years");
    }

    #[test]
    fn a_slip_of_the_finger_is_refused() {
        let age = NumberKind::of_the_door().iter().find(|kind| kind.name == "adult_age").unwrap();
        assert_eq!(age.check(8).unwrap_err().to_string(), "adult_age must be from 16 to 25");
        let table = CouncilNumbers::new(vec![own("notice_minimum_hours", 72, "2026-12-01")]);
        assert_eq!(table.check(), Err(BadNumber::GoodNoticeTooShort));
    }
}
