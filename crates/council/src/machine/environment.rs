//! What comes from outside the program: the clock, random numbers, and failures of the disk. Tests
//! replace it. No other part of the council's programs reads the clock.

use std::fmt;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

/// Where the time comes from.
pub trait TimeSource: Send + Sync {
    /// Milliseconds since 1970, UTC.
    fn now_ms(&self) -> i64;
}

/// Where random numbers come from.
pub trait Randomness: Send + Sync {
    /// Fills the bytes.
    fn fill(&self, bytes: &mut [u8]);
}

/// Lets a test make the disk fail. The database asks it before each commit.
pub trait Disk: Send + Sync {
    /// Whether the next commit reaches the disk.
    fn takes_the_next_commit(&self) -> bool;
}

/// The clock, the random numbers and the disk that a service uses.
#[derive(Clone)]
pub struct Environment {
    /// Where the time comes from.
    pub clock: Arc<dyn TimeSource>,
    /// Where random numbers come from.
    pub randomness: Arc<dyn Randomness>,
    /// Whether commits reach the disk.
    pub disk: Arc<dyn Disk>,
}

impl fmt::Debug for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Environment")
    }
}

impl Environment {
    /// The real clock, random numbers and disk of this machine.
    #[must_use]
    pub fn real() -> Self {
        Self { clock: Arc::new(SystemClock), randomness: Arc::new(OsRandomness), disk: Arc::new(RealDisk) }
    }

    pub(crate) fn random<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.randomness.fill(&mut bytes);
        bytes
    }

    /// The time for a new id, in milliseconds since 1970, UTC. It is 0 before 1970.
    pub(crate) fn unix_ms(&self) -> u64 {
        u64::try_from(self.clock.now_ms()).unwrap_or(0)
    }
}

/// The clock of this machine. It gives 0 for a time before 1970.
#[derive(Debug, Default, Clone, Copy)]
pub struct SystemClock;

impl TimeSource for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the one place that may ask")]
    fn now_ms(&self) -> i64 {
        SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .map_or(0, |since| i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
    }
}

/// The operating system's random numbers.
#[derive(Debug, Default, Clone, Copy)]
pub struct OsRandomness;

impl Randomness for OsRandomness {
    #[expect(
        clippy::expect_used,
        reason = "a key must never be made when the system has no randomness, so the program stops"
    )]
    fn fill(&self, bytes: &mut [u8]) {
        getrandom::fill(bytes).expect("the operating system gives random numbers");
    }
}

/// A disk that works.
#[derive(Debug, Default, Clone, Copy)]
pub struct RealDisk;

impl Disk for RealDisk {
    fn takes_the_next_commit(&self) -> bool {
        true
    }
}
