//! The operating system's key store: Secret Service, Keychain, Windows Credential Manager, Android
//! Keystore.

use super::{KeyStore, KeyStoreError, Secret};

#[cfg(not(any(target_os = "android", target_os = "ios")))]
use keyring::{Entry, Error};
#[cfg(any(target_os = "android", target_os = "ios"))]
use keyring_core::{Entry, Error};

/// The operating system's key store. Each folder of visits has its own entries in it.
#[derive(Debug, Clone)]
pub struct SystemKeyStore {
    service: String,
}

impl SystemKeyStore {
    /// The key store for one folder of visits. Its whole path is part of the entries' names.
    #[must_use]
    pub fn new(store: &std::path::Path) -> Self {
        #[cfg(target_os = "android")]
        if let Ok(platform) = android_native_keyring_store::Store::new() {
            keyring_core::set_default_store(platform);
        }
        #[cfg(target_os = "ios")]
        if let Ok(platform) = apple_native_keyring_store::protected::Store::new() {
            keyring_core::set_default_store(platform);
        }
        Self { service: format!("doorstep {}", store.display()) }
    }

    fn entry(&self, name: &str) -> Result<Entry, KeyStoreError> {
        Entry::new(&self.service, name).map_err(unavailable)
    }
}

fn unavailable(error: Error) -> KeyStoreError {
    KeyStoreError::Unavailable(error.to_string())
}

impl KeyStore for SystemKeyStore {
    fn get(&self, name: &str) -> Result<Option<Secret>, KeyStoreError> {
        match self.entry(name)?.get_secret() {
            Ok(bytes) => Ok(Some(Secret::new(&bytes))),
            Err(Error::NoEntry) => Ok(None),
            Err(error) => Err(unavailable(error)),
        }
    }

    fn set(&self, name: &str, secret: &Secret) -> Result<(), KeyStoreError> {
        self.entry(name)?.set_secret(secret.expose()).map_err(unavailable)
    }

    fn remove(&self, name: &str) -> Result<(), KeyStoreError> {
        match self.entry(name)?.delete_credential() {
            Ok(()) | Err(Error::NoEntry) => Ok(()),
            Err(error) => Err(unavailable(error)),
        }
    }
}
