//! Embedded SQLite, with a write-ahead log and one writer. Every commit is flushed to disk.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use rusqlite::functions::FunctionFlags;
use rusqlite::{TransactionBehavior, params_from_iter};
use rusqlite_migration::{M, Migrations};

use super::migrations;
use super::{Connection, Database, Row, Value, Work};
use crate::error::CouncilError;
use crate::machine::environment::Environment;

/// How many idle connections are kept for the next reads.
const IDLE_READERS: usize = 8;

/// How often, and after how long each time, it is tried again to remove what was erased from the
/// files.
const TRACE_TRIES: u32 = 20;
const TRACE_WAIT: Duration = Duration::from_millis(500);

/// An open database.
pub(crate) struct Sqlite {
    file: PathBuf,
    writer: Mutex<rusqlite::Connection>,
    /// Idle connections for reading. Each read takes one, so that a slow query does not hold up the
    /// others.
    readers: Mutex<Vec<rusqlite::Connection>>,
}

impl Sqlite {
    /// Opens the database in a file, or creates it, and brings the schema up to date.
    pub(crate) fn open(file: &Path) -> Result<Self, CouncilError> {
        let mut writer = connect(file)?;
        let version: i64 = writer.pragma_query_value(None, "user_version", |row| row.get(0))?;
        if version > migrations::newest() {
            return Err(CouncilError::NewerDatabase);
        }
        let steps = migrations::of_sqlite();
        let steps = Migrations::from_iter(steps.iter().map(|step| M::up(&step.sql)));
        steps.to_latest(&mut writer).map_err(|error| match error {
            rusqlite_migration::Error::RusqliteError { err, .. } => CouncilError::Database(err),
            _ => CouncilError::Unreadable("migrations"),
        })?;
        Ok(Self { file: file.to_owned(), writer: Mutex::new(writer), readers: Mutex::default() })
    }
}

impl Database for Sqlite {
    fn read(&self, work: &mut Work<'_>) -> Result<(), CouncilError> {
        let idle = self.readers.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let mut connection = idle.map_or_else(|| connect(&self.file), Ok)?;
        let done = work(&connection.transaction()?);
        let mut readers = self.readers.lock().unwrap_or_else(PoisonError::into_inner);
        if readers.len() < IDLE_READERS {
            readers.push(connection);
        }
        done
    }

    fn read_at_length(&self, work: &mut Work<'_>) -> Result<(), CouncilError> {
        work(&connect(&self.file)?.transaction()?)
    }

    fn transact(&self, environment: &Environment, work: &mut Work<'_>) -> Result<(), CouncilError> {
        let mut connection = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        work(&transaction)?;
        if environment.disk.takes_the_next_commit() { Ok(transaction.commit()?) } else { Err(CouncilError::Disk) }
    }

    fn flushes(&self) -> Result<bool, CouncilError> {
        /// What SQLite calls FULL: each commit is flushed.
        const FULL: i64 = 2;
        let connection = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        let synchronous: i64 = connection.query_row("PRAGMA synchronous", [], |row| row.get(0))?;
        Ok(synchronous >= FULL)
    }

    fn leave_no_trace(&self) -> Result<(), CouncilError> {
        // Freed pages and rows are overwritten (`secure_delete`), but not what a row leaves behind
        // where its page is ordered anew: the file is written anew without any of that. What was
        // written before stays in the write-ahead log until the log is emptied, and that can't be
        // while somebody reads: a backup, a long export.
        let rewritten = self.writer.lock().unwrap_or_else(PoisonError::into_inner).execute_batch("VACUUM");
        rewritten.map_err(|_| CouncilError::TracesLeft)?;
        for _ in 0..TRACE_TRIES {
            let connection = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
            let is_busy: bool = connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0))?;
            drop(connection);
            if !is_busy {
                return Ok(());
            }
            std::thread::sleep(TRACE_WAIT);
        }
        Err(CouncilError::TracesLeft)
    }
}

#[expect(clippy::disallowed_methods, reason = "this is where a database is opened: with its settings")]
fn connect(file: &Path) -> Result<rusqlite::Connection, CouncilError> {
    let connection = rusqlite::Connection::open(file)?;
    connection.busy_timeout(Duration::from_secs(10))?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.pragma_update(None, "secure_delete", true)?;
    connection.set_prepared_statement_cache_capacity(128);
    // SQLite's own `lower` only changes ASCII letters; PostgreSQL's changes all. With this one,
    // иван finds Иван in both.
    let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC;
    connection.create_scalar_function("lower", 1, flags, |called| {
        Ok(called.get::<Option<String>>(0)?.map(|text| text.to_lowercase()))
    })?;
    Ok(connection)
}

impl Connection for rusqlite::Transaction<'_> {
    fn query(
        &self,
        sql: &str,
        params: &[Value],
        each: &mut dyn FnMut(&Row<'_>) -> Result<(), CouncilError>,
    ) -> Result<(), CouncilError> {
        self.query_at_length(sql, params, &mut |row| each(row).map(|()| true))
    }

    fn query_at_length(
        &self,
        sql: &str,
        params: &[Value],
        each: &mut dyn FnMut(&Row<'_>) -> Result<bool, CouncilError>,
    ) -> Result<(), CouncilError> {
        let mut statement = self.prepare_cached(sql)?;
        let mut rows = statement.query(params_from_iter(params))?;
        while let Some(row) = rows.next()? {
            if !each(&Row::Sqlite(row))? {
                break;
            }
        }
        Ok(())
    }

    fn execute(&self, sql: &str, params: &[Value]) -> Result<usize, CouncilError> {
        Ok(self.prepare_cached(sql)?.execute(params_from_iter(params))?)
    }

    fn go_on_numbering(&self) -> Result<(), CouncilError> {
        // SQLite does this by itself: it never gives out a number again.
        Ok(())
    }
}
