//! The device's database. It is encrypted, and uses a write-ahead log. Every commit is flushed to
//! the disk before it counts. A journal beside it holds what a damaged or locked database would
//! keep from being sent.

mod appointments;
mod aside;
mod chain;
mod continuing;
mod database;
mod forgetting;
mod images;
mod journal;
mod kinds;
mod open;
mod opening;
mod photos;
mod reading_journal;
mod receipts;
mod records;
mod recovery;
mod recovery_key;
mod reserve;
mod seals;
mod settings;
pub(crate) mod shelf;
mod transaction;
mod unopened;
mod values;
mod visit_chains;
mod visits;

use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use rusqlite::Connection;

pub use aside::set_aside;
pub(crate) use forgetting::CouncilContact;
pub(crate) use opening::Locked;
pub(crate) use photos::WaitingPhoto;
pub use reading_journal::{
    NotSalvaged, OpenedWith, SalvagedEnrolment, SalvagedJournal, SalvagedVisit, journals_in, salvage, salvage_sealed,
};
pub(crate) use records::StoredRecord;
pub(crate) use settings::{Asked, CodeSignature, Enrolment, SecondVersion};

pub(crate) use transaction::{Reading, Scope, StoreError, Writing};
pub use unopened::UnopenedStanding;
pub(crate) use unopened::{Sent, Unopened};
pub(crate) use visit_chains::VisitChain;
pub(crate) use visits::VisitRow;

use self::open::{Open, Shows};
use self::transaction::Trouble;
use crate::Opening;
use crate::environment::Environment;
use crate::keys::{KeyStore, Secret, name};

/// An open store: a database, or what its journal holds while the database is locked.
pub(crate) struct Store {
    open: Mutex<Open>,
    folder: PathBuf,
    environment: Environment,
}

impl Store {
    /// Opens the store of a folder, or makes one.
    pub(crate) fn open(folder: &Path, environment: &Environment) -> Result<Self, Opening> {
        Ok(Self::of(opening::open(folder, environment)?, folder, environment))
    }

    /// Opens what can be sent from a store while its database is locked.
    pub(crate) fn open_locked(folder: &Path, environment: &Environment, locked: Locked) -> Result<Self, Opening> {
        Ok(Self::of(opening::open_outbox(folder, environment, locked)?, folder, environment))
    }

    fn of(open: Open, folder: &Path, environment: &Environment) -> Self {
        Self { open: Mutex::new(open), folder: folder.to_owned(), environment: environment.clone() }
    }

    fn lock(&self) -> MutexGuard<'_, Open> {
        // A thread that panicked in a transaction has rolled it back, so the connection can be
        // used.
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Where the keys of this store are.
    pub(crate) fn keys(&self) -> &dyn KeyStore {
        &*self.environment.keys
    }

    /// The folder of this store.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Whether the whole store is open to be written, and not what is left of it while it is
    /// locked, or what this app knows of it.
    pub(crate) fn shows_all(&self) -> bool {
        self.lock().shows_all()
    }

    /// Whether nothing but what can be sent is open.
    pub(crate) fn is_locked(&self) -> bool {
        self.lock().is_locked()
    }

    /// The key of the database, while it is open.
    pub(crate) fn database_key(&self) -> Option<Secret> {
        match &self.lock().shows {
            Shows::Everything(key) | Shows::NoRoom(_, key) => Some(key.clone()),
            Shows::Outbox(_) | Shows::Newer(_) => None,
        }
    }

