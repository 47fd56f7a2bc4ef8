//! One council: its database, its keys, its photos, its settings. Everything that is done for it is
//! done with this value, and nothing is global to the process: any number of councils may be served
//! by one, and one by any number of processes.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use doorstep_domain::ledger::{Epoch, PublicKey};

use crate::error::CouncilError;
use crate::machine::environment::Environment;
use crate::machine::keys::Keys;
use crate::storage::photo_store::{PhotoStore, PhotosAt};
use crate::storage::{DatabaseAt, Storage, Writing};

pub(crate) const EPOCH: &str = "council_epoch";
pub(crate) const NAME: &str = "council_name";

/// One council, over one data folder and one database. It holds no state of its own.
#[derive(Clone)]
pub struct Service {
    pub(crate) storage: Arc<Storage>,
    pub(crate) keys: Arc<Keys>,
    pub(crate) photos: PhotoStore,
    pub(crate) environment: Environment,
    pub(crate) data: PathBuf,
    pub(crate) asks_for_second_factor: bool,
    pub(crate) public_address: Option<String>,
}

impl std::fmt::Debug for Service {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Service").field("data", &self.data).finish_non_exhaustive()
    }
}

impl Service {
    /// Opens a data folder that `init` has made, and the database that goes with it.
    ///
    /// # Errors
    /// [`CouncilError`] says what is wrong with it.
    pub fn open(data: &Path, database: &DatabaseAt, environment: Environment) -> Result<Self, CouncilError> {
        if !Keys::are_in(data) {
            return Err(CouncilError::NotInitialised(data.to_owned()));
        }
        let keys = Arc::new(Keys::read(data)?);
        let storage = Arc::new(Storage::at(data, database)?);
        if !storage.read(|reading| reading.has_meta(NAME))? {
            return Err(CouncilError::NotInitialised(data.to_owned()));
        }
        Ok(Self {
            storage,
            keys,
            photos: PhotoStore::at(data, &PhotosAt::InTheDataFolder)?,
            environment,
            data: data.to_owned(),
            asks_for_second_factor: true,
            public_address: None,
        })
    }

    /// For trying the console out: a password alone signs in.
    #[must_use]
    pub fn without_second_factor(self) -> Self {
        Self { asks_for_second_factor: false, ..self }
    }

    /// Keeps photos elsewhere than in the data folder.
    ///
    /// # Errors
    /// [`CouncilError::BadSetting`] when that can't be.
    pub fn with_photos(self, photos: &PhotosAt) -> Result<Self, CouncilError> {
        Ok(Self { photos: PhotoStore::at(&self.data, photos)?, ..self })
    }

    /// Where people and phones reach the service.
    #[must_use]
    pub fn reached_at(self, public_address: Option<String>) -> Self {
        Self { public_address, ..self }
    }

    /// The council's public key, which devices pin.
    #[must_use]
    pub fn public_key(&self) -> PublicKey {
        self.keys.signing.public()
    }

    /// After the database was restored from a copy: a new epoch, by which devices know to send
    /// again what they still hold and to pull anew.
    ///
    /// # Errors
    /// [`CouncilError`] when it can't be written.
    pub fn begin_epoch(&self) -> Result<(), CouncilError> {
        let epoch = Epoch::from_bytes(self.environment.random());
        self.transact(|writing| writing.set_meta(EPOCH, &epoch.to_string()))
    }

    /// The council's clock, in milliseconds since 1970.
    pub(crate) fn now_ms(&self) -> i64 {
        self.environment.clock.now_ms()
    }

    /// Changes something: all of it, or nothing. See [`Storage::transact`].
    pub(crate) fn transact<T>(
        &self,
        work: impl FnMut(&Writing<'_>) -> Result<T, CouncilError>,
    ) -> Result<T, CouncilError> {
        self.storage.transact(&self.environment, work)
    }
}

/// Does something for each, and goes on past one that fails, or panics: a bad row is no reason to
/// leave the others waiting. The first failure is the answer.
pub(crate) fn each_by_itself<T>(
    all: impl IntoIterator<Item = T>,
    mut work: impl FnMut(T) -> Result<(), CouncilError>,
) -> Result<(), CouncilError> {
    let mut first = Ok(());
    for one in all {
        // What a panic leaves behind is a transaction that was not committed, and the database
        // rolls it back.
        let done = catch_unwind(AssertUnwindSafe(|| work(one))).unwrap_or(Err(CouncilError::Panicked));
        first = first.and(done);
    }
    first
}
