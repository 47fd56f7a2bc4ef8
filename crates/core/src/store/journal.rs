//! The journal: a file beside the database to which every transaction adds what it changed,
//! encrypted piece by piece. It is for a database that does not open, because it is damaged or
//! because nobody has entered the PIN.
//!
//! The file is a line of text and then pieces. A piece is a mark of four bytes, its length, a
//! random nonce, and what it holds, sealed (XChaCha20-Poly1305). A piece that was cut off or
//! altered is passed over, and reading goes on at the next mark.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use chacha20poly1305::aead::{Aead, Payload};
use chacha20poly1305::{KeyInit, XChaCha20Poly1305, XNonce};

use super::images::{Batch, Image};
use super::reserve;
use crate::environment::Environment;
use crate::keys::Secret;

const FILE: &str = "doorstep.journal";
const NEW_FILE: &str = "doorstep.journal.new";
/// All files of a journal.
pub(super) const FILES: [&str; 2] = [FILE, NEW_FILE];
const BEGINNING: &[u8] = b"doorstep journal 1\n";
const MARK: [u8; 4] = [0xD0, 0x0E, 0x57, 0xE9];
const NONCE: usize = 24;
/// The longest piece that is read. A picture has at most a few megabytes.
const LONGEST: usize = 32 * 1024 * 1024;
/// How many times as many bytes as a journal has are tried in vain before the rest of it is given
/// up: a file can be made of false marks alone.
const IN_VAIN: usize = 8;
/// About how many bytes of rows go into one piece when the journal is written anew.
const PIECE: usize = 256 * 1024;

/// The journal of a store, open to be added to.
pub(super) struct Journal {
    folder: PathBuf,
    cipher: XChaCha20Poly1305,
    file: File,
    length: u64,
    /// What could not be added, because the disk was full or failed. It goes first the next time.
    behind: Vec<u8>,
    is_flushed: bool,
}

/// What was read from a journal.
#[derive(Debug, Default)]
pub(super) struct Contents {
    pub(super) batches: Vec<Batch>,
    /// Whether some of it could not be read.
    pub(super) is_damaged: bool,
    /// Whether it stays as it was found, because there is no room for a copy of it.
    pub(super) must_stay: bool,
    pub(super) bytes: u64,
}

/// Whether a folder has a journal.
pub(super) fn exists(folder: &Path) -> bool {
    fs::metadata(folder.join(FILE)).is_ok_and(|file| file.len() > 0)
}

/// The name of the file.
pub(super) const fn file_name() -> &'static str {
    FILE
}

/// Reads what a journal holds. A journal that is not there holds nothing.
pub(super) fn read(folder: &Path, key: &Secret) -> io::Result<Contents> {
    let mut bytes = Vec::new();
    match File::open(folder.join(FILE)) {
        Ok(mut file) => file.read_to_end(&mut bytes)?,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Contents::default()),
        Err(error) => return Err(error),
    };
    read_bytes(&bytes, key)
}

/// As [`read`], from a copy of the file.
pub(super) fn read_bytes(bytes: &[u8], key: &Secret) -> io::Result<Contents> {
    Ok(contents(bytes, &cipher(key)?))
}

fn cipher(key: &Secret) -> io::Result<XChaCha20Poly1305> {
    XChaCha20Poly1305::new_from_slice(key.expose())
        .map_err(|_| io::Error::other("the journal's key has another length"))
}

fn contents(bytes: &[u8], cipher: &XChaCha20Poly1305) -> Contents {
    let mut contents = Contents { bytes: u64::try_from(bytes.len()).unwrap_or(u64::MAX), ..Contents::default() };
    let mut left = match bytes.strip_prefix(BEGINNING) {
        Some(left) => left,
        None => {
            contents.is_damaged = !bytes.is_empty();
            bytes
        }
    };
    let mut in_vain = bytes.len().saturating_mul(IN_VAIN);
    while !left.is_empty() && in_vain > 0 {
        match piece(left, cipher) {
            Some((batch, length)) => {
                contents.batches.push(batch);
                left = left.get(length..).unwrap_or_default();
            }
            None => {
                contents.is_damaged = true;
                in_vain = in_vain.saturating_sub(tried(left));
                let next = left.windows(MARK.len()).skip(1).position(|window| window == MARK);
                left = next.and_then(|next| left.get(next + 1..)).unwrap_or_default();
            }
        }
    }
    contents
}

