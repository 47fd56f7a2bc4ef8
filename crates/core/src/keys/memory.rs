//! Keys in memory, for tests and simulations. The app and the command line never use it.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use super::{KeyStore, KeyStoreError, Secret};

/// A key store in memory, which a test can wipe or copy.
#[derive(Debug, Default)]
pub struct MemoryKeyStore {
    secrets: Mutex<BTreeMap<String, Secret>>,
}

impl MemoryKeyStore {
    /// Forgets everything, as a wiped key store would.
    pub fn wipe(&self) {
        self.lock().clear();
    }

    /// A copy of the key store, as a cloned phone would have.
    #[must_use]
    pub fn copy(&self) -> Self {
        Self { secrets: Mutex::new(self.lock().clone()) }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<String, Secret>> {
        self.secrets.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl KeyStore for MemoryKeyStore {
    fn get(&self, name: &str) -> Result<Option<Secret>, KeyStoreError> {
        Ok(self.lock().get(name).cloned())
    }

    fn set(&self, name: &str, secret: &Secret) -> Result<(), KeyStoreError> {
        self.lock().insert(name.to_owned(), secret.clone());
        Ok(())
    }

    fn remove(&self, name: &str) -> Result<(), KeyStoreError> {
        self.lock().remove(name);
        Ok(())
    }
}
