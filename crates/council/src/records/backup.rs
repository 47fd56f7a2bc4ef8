//! Backups: all tables, photos and keys of a council as they are at one moment, in one file. The
//! service keeps running meanwhile. The file shows by itself whether it is complete. It is
//! encrypted (age-encryption.org/v1) to a key that is kept elsewhere, so the machine that makes it
//! can't read it. A backup of SQLite can be restored into PostgreSQL, and the other way round.

use std::fs::File;
use std::io::{BufWriter, Write};

use age::secrecy::ExposeSecret;
use doorstep_domain::ledger::Hash;
use serde::{Deserialize, Serialize};

use super::nightly::Nightly;
use crate::access::actor::Actor;
use crate::error::CouncilError;
use crate::machine::keys::Keys;
use crate::refused::Refused;
use crate::service::{EPOCH, NAME, Service};
use crate::storage::photo_store::PhotoStore;
use crate::storage::{Audited, Holdings, Writing, schema_version};

/// The format's name, in the first part of the decrypted file.
pub(super) const FORMAT: &str = "doorstep-backup-1";
/// The largest part: a photo, or a row with a large record in it.
pub(super) const LARGEST_PART: u64 = 64 * 1024 * 1024;
/// Up to so many photos can be gone without anything being said of their store.
const MANY_GONE: u64 = 10;
const ZSTD_LEVEL: i32 = 3;

/// The kinds of parts in a backup. Each part begins with its kind and its length.
pub(super) mod part {
    pub(in crate::records) const HEAD: u8 = 1;
    pub(in crate::records) const KEY: u8 = 2;
    pub(in crate::records) const ROW: u8 = 3;
    pub(in crate::records) const PHOTO: u8 = 4;
    pub(in crate::records) const END: u8 = 5;
}

#[derive(Serialize, Deserialize)]
pub(super) struct Head {
    pub(super) format: String,
    /// The schema's number. A backup can only be restored by a version with the same schema.
    pub(super) schema: i64,
    council: String,
    made_ms: i64,
    /// A random name. Whoever can open the backup tells the council by it that it restores. Earlier
    /// versions gave none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(super) id: String,
}

/// What a backup holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BackedUp {
    /// What each table holds.
    pub tables: Holdings,
    /// How many photos.
    pub photos: u64,
    /// The backup's name. It is written inside the backup alone; empty for one of an earlier
    /// version.
    #[serde(skip)]
    pub id: String,
    /// Photos that should be there, and are missing or altered. The rest is whole without them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub bad_photos: Vec<BadPhoto>,
}

/// A photo of which the file can't be used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BadPhoto {
    /// The photo's hash, which is its name.
    pub sha256: Hash,
    /// What is wrong with its file.
    pub fault: PhotoFault,
}

/// What is wrong with the file of a photo.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PhotoFault {
    /// It is not there.
    Missing,
    /// It is there, and is not the photo that was sent.
    Altered,
    /// It can't be read.
    Unreadable,
}

impl std::fmt::Display for BadPhoto {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let fault = match self.fault {
            PhotoFault::Missing => "its file is missing",
            PhotoFault::Altered => "its file was altered",
            PhotoFault::Unreadable => "its file can't be read",
        };
        write!(f, "photo {}: {fault}", self.sha256)
    }
}

impl Writing<'_> {
    /// Notes which photos' files are gone or are others: they are asked for again from the phones
    /// that took them.
    pub(super) fn lose_photos(&self, bad: &[BadPhoto], now_ms: i64) -> Result<(), CouncilError> {
        // One that can't be read now is not lost.
        let lost = bad.iter().filter(|bad| bad.fault != PhotoFault::Unreadable);
        lost.into_iter().try_for_each(|bad| self.lose_blob(bad.sha256, now_ms))
    }
}

/// Whether the whole store of photos seems to be away, or to be another one: most photos are gone
/// at once. Then none of them counts as lost.
pub(super) fn is_store_away(bad: &[BadPhoto], whole: u64) -> bool {
    u64::try_from(bad.len()).is_ok_and(|gone| gone > MANY_GONE && gone > whole)
}

