//! Access to the database: every query goes through a [`Reading`], and every change through a
//! [`Writing`].

use std::path::Path;

use super::database::{self, Connection, Database, Postgres, Row, Sqlite, Value, params};
use crate::error::CouncilError;
use crate::machine::environment::Environment;

/// The file of the embedded database, in the data folder.
const EMBEDDED: &str = "council.db";

/// Where the database is.
#[derive(Clone, Default, PartialEq, Eq)]
pub enum DatabaseAt {
    /// Embedded, a file beside the keys.
    #[default]
    InTheDataFolder,
    /// At a PostgreSQL server: `postgres://user:password@host/name`.
    Server(String),
}

/// Leaves out the address, because it holds a password.
impl std::fmt::Debug for DatabaseAt {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(if *self == Self::InTheDataFolder { "InTheDataFolder" } else { "Server(..)" })
    }
}

/// An open database.
pub(crate) struct Storage {
    database: Box<dyn Database>,
}

/// The database as it is at one moment, to read from.
pub(crate) struct Reading<'a> {
    pub(super) connection: &'a dyn Connection,
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
    /// Opens the database, or makes an embedded one where there is none.
    pub(crate) fn at(data: &Path, database: &DatabaseAt) -> Result<Self, CouncilError> {
        let database: Box<dyn Database> = match database {
            DatabaseAt::InTheDataFolder => Box::new(Sqlite::open(&data.join(EMBEDDED))?),
            DatabaseAt::Server(address) => Box::new(Postgres::open(address)?),
        };
        Ok(Self { database })
    }

    /// Runs `work` on the database as it is at one moment.
    pub(crate) fn read<T>(&self, work: impl FnMut(&Reading<'_>) -> Result<T, CouncilError>) -> Result<T, CouncilError> {
        Self::answer(work, |work| self.database.read(work))
    }

    /// Like [`Self::read`], for long reads: it has its own connection, so nobody else waits for it.
    pub(crate) fn read_at_length<T>(
        &self,
        work: impl FnMut(&Reading<'_>) -> Result<T, CouncilError>,
    ) -> Result<T, CouncilError> {
        Self::answer(work, |work| self.database.read_at_length(work))
    }

    /// Runs `work` in a transaction: the only way to change anything. When this returns `Ok`, all
    /// of it is on disk; otherwise none of it is. `work` may run more than once when others write
    /// at the same time, so it must reset anything that it counts.
    pub(crate) fn transact<T>(
        &self,
        environment: &Environment,
        mut work: impl FnMut(&Writing<'_>) -> Result<T, CouncilError>,
    ) -> Result<T, CouncilError> {
        Self::answer(
            |reading| work(&Writing { reading: Reading { connection: reading.connection } }),
            |work| self.database.transact(environment, work),
        )
    }

    /// Whether a commit reaches the disk before it is answered.
    pub(crate) fn flushes(&self) -> Result<bool, CouncilError> {
        self.database.flushes()
    }

    /// Removes what was erased from the database's own files.
    pub(crate) fn leave_no_trace(&self) -> Result<(), CouncilError> {
        self.database.leave_no_trace()
    }

    /// Gives `work` to the database and returns its result.
    fn answer<T>(
        mut work: impl FnMut(&Reading<'_>) -> Result<T, CouncilError>,
        by: impl FnOnce(&mut database::Work<'_>) -> Result<(), CouncilError>,
    ) -> Result<T, CouncilError> {
        let mut answer = None;
        by(&mut |connection| {
            answer = Some(work(&Reading { connection })?);
            Ok(())
        })?;
        answer.ok_or(CouncilError::Unreadable("answer"))
    }
}

impl Reading<'_> {
    pub(super) fn one<T>(
        &self,
        sql: &str,
        params: &[Value],
        row: impl FnOnce(&Row<'_>) -> Result<T, CouncilError>,
    ) -> Result<Option<T>, CouncilError> {
        let (mut read, mut found) = (Some(row), None);
        self.connection.query(sql, params, &mut |row| {
            if let Some(read) = read.take() {
                found = Some(read(row)?);
            }
            Ok(())
        })?;
        Ok(found)
    }

    pub(super) fn many<T>(
        &self,
        sql: &str,
        params: &[Value],
        mut row: impl FnMut(&Row<'_>) -> Result<T, CouncilError>,
    ) -> Result<Vec<T>, CouncilError> {
        let mut rows = Vec::new();
        self.connection.query(sql, params, &mut |found| {
            rows.push(row(found)?);
            Ok(())
        })?;
        Ok(rows)
    }

    /// Whether a single value is there.
    pub(crate) fn has_meta(&self, name: &'static str) -> Result<bool, CouncilError> {
        Ok(self.one("SELECT value FROM meta WHERE name = ?1", params![name], |_| Ok(()))?.is_some())
    }

    /// A single value, such as the council's name.
    pub(crate) fn meta(&self, name: &'static str) -> Result<String, CouncilError> {
        self.one("SELECT value FROM meta WHERE name = ?1", params![name], |row| row.get("value"))?
            .ok_or(CouncilError::Unreadable(name))
    }
}

impl Writing<'_> {
    pub(super) fn go_on_numbering(&self) -> Result<(), CouncilError> {
        self.connection.go_on_numbering()
    }

    pub(super) fn write(&self, sql: &str, params: &[Value]) -> Result<usize, CouncilError> {
        self.connection.execute(sql, params)
    }

    pub(crate) fn set_meta(&self, name: &'static str, value: &str) -> Result<(), CouncilError> {
        self.write(
            "INSERT INTO meta (name, value) VALUES (?1, ?2) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
            params![name, value],
        )?;
        Ok(())
    }
}
