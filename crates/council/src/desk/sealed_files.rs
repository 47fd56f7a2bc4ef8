//! Files of visits that phones couldn't open any more, as they sent them. They are sealed to the
//! council's recovery key, so nothing here can show what is in them.

use std::fs::File;
use std::io::Write;

use chrono::{DateTime, Utc};
use doorstep_domain::DeviceId;
use doorstep_domain::ledger::Hash;
use serde::Serialize;

use crate::access::actor::Actor;
use crate::error::CouncilError;
use crate::machine::times;
use crate::refused::Refused;
use crate::service::Service;
use crate::storage::{Audited, Reading, SealedFileRow};

/// A sealed file that came whole.
#[derive(Debug, Serialize)]
pub struct SealedFile {
    /// Its name: the SHA-256 of the file.
    pub file: Hash,
    /// The enrolment of the phone that sent it.
    pub device: DeviceId,
    /// The user name of the person who has that phone now. What is in the file may be somebody
    /// else's.
    pub user: String,
    /// Its length in bytes.
    pub bytes: u64,
    /// When all of it was here.
    pub received_at: DateTime<Utc>,
    /// When somebody first took it to open it.
    pub taken_at: Option<DateTime<Utc>>,
    /// When it was erased.
    pub erased_at: Option<DateTime<Utc>>,
}

impl From<SealedFileRow> for SealedFile {
    fn from(row: SealedFileRow) -> Self {
        Self {
            file: row.file,
            device: row.device,
            user: row.user_name,
            bytes: row.bytes,
            received_at: times::from_ms(row.received_ms),
            taken_at: row.taken_ms.map(times::from_ms),
            erased_at: row.erased_ms.map(times::from_ms),
        }
    }
}

/// The sealed files that came, oldest first.
///
/// # Errors
/// [`Refused::NotFound`] elsewhere than on the council's own machine; [`CouncilError`] when the
/// database fails.
pub fn list(service: &Service, by: &Actor) -> Result<Vec<SealedFile>, CouncilError> {
    by.only(&[])?;
    let rows = service.storage.read(|reading| reading.sealed_files())?;
    Ok(rows.into_iter().map(SealedFile::from).collect())
}

/// Writes a sealed file out, so that whoever has the recovery key can open it elsewhere. It stays
/// here until it is erased.
///
/// # Errors
/// As [`list`]; [`Refused::NotFound`] if there is none, or it was erased; [`CouncilError::Write`].
pub fn take(service: &Service, by: &Actor, file: Hash, to: &mut File) -> Result<(), CouncilError> {
    by.only(&[])?;
    service.storage.read(|reading| {
        let row = found(reading, file)?;
        reading.each_piece(row.device, file, |piece| to.write_all(&piece).map_err(CouncilError::Write))
    })?;
    to.sync_all().map_err(CouncilError::Write)?;
    let now_ms = service.now_ms();
    service.transact(|writing| {
        let row = found(writing, file)?;
        writing.salvage_is_taken(row.device, file, now_ms)?;
        writing.audit(now_ms, by.name(), &Audited::SealedFileTaken { device: row.device, file })
    })
}

/// Erases a sealed file. Its name stays, so that no phone sends it again.
///
/// # Errors
/// As [`take`].
pub fn erase(service: &Service, by: &Actor, file: Hash) -> Result<(), CouncilError> {
    by.only(&[])?;
    let now_ms = service.now_ms();
    service.transact(|writing| {
        let row = found(writing, file)?;
        writing.erase_salvage(row.device, file, now_ms)?;
        writing.audit(now_ms, by.name(), &Audited::SealedFileErased { device: row.device, file })
    })?;
    service.storage.leave_no_trace()
}

fn found(reading: &Reading<'_>, file: Hash) -> Result<SealedFileRow, CouncilError> {
    let rows = reading.sealed_files()?;
    Ok(rows.into_iter().find(|row| row.file == file && row.erased_ms.is_none()).ok_or(Refused::NotFound)?)
}
