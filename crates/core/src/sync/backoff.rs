//! When to try again after a failure. Waits grow exponentially and are random from 0 up (full
//! jitter), so that 500 phones do not all try at the same moment at 17:00.

use std::time::Duration;

/// The first wait's upper bound, in milliseconds.
const FIRST_MS: u64 = 2_000;
/// The longest wait, in milliseconds: a quarter of an hour.
const LONGEST_MS: u64 = 15 * 60 * 1_000;

/// Counts how often sending has failed in a row.
#[derive(Debug, Clone, Copy, Default)]
pub struct Backoff {
    failures: u32,
}

impl Backoff {
    /// Sending worked, so the count starts again.
    pub fn succeeded(&mut self) {
        self.failures = 0;
    }

    /// Sending failed. Gives how long to wait: a random time on top of `at_least`, which is what
    /// the council asked for.
    pub fn failed(&mut self, random: u64, at_least: Duration) -> Duration {
        let most = FIRST_MS.saturating_mul(1_u64.checked_shl(self.failures).unwrap_or(u64::MAX)).min(LONGEST_MS);
        self.failures = self.failures.saturating_add(1);
        Duration::from_millis(random % (most + 1)) + at_least
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_to_a_quarter_of_an_hour_and_no_further_and_start_again_after_a_success() {
        let mut backoff = Backoff::default();
        let longest: Vec<u64> = (0..200)
            .map(|_| {
                let mut sample = backoff;
                let most = (0..64).map(|random| sample.clone().failed(random * 14_063, Duration::ZERO)).max().unwrap();
                sample.failed(0, Duration::ZERO);
                backoff = sample;
                most.as_secs()
            })
            .collect();
        assert!(longest[0] <= 2 && longest[5] > 30 && longest.iter().all(|seconds| *seconds <= 900), "{longest:?}");
        backoff.succeeded();
        assert!(backoff.failed(u64::MAX, Duration::ZERO) <= Duration::from_secs(2));
        assert!(backoff.failed(0, Duration::from_secs(30)) >= Duration::from_secs(30), "Retry-After is honoured");
    }
}
