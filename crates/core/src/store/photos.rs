//! Photos: their pictures, and how much of each the council has.

use doorstep_domain::VisitId;
use doorstep_domain::conduct::Photo;
use doorstep_domain::ledger::Hash;
use rusqlite::{Row, params};

use super::{Reading, StoreError, Writing};
use crate::view::PhotoState;

/// A photo that waits to be sent, without its picture.
#[derive(Debug, Clone, Copy)]
pub(crate) struct WaitingPhoto {
    pub(crate) id: i64,
    pub(crate) sha256: Hash,
    pub(crate) size: u64,
    /// How many of its first bytes the council holds, by its last answer.
    pub(crate) held: u64,
}

/// A journal of which a part is lost may have a photo without its picture.
const WAITING: &str = "SELECT photo_id, sha256, size, held FROM photo WHERE state = 'waiting'
    AND EXISTS (SELECT 1 FROM photo_file WHERE photo_file.photo_id = photo.photo_id)";

fn waiting(row: &Row<'_>) -> rusqlite::Result<WaitingPhoto> {
    Ok(WaitingPhoto {
        id: row.get("photo_id")?,
        sha256: Hash::from_bytes(row.get("sha256")?),
        size: row.get("size")?,
        held: row.get("held")?,
    })
}

impl Reading<'_> {
    /// Photos that wait, in the order in which they were taken.
    pub(crate) fn waiting_photos(&self) -> Result<Vec<WaitingPhoto>, StoreError> {
        self.many(&format!("{WAITING} ORDER BY photo_id"), [], waiting)
    }

    pub(crate) fn waiting_photo(&self, id: i64) -> Result<Option<WaitingPhoto>, StoreError> {
        self.one(&format!("{WAITING} AND photo_id = ?1"), params![id], waiting)
    }

    /// A piece of a photo's file. It is shorter than `length` at the end of the file.
    pub(crate) fn piece_of_photo(&self, id: i64, offset: u64, length: usize) -> Result<Vec<u8>, StoreError> {
        let length = i64::try_from(length).unwrap_or(i64::MAX);
        self.one(
            "SELECT substr(file, ?2 + 1, ?3) AS piece FROM photo_file WHERE photo_id = ?1",
            params![id, offset, length],
            |row| row.get("piece"),
        )?
        .ok_or(StoreError::Unreadable("photo"))
    }

    /// A photo's file; `None` when this device never had it, or has erased it.
    pub(crate) fn photo_file(&self, sha256: Hash) -> Result<Option<Vec<u8>>, StoreError> {
        let file = self.one(
            "SELECT file FROM photo JOIN photo_file USING (photo_id) WHERE sha256 = ?1 LIMIT 1",
            params![sha256.as_bytes()],
            |row| row.get("file"),
        )?;
        Ok(file)
    }

    /// The files of the photos that wait to be sent.
    pub(super) fn unsent_pictures(&self) -> Result<Vec<(Hash, Vec<u8>)>, StoreError> {
        self.many(
            "SELECT sha256, file FROM photo JOIN photo_file USING (photo_id) WHERE state = 'waiting' ORDER BY photo_id",
            [],
            |row| Ok((Hash::from_bytes(row.get("sha256")?), row.get("file")?)),
        )
    }

    /// Where a photo of a visit is on its way to the council; `None` when it is not on this device.
    pub(crate) fn photo_state(&self, visit: VisitId, sha256: Hash) -> Result<Option<PhotoState>, StoreError> {
        let row: Option<(String, Option<String>)> = self.one(
            "SELECT state, reason FROM photo WHERE sha256 = ?1 AND visit_id = ?2",
            params![sha256.as_bytes(), visit.as_bytes()],
            |row| Ok((row.get("state")?, row.get("reason")?)),
        )?;
        let Some((state, reason)) = row else { return Ok(None) };
        match (state.as_str(), reason) {
            ("waiting", _) => Ok(Some(PhotoState::Waiting)),
            ("complete", _) => Ok(Some(PhotoState::Complete)),
            ("erased", _) => Ok(Some(PhotoState::Erased)),
            (_, Some(reason)) => Ok(Some(PhotoState::Refused { reason })),
            _ => Err(StoreError::Unreadable("photo")),
        }
    }

    /// Photos that the council refused: visit and why.
    pub(crate) fn refused_photos(&self) -> Result<Vec<(VisitId, String)>, StoreError> {
        self.many("SELECT visit_id, reason FROM photo WHERE state = 'refused' ORDER BY photo_id", [], |row| {
            Ok((VisitId::from_bytes(row.get("visit_id")?), row.get("reason")?))
        })
    }
}

