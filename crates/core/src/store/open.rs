//! A store that is open: its database and its journal, or what its journal holds while it is
//! locked.

use rusqlite::{Connection, Transaction, TransactionBehavior};

use super::images::{self, Batch};
use super::journal::Journal;
use super::recovery::Session;
use super::transaction::{Reading, Scope, StoreError, Trouble, Writing};
use crate::environment::Environment;
use crate::keys::Secret;

/// What is open of a store.
pub(super) struct Open {
    pub(super) connection: Connection,
    pub(super) journal: Journal,
    pub(super) shows: Shows,
}

/// What a store can show and change.
pub(super) enum Shows {
    /// Everything. The key of the database is kept, so that a new PIN can seal it.
    Everything(Secret),
    /// What the journal holds, in memory. What is written goes to the journal alone.
    Outbox(Session),
    /// What a database of a newer app holds, in memory, as far as this one knows it. What is
    /// written goes to the journal alone, and the newer app takes it in.
    Newer(Session),
    /// What the journal holds, in memory, because the device is too full to open the database, or
    /// to make one in place of a damaged one. What is written goes to the journal alone, and the
    /// database takes it in. Its key is kept, so that it can be opened once there is room.
    NoRoom(Session, Secret),
}

impl Shows {
    fn scope(&self) -> Scope {
        match self {
            Self::Everything(_) => Scope::All,
            Self::Outbox(_) => Scope::Outbox,
            Self::Newer(_) => Scope::Newer,
            Self::NoRoom(..) => Scope::NoRoom,
        }
    }
}

/// What a transaction gave, and what went wrong, as far as the store can do something about it.
pub(super) struct Done<T, E> {
    pub(super) gave: Result<T, E>,
    pub(super) trouble: Option<Trouble>,
}

impl Open {
    pub(super) fn shows_all(&self) -> bool {
        self.shows.scope() == Scope::All
    }

    pub(super) fn is_locked(&self) -> bool {
        matches!(self.shows, Shows::Outbox(_))
    }

    pub(super) fn read<T, E: From<StoreError>>(
        &mut self,
        work: impl FnOnce(&Reading<'_>) -> Result<T, E>,
    ) -> Done<T, E> {
        let scope = self.shows.scope();
        let transaction = match self.connection.transaction() {
            Ok(transaction) => transaction,
            Err(error) => return Done::failed(error),
        };
        let reading = Reading::in_transaction(&transaction, scope);
        let gave = work(&reading);
        Done { gave, trouble: reading.trouble() }
    }

    pub(super) fn transact<T, E: From<StoreError>>(
        &mut self,
        environment: &Environment,
        work: impl FnOnce(&Writing<'_>) -> Result<T, E>,
    ) -> Done<T, E> {
        let scope = self.shows.scope();
        let Self { connection, journal, shows } = self;
        let transaction = match connection.transaction_with_behavior(TransactionBehavior::Immediate) {
            Ok(transaction) => transaction,
            Err(error) => return Done::failed(error),
        };
        let writing = Writing::in_transaction(&transaction, &*environment.disk, scope);
        let gave = work(&writing).and_then(|gave| Ok((gave, for_the_journal(&writing, shows)?)));
        let trouble = writing.trouble();
        let (gave, batch) = match gave {
            Ok(gave) => gave,
            Err(error) => return Done { gave: Err(error), trouble },
        };
        match keep(transaction, batch.as_ref(), journal, shows, environment) {
            Ok(()) => Done { gave: Ok(gave), trouble },
            Err(error) => Done::failed(error),
        }
    }

    /// Writes what is in the database's log into the database, so that the log takes no more room.
    /// Gives whether that was done.
    pub(super) fn reuse_log(&self) -> bool {
        let is_busy = self.connection.query_row("PRAGMA wal_checkpoint(RESTART)", [], |row| row.get::<_, bool>(0));
        matches!(is_busy, Ok(false))
    }
}

/// Commits a transaction, and adds what it changed to the journal.
fn keep(
    transaction: Transaction<'_>,
    batch: Option<&Batch>,
    journal: &mut Journal,
    shows: &Shows,
    environment: &Environment,
) -> Result<(), StoreError> {
    environment.disk.before_write()?;
    match shows {
        Shows::Everything(_) => {
            transaction.commit()?;
            if let Some(batch) = batch {
                journal.add(environment, batch);
            }
        }
        // While the database is not written to, the journal is what keeps it: it comes first.
        Shows::Outbox(_) | Shows::Newer(_) | Shows::NoRoom(..) => {
            if let Some(batch) = batch {
                journal.add_alone(environment, batch).map_err(not_kept)?;
            }
            transaction.commit()?;
        }
    }
    Ok(())
}

impl<T, E: From<StoreError>> Done<T, E> {
    fn failed(error: impl Into<StoreError>) -> Self {
        let error = error.into();
        Self { trouble: Trouble::of(&error), gave: Err(error.into()) }
    }
}

fn not_kept(error: std::io::Error) -> StoreError {
    match error.kind() {
        std::io::ErrorKind::StorageFull => StoreError::Full,
        _ => StoreError::Failed,
    }
}

/// What a transaction has changed so far that belongs in the journal.
fn for_the_journal(writing: &Writing<'_>, shows: &Shows) -> Result<Option<Batch>, StoreError> {
    let rows = writing.noted(images::touched(writing.transaction))?;
    if rows.is_empty() {
        return Ok(None);
    }
    let session = match shows {
        Shows::Everything(_) => None,
        Shows::Outbox(session) | Shows::Newer(session) | Shows::NoRoom(session, _) => Some(session.clone()),
    };
    Ok(Some(Batch { number: writing.count_written()?, session, rows }))
}
