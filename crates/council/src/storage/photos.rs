//! Photos: which visits name them, and how much of each picture has arrived.

use std::collections::BTreeMap;

use doorstep_domain::VisitId;
use doorstep_domain::conduct::{Event, Visit};
use doorstep_domain::ledger::Hash;

use super::batch::{IfThere, named};
use super::database::params;
use super::devices::Device;
use super::tables::Table;
use super::transaction::{Reading, Writing};
use crate::error::CouncilError;

/// How much of a picture has arrived: its size and the bytes held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Blob {
    pub(crate) size: u64,
    pub(crate) held: u64,
    pub(crate) complete: bool,
}

/// A photo of a visit: whether its picture is complete, and why it was refused, if it was.
#[derive(Debug, Clone)]
pub(crate) struct PhotoRow {
    pub(crate) sha256: Hash,
    pub(crate) complete: bool,
    pub(crate) refused: Option<String>,
}

/// The condition for photos that a record names which was made on a phone with this key (`?2`), or
/// by this person (`?3`).
const NAMED_BY: &str = "EXISTS (SELECT 1 FROM record JOIN device USING (device_id)
    WHERE record.visit_id = photo.visit_id AND (device.public_key = ?2 OR device.user_id = ?3))";

impl Reading<'_> {
    /// Whether a record names a photo that was made on this phone or by its person.
    pub(crate) fn names_photo(&self, sha256: Hash, device: &Device) -> Result<bool, CouncilError> {
        let found = self.one(
            &format!("SELECT 1 FROM photo WHERE sha256 = ?1 AND {NAMED_BY} LIMIT 1"),
            params![sha256.as_bytes(), device.key.as_bytes().as_slice(), device.user.as_bytes()],
            |_| Ok(()),
        )?;
        Ok(found.is_some())
    }

    /// How large a photo is, in bytes, as the record says that names it. `None` if no record of
    /// this phone or its person does.
    pub(crate) fn size_of_photo(&self, sha256: Hash, device: &Device) -> Result<Option<u64>, CouncilError> {
        let found = self.one(
            &format!("SELECT size, folded FROM photo LEFT JOIN visit USING (visit_id) WHERE sha256 = ?1 AND {NAMED_BY} LIMIT 1"),
            params![sha256.as_bytes(), device.key.as_bytes().as_slice(), device.user.as_bytes()],
            |row| Ok((row.get::<Option<u64>>("size")?, row.get::<Option<String>>("folded")?)),
        )?;
        let Some((size, folded)) = found else { return Ok(None) };
        // An earlier version listed photos without their sizes.
        let in_visit = || {
            let visit: Visit = serde_json::from_str(&folded?).ok()?;
            visit.timeline.iter().find_map(|line| match &line.event {
                Event::PhotoTaken(photo) if photo.sha256 == sha256 => Some(u64::from(photo.bytes)),
                _ => None,
            })
        };
        Ok(size.or_else(in_visit))
    }

    pub(crate) fn blob(&self, sha256: Hash) -> Result<Option<Blob>, CouncilError> {
        self.one(
            "SELECT size, held, complete_ms IS NOT NULL AS complete FROM blob WHERE sha256 = ?1",
            params![sha256.as_bytes()],
            |row| Ok(Blob { size: row.get("size")?, held: row.get("held")?, complete: row.get("complete")? }),
        )
    }

    /// The hash of every complete picture.
    pub(crate) fn whole_blobs(&self) -> Result<Vec<Hash>, CouncilError> {
        self.many("SELECT sha256 FROM blob WHERE complete_ms IS NOT NULL ORDER BY sha256", params![], |row| {
            Ok(Hash::from_bytes(row.get("sha256")?))
        })
    }

    /// The pieces of a picture that have arrived, joined in order.
    pub(crate) fn pieces(&self, sha256: Hash) -> Result<Vec<u8>, CouncilError> {
        let pieces: Vec<Vec<u8>> = self.many(
            "SELECT piece FROM blob_piece WHERE sha256 = ?1 ORDER BY at",
            params![sha256.as_bytes()],
            |row| row.get("piece"),
        )?;
        Ok(pieces.concat())
    }

    /// The photos of a visit that were not struck out.
    pub(crate) fn photos_of(&self, visit: VisitId) -> Result<Vec<PhotoRow>, CouncilError> {
        self.many(
            "SELECT sha256, complete_ms IS NOT NULL AS complete, refused
             FROM photo LEFT JOIN blob USING (sha256) WHERE visit_id = ?1 AND struck = 0",
            params![visit.as_bytes()],
            |row| {
                Ok(PhotoRow {
                    sha256: Hash::from_bytes(row.get("sha256")?),
                    complete: row.get("complete")?,
                    refused: row.get("refused")?,
                })
            },
        )
    }
}

