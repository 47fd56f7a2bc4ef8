//! Where the window finds its store and its keys.

use std::ffi::OsString;
use std::path::PathBuf;

use doorstep_core::keys::FileKeyStore;

/// The arguments that the window was started with.
#[derive(Debug)]
pub(crate) struct Start {
    /// The folder of visits.
    pub(crate) store: PathBuf,
    /// The key file and the file with its passphrase, for a machine without a key store.
    pub(crate) key_file: Option<(PathBuf, PathBuf)>,
}

impl Start {
    /// Reads `--store DIR`, `--key-file FILE` and `--passphrase-file FILE`. Without `--store`,
    /// visits are in the folder that `usual` gives. Without both files, keys are in the system's
    /// key store.
    pub(crate) fn from_arguments(
        arguments: impl Iterator<Item = OsString>,
        usual: impl FnOnce() -> tauri::Result<PathBuf>,
    ) -> tauri::Result<Self> {
        let mut arguments = arguments.skip(1);
        let (mut store, mut key_file, mut passphrase_file) = (None, None, None);
        while let Some(argument) = arguments.next() {
            match argument.to_str() {
                Some("--store") => store = arguments.next().map(PathBuf::from),
                Some("--key-file") => key_file = arguments.next().map(PathBuf::from),
                Some("--passphrase-file") => passphrase_file = arguments.next().map(PathBuf::from),
                _ => {}
            }
        }
        Ok(Self { store: store.map_or_else(usual, Ok)?, key_file: key_file.zip(passphrase_file) })
    }

    /// The key store in the key file, which is opened only when a key is needed. `None` without a
    /// key file, or when the file with its passphrase can't be read.
    pub(crate) fn file_keys(&self) -> Option<FileKeyStore> {
        let (file, passphrase_file) = self.key_file.as_ref()?;
        let passphrase = std::fs::read_to_string(passphrase_file).ok()?;
        Some(FileKeyStore::new(file, passphrase.trim_end_matches(['\r', '\n'])))
    }
}
