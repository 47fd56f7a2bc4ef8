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
    #[error("the disk did not save the data")]
    Failed,
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

impl From<DiskFault> for StoreError {
    fn from(fault: DiskFault) -> Self {
        match fault {
            DiskFault::Failed => Self::Failed,
            DiskFault::Full => Self::Full,
        }
    }
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
            Self::Full | Self::Failed | Self::Unreadable(_) => false,
        }
    }
}

/// What the store itself can do something about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Trouble {
    /// The file seems to be damaged.
    Damaged,
    /// There is no room for what was to be written.
    Full,
}

impl Trouble {
    pub(super) fn of(error: &StoreError) -> Option<Self> {
        match error {
            StoreError::Full => Some(Self::Full),
            other => other.tells_of_damage().then_some(Self::Damaged),
        }
    }
}

/// How much of a store a transaction reads and writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scope {
    /// All of it.
    All,
    /// What can be sent while it is locked.
    Outbox,
    /// What this app knows of a file that a newer one wrote.
    Newer,
    /// What the journal holds, on a device that is too full to open or to make the file.
    NoRoom,
}

/// A transaction to read in.
pub(crate) struct Reading<'a> {
    pub(super) transaction: &'a rusqlite::Transaction<'a>,
    scope: Scope,
    /// What went wrong here, as far as the store can do something about it.
    trouble: Cell<Option<Trouble>>,
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
    pub(super) fn in_transaction(transaction: &'a rusqlite::Transaction<'a>, scope: Scope) -> Self {
        Self { transaction, scope, trouble: Cell::new(None) }
    }

    /// What went wrong here, as far as the store can do something about it.
    pub(super) fn trouble(&self) -> Option<Trouble> {
        self.trouble.get()
    }

    /// Whether this is the whole store, and not what is left of it while it is locked.
    pub(crate) fn shows_all(&self) -> bool {
        self.scope == Scope::All
    }

    /// How much of the store this is.
    pub(crate) fn scope(&self) -> Scope {
        self.scope
    }

    /// Notes what went wrong, if the store can do something about it.
    pub(super) fn noted<T>(&self, done: Result<T, StoreError>) -> Result<T, StoreError> {
        if let Some(trouble) = done.as_ref().err().and_then(Trouble::of) {
            self.trouble.set(Some(trouble));
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
    pub(super) fn in_transaction(transaction: &'a rusqlite::Transaction<'a>, disk: &'a dyn Disk, scope: Scope) -> Self {
        Self { reading: Reading::in_transaction(transaction, scope), disk }
    }

    pub(super) fn write(&self, sql: &str, params: impl Params) -> Result<usize, StoreError> {
        self.noted(self.disk.before_write().map_err(StoreError::from))?;
        let written = self.reading.transaction.prepare_cached(sql).and_then(|mut sql| sql.execute(params));
        self.noted(written.map_err(StoreError::from))
    }
}
