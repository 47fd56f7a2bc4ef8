//! Stores of earlier enrolments that this phone can't open any more, because their keys are gone.
//! Each is sent to its council as it lies there, sealed to the council's recovery key, and stays.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use doorstep_domain::protocol::Bytes;
use doorstep_domain::v2::SealedStore;
use serde::{Deserialize, Serialize};

use super::transaction::{Reading, StoreError, Writing};
use super::{journal, recovery_key, shelf};
use crate::environment::Environment;
use crate::keys::name;

const SENT: &str = "unopened_sent";

/// What the council made of such a store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Sent {
    /// It has all of it.
    Whole,
    /// It does not take it.
    Refused,
}

/// What becomes of a file of visits that this device can't open any more. It stays on the device
/// as well.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ts_rs::TS)]
#[serde(rename_all = "snake_case")]
pub enum UnopenedStanding {
    /// It goes to the council.
    Waits,
    /// It was sent to the council, all of it.
    Sent,
    /// It is sealed to no recovery key of this council's, or the council did not take it.
    Stays,
}

/// A store without its keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Unopened {
    folder: PathBuf,
    /// The name by which it is noted that it was sent.
    pub(crate) name: String,
    /// Whether its council can open it: it is sealed to the recovery key that was asked about.
    is_sealed: bool,
}

impl Unopened {
    /// The stores below a folder of visits that can't be opened, other than the current one.
    ///
    /// # Errors
    /// The folder or the key store can't be read.
    pub(crate) fn all(base: &Path, recovery_key: Option<&str>, environment: &Environment) -> io::Result<Vec<Self>> {
        let mut all = Vec::new();
        for place in shelf::former(base, environment)? {
            if place.environment.keys.get(name::JOURNAL).map_err(io::Error::other)?.is_some() {
                continue;
            }
            let name = place.folder.strip_prefix(base).unwrap_or(&place.folder).display().to_string();
            let is_sealed = recovery_key.is_some_and(|key| recovery_key::is_sealed_to(&place.folder, key))
                && fs::File::open(place.folder.join(journal::file_name()))
                    .and_then(|file| file.metadata())
                    .is_ok_and(|file| file.is_file() && file.len() > 0);
            all.push(Self { folder: place.folder, name, is_sealed });
        }
        Ok(all)
    }

    /// What becomes of it, after what became of each.
    pub(crate) fn standing(&self, sent: &BTreeMap<String, Sent>) -> UnopenedStanding {
        match sent.get(&self.name) {
            Some(Sent::Whole) => UnopenedStanding::Sent,
            Some(Sent::Refused) => UnopenedStanding::Stays,
            None if self.is_sealed => UnopenedStanding::Waits,
            None => UnopenedStanding::Stays,
        }
    }

    /// The file that is sent. It is the same each time.
    ///
    /// # Errors
    /// Its files can't be read.
    pub(crate) fn file(&self) -> io::Result<Vec<u8>> {
        let read = |name| fs::read(self.folder.join(name)).map(Bytes);
        Ok(SealedStore::new(read(recovery_key::file_name())?, read(journal::file_name())?).to_bytes())
    }
}

impl Reading<'_> {
    /// What became of each store that could not be opened, by its name.
    pub(crate) fn unopened_sent(&self) -> Result<BTreeMap<String, Sent>, StoreError> {
        Ok(self.setting(SENT)?.unwrap_or_default())
    }
}

impl Writing<'_> {
    /// The council was put back from a copy, and may have lost what it had: it is asked again.
    pub(crate) fn forget_unopened_sent(&self) -> Result<(), StoreError> {
        match self.unopened_sent()?.is_empty() {
            true => Ok(()),
            false => self.set(SENT, &BTreeMap::<String, Sent>::new()),
        }
    }

    /// Notes what the council made of a store that could not be opened.
    pub(crate) fn note_unopened_sent(&self, name: &str, sent: Sent) -> Result<(), StoreError> {
        let mut all = self.unopened_sent()?;
        all.insert(name.to_owned(), sent);
        self.set(SENT, &all)
    }
}
