//! Times of day in Europe/London. When the clocks change, a time may not exist or may come twice.
//! That is an error: the time is not guessed.

use chrono::{DateTime, LocalResult, NaiveDate, NaiveDateTime, SecondsFormat, TimeZone, Utc};
use chrono_tz::Europe::London;
use doorstep_domain::england;

/// How far the clocks of several processes of one council may be apart, in milliseconds. What is
/// further in the future was written while a clock was wrong.
pub(crate) const CLOCKS_APART_MS: i64 = 60_000;

/// Why a text can't be read as a date and time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum BadTime {
    #[error("is not a date and time such as 2026-11-24T09:30")]
    NotATime,
    #[error("does not exist: the clocks go forward that night")]
    DoesNotExist,
    #[error("comes twice: the clocks go back that night. Write the offset, as in 2026-10-25T01:30+01:00")]
    ComesTwice,
}

/// Reads a date and time. Without an offset, it is local time in England.
pub(crate) fn read(text: &str) -> Result<DateTime<Utc>, BadTime> {
    let text = text.trim();
    for with_offset in ["%Y-%m-%dT%H:%M%:z", "%Y-%m-%dT%H:%M:%S%:z"] {
        if let Ok(moment) = DateTime::parse_from_str(text, with_offset) {
            return Ok(moment.to_utc());
        }
    }
    let on_the_wall = ["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M"]
        .iter()
        .find_map(|format| NaiveDateTime::parse_from_str(text, format).ok())
        .ok_or(BadTime::NotATime)?;
    match London.from_local_datetime(&on_the_wall) {
        LocalResult::Single(moment) => Ok(moment.to_utc()),
        LocalResult::None => Err(BadTime::DoesNotExist),
        LocalResult::Ambiguous(..) => Err(BadTime::ComesTwice),
    }
}

/// The moment for milliseconds since 1970, UTC. It is 1970 where the number is out of range.
pub(crate) fn from_ms(unix_ms: i64) -> DateTime<Utc> {
    DateTime::from_timestamp_millis(unix_ms).unwrap_or(DateTime::UNIX_EPOCH)
}

/// The day in England.
pub(crate) fn day(unix_ms: i64) -> NaiveDate {
    england::day(from_ms(unix_ms))
}

/// A moment as exports write it: RFC 3339, UTC, whole seconds.
pub(crate) fn written(moment: DateTime<Utc>) -> String {
    moment.to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// The start of the day in England that a moment falls on, and the start of the next day.
pub(crate) fn day_of(unix_ms: i64) -> (i64, i64) {
    let day = day(unix_ms);
    let ends = england::end_of(day).unwrap_or(DateTime::<Utc>::MAX_UTC);
    (england::start_of(day).timestamp_millis(), ends.timestamp_millis())
}

/// The end of the day in England that starts at `start_ms`, also for days of 23 or 25 hours.
pub(crate) fn end_of_day(start_ms: i64) -> i64 {
    const HALF_A_DAY_MS: i64 = 12 * 60 * 60 * 1000;
    day_of(start_ms.saturating_add(HALF_A_DAY_MS)).1
}

/// The first millisecond of a date such as `2026-11-24` in England.
pub(crate) fn start_of(date: &str) -> Option<i64> {
    let date = NaiveDate::parse_from_str(date.trim(), "%Y-%m-%d").ok()?;
    Some(england::start_of(date).timestamp_millis())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_on_the_wall_is_read_across_the_clock_changes() {
        assert_eq!(written(read("2026-11-24T09:30").unwrap()), "2026-11-24T09:30:00Z");
        assert_eq!(written(read("2026-06-24T09:30").unwrap()), "2026-06-24T08:30:00Z");
        assert_eq!(read("2027-03-28T01:30"), Err(BadTime::DoesNotExist));
        assert_eq!(read("2026-10-25T01:30"), Err(BadTime::ComesTwice));
        assert_eq!(written(read("2026-10-25T01:30+01:00").unwrap()), "2026-10-25T00:30:00Z");
        assert_eq!(written(read("2026-10-25T01:30+00:00").unwrap()), "2026-10-25T01:30:00Z");
        for not in ["", "tomorrow", "2026-13-01T10:00", "2026-02-30T10:00", "2026-11-24"] {
            assert_eq!(read(not), Err(BadTime::NotATime), "{not}");
        }
    }

    #[test]
    fn a_day_has_23_hours_when_the_clocks_go_forward() {
        let (from, to) = day_of(read("2027-03-28T12:00").unwrap().timestamp_millis());
        assert_eq!((to - from) / 3_600_000, 23);
    }

    #[test]
    fn no_number_of_milliseconds_stops_the_calendar() {
        for unix_ms in [i64::MIN, DateTime::<Utc>::MIN_UTC.timestamp_millis(), 0, i64::MAX] {
            let (from, to) = day_of(unix_ms);
            assert!(from <= to, "{unix_ms}");
            let _ = (day(unix_ms), end_of_day(unix_ms), written(from_ms(unix_ms)));
        }
    }
}