    /// Reads in one transaction, so that everything read is from the same moment.
    pub(crate) fn read<T, E: From<StoreError>>(&self, work: impl FnOnce(&Reading<'_>) -> Result<T, E>) -> Result<T, E> {
        let mut open = self.lock();
        let done = open.read(work);
        self.mend_if(done.trouble, &mut open);
        done.gave
    }

    /// Writes in one transaction. There is no other way to change anything. When this returns `Ok`,
    /// all of it is on disk; otherwise none of it is. On a full device it gives up the room that is
    /// kept back, and does `work` once more.
    pub(crate) fn transact<T, E: From<StoreError>>(
        &self,
        environment: &Environment,
        mut work: impl FnMut(&Writing<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        let mut open = self.lock();
        let mut done = open.transact(environment, &mut work);
        if done.trouble == Some(Trouble::Full) && self.make_room(&open) {
            done = open.transact(environment, &mut work);
        }
        self.mend_if(done.trouble, &mut open);
        done.gave
    }

    /// As [`Self::transact`], for what can wait until the device has room again: nothing that is
    /// kept back is given up for it, and nothing is written once that was.
    pub(crate) fn transact_if_room<T, E: From<StoreError>>(
        &self,
        environment: &Environment,
        work: impl FnOnce(&Writing<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        if !reserve::keep(&self.folder, &self.environment) {
            return Err(StoreError::Full.into());
        }
        self.transact_as_it_is(environment, work)
    }

    /// As [`Self::transact`], for what can be done without on a full device.
    pub(crate) fn transact_as_it_is<T, E: From<StoreError>>(
        &self,
        environment: &Environment,
        work: impl FnOnce(&Writing<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        let mut open = self.lock();
        let done = open.transact(environment, work);
        self.mend_if(done.trouble, &mut open);
        done.gave
    }

    /// Makes room on a full device: gives up what is kept back, and uses the database's log from
    /// its beginning. Gives whether there may be room now.
    fn make_room(&self, open: &Open) -> bool {
        let is_given_up = reserve::give_up(&self.folder, &*self.environment.disk);
        let is_used_again = open.shows_all() && open.reuse_log();
        is_given_up || is_used_again
    }

    /// Whether the device is full: there is no room to keep back, or it had to be given up and
    /// there is not enough yet to keep it back again.
    pub(crate) fn is_full(&self) -> bool {
        !reserve::is_kept(&self.folder)
    }

    /// Keeps room back again, if there is enough of it by now, and opens the database that had
    /// none. Not while a sync is under way: it goes on with what it has read.
    pub(crate) fn keep_room(&self) {
        let mut open = self.lock();
        let is_kept = reserve::keep(&self.folder, &self.environment);
        // There may be room for the database that could not be opened or made.
        if let (true, Shows::NoRoom(_, key)) = (is_kept, &open.shows)
            && let Ok(opened) = opening::open_with(&self.folder, &self.environment, &key.clone())
        {
            *open = opened;
        }
    }

    /// Makes the journal survive a power cut. What can't be flushed now is flushed the next time.
    pub(crate) fn flush_journal(&self) {
        let mut open = self.lock();
        let flushed = open.journal.flush(&self.environment);
        if flushed.is_err_and(|error| error.kind() == std::io::ErrorKind::StorageFull) && self.make_room(&open) {
            let _the_next_time = open.journal.flush(&self.environment);
        }
    }

    /// Seals the key of the journal to the council's recovery key, if it has one. What can't be
    /// written now is written the next time.
    pub(crate) fn seal_to_recovery_key(&self) {
        let named = self.read::<_, StoreError>(|reading| Ok(reading.enrolment()?.map(|known| known.recovery_key)));
        let (Ok(Some(named)), Ok(Some(key))) = (named, self.environment.keys.get(name::JOURNAL)) else { return };
        let _the_next_time = recovery_key::seal(&self.folder, named.as_deref(), &key);
    }

    /// Forgets what is safe elsewhere, a few visits at a time, so that nobody waits for it. The
    /// journal is written anew without what has left. Gives how many visits have left.
    pub(crate) fn forget(&self, environment: &Environment) -> Result<usize, StoreError> {
        let (may_forget, is_untidy) =
            self.read(|reading| Ok::<_, StoreError>((reading.may_forget()?, reading.is_untidy()?)))?;
        let forgotten = if may_forget { self.forget_page_by_page(environment)? } else { 0 };
        if (forgotten > 0 || is_untidy) && self.write_journal_anew()? {
            self.transact(environment, |writing| writing.is_tidy_now())?;
        }
        Ok(forgotten)
    }

    fn forget_page_by_page(&self, environment: &Environment) -> Result<usize, StoreError> {
        let (mut forgotten, mut after) = (0, None);
        loop {
            let visits = self.read(|reading| reading.remembered_after(after))?;
            let Some(last) = visits.last() else { break };
            after = Some(*last);
            forgotten += self.transact(environment, |writing| writing.forget_safe(&visits))?;
        }
        self.transact(environment, |writing| writing.has_looked())?;
        Ok(forgotten)
    }

    /// Writes the journal anew with what the council may still ask for, and gives whether it did:
    /// on a full disk the old one stays.
    fn write_journal_anew(&self) -> Result<bool, StoreError> {
        let mut open = self.lock();
        let open = &mut *open;
        if open.shows_all() {
            return recovery::write_anew(&mut open.connection, &mut open.journal, &self.environment);
        }
        Ok(false)
    }

    /// Sets a damaged file aside, and goes on with what the journal holds. If that does not work
    /// now, it is done at the next opening.
    fn mend_if(&self, trouble: Option<Trouble>, open: &mut Open) {
        let Shows::Everything(key) = &open.shows else { return };
        if trouble == Some(Trouble::Damaged) && opening::is_damaged(&self.folder, key) {
            let _at_the_next_opening = opening::mend(&self.folder, &self.environment, open);
        }
    }

    /// Locks this store: its database is closed and its key forgotten. What it still sends, it
    /// sends from its journal.
    ///
    /// # Errors
    /// It is as it was.
    pub(crate) fn lock_up(&self, locked: Locked) -> Result<(), Opening> {
        let mut open = self.lock();
        if !open.is_locked() {
            let _what_is_not_flushed_is_there = open.journal.flush(&self.environment);
            *open = opening::open_outbox(&self.folder, &self.environment, locked)?;
        }
        Ok(())
    }

    /// Opens the database of this store with its key, and takes in what was said meanwhile.
    ///
    /// # Errors
    /// It stays locked.
    pub(crate) fn unlock(&self, key: &Secret) -> Result<(), Opening> {
        let mut open = self.lock();
        if open.is_locked() {
            *open = opening::open_with(&self.folder, &self.environment, key)?;
        }
        Ok(())
    }

    /// Looks at every page of the database, without keeping anybody from it. If one is damaged, the
    /// file is set aside, and what the journal holds takes its place.
    ///
    /// # Errors
    /// It can't be looked at now.
    pub(crate) fn look_over(&self) -> Result<(), Opening> {
        let Some(key) = self.database_key().filter(|_| self.shows_all()) else { return Ok(()) };
        if !opening::is_damaged(&self.folder, &key) {
            return Ok(());
        }
        // A page that is being written just now looks damaged, too. Nobody writes while this is
        // held.
        let mut open = self.lock();
        if open.shows_all() && opening::is_damaged(&self.folder, &key) {
            opening::mend(&self.folder, &self.environment, &mut open)?;
        }
        Ok(())
    }

    /// Ends this store if `is_over` says so: its keys and files are destroyed, and an empty one
    /// takes its place. Nothing is written between that answer and the end, so that nothing is lost
    /// that was saved meanwhile. Returns whether it was ended.
    pub(crate) fn end_if<E: From<StoreError> + From<Opening>>(
        &self,
        is_over: impl FnOnce(&Reading<'_>) -> Result<bool, E>,
    ) -> Result<bool, E> {
        let mut open = self.lock();
        // What this app does not know of a newer one's file may still have to be sent.
        if matches!(open.shows, Shows::Newer(_) | Shows::NoRoom(..)) || !open.read(is_over).gave? {
            return Ok(false);
        }
        // It stands in for the database that is closed, and is never written to.
        let nothing = Connection::open_in_memory().map_err(Opening::Store)?;
        drop(std::mem::replace(&mut open.connection, nothing));
        opening::end(&self.folder, &self.environment)?;
        *open = opening::open(&self.folder, &self.environment)?;
        Ok(true)
    }

    /// Destroys the keys and the files of this store, which nobody needs any more.
    ///
    /// # Errors
    /// Some of it may still be there: the next start goes on with it.
    pub(crate) fn end(&self) -> Result<(), Opening> {
        let mut open = self.lock();
        let nothing = Connection::open_in_memory().map_err(Opening::Store)?;
        drop(std::mem::replace(&mut open.connection, nothing));
        opening::end(&self.folder, &self.environment)
    }
}
