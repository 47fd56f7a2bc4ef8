//! Where keys are kept. They are never in a plain file, a log or an environment variable.

use std::fmt;

use zeroize::Zeroizing;

mod file;
mod memory;
mod system;

pub use file::FileKeyStore;
pub use memory::MemoryKeyStore;
pub use system::SystemKeyStore;

/// A secret that can't be printed and is wiped when it is dropped.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Zeroizing<Vec<u8>>);

impl Secret {
    /// Makes a secret from a copy of the bytes. The caller has to wipe its own bytes.
    #[must_use]
    pub fn new(bytes: &[u8]) -> Self {
        Self(Zeroizing::new(bytes.to_vec()))
    }

    /// The bytes. Do not print, log or store them.
    #[must_use]
    pub fn expose(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(<redacted>)")
    }
}

/// The names of the secrets that a device keeps.
pub(crate) mod name {
    pub(crate) const DATABASE: &str = "database-key";
    pub(crate) const SIGNING: &str = "signing-key";
    /// The epoch and number that the database had reached at the last contact: an older database
    /// was restored from a copy.
    pub(crate) const MARK: &str = "chain-mark";
    /// Of what waits to be sent: nobody has to enter a PIN to send it.
    pub(crate) const JOURNAL: &str = "journal-key";
    /// The key of the database, sealed by the PIN. There is no other copy of it then.
    pub(crate) const LOCKED: &str = "locked-database-key";
    /// All of them.
    pub(crate) const ALL: [&str; 5] = [SIGNING, MARK, LOCKED, DATABASE, JOURNAL];
}

/// Why a key could not be read or kept.
#[derive(Debug, thiserror::Error)]
pub enum KeyStoreError {
    /// The key store is locked, or this machine has none.
    #[error("the key store of this device can't be used: {0}")]
    Unavailable(String),
    /// The passphrase does not open the key file. Nothing was read or changed.
    #[error("the passphrase does not open the key file")]
    WrongPassphrase,
    /// The key file is damaged.
    #[error("the key file is damaged")]
    Damaged,
    /// The key file could not be read or written.
    #[error("the key file can't be read or written")]
    File(#[source] std::io::Error),
}

/// A place that keeps keys.
pub trait KeyStore: Send + Sync {
    /// Reads a secret by its name; `None` when there is none. A locked store may give `None` too.
    ///
    /// # Errors
    /// [`KeyStoreError`] when the store can't be used.
    fn get(&self, name: &str) -> Result<Option<Secret>, KeyStoreError>;

    /// Keeps a secret. When this returns, another start of the program can read it back.
    ///
    /// # Errors
    /// [`KeyStoreError`] when it could not be kept.
    fn set(&self, name: &str, secret: &Secret) -> Result<(), KeyStoreError>;

    /// Destroys a secret. It is no error if there is none of this name.
    ///
    /// # Errors
    /// [`KeyStoreError`] when it may still be there.
    fn remove(&self, name: &str) -> Result<(), KeyStoreError>;
}
