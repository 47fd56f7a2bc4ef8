//! The council's own keys, in files that only the service may read. One key signs answers, one
//! opens safeguarding notes that phones sealed, and one the secrets of second factors in the
//! database.

use std::fs;
use std::path::{Path, PathBuf};

use age::secrecy::ExposeSecret;
use doorstep_domain::ledger::{Hash, SigningKey};
use doorstep_domain::v2::Note;
use doorstep_domain::{UserId, VisitId};
use zeroize::Zeroizing;

use super::environment::Environment;
use super::private_file;
use crate::error::CouncilError;

/// The council's keys.
pub(crate) struct Keys {
    /// Signs answers and receipts.
    pub(crate) signing: SigningKey,
    /// Opens safeguarding notes, for the leads.
    safeguarding: age::x25519::Identity,
    /// Opens the secrets of second factors: whoever reads the database alone can't use them.
    second_factors: age::x25519::Identity,
}

impl std::fmt::Debug for Keys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Keys(<redacted>)")
    }
}

fn paths(data: &Path) -> (PathBuf, PathBuf) {
    let keys = data.join("keys");
    (keys.join("council.key"), keys.join("safeguarding.age-identity"))
}

/// The third key. A council of an earlier version makes it when it is opened.
fn second_factors_path(data: &Path) -> PathBuf {
    data.join("keys").join("second-factors.age-identity")
}

/// What a secret in the database begins with once it is encrypted.
const ENCRYPTED: &str = "age:";

impl Keys {
    /// Whether a data folder holds the keys without which a council can't go on.
    pub(crate) fn are_in(data: &Path) -> bool {
        let (signing, safeguarding) = paths(data);
        signing.exists() && safeguarding.exists()
    }

    /// The names and contents of the key files, for a backup.
    pub(crate) fn files(data: &Path) -> Result<Vec<(String, Zeroizing<String>)>, CouncilError> {
        let (signing, safeguarding) = paths(data);
        let name = |path: &Path| path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let second_factors = second_factors_path(data);
        let paths = [signing, safeguarding].into_iter().chain(second_factors.exists().then_some(second_factors));
        paths.map(|path| Ok((name(&path), read_secret(&path)?))).collect()
    }

    /// Removes the key files, after a restore from a backup that turned out to be incomplete.
    pub(crate) fn remove(data: &Path) -> std::io::Result<()> {
        fs::remove_dir_all(data.join("keys"))
    }

    /// Puts a key file from a backup back in its place.
    pub(crate) fn put_back(data: &Path, name: &str, secret: &[u8]) -> Result<(), CouncilError> {
        let (signing, safeguarding) = paths(data);
        let path = [signing, safeguarding, second_factors_path(data)]
            .into_iter()
            .find(|path| path.file_name().is_some_and(|file| file == name));
        write_secret(&path.ok_or(CouncilError::BadBackup("it holds a key of an unknown kind"))?, secret)
    }

    /// Makes new keys and writes their files.
    pub(crate) fn make(data: &Path, environment: &Environment) -> Result<(), CouncilError> {
        let (signing, safeguarding) = paths(data);
        let secret = Zeroizing::new(environment.random::<32>());
        write_secret(&signing, data_encoding::HEXLOWER.encode(&*secret).as_bytes())?;
        make_identity(&safeguarding)?;
        make_identity(&second_factors_path(data))
    }

    /// Reads the keys from their files.
    pub(crate) fn read(data: &Path) -> Result<Self, CouncilError> {
        let (signing_path, safeguarding_path) = paths(data);
        let hex = read_secret(&signing_path)?;
        let secret = data_encoding::HEXLOWER
            .decode(hex.trim().as_bytes())
            .ok()
            .and_then(|bytes| <[u8; 32]>::try_from(bytes).ok())
            .map(Zeroizing::new)
            .ok_or_else(|| CouncilError::BadKey(signing_path))?;
        let safeguarding =
            read_secret(&safeguarding_path)?.trim().parse().map_err(|_| CouncilError::BadKey(safeguarding_path))?;
        let second_factors_path = second_factors_path(data);
        if !second_factors_path.exists() {
            make_identity(&second_factors_path)?;
        }
        let second_factors =
            read_secret(&second_factors_path)?.trim().parse().map_err(|_| CouncilError::BadKey(second_factors_path))?;
        Ok(Self { signing: SigningKey::from_bytes(&secret), safeguarding, second_factors })
    }

