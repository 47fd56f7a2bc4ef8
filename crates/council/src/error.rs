//! What can go wrong at the council.

use std::path::PathBuf;

use doorstep_domain::conduct::NotACode;

/// What a call into the council's programs can fail with.
#[derive(Debug, thiserror::Error)]
pub enum CouncilError {
    /// The folder holds no council.
    #[error("{0} holds no council yet. Make one with `doorstep-council init`.")]
    NotInitialised(PathBuf),
    /// The folder holds one already.
    #[error("{0} holds a council already. Nothing was changed.")]
    AlreadyInitialised(PathBuf),
    /// There is no such person.
    #[error("there is no user {0:?}. Import people first, or look at the name again.")]
    NoSuchUser(String),
    /// The password can't be one.
    #[error("a password has 12 characters or more. Nothing was changed.")]
    WeakPassword,
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
    /// The database failed.
    #[error("the database failed: {0}")]
    Database(#[from] rusqlite::Error),
    /// The disk would not take it.
    #[error("the disk would not take it. Nothing was changed.")]
    Disk,
    /// Something in the database is not what was written.
    #[error("what is stored as {0} can't be read")]
    Unreadable(&'static str),
    /// The text is no Code of conduct.
    #[error("that can't be published as a Code of conduct: {0}. Nothing was changed.")]
    NotACode(NotACode),
    /// A table could not be written out.
    #[error("the export could not be written: {0}")]
    Export(#[from] std::io::Error),
    /// A workbook can't hold it.
    #[error("a workbook holds 1,048,575 rows, and these are more. Take fewer, or take them as CSV.")]
    TooManyRows,
    /// Nobody waits for it any more.
    #[error("the export was cancelled")]
    Cancelled,
    /// The text is no day.
    #[error("{0:?} is no date such as 2026-11-24.")]
    NotADate(String),
    /// The place in a list is none.
    #[error("that page does not exist")]
    NoSuchPage,
}
