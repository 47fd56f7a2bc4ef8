//! Backups: all tables, photos and keys of a council as they are at one moment, in one file. The
//! service keeps running meanwhile. The file shows by itself whether it is complete. It is
//! encrypted (age-encryption.org/v1) to a key that is kept elsewhere, so the machine that makes it
//! can't read it. A backup of SQLite can be restored into PostgreSQL, and the other way round.

use std::fs::File;
use std::io::{BufReader, BufWriter, Read, Write};
use std::path::Path;

use age::secrecy::ExposeSecret;
use doorstep_domain::ledger::Hash;
use serde::{Deserialize, Serialize};

use super::nightly::Nightly;
use crate::access::actor::Actor;
use crate::error::CouncilError;
use crate::machine::environment::Environment;
use crate::machine::keys::Keys;
use crate::service::{NAME, Service};
use crate::storage::photo_store::{PhotoStore, PhotosAt};
use crate::storage::{Audited, DatabaseAt, Holdings, Storage, Writing, schema_version};

/// The format's name, in the first part of the decrypted file.
const FORMAT: &str = "doorstep-backup-1";
/// The largest part: a photo, or a row with a large record in it.
const LARGEST_PART: u64 = 64 * 1024 * 1024;
const ZSTD_LEVEL: i32 = 3;

/// The kinds of parts in a backup. Each part begins with its kind and its length.
mod part {
    pub(super) const HEAD: u8 = 1;
    pub(super) const KEY: u8 = 2;
    pub(super) const ROW: u8 = 3;
    pub(super) const PHOTO: u8 = 4;
    pub(super) const END: u8 = 5;
}

#[derive(Serialize, Deserialize)]
struct Head {
    format: String,
    /// The schema's number. A backup can only be restored by a version with the same schema.
    schema: i64,
    council: String,
    made_ms: i64,
}

/// What a backup holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BackedUp {
    /// What each table holds.
    pub tables: Holdings,
    /// How many photos.
    pub photos: u64,
}

/// A pair of keys for backups: one encrypts them, the other decrypts them.
#[derive(Debug)]
pub struct BackupKey {
    /// The public key, for `backup`. It is not secret.
    pub recipient: String,
    /// The secret key, for `restore`. Keep it in the council's safe, not on this machine.
    pub identity: zeroize::Zeroizing<String>,
}

impl BackupKey {
    /// Makes a new random pair.
    #[must_use]
    pub fn new() -> Self {
        let identity = age::x25519::Identity::generate();
        Self {
            recipient: identity.to_public().to_string(),
            identity: identity.to_string().expose_secret().to_owned().into(),
        }
    }
}

impl Default for BackupKey {
    fn default() -> Self {
        Self::new()
    }
}

/// Writes an encrypted backup to a file. The service may run meanwhile.
///
/// # Errors
/// [`CouncilError::BadBackupKey`], or what the database or the disk says.
pub fn back_up(service: &Service, by: &Actor, recipient: &str, to: &mut File) -> Result<BackedUp, CouncilError> {
    let now_ms = service.now_ms();
    let recipient: age::x25519::Recipient = recipient.trim().parse().map_err(|_| CouncilError::BadBackupKey)?;
    let recipients: [&dyn age::Recipient; 1] = [&recipient];
    let encryptor = age::Encryptor::with_recipients(recipients.into_iter());
    let encryptor = encryptor.map_err(|_| CouncilError::BadBackupKey)?;
    let sealed = encryptor.wrap_output(BufWriter::new(&mut *to)).map_err(CouncilError::Write)?;
    let mut out = zstd::Encoder::new(sealed, ZSTD_LEVEL).map_err(CouncilError::Write)?;
    let held = write_all(service, now_ms, &mut out)?;
    out.finish()
        .map_err(CouncilError::Write)?
        .finish()
        .map_err(CouncilError::Write)?
        .flush()
        .map_err(CouncilError::Write)?;
    to.sync_all().map_err(CouncilError::Write)?;
    service.transact(|writing| {
        Nightly::BackedUp.note(writing, now_ms)?;
        writing.audit(now_ms, by.name(), &Audited::BackedUp { photos: held.photos })
    })?;
    Ok(held)
}

