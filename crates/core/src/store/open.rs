//! A store that is open: its database and its journal, or what its journal holds while it is
//! locked.

use rusqlite::{Connection, TransactionBehavior};

use super::images::{self, Batch};
use super::journal::Journal;
use super::recovery::Session;
use super::transaction::{Reading, StoreError, Writing};
use crate::DiskFault;
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
}

/// What a transaction gave, and whether the file seems to be damaged.
pub(super) struct Done<T, E> {
    pub(super) gave: Result<T, E>,
    pub(super) is_damaged: bool,
}

impl Open {
    pub(super) fn shows_all(&self) -> bool {
        matches!(self.shows, Shows::Everything(_))
    }

    pub(super) fn read<T, E: From<StoreError>>(
        &mut self,
        work: impl FnOnce(&Reading<'_>) -> Result<T, E>,
    ) -> Done<T, E> {
        let shows_all = self.shows_all();
        let transaction = match self.connection.transaction() {
            Ok(transaction) => transaction,
            Err(error) => return Done::failed(error),
        };
        let reading = Reading::in_transaction(&transaction, shows_all);
        let gave = work(&reading);
        Done { gave, is_damaged: reading.is_damaged() }
    }

    pub(super) fn transact<T, E: From<StoreError>>(
        &mut self,
        environment: &Environment,
        work: impl FnOnce(&Writing<'_>) -> Result<T, E>,
    ) -> Done<T, E> {
        let shows_all = self.shows_all();
        let Self { connection, journal, shows } = self;
        let transaction = match connection.transaction_with_behavior(TransactionBehavior::Immediate) {
            Ok(transaction) => transaction,
            Err(error) => return Done::failed(error),
        };
        let writing = Writing::in_transaction(&transaction, &*environment.disk, shows_all);
        let gave = work(&writing).and_then(|gave| Ok((gave, for_the_journal(&writing, shows)?)));
        let is_damaged = writing.is_damaged();
        let gave = gave.and_then(|(gave, batch)| {
            environment.disk.before_write().map_err(StoreError::from)?;
            // While the database is locked, the journal is what keeps it: it comes first.
            if let (Shows::Outbox(_), Some(batch)) = (&*shows, &batch) {
                journal.add_alone(environment, batch).map_err(not_kept)?;
            }
            transaction.commit().map_err(StoreError::from)?;
            if let (Shows::Everything(_), Some(batch)) = (&*shows, &batch) {
                journal.add(environment, batch);
            }
            Ok(gave)
        });
        Done { gave, is_damaged }
    }
}

impl<T, E: From<StoreError>> Done<T, E> {
    fn failed(error: rusqlite::Error) -> Self {
        let error = StoreError::from(error);
        Self { is_damaged: error.tells_of_damage(), gave: Err(error.into()) }
    }
}

fn not_kept(error: std::io::Error) -> StoreError {
    match error.kind() {
        std::io::ErrorKind::StorageFull => StoreError::Full,
        _ => StoreError::Fault(DiskFault),
    }
}

/// What a transaction has changed so far that belongs in the journal.
fn for_the_journal(writing: &Writing<'_>, shows: &Shows) -> Result<Option<Batch>, StoreError> {
    let rows = images::touched(writing.transaction)?;
    if rows.is_empty() {
        return Ok(None);
    }
    let session = match shows {
        Shows::Everything(_) => None,
        Shows::Outbox(session) => Some(session.clone()),
    };
    Ok(Some(Batch { number: writing.count_written()?, session, rows }))
}
