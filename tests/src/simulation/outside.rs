//! What comes in from outside: a virtual clock, seeded chance, a disk that can fail.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use doorstep_core::{Clock, Disk, DiskFault, Moment};

/// Chance, by a seed: `SplitMix64`, which needs nothing but a number.
#[derive(Debug)]
pub(super) struct Chance(AtomicU64);

impl Chance {
    pub(super) fn new(seed: u64) -> Self {
        Self(AtomicU64::new(seed))
    }

    pub(super) fn number(&self) -> u64 {
        let mut z = self.0.fetch_add(0x9E37_79B9_7F4A_7C15, Ordering::SeqCst).wrapping_add(0x9E37_79B9_7F4A_7C15);
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A number below a bound.
    pub(super) fn below(&self, bound: usize) -> usize {
        usize::try_from(self.number() % u64::try_from(bound.max(1)).unwrap_or(1)).unwrap_or(0)
    }

    /// True in so many of a hundred.
    pub(super) fn percent(&self, percent: usize) -> bool {
        self.below(100) < percent
    }

    pub(super) fn fill(&self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(8) {
            let number = self.number().to_be_bytes();
            chunk.iter_mut().zip(number).for_each(|(byte, random)| *byte = random);
        }
    }
}

impl doorstep_core::Randomness for Chance {
    fn fill(&self, bytes: &mut [u8]) {
        self.fill(bytes);
    }
}

impl doorstep_council::Randomness for Chance {
    fn fill(&self, bytes: &mut [u8]) {
        self.fill(bytes);
    }
}

/// The true time, and what one device's clock makes of it.
#[derive(Debug)]
pub(super) struct VirtualClock {
    truth: Arc<AtomicI64>,
    /// How wrong the device's clock is, in milliseconds.
    pub(super) wrong_by: AtomicI64,
    /// When the device last started, in true milliseconds, and which start it was.
    pub(super) started: AtomicI64,
    pub(super) boot: AtomicU64,
}

impl VirtualClock {
    pub(super) fn new(truth: Arc<AtomicI64>) -> Self {
        let started = AtomicI64::new(truth.load(Ordering::SeqCst));
        Self { truth, wrong_by: AtomicI64::new(0), started, boot: AtomicU64::new(1) }
    }
}

impl Clock for VirtualClock {
    fn now(&self) -> Moment {
        let truth = self.truth.load(Ordering::SeqCst);
        Moment {
            unix_ms: truth + self.wrong_by.load(Ordering::SeqCst),
            utc_offset_minutes: 0,
            monotonic_ms: u64::try_from(truth - self.started.load(Ordering::SeqCst)).unwrap_or(0),
            boot: self.boot.load(Ordering::SeqCst),
        }
    }
}

impl doorstep_council::TimeSource for VirtualClock {
    fn now_ms(&self) -> i64 {
        self.truth.load(Ordering::SeqCst)
    }
}

/// A disk on which the n-th write from now fails, once.
#[derive(Debug, Default)]
pub struct FaultyDisk {
    writes_left: Mutex<Option<u64>>,
}

impl FaultyDisk {
    /// Arms the disk: so many writes go through, and then one does not.
    pub fn fail_after(&self, writes: u64) {
        *self.lock() = Some(writes);
    }

    /// Disarms the disk; `true` when it had not failed yet.
    pub fn mend(&self) -> bool {
        self.lock().take().is_some()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<u64>> {
        self.writes_left.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn works(&self) -> bool {
        let mut left = self.lock();
        match *left {
            None => true,
            Some(0) => {
                *left = None;
                false
            }
            Some(more) => {
                *left = Some(more - 1);
                true
            }
        }
    }
}

impl Disk for FaultyDisk {
    fn before_write(&self) -> Result<(), DiskFault> {
        if self.works() { Ok(()) } else { Err(DiskFault) }
    }
}

impl doorstep_council::Disk for FaultyDisk {
    fn takes_the_next_commit(&self) -> bool {
        self.works()
    }
}
