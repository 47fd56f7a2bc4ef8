//! Sync: reads what waits, makes one request, checks the answer, and applies it in one transaction.
//!
//! The promises in docs/sync.md rest on three rules. A record counts as received only by a verified
//! receipt for a hash that this device holds. The council's own high-water mark decides what is
//! sent again, no matter what the device believed before. No code here deletes a record.

mod backoff;
mod courier;
mod judge;
mod photos;
mod plan;
mod round;

pub use backoff::Backoff;
pub use courier::Courier;
pub(crate) use photos::{Piece, most_pieces, send_piece};
pub(crate) use round::{Round, enrol};

use doorstep_domain::ledger::SigningKey;
use doorstep_domain::protocol::Council;
use serde::Serialize;

use crate::environment::Environment;
use crate::store::Store;

/// What a contact with the council needs.
pub(crate) struct Contact<'a> {
    pub(crate) store: &'a Store,
    pub(crate) environment: &'a Environment,
    pub(crate) council: &'a dyn Council,
    pub(crate) key: &'a SigningKey,
}

/// The result of one sync.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, ts_rs::TS)]
pub struct SyncReport {
    /// Records that the council now holds.
    pub received: usize,
    /// Records that the council set aside.
    pub set_aside: usize,
    /// Appointments that came or went.
    pub changes: usize,
    /// Records that still wait.
    #[ts(type = "number")]
    pub waiting: u64,
    /// Photos that the council now holds.
    pub photos: usize,
    /// Photos that still wait.
    pub photos_waiting: usize,
}