/// How many bytes it took to find that there is no piece at the beginning of these bytes.
fn tried(bytes: &[u8]) -> usize {
    let said = bytes.strip_prefix(&MARK).and_then(|rest| rest.first_chunk());
    let said = said.and_then(|length| usize::try_from(u32::from_le_bytes(*length)).ok()).unwrap_or(0);
    if said > LONGEST || said > bytes.len() { 0 } else { said }
}

/// The piece at the beginning of these bytes, and how long it is.
fn piece(bytes: &[u8], cipher: &XChaCha20Poly1305) -> Option<(Batch, usize)> {
    let rest = bytes.strip_prefix(&MARK)?;
    let (length, rest) = rest.split_first_chunk()?;
    let length = usize::try_from(u32::from_le_bytes(*length)).ok().filter(|length| *length <= LONGEST)?;
    let (nonce, sealed) = rest.get(..length)?.split_at_checked(NONCE)?;
    let plain = cipher.decrypt(XNonce::from_slice(nonce), Payload { msg: sealed, aad: BEGINNING }).ok()?;
    let batch = minicbor::decode(&plain).ok()?;
    Some((batch, MARK.len() + size_of::<u32>() + length))
}

impl Journal {
    /// Opens the journal of a folder to add to it, or begins one.
    pub(super) fn open(folder: &Path, key: &Secret) -> io::Result<Self> {
        let cipher = cipher(key)?;
        // A kill may have left it.
        let _it_takes_no_room = fs::remove_file(folder.join(NEW_FILE));
        let mut file = OpenOptions::new().create(true).append(true).open(folder.join(FILE))?;
        let mut length = file.metadata()?.len();
        if length == 0 {
            file.write_all(BEGINNING)?;
            file.sync_all()?;
            flush_folder(folder)?;
            length = u64::try_from(BEGINNING.len()).unwrap_or(0);
        }
        Ok(Self { folder: folder.to_owned(), cipher, file, length, behind: Vec::new(), is_flushed: true })
    }

    /// Adds what a transaction changed. It is not flushed. What can't be added now goes with the
    /// next one: the database has it.
    pub(super) fn add(&mut self, environment: &Environment, batch: &Batch) {
        let piece = self.sealed(environment, batch);
        self.behind.extend(piece);
        let _goes_with_the_next = self.catch_up(environment);
    }

    /// Adds what was changed while the database is locked, and flushes it. Nothing else has it, so
    /// it is added twice: a rotten bit costs one of both.
    ///
    /// # Errors
    /// It is not in the journal.
    pub(super) fn add_alone(&mut self, environment: &Environment, batch: &Batch) -> io::Result<()> {
        self.behind = [self.sealed(environment, batch), self.sealed(environment, batch)].concat();
        let before = self.length;
        let added = self.catch_up(environment).and_then(|()| self.flush(environment));
        self.behind.clear();
        if added.is_err() {
            // What is said not to be saved must not be there later.
            let _passed_over = self.file.set_len(before);
            self.length = before;
        }
        added
    }

    fn catch_up(&mut self, environment: &Environment) -> io::Result<()> {
        if self.behind.is_empty() {
            return Ok(());
        }
        environment.disk.before_append()?;
        self.is_flushed = false;
        if let Err(error) = self.file.write_all(&self.behind) {
            // A part of it may be there: it is cut off, or else passed over when it is read.
            let _passed_over = self.file.set_len(self.length);
            return Err(error);
        }
        self.length += u64::try_from(self.behind.len()).unwrap_or(0);
        self.behind.clear();
        Ok(())
    }

    /// Makes everything that was added survive a power cut.
    ///
    /// # Errors
    /// Some of it may not.
    pub(super) fn flush(&mut self, environment: &Environment) -> io::Result<()> {
        self.catch_up(environment)?;
        if !self.is_flushed {
            environment.disk.before_append()?;
            self.file.sync_data()?;
            self.is_flushed = true;
        }
        Ok(())
    }