impl Writing<'_> {
    /// Keeps a picture, which waits to be sent. A picture that was erased and is taken again waits
    /// again. It stays on the device after the council has it.
    pub(crate) fn keep_photo(&self, visit: VisitId, photo: &Photo, file: &[u8]) -> Result<(), StoreError> {
        self.write(
            "INSERT INTO photo (sha256, visit_id, size, held, state) VALUES (?1, ?2, ?3, 0, 'waiting')
             ON CONFLICT (sha256, visit_id) DO UPDATE SET state = 'waiting', held = 0 WHERE state = 'erased'",
            params![photo.sha256.as_bytes(), visit.as_bytes(), photo.bytes],
        )?;
        self.write(
            "INSERT INTO photo_file (photo_id, file) SELECT photo_id, ?3 FROM photo WHERE sha256 = ?1 AND visit_id = ?2
             ON CONFLICT (photo_id) DO NOTHING",
            params![photo.sha256.as_bytes(), visit.as_bytes(), file],
        )?;
        Ok(())
    }

    /// Notes how many of a photo's first bytes the council holds.
    pub(crate) fn photo_held(&self, id: i64, held: u64) -> Result<(), StoreError> {
        self.write("UPDATE photo SET held = ?2 WHERE photo_id = ?1", params![id, held])?;
        Ok(())
    }

    /// Notes that the council holds the whole photo.
    pub(crate) fn photo_complete(&self, id: i64) -> Result<(), StoreError> {
        self.write(
            "UPDATE photo SET state = 'complete', held = size WHERE photo_id = ?1 AND state = 'waiting'",
            params![id],
        )?;
        Ok(())
    }

    /// Whether the council has taken away what names a photo, if it now says that nothing does: it
    /// has every record of the photo's visit, and was asked about all it has. In version 2 it says
    /// itself what it has erased, and there may be records that it does not understand yet.
    pub(crate) fn is_gone_from_the_council(&self, id: i64) -> Result<bool, StoreError> {
        let found = self.reading.one(
            "SELECT 1 FROM photo WHERE photo_id = ?1
                 AND EXISTS (SELECT 1 FROM record WHERE record.visit_id = photo.visit_id)
                 AND NOT EXISTS (SELECT 1 FROM record WHERE record.visit_id = photo.visit_id
                     AND state <> 'reissued' AND (version <> 1 OR state <> 'received'))",
            [id],
            |_| Ok(()),
        )?;
        let was_asked = match self.enrolment()? {
            Some(enrolment) if enrolment.second.is_some() => self.asked()?.done_ms.is_some(),
            _ => true,
        };
        Ok(found.is_some() && was_asked)
    }

    /// Notes that the council refused the photo, and why.
    pub(crate) fn photo_refused(&self, id: i64, reason: &str) -> Result<(), StoreError> {
        self.write(
            "UPDATE photo SET state = 'refused', reason = ?2 WHERE photo_id = ?1 AND state = 'waiting'",
            params![id, reason],
        )?;
        Ok(())
    }

    /// Erases the picture of a photo that was struck out while it still waits to be sent. Its
    /// record stays.
    pub(crate) fn erase_unsent_photo(&self, visit: VisitId, sha256: Hash) -> Result<(), StoreError> {
        self.write(
            "UPDATE photo SET state = 'erased', held = 0 WHERE sha256 = ?1 AND visit_id = ?2 AND state = 'waiting'",
            params![sha256.as_bytes(), visit.as_bytes()],
        )?;
        self.forget_erased_files()
    }

    /// Erases the pictures of a visit that the council has erased: it does not take them any more.
    pub(super) fn erase_waiting_pictures(&self, visit: VisitId) -> Result<(), StoreError> {
        self.write(
            "UPDATE photo SET state = 'erased', held = 0 WHERE visit_id = ?1 AND state = 'waiting'
             AND NOT EXISTS (SELECT 1 FROM record WHERE record.visit_id = ?1 AND state = 'waiting')",
            params![visit.as_bytes()],
        )?;
        self.forget_erased_files()
    }

    /// Takes away the pictures of photos that were erased.
    pub(super) fn forget_erased_files(&self) -> Result<(), StoreError> {
        self.write("DELETE FROM photo_file WHERE photo_id IN (SELECT photo_id FROM photo WHERE state = 'erased')", [])?;
        Ok(())
    }

    /// Makes a photo that the council had wait again: it has lost the file.
    pub(crate) fn offer_photo_again(&self, sha256: Hash) -> Result<(), StoreError> {
        self.write(
            "UPDATE photo SET state = 'waiting', held = 0, complete_ms = NULL WHERE sha256 = ?1
             AND state = 'complete' AND EXISTS (SELECT 1 FROM photo_file WHERE photo_file.photo_id = photo.photo_id)",
            params![sha256.as_bytes()],
        )?;
        Ok(())
    }

    /// Makes every photo that the council had wait again, after the council was restored from a
    /// copy.
    pub(crate) fn offer_photos_again(&self) -> Result<(), StoreError> {
        self.write(
            "UPDATE photo SET state = 'waiting', held = 0, complete_ms = NULL
             WHERE state = 'complete' AND EXISTS (SELECT 1 FROM photo_file WHERE photo_file.photo_id = photo.photo_id)",
            [],
        )?;
        Ok(())
    }
}
