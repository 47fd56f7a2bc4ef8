//! The PIN, which keeps other people out of an unlocked phone. It is half of the key of what can be
//! read. After wrong tries the visitor has to wait. A wrong PIN never erases anything.

use argon2::password_hash::phc::PasswordHash;
use argon2::{Algorithm, Argon2, Params, PasswordVerifier, Version};
use chacha20poly1305::aead::Aead;
use chacha20poly1305::{KeyInit, XChaCha20Poly1305};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::environment::Moment;
use crate::keys::Secret;

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

/// What argon2id costs: 19 MiB of memory and two passes, as OWASP's cheat sheet on storing
/// passwords has it.
const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;

/// Checks that something can be a PIN, and is not too easy to guess.
fn check(pin: &str) -> Result<(), PinRefused> {
    let digits: Vec<u32> = pin.chars().filter_map(|c| c.to_digit(10)).collect();
    if digits.len() != pin.chars().count() || digits.len() < SHORTEST_PIN || digits.len() > LONGEST_PIN {
        return Err(PinRefused::NotAPin);
    }
    let steps: Vec<i64> =
        digits.windows(2).map(|pair| pair.iter().rev().fold(0, |acc, d| i64::from(*d) - acc)).collect();
    let is_run = steps.windows(2).all(|pair| pair.first() == pair.last());
    if is_run && steps.first().is_some_and(|step| step.abs() <= 1) { Err(PinRefused::TooEasy) } else { Ok(()) }
}

/// Wrong tries, and how long they make the visitor wait.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Tries {
    wrong: u32,
    /// The last wrong try: which start of the device, and milliseconds since that start.
    last: Option<(u64, u64)>,
}

impl Tries {
    fn one_more(self, now: Moment) -> Self {
        Self { wrong: self.wrong.saturating_add(1), last: Some((now.boot, now.monotonic_ms)) }
    }

    /// Seconds until the next try. The wait starts at 30 seconds and doubles with each wrong try.
    /// It counts how long the device has run, so changing its clock does not shorten it, and after
    /// a restart it begins anew.
    fn wait_left(self, now: Moment) -> u64 {
        let Some((boot, monotonic_ms)) = self.last else { return 0 };
        let Some(beyond) = self.wrong.checked_sub(FREE_TRIES) else { return 0 };
        let wait = (30_u64 << beyond.min(7)).min(LONGEST_WAIT);
        let from_ms = if boot == now.boot { monotonic_ms } else { 0 };
        wait.saturating_sub(now.monotonic_ms.saturating_sub(from_ms) / 1000)
    }
}

/// The key of the database, sealed by the PIN. It is in the device's key store, so whoever wants to
/// open the database needs both.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct PinLock {
    salt: [u8; 16],
    nonce: [u8; 24],
    sealed: Vec<u8>,
    memory_kib: u32,
    passes: u32,
    tries: Tries,
}

impl PinLock {
    /// Seals a key by a new PIN. `random` is a salt and a nonce that are used once.
    pub(crate) fn new(pin: &str, key: &Secret, random: &[u8; 40]) -> Result<Self, PinRefused> {
        check(pin)?;
        let (salt, nonce) = random.split_at(16);
        let mut lock = Self {
            salt: salt.try_into().map_err(|_| PinRefused::NotAPin)?,
            nonce: nonce.try_into().map_err(|_| PinRefused::NotAPin)?,
            sealed: Vec::new(),
            memory_kib: MEMORY_KIB,
            passes: PASSES,
            tries: Tries::default(),
        };
        let cipher = lock.cipher(pin).ok_or(PinRefused::NotAPin)?;
        lock.sealed = cipher.encrypt(&lock.nonce.into(), key.expose()).map_err(|_| PinRefused::NotAPin)?;
        Ok(lock)
    }

    /// Seconds until the next try.
    pub(crate) fn wait_left(&self, now: Moment) -> u64 {
        self.tries.wait_left(now)
    }

    /// This lock with one more wrong try: it is kept before a PIN is tried, so that nobody wins a
    /// try by ending the app.
    pub(crate) fn with_one_more_try(&self, now: Moment) -> Self {
        Self { tries: self.tries.one_more(now), ..self.clone() }
    }

    /// This lock after the right PIN.
    pub(crate) fn without_tries(&self) -> Self {
        Self { tries: Tries::default(), ..self.clone() }
    }

    /// The key, if this is the PIN.
    pub(crate) fn open(&self, pin: &str) -> Option<Secret> {
        let plain = self.cipher(pin)?.decrypt(&self.nonce.into(), self.sealed.as_slice()).ok()?;
        Some(Secret::new(&Zeroizing::new(plain)))
    }

