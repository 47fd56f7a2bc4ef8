//! The PIN, and what a locked device still does: it sends, it lets somebody leave at once and say
//! that they are safe, and it takes a concern. It shows nothing of what it holds.

use std::sync::atomic::Ordering;

use doorstep_domain::conduct::{Command, Concern};

use super::visits::Known;
use super::{App, PIN, stored_pin};
use crate::environment::SignIn;
use crate::error::AppError;
use crate::keys::{Secret, name};
use crate::pin::{PinLock, PinRefused, StoredPin};
use crate::store::{Locked, Store, StoreError};
use crate::sync::enrolled;
use crate::view::StatusView;

/// What somebody can say on a locked device about the visit that is under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize, ts_rs::TS)]
#[serde(rename_all = "snake_case")]
pub enum SaidLocked {
    /// They leave at once. Clause 6.1.
    LeaveNow,
    /// They are safe. Clause 6.1.
    Safe,
}

impl App {
    /// Sets the PIN. From now on it is half of the key of what can be read.
    ///
    /// # Errors
    /// [`AppError::Pin`] when it can't be a PIN or is too easy; [`AppError::SignInFirst`].
    pub fn set_pin(&self, pin: &str) -> Result<(), AppError> {
        self.signed_in()?;
        let store = self.store();
        let key = store.database_key().ok_or(AppError::SignInFirst)?;
        self.seal_by(&store, pin, &key)
    }

    /// Seals the key of the database by a PIN, and forgets the key that was not sealed. An end of
    /// the app leaves both, or the sealed one; [`App::open`] goes on with it.
    fn seal_by(&self, store: &Store, pin: &str, key: &Secret) -> Result<(), AppError> {
        let lock = PinLock::new(pin, key, &self.environment.random())?;
        let sealed = lock.to_secret();
        store.keys().set(name::LOCKED, &sealed)?;
        let kept = store.keys().get(name::LOCKED)?;
        if kept.as_ref() != Some(&sealed) || lock.open(pin).as_ref() != Some(key) {
            store.keys().remove(name::LOCKED)?;
            return Err(AppError::Store(StoreError::Unreadable("PIN")));
        }
        store.keys().remove(name::DATABASE)?;
        self.pin_set.store(true, Ordering::SeqCst);
        Ok(())
    }

    /// Signs in with the PIN.
    ///
    /// # Errors
    /// [`AppError::Pin`] when the PIN is wrong, or the visitor has to wait after too many wrong
    /// ones. A wrong PIN never erases anything.
    pub fn sign_in(&self, pin: &str) -> Result<(), AppError> {
        let store = self.store();
        match store.keys().get(name::LOCKED)? {
            Some(lock) => {
                let lock = PinLock::from_secret(&lock).ok_or(AppError::Store(StoreError::Unreadable("PIN")))?;
                store.unlock(&self.try_pin(&store, &lock, pin)?)?;
            }
            None => self.try_earlier_pin(&store, pin)?,
        }
        self.used();
        self.signed_in.store(true, Ordering::SeqCst);
        self.notice_a_restore()
    }

    fn try_pin(&self, store: &Store, lock: &PinLock, pin: &str) -> Result<Secret, AppError> {
        let now = self.environment.clock.now();
        let seconds = lock.wait_left(now);
        if seconds > 0 {
            return Err(PinRefused::Wait { seconds }.into());
        }
        store.keys().set(name::LOCKED, &lock.with_one_more_try(now).to_secret())?;
        let key = lock.open(pin).ok_or(PinRefused::Wrong)?;
        store.keys().set(name::LOCKED, &lock.without_tries().to_secret())?;
        Ok(key)
    }

    /// A PIN that an earlier app kept in the database. The first right one seals the key.
    fn try_earlier_pin(&self, store: &Store, pin: &str) -> Result<(), AppError> {
        let tried = store.transact::<_, AppError>(&self.environment, |writing| {
            let Some(mut stored) = stored_pin(writing)? else {
                return Ok(Err(PinRefused::Wrong));
            };
            let tried = stored.try_pin(pin, self.environment.clock.now());
            writing.set(PIN, &Some(stored))?;
            Ok(tried)
        })?;
        tried?;
        let key = store.database_key().ok_or(AppError::SignInFirst)?;
        self.seal_by(store, pin, &key)?;
        store.transact(&self.environment, |writing| Ok(writing.set(PIN, &None::<StoredPin>)?))
    }

    /// Locks the device until the PIN is entered: the database is closed, and its key forgotten.
    /// The screen first has to save half-typed text with [`App::keep_draft`]. Does nothing for the
    /// command line, and before there is a PIN.
    ///
    /// # Errors
    /// [`AppError::Opening`] when what can be sent can't be read. Nothing can be seen all the same.
    pub fn lock(&self) -> Result<(), AppError> {
        if self.environment.sign_in != SignIn::WithPin || !self.pin_set.load(Ordering::SeqCst) {
            return Ok(());
        }
        self.signed_in.store(false, Ordering::SeqCst);
        let store = self.store();
        // A PIN that an earlier app kept seals nothing yet.
        if store.keys().get(name::LOCKED)?.is_some() {
            store.lock_up(Locked::ForNow)?;
        }
        Ok(())
    }