impl PhotoStore {
    /// Reads a picture and compares it with its name.
    pub(super) fn read_whole(&self, sha256: Hash) -> Result<Vec<u8>, BadPhoto> {
        match self.read(sha256) {
            Ok(Some(file)) if Hash::of_file(&file) == sha256 => Ok(file),
            Ok(Some(_)) => Err(BadPhoto { sha256, fault: PhotoFault::Altered }),
            Ok(None) => Err(BadPhoto { sha256, fault: PhotoFault::Missing }),
            Err(_) => Err(BadPhoto { sha256, fault: PhotoFault::Unreadable }),
        }
    }
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
    let (held, held_epoch) = write_all(service, now_ms, &mut out)?;
    out.finish()
        .map_err(CouncilError::Write)?
        .finish()
        .map_err(CouncilError::Write)?
        .flush()
        .map_err(CouncilError::Write)?;
    to.sync_all().map_err(CouncilError::Write)?;
    service.transact(|writing| {
        Nightly::BackedUp.note(writing, now_ms)?;
        writing.note_backup(&held.id, &held_epoch, now_ms)?;
        if !is_store_away(&held.bad_photos, held.photos) {
            writing.lose_photos(&held.bad_photos, now_ms)?;
        }
        writing.audit(now_ms, by.name(), &Audited::BackedUp { photos: held.photos })
    })?;
    Ok(held)
}

/// Writes every part. Gives what is in them, and the epoch of the council at that moment.
fn write_all(service: &Service, now_ms: i64, out: &mut impl Write) -> Result<(BackedUp, String), CouncilError> {
    let unreadable = |_| CouncilError::Unreadable("backup");
    let id = data_encoding::HEXLOWER.encode(&service.environment.random::<16>());
    let (held, epoch) = service.storage.read_at_length(|reading| {
        let council = reading.meta(NAME)?;
        let epoch = reading.meta(EPOCH)?;
        let head =
            Head { format: FORMAT.to_owned(), schema: schema_version(), council, made_ms: now_ms, id: id.clone() };
        write_part(out, part::HEAD, &[&serde_json::to_vec(&head).map_err(unreadable)?])?;
        for (name, secret) in Keys::files(&service.data)? {
            write_part(out, part::KEY, &[name.as_bytes(), b"\n", secret.as_bytes()])?;
        }
        let tables = reading.each_row_of_all(|table, row| write_part(out, part::ROW, &[&[table], row]))?;
        let (mut photos, mut bad_photos) = (0, Vec::new());
        let whole = reading.whole_blobs()?.into_iter().map(|whole| (whole, false));
        // One that was lost may be there again.
        for (sha256, was_lost) in whole.chain(reading.lost_blobs()?.into_iter().map(|lost| (lost, true))) {
            match service.photos.read_whole(sha256) {
                Ok(file) => {
                    write_part(out, part::PHOTO, &[sha256.as_bytes(), &file])?;
                    photos += 1;
                }
                Err(_) if was_lost => {}
                // The rest is backed up all the same.
                Err(bad) => bad_photos.push(bad),
            }
        }
        Ok((BackedUp { tables, photos, id: id.clone(), bad_photos }, epoch))
    })?;
    write_part(out, part::END, &[&serde_json::to_vec(&held).map_err(unreadable)?])?;
    Ok((held, epoch))
}

/// Notes that a drill has restored a backup of this council and found it whole: phones may forget
/// what is in it.
///
/// # Errors
/// [`Refused::NotFound`] for a backup that this council has not made.
pub fn note_verified(service: &Service, by: &Actor, id: &str) -> Result<(), CouncilError> {
    let now_ms = service.now_ms();
    service.transact(|writing| {
        if !writing.backup_verified(id, now_ms)? {
            return Err(Refused::NotFound.into());
        }
        writing.audit(now_ms, by.name(), &Audited::BackupVerified { backup: id })
    })
}

fn write_part(out: &mut impl Write, kind: u8, pieces: &[&[u8]]) -> Result<(), CouncilError> {
    let length: usize = pieces.iter().map(|piece| piece.len()).sum();
    out.write_all(&[kind]).map_err(CouncilError::Write)?;
    out.write_all(&u64::try_from(length).unwrap_or(u64::MAX).to_be_bytes()).map_err(CouncilError::Write)?;
    pieces.iter().try_for_each(|piece| out.write_all(piece)).map_err(CouncilError::Write)?;
    Ok(())
}
