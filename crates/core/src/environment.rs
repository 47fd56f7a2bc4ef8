//! All that comes in from outside: clock, randomness, disk faults, keys, and the line to the
//! council.

use std::fmt;
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
    /// Which start of the device that was.
    pub boot: u64,
}

impl Moment {
    /// The device's clock as a time. A clock beyond what a calendar can hold reads as 1970.
    #[must_use]
    pub fn utc(&self) -> DateTime<Utc> {
        DateTime::from_timestamp_millis(self.unix_ms).unwrap_or(DateTime::UNIX_EPOCH)
    }
}

/// Where the time comes from.
pub trait Clock: Send + Sync {
    /// Now.
    fn now(&self) -> Moment;
}

/// Where random numbers come from.
pub trait Randomness: Send + Sync {
    /// Fills the bytes.
    fn fill(&self, bytes: &mut [u8]);
}

/// What can go wrong below the database. Asked before each write and before each commit; an answer
/// of `Err` stops the transaction right there, as a full disk or a pulled battery would.
pub trait Disk: Send + Sync {
    /// May the next write go on?
    ///
    /// # Errors
    /// [`DiskFault`] when it may not.
    fn before_write(&self) -> Result<(), DiskFault>;
}

/// The disk would not take it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the disk would not take it")]
pub struct DiskFault;

/// The address can't be a council's.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} can't be the address of a council. It starts with https://")]
pub struct BadAddress(pub String);

/// How the council is reached.
pub trait Connect: Send + Sync {
    /// The council behind an address.
    ///
    /// # Errors
    /// [`BadAddress`] when no council can be there.
    fn connect(&self, server: &str) -> Result<Arc<dyn Council>, BadAddress>;
}

/// Who may read what is on the device.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignIn {
    /// Whoever knows the PIN, once one is set: a window that can lie around.
    WithPin,
    /// Whoever can open the key store: the command line.
    ByKeyStore,
}

/// All that comes in from outside.
#[derive(Clone)]
pub struct Environment {
    /// Where the time comes from.
    pub clock: Arc<dyn Clock>,
    /// Where random numbers come from.
    pub randomness: Arc<dyn Randomness>,
    /// Where keys live.
    pub keys: Arc<dyn KeyStore>,
    /// What can go wrong below the database.
    pub disk: Arc<dyn Disk>,
    /// How the council is reached.
    pub connect: Arc<dyn Connect>,
    /// Who may read.
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

/// A disk that works.
#[derive(Debug, Default, Clone, Copy)]
pub struct RealDisk;

impl Disk for RealDisk {
    fn before_write(&self) -> Result<(), DiskFault> {
        Ok(())
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
