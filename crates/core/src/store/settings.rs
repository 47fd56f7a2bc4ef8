//! Single values: who the device is, and whom it talks to.

use doorstep_domain::ledger::Epoch;
use doorstep_domain::{DeviceId, UserId};
use rusqlite::params;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::{Reading, StoreError, Writing};

/// What enrolment and later contacts gave the device.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Enrolment {
    pub(crate) server: String,
    pub(crate) device: DeviceId,
    pub(crate) user: UserId,
    pub(crate) user_name: String,
    pub(crate) display_name: String,
    pub(crate) position: String,
    pub(crate) organisation: String,
    pub(crate) council_name: String,
    /// The council's public key, hex: pinned.
    pub(crate) council_key: String,
    pub(crate) council_epoch: Epoch,
    pub(crate) cursor: u64,
    pub(crate) last_contact_ms: i64,
    /// The device's own clock at that contact.
    pub(crate) last_contact_device_ms: i64,
    pub(crate) safeguarding_keys: Vec<String>,
    pub(crate) revoked: bool,
}

const ENROLMENT: &str = "enrolment";

impl Reading<'_> {
    pub(crate) fn setting<T: DeserializeOwned>(&self, name: &'static str) -> Result<Option<T>, StoreError> {
        let value: Option<String> =
            self.one("SELECT value FROM setting WHERE name = ?1", params![name], |row| row.get("value"))?;
        value.map(|value| serde_json::from_str(&value).map_err(|_| StoreError::Unreadable(name))).transpose()
    }

    pub(crate) fn enrolment(&self) -> Result<Option<Enrolment>, StoreError> {
        self.setting(ENROLMENT)
    }
}

impl Writing<'_> {
    pub(crate) fn set<T: Serialize>(&self, name: &'static str, value: &T) -> Result<(), StoreError> {
        let value = serde_json::to_string(value).map_err(|_| StoreError::Unreadable(name))?;
        self.write(
            "INSERT INTO setting (name, value) VALUES (?1, ?2) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
            params![name, value],
        )?;
        Ok(())
    }

    pub(crate) fn set_enrolment(&self, enrolment: &Enrolment) -> Result<(), StoreError> {
        self.set(ENROLMENT, enrolment)
    }
}
