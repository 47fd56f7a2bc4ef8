//! What can go wrong at the council.

use std::path::PathBuf;

use crate::refused::Refused;

/// What a call into the council's programs can fail with.
#[derive(Debug, thiserror::Error)]
pub enum CouncilError {
    /// The desk says no: an answer, not a fault.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// The folder holds no council.
    #[error("{0} holds no council yet. Make one with `doorstep-council init`.")]
    NotInitialised(PathBuf),
    /// The folder holds one already.
    #[error("{0} holds a council already. Nothing was changed.")]
    AlreadyInitialised(PathBuf),
    /// A file can't be read or written.
    #[error("{path} can't be read or written: {source}")]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A key file is not what it should be.
    #[error("the key in {0} can't be read. Put the key back from its copy; without it the council can't sign.")]
    BadKey(PathBuf),
    /// The database was written by a newer version.
    #[error("the database was written by a newer doorstep-council. It is untouched; update this one.")]
    NewerDatabase,
    /// The embedded database failed.
    #[error("the database failed: {0}")]
    Database(#[from] rusqlite::Error),
    /// PostgreSQL failed.
    #[error("the database server failed: {}", in_full(.0))]
    Postgres(#[from] tokio_postgres::Error),
    /// PostgreSQL was told not to flush what it commits.
    #[error(
        "the database server runs with fsync=off: a power cut would lose what phones were told is safe. Turn it on."
    )]
    DatabaseForgets,
    /// A file is no backup, or not whole.
    #[error("that backup can't be used: {0}. Nothing was changed.")]
    BadBackup(&'static str),
    /// A key for backups is none.
    #[error("that is no key for backups. Make one with `doorstep-council backup-key`.")]
    BadBackupKey,
    /// There is something in the database that everything was to be moved to.
    #[error("there is something in that database already. Nothing was changed. Take an empty one.")]
    DatabaseInUse,
    /// What was moved is not what was there.
    #[error("the two databases do not hold the same after moving. Nothing was kept there; go on with the one you had.")]
    NotTheSame,
    /// No connection to PostgreSQL came in time.
    #[error("the database server gave no connection in time. Nothing was changed.")]
    NoDatabase,
    /// The address of the database is none.
    #[error("the database's address can't be read. It looks like postgres://user:password@host/name?sslmode=require.")]
    BadDatabaseAddress,
    /// The address of the database would send tenants' details over a network in the clear.
    #[error(
        "the database is on another machine, and its address does not ask for TLS: add sslmode=require. Nothing was sent."
    )]
    DatabaseWithoutTls,
    /// The object store that holds photos does not do what it is asked.
    #[error("the store of photos can't be used: {0}")]
    Photos(String),
    /// A setting is wrong.
    #[error("the settings for {0} can't be used: {1}.")]
    BadSetting(&'static str, &'static str),
    /// The provider with which people sign in does not answer, or not as OpenID Connect says.
    #[error("the provider with which people sign in can't be used: {0}")]
    Provider(String),
    /// The disk would not take it.
    #[error("the disk would not take it. Nothing was changed.")]
    Disk,
    /// A fault of ours.
    #[error("a fault in Doorstep itself: nothing of that step was kept")]
    Panicked,
    /// Something in the database is not what was written.
    #[error("what is stored as {0} can't be read")]
    Unreadable(&'static str),
    /// The machine gives no thread to wait on.
    #[error("the machine gives no more threads: {0}. Nothing was changed.")]
    NoThread(#[source] std::io::Error),
    /// It is being closed.
    #[error("it is being closed. Nothing was changed.")]
    Closing,
    /// A file or a stream can't be written.
    #[error("it could not be written: {0}")]
    Write(#[source] std::io::Error),
    /// Nobody waits for it any more.
    #[error("the export was cancelled")]
    Cancelled,
}

/// What the server said, and not only that it said something.
fn in_full(error: &tokio_postgres::Error) -> String {
    let reason = std::error::Error::source(error).map(|reason| format!(": {reason}"));
    format!("{error}{}", reason.unwrap_or_default())
}

impl CouncilError {
    /// Whether a key that was to be written is there already: another process wrote it meanwhile.
    pub(crate) fn is_there_already(&self) -> bool {
        match self {
            Self::Postgres(error) => error.code() == Some(&tokio_postgres::error::SqlState::UNIQUE_VIOLATION),
            Self::Database(rusqlite::Error::SqliteFailure(error, _)) => {
                use rusqlite::ffi::{SQLITE_CONSTRAINT_PRIMARYKEY, SQLITE_CONSTRAINT_UNIQUE};
                [SQLITE_CONSTRAINT_PRIMARYKEY, SQLITE_CONSTRAINT_UNIQUE].contains(&error.extended_code)
            }
            _ => false,
        }
    }
}
