//! Restoring a backup, and the drill that shows that one can be restored.
//!
//! Restoring is one step. A file in the data folder says that it has begun, and goes when it is
//! done; until then no service starts on that folder. If it breaks off anywhere, it is run again:
//! the database then holds nothing, or everything under the mark of this restore.

use std::fs::{self, File};
use std::io::{BufReader, Read, Seek, Write};
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use doorstep_domain::ledger::{Epoch, Hash};

use super::backup::{BackedUp, BadPhoto, FORMAT, Head, LARGEST_PART, PhotoFault, part};
use super::verify::{self, Checked};
use crate::error::CouncilError;
use crate::machine::environment::Environment;
use crate::machine::keys::Keys;
use crate::machine::private_file;
use crate::service::{RESTORING, Service, begin_epoch_in};
use crate::storage::photo_store::{PhotoStore, PhotosAt};
use crate::storage::{DatabaseAt, Storage, Writing, schema_version};

/// The name in the database of the restore that filled it.
const RESTORED: &str = "restored_by";

/// Restores a backup into a folder without keys and an empty database, and checks that they hold
/// what the backup held. Phones then learn that the council went back in time, and send again what
/// they still hold. If it breaks off, run it again in the same way.
///
/// A photo that is missing from the backup or altered in it is named in what this returns; the rest
/// is restored.
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
    let marker = data.join(RESTORING);
    if Keys::are_in(data) && !marker.exists() {
        return Err(CouncilError::AlreadyInitialised(data.to_owned()));
    }
    let failed = |source| CouncilError::File { path: marker.clone(), source };
    fs::create_dir_all(data).map_err(failed)?;
    let this = match fs::read_to_string(&marker) {
        Ok(begun) => begun,
        Err(_) => {
            let this = data_encoding::HEXLOWER.encode(&environment.random::<16>());
            private_file::replace(&marker, |file| file.write_all(this.as_bytes())).map_err(failed)?;
            this
        }
    };
    let filled = fill(data, database, photos, &environment, identity, from, &this);
    let (held, keys) = match filled {
        Ok(filled) => filled,
        Err(error) => {
            // The transaction left nothing. Where an earlier run had come further, the mark stays.
            if !Keys::are_in(data) && !has_filled(data, database, &this) {
                fs::remove_file(&marker).map_err(failed)?;
            }
            return Err(error);
        }
    };
    Keys::remove(data)?;
    keys.iter().try_for_each(|(name, secret)| Keys::put_back(data, name, secret))?;
    fs::remove_file(&marker).map_err(failed)?;
    let service = Service::open(data, database, environment)?.with_photos(photos)?;
    Ok((service, held))
}

/// Whether an earlier run of this restore has filled the database.
fn has_filled(data: &Path, database: &DatabaseAt, this: &str) -> bool {
    let restored = Storage::at(data, database).and_then(|storage| {
        storage.read(|reading| if reading.has_meta(RESTORED)? { reading.meta(RESTORED).map(Some) } else { Ok(None) })
    });
    // A database that can't be asked may hold it.
    restored.map_or(true, |by| by.as_deref() == Some(this))
}

/// The key files of a backup.
type KeyFiles = Vec<(String, Vec<u8>)>;

/// Fills the database and the store of photos, in one transaction.
fn fill(
    data: &Path,
    database: &DatabaseAt,
    photos: &PhotosAt,
    environment: &Environment,
    identity: &str,
    from: File,
    this: &str,
) -> Result<(BackedUp, KeyFiles), CouncilError> {
    let storage = Storage::at(data, database)?;
    let store = PhotoStore::at(data, photos)?;
    let from = Mutex::new(from);
    storage.transact(environment, |writing| {
        let mut file = from.lock().unwrap_or_else(PoisonError::into_inner);
        file.rewind().map_err(CouncilError::Write)?;
        let mut sink = IntoCouncil { writing: Some(writing), photos: &store, keys: Vec::new() };
        if writing.holds_nothing()? {
            let held = read_all(open(identity, &mut file)?, &mut sink)?;
            let epoch = Epoch::from_bytes(environment.random());
            begin_epoch_in(writing, epoch, environment.clock.now_ms())?;
            writing.lose_photos(&held.bad_photos, environment.clock.now_ms())?;
            writing.set_meta(RESTORED, this)?;
            return Ok((held, sink.keys));
        }
        // An earlier run has filled it, and broke off behind that.
        if !writing.has_meta(RESTORED)? || writing.meta(RESTORED)? != this {
            return Err(CouncilError::DatabaseInUse);
        }
        sink.writing = None;
        let held = read_all(open(identity, &mut file)?, &mut sink)?;
        Ok((held, sink.keys))
    })
}

/// What a drill found.
#[derive(Debug)]
pub struct Drilled {
    /// What the backup holds.
    pub held: BackedUp,
    /// What a check of the restored records says.
    pub checked: Checked,
}

/// Restores a backup into a folder that does not exist yet, checks every record and every photo of
/// what was restored, and takes the folder away again. `database` is an empty database for it.
///
/// # Errors
/// As [`restore`].
pub fn check_backup(
    scratch: &Path,
    database: &DatabaseAt,
    environment: Environment,
    identity: &str,
    from: File,
) -> Result<Drilled, CouncilError> {
    let failed = |source| CouncilError::File { path: scratch.to_owned(), source };
    private_file::make_folder(scratch).map_err(failed)?;
    let drilled = restore(scratch, database, &PhotosAt::InTheDataFolder, environment, identity, from)
        .and_then(|(service, held)| Ok(Drilled { held, checked: verify::check(&service)? }));
    // It holds the council's keys.
    fs::remove_dir_all(scratch).map_err(failed)?;
    drilled
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
    let (mut first, mut id) = (true, String::new());
    let (mut photos, mut bad_photos) = (0, Vec::new());
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
                id = head.id;
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
                if Hash::of_file(file) == sha256 {
                    to.photo(sha256, file)?;
                } else {
                    bad_photos.push(BadPhoto { sha256, fault: PhotoFault::Altered });
                }
                photos += 1;
            }
            part::END => {
                let held: BackedUp = serde_json::from_slice(&bytes).map_err(|_| cut_off())?;
                if held.photos != photos {
                    return Err(cut_off());
                }
                to.end(&held)?;
                bad_photos.extend(held.bad_photos);
                return Ok(BackedUp { bad_photos, id, ..held });
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
    /// `None` where the rows are there already.
    writing: Option<&'a Writing<'a>>,
    photos: &'a PhotoStore,
    keys: KeyFiles,
}

impl BackupSink for IntoCouncil<'_> {
    fn key(&mut self, name: &str, secret: &[u8]) -> Result<(), CouncilError> {
        self.keys.push((name.to_owned(), secret.to_vec()));
        Ok(())
    }

    fn row(&mut self, table: u8, row: &[u8]) -> Result<(), CouncilError> {
        self.writing.map_or(Ok(()), |writing| writing.put_back(table, row))
    }

    fn photo(&mut self, sha256: Hash, file: &[u8]) -> Result<(), CouncilError> {
        self.photos.keep(sha256, file)
    }

    fn end(&mut self, held: &BackedUp) -> Result<(), CouncilError> {
        let Some(writing) = self.writing else { return Ok(()) };
        if writing.all_is_back()? == held.tables {
            Ok(())
        } else {
            Err(CouncilError::BadBackup("its rows do not match its own summary"))
        }
    }
}
