//! `POST /v1/enrol`: a one-time code and a public key for an identity.

use serde::{Deserialize, Serialize};

use crate::bytes::Bytes;
use crate::ledger::{Epoch, PublicKey};
use crate::{DeviceId, UserId};

/// What a phone says when it enrols.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EnrolRequest {
    /// The version of the protocol.
    pub protocol: u16,
    /// The one-time code, as printed.
    pub code: String,
    /// The public half of the key that the device made for itself.
    pub device_key: PublicKey,
    /// What the device calls itself, for the council's list of devices.
    pub device_name: String,
    /// The app's version.
    pub app_version: String,
    /// A random number, repeated in the answer.
    pub nonce: Bytes,
}

/// What the council answers, signed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EnrolAnswer {
    /// The version of the protocol.
    pub protocol: u16,
    /// The request's random number.
    pub nonce: Bytes,
    /// The device's new identity.
    pub device: DeviceId,
    /// Whose phone it is.
    pub user: UserId,
    /// Their user name.
    pub user_name: String,
    /// Their name.
    pub display_name: String,
    /// Their position.
    pub position: String,
    /// The name of their organisation.
    pub organisation: String,
    /// The council's name.
    pub council_name: String,
    /// The council's public key: pinned from here on.
    pub council_key: PublicKey,
    /// Changes when the council is restored from a backup.
    pub council_epoch: Epoch,
    /// The age recipients to which safeguarding notes are sealed.
    pub safeguarding_keys: Vec<String>,
    /// The council's clock: milliseconds since 1970, UTC.
    pub council_time_ms: i64,
}
