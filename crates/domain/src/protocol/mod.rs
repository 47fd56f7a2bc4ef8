#![doc = include_str!("README.md")]

mod blob;
mod code;
mod enrol;
mod frame;
mod limits;
mod problem;
mod reason;
mod sync;

pub use crate::bytes::Bytes;
pub use blob::{BlobAnswer, BlobRequest, BlobState};
pub use code::{BadCode, EnrolmentCode};
pub use enrol::{EnrolAnswer, EnrolRequest};
pub use frame::{Purpose, Signed, Unreadable, decode, encode};
pub use limits::Limits;
pub use problem::{NoAnswer, Problem, ProblemCode};
pub use reason::{PhotoRefusal, SetAsideReason};
pub use sync::{
    Changes, DeviceState, HeadClaim, HighWater, KeyOfVisit, Pulled, Receipt, SentRecord, SyncAnswer, SyncRequest,
    Verdict,
};

use crate::ledger::Hash;
use crate::v2::Exchange;

/// The version of the protocol that this build speaks.
pub const PROTOCOL: u16 = 1;

/// The council, as a device sees it: a request in bytes, an answer in bytes. The phone's HTTP
/// client and the council's service both implement it, so the two can't drift apart. Tests
/// implement it too, to put a bad connection between them.
///
/// A device believes an answer only if its signature verifies. The HTTP status proves nothing.
pub trait Council: Send + Sync {
    /// `POST /v1/enrol`.
    ///
    /// # Errors
    /// [`NoAnswer`] says why there is none and whether trying again can help.
    fn enrol(&self, request: &[u8]) -> Result<Vec<u8>, NoAnswer>;

    /// `POST /v1/sync`.
    ///
    /// # Errors
    /// [`NoAnswer`] says why there is none and whether trying again can help.
    fn sync(&self, request: &[u8]) -> Result<Vec<u8>, NoAnswer>;

    /// `PUT /v1/blobs/{sha256}`.
    ///
    /// # Errors
    /// [`NoAnswer`] says why there is none and whether trying again can help.
    fn put_blob(&self, sha256: Hash, request: &[u8]) -> Result<Vec<u8>, NoAnswer>;

    /// The three requests of version 2. A council that speaks version 1 alone gives no answer that
    /// a phone would believe.
    ///
    /// # Errors
    /// [`NoAnswer`] says why there is none and whether trying again can help.
    fn ask(&self, exchange: Exchange, request: &[u8]) -> Result<Vec<u8>, NoAnswer>;
}