    /// Encrypts the secret of somebody's second factor. It opens for them alone.
    pub(crate) fn seal_secret(&self, user: UserId, secret: &str) -> Result<String, CouncilError> {
        let plain = Zeroizing::new(format!("{user} {secret}"));
        let sealed = age::encrypt(&self.second_factors.to_public(), plain.as_bytes());
        let sealed = sealed.map_err(|_| CouncilError::Unreadable("second factor"))?;
        Ok(format!("{ENCRYPTED}{}", data_encoding::BASE64.encode(&sealed)))
    }

    /// Opens the secret of somebody's second factor. One of an earlier version is not encrypted.
    pub(crate) fn open_secret(&self, user: UserId, stored: &str) -> Result<Zeroizing<String>, CouncilError> {
        let unreadable = || CouncilError::Unreadable("second factor");
        let Some(sealed) = stored.strip_prefix(ENCRYPTED) else { return Ok(Zeroizing::new(stored.to_owned())) };
        let sealed = data_encoding::BASE64.decode(sealed.as_bytes()).map_err(|_| unreadable())?;
        let plain = Zeroizing::new(age::decrypt(&self.second_factors, &sealed).map_err(|_| unreadable())?);
        let plain = std::str::from_utf8(&plain).map_err(|_| unreadable())?;
        match plain.split_once(' ') {
            Some((whose, secret)) if whose == user.to_string() => Ok(Zeroizing::new(secret.to_owned())),
            _ => Err(unreadable()),
        }
    }

    /// Whether a stored secret is one of an earlier version, which is not encrypted.
    pub(crate) fn is_plain_secret(stored: &str) -> bool {
        !stored.starts_with(ENCRYPTED)
    }

    /// The id of a person or an organisation that is new to the council: the same for the same
    /// name, so that it comes back when a table is imported again after a restore. Nobody without
    /// the key can test a guess at the name.
    pub(crate) fn stable_id(&self, kind: &'static str, name: &str) -> [u8; 16] {
        let signature = self.signing.sign("doorstep-stable-id-v2", &[kind.as_bytes(), b"\0", name.as_bytes()].concat());
        let hash = Hash::framed("doorstep-stable-id-v2", &[signature.as_bytes()]);
        hash.as_bytes().first_chunk().copied().unwrap_or_default()
    }

    /// The public keys (age recipients) that devices use to seal safeguarding notes.
    pub(crate) fn safeguarding_recipients(&self) -> Vec<String> {
        vec![self.safeguarding.to_public().to_string()]
    }

    /// Opens a safeguarding note. `None` when it was sealed to other keys, or can't be read.
    pub(crate) fn open_note(&self, sealed: &[u8]) -> Option<OpenNote> {
        let plain = Zeroizing::new(age::decrypt(&self.safeguarding, sealed).ok()?);
        if let Some(Note { words, visit, .. }) = Note::from_bytes(&plain) {
            return Some(OpenNote { words: Zeroizing::new(words), visit });
        }
        let mut note: serde_json::Value = serde_json::from_slice(&plain).ok()?;
        match note.get_mut("note").map(serde_json::Value::take) {
            Some(serde_json::Value::String(words)) => Some(OpenNote { words: Zeroizing::new(words), visit: None }),
            _ => None,
        }
    }
}

/// A note that was opened.
pub(crate) struct OpenNote {
    pub(crate) words: Zeroizing<String>,
    /// The visit in which it was written, if it says so. In version 1 the record says it.
    pub(crate) visit: Option<VisitId>,
}

fn make_identity(path: &Path) -> Result<(), CouncilError> {
    let identity = age::x25519::Identity::generate();
    write_secret(path, identity.to_string().expose_secret().as_bytes())
}

fn read_secret(path: &Path) -> Result<Zeroizing<String>, CouncilError> {
    fs::read_to_string(path).map(Zeroizing::new).map_err(|source| CouncilError::File { path: path.to_owned(), source })
}

/// Writes a file that only its owner can read. It never overwrites a file.
fn write_secret(path: &Path, secret: &[u8]) -> Result<(), CouncilError> {
    let failed = |source| CouncilError::File { path: path.to_owned(), source };
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(failed)?;
    }
    private_file::write_new(path, secret).map_err(failed)
}
