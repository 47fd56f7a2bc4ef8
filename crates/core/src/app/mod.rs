//! [`App`]: one method for each thing that a screen can ask for. The window, the command line and
//! the tests only call these methods.

mod code;
mod council;
mod device;
mod enrolling;
mod locking;
mod mark;
mod photos;
mod standing;
mod today;
mod visits;

pub use locking::SaidLocked;
pub use photos::Network;
pub use visits::Unplanned;

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use chrono::{DateTime, Utc};
use doorstep_domain::ledger::SigningKey;

use self::mark::{Mark, Reached};
use crate::environment::{Environment, SignIn};
use crate::error::{AppError, Opening};
use crate::keys::{Secret, name};
use crate::pin::StoredPin;
use crate::store::{Locked, Reading, Store, StoreError, shelf};

const PIN: &str = "pin";

/// Doorstep on one device.
pub struct App {
    /// The folder of visits.
    base: PathBuf,
    environment: Environment,
    /// The store of the person who carries the device.
    current: RwLock<Arc<Store>>,
    /// Those of earlier enrolments, which only send what they left.
    former: Mutex<Vec<Arc<Store>>>,
    /// One sync at a time, and no enrolment meanwhile.
    syncing: Mutex<()>,
    /// Whether a PIN keeps the current store.
    pin_set: AtomicBool,
    signed_in: AtomicBool,
    /// When somebody last did something in the window, in milliseconds since the device started.
    used_ms: AtomicU64,
    /// When the file of visits was looked over, in milliseconds since the device started.
    looked_over_ms: AtomicU64,
    /// Whether the network does not charge for data, as far as the window knows.
    unmetered: AtomicBool,
}

impl std::fmt::Debug for App {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("App").field("base", &self.base).finish_non_exhaustive()
    }
}

impl App {
    /// Opens the current store of a folder of visits, or makes the first one. If a PIN keeps it, it
    /// stays locked until [`App::sign_in`], and sends all the same.
    ///
    /// # Errors
    /// [`AppError::Opening`] says what is wrong with the store. Nothing is deleted.
    pub fn open(folder: &Path, environment: Environment) -> Result<Self, AppError> {
        match Self::open_once(folder, environment.clone()) {
            // Where a damaged page was met that opening the file does not read, it is mended now.
            Err(AppError::Store(error)) if error.tells_of_damage() => Self::open_once(folder, environment),
            opened => opened,
        }
    }

    fn open_once(folder: &Path, environment: Environment) -> Result<Self, AppError> {
        let place = shelf::current(folder, &environment).map_err(Opening::Folder)?;
        let keys = &place.environment.keys;
        let locked = keys.get(name::LOCKED)?.is_some();
        if locked {
            // An end of the app may have left it, when the PIN was set.
            keys.remove(name::DATABASE)?;
        }
        let store = match locked {
            true => Store::open_locked(&place.folder, &place.environment, Locked::ForNow)?,
            false => Store::open(&place.folder, &place.environment)?,
        };
        let app = Self::with(folder, environment, store)?;
        app.notice_a_restore()?;
        app.keep_running();
        Ok(app)
    }

    fn with(folder: &Path, environment: Environment, store: Store) -> Result<Self, AppError> {
        // Without a PIN there is nothing to ask for: the device is new, or was enrolled a moment
        // ago. An earlier app kept the PIN in the database.
        let is_locked = store.is_locked();
        let pin_set = is_locked || store.read::<_, AppError>(|reading| Ok(stored_pin(reading)?.is_some()))?;
        let signed_in = !is_locked && (environment.sign_in == SignIn::ByKeyStore || !pin_set);
        let used_ms = environment.clock.now().monotonic_ms;
        Ok(Self {
            former: Mutex::new(former_stores(folder, &environment)),
            base: folder.to_owned(),
            environment,
            current: RwLock::new(Arc::new(store)),
            syncing: Mutex::new(()),
            pin_set: AtomicBool::new(pin_set),
            signed_in: AtomicBool::new(signed_in),
            used_ms: AtomicU64::new(used_ms),
            looked_over_ms: AtomicU64::new(locking::NEVER),
            unmetered: AtomicBool::new(false),
        })
    }

