//! The PIN, which keeps other people out of an unlocked phone. After wrong tries the visitor has to
//! wait. A wrong PIN never erases anything.

use argon2::password_hash::phc::PasswordHash;
use argon2::{Argon2, PasswordHasher, PasswordVerifier};
use serde::{Deserialize, Serialize};

use crate::environment::Moment;

/// The fewest digits that a PIN can have.
pub const SHORTEST_PIN: usize = 6;

/// The most digits that a PIN can have.
pub const LONGEST_PIN: usize = 12;
/// Wrong tries before the visitor has to wait.
const FREE_TRIES: u32 = 5;
/// The longest wait, in seconds.
const LONGEST_WAIT: u64 = 3_600;

/// Why a PIN was not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PinRefused {
    /// It can't be a PIN.
    #[error("a PIN has {SHORTEST_PIN} to {LONGEST_PIN} digits")]
    NotAPin,
    /// It is too easy to guess: one digit repeated, or a run such as 123456.
    #[error("that PIN is too easy to guess. Choose one without a run or a repeated digit.")]
    TooEasy,
    /// It is not the PIN.
    #[error("that is not your PIN. Nothing is lost; try again.")]
    Wrong,
    /// Too many wrong tries.
    #[error(
        "too many wrong tries. Nothing is lost; wait {seconds} seconds, or ask the council for a new enrolment code."
    )]
    Wait {
        /// Seconds until the next try.
        seconds: u64,
    },
}

/// What the device stores about a PIN: a hash, and the wrong tries.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct StoredPin {
    hash: String,
    wrong_tries: u32,
    /// The last wrong try: which start of the device, milliseconds since that start, and the
    /// device's clock in milliseconds since 1970.
    last_wrong: Option<(u64, u64, i64)>,
}

impl StoredPin {
    /// Makes what to store for a new PIN.
    pub(crate) fn new(pin: &str, salt: &[u8; 16]) -> Result<Self, PinRefused> {
        let digits: Vec<u32> = pin.chars().filter_map(|c| c.to_digit(10)).collect();
        if digits.len() != pin.chars().count() || digits.len() < SHORTEST_PIN || digits.len() > LONGEST_PIN {
            return Err(PinRefused::NotAPin);
        }
        let steps: Vec<i64> =
            digits.windows(2).map(|pair| pair.iter().rev().fold(0, |acc, d| i64::from(*d) - acc)).collect();
        if steps.windows(2).all(|pair| pair.first() == pair.last()) && steps.first().is_some_and(|step| step.abs() <= 1)
        {
            return Err(PinRefused::TooEasy);
        }
        let hash = Argon2::default().hash_password_with_salt(pin.as_bytes(), salt).map_err(|_| PinRefused::NotAPin)?;
        Ok(Self { hash: hash.to_string(), wrong_tries: 0, last_wrong: None })
    }

    /// Tries a PIN, and counts the try.
    pub(crate) fn try_pin(&mut self, pin: &str, now: Moment) -> Result<(), PinRefused> {
        let seconds = self.wait_left(now);
        if seconds > 0 {
            return Err(PinRefused::Wait { seconds });
        }
        let right = PasswordHash::new(&self.hash)
            .is_ok_and(|hash| Argon2::default().verify_password(pin.as_bytes(), &hash).is_ok());
        if right {
            self.wrong_tries = 0;
            self.last_wrong = None;
            return Ok(());
        }
        self.wrong_tries += 1;
        self.last_wrong = Some((now.boot, now.monotonic_ms, now.unix_ms));
        Err(PinRefused::Wrong)
    }

    /// Seconds until the next try. The wait starts at 30 seconds and doubles with each wrong try.
    /// As long as the device is not restarted, changing the clock does not shorten it.
    fn wait_left(&self, now: Moment) -> u64 {
        let Some((boot, monotonic_ms, unix_ms)) = self.last_wrong else { return 0 };
        let Some(beyond) = self.wrong_tries.checked_sub(FREE_TRIES) else { return 0 };
        let wait = (30_u64 << beyond.min(7)).min(LONGEST_WAIT);
        let passed_ms = if boot == now.boot {
            now.monotonic_ms.saturating_sub(monotonic_ms)
        } else {
            u64::try_from(now.unix_ms.saturating_sub(unix_ms)).unwrap_or(0)
        };
        wait.saturating_sub(passed_ms / 1000)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Moment {
        Moment { unix_ms: 0, utc_offset_minutes: 0, monotonic_ms: seconds * 1000, boot: 1 }
    }

    #[test]
    fn the_right_pin_opens_and_wrong_ones_cost_time_but_nothing_else() {
        let mut pin = StoredPin::new("493817", &[1; 16]).unwrap();
        for _ in 0..5 {
            assert_eq!(pin.try_pin("000000", at(0)), Err(PinRefused::Wrong));
        }
        assert_eq!(pin.try_pin("493817", at(1)), Err(PinRefused::Wait { seconds: 29 }));
        assert_eq!(pin.try_pin("493817", at(30)), Ok(()));
        assert_eq!(pin.try_pin("000000", at(31)), Err(PinRefused::Wrong), "the count begins anew");
    }

    #[test]
    fn runs_repeats_and_words_are_no_pin() {
        for easy in ["111111", "123456", "987654"] {
            assert_eq!(StoredPin::new(easy, &[1; 16]).unwrap_err(), PinRefused::TooEasy, "{easy}");
        }
        for none in ["", "12345", "abcdef", "1234567890123", "12345٦"] {
            assert_eq!(StoredPin::new(none, &[1; 16]).unwrap_err(), PinRefused::NotAPin, "{none}");
        }
    }
}
