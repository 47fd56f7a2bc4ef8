//! The council's own keys, in files that only the service may read. One key signs answers, one
//! opens safeguarding notes that phones sealed, and one the secrets of second factors in the
//! database.

use std::fs;
use std::io::Write;
use std::path::Path;

use age::secrecy::ExposeSecret;
use age::x25519::Identity;
use doorstep_domain::ledger::{Hash, PublicKey, SigningKey};
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
    /// Those that signed before, the oldest first. Phones that know one of them are answered by it,
    /// and learn of the others.
    former: Vec<FormerKey>,
    /// The ids of people and organisations are made with it. It stays when the others change.
    naming: SigningKey,
    /// Opens safeguarding notes, for the leads.
    safeguarding: Identity,
    /// Opens those that phones sealed before they knew of the other.
    former_safeguarding: Vec<Identity>,
    /// Opens the secrets of second factors: whoever reads the database alone can't use them.
    second_factors: Identity,
}

/// A key that signed before.
struct FormerKey {
    key: SigningKey,
    /// Until when, in milliseconds since 1970.
    until_ms: i64,
}

impl std::fmt::Debug for Keys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Keys(<redacted>)")
    }
}

/// The folder of the key files, within the data folder.
const FOLDER: &str = "keys";
const SIGNING: &str = "council.key";
const SAFEGUARDING: &str = "safeguarding.age-identity";
/// A council of an earlier version makes this when it is opened.
const SECOND_FACTORS: &str = "second-factors.age-identity";
/// A council makes this when it first changes its signing key.
const NAMING: &str = "naming.key";

/// The name of the file of a former key: the first one has the number 1.
fn former(file: &str, number: usize) -> String {
    let (name, kind) = file.split_once('.').unwrap_or((file, ""));
    format!("{name}-former-{number}.{kind}")
}

/// Whether a file of this name can be among the keys.
fn is_key(name: &str) -> bool {
    let is_former = |file: &str| (1..=MOST_FORMER).any(|number| former(file, number) == name);
    [SIGNING, SAFEGUARDING, SECOND_FACTORS, NAMING].contains(&name) || is_former(SIGNING) || is_former(SAFEGUARDING)
}

/// The most former keys of a kind.
const MOST_FORMER: usize = 100;

/// What a secret in the database begins with once it is encrypted.
const ENCRYPTED: &str = "age:";

impl Keys {
    /// Whether a data folder holds the keys without which a council can't go on.
    pub(crate) fn are_in(data: &Path) -> bool {
        [SIGNING, SAFEGUARDING].iter().all(|name| data.join(FOLDER).join(name).exists())
    }

    /// The names and contents of the key files, for a backup.
    pub(crate) fn files(data: &Path) -> Result<Vec<(String, Zeroizing<String>)>, CouncilError> {
        let folder = data.join(FOLDER);
        let failed = |source| CouncilError::File { path: folder.clone(), source };
        let mut files = Vec::new();
        for entry in fs::read_dir(&folder).map_err(failed)? {
            let name = entry.map_err(failed)?.file_name().to_string_lossy().into_owned();
            if is_key(&name) {
                let secret = read_secret(&folder.join(&name))?;
                files.push((name, secret));
            }
        }
        files.sort_by(|(one, _), (other, _)| one.cmp(other));
        Ok(files)
    }

    /// Removes the key files that a restore wrote before it broke off.
    pub(crate) fn remove(data: &Path) -> Result<(), CouncilError> {
        let folder = data.join(FOLDER);
        match fs::remove_dir_all(&folder) {
            Err(source) if source.kind() != std::io::ErrorKind::NotFound => {
                Err(CouncilError::File { path: folder, source })
            }
            _ => Ok(()),
        }
    }

    /// Puts a key file from a backup back in its place.
    pub(crate) fn put_back(data: &Path, name: &str, secret: &[u8]) -> Result<(), CouncilError> {
        if !is_key(name) {
            return Err(CouncilError::BadBackup("it holds a key of an unknown kind"));
        }
        write_secret(&data.join(FOLDER).join(name), secret)
    }

