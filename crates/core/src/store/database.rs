//! SQLite with its encryption, settings and tables.

use std::path::Path;
use std::sync::LazyLock;

use rusqlite::config::DbConfig;
use rusqlite::types::Value;
use rusqlite::{Connection, params_from_iter};
use rusqlite_migration::{M, Migrations};
use zeroize::Zeroizing;

use super::images;
use crate::Opening;
use crate::keys::Secret;

static MIGRATIONS: LazyLock<Migrations<'static>> = LazyLock::new(|| {
    Migrations::new(vec![
        M::up(include_str!("../../migrations/0001_initial.sql")),
        M::up(include_str!("../../migrations/0002_whole_code.sql")),
        M::up(include_str!("../../migrations/0003_photos.sql")),
        M::up(include_str!("../../migrations/0004_many_visits.sql")),
        M::up(include_str!("../../migrations/0005_second_version.sql")),
        M::up(include_str!("../../migrations/0006_journal.sql")),
        M::up(include_str!("../../migrations/0007_forgetting.sql")),
    ])
});

/// How many migrations this build knows: the `user_version` of its database.
const SCHEMA_VERSION: i64 = 7;

/// The oldest SQLite that is safe, 3.51.3. Older versions can corrupt a database in WAL mode when
/// two connections reset the log at the same time.
const SQLITE_FLOOR: i32 = 3_051_003;

#[expect(clippy::disallowed_methods, reason = "this is where a database is opened: with its key and its settings")]
pub(super) fn connect(database: &Path, key: &Secret) -> Result<Connection, Opening> {
    if rusqlite::version_number() < SQLITE_FLOOR {
        return Err(Opening::UnsafeBuild("its SQLite is older than 3.51.3"));
    }
    let connection = Connection::open(database).map_err(Opening::Store)?;
    connection.busy_timeout(std::time::Duration::from_secs(5)).map_err(Opening::Store)?;
    // Closing would write the log into the file. That waits until the file is known to be whole, so
    // that a damaged file is set aside exactly as it was found.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true).map_err(Opening::Store)?;
    let hex =
        Zeroizing::new(key.expose().iter().fold(String::from("x'"), |hex, byte| format!("{hex}{byte:02x}")) + "'");
    connection.pragma_update(None, "cipher_log_level", "NONE").map_err(Opening::Store)?;
    connection.pragma_update(None, "key", hex.as_str()).map_err(Opening::Store)?;
    // SQLite without SQLCipher ignores the key without an error, and does not encrypt.
    let cipher: Option<String> = connection.pragma_query_value(None, "cipher_version", |row| row.get(0)).ok();
    if cipher.is_none_or(|version| version.is_empty()) {
        return Err(Opening::UnsafeBuild("its SQLite does not encrypt"));
    }
    Ok(connection)
}

pub(super) fn prepare(mut connection: Connection, database: &Path) -> Result<Connection, Opening> {
    let shown = || database.display().to_string();
    let damaged = |error: rusqlite::Error| match error.sqlite_error_code() {
        Some(rusqlite::ErrorCode::NotADatabase | rusqlite::ErrorCode::DatabaseCorrupt) => Opening::Damaged(shown()),
        _ => Opening::Store(error),
    };
    let version: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0)).map_err(damaged)?;
    if version > SCHEMA_VERSION {
        return Err(Opening::Newer(shown()));
    }
    // FULL, because NORMAL, which is faster, loses the last taps when the power fails.
    connection.pragma_update(None, "journal_mode", "WAL").map_err(damaged)?;
    connection.pragma_update(None, "synchronous", "FULL").map_err(damaged)?;
    connection.pragma_update(None, "fullfsync", true).map_err(damaged)?;
    connection.pragma_update(None, "foreign_keys", true).map_err(damaged)?;
    let flushed: i64 = connection.pragma_query_value(None, "synchronous", |row| row.get(0)).map_err(damaged)?;
    if flushed != 2 {
        return Err(Opening::UnsafeBuild("its SQLite does not flush"));
    }
    MIGRATIONS.to_latest(&mut connection).map_err(|error| match error {
        rusqlite_migration::Error::RusqliteError { err, .. } => damaged(err),
        _ => Opening::UnsafeBuild("its migrations do not fit"),
    })?;
    // Checks the schema and the newest pages, which SQLCipher authenticates, but not the whole
    // file.
    connection
        .query_row("SELECT count(*), (SELECT max(local_id) FROM record) FROM chain", [], |_| Ok(()))
        .map_err(damaged)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, false).map_err(Opening::Store)?;
    connection.set_prepared_statement_cache_capacity(96);
    connection.execute_batch(&images::noting()).map_err(Opening::Store)?;
    Ok(connection)
}

/// An empty database in memory, with the tables of a store.
pub(super) fn in_memory() -> rusqlite::Result<Connection> {
    let mut connection = Connection::open_in_memory()?;
    connection.pragma_update(None, "foreign_keys", true)?;
    MIGRATIONS.to_latest(&mut connection).map_err(|_| rusqlite::Error::InvalidQuery)?;
    connection.execute_batch(&images::noting())?;
    connection.set_prepared_statement_cache_capacity(96);
    Ok(connection)
}

/// Copies the rows of a database that a newer app wrote into this one, which is in memory: those of
/// the tables and columns that this app knows. Of pictures, it takes those that wait to be sent.
pub(super) fn copy_known(from: &Connection, into: &Connection) -> rusqlite::Result<()> {
    let names = |sql: &str| -> rusqlite::Result<Vec<String>> {
        into.prepare(sql)?.query_map([], |row| row.get("name"))?.collect()
    };
    into.execute_batch("PRAGMA defer_foreign_keys = ON")?;
    for table in names("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")? {
        let columns = names(&format!("SELECT name FROM pragma_table_info('{table}')"))?;
        let (named, places) = (columns.join(", "), vec!["?"; columns.len()].join(", "));
        let only = match table.as_str() {
            "photo_file" => "WHERE photo_id IN (SELECT photo_id FROM photo WHERE state = 'waiting')",
            _ => "",
        };
        into.execute(&format!("DELETE FROM {table}"), [])?;
        let mut read = from.prepare(&format!("SELECT {named} FROM {table} {only}"))?;
        let mut write = into.prepare(&format!("INSERT INTO {table} ({named}) VALUES ({places})"))?;
        let mut rows = read.query([])?;
        while let Some(row) = rows.next()? {
            let values = (0..columns.len()).map(|at| row.get(at));
            write.execute(params_from_iter(values.collect::<rusqlite::Result<Vec<Value>>>()?))?;
        }
    }
    Ok(())
}

/// Whether a page is not as it was written, or an index does not fit its table. A file that can't
/// be read at all now, because the disk fails or somebody else has it, is not known to be damaged.
pub(super) fn is_damaged(connection: &Connection) -> bool {
    let pages = connection.prepare("PRAGMA cipher_integrity_check").and_then(|mut pages| pages.exists([]));
    let checked = connection.query_row("PRAGMA quick_check(1)", [], |row| row.get::<_, String>(0));
    let told = |error: &rusqlite::Error| {
        use rusqlite::ErrorCode::{DatabaseCorrupt, NotADatabase, Unknown};
        matches!(error.sqlite_error_code(), Some(DatabaseCorrupt | NotADatabase | Unknown))
    };
    let checked = checked.as_deref().map_or_else(told, |checked| checked != "ok");
    checked || pages.as_ref().map_or_else(told, |any| *any)
}