    /// The store of the person who carries the device.
    fn store(&self) -> Arc<Store> {
        Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// The stores of earlier enrolments.
    fn former_stores(&self) -> Vec<Arc<Store>> {
        self.former.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn signed_in(&self) -> Result<(), AppError> {
        if self.signed_in.load(Ordering::SeqCst) { Ok(()) } else { Err(AppError::SignInFirst) }
    }

    fn notice_a_restore(&self) -> Result<(), AppError> {
        let store = self.store();
        let Some(now) = mark(&store)? else { return Ok(()) };
        let kept = store.keys().get(name::MARK)?;
        let Some(kept) = kept.as_ref().and_then(|kept| Mark::from_bytes(kept.expose())) else { return Ok(()) };
        let (chain, seals) = (now.chain.is_behind(&kept.chain), now.seals_are_behind(&kept));
        // A locked store has its journal alone, which is not put back by itself.
        if (chain || seals) && store.shows_all() {
            store.transact::<_, AppError>(&self.environment, |writing| {
                let Some(enrolment) = writing.enrolment()? else { return Ok(()) };
                if chain {
                    writing.begin_epoch(&self.environment, enrolment.device)?;
                }
                if seals {
                    writing.begin_seals(&self.environment, enrolment.device)?;
                    writing.close_chains()?;
                }
                Ok(())
            })?;
            set_mark(&store)?;
        }
        Ok(())
    }
}

/// The stores of earlier enrolments that can be opened. One that can't is left as it is, and is
/// tried again at the next start.
fn former_stores(base: &Path, environment: &Environment) -> Vec<Arc<Store>> {
    let places = shelf::former(base, environment).unwrap_or_default();
    let opened = places
        .into_iter()
        .filter_map(|place| Store::open_locked(&place.folder, &place.environment, Locked::ForGood).ok().map(Arc::new));
    opened.collect()
}

/// The key with which an enrolment signs.
///
/// # Errors
/// [`AppError::SigningKeyGone`] when the key store does not have it any more. It is never made anew
/// for an enrolment: the council would take what it signs for somebody else's.
fn signing_key(store: &Store) -> Result<SigningKey, AppError> {
    let key = store.keys().get(name::SIGNING)?;
    key.as_ref().and_then(as_signing_key).ok_or(AppError::SigningKeyGone)
}

fn as_signing_key(secret: &Secret) -> Option<SigningKey> {
    secret.expose().try_into().ok().map(SigningKey::from_bytes)
}

/// Keeps how far the chains have come in the key store. A database that is behind this mark was
/// restored from a copy.
fn set_mark(store: &Store) -> Result<(), AppError> {
    let Some(mark) = mark(store)? else { return Ok(()) };
    let mark = Secret::new(&mark.to_bytes());
    if store.keys().get(name::MARK)?.as_ref() != Some(&mark) {
        store.keys().set(name::MARK, &mark)?;
    }
    Ok(())
}

fn mark(store: &Store) -> Result<Option<Mark>, AppError> {
    store.read(|reading| {
        let Some(enrolment) = reading.enrolment()? else { return Ok(None) };
        let head = reading.head(enrolment.device)?.chain;
        let seals = reading.seal_state(enrolment.device)?;
        Ok(Some(Mark {
            chain: Reached { epoch: *head.epoch.as_bytes(), number: head.sequence },
            seals: seals.map(|seals| Reached { epoch: *seals.epoch.as_bytes(), number: seals.number }),
        }))
    })
}

fn stored_pin(reading: &Reading<'_>) -> Result<Option<StoredPin>, StoreError> {
    Ok(reading.setting::<Option<StoredPin>>(PIN)?.flatten())
}

fn time(unix_ms: i64) -> DateTime<Utc> {
    DateTime::from_timestamp_millis(unix_ms).unwrap_or(DateTime::UNIX_EPOCH)
}
