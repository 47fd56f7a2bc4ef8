//! Where the window finds its store and its keys.

use std::ffi::OsString;
use std::path::PathBuf;

use doorstep_core::keys::FileKeyStore;

/// What the window is started with.
#[derive(Debug)]
pub(crate) struct Start {
    /// The folder of visits.
    pub(crate) store: PathBuf,
    /// Keys in a file under a passphrase, for a machine without a key store.
    pub(crate) key_file: Option<(PathBuf, PathBuf)>,
}

impl Start {
    /// `--store DIR`, and `--key-file FILE --passphrase-file FILE`; without them, the system's own
    /// places.
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

    /// The key file, opened lazily; `None` when its passphrase can't be read.
    pub(crate) fn file_keys(&self) -> Option<FileKeyStore> {
        let (file, passphrase_file) = self.key_file.as_ref()?;
        let passphrase = std::fs::read_to_string(passphrase_file).ok()?;
        Some(FileKeyStore::new(file, passphrase.trim_end_matches(['\r', '\n'])))
    }
}