/// Restores a backup into a folder without keys and an empty database, and checks that they hold
/// what the backup held. Phones then learn that the council went back in time, and send again what
/// they still hold.
///
/// # Errors
/// [`CouncilError::BadBackup`], [`CouncilError::BadBackupKey`], [`CouncilError::DatabaseInUse`], or
/// [`CouncilError::AlreadyInitialised`] if the folder has keys. The database then stays as it was.
pub fn restore(
    data: &Path,
    database: &DatabaseAt,
    photos: &PhotosAt,
    environment: Environment,
    identity: &str,
    from: File,
) -> Result<(Service, BackedUp), CouncilError> {
    if Keys::are_in(data) {
        return Err(CouncilError::AlreadyInitialised(data.to_owned()));
    }
    std::fs::create_dir_all(data).map_err(|source| CouncilError::File { path: data.to_owned(), source })?;
    let storage = Storage::at(data, database)?;
    let store = PhotoStore::at(data, photos)?;
    let file = std::sync::Mutex::new(from);
    let held = storage.transact(&environment, |writing| {
        let mut file = file.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        std::io::Seek::rewind(&mut *file).map_err(CouncilError::Write)?;
        if !writing.holds_nothing()? {
            return Err(CouncilError::DatabaseInUse);
        }
        read_all(open(identity, &mut file)?, &mut IntoCouncil { writing, photos: &store, keys: Vec::new(), data })
    });
    drop(storage);
    if held.is_err() {
        // The folder had no keys before: remove any that were restored before it failed.
        let _there_may_be_none = Keys::remove(data);
    }
    let held = held?;
    let service = Service::open(data, database, environment)?.with_photos(photos)?;
    service.begin_epoch()?;
    // Whoever had signed in then may have left since, and a code may have been called back.
    service.transact(|writing| writing.end_all_sessions())?;
    Ok((service, held))
}

/// Reads a whole backup without writing anything, and returns what it holds.
///
/// # Errors
/// [`CouncilError::BadBackup`], [`CouncilError::BadBackupKey`].
pub fn check_backup(identity: &str, mut from: File) -> Result<BackedUp, CouncilError> {
    read_all(open(identity, &mut from)?, &mut CheckOnly)
}

fn write_all(service: &Service, now_ms: i64, out: &mut impl Write) -> Result<BackedUp, CouncilError> {
    let unreadable = |_| CouncilError::Unreadable("backup");
    let held = service.storage.read_at_length(|reading| {
        let council = reading.meta(NAME)?;
        let head = Head { format: FORMAT.to_owned(), schema: schema_version(), council, made_ms: now_ms };
        write_part(out, part::HEAD, &[&serde_json::to_vec(&head).map_err(unreadable)?])?;
        for (name, secret) in Keys::files(&service.data)? {
            write_part(out, part::KEY, &[name.as_bytes(), b"\n", secret.as_bytes()])?;
        }
        let tables = reading.each_row_of_all(|table, row| write_part(out, part::ROW, &[&[table], row]))?;
        let mut photos = 0;
        for sha256 in reading.whole_blobs()? {
            // If the file is missing, leave it out: the phone can send it again.
            if let Some(file) = service.photos.read(sha256)? {
                write_part(out, part::PHOTO, &[sha256.as_bytes(), &file])?;
                photos += 1;
            }
        }
        Ok(BackedUp { tables, photos })
    })?;
    write_part(out, part::END, &[&serde_json::to_vec(&held).map_err(unreadable)?])?;
    Ok(held)
}

fn write_part(out: &mut impl Write, kind: u8, pieces: &[&[u8]]) -> Result<(), CouncilError> {
    let length: usize = pieces.iter().map(|piece| piece.len()).sum();
    out.write_all(&[kind]).map_err(CouncilError::Write)?;
    out.write_all(&u64::try_from(length).unwrap_or(u64::MAX).to_be_bytes()).map_err(CouncilError::Write)?;
    pieces.iter().try_for_each(|piece| out.write_all(piece)).map_err(CouncilError::Write)?;
    Ok(())
}

/// Decrypts and decompresses a backup.
fn open<'f>(identity: &str, file: &'f mut File) -> Result<impl Read + 'f, CouncilError> {
    let identity: age::x25519::Identity = identity.trim().parse().map_err(|_| CouncilError::BadBackupKey)?;
    let decryptor = age::Decryptor::new(BufReader::new(file));
    let decryptor = decryptor.map_err(|_| CouncilError::BadBackup("it is not a Doorstep backup"))?;
    let opened = decryptor.decrypt(std::iter::once(&identity as &dyn age::Identity));
    let opened = opened.map_err(|_| CouncilError::BadBackup("it was made for another key"))?;
    zstd::Decoder::new(opened).map_err(|_| CouncilError::BadBackup("it is not a Doorstep backup"))
}

/// Where the parts of a backup go.
trait BackupSink {
    fn key(&mut self, name: &str, secret: &[u8]) -> Result<(), CouncilError>;
    fn row(&mut self, table: u8, row: &[u8]) -> Result<(), CouncilError>;
    fn photo(&mut self, sha256: Hash, file: &[u8]) -> Result<(), CouncilError>;
    /// All parts have come; `held` is what the backup says it holds.
    fn end(&mut self, held: &BackedUp) -> Result<(), CouncilError>;
}

