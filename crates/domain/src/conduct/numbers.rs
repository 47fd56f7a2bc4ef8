//! The numbers behind the rules: dated data with their source, which the council owns. None of them stands in code.

use std::sync::LazyLock;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

/// One number, from a day on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DatedNumber {
    /// Its stable name.
    pub name: String,
    /// Its value.
    pub value: u32,
    /// What it counts: `hours`, `days`.
    pub unit: String,
    /// The first day on which it holds, in Europe/London.
    pub from: NaiveDate,
    /// Where it comes from.
    pub source: String,
}

/// The numbers that hold on one day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Numbers {
    /// Hours of notice that a tenant must have. Clause 3.1.
    pub notice_minimum_hours: u32,
    /// Hours of notice that a tenant should have. Clause 3.1.
    pub notice_good_hours: u32,
    /// Days before planned work starts on which the tenant must know of it. Clause 3.1.
    pub planned_work_days: u32,
    /// From this age somebody is a suitable adult, in years. Clause 3.1.
    pub adult_age: u32,
    /// Attempts without access after which the next letter goes out.
    pub attempts_before_letter: u32,
    /// From this attempt on, the visitor is asked whether something may be wrong.
    pub welfare_question_at_attempt: u32,
    /// Minutes after which something urgent that is still unsent is to be phoned in.
    pub phone_it_in_minutes: u32,
    /// Days for which a visitor sees their own past visits.
    pub own_visits_days: u32,
    /// Minutes past the expected end after which the visitor is reminded to say that they are safe. Clause 6.1.
    pub safe_reminder_minutes: u32,
}

static SHIPPED: LazyLock<Vec<DatedNumber>> = LazyLock::new(|| read(include_str!("numbers.json")).unwrap_or_default());

/// Reads a table of numbers: JSON, as `numbers.json` beside this file.
///
/// # Errors
/// What is wrong with it, in words.
pub fn read(json: &str) -> Result<Vec<DatedNumber>, serde_json::Error> {
    serde_json::from_str(json)
}

impl Numbers {
    /// The numbers that Doorstep ships with, as they hold on a day.
    #[must_use]
    pub fn shipped(day: NaiveDate) -> Self {
        let value = |name: &str| {
            let of_that_name = SHIPPED.iter().filter(|number| number.name == name);
            // Before the first day of all, the first value is the best that is known.
            of_that_name
                .clone()
                .filter(|number| number.from <= day)
                .max_by_key(|number| number.from)
                .or_else(|| of_that_name.clone().min_by_key(|number| number.from))
                .map_or(0, |number| number.value)
        };
        Self {
            notice_minimum_hours: value("notice_minimum_hours"),
            notice_good_hours: value("notice_good_hours"),
            planned_work_days: value("planned_work_days"),
            adult_age: value("adult_age"),
            attempts_before_letter: value("attempts_before_letter"),
            welfare_question_at_attempt: value("welfare_question_at_attempt"),
            phone_it_in_minutes: value("phone_it_in_minutes"),
            own_visits_days: value("own_visits_days"),
            safe_reminder_minutes: value("safe_reminder_minutes"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_is_there_and_says_where_it_comes_from() {
        let table = read(include_str!("numbers.json")).unwrap();
        assert!(table.iter().all(|number| number.value > 0 && !number.source.is_empty() && !number.unit.is_empty()));
        for day in ["2020-01-01", "2025-06-02", "2099-01-01"] {
            let text = serde_json::to_value(Numbers::shipped(day.parse().unwrap())).unwrap();
            let all = text.as_object().unwrap();
            assert_eq!(all.len(), table.len(), "each row of the table is a number, and each number a row");
            assert!(all.values().all(|value| value.as_u64().unwrap() > 0), "{text}");
        }
    }
}
