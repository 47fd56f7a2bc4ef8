//! The two databases under one roof. What is stored, and how it is found, is said once, in SQL that
//! both speak; what differs is how a statement gets there and how a transaction ends. Everything in
//! `storage` stands on [`Connection`] alone.

mod conditions;
mod migrations;
mod placeholders;
mod postgres;
mod sqlite;
mod value;

pub(crate) use conditions::Conditions;
pub(crate) use migrations::newest as schema_version;
pub(crate) use postgres::Postgres;
pub(crate) use sqlite::Sqlite;
pub(crate) use value::{Row, Value};

use crate::error::CouncilError;
use crate::machine::environment::Environment;

/// A moment of a database, or a transaction: what a statement can be put to. Placeholders are `?1`,
/// `?2`.
pub(crate) trait Connection {
    /// Calls `each` for each row of an answer that is small enough to be held.
    fn query(
        &self,
        sql: &str,
        params: &[Value],
        each: &mut dyn FnMut(&Row<'_>) -> Result<(), CouncilError>,
    ) -> Result<(), CouncilError>;

    /// Calls `each` for each row, until it says stop by `false`. Memory stays flat, however many
    /// there are.
    fn query_at_length(
        &self,
        sql: &str,
        params: &[Value],
        each: &mut dyn FnMut(&Row<'_>) -> Result<bool, CouncilError>,
    ) -> Result<(), CouncilError>;

    /// Carries out a statement; how many rows it changed.
    fn execute(&self, sql: &str, params: &[Value]) -> Result<usize, CouncilError>;

    /// After rows came in with numbers of their own: the database's own numbering goes on behind
    /// them.
    fn go_on_numbering(&self) -> Result<(), CouncilError>;
}

/// What is done with a connection, once or, where a transaction has to be tried again, more than
/// once.
pub(crate) type Work<'a> = dyn FnMut(&dyn Connection) -> Result<(), CouncilError> + 'a;

/// A database that keeps what it says it keeps.
///
/// A caller may rely on this, whichever it is: work sees one moment of the database and its own
/// writes; of two transactions that ran at once, the outcome is as if one had run after the other;
/// what `transact` wrote is on durable storage when it returns `Ok`, all of it, and none of it
/// otherwise. Work may be called again from its start when another transaction got in the way, so
/// it changes nothing outside of the database that it does not set anew.
pub(crate) trait Database: Send + Sync {
    /// Reads, all of it at one moment.
    fn read(&self, work: &mut Work<'_>) -> Result<(), CouncilError>;

    /// Reads for as long as it takes, by a connection of its own: nobody waits for it.
    fn read_at_length(&self, work: &mut Work<'_>) -> Result<(), CouncilError>;

    /// Writes.
    fn transact(&self, environment: &Environment, work: &mut Work<'_>) -> Result<(), CouncilError>;

    /// What was deleted is not to be found in the database's own files any more, after this.
    fn leave_no_trace(&self) -> Result<(), CouncilError>;
}

/// The values of a statement's placeholders, in their order.
macro_rules! params {
    ($($value:expr),* $(,)?) => { &[$($crate::storage::database::Value::from($value)),*] };
}
pub(crate) use params;
