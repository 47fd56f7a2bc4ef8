//! The clock and the calendar in England, where every home of every council is.
//!
//! A time comes from a phone or from a table, so it may be any time that can be written down, even
//! one in the year -262143. Nothing here panics on such a time. If a result is outside what chrono
//! can hold, it is `None` or the nearest time that chrono can hold.

use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, Offset, TimeZone, Utc};
use chrono_tz::Europe::London;

/// The local time in England at a moment. Where the local time would be outside of what chrono
/// can hold, it is the time in UTC.
#[must_use]
pub fn wall_clock(at: DateTime<Utc>) -> NaiveDateTime {
    let utc = at.naive_utc();
    utc.checked_add_offset(London.offset_from_utc_datetime(&utc).fix()).unwrap_or(utc)
}

/// The day in England at a moment.
#[must_use]
pub fn day(at: DateTime<Utc>) -> NaiveDate {
    wall_clock(at).date()
}

/// The moment at which a day in England begins. The clocks there never change at midnight, so it is
/// one moment.
#[must_use]
pub fn start_of(day: NaiveDate) -> DateTime<Utc> {
    let midnight = day.and_time(NaiveTime::MIN);
    London.from_local_datetime(&midnight).earliest().map_or_else(|| midnight.and_utc(), |at| at.to_utc())
}

/// The moment at which a day in England ends, which is when the next day begins; `None` for the
/// last day that chrono can hold.
#[must_use]
pub fn end_of(day: NaiveDate) -> Option<DateTime<Utc>> {
    day.succ_opt().map(start_of)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_begins_at_midnight_in_england_and_has_23_or_25_hours_when_the_clocks_change() {
        for (day, begins, hours) in [
            ("2026-11-24", "2026-11-24T00:00:00Z", 24),
            ("2026-06-24", "2026-06-23T23:00:00Z", 24),
            ("2027-03-28", "2027-03-28T00:00:00Z", 23),
            ("2026-10-25", "2026-10-24T23:00:00Z", 25),
        ] {
            let date: NaiveDate = day.parse().unwrap();
            assert_eq!(start_of(date), begins.parse::<DateTime<Utc>>().unwrap(), "{day}");
            assert_eq!((end_of(date).unwrap() - start_of(date)).num_hours(), hours, "{day}");
            assert_eq!(super::day(start_of(date)), date, "{day}");
        }
    }

    #[test]
    fn the_ends_of_time_have_a_day_too() {
        for at in [DateTime::<Utc>::MIN_UTC, DateTime::<Utc>::MAX_UTC] {
            let day = day(at);
            let _ = (start_of(day), end_of(day));
        }
        assert_eq!(end_of(NaiveDate::MAX), None);
    }
}
