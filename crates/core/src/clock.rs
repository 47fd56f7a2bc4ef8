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

/// Milliseconds since the machine started, and a number for that start. On systems that do not say,
/// it is milliseconds since this program started, and the program's process id.
#[expect(clippy::disallowed_methods, reason = "this is the one place that may ask")]
fn since_boot() -> (u64, u64) {
    static BOOT: OnceLock<(Instant, u64)> = OnceLock::new();
    let (started, own) = *BOOT.get_or_init(|| {
        let id = fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
        let digits: String = id.chars().filter(char::is_ascii_hexdigit).take(15).collect();
        (Instant::now(), u64::from_str_radix(&digits, 16).unwrap_or_else(|_| u64::from(std::process::id())))
    });
    let uptime = fs::read_to_string("/proc/uptime").ok();
    let seconds =
        uptime.as_deref().and_then(|text| text.split_whitespace().next()).and_then(|text| text.parse::<f64>().ok());
    match seconds {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "an uptime is small and positive")]
        Some(seconds) => ((seconds * 1000.0) as u64, own),
        None => (u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX), own),
    }
}
