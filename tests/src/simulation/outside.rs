//! What the simulation gives the programs in place of the real world: a virtual clock, random
//! numbers from a seed, a disk that can fail.

use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicI16, AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use doorstep_core::{Clock, Disk, DiskFault, Moment};

/// Random numbers from a seed (`SplitMix64`).
#[derive(Debug)]
pub(crate) struct Chance(AtomicU64);

impl Chance {
    pub(crate) fn new(seed: u64) -> Self {
        Self(AtomicU64::new(seed))
    }

    pub(crate) fn number(&self) -> u64 {
        let mut z = self.0.fetch_add(0x9E37_79B9_7F4A_7C15, Ordering::SeqCst).wrapping_add(0x9E37_79B9_7F4A_7C15);
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A number below the bound; 0 if the bound is 0.
    pub(crate) fn below(&self, bound: usize) -> usize {
        usize::try_from(self.number() % u64::try_from(bound.max(1)).unwrap_or(1)).unwrap_or(0)
    }

    /// Returns true for this many of a hundred calls, on average.
    pub(crate) fn percent(&self, percent: usize) -> bool {
        self.below(100) < percent
    }

    pub(crate) fn fill(&self, bytes: &mut [u8]) {
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

/// The true time, and how far one device's clock is from it.
#[derive(Debug)]
pub(super) struct VirtualClock {
    truth: Arc<AtomicI64>,
    /// How far the device's clock was ahead of the true time when it was set, in milliseconds;
    /// negative if behind.
    wrong_by: AtomicI64,
    /// When it was set, in true milliseconds since 1970.
    set_at: AtomicI64,
    /// How much too fast it runs, in millionths; negative if it is slow. The clock that counts
    /// since its start runs as wrong.
    drift: i64,
    /// The device's zone, in minutes east of UTC.
    zone: AtomicI16,
    /// When the device last started, in true milliseconds since 1970.
    started: AtomicI64,
    /// How many times it has started.
    boot: AtomicU64,
}

impl VirtualClock {
    pub(super) fn new(truth: Arc<AtomicI64>, drift: i64) -> Self {
        let now = truth.load(Ordering::SeqCst);
        Self {
            truth,
            wrong_by: AtomicI64::new(0),
            set_at: AtomicI64::new(now),
            drift,
            zone: AtomicI16::new(0),
            started: AtomicI64::new(now),
            boot: AtomicU64::new(1),
        }
    }

    /// Sets the device's clock.
    pub(super) fn set(&self, wrong_by_ms: i64) {
        self.wrong_by.store(wrong_by_ms, Ordering::SeqCst);
        self.set_at.store(self.truth.load(Ordering::SeqCst), Ordering::SeqCst);
    }

    /// Takes the device to another zone, so many minutes east of UTC.
    pub(super) fn travel(&self, minutes: i16) {
        self.zone.store(minutes, Ordering::SeqCst);
    }

    /// The device starts.
    pub(super) fn start(&self) {
        self.started.store(self.truth.load(Ordering::SeqCst), Ordering::SeqCst);
        self.boot.fetch_add(1, Ordering::SeqCst);
    }

    /// How much the device's clocks gain or lose in a true time, in milliseconds.
    fn gained(&self, span_ms: i64) -> i64 {
        let gained = i128::from(span_ms) * i128::from(self.drift) / 1_000_000;
        i64::try_from(gained).unwrap_or(0)
    }
}

impl Clock for VirtualClock {
    fn now(&self) -> Moment {
        let truth = self.truth.load(Ordering::SeqCst);
        let since_set = truth - self.set_at.load(Ordering::SeqCst);
        let since_start = truth - self.started.load(Ordering::SeqCst);
        Moment {
            unix_ms: truth + self.wrong_by.load(Ordering::SeqCst) + self.gained(since_set),
            utc_offset_minutes: self.zone.load(Ordering::SeqCst),
            monotonic_ms: u64::try_from(since_start + self.gained(since_start)).unwrap_or(0),
            boot: self.boot.load(Ordering::SeqCst),
        }
    }
}

impl doorstep_council::TimeSource for VirtualClock {
    fn now_ms(&self) -> i64 {
        Clock::now(self).unix_ms
    }
}

/// How many bytes one write takes, about: a few pages.
const A_WRITE: u64 = 16 * 1024;

/// A disk on which one write can be made to fail, and which can be full.
#[derive(Debug, Default)]
pub struct FaultyDisk {
    writes_left: Mutex<Option<u64>>,
    /// Whether the next change of the journal fails.
    journal_fails: AtomicBool,
    /// How many bytes are left, if that matters.
    room: Mutex<Option<u64>>,
    /// Whether somebody else takes the room that is made.
    is_contested: AtomicBool,
}

impl FaultyDisk {
    /// Lets this many writes go through, and makes the next one fail.
    pub fn fail_after(&self, writes: u64) {
        *self.lock() = Some(writes);
    }

    /// Fills the disk: nothing can be written until room is made.
    pub fn fill(&self) {
        *self.room() = Some(0);
    }

    /// As [`Self::fill_beyond_the_reserve`], but for this many bytes.
    pub fn leave(&self, bytes: u64) {
        self.fill_beyond_the_reserve();
        *self.room() = Some(bytes);
    }

    /// As [`Self::fill`], and takes the room that the phone gives up, too.
    pub fn fill_beyond_the_reserve(&self) {
        self.fill();
        self.is_contested.store(true, Ordering::SeqCst);
    }

    /// Whether the disk was filled and not emptied since.
    pub fn is_filled(&self) -> bool {
        self.room().is_some()
    }

    /// Makes more room on the disk than anybody needs.
    pub fn empty(&self) {
        *self.room() = None;
        self.is_contested.store(false, Ordering::SeqCst);
    }

    /// Makes the next change of the journal fail.
    pub fn fail_the_journal(&self) {
        self.journal_fails.store(true, Ordering::SeqCst);
    }

    /// Makes changes of the journal go through.
    pub fn mend_the_journal(&self) {
        self.journal_fails.store(false, Ordering::SeqCst);
    }

    /// Makes all writes go through. Returns true if a planned failure had not happened yet.
    pub fn mend(&self) -> bool {
        self.lock().take().is_some()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<u64>> {
        self.writes_left.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn room(&self) -> std::sync::MutexGuard<'_, Option<u64>> {
        self.room.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes the room of one write.
    fn takes(&self) -> Result<(), DiskFault> {
        let mut room = self.room();
        let Some(left) = *room else { return Ok(()) };
        *room = Some(left.checked_sub(A_WRITE).ok_or(DiskFault::Full)?);
        Ok(())
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
        self.takes()?;
        if self.works() { Ok(()) } else { Err(DiskFault::Failed) }
    }

    fn before_append(&self) -> Result<(), DiskFault> {
        self.takes()?;
        if self.journal_fails.swap(false, Ordering::SeqCst) { Err(DiskFault::Failed) } else { Ok(()) }
    }

    fn free(&self, _folder: &Path) -> Option<u64> {
        *self.room()
    }

    fn room_was_made(&self, bytes: u64) {
        let is_contested = self.is_contested.load(Ordering::SeqCst);
        if let Some(left) = &mut *self.room()
            && !is_contested
        {
            *left += bytes;
        }
    }
}

impl doorstep_council::Disk for FaultyDisk {
    fn takes_the_next_commit(&self) -> bool {
        self.works()
    }
}
