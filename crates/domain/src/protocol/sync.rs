//! `POST /v1/sync`: one round trip, both ways.

use serde::{Deserialize, Serialize};

use crate::bytes::Bytes;
use crate::conduct::{Appointment, CouncilNumbers, PublishedCode};
use crate::ledger::{Epoch, Hash, Seal};
use crate::{AppointmentRef, DeviceId, VisitId};

/// What a device says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SyncRequest {
    /// The version of the protocol.
    pub protocol: u16,
    /// The device.
    pub device: DeviceId,
    /// A random number, repeated in the answer: an old answer can't stand for a new one.
    pub nonce: Bytes,
    /// The council's epoch at the last contact.
    pub council_epoch: Epoch,
    /// The cursor of the last pull; 0 before the first.
    pub cursor: u64,
    /// The hash of the Code that the device holds, as [`PublishedCode::hash`] gives it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// The hash of the council's numbers that the device holds, as [`CouncilNumbers::hash`] gives
    /// it; `None` for none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub numbers: Option<String>,
    /// The end of the device's chain, sent or not: by it the council knows what is missing.
    pub head: HeadClaim,
    /// The keys of the visits in the batch.
    pub visit_keys: Vec<KeyOfVisit>,
    /// The records, oldest first, urgent ones ahead.
    pub records: Vec<SentRecord>,
    /// Seals that cover them.
    pub seals: Vec<Seal>,
}

/// The end of a chain as the device says it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeadClaim {
    /// The device's epoch.
    pub epoch: Epoch,
    /// The last record's number; 0 for none.
    pub sequence: u64,
    /// The last record's hash.
    pub hash: Hash,
}

/// The key of a visit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyOfVisit {
    /// The visit.
    pub visit: VisitId,
    /// Its key.
    pub key: Bytes,
}

/// One record on its way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SentRecord {
    /// Its epoch, said again outside the envelope, so that a record that can't be read still has a
    /// place.
    pub epoch: Epoch,
    /// Its number.
    pub sequence: u64,
    /// The envelope's bytes, verbatim.
    pub envelope: Bytes,
    /// The body's bytes, verbatim.
    pub body: Bytes,
}

/// What the council answers, signed whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SyncAnswer {
    /// The version of the protocol.
    pub protocol: u16,
    /// The device that is answered.
    pub device: DeviceId,
    /// The request's random number.
    pub nonce: Bytes,
    /// Changes when the council is restored from a backup.
    pub council_epoch: Epoch,
    /// The council's clock: milliseconds since 1970, UTC.
    pub council_time_ms: i64,
    /// One for each record sent, in the same order.
    pub receipts: Vec<Receipt>,
    /// What the council holds of this device, by epoch.
    pub high_water: Vec<HighWater>,
    /// What the council's last verified backup holds; `None` until there are such backups.
    pub backup_mark: Option<u64>,
    /// How the council sees the device.
    pub device_state: DeviceState,
    /// What changed since the cursor.
    pub changes: Changes,
}

/// The council's word on one record: it is on the council's own durable storage.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// The record's epoch.
    pub epoch: Epoch,
    /// The record's number.
    pub sequence: u64,
    /// The hash of the envelope's bytes that the council holds.
    pub hash: Hash,
    /// What became of it.
    pub verdict: Verdict,
}

/// What became of a record at the council.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// It is held.
    Stored,
    /// It was held already, the same bytes.
    Duplicate,
    /// It is held as it is, and will be read by a later version.
    StoredNotUnderstood,
    /// It is held apart, with the reason as a stable code, for a person to look at.
    SetAside(String),
}

/// What the council holds of one epoch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HighWater {
    /// The epoch.
    pub epoch: Epoch,
    /// The last record of the gapless prefix that it holds; 0 for none.
    pub sequence: u64,
    /// Runs that it holds above that, first and last: urgent records that overtook.
    pub above: Vec<(u64, u64)>,
}

/// How the council sees the device.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeviceState {
    /// All is well.
    Active,
    /// Two records of one place in the chain differ: the device was cloned or restored. It starts a
    /// new epoch.
    Forked,
    /// The device was lost, or its user left: it may send what it holds, and no more.
    Revoked,
}

/// What a device pulls.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Changes {
    /// `true`: this is all there is, and whatever is not in it is gone. `false`: this is what
    /// changed since the cursor.
    pub snapshot: bool,
    /// Appointments, in the order of their change.
    pub appointments: Vec<Pulled>,
    /// The age recipients to which safeguarding notes are sealed from now on.
    pub safeguarding_keys: Vec<String>,
    /// The Code that is in force, where the device holds another one or none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<Box<PublishedCode>>,
    /// The numbers of the council's own, where the device holds others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub numbers: Option<CouncilNumbers>,
    /// The cursor for the next pull.
    pub cursor: u64,
    /// Whether more waits.
    pub more: bool,
}

/// One appointment that changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Pulled {
    /// It is the device's, like this.
    Given(Box<Appointment>),
    /// It is the device's no more: cancelled, or given to somebody else.
    Withdrawn(AppointmentRef),
}
