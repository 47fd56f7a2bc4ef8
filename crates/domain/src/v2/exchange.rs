//! The three things that a phone can ask of the council.

use crate::ledger::Hash;
use crate::protocol::NoAnswer;

/// One of the three requests, and where it goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exchange {
    /// `POST /v2/enrol`: an [`super::EnrolRequest`] gets an [`super::EnrolAnswer`].
    Enrol,
    /// `POST /v2/sync`: a [`super::SyncRequest`] gets a [`super::SyncAnswer`].
    Sync,
    /// `PUT /v2/blobs/{sha256}`: a [`super::PhotoRequest`] about this photo gets a
    /// [`super::PhotoAnswer`].
    Photo(Hash),
}

/// The council, as a phone of version 2 sees it: a request in bytes, an answer in bytes, both in
/// their [`super::Attested`] form. A phone believes an answer only if its signature verifies.
pub trait Council: Send + Sync {
    /// Asks the council.
    ///
    /// # Errors
    /// [`NoAnswer`] says why there is none and whether trying again can help.
    fn ask(&self, exchange: Exchange, request: &[u8]) -> Result<Vec<u8>, NoAnswer>;
}
