//! Working days in England: not Saturdays, Sundays or bank holidays. The bank holidays are in
//! `bank_holidays.json` beside this file, with their source and the years that they cover. For any
//! other year there is an error, not a guess.

use std::sync::LazyLock;

use chrono::{DateTime, Datelike, NaiveDate, Utc, Weekday};
use serde::Deserialize;

use crate::england;

/// The bank holidays of a year are not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the bank holidays of {0} are not known to this version of Doorstep: count the working days by hand")]
pub struct YearNotKnown(
    /// The year, which the list of bank holidays does not cover.
    pub i32,
);

#[derive(Deserialize)]
struct Published {
    from: i32,
    to: i32,
    days: Vec<NaiveDate>,
}

#[expect(clippy::expect_used, reason = "the table is compiled in, and a test reads it")]
static PUBLISHED: LazyLock<Published> =
    LazyLock::new(|| serde_json::from_str(include_str!("bank_holidays.json")).expect("bank_holidays.json can be read"));

/// Whether a day is a working day in England.
///
/// # Errors
/// [`YearNotKnown`].
pub fn is_working_day(day: NaiveDate) -> Result<bool, YearNotKnown> {
    if !(PUBLISHED.from..=PUBLISHED.to).contains(&day.year()) {
        return Err(YearNotKnown(day.year()));
    }
    let weekend = matches!(day.weekday(), Weekday::Sat | Weekday::Sun);
    Ok(!weekend && !PUBLISHED.days.contains(&day))
}

/// The moment at which a number of working days after another moment end, by the calendar in
/// England. The first day does not count, as in the Housing Ombudsman's Code: 5 working days from a
/// Friday end with the next Friday.
///
/// # Errors
/// [`YearNotKnown`].
pub fn end_of_working_day(after: DateTime<Utc>, days: u32) -> Result<DateTime<Utc>, YearNotKnown> {
    let mut day = england::day(after);
    let mut left = days;
    while left > 0 {
        day = day.succ_opt().ok_or(YearNotKnown(day.year()))?;
        if is_working_day(day)? {
            left -= 1;
        }
    }
    england::end_of(day).ok_or(YearNotKnown(day.year()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn weekends_easter_and_days_in_lieu_are_no_working_days() {
        for (from, days, by) in [
            // Said on a Friday: the Friday after.
            ("2026-11-20T15:00:00Z", 5, "2026-11-28T00:00:00Z"),
            // Said late on a Thursday in England, which is Thursday in UTC too.
            ("2026-11-26T23:59:00Z", 1, "2026-11-28T00:00:00Z"),
            // Over Easter 2027, with the clocks going forward on its Sunday.
            ("2027-03-25T09:00:00Z", 1, "2027-03-30T23:00:00Z"),
            // Boxing Day 2026 is a Saturday: the Monday is a holiday instead.
            ("2026-12-24T09:00:00Z", 1, "2026-12-30T00:00:00Z"),
            // Half past midnight in England is the day before in UTC.
            ("2026-06-01T23:30:00Z", 1, "2026-06-03T23:00:00Z"),
        ] {
            assert_eq!(end_of_working_day(at(from), days), Ok(at(by)), "{from}");
        }
    }

    #[test]
    fn a_year_that_is_not_published_yet_is_said_and_not_guessed() {
        assert_eq!(end_of_working_day(at("2028-12-28T09:00:00Z"), 5), Err(YearNotKnown(2029)));
        assert_eq!(is_working_day("2024-12-31".parse().unwrap()), Err(YearNotKnown(2024)));
        assert!(PUBLISHED.days.iter().all(|day| (PUBLISHED.from..=PUBLISHED.to).contains(&day.year())));
        for year in PUBLISHED.from..=PUBLISHED.to {
            assert_eq!(PUBLISHED.days.iter().filter(|day| day.year() == year).count(), 8, "{year}");
        }
    }
}
