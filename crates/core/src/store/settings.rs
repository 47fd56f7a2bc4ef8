//! Single values: the enrolment, the Code, the council's numbers, the last signature, and
//! half-typed texts.

use std::collections::BTreeMap;

use doorstep_domain::conduct::{CouncilNumbers, PublishedCode};
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
    /// The council's public key, in hexadecimal. The device trusts this key alone.
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
const CODE: &str = "code";
const NUMBERS: &str = "numbers";
const SIGNED: &str = "code_signed";

/// The last signature under a version of the Code.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct CodeSignature {
    pub(crate) user: UserId,
    /// The hash of the exact text.
    pub(crate) code: String,
    pub(crate) at_ms: i64,
}

impl Reading<'_> {
    pub(crate) fn setting<T: DeserializeOwned>(&self, name: &'static str) -> Result<Option<T>, StoreError> {
        let value: Option<String> =
            self.one("SELECT value FROM setting WHERE name = ?1", params![name], |row| row.get("value"))?;
        value.map(|value| serde_json::from_str(&value).map_err(|_| StoreError::Unreadable(name))).transpose()
    }

    pub(crate) fn enrolment(&self) -> Result<Option<Enrolment>, StoreError> {
        self.setting(ENROLMENT)
    }

    /// The Code that is in force, once the council has published one.
    pub(crate) fn code(&self) -> Result<Option<PublishedCode>, StoreError> {
        self.setting(CODE)
    }

    /// The council's own numbers, once it has told them.
    pub(crate) fn numbers_held(&self) -> Result<Option<CouncilNumbers>, StoreError> {
        self.setting(NUMBERS)
    }

    /// When a person signed a version of the Code, by the device's clock.
    pub(crate) fn signed_at(&self, user: UserId, code: &str) -> Result<Option<i64>, StoreError> {
        let signed: Option<CodeSignature> = self.setting(SIGNED)?;
        Ok(signed.filter(|signed| signed.user == user && signed.code == code).map(|signed| signed.at_ms))
    }

    /// The texts that are half typed, by the name of their field.
    pub(crate) fn drafts(&self) -> Result<BTreeMap<String, String>, StoreError> {
        let rows = self.many("SELECT name, text FROM draft", [], |row| Ok((row.get("name")?, row.get("text")?)))?;
        Ok(rows.into_iter().collect())
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

    pub(crate) fn set_code(&self, code: &PublishedCode) -> Result<(), StoreError> {
        self.set(CODE, code)
    }

    pub(crate) fn set_numbers(&self, numbers: &CouncilNumbers) -> Result<(), StoreError> {
        self.set(NUMBERS, numbers)
    }

    pub(crate) fn set_signed(&self, signed: &CodeSignature) -> Result<(), StoreError> {
        self.set(SIGNED, signed)
    }

    /// Keeps a half-typed text. An empty text removes it.
    pub(crate) fn keep_draft(&self, name: &str, text: &str, at_ms: i64) -> Result<(), StoreError> {
        if text.is_empty() {
            self.write("DELETE FROM draft WHERE name = ?1", params![name])?;
        } else {
            self.write(
                "INSERT INTO draft (name, text, at_ms) VALUES (?1, ?2, ?3)
                 ON CONFLICT (name) DO UPDATE SET text = excluded.text, at_ms = excluded.at_ms",
                params![name, text, at_ms],
            )?;
        }
        Ok(())
    }
}
