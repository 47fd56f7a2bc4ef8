//! One council: its database, keys, photos and settings. All work for a council goes through a
//! [`Service`], and nothing is global to the process. One process can serve several councils, and
//! several processes can serve one council.

use std::net::IpAddr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use doorstep_domain::ledger::{Epoch, Hash, PublicKey};
use doorstep_domain::v2::CouncilId;
use rayon::{ThreadPool, ThreadPoolBuilder};
use tokio::sync::Semaphore;

use crate::error::CouncilError;
use crate::machine::environment::Environment;
use crate::machine::hashing::Hashing;
use crate::machine::keys::Keys;
use crate::machine::rates::Rates;
use crate::machine::readiness::Readiness;
use crate::storage::photo_store::{PhotoStore, PhotosAt};
use crate::storage::{DatabaseAt, Reading, Storage, Writing};

pub(crate) const EPOCH: &str = "council_epoch";

/// When that epoch began, by the council's clock: milliseconds since 1970, UTC.
const EPOCH_BEGAN: &str = "council_epoch_began_ms";

/// The file in a data folder in which a restore is under way, or broke off.
pub(crate) const RESTORING: &str = "restoring";
pub(crate) const NAME: &str = "council_name";
/// What is signed in version 2 is signed for the council with this id.
const COUNCIL: &str = "council_id";

/// One council, over one data folder and one database. What it holds in memory, it can lose:
/// everything that matters is in the database and the folder.
#[derive(Clone)]
pub struct Service {
    pub(crate) storage: Arc<Storage>,
    pub(crate) keys: Arc<Keys>,
    /// The council's id in everything that it signs in version 2.
    pub(crate) council: CouncilId,
    pub(crate) photos: PhotoStore,
    pub(crate) environment: Environment,
    pub(crate) data: PathBuf,
    pub(crate) asks_for_second_factor: bool,
    pub(crate) public_address: Option<String>,
    /// Whether the service itself speaks TLS.
    pub(crate) speaks_tls: bool,
    /// Whether a proxy stands in front, which speaks TLS with everybody.
    pub(crate) behind_proxy: bool,
    /// The proxies whose word about a caller's address is taken.
    pub(crate) proxies: Vec<IpAddr>,
    /// How much blocking work of people and other systems runs at a time. The other blocking
    /// threads are for phones.
    pub(crate) desk_turns: Arc<Semaphore>,
    /// How many tables are exported over HTTP at a time.
    pub(crate) exports: Arc<Semaphore>,
    /// How many tables are taken in over HTTP at a time.
    pub(crate) imports: Arc<Semaphore>,
    /// The threads that unpack requests of phones, which have proved nothing yet: as many as there
    /// are cores. Each takes up to 16 MiB, which the allocator keeps for it.
    pub(crate) unpacking: Arc<ThreadPool>,
    /// How many large requests of phones are in memory at a time.
    pub(crate) large_requests: Arc<Semaphore>,
    /// The threads that hash passwords: half as many as there are cores.
    pub(crate) hashing: Arc<Hashing>,
    /// How much phones may send.
    pub(crate) rates: Arc<Rates>,
    /// Whether it can keep what comes.
    pub(crate) readiness: Arc<Readiness>,
}

/// How many tables can be exported over HTTP at a time.
const EXPORTS: usize = 16;

/// How many tables can be taken in over HTTP at a time. One has up to 16 MiB.
const IMPORTS: usize = 2;

/// How many requests of phones, of those that unpack to up to 8 MiB, are in memory at a time.
const LARGE_REQUESTS: usize = 4;

/// How many threads people and other systems have, of the 512 that may block.
const DESK_TURNS: usize = 64;

impl std::fmt::Debug for Service {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Service").field("data", &self.data).finish_non_exhaustive()
    }
}

