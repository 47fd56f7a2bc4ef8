//! `POST /v1/enrol`: the phone sends a one-time code and its public key, and gets an identity.

use serde::{Deserialize, Serialize};

use crate::bytes::Bytes;
use crate::ledger::{Epoch, PublicKey};
use crate::{DeviceId, UserId};

/// The phone's request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EnrolRequest {
    /// The version of the protocol.
    pub protocol: u16,
    /// The one-time code, as printed.
    pub code: String,
    /// The public half of the key that the device made for itself.
    pub device_key: PublicKey,
    /// The device's name in the council's list of devices.
    pub device_name: String,
    /// The app's version, which the council's list of phones shows.
    pub app_version: String,
    /// A random number, repeated in the answer.
    pub nonce: Bytes,
}

/// The council's answer, which it signs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EnrolAnswer {
    /// The version of the protocol.
    pub protocol: u16,
    /// The request's random number.
    pub nonce: Bytes,
    /// The device's new id.
    pub device: DeviceId,
    /// The person who carries the phone.
    pub user: UserId,
    /// The name that they sign in with.
    pub user_name: String,
    /// Their name, as people read it.
    pub display_name: String,
    /// Their job title.
    pub position: String,
    /// The name of the organisation that they work for.
    pub organisation: String,
    /// The council's name, which the app shows.
    pub council_name: String,
    /// The council's public key. From now on the device trusts this key alone.
    pub council_key: PublicKey,
    /// Changes when the council is restored from a backup.
    pub council_epoch: Epoch,
    /// The age recipients to which safeguarding notes are sealed.
    pub safeguarding_keys: Vec<String>,
    /// The council's clock: milliseconds since 1970, UTC.
    pub council_time_ms: i64,
}