    /// The app goes to the background, where a phone may end it: makes the journal survive a power
    /// cut.
    pub fn rest(&self) {
        self.store().flush_journal();
    }

    /// Notes that somebody uses the window.
    pub fn used(&self) {
        self.used_ms.store(self.environment.clock.now().monotonic_ms, Ordering::SeqCst);
    }

    /// Locks the device if nobody has used it for the council's minutes. `busy_elsewhere` says that
    /// a camera, dialler or map which the window opened is in front: then it waits for five
    /// minutes. Gives whether it is locked.
    ///
    /// # Errors
    /// As [`App::lock`].
    pub fn lock_if_unused(&self, busy_elsewhere: bool) -> Result<bool, AppError> {
        let minutes = self.store().read(|reading| self.numbers(reading))?.lock_minutes;
        let minutes = if busy_elsewhere { minutes.max(MINUTES_ELSEWHERE) } else { minutes };
        let unused_ms = self.environment.clock.now().monotonic_ms.saturating_sub(self.used_ms.load(Ordering::SeqCst));
        if unused_ms >= u64::from(minutes) * 60_000 {
            self.lock()?;
        }
        Ok(!self.signed_in.load(Ordering::SeqCst))
    }

    /// Says something about the visit that is under way, locked or not. The answer tells nothing of
    /// what the device holds.
    ///
    /// # Errors
    /// [`AppError::NothingUnderWay`], or as [`App::act`].
    pub fn say_locked(&self, said: SaidLocked) -> Result<StatusView, AppError> {
        let here = self.store();
        let mut stores = vec![here];
        stores.extend(self.former_stores());
        for store in stores {
            let visit = store.read::<_, AppError>(|reading| match said {
                SaidLocked::LeaveNow => Ok(reading.under_way()?),
                SaidLocked::Safe => Ok(reading.alone()?.map(|(visit, _)| visit)),
            })?;
            let Some(visit) = visit else { continue };
            let command = match said {
                SaidLocked::LeaveNow => Command::LeaveNow,
                SaidLocked::Safe => Command::SaySafe,
            };
            store.transact::<_, AppError>(&self.environment, |writing| {
                let enrolment = enrolled(writing)?;
                let before = Known::of(writing, visit)?;
                self.decide_and_record(writing, &enrolment, before, command.clone()).map(drop)
            })?;
            store.flush_journal();
            return self.status();
        }
        Err(AppError::NothingUnderWay)
    }

    /// Raises a concern on a locked device, in a file of its own. As [`App::raise_concern`], but
    /// the answer tells nothing of what the device holds.
    ///
    /// # Errors
    /// As [`App::raise_concern`].
    pub fn raise_concern_locked(&self, concern: Concern) -> Result<StatusView, AppError> {
        self.say_in_a_new_file(Command::RaiseConcern(concern)).map(|acted| acted.status)
    }

    /// Seals a safeguarding note on a locked device, in a file of its own. Clause 6.2.
    ///
    /// # Errors
    /// As [`App::flag_safeguarding`].
    pub fn flag_safeguarding_locked(&self, note: &str) -> Result<StatusView, AppError> {
        let note = self.sealed_note(None, note)?;
        self.say_in_a_new_file(Command::RaiseSealedConcern { note }).map(|acted| acted.status)
    }
}

impl App {
    /// Forgets what became of a damaged file: somebody has read it.
    ///
    /// # Errors
    /// [`AppError::SignInFirst`], [`AppError::Store`].
    pub fn read_salvaged(&self) -> Result<(), AppError> {
        self.signed_in()?;
        self.store().transact(&self.environment, |writing| Ok(writing.set_salvaged(None)?))
    }
}

impl App {
    /// Looks at every page of the file of visits, once a day. What is damaged is set aside, and
    /// what waited to be sent takes its place. The courier calls this.
    ///
    /// # Errors
    /// [`AppError::Opening`] when it can't be looked at now.
    pub fn look_over(&self) -> Result<(), AppError> {
        let now_ms = self.environment.clock.now().monotonic_ms;
        let store = self.store();
        let looked_ms = self.looked_over_ms.load(Ordering::SeqCst);
        let is_due = looked_ms == NEVER || now_ms.saturating_sub(looked_ms) >= LOOKED_OVER_EVERY_MS;
        if is_due && store.shows_all() {
            store.look_over()?;
            self.looked_over_ms.store(now_ms, Ordering::SeqCst);
        }
        Ok(())
    }
}

/// Not since this app was opened.
pub(super) const NEVER: u64 = u64::MAX;

/// How often the file of visits is looked over, in milliseconds.
const LOOKED_OVER_EVERY_MS: u64 = 24 * 60 * 60 * 1000;

/// How long the device stays open at least while a camera, dialler or map is in front.
const MINUTES_ELSEWHERE: u32 = 5;
