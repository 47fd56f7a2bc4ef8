//! One interface for SQLite and PostgreSQL. Statements are written once, in SQL that both
//! understand. Only how a statement is sent and how a transaction ends differ. Except
//! for opening a database, the rest of `storage` only uses [`Connection`] and [`Database`].

mod conditions;
mod migrations;
mod placeholders;
mod postgres;
mod sqlite;
mod value;

pub(crate) use conditions::Conditions;
pub(crate) use migrations::newest as schema_version;
pub use placeholders::for_postgres;
pub(crate) use postgres::Postgres;
pub(crate) use sqlite::Sqlite;
pub(crate) use value::{Row, Value};

use crate::error::CouncilError;
use crate::machine::environment::Environment;

/// What runs statements: a database as it is at one moment, or a transaction. Placeholders are
/// `?1`, `?2` and so on.
pub(crate) trait Connection {
    /// Calls `each` for each row. For answers that fit into memory.
    fn query(
        &self,
        sql: &str,
        params: &[Value],
        each: &mut dyn FnMut(&Row<'_>) -> Result<(), CouncilError>,
    ) -> Result<(), CouncilError>;

    /// Calls `each` for each row, until it returns `false`. Memory use stays the same however many
    /// rows there are.
    fn query_at_length(
        &self,
        sql: &str,
        params: &[Value],
        each: &mut dyn FnMut(&Row<'_>) -> Result<bool, CouncilError>,
    ) -> Result<(), CouncilError>;

    /// Runs a statement, and returns how many rows it changed.
    fn execute(&self, sql: &str, params: &[Value]) -> Result<usize, CouncilError>;

    /// Makes the database continue its own numbering after the largest number in its rows. To be
    /// called after rows were copied in with their numbers.
    fn go_on_numbering(&self) -> Result<(), CouncilError>;
}

/// What is done with a connection. It runs more than once if a transaction has to be tried again.
pub(crate) type Work<'a> = dyn FnMut(&dyn Connection) -> Result<(), CouncilError> + 'a;

/// A database, with the promises that both kinds keep:
///
/// - work sees the database as it is at one moment, and its own writes
/// - two transactions that run at once come out as if one had run after the other
/// - when `transact` returns `Ok`, all of its writes are on durable storage; otherwise none are
///
/// If another transaction gets in the way, work runs again from its start. So anything that it
/// changes outside the database must be set again each time.
pub(crate) trait Database: Send + Sync {
    /// Runs work that reads the database as it is at one moment.
    fn read(&self, work: &mut Work<'_>) -> Result<(), CouncilError>;

    /// Runs work that reads for a long time, on its own connection, so that nobody else waits.
    fn read_at_length(&self, work: &mut Work<'_>) -> Result<(), CouncilError>;

    /// Runs work that reads and writes, in one transaction.
    fn transact(&self, environment: &Environment, work: &mut Work<'_>) -> Result<(), CouncilError>;

    /// Whether a commit reaches the disk before it is answered. A server can be told otherwise
    /// while it runs.
    fn flushes(&self) -> Result<bool, CouncilError>;

    /// Removes what was deleted from the database's own files.
    fn leave_no_trace(&self) -> Result<(), CouncilError>;
}

/// The values of a statement's placeholders, in their order.
macro_rules! params {
    ($($value:expr),* $(,)?) => { &[$($crate::storage::database::Value::from($value)),*] };
}
pub(crate) use params;
