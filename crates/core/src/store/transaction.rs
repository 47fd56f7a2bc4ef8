//! Transactions: the one way to read from a store and to write to it.

use std::cell::Cell;

use rusqlite::Params;

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
    /// The file is damaged. What waited to be sent was brought back from the journal.
    #[error("the file of visits is damaged")]
    Damaged,
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
            Some(rusqlite::ErrorCode::DatabaseCorrupt | rusqlite::ErrorCode::NotADatabase) => Self::Damaged,
            _ => Self::Sqlite(error),
        }
    }
}

impl StoreError {
    /// Whether the file may be damaged. Once SQLCipher has met a bad page, it says of everything
    /// else on that connection no more than that it failed.
    pub(crate) fn tells_of_damage(&self) -> bool {
        match self {
            Self::Damaged => true,
            Self::Sqlite(error) => error.sqlite_error_code() == Some(rusqlite::ErrorCode::Unknown),
            Self::Full | Self::Fault(_) | Self::Unreadable(_) => false,
        }
    }
}

/// A transaction to read in.
pub(crate) struct Reading<'a> {
    pub(super) transaction: &'a rusqlite::Transaction<'a>,
    shows_all: bool,
    /// Whether something that was read here seems to be damaged.
    is_damaged: Cell<bool>,
}

/// A transaction to read and write in.
pub(crate) struct Writing<'a> {
    pub(super) reading: Reading<'a>,
    disk: &'a dyn Disk,
}

impl<'a> std::ops::Deref for Writing<'a> {
    type Target = Reading<'a>;

    fn deref(&self) -> &Reading<'a> {
        &self.reading
    }
}

impl<'a> Reading<'a> {
    pub(super) fn in_transaction(transaction: &'a rusqlite::Transaction<'a>, shows_all: bool) -> Self {
        Self { transaction, shows_all, is_damaged: Cell::new(false) }
    }

    /// Whether something that was read here seems to be damaged.
    pub(super) fn is_damaged(&self) -> bool {
        self.is_damaged.get()
    }

    /// Whether this is the whole store, and not what is left of it while it is locked.
    pub(crate) fn shows_all(&self) -> bool {
        self.shows_all
    }

    /// Notes whether the file seems to be damaged.
    fn noted<T>(&self, done: Result<T, StoreError>) -> Result<T, StoreError> {
        if done.as_ref().is_err_and(StoreError::tells_of_damage) {
            self.is_damaged.set(true);
        }
        done
    }

    pub(super) fn one<T>(
        &self,
        sql: &str,
        params: impl Params,
        row: impl FnOnce(&rusqlite::Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Option<T>, StoreError> {
        use rusqlite::OptionalExtension;
        let found = self.transaction.prepare_cached(sql).and_then(|mut sql| sql.query_row(params, row).optional());
        self.noted(found.map_err(StoreError::from))
    }

    pub(super) fn many<T>(
        &self,
        sql: &str,
        params: impl Params,
        row: impl FnMut(&rusqlite::Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Vec<T>, StoreError> {
        let found = self.transaction.prepare_cached(sql).and_then(|mut sql| sql.query_map(params, row)?.collect());
        self.noted(found.map_err(StoreError::from))
    }
}

impl<'a> Writing<'a> {
    pub(super) fn in_transaction(
        transaction: &'a rusqlite::Transaction<'a>,
        disk: &'a dyn Disk,
        shows_all: bool,
    ) -> Self {
        Self { reading: Reading::in_transaction(transaction, shows_all), disk }
    }

    pub(super) fn write(&self, sql: &str, params: impl Params) -> Result<usize, StoreError> {
        self.disk.before_write()?;
        let written = self.reading.transaction.prepare_cached(sql).and_then(|mut sql| sql.execute(params));
        self.noted(written.map_err(StoreError::from))
    }
}
