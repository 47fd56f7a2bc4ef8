//! The key of the journal, sealed to the council's recovery key (age, X25519), in a file beside the
//! journal. If the key store of a phone is emptied, whoever has the other half of the recovery key
//! still opens what the phone had to send. The database's own key is not in it, so half-typed texts
//! stay closed; and a safeguarding note in the journal is sealed to the leads.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;
use std::str::FromStr;

use age::x25519::{Identity, Recipient};
use zeroize::Zeroizing;

use super::journal::flush_folder;
use crate::keys::Secret;

const FILE: &str = "doorstep.recovery";
const NEW_FILE: &str = "doorstep.recovery.new";

/// All files of a sealed key.
pub(super) const FILES: [&str; 2] = [FILE, NEW_FILE];

/// The name of the file.
pub(super) const fn file_name() -> &'static str {
    FILE
}

/// Seals the key of a journal to the council's recovery key. Does nothing where that was done
/// before. Where the council has none, nothing stays.
///
/// # Errors
/// The file is as it was.
pub(super) fn seal(folder: &Path, recovery_key: Option<&str>, journal_key: &Secret) -> io::Result<()> {
    let file = folder.join(FILE);
    let Some(recipient) = recovery_key.and_then(|key| Recipient::from_str(key).ok()) else {
        return match fs::remove_file(file) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        };
    };
    let beginning = beginning(&recipient);
    if fs::read(&file).is_ok_and(|sealed| sealed.starts_with(&beginning)) {
        return Ok(());
    }
    let sealed = age::encrypt(&recipient, journal_key.expose()).map_err(io::Error::other)?;
    let beside = folder.join(NEW_FILE);
    let mut new = File::create(&beside)?;
    new.write_all(&[beginning, sealed].concat())?;
    new.sync_all()?;
    fs::rename(&beside, file)?;
    flush_folder(folder)
}

/// The key of a folder's journal, with the secret half of the recovery key. `None` if that half
/// does not open it, or nothing was sealed.
///
/// # Errors
/// The file is there and can't be read.
pub(super) fn open(folder: &Path, identity: &Identity) -> io::Result<Option<Secret>> {
    let sealed = match fs::read(folder.join(FILE)) {
        Ok(sealed) => sealed,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let sealed = sealed.strip_prefix(&*beginning(&identity.to_public()));
    let key = sealed.and_then(|sealed| age::decrypt(identity, sealed).ok()).map(Zeroizing::new);
    Ok(key.map(|key| Secret::new(&key)))
}

/// What the file begins with: it says which key the rest is sealed to.
fn beginning(recipient: &Recipient) -> Vec<u8> {
    format!("doorstep recovery 1\n{recipient}\n").into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_other_half_opens_the_key_of_the_journal_and_nothing_else_does() {
        let folder = tempfile::tempdir().unwrap();
        let (safe, other) = (Identity::generate(), Identity::generate());
        let key = Secret::new(&[7; 32]);
        let opened = |by: &Identity| open(folder.path(), by).unwrap().map(|key| key.expose().to_vec());
        assert_eq!(opened(&safe), None, "nothing was sealed");
        let named = safe.to_public().to_string();
        seal(folder.path(), Some(&named), &key).unwrap();
        assert_eq!((opened(&safe), opened(&other)), (Some(vec![7; 32]), None));
        let first = fs::read(folder.path().join(FILE)).unwrap();
        seal(folder.path(), Some(&named), &key).unwrap();
        assert_eq!(fs::read(folder.path().join(FILE)).unwrap(), first, "it is sealed once");
        seal(folder.path(), Some(&other.to_public().to_string()), &key).unwrap();
        assert_eq!((opened(&safe), opened(&other)), (None, Some(vec![7; 32])));
        seal(folder.path(), None, &key).unwrap();
        assert_eq!(opened(&other), None);
    }
}
