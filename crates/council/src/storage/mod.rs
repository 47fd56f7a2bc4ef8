//! The council's database: embedded SQLite, write-ahead log, every commit flushed before it counts.

mod appointments;
mod audit;
mod chain;
mod code;
mod concerns;
mod devices;
mod people;
mod photos;
mod visits;

use std::path::{Path, PathBuf};
use std::sync::{LazyLock, Mutex, PoisonError};

use rusqlite::{Connection, OptionalExtension, Params, Row, TransactionBehavior};
use rusqlite_migration::{M, Migrations};

pub(crate) use appointments::Kept;
pub(crate) use audit::AuditLine;
pub(crate) use chain::{Aside, NewRecord, Place};
pub(crate) use code::{Acknowledged, CodeRow, RegisterRow};
pub(crate) use concerns::{ConcernRow, PlainConcern, SealedConcern};
pub(crate) use devices::Device;
pub(crate) use people::{Organisation, Person, Role};
pub(crate) use photos::{Blob, PhotoRow};
pub(crate) use visits::{Filter, VisitRow};

use crate::planted::{self, Bug};
use crate::{CouncilError, Environment};

static MIGRATIONS: LazyLock<Migrations<'static>> = LazyLock::new(|| {
    Migrations::new(vec![
        M::up(include_str!("../../migrations/sqlite/0001_initial.sql")),
        M::up(include_str!("../../migrations/sqlite/0002_whole_code.sql")),
        M::up(include_str!("../../migrations/sqlite/0003_photos.sql")),
    ])
});

const SCHEMA_VERSION: i64 = 3;

/// An open database.
pub(crate) struct Storage {
    file: PathBuf,
    writer: Mutex<Connection>,
    reader: Mutex<Connection>,
}

/// A moment of the database, to read.
pub(crate) struct Reading<'a> {
    connection: &'a Connection,
}

/// A transaction, to read and write.
pub(crate) struct Writing<'a> {
    reading: Reading<'a>,
}

impl<'a> std::ops::Deref for Writing<'a> {
    type Target = Reading<'a>;

    fn deref(&self) -> &Reading<'a> {
        &self.reading
    }
}

impl Storage {
    /// Opens the database in a file, or makes one.
    pub(crate) fn open(file: &Path) -> Result<Self, CouncilError> {
        let mut writer = connect(file)?;
        let version: i64 = writer.pragma_query_value(None, "user_version", |row| row.get(0))?;
        if version > SCHEMA_VERSION {
            return Err(CouncilError::NewerDatabase);
        }
        MIGRATIONS.to_latest(&mut writer).map_err(|error| match error {
            rusqlite_migration::Error::RusqliteError { err, .. } => CouncilError::Database(err),
            _ => CouncilError::Unreadable("migrations"),
        })?;
        Ok(Self { file: file.to_owned(), writer: Mutex::new(writer), reader: Mutex::new(connect(file)?) })
    }

    /// Reads, all of it at one moment.
    pub(crate) fn read<T>(
        &self,
        work: impl FnOnce(&Reading<'_>) -> Result<T, CouncilError>,
    ) -> Result<T, CouncilError> {
        let mut connection = self.reader.lock().unwrap_or_else(PoisonError::into_inner);
        let transaction = connection.transaction()?;
        work(&Reading { connection: &transaction })
    }

    /// Reads for as long as it takes, by a connection of its own: nobody waits for it.
    pub(crate) fn read_at_length<T>(
        &self,
        work: impl FnOnce(&Reading<'_>) -> Result<T, CouncilError>,
    ) -> Result<T, CouncilError> {
        let mut connection = connect(&self.file)?;
        let transaction = connection.transaction()?;
        work(&Reading { connection: &transaction })
    }

    /// Writes: the only way to change anything. All of it is on disk when this returns `Ok`, and none of it otherwise.
    pub(crate) fn transact<T>(
        &self,
        environment: &Environment,
        work: impl FnOnce(&Writing<'_>) -> Result<T, CouncilError>,
    ) -> Result<T, CouncilError> {
        let mut connection = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let done = work(&Writing { reading: Reading { connection: &transaction } })?;
        if environment.disk.takes_the_next_commit() {
            transaction.commit()?;
            Ok(done)
        } else if planted::is(Bug::ReceiptBeforeCommit) {
            Ok(done)
        } else {
            Err(CouncilError::Disk)
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "this is where a database is opened: with its settings")]
fn connect(file: &Path) -> Result<Connection, CouncilError> {
    let connection = Connection::open(file)?;
    connection.busy_timeout(std::time::Duration::from_secs(10))?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.set_prepared_statement_cache_capacity(128);
    Ok(connection)
}

impl Reading<'_> {
    fn one<T>(
        &self,
        sql: &str,
        params: impl Params,
        row: impl FnOnce(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Option<T>, CouncilError> {
        Ok(self.connection.prepare_cached(sql)?.query_row(params, row).optional()?)
    }

    fn many<T>(
        &self,
        sql: &str,
        params: impl Params,
        row: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Vec<T>, CouncilError> {
        let mut statement = self.connection.prepare_cached(sql)?;
        let rows = statement.query_map(params, row)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// A single value, such as the council's name.
    pub(crate) fn meta(&self, name: &'static str) -> Result<String, CouncilError> {
        self.one("SELECT value FROM meta WHERE name = ?1", [name], |row| row.get("value"))?
            .ok_or(CouncilError::Unreadable(name))
    }
}

impl Writing<'_> {
    fn write(&self, sql: &str, params: impl Params) -> Result<usize, CouncilError> {
        Ok(self.connection.prepare_cached(sql)?.execute(params)?)
    }

    pub(crate) fn set_meta(&self, name: &'static str, value: &str) -> Result<(), CouncilError> {
        self.write(
            "INSERT INTO meta (name, value) VALUES (?1, ?2) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
            [name, value],
        )?;
        Ok(())
    }
}
