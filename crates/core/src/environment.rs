//! Everything that the core gets from outside: the clock, random numbers, disk faults, keys, and
//! the connection to the council. Tests and the simulation put their own in.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use doorstep_domain::protocol::Council;

use crate::keys::KeyStore;

/// A moment as the device knows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    /// Milliseconds since 1970, UTC, as the device's clock says, right or wrong.
    pub unix_ms: i64,
    /// The zone: minutes east of UTC.
    pub utc_offset_minutes: i16,
    /// Milliseconds since the device started; never goes back within one start.
    pub monotonic_ms: u64,
    /// A number for the start of the device that `monotonic_ms` counts from.
    pub boot: u64,
}

impl Moment {
    /// The device's clock as a time. A value that chrono can't hold becomes the start of 1970.
    #[must_use]
    pub fn utc(&self) -> DateTime<Utc> {
        DateTime::from_timestamp_millis(self.unix_ms).unwrap_or(DateTime::UNIX_EPOCH)
    }
}

/// Where the time comes from.
pub trait Clock: Send + Sync {
    /// The time now, by the wall clock and by the clock that runs since the start of the device.
    fn now(&self) -> Moment;
}

/// Where random numbers come from.
pub trait Randomness: Send + Sync {
    /// Fills the bytes.
    fn fill(&self, bytes: &mut [u8]);
}

/// Lets tests make the disk fail. The store calls it before each write and before each commit. On
/// `Err`, the transaction stops right there, as with a full disk or an empty battery.
pub trait Disk: Send + Sync {
    /// Whether the next write can go on.
    ///
    /// # Errors
    /// [`DiskFault`] when it can't.
    fn before_write(&self) -> Result<(), DiskFault>;

    /// Whether the next change of the journal can go on.
    ///
    /// # Errors
    /// [`DiskFault`] when it can't.
    fn before_append(&self) -> Result<(), DiskFault> {
        Ok(())
    }

    /// How many bytes can still be written where this folder is; `None` if that can't be known.
    fn free(&self, folder: &Path) -> Option<u64>;

    /// The store has given up the room that it kept back: this many bytes.
    fn room_was_made(&self, _bytes: u64) {}
}

/// The disk did not save the data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DiskFault {
    /// It failed.
    #[error("the disk did not save the data")]
    Failed,
    /// It is full.
    #[error("the disk is full")]
    Full,
}

impl From<DiskFault> for std::io::Error {
    fn from(fault: DiskFault) -> Self {
        match fault {
            DiskFault::Failed => Self::other(fault),
            DiskFault::Full => Self::new(std::io::ErrorKind::StorageFull, fault),
        }
    }
}

/// The address can't be the address of a council.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} can't be the address of a council. It starts with https://")]
pub struct BadAddress(pub String);

/// How the council is reached.
pub trait Connect: Send + Sync {
    /// Prepares to talk to the council at an address. Sends nothing yet.
    ///
    /// # Errors
    /// [`BadAddress`] when the address can't be the address of a council.
    fn connect(&self, server: &str) -> Result<Arc<dyn Council>, BadAddress>;
}

/// Who may read what is on the device.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignIn {
    /// For the app's window: anybody who knows the PIN, once there is one.
    WithPin,
    /// For the command line: anybody who can open the key store.
    ByKeyStore,
}

/// Everything that the core gets from outside.
#[derive(Clone)]
pub struct Environment {
    /// Where the time comes from.
    pub clock: Arc<dyn Clock>,
    /// Where random numbers come from.
    pub randomness: Arc<dyn Randomness>,
    /// Where keys live.
    pub keys: Arc<dyn KeyStore>,
    /// The disk, which can fail in tests.
    pub disk: Arc<dyn Disk>,
    /// How the council is reached.
    pub connect: Arc<dyn Connect>,
    /// Who may read what is on the device.
    pub sign_in: SignIn,
}

impl fmt::Debug for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Environment")
    }
}

impl Environment {
    pub(crate) fn random<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.randomness.fill(&mut bytes);
        bytes
    }
}

/// The real disk: reports no faults of its own.
#[derive(Debug, Default, Clone, Copy)]
pub struct RealDisk;

impl Disk for RealDisk {
    fn before_write(&self) -> Result<(), DiskFault> {
        Ok(())
    }

    #[cfg(unix)]
    fn free(&self, folder: &Path) -> Option<u64> {
        let disk = rustix::fs::statvfs(folder).ok()?;
        disk.f_bavail.checked_mul(disk.f_frsize)
    }

    #[cfg(not(unix))]
    fn free(&self, _folder: &Path) -> Option<u64> {
        None
    }
}

/// The operating system's random numbers.
#[derive(Debug, Default, Clone, Copy)]
pub struct OsRandomness;

impl Randomness for OsRandomness {
    #[expect(
        clippy::expect_used,
        reason = "no key may ever be made when the system has no randomness: stopping is right"
    )]
    fn fill(&self, bytes: &mut [u8]) {
        getrandom::fill(bytes).expect("the operating system gives random numbers");
    }
}
