//! Single values: the enrolment, the Code, the council's numbers, the last signature, and
//! half-typed texts.

use std::collections::BTreeMap;

use doorstep_domain::conduct::{CouncilNumbers, PublishedCode};
use doorstep_domain::ledger::{Epoch, Hash};
use doorstep_domain::v2::{Attested, Certificate, CouncilId};
use doorstep_domain::{DeviceId, PhoneId, UserId};
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
    /// The council's public key, in hexadecimal.
    pub(crate) council_key: String,
    /// The council's keys before that one, in hexadecimal: what they signed still stands. The
    /// device trusts these keys alone.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) former_council_keys: Vec<String>,
    pub(crate) council_epoch: Epoch,
    pub(crate) cursor: u64,
    pub(crate) last_contact_ms: i64,
    /// The device's own clock at that contact.
    pub(crate) last_contact_device_ms: i64,
    /// How long the device had been running at that contact, in milliseconds, and since which
    /// start.
    #[serde(default)]
    pub(crate) last_contact_running: Option<(u64, u64)>,
    pub(crate) safeguarding_keys: Vec<String>,
    /// The public half of the council's recovery key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) recovery_key: Option<String>,
    pub(crate) revoked: bool,
    /// What the council has signed, once the device speaks version 2 with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) second: Option<SecondVersion>,
}

/// What a device needs to speak version 2 with its council.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SecondVersion {
    /// The council's id.
    pub(crate) council: CouncilId,
    /// The enrolment's certificate, in hexadecimal.
    pub(crate) certificate: String,
}

impl SecondVersion {
    pub(crate) fn new(council: CouncilId, certificate: &Attested<Certificate>) -> Self {
        Self { council, certificate: data_encoding::HEXLOWER.encode(&certificate.to_bytes()) }
    }

    /// The certificate; `None` if what is stored can't be read.
    pub(crate) fn certificate(&self) -> Option<Attested<Certificate>> {
        let bytes = data_encoding::HEXLOWER.decode(self.certificate.as_bytes()).ok()?;
        Attested::from_bytes(&bytes).ok()
    }
}

/// An enrolment's chain of seals.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SealState {
    /// The name of the chain of seals.
    pub(crate) epoch: Epoch,
    /// The number of the last seal; 0 for none.
    pub(crate) number: u64,
    /// Its root.
    pub(crate) root: Option<Hash>,
}

/// How far a device has asked the council whether it still holds what it has receipts for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Asked {
    /// The chain that was asked about last; `None` to begin.
    pub(crate) after: Option<Epoch>,
    /// When the first was asked about, by the council's clock: milliseconds since 1970, UTC. `None`
    /// in a question that an earlier version began.
    #[serde(default)]
    pub(crate) begun_ms: Option<i64>,
    /// When the first of those was asked about that were all answered, by the council's clock:
    /// milliseconds since 1970, UTC. What has happened there since is not in the answer.
    pub(crate) done_ms: Option<i64>,
    /// Whether the epochs of version 1 are to be asked about too.
    pub(crate) first_version: bool,
}

const ENROLMENT: &str = "enrolment";
const CODE: &str = "code";
const NUMBERS: &str = "numbers";
const SIGNED: &str = "code_signed";
const SEALS: &str = "seals";
const ASKED: &str = "asked";
const PHONE: &str = "phone";
const FORMER: &str = "former_enrolments";

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

    /// An enrolment's chain of seals, once it has begun.
    pub(crate) fn seal_state(&self, enrolment: DeviceId) -> Result<Option<SealState>, StoreError> {
        Ok(self.all_seal_states()?.remove(&enrolment))
    }

    fn all_seal_states(&self) -> Result<BTreeMap<DeviceId, SealState>, StoreError> {
        Ok(self.setting(SEALS)?.unwrap_or_default())
    }

    /// Earlier enrolments of this device, in version 2. What they left unsent goes as theirs.
    pub(crate) fn former(&self) -> Result<Vec<Enrolment>, StoreError> {
        Ok(self.setting(FORMER)?.unwrap_or_default())
    }

    pub(crate) fn asked(&self) -> Result<Asked, StoreError> {
        Ok(self.setting(ASKED)?.unwrap_or_default())
    }

    /// The id of this installation, once it has one.
    pub(crate) fn phone_id(&self) -> Result<Option<PhoneId>, StoreError> {
        self.setting(PHONE)
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

    pub(crate) fn set_seal_state(&self, enrolment: DeviceId, seals: SealState) -> Result<(), StoreError> {
        let mut all = self.all_seal_states()?;
        all.insert(enrolment, seals);
        self.set(SEALS, &all)
    }

    pub(crate) fn set_asked(&self, asked: &Asked) -> Result<(), StoreError> {
        self.set(ASKED, asked)
    }

    /// Keeps the id of this installation.
    pub(crate) fn phone(&self, phone: PhoneId) -> Result<(), StoreError> {
        self.set(PHONE, &phone)
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