fn read_all(mut from: impl Read, to: &mut dyn BackupSink) -> Result<BackedUp, CouncilError> {
    let cut_off = || CouncilError::BadBackup("it is not whole");
    let mut first = true;
    let mut photos = 0;
    loop {
        let (kind, bytes) = read_part(&mut from)?;
        if first != (kind == part::HEAD) {
            return Err(CouncilError::BadBackup("it does not begin like a backup"));
        }
        first = false;
        match kind {
            part::HEAD => {
                let head: Head = serde_json::from_slice(&bytes).map_err(|_| cut_off())?;
                if head.format != FORMAT || head.schema != schema_version() {
                    return Err(CouncilError::BadBackup("it is from another doorstep-council version: use that one"));
                }
            }
            part::KEY => {
                let at = bytes.iter().position(|byte| *byte == b'\n').ok_or_else(cut_off)?;
                let (name, secret) = bytes.split_at_checked(at).ok_or_else(cut_off)?;
                to.key(&String::from_utf8_lossy(name), secret.get(1..).unwrap_or_default())?;
            }
            part::ROW => {
                let (table, row) = bytes.split_first().ok_or_else(cut_off)?;
                to.row(*table, row)?;
            }
            part::PHOTO => {
                let (sha256, file) = bytes.split_first_chunk::<32>().ok_or_else(cut_off)?;
                let sha256 = Hash::from_bytes(*sha256);
                if Hash::of_file(file) != sha256 {
                    return Err(CouncilError::BadBackup("a photo in it does not match its hash"));
                }
                to.photo(sha256, file)?;
                photos += 1;
            }
            part::END => {
                let held: BackedUp = serde_json::from_slice(&bytes).map_err(|_| cut_off())?;
                if held.photos != photos {
                    return Err(cut_off());
                }
                to.end(&held)?;
                return Ok(held);
            }
            _ => return Err(CouncilError::BadBackup("it contains a part of an unknown kind")),
        }
    }
}

fn read_part(from: &mut impl Read) -> Result<(u8, Vec<u8>), CouncilError> {
    let cut_off = |_| CouncilError::BadBackup("it is not whole, or was altered");
    let (mut kind, mut length) = ([0], [0; 8]);
    from.read_exact(&mut kind).and_then(|()| from.read_exact(&mut length)).map_err(cut_off)?;
    let length = u64::from_be_bytes(length);
    if length > LARGEST_PART {
        return Err(CouncilError::BadBackup("a part of it is too large"));
    }
    let mut bytes = Vec::new();
    from.take(length).read_to_end(&mut bytes).map_err(cut_off)?;
    if u64::try_from(bytes.len()).is_ok_and(|read| read == length) {
        Ok((kind[0], bytes))
    } else {
        Err(CouncilError::BadBackup("it is not whole"))
    }
}

/// Restores a backup into an empty council. Keys are written last, because a folder only counts as
/// a council once it has keys.
struct IntoCouncil<'a> {
    writing: &'a Writing<'a>,
    photos: &'a PhotoStore,
    keys: Vec<(String, Vec<u8>)>,
    data: &'a Path,
}

impl BackupSink for IntoCouncil<'_> {
    fn key(&mut self, name: &str, secret: &[u8]) -> Result<(), CouncilError> {
        self.keys.push((name.to_owned(), secret.to_vec()));
        Ok(())
    }

    fn row(&mut self, table: u8, row: &[u8]) -> Result<(), CouncilError> {
        self.writing.put_back(table, row)
    }

    fn photo(&mut self, sha256: Hash, file: &[u8]) -> Result<(), CouncilError> {
        self.photos.keep(sha256, file)
    }

    fn end(&mut self, held: &BackedUp) -> Result<(), CouncilError> {
        if self.writing.all_is_back()? != held.tables {
            return Err(CouncilError::BadBackup("its rows do not match its own summary"));
        }
        self.keys.iter().try_for_each(|(name, secret)| Keys::put_back(self.data, name, secret))
    }
}

/// Checks the parts and writes nothing.
struct CheckOnly;

impl BackupSink for CheckOnly {
    fn key(&mut self, _: &str, _: &[u8]) -> Result<(), CouncilError> {
        Ok(())
    }

    fn row(&mut self, _: u8, _: &[u8]) -> Result<(), CouncilError> {
        Ok(())
    }

    fn photo(&mut self, _: Hash, _: &[u8]) -> Result<(), CouncilError> {
        Ok(())
    }

    fn end(&mut self, _: &BackedUp) -> Result<(), CouncilError> {
        Ok(())
    }
}
