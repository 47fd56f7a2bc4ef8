//! The system's clock. The app and the command line read a clock here and nowhere else.

use std::fs;
use std::sync::OnceLock;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use chrono::{DateTime, Offset, TimeZone};

use crate::{Clock, Moment};

/// The clock of this machine. Its zone is always Europe/London.
#[derive(Debug, Default, Clone, Copy)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the one place that may ask")]
    fn now(&self) -> Moment {
        let unix_ms = match SystemTime::now().duration_since(UNIX_EPOCH) {
            Ok(since) => i64::try_from(since.as_millis()).unwrap_or(i64::MAX),
            Err(before) => i64::try_from(before.duration().as_millis()).map_or(i64::MIN, |ms| -ms),
        };
        let (monotonic_ms, boot) = since_boot();
        Moment { unix_ms, utc_offset_minutes: london_offset_minutes(unix_ms), monotonic_ms, boot }
    }
}

/// The zone is always Europe/London, because visits are in England. The phone's own setting is not
/// used.
fn london_offset_minutes(unix_ms: i64) -> i16 {
    DateTime::from_timestamp_millis(unix_ms).map_or(0, |utc| {
        let offset = chrono_tz::Europe::London.offset_from_utc_datetime(&utc.naive_utc()).fix();
        i16::try_from(offset.local_minus_utc() / 60).unwrap_or(0)
    })
}

/// Milliseconds since the machine started, asleep or not, and a number for that start. On systems
/// that do not say both, it is milliseconds since this program started, and a number for that: the
/// two must never be of different starts, or what was recorded before would seem to come after.
fn since_boot() -> (u64, u64) {
    match (since_machine_started_ms(), machine_start()) {
        (Some(ran_ms), Some(boot)) => (ran_ms, boot),
        _ => since_program_started(),
    }
}

#[cfg(any(target_os = "linux", target_os = "android"))]
fn since_machine_started_ms() -> Option<u64> {
    let ran = rustix::time::clock_gettime(rustix::time::ClockId::Boottime);
    let (seconds, nanoseconds) = (u64::try_from(ran.tv_sec).ok()?, u64::try_from(ran.tv_nsec).ok()?);
    seconds.checked_mul(1_000)?.checked_add(nanoseconds / 1_000_000)
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
fn since_machine_started_ms() -> Option<u64> {
    None
}

/// A number that the system draws anew at each start.
fn machine_start() -> Option<u64> {
    static START: OnceLock<Option<u64>> = OnceLock::new();
    *START.get_or_init(|| {
        let id = fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
        let digits: String = id.chars().filter(char::is_ascii_hexdigit).take(15).collect();
        u64::from_str_radix(&digits, 16).ok()
    })
}

#[expect(clippy::disallowed_methods, reason = "this is the one place that may ask")]
fn since_program_started() -> (u64, u64) {
    static STARTED: OnceLock<(Instant, u64)> = OnceLock::new();
    let (started, own) = *STARTED.get_or_init(|| {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let since_1970 = u64::try_from(now.as_millis()).unwrap_or(0) & ((1 << 43) - 1);
        (Instant::now(), (since_1970 << 16) | (u64::from(std::process::id()) & 0xffff))
    });
    (u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX), own)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_machine_has_run_goes_on_and_its_start_stays_the_same() {
        let (first, second) = (SystemClock.now(), SystemClock.now());
        assert!(first.monotonic_ms <= second.monotonic_ms);
        assert_eq!(first.boot, second.boot);
        let ((ran, start), (ran_on, same)) = (since_program_started(), since_program_started());
        assert!(ran <= ran_on && start == same && start < 1 << 59);
        assert!(cfg!(not(target_os = "linux")) || first.monotonic_ms > ran, "a machine starts before its programs");
    }
}