impl Writing<'_> {
    /// Notes which photos the records of visits name, and whether each was struck out.
    pub(crate) fn name_photos<'v>(&self, visits: impl IntoIterator<Item = &'v Visit>) -> Result<(), CouncilError> {
        let mut named = BTreeMap::new();
        for visit in visits {
            for line in &visit.timeline {
                let Event::PhotoTaken(photo) = &line.event else { continue };
                let struck = visit.photos.iter().all(|taken| taken.photo.sha256 != photo.sha256);
                named.insert((photo.sha256, visit.visit), (struck, u64::from(photo.bytes)));
            }
        }
        let rows = named.into_iter().map(|((sha256, visit), (struck, size))| {
            named! {
                "sha256" => sha256.as_bytes(),
                "visit_id" => visit.as_bytes(),
                "struck" => struck,
                "size" => size,
            }
        });
        self.write_rows(Table::named("photo"), rows.collect(), IfThere::Replace)
    }

    /// Adds the next piece of a picture, which begins at byte `at`. Returns how many bytes are
    /// held.
    pub(crate) fn keep_piece(&self, sha256: Hash, size: u64, at: u64, piece: &[u8]) -> Result<u64, CouncilError> {
        let held = at + u64::try_from(piece.len()).unwrap_or(0);
        self.write(
            "INSERT INTO blob (sha256, size, held) VALUES (?1, ?2, ?3) ON CONFLICT (sha256) DO UPDATE SET held = excluded.held",
            params![sha256.as_bytes(), size, held],
        )?;
        self.write(
            "INSERT INTO blob_piece (sha256, at, piece) VALUES (?1, ?2, ?3)",
            params![sha256.as_bytes(), at, piece],
        )?;
        Ok(held)
    }

    /// Notes that a picture is complete and in the photo store, and deletes its pieces.
    pub(crate) fn blob_complete(&self, sha256: Hash, size: u64, now_ms: i64) -> Result<(), CouncilError> {
        self.write("DELETE FROM blob_piece WHERE sha256 = ?1", params![sha256.as_bytes()])?;
        self.write("UPDATE photo SET refused = NULL WHERE sha256 = ?1", params![sha256.as_bytes()])?;
        self.write(
            "INSERT INTO blob (sha256, size, held, complete_ms) VALUES (?1, ?2, ?2, ?3)
             ON CONFLICT (sha256) DO UPDATE SET held = excluded.held, complete_ms = excluded.complete_ms",
            params![sha256.as_bytes(), size, now_ms],
        )?;
        Ok(())
    }

    /// Deletes what has arrived of a picture, so that it can be sent again from the start.
    pub(crate) fn forget_blob(&self, sha256: Hash) -> Result<(), CouncilError> {
        self.write("DELETE FROM blob_piece WHERE sha256 = ?1", params![sha256.as_bytes()])?;
        self.write("DELETE FROM blob WHERE sha256 = ?1", params![sha256.as_bytes()])?;
        Ok(())
    }

    /// Refuses what was sent as a photo's picture. A phone that has the real picture can still send
    /// it.
    pub(crate) fn refuse_blob(&self, sha256: Hash, reason: &str) -> Result<(), CouncilError> {
        self.forget_blob(sha256)?;
        self.write("UPDATE photo SET refused = ?2 WHERE sha256 = ?1", params![sha256.as_bytes(), reason])?;
        Ok(())
    }
}
