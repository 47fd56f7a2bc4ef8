//! What can go wrong at the council.

use std::path::PathBuf;

use crate::refused::Refused;

/// Why a call to the council's programs failed.
#[derive(Debug, thiserror::Error)]
pub enum CouncilError {
    /// A rule refuses the request. This is an answer, not a fault.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// The folder holds no council.
    #[error("{0} holds no council yet. Make one with `doorstep-council init`.")]
    NotInitialised(PathBuf),
    /// The folder already holds a council.
    #[error("{0} already holds a council. Nothing was changed.")]
    AlreadyInitialised(PathBuf),
    /// A file can't be read or written.
    #[error("{path} can't be read or written: {source}")]
    File {
        /// The file that failed.
        path: PathBuf,
        /// The error that the operating system gave.
        source: std::io::Error,
    },
    /// A key file does not hold a valid key.
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
    /// PostgreSQL runs with `fsync=off`, so a commit may not reach the disk.
    #[error(
        "the database server runs with fsync=off or synchronous_commit=off: a power cut would lose what phones were told is safe. Turn it on."
    )]
    DatabaseForgets,
    /// A restore broke off.
    #[error(
        "a restore into {0} did not come to its end, so nothing is served from it. Run the same `restore` again: it goes on."
    )]
    Unfinished(PathBuf),
    /// The file is not a backup, or it is incomplete.
    #[error("that backup can't be used: {0}. Nothing was changed.")]
    BadBackup(&'static str),
    /// The text is not a key for backups.
    #[error("that is not a key for backups. Make one with `doorstep-council backup-key`.")]
    BadBackupKey,
    /// The text is not the public half of a recovery key.
    #[error(
        "that is not the public half of a recovery key: it begins with age1. Make one with `doorstep-council recovery-key`."
    )]
    BadRecoveryKey,
    /// The database to move to is not empty.
    #[error("that database is not empty. Nothing was changed. Use an empty database.")]
    DatabaseInUse,
    /// After a move, the two databases do not hold the same.
    #[error("the two databases do not hold the same after moving. Keep using the old one; the new one is empty.")]
    NotTheSame,
    /// No connection to PostgreSQL was free in time.
    #[error("there was no connection to the database server in time. Nothing was changed.")]
    NoDatabase,
    /// The database's address can't be read.
    #[error("the database's address can't be read. It looks like postgres://user:password@host/name?sslmode=require.")]
    BadDatabaseAddress,
    /// The database is on another machine, and its address does not ask for TLS. Tenants' details
    /// would cross the network unencrypted.
    #[error(
        "the database is on another machine, and its address does not ask for TLS: add sslmode=require. Nothing was sent."
    )]
    DatabaseWithoutTls,
    /// The object store that holds photos failed.
    #[error("the photo store can't be used: {0}")]
    Photos(String),
    /// A setting is wrong: which group of settings, and why.
    #[error("the settings for {0} can't be used: {1}.")]
    BadSetting(&'static str, &'static str),
    /// The sign-in provider does not answer, or does not follow OpenID Connect.
    #[error("the sign-in provider can't be used: {0}")]
    Provider(String),
    /// Another request waits for the provider's metadata already, or the log says often enough that
    /// the provider can't be used.
    #[error("the sign-in provider has not answered yet")]
    ProviderWaits,
    /// What was erased is still in the database's files, because somebody reads them, or the disk
    /// has no room to write them anew.
    #[error(
        "what was to be erased is erased, but its bytes may still be in the database's files: a backup or an export \
         reads them, or the disk has no room for a second copy of them. Give the same command again when that is over."
    )]
    TracesLeft,
    /// The disk did not take a commit.
    #[error("the change could not be written to the disk. Nothing was changed.")]
    Disk,
    /// Doorstep's own code panicked.
    #[error("Doorstep itself failed. Nothing from that step was kept.")]
    Panicked,
    /// A stored value can't be read. The text says what kind of value it is.
    #[error("the stored {0} can't be read")]
    Unreadable(&'static str),
    /// The machine can't start another thread.
    #[error("the machine can't start another thread: {0}. Nothing was changed.")]
    NoThread(#[source] std::io::Error),
    /// The connection is being closed.
    #[error("the connection is being closed. Nothing was changed.")]
    Closing,
    /// A file or a stream can't be written.
    #[error("the file or stream could not be written: {0}")]
    Write(#[source] std::io::Error),
    /// An export stopped, because nobody waits for it any more.
    #[error("the export was cancelled")]
    Cancelled,
}

/// The error with its cause, which holds the server's own message.
fn in_full(error: &tokio_postgres::Error) -> String {
    let reason = std::error::Error::source(error).map(|reason| format!(": {reason}"));
    format!("{error}{}", reason.unwrap_or_default())
}

impl CouncilError {
    /// Whether a key already exists, because another process wrote it in the meantime.
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
