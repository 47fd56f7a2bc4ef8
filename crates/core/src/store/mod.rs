//! The device's database. It is encrypted, and uses a write-ahead log. Every commit is flushed to
//! the disk before it counts.

mod appointments;
mod chain;
mod opening;
mod photos;
mod receipts;
mod records;
mod seals;
mod settings;
mod visit_chains;
mod visits;

use std::sync::{Mutex, MutexGuard, PoisonError};

use rusqlite::{Connection, Params, TransactionBehavior};

pub(crate) use opening::open;
pub use opening::set_aside;
pub(crate) use photos::WaitingPhoto;
pub(crate) use records::StoredRecord;
pub(crate) use settings::{Asked, CodeSignature, Enrolment, SecondVersion};
pub(crate) use visit_chains::VisitChain;
pub(crate) use visits::VisitRow;

use crate::environment::Environment;
use crate::{Disk, DiskFault};

/// Why the database did not do what it was asked. What was committed before is safe.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The disk is full.
    #[error("the disk is full")]
    Full,
    /// The disk did not save the data.
    #[error(transparent)]
    Fault(#[from] DiskFault),
    /// SQLite failed.
    #[error("the database failed")]
    Sqlite(#[source] rusqlite::Error),
    /// A stored value can't be read back.
    #[error("what is stored as {0} can't be read")]
    Unreadable(&'static str),
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(rusqlite::ErrorCode::DiskFull) => Self::Full,
            _ => Self::Sqlite(error),
        }
    }
}

/// An open database.
pub(crate) struct Store {
    connection: Mutex<Connection>,
}

impl Store {
    fn lock(&self) -> MutexGuard<'_, Connection> {
        // A thread that panicked in a transaction has rolled it back, so the connection can be
        // used.
        self.connection.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads in one transaction, so that everything read is from the same moment.
    pub(crate) fn read<T, E: From<StoreError>>(&self, work: impl FnOnce(&Reading<'_>) -> Result<T, E>) -> Result<T, E> {
        let mut connection = self.lock();
        let transaction = connection.transaction().map_err(StoreError::from)?;
        work(&Reading { transaction: &transaction })
    }

    /// Writes in one transaction. There is no other way to change anything. When this returns `Ok`,
    /// all of it is on disk; otherwise none of it is.
    pub(crate) fn transact<T, E: From<StoreError>>(
        &self,
        environment: &Environment,
        work: impl FnOnce(&Writing<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        let mut connection = self.lock();
        let transaction =
            connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(StoreError::from)?;
        let done = work(&Writing { reading: Reading { transaction: &transaction }, disk: &*environment.disk })?;
        environment.disk.before_write().map_err(StoreError::from)?;
        transaction.commit().map_err(StoreError::from)?;
        Ok(done)
    }
}

/// A transaction to read in.
pub(crate) struct Reading<'a> {
    transaction: &'a rusqlite::Transaction<'a>,
}

/// A transaction to read and write in.
pub(crate) struct Writing<'a> {
    reading: Reading<'a>,
    disk: &'a dyn Disk,
}

impl<'a> std::ops::Deref for Writing<'a> {
    type Target = Reading<'a>;

    fn deref(&self) -> &Reading<'a> {
        &self.reading
    }
}

impl Reading<'_> {
    fn one<T>(
        &self,
        sql: &str,
        params: impl Params,
        row: impl FnOnce(&rusqlite::Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Option<T>, StoreError> {
        use rusqlite::OptionalExtension;
        Ok(self.transaction.prepare_cached(sql)?.query_row(params, row).optional()?)
    }

    fn many<T>(
        &self,
        sql: &str,
        params: impl Params,
        row: impl FnMut(&rusqlite::Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Vec<T>, StoreError> {
        let mut statement = self.transaction.prepare_cached(sql)?;
        let rows = statement.query_map(params, row)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}

impl Writing<'_> {
    fn write(&self, sql: &str, params: impl Params) -> Result<usize, StoreError> {
        self.disk.before_write()?;
        Ok(self.reading.transaction.prepare_cached(sql)?.execute(params)?)
    }
}
