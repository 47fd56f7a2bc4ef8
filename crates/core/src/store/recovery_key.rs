//! The key of the journal, sealed to the council's recovery key (age, X25519), in a file beside the
//! journal. If the key store of a phone is emptied, whoever has the other half of the recovery key
//! still opens what the phone had to send. The database's own key is not in it, so half-typed texts
//! stay closed; and a safeguarding note in the journal is sealed to the leads.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;
use std::str::FromStr;

use age::x25519::{Identity, Recipient};
use doorstep_domain::ledger::Hash;
use zeroize::Zeroizing;

use super::journal::flush_folder;
use crate::keys::Secret;

const FILE: &str = "doorstep.recovery";
const NEW_FILE: &str = "doorstep.recovery.new";

/// How many bytes at the end of the file tell whether it is as it was written.
const CHECK: usize = 32;

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
    let Some(recovery_key) = recovery_key else {
        return match fs::remove_file(file) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        };
    };
    // A key that only a newer app knows takes away nothing that was sealed to an earlier one.
    let Ok(recipient) = Recipient::from_str(recovery_key) else { return Ok(()) };
    let beginning = beginning(&recipient);
    if fs::read(&file).is_ok_and(|sealed| sealed.starts_with(&beginning) && is_as_written(&sealed, journal_key)) {
        return Ok(());
    }
    let sealed = age::encrypt(&recipient, journal_key.expose()).map_err(io::Error::other)?;
    let said = [beginning, sealed].concat();
    let check = check(&said, journal_key);
    let beside = folder.join(NEW_FILE);
    let mut new = File::create(&beside)?;
    new.write_all(&[said, check.as_bytes().to_vec()].concat())?;
    new.sync_all()?;
    fs::rename(&beside, file)?;
    flush_folder(folder)
}

/// Whether the file is as it was written, for the key that the journal has now. The phone can't
/// open what it has sealed.
fn is_as_written(file: &[u8], journal_key: &Secret) -> bool {
    file.split_last_chunk::<CHECK>().is_some_and(|(said, found)| check(said, journal_key).as_bytes() == found)
}

fn check(said: &[u8], journal_key: &Secret) -> Hash {
    Hash::framed("doorstep-recovery-check-v1", &[journal_key.expose(), said])
}

/// What the secret half of a recovery key makes of a folder.
pub(super) enum Opened {
    /// The key of its journal.
    Key(Secret),
    /// Nothing was sealed there.
    NoFile,
    /// It was sealed to another key; its public half, as far as that can be read.
    ToAnother(String),
    /// It was sealed to this key, and is damaged.
    Damaged,
}

/// Opens the key of a folder's journal with the secret half of the recovery key.
///
/// # Errors
/// The file is there and can't be read.
pub(super) fn open(folder: &Path, identity: &Identity) -> io::Result<Opened> {
    let sealed = match fs::read(folder.join(FILE)) {
        Ok(sealed) => sealed,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Opened::NoFile),
        Err(error) => return Err(error),
    };
    Ok(open_bytes(&sealed, identity))
}

/// As [`open`], from a copy of the file.
pub(super) fn open_bytes(sealed: &[u8], identity: &Identity) -> Opened {
    let Some(rest) = sealed.strip_prefix(&*beginning(&identity.to_public())) else {
        let named = String::from_utf8_lossy(sealed).lines().nth(1).unwrap_or_default().to_owned();
        return Opened::ToAnother(named);
    };
    let rest = rest.split_last_chunk::<CHECK>().map(|(rest, _)| rest);
    let key = rest.and_then(|rest| age::decrypt(identity, rest).ok()).map(Zeroizing::new);
    key.map_or(Opened::Damaged, |key| Opened::Key(Secret::new(&key)))
}

/// Whether what is in a folder is sealed to this recovery key.
pub(super) fn is_sealed_to(folder: &Path, recovery_key: &str) -> bool {
    let Ok(recipient) = Recipient::from_str(recovery_key) else { return false };
    fs::read(folder.join(FILE)).is_ok_and(|sealed| sealed.starts_with(&beginning(&recipient)))
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
        let opened = |by: &Identity| match open(folder.path(), by).unwrap() {
            Opened::Key(key) => Some(key.expose().to_vec()),
            _ => None,
        };
        assert!(matches!(open(folder.path(), &safe).unwrap(), Opened::NoFile));
        let named = safe.to_public().to_string();
        seal(folder.path(), Some(&named), &key).unwrap();
        assert_eq!((opened(&safe), opened(&other)), (Some(vec![7; 32]), None));
        let first = fs::read(folder.path().join(FILE)).unwrap();
        seal(folder.path(), Some(&named), &key).unwrap();
        assert_eq!(fs::read(folder.path().join(FILE)).unwrap(), first, "it is sealed once");
        // One that is damaged is made again, and so is one for a key that the journal no longer
        // has.
        for at in [first.len() / 2, first.len() - 1] {
            let mut damaged = first.clone();
            damaged[at] ^= 1;
            fs::write(folder.path().join(FILE), &damaged).unwrap();
            seal(folder.path(), Some(&named), &key).unwrap();
            assert_eq!(opened(&safe), Some(vec![7; 32]));
            assert_ne!(fs::read(folder.path().join(FILE)).unwrap(), damaged);
        }
        seal(folder.path(), Some(&named), &Secret::new(&[8; 32])).unwrap();
        assert_eq!(opened(&safe), Some(vec![8; 32]));
        seal(folder.path(), Some(&named), &key).unwrap();
        assert!(matches!(open(folder.path(), &other).unwrap(), Opened::ToAnother(to) if to == named));
        seal(folder.path(), Some(&other.to_public().to_string()), &key).unwrap();
        assert_eq!((opened(&safe), opened(&other)), (None, Some(vec![7; 32])));
        seal(folder.path(), Some("age1ofanotherkind"), &key).unwrap();
        assert_eq!(opened(&other), Some(vec![7; 32]), "what was sealed stays");
        seal(folder.path(), None, &key).unwrap();
        assert_eq!(opened(&other), None);
    }
}
