//! [`App`]: one method for each thing that a screen can ask for. The window, the command line and
//! the tests only call these methods.

mod code;
mod council;
mod device;
mod mark;
mod photos;
mod standing;
mod today;
mod visits;

pub use photos::Network;
pub use visits::Unplanned;

use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use chrono::{DateTime, Utc};
use doorstep_domain::ledger::SigningKey;

use self::mark::{Mark, Reached};
use crate::environment::{Environment, SignIn};
use crate::error::AppError;
use crate::keys::{Secret, name};
use crate::pin::StoredPin;
use crate::store::{self, Reading, Store, StoreError};

const PIN: &str = "pin";

/// Doorstep on one device.
pub struct App {
    store: Store,
    environment: Environment,
    folder: PathBuf,
    /// One sync at a time.
    syncing: Mutex<()>,
    signed_in: AtomicBool,
    /// Whether the network does not charge for data, as far as the window knows.
    unmetered: AtomicBool,
}

impl std::fmt::Debug for App {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("App").field("folder", &self.folder).finish_non_exhaustive()
    }
}

impl App {
    /// Opens the store in a folder, or makes one.
    ///
    /// # Errors
    /// [`AppError::Opening`] says what is wrong with the store. Nothing is deleted.
    pub fn open(folder: &Path, environment: Environment) -> Result<Self, AppError> {
        let store = store::open(folder, &environment)?;
        // Without a PIN there is nothing to ask for: the device is new, or was enrolled a moment
        // ago.
        let pin_set = store.read::<_, AppError>(|reading| Ok(stored_pin(reading)?.is_some()))?;
        let signed_in = AtomicBool::new(environment.sign_in == SignIn::ByKeyStore || !pin_set);
        let app = Self {
            store,
            environment,
            folder: folder.to_owned(),
            syncing: Mutex::new(()),
            signed_in,
            unmetered: AtomicBool::new(false),
        };
        app.notice_a_restore()?;
        app.keep_running();
        Ok(app)
    }

    fn signed_in(&self) -> Result<(), AppError> {
        if self.signed_in.load(Ordering::SeqCst) { Ok(()) } else { Err(AppError::SignInFirst) }
    }

    fn signing_key(&self) -> Result<SigningKey, AppError> {
        if let Some(key) = self.environment.keys.get(name::SIGNING)?.as_ref().and_then(signing_key) {
            return Ok(key);
        }
        let secret = Secret::new(&self.environment.random::<32>());
        self.environment.keys.set(name::SIGNING, &secret)?;
        signing_key(&secret).ok_or(AppError::Store(StoreError::Unreadable("signing key")))
    }

    /// Keeps how far the chains have come in the key store. A database that is behind this mark was
    /// restored from a copy.
    fn set_mark(&self) -> Result<(), AppError> {
        let Some(mark) = self.mark()? else { return Ok(()) };
        let mark = Secret::new(&mark.to_bytes());
        if self.environment.keys.get(name::MARK)?.as_ref() != Some(&mark) {
            self.environment.keys.set(name::MARK, &mark)?;
        }
        Ok(())
    }

    fn notice_a_restore(&self) -> Result<(), AppError> {
        let Some(now) = self.mark()? else { return Ok(()) };
        let kept = self.environment.keys.get(name::MARK)?;
        let Some(kept) = kept.as_ref().and_then(|kept| Mark::from_bytes(kept.expose())) else { return Ok(()) };
        let (chain, seals) = (now.chain.is_behind(&kept.chain), now.seals_are_behind(&kept));
        if chain || seals {
            self.store.transact::<_, AppError>(&self.environment, |writing| {
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
            self.set_mark()?;
        }
        Ok(())
    }

    fn mark(&self) -> Result<Option<Mark>, AppError> {
        self.store.read(|reading| {
            let Some(enrolment) = reading.enrolment()? else { return Ok(None) };
            let head = reading.head(enrolment.device)?.chain;
            let seals = reading.seal_state(enrolment.device)?;
            Ok(Some(Mark {
                chain: Reached { epoch: *head.epoch.as_bytes(), number: head.sequence },
                seals: seals.map(|seals| Reached { epoch: *seals.epoch.as_bytes(), number: seals.number }),
            }))
        })
    }
}

fn stored_pin(reading: &Reading<'_>) -> Result<Option<StoredPin>, StoreError> {
    Ok(reading.setting::<Option<StoredPin>>(PIN)?.flatten())
}

fn signing_key(secret: &Secret) -> Option<SigningKey> {
    secret.expose().try_into().ok().map(SigningKey::from_bytes)
}

fn time(unix_ms: i64) -> DateTime<Utc> {
    DateTime::from_timestamp_millis(unix_ms).unwrap_or(DateTime::UNIX_EPOCH)
}
