//! A record as it arrived, before it is judged.

use doorstep_domain::DeviceId;
use doorstep_domain::ledger::{Epoch, Hash};
use doorstep_domain::protocol::SentRecord;
use doorstep_domain::v2::{AnyEnvelope, MadeRecord, WholeRecord};

use crate::storage::{AsideRecord, Place};

/// When the council received a record, and the earliest moment at which it can have been made, in
/// UTC milliseconds.
#[derive(Debug, Clone, Copy)]
pub(super) struct Times {
    pub(super) received_ms: i64,
    pub(super) earliest_ms: Option<i64>,
}

/// A record as it arrived, in either version.
pub(super) struct Arrived<'a> {
    pub(super) place: Place,
    pub(super) hash: Hash,
    /// The envelope's bytes, which are kept.
    pub(super) bytes: &'a [u8],
    pub(super) body: &'a [u8],
    /// What the envelope says. `None` when it can't be read.
    pub(super) envelope: Option<AnyEnvelope>,
    /// When the council received it. That is now, unless the phone has shown an earlier receipt.
    pub(super) received_ms: i64,
    /// When it was made, in UTC milliseconds, by how long ago its phone made it when it sent it.
    /// `None` where the phone was started since, or did not show when it sent it.
    pub(super) reckoned_ms: Option<i64>,
}

impl<'a> Arrived<'a> {
    /// A record of version 1.
    pub(super) fn first(device: DeviceId, sent: &'a SentRecord, now_ms: i64) -> Self {
        Self::whole(device, (sent.epoch, sent.sequence), (&sent.envelope.0, &sent.body.0), now_ms)
    }

    /// A record of version 2 that was sent with all its bytes.
    pub(super) fn second(device: DeviceId, sent: &'a WholeRecord, now_ms: i64) -> Self {
        Self::whole(device, (sent.chain, sent.sequence), (&sent.envelope.0, &sent.body.0), now_ms)
    }

    fn whole(
        device: DeviceId,
        (epoch, sequence): (Epoch, u64),
        (bytes, body): (&'a [u8], &'a [u8]),
        received_ms: i64,
    ) -> Self {
        let (hash, envelope) = (AnyEnvelope::hash(bytes), AnyEnvelope::from_bytes(bytes));
        Self { place: Place { device, epoch, sequence }, hash, bytes, body, envelope, received_ms, reckoned_ms: None }
    }

    /// A record that was set aside, to be judged again.
    pub(super) fn again(record: &'a AsideRecord) -> Self {
        let AsideRecord { place, received_ms, .. } = *record;
        Self::whole(place.device, (place.epoch, place.sequence), (&record.envelope, &record.body), received_ms)
    }

    /// A record of a run.
    pub(super) fn of_run(device: DeviceId, made: &'a MadeRecord, received_ms: i64) -> Self {
        let MadeRecord { envelope, bytes, hash, body, .. } = made;
        Self {
            place: Place { device, epoch: envelope.chain, sequence: envelope.sequence },
            hash: *hash,
            bytes,
            body,
            envelope: Some(envelope.clone().into()),
            received_ms,
            reckoned_ms: None,
        }
    }
}