    /// Writes the journal anew with these rows alone. A kill leaves the old one or the new one.
    ///
    /// # Errors
    /// The old one is still there, and is added to.
    pub(super) fn write_anew(&mut self, environment: &Environment, number: u64, rows: Vec<Image>) -> io::Result<()> {
        environment.disk.before_append()?;
        let mut written = BEGINNING.to_vec();
        let mut batch = Batch { number, session: None, rows: Vec::new() };
        let mut size = 0;
        for row in rows {
            size += row.size();
            batch.rows.push(row);
            if size >= PIECE {
                written.extend(self.sealed(environment, &batch));
                (batch.rows, size) = (Vec::new(), 0);
            }
        }
        written.extend(self.sealed(environment, &batch));
        if !reserve::has_room_for(written.len(), &self.folder, environment) {
            return Err(io::ErrorKind::StorageFull.into());
        }
        self.replace(&written).inspect_err(|_| {
            let _it_takes_no_room = fs::remove_file(self.folder.join(NEW_FILE));
        })?;
        self.file = OpenOptions::new().append(true).open(self.folder.join(FILE))?;
        self.length = u64::try_from(written.len()).unwrap_or(0);
        self.behind.clear();
        self.is_flushed = true;
        Ok(())
    }

    fn replace(&self, written: &[u8]) -> io::Result<()> {
        let beside = self.folder.join(NEW_FILE);
        let mut file = OpenOptions::new().create(true).write(true).truncate(true).open(&beside)?;
        file.write_all(written)?;
        file.sync_all()?;
        fs::rename(&beside, self.folder.join(FILE))?;
        flush_folder(&self.folder)
    }

    fn sealed(&self, environment: &Environment, batch: &Batch) -> Vec<u8> {
        // This can't fail: it is plain data, written to memory, and far below what a key may seal.
        let plain = minicbor::to_vec(batch).unwrap_or_default();
        let nonce = environment.random::<NONCE>();
        let payload = Payload { msg: &plain, aad: BEGINNING };
        let sealed = self.cipher.encrypt(XNonce::from_slice(&nonce), payload).unwrap_or_default();
        let length = u32::try_from(NONCE + sealed.len()).unwrap_or(u32::MAX);
        [MARK.as_slice(), &length.to_le_bytes(), &nonce, &sealed].concat()
    }
}

/// Makes the names in a folder survive a power cut.
pub(super) fn flush_folder(folder: &Path) -> io::Result<()> {
    if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keys::MemoryKeyStore;
    use crate::{OsRandomness, RealDisk, SignIn, SystemClock};

    fn journal(folder: &Path, key: &Secret, pieces: u64) {
        let environment = Environment {
            clock: std::sync::Arc::new(SystemClock),
            randomness: std::sync::Arc::new(OsRandomness),
            keys: std::sync::Arc::new(MemoryKeyStore::default()),
            disk: std::sync::Arc::new(RealDisk),
            connect: std::sync::Arc::new(crate::http::HttpConnect),
            sign_in: SignIn::ByKeyStore,
        };
        let mut journal = Journal::open(folder, key).unwrap();
        for number in 0..pieces {
            journal.add(&environment, &Batch { number, session: None, rows: Vec::new() });
        }
    }

    /// A mark with the longest piece that the file could have behind it.
    fn false_mark() -> Vec<u8> {
        [MARK.as_slice(), &200_000_u32.to_le_bytes()].concat()
    }

    #[test]
    fn a_few_false_marks_hide_no_piece_and_a_file_of_them_is_given_up() {
        let folder = tempfile::tempdir().unwrap();
        let key = Secret::new(&[3; 32]);
        journal(folder.path(), &key, 3);
        let written = fs::read(folder.path().join(FILE)).unwrap();
        let (beginning, pieces) = written.split_at(BEGINNING.len());
        let found = |parts: &[&[u8]]| {
            let contents = contents(&parts.concat(), &cipher(&key).unwrap());
            (contents.batches.len(), contents.is_damaged)
        };
        assert_eq!(found(&[beginning, pieces]), (3, false));
        let padding = vec![0; 300_000];
        assert_eq!(found(&[beginning, &false_mark().repeat(5), pieces, &padding]), (3, true));
        assert_eq!(found(&[beginning, pieces, &false_mark().repeat(200_000), pieces, &padding]), (3, true));
    }
}
