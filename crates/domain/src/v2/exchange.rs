//! What a phone can ask of the council.

use crate::ledger::Hash;

/// One of the requests, and where it goes. Requests and answers are sent in their
/// [`super::Attested`] form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exchange {
    /// `POST /v2/enrol`: an [`super::EnrolRequest`] gets an [`super::EnrolAnswer`].
    Enrol,
    /// `POST /v2/sync`: a [`super::SyncRequest`] without records gets a [`super::SyncAnswer`].
    Fetch,
    /// `POST /v2/sync`: a [`super::SyncRequest`] with records gets a [`super::SyncAnswer`].
    Send {
        /// How many of its bytes are a safeguarding note; 0 for none. The request is as long either
        /// way.
        note: usize,
    },
    /// `PUT /v2/blobs/{sha256}`: a [`super::PhotoRequest`] about this photo gets a
    /// [`super::PhotoAnswer`].
    Photo(Hash),
    /// `PUT /v2/salvage/{sha256}`: a [`super::SalvageRequest`] about this file gets a
    /// [`super::SalvageAnswer`].
    Salvage(Hash),
}