    fn cipher(&self, pin: &str) -> Option<XChaCha20Poly1305> {
        let mut key = Zeroizing::new([0; 32]);
        let cost = Params::new(self.memory_kib, self.passes, 1, Some(key.len())).ok()?;
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, cost);
        argon2.hash_password_into(pin.as_bytes(), &self.salt, key.as_mut_slice()).ok()?;
        XChaCha20Poly1305::new_from_slice(key.as_slice()).ok()
    }

    pub(crate) fn to_secret(&self) -> Secret {
        // This can't fail: it is plain data, written to memory.
        Secret::new(&Zeroizing::new(serde_json::to_vec(self).unwrap_or_default()))
    }

    pub(crate) fn from_secret(secret: &Secret) -> Option<Self> {
        serde_json::from_slice(secret.expose()).ok()
    }
}

/// What an earlier app stored about a PIN: a hash in the database, and the wrong tries. At the
/// first right PIN a [`PinLock`] takes its place.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct StoredPin {
    hash: String,
    wrong_tries: u32,
    /// The last wrong try: which start of the device, milliseconds since that start, and the
    /// device's clock in milliseconds since 1970.
    last_wrong: Option<(u64, u64, i64)>,
}

impl StoredPin {
    /// Tries a PIN, and counts the try.
    pub(crate) fn try_pin(&mut self, pin: &str, now: Moment) -> Result<(), PinRefused> {
        let last = self.last_wrong.map(|(boot, monotonic_ms, _)| (boot, monotonic_ms));
        let tries = Tries { wrong: self.wrong_tries, last };
        let seconds = tries.wait_left(now);
        if seconds > 0 {
            return Err(PinRefused::Wait { seconds });
        }
        let right = PasswordHash::new(&self.hash)
            .is_ok_and(|hash| Argon2::default().verify_password(pin.as_bytes(), &hash).is_ok());
        if right {
            return Ok(());
        }
        self.wrong_tries += 1;
        self.last_wrong = Some((now.boot, now.monotonic_ms, now.unix_ms));
        Err(PinRefused::Wrong)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(boot: u64, seconds: u64) -> Moment {
        Moment { unix_ms: 0, utc_offset_minutes: 0, monotonic_ms: seconds * 1000, boot }
    }

    #[test]
    fn the_right_pin_gives_the_key_and_no_other_does() {
        let key = Secret::new(&[7; 32]);
        let lock = PinLock::new("493817", &key, &[1; 40]).unwrap();
        let kept = PinLock::from_secret(&lock.to_secret()).unwrap();
        assert_eq!(kept.open("493817"), Some(key));
        assert_eq!(kept.open("493818"), None);
        let text = String::from_utf8(lock.to_secret().expose().to_vec()).unwrap();
        assert!(!text.contains("493817"));
    }

    #[test]
    fn wrong_tries_cost_time_that_neither_a_clock_nor_a_restart_shortens() {
        let mut tries = Tries::default();
        for _ in 0..5 {
            assert_eq!(tries.wait_left(at(1, 0)), 0);
            tries = tries.one_more(at(1, 0));
        }
        assert_eq!(tries.wait_left(at(1, 1)), 29);
        assert_eq!(tries.wait_left(at(1, 30)), 0);
        assert_eq!(tries.wait_left(Moment { unix_ms: i64::MAX, ..at(1, 1) }), 29, "the clock was set forward");
        assert_eq!(tries.wait_left(at(2, 10)), 20, "the phone was started again");
        assert_eq!(tries.one_more(at(1, 30)).wait_left(at(1, 31)), 59);
    }

    #[test]
    fn runs_repeats_and_words_are_no_pin() {
        for easy in ["111111", "123456", "987654"] {
            assert_eq!(check(easy), Err(PinRefused::TooEasy), "{easy}");
        }
        for none in ["", "12345", "abcdef", "1234567890123", "12345٦"] {
            assert_eq!(check(none), Err(PinRefused::NotAPin), "{none}");
        }
    }

    #[test]
    fn a_pin_that_an_earlier_app_stored_still_opens() {
        use argon2::PasswordHasher;
        let hash = Argon2::default().hash_password_with_salt(b"493817", &[1; 16]).unwrap().to_string();
        let mut stored = StoredPin { hash, wrong_tries: 0, last_wrong: None };
        assert_eq!(stored.try_pin("000000", at(1, 0)), Err(PinRefused::Wrong));
        assert_eq!(stored.try_pin("493817", at(1, 0)), Ok(()));
    }
}