    /// Makes the keys that a new council still lacks: those that an interrupted call has made stay.
    pub(crate) fn make(data: &Path, environment: &Environment) -> Result<(), CouncilError> {
        let make = |name, new: &dyn Fn() -> Zeroizing<String>| match data.join(FOLDER).join(name) {
            there if there.exists() => Ok(()),
            missing => write_secret(&missing, new().as_bytes()),
        };
        make(SIGNING, &|| new_signing(environment))?;
        make(SAFEGUARDING, &new_identity)?;
        make(SECOND_FACTORS, &new_identity)
    }

    /// Reads the keys from their files.
    pub(crate) fn read(data: &Path) -> Result<Self, CouncilError> {
        let folder = data.join(FOLDER);
        let second_factors = folder.join(SECOND_FACTORS);
        if !second_factors.exists() {
            write_secret(&second_factors, new_identity().as_bytes())?;
        }
        let signing = signing(&folder.join(SIGNING))?;
        let naming = folder.join(NAMING);
        let naming = if naming.exists() { naming } else { folder.join(SIGNING) };
        // A change that was broken off leaves the same key in two files.
        let mut former = of_former(&folder, SIGNING, former_signing)?;
        former.retain(|before| before.key.public() != signing.public());
        Ok(Self {
            former,
            naming: self::signing(&naming)?,
            safeguarding: identity(&folder.join(SAFEGUARDING))?,
            former_safeguarding: of_former(&folder, SAFEGUARDING, identity)?,
            second_factors: identity(&second_factors)?,
            signing,
        })
    }

    /// Makes another signing key, which the service uses once it is started again. The one until
    /// now stays beside it, for phones that know no other. If this breaks off, the old one is still
    /// in use, or the new one is.
    pub(crate) fn change_signing(data: &Path, environment: &Environment) -> Result<(), CouncilError> {
        let folder = data.join(FOLDER);
        let before = read_secret(&folder.join(SIGNING))?;
        if !folder.join(NAMING).exists() {
            write_secret(&folder.join(NAMING), before.as_bytes())?;
        }
        let until = Zeroizing::new(format!("{} {}", before.trim(), environment.clock.now_ms()));
        set_former(&folder, SIGNING, &until)?;
        replace(&folder.join(SIGNING), &new_signing(environment))
    }

    /// Makes another key for safeguarding notes, to which phones seal them from their next contact
    /// on, once the service is started again. The one until now stays beside it: it opens what is
    /// sealed to it.
    pub(crate) fn change_safeguarding(data: &Path) -> Result<(), CouncilError> {
        let folder = data.join(FOLDER);
        set_former(&folder, SAFEGUARDING, &read_secret(&folder.join(SAFEGUARDING))?)?;
        replace(&folder.join(SAFEGUARDING), &new_identity())
    }

    /// The public keys by which the council's word can be checked: the one that signs now first,
    /// then those that signed before, the last one first.
    pub(crate) fn public(&self) -> Vec<PublicKey> {
        let former = self.former.iter().rev().map(|former| former.key.public());
        std::iter::once(self.signing.public()).chain(former).collect()
    }

    /// Opens what the council has signed, by whichever of its keys.
    pub(crate) fn open<T, E>(&self, open: impl Fn(&PublicKey) -> Result<T, E>) -> Option<T> {
        self.public().iter().find_map(|key| open(key).ok())
    }

    /// The key by which a phone knows the council, as its certificate says: the one that signed it.
    /// A phone that shows none knows the one that signed when it was enrolled.
    pub(crate) fn known_to(&self, signed_by: Option<Hash>, enrolled_ms: i64) -> &SigningKey {
        let former = self.former.iter().find(|former| match signed_by {
            Some(fingerprint) => former.key.public().fingerprint() == fingerprint,
            None => enrolled_ms < former.until_ms,
        });
        former.map_or(&self.signing, |former| &former.key)
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
        let signature = self.naming.sign("doorstep-stable-id-v2", &[kind.as_bytes(), b"\0", name.as_bytes()].concat());
        let hash = Hash::framed("doorstep-stable-id-v2", &[signature.as_bytes()]);
        hash.as_bytes().first_chunk().copied().unwrap_or_default()
    }

