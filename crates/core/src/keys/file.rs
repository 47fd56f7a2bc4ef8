//! Keys in a file that is encrypted with a passphrase (age, scrypt), for machines without a key
//! store.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use age::secrecy::SecretString;
use zeroize::Zeroizing;

use super::{KeyStore, KeyStoreError, Secret};

/// The cost of trying one passphrase, as a power of two: about 64 MiB of memory and a tenth of a
/// second on a desktop computer.
const SCRYPT_LOG_N: u8 = 16;

/// A key store in a file that is encrypted with a passphrase.
pub struct FileKeyStore {
    file: PathBuf,
    passphrase: SecretString,
    /// The content of the file, once it was opened. It is kept because trying a passphrase is slow.
    opened: Mutex<Option<BTreeMap<String, Zeroizing<Vec<u8>>>>>,
}

impl std::fmt::Debug for FileKeyStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FileKeyStore").field("file", &self.file).finish_non_exhaustive()
    }
}

impl FileKeyStore {
    /// A key store in this file, with this passphrase. Opens the file only when a key is needed.
    #[must_use]
    pub fn new(file: &Path, passphrase: &str) -> Self {
        Self { file: file.to_owned(), passphrase: SecretString::from(passphrase.to_owned()), opened: Mutex::new(None) }
    }

    fn with<T>(
        &self,
        work: impl FnOnce(&mut BTreeMap<String, Zeroizing<Vec<u8>>>) -> Result<T, KeyStoreError>,
    ) -> Result<T, KeyStoreError> {
        let mut opened = self.opened.lock().unwrap_or_else(PoisonError::into_inner);
        let secrets = match opened.take() {
            Some(secrets) => opened.insert(secrets),
            None => opened.insert(self.read()?),
        };
        work(secrets)
    }

    fn read(&self) -> Result<BTreeMap<String, Zeroizing<Vec<u8>>>, KeyStoreError> {
        let sealed = match fs::read(&self.file) {
            // There is no key in an empty file, as in none.
            Ok(sealed) if sealed.is_empty() => return Ok(BTreeMap::new()),
            Ok(sealed) => sealed,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(BTreeMap::new()),
            Err(error) => return Err(KeyStoreError::File(error)),
        };
        let mut identity = age::scrypt::Identity::new(self.passphrase.clone());
        identity.set_max_work_factor(SCRYPT_LOG_N + 2);
        let plain = age::decrypt(&identity, &sealed).map(Zeroizing::new).map_err(|error| match error {
            age::DecryptError::DecryptionFailed
            | age::DecryptError::KeyDecryptionFailed
            | age::DecryptError::NoMatchingKeys => KeyStoreError::WrongPassphrase,
            _ => KeyStoreError::Damaged,
        })?;
        let secrets: BTreeMap<String, Vec<u8>> = serde_json::from_slice(&plain).map_err(|_| KeyStoreError::Damaged)?;
        Ok(secrets.into_iter().map(|(name, secret)| (name, Zeroizing::new(secret))).collect())
    }

    /// Writes a new file, flushes it, and then replaces the old one with it, so that there is
    /// always a whole file.
    fn write(&self, secrets: &BTreeMap<String, Zeroizing<Vec<u8>>>) -> Result<(), KeyStoreError> {
        let plain: BTreeMap<&str, &[u8]> =
            secrets.iter().map(|(name, secret)| (name.as_str(), secret.as_slice())).collect();
        let plain = Zeroizing::new(serde_json::to_vec(&plain).map_err(|_| KeyStoreError::Damaged)?);
        let mut recipient = age::scrypt::Recipient::new(self.passphrase.clone());
        recipient.set_work_factor(SCRYPT_LOG_N);
        let sealed = age::encrypt(&recipient, &plain).map_err(|_| KeyStoreError::Damaged)?;
        let beside = self.file.with_extension("new");
        let written = (|| {
            let mut options = fs::OpenOptions::new();
            options.write(true).create(true).truncate(true);
            #[cfg(unix)]
            std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
            let mut file = options.open(&beside)?;
            file.write_all(&sealed)?;
            file.sync_all()?;
            fs::rename(&beside, &self.file)?;
            match self.file.parent().filter(|folder| !folder.as_os_str().is_empty()) {
                Some(folder) => fs::File::open(folder)?.sync_all(),
                None => Ok(()),
            }
        })();
        written.map_err(|error| {
            let _there_may_be_none = fs::remove_file(&beside);
            KeyStoreError::File(error)
        })
    }
}

impl KeyStore for FileKeyStore {
    fn get(&self, name: &str) -> Result<Option<Secret>, KeyStoreError> {
        self.with(|secrets| Ok(secrets.get(name).map(|secret| Secret::new(secret))))
    }

    fn set(&self, name: &str, secret: &Secret) -> Result<(), KeyStoreError> {
        self.with(|secrets| {
            secrets.insert(name.to_owned(), Zeroizing::new(secret.expose().to_vec()));
            self.write(secrets)
        })
    }

    fn remove(&self, name: &str) -> Result<(), KeyStoreError> {
        self.with(|secrets| match secrets.remove(name) {
            Some(_) => self.write(secrets),
            None => Ok(()),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_there_at_the_next_start_and_never_bare_in_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("keys");
        FileKeyStore::new(&file, "correct horse")
            .set("database-key", &Secret::new(b"not to be seen in the file"))
            .unwrap();
        let next_start = FileKeyStore::new(&file, "correct horse");
        assert_eq!(next_start.get("database-key").unwrap().unwrap().expose(), b"not to be seen in the file");
        let raw = fs::read(&file).unwrap();
        assert!(!raw.windows(9).any(|window| window == b"not to be"));
    }

    #[test]
    fn a_wrong_passphrase_opens_nothing_and_changes_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("keys");
        FileKeyStore::new(&file, "right").set("a", &Secret::new(b"1")).unwrap();
        let before = fs::read(&file).unwrap();
        let wrong = FileKeyStore::new(&file, "wrong");
        assert!(matches!(wrong.get("a"), Err(KeyStoreError::WrongPassphrase)));
        assert!(matches!(wrong.set("a", &Secret::new(b"2")), Err(KeyStoreError::WrongPassphrase)));
        assert_eq!(fs::read(&file).unwrap(), before);
    }
}
