//! Opens the database. Nothing is ever deleted or overwritten, because with an encrypted file a
//! wrong key looks just like a damaged file.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{LazyLock, Mutex, PoisonError};

use doorstep_domain::ledger::Hash;
use rusqlite::Connection;
use rusqlite::config::DbConfig;
use rusqlite_migration::{M, Migrations};
use zeroize::Zeroizing;

use super::{Reading, Store, StoreError};
use crate::Opening;
use crate::environment::Environment;
use crate::keys::{Secret, name};

static MIGRATIONS: LazyLock<Migrations<'static>> = LazyLock::new(|| {
    Migrations::new(vec![
        M::up(include_str!("../../migrations/0001_initial.sql")),
        M::up(include_str!("../../migrations/0002_whole_code.sql")),
        M::up(include_str!("../../migrations/0003_photos.sql")),
        M::up(include_str!("../../migrations/0004_many_visits.sql")),
        M::up(include_str!("../../migrations/0005_second_version.sql")),
    ])
});

/// How many migrations this build knows: the `user_version` of its database.
const SCHEMA_VERSION: i64 = 5;

/// The oldest SQLite that is safe, 3.51.3. Older versions can corrupt a database in WAL mode when
/// two connections reset the log at the same time.
const SQLITE_FLOOR: i32 = 3_051_003;

const DATABASE: &str = "doorstep.db";
/// The file with a hash of the key. It tells a wrong key from a damaged database.
const KEY_CHECK: &str = "doorstep.key-check";

/// Says that the store was ended: its keys and files are to go.
const ENDED: &str = "doorstep.ended";

/// Everything of a store, in the order in which it goes: the keys are gone by then.
const FILES: [&str; 4] = [DATABASE, "doorstep.db-wal", "doorstep.db-shm", KEY_CHECK];

/// Opens the database of a folder, or makes one.
pub(crate) fn open(folder: &Path, environment: &Environment) -> Result<Store, Opening> {
    fs::create_dir_all(folder).map_err(Opening::Folder)?;
    finish_ending(folder, environment)?;
    let database = folder.join(DATABASE);
    let key = database_key(folder, &database, environment)?;
    let connection = connect(&database, &key)?;
    match prepare(connection, &database) {
        Err(Opening::Damaged(_)) => {
            let kept = set_aside(folder, environment.clock.now().unix_ms).map_err(Opening::Folder)?;
            Err(Opening::Damaged(kept.display().to_string()))
        }
        other => other,
    }
}

impl Store {
    /// Ends this store if `is_over` says so: its keys and files are destroyed, and an empty one
    /// takes its place. Nothing is written between that answer and the end, so that nothing is lost
    /// that was saved meanwhile. Returns whether it was ended.
    pub(crate) fn end_if<E: From<StoreError> + From<Opening>>(
        &self,
        folder: &Path,
        environment: &Environment,
        is_over: impl FnOnce(&Reading<'_>) -> Result<bool, E>,
    ) -> Result<bool, E> {
        let mut connection = self.lock();
        let transaction = connection.transaction().map_err(StoreError::from)?;
        if !is_over(&Reading { transaction: &transaction })? {
            return Ok(false);
        }
        drop(transaction);
        // It stands in for the database that is closed, and is never written to.
        let nothing = Connection::open_in_memory().map_err(Opening::Store)?;
        drop(std::mem::replace(&mut *connection, nothing));
        end(folder, environment)?;
        let empty = open(folder, environment)?;
        *connection = empty.connection.into_inner().unwrap_or_else(PoisonError::into_inner);
        Ok(true)
    }
}

/// Ends a store: destroys its keys, then its files. What is left is a folder as at a first start.
/// If this breaks off, the next start goes on with it. The database must be closed.
fn end(folder: &Path, environment: &Environment) -> Result<(), Opening> {
    let noted = fs::File::create(folder.join(ENDED)).and_then(|file| file.sync_all());
    // After a power cut it has to be there, or the next start would miss the keys.
    #[cfg(unix)]
    let noted = noted.and_then(|()| fs::File::open(folder)?.sync_all());
    noted.map_err(Opening::Folder)?;
    finish_ending(folder, environment)
}

fn finish_ending(folder: &Path, environment: &Environment) -> Result<(), Opening> {
    let ended = folder.join(ENDED);
    if !ended.exists() {
        return Ok(());
    }
    for name in name::ALL {
        environment.keys.remove(name)?;
    }
    for file in FILES {
        match fs::remove_file(folder.join(file)) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(Opening::Folder(error)),
            _ => {}
        }
    }
    fs::remove_file(ended).map_err(Opening::Folder)
}

/// The key of the database. A new key is made only when there is no database yet, and is read back
/// from the key store before it is used.
fn database_key(folder: &Path, database: &Path, environment: &Environment) -> Result<Secret, Opening> {
    let exists = fs::metadata(database).is_ok_and(|file| file.len() > 0);
    let shown = || database.display().to_string();
    match environment.keys.get(name::DATABASE)? {
        Some(key) => {
            let expected = fs::read(folder.join(KEY_CHECK)).ok();
            if exists && expected.is_some_and(|expected| expected != key_check(&key)) {
                return Err(Opening::WrongKey(shown()));
            }
            if !exists {
                write_key_check(folder, &key)?;
            }
            Ok(key)
        }
        // A locked key store may say "no such entry". That does not mean that this is a first
        // start.
        None if exists => Err(Opening::KeyMissing(shown())),
        None => {
            let key = Secret::new(&environment.random::<32>());
            environment.keys.set(name::DATABASE, &key)?;
            if environment.keys.get(name::DATABASE)?.as_ref() != Some(&key) {
                return Err(Opening::UnsafeBuild("its key store does not keep what it is given"));
            }
            write_key_check(folder, &key)?;
            Ok(key)
        }
    }
}

fn key_check(key: &Secret) -> Vec<u8> {
    Hash::of("doorstep-key-check-v1", &[key.expose()]).as_bytes().to_vec()
}

fn write_key_check(folder: &Path, key: &Secret) -> Result<(), Opening> {
    fs::write(folder.join(KEY_CHECK), key_check(key)).map_err(Opening::Folder)
}

#[expect(clippy::disallowed_methods, reason = "this is where a database is opened: with its key and its settings")]
fn connect(database: &Path, key: &Secret) -> Result<Connection, Opening> {
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

fn prepare(mut connection: Connection, database: &Path) -> Result<Store, Opening> {
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
    connection.set_prepared_statement_cache_capacity(64);
    Ok(Store { connection: Mutex::new(connection) })
}

/// Moves the files of a database that does not open into a folder of their own, unchanged. Gives
/// the path of that folder. `now_ms`, milliseconds since 1970, is part of its name.
///
/// # Errors
/// A file can't be moved. No file is lost, but some may be in the new folder already.
pub fn set_aside(folder: &Path, now_ms: i64) -> std::io::Result<PathBuf> {
    let kept = (0..)
        .map(|number: u32| folder.join("set-aside").join(format!("{now_ms}-{number}")))
        .find(|candidate| !candidate.exists())
        .unwrap_or_else(|| folder.join("set-aside"));
    fs::create_dir_all(&kept)?;
    for file in FILES {
        let from = folder.join(file);
        if from.exists() {
            fs::rename(&from, kept.join(file))?;
        }
    }
    Ok(kept)
}