    /// A hash that only this council can make. It stays the same when other keys change.
    pub(crate) fn keyed_hash(&self, domain: &str, said: &[u8]) -> [u8; 32] {
        *Hash::framed(domain, &[self.naming.sign(domain, said).as_bytes()]).as_bytes()
    }

    /// The public keys (age recipients) that devices use to seal safeguarding notes.
    pub(crate) fn safeguarding_recipients(&self) -> Vec<String> {
        vec![self.safeguarding.to_public().to_string()]
    }

    /// Opens a safeguarding note. `None` when it was sealed to other keys, or can't be read.
    pub(crate) fn open_note(&self, sealed: &[u8]) -> Option<OpenNote> {
        let identities = std::iter::once(&self.safeguarding).chain(&self.former_safeguarding);
        let plain = Zeroizing::new(identities.into_iter().find_map(|identity| age::decrypt(identity, sealed).ok())?);
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

fn new_signing(environment: &Environment) -> Zeroizing<String> {
    let secret = Zeroizing::new(environment.random::<32>());
    Zeroizing::new(data_encoding::HEXLOWER.encode(&*secret))
}

fn new_identity() -> Zeroizing<String> {
    Zeroizing::new(Identity::generate().to_string().expose_secret().to_owned())
}

fn signing(path: &Path) -> Result<SigningKey, CouncilError> {
    signing_from(&read_secret(path)?).ok_or_else(|| CouncilError::BadKey(path.to_owned()))
}

fn signing_from(hex: &str) -> Option<SigningKey> {
    let secret = Zeroizing::new(data_encoding::HEXLOWER.decode(hex.trim().as_bytes()).ok()?);
    let secret = Zeroizing::new(<[u8; 32]>::try_from(secret.as_slice()).ok()?);
    Some(SigningKey::from_bytes(&secret))
}

fn former_signing(path: &Path) -> Result<FormerKey, CouncilError> {
    let text = read_secret(path)?;
    let read = || {
        let (hex, until_ms) = text.trim().split_once(' ')?;
        Some(FormerKey { key: signing_from(hex)?, until_ms: until_ms.parse().ok()? })
    };
    read().ok_or_else(|| CouncilError::BadKey(path.to_owned()))
}

fn identity(path: &Path) -> Result<Identity, CouncilError> {
    read_secret(path)?.trim().parse().map_err(|_| CouncilError::BadKey(path.to_owned()))
}

/// The former keys of a kind, the oldest first.
fn of_former<T>(
    folder: &Path,
    file: &str,
    read: impl Fn(&Path) -> Result<T, CouncilError>,
) -> Result<Vec<T>, CouncilError> {
    // One that was stolen may have been taken away from among them.
    let paths = (1..=MOST_FORMER).map(|number| folder.join(former(file, number)));
    paths.filter(|path| path.exists()).map(|path| read(&path)).collect()
}

/// Keeps a key as the last of the former ones.
fn set_former(folder: &Path, file: &str, secret: &str) -> Result<(), CouncilError> {
    let last = (1..=MOST_FORMER).rev().find(|number| folder.join(former(file, *number)).exists()).unwrap_or(0);
    if last == MOST_FORMER {
        return Err(CouncilError::BadSetting("keys", "there are too many former ones"));
    }
    // It is there whole, or not at all.
    replace(&folder.join(former(file, last + 1)), secret)
}

fn replace(path: &Path, secret: &str) -> Result<(), CouncilError> {
    let failed = |source| CouncilError::File { path: path.to_owned(), source };
    private_file::replace(path, |file| file.write_all(secret.as_bytes())).map_err(failed)
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