impl Service {
    /// Opens a data folder that `init` has made, and its database.
    ///
    /// # Errors
    /// [`CouncilError::NotInitialised`] when there is no council, or another [`CouncilError`] when
    /// a key, the database or the photo folder can't be used.
    pub fn open(data: &Path, database: &DatabaseAt, environment: Environment) -> Result<Self, CouncilError> {
        if data.join(RESTORING).exists() {
            return Err(CouncilError::Unfinished(data.to_owned()));
        }
        if !Keys::are_in(data) {
            return Err(CouncilError::NotInitialised(data.to_owned()));
        }
        let keys = Arc::new(Keys::read(data)?);
        let storage = Arc::new(Storage::at(data, database)?);
        if !storage.read(|reading| reading.has_meta(NAME))? {
            return Err(CouncilError::NotInitialised(data.to_owned()));
        }
        let council = council_id(&storage, &keys, &environment)?;
        if storage.read(|reading| reading.has_unclassified())? {
            storage.transact(&environment, |writing| writing.classify_set_aside())?;
        }
        let rates = Arc::new(Rates::new(&environment));
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let hashing = threads((cores / 2).max(1))?;
        let unpacking = threads(cores)?;
        Ok(Self {
            storage,
            keys,
            council,
            photos: PhotoStore::at(data, &PhotosAt::InTheDataFolder)?,
            environment,
            data: data.to_owned(),
            asks_for_second_factor: true,
            public_address: None,
            speaks_tls: false,
            behind_proxy: false,
            proxies: Vec::new(),
            desk_turns: Arc::new(Semaphore::new(DESK_TURNS)),
            exports: Arc::new(Semaphore::new(EXPORTS)),
            imports: Arc::new(Semaphore::new(IMPORTS)),
            unpacking: Arc::new(unpacking),
            large_requests: Arc::new(Semaphore::new(LARGE_REQUESTS)),
            hashing: Arc::new(Hashing::on(hashing)),
            rates,
            readiness: Arc::default(),
        })
    }

    /// Lets people sign in with a password alone. Only for trying the console out.
    #[must_use]
    pub fn without_second_factor(self) -> Self {
        Self { asks_for_second_factor: false, ..self }
    }

    /// Chooses where photos are kept. Without it, they are in the data folder.
    ///
    /// # Errors
    /// [`CouncilError::BadSetting`] when that place can't be used.
    pub fn with_photos(self, photos: &PhotosAt) -> Result<Self, CouncilError> {
        Ok(Self { photos: PhotoStore::at(&self.data, photos)?, ..self })
    }

    /// Sets the address at which people and phones reach the service.
    #[must_use]
    pub fn reached_at(self, public_address: Option<String>) -> Self {
        Self { public_address, ..self }
    }

    /// Says that the service itself speaks TLS, whatever its public address.
    #[must_use]
    pub fn with_tls(self) -> Self {
        Self { speaks_tls: true, ..self }
    }

    /// Says whether a proxy with TLS stands in front of the service, and takes the word of these
    /// proxies about the address of a caller.
    #[must_use]
    pub fn behind(self, a_proxy: bool, believed: Vec<IpAddr>) -> Self {
        Self { behind_proxy: a_proxy, proxies: believed, ..self }
    }

    /// Whether people and phones reach the service over TLS, as far as its settings say.
    pub(crate) fn is_over_tls(&self) -> bool {
        self.speaks_tls
            || self.behind_proxy
            || self.public_address.as_ref().is_some_and(|address| address.starts_with("https://"))
    }

    /// The council's public key, which devices pin.
    #[must_use]
    pub fn public_key(&self) -> PublicKey {
        self.keys.signing.public()
    }

    /// Begins a new epoch, after the database was restored from a copy. It tells devices to send
    /// again what they still hold, and to pull everything again.
    ///
    /// # Errors
    /// [`CouncilError`] when the epoch can't be written.
    pub fn begin_epoch(&self) -> Result<(), CouncilError> {
        let (epoch, now_ms) = (Epoch::from_bytes(self.environment.random()), self.now_ms());
        self.transact(|writing| begin_epoch_in(writing, epoch, now_ms))
    }

