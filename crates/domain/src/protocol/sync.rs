//! `POST /v1/sync`: the device sends its records, and the answer brings receipts and changes.

use serde::{Deserialize, Serialize};

use crate::bytes::Bytes;
use crate::conduct::{Appointment, CouncilNumbers, PublishedCode};
use crate::ledger::{Epoch, Hash, Seal};
use crate::{AppointmentRef, DeviceId, VisitId};

/// The device's request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SyncRequest {
    /// The version of the protocol.
    pub protocol: u16,
    /// The device that sends it, and that signed the request.
    pub device: DeviceId,
    /// A random number, which the answer repeats. It keeps an old answer from passing for a new
    /// one.
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
    /// The end of the device's chain, sent or not. It tells the council which records are missing.
    pub head: HeadClaim,
    /// The keys of the visits in the batch.
    pub visit_keys: Vec<KeyOfVisit>,
    /// The records: urgent ones first, then oldest first.
    pub records: Vec<SentRecord>,
    /// The seals that cover the records.
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

/// The key of a visit, with which the council checks the bodies of the visit's records.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyOfVisit {
    /// The visit's id.
    pub visit: VisitId,
    /// The 32 bytes of its key.
    pub key: Bytes,
}

/// One record: its place in the chain, and the bytes that the device made once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SentRecord {
    /// Its epoch. It is in the envelope too. It is repeated here so that the council can place a
    /// record whose envelope it can't read.
    pub epoch: Epoch,
    /// Its number in the epoch, repeated for the same reason.
    pub sequence: u64,
    /// The envelope's bytes, verbatim.
    pub envelope: Bytes,
    /// The body's bytes, verbatim.
    pub body: Bytes,
}

/// The council's answer. Its signature covers all of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SyncAnswer {
    /// The version of the protocol.
    pub protocol: u16,
    /// The device that asked.
    pub device: DeviceId,
    /// The request's random number.
    pub nonce: Bytes,
    /// Changes when the council is restored from a backup.
    pub council_epoch: Epoch,
    /// The council's clock: milliseconds since 1970, UTC.
    pub council_time_ms: i64,
    /// One for each record sent, in the same order.
    pub receipts: Vec<Receipt>,
    /// Which records of this device the council holds, epoch by epoch.
    pub high_water: Vec<HighWater>,
    /// The council's last verified backup. Always `None` for now: there are no such backups yet.
    pub backup_mark: Option<u64>,
    /// How the council sees the device.
    pub device_state: DeviceState,
    /// What changed since the cursor.
    pub changes: Changes,
}

/// The council's signed confirmation that it has stored one record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// The record's epoch.
    pub epoch: Epoch,
    /// The record's number.
    pub sequence: u64,
    /// The hash of the envelope's bytes that the council holds.
    pub hash: Hash,
    /// What the council did with it.
    pub verdict: Verdict,
}

/// What the council did with a record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// The council stored it.
    Stored,
    /// The council had stored the same bytes before.
    Duplicate,
    /// The council stored it, but this version can't read it. A later version will.
    StoredNotUnderstood,
    /// The council keeps it apart, for a person to look at. The text is a stable code for the
    /// reason.
    SetAside(String),
}

/// Which records of one epoch the council holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HighWater {
    /// An epoch of the device.
    pub epoch: Epoch,
    /// The council holds every record up to this number; 0 for none.
    pub sequence: u64,
    /// Runs of records that it holds beyond that, each as its first and last number. They are
    /// urgent records, which are sent ahead of the others.
    pub above: Vec<(u64, u64)>,
}

/// How the council sees the device.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeviceState {
    /// All is well.
    Active,
    /// The council got two different records with the same number: the device was cloned or
    /// restored. The device starts a new epoch.
    Forked,
    /// The device was lost, or its user left. It can still send what it holds, and gets nothing
    /// new.
    Revoked,
}

/// What is new for the device.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Changes {
    /// `true`: these are all the appointments, and the device drops the others. `false`: these
    /// are the changes since the cursor.
    pub snapshot: bool,
    /// Appointments, in the order in which they changed.
    pub appointments: Vec<Pulled>,
    /// The age recipients to which safeguarding notes are sealed from now on.
    pub safeguarding_keys: Vec<String>,
    /// The Code that is in force; `None` when the device holds it already.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<Box<PublishedCode>>,
    /// The council's own numbers; `None` when the device holds them already.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub numbers: Option<CouncilNumbers>,
    /// The cursor for the next pull.
    pub cursor: u64,
    /// Whether there are more changes to ask for.
    pub more: bool,
}

/// One appointment that changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Pulled {
    /// The appointment is this device's, and has these details now.
    Given(Box<Appointment>),
    /// The appointment is no longer this device's: it was cancelled, or given to somebody else.
    Withdrawn(AppointmentRef),
}