    /// When the epoch of the council began. One that an earlier version began is from before all.
    pub(crate) fn epoch_began_ms(&self, reading: &Reading<'_>) -> Result<i64, CouncilError> {
        if !reading.has_meta(EPOCH_BEGAN)? {
            return Ok(i64::MIN);
        }
        reading.meta(EPOCH_BEGAN)?.parse().map_err(|_| CouncilError::Unreadable(EPOCH_BEGAN))
    }

    /// The epoch that began when the database was last restored, or made.
    pub(crate) fn council_epoch(&self, reading: &Reading<'_>) -> Result<Epoch, CouncilError> {
        Epoch::from_hex(&reading.meta(EPOCH)?).ok_or(CouncilError::Unreadable("council epoch"))
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

/// Some threads for work that takes a core and much memory, and that anybody can ask for.
fn threads(number: usize) -> Result<ThreadPool, CouncilError> {
    let threads = ThreadPoolBuilder::new().num_threads(number).start_handler(|_| give_way_to_others());
    // A panic ends what panicked, and not the process.
    let threads = threads.panic_handler(|_| ()).build();
    threads.map_err(|error| CouncilError::NoThread(std::io::Error::other(error)))
}

/// Lets this thread have a core only where no other of the machine's needs it as much: phones are
/// answered first. Where the machine does not let it be, it stays as it is.
fn give_way_to_others() {
    #[cfg(target_os = "linux")]
    if rustix::process::setpriority_process(Some(rustix::thread::gettid()), POLITE).is_err() {
        tracing::warn!("The threads that hash passwords could not be made to give way to others.");
    }
}

/// How far such a thread gives way, as `nice` has it: a tenth of the weight of the others.
#[cfg(target_os = "linux")]
const POLITE: i32 = 10;

/// The council's id. It is made from the council's first key, so that a database from before there
/// were ids gets the same one each time that it is put back.
fn council_id(storage: &Storage, keys: &Keys, environment: &Environment) -> Result<CouncilId, CouncilError> {
    let of_key = Hash::framed("doorstep-council-v2", &[keys.signing.public().as_bytes()]);
    let made = of_key.as_bytes().first_chunk().copied().map(CouncilId::from_bytes);
    let made = made.ok_or(CouncilError::Unreadable("council id"))?;
    let kept = storage.read(|reading| match reading.has_meta(COUNCIL)? {
        true => reading.meta(COUNCIL).map(Some),
        false => Ok(None),
    })?;
    match kept {
        Some(kept) => CouncilId::from_hex(&kept).ok_or(CouncilError::Unreadable("council id")),
        None => {
            storage.transact(environment, |writing| writing.set_meta(COUNCIL, &made.to_string()))?;
            Ok(made)
        }
    }
}

/// Does the work for each item, and carries on when one fails or panics, so that a bad row does
/// not hold up the others. Returns the first failure.
pub(crate) fn each_by_itself<T>(
    all: impl IntoIterator<Item = T>,
    mut work: impl FnMut(T) -> Result<(), CouncilError>,
) -> Result<(), CouncilError> {
    let mut first = Ok(());
    for one in all {
        // A panic leaves an uncommitted transaction, which the database rolls back.
        let done = catch_unwind(AssertUnwindSafe(|| work(one))).unwrap_or(Err(CouncilError::Panicked));
        first = first.and(done);
    }
    first
}

/// Begins an epoch of the council. Whoever is signed in may have left since, so everybody signs in
/// again.
pub(crate) fn begin_epoch_in(writing: &Writing<'_>, epoch: Epoch, now_ms: i64) -> Result<(), CouncilError> {
    writing.set_meta(EPOCH, &epoch.to_string())?;
    writing.set_meta(EPOCH_BEGAN, &now_ms.to_string())?;
    writing.end_all_sessions()
}
