//! Photos: which visits name them, and how much of each picture has arrived.

use std::collections::BTreeMap;

use doorstep_domain::conduct::{Event, Photo, Visit};
use doorstep_domain::ledger::{Epoch, Hash};
use doorstep_domain::{DeviceId, OrganisationId, VisitId};

use super::batch::{IfThere, named};
use super::database::{Value, params};
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

/// The condition for photos that a record names, kept or set aside, which was made on a phone with
/// this key (`?2`), or by this person (`?3`).
const NAMED_BY: &str = "(
    EXISTS (SELECT 1 FROM record JOIN device USING (device_id)
            WHERE record.visit_id = photo.visit_id AND (device.public_key = ?2 OR device.user_id = ?3))
    OR EXISTS (SELECT 1 FROM set_aside JOIN device USING (device_id)
               WHERE set_aside.visit_id = photo.visit_id AND (device.public_key = ?2 OR device.user_id = ?3)))";

/// A photo that a record names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NamedPhoto {
    pub(crate) sha256: Hash,
    /// Whose record names it. Each firm sends the picture itself, and has its own state of it.
    pub(crate) organisation: OrganisationId,
}

impl Reading<'_> {
    /// A photo that a record names which was made on this phone or by its person, and how large it
    /// is in bytes, as the record says. `None` if no such record names it.
    pub(crate) fn named_photo(
        &self,
        sha256: Hash,
        device: &Device,
    ) -> Result<Option<(NamedPhoto, Option<u64>)>, CouncilError> {
        let found = self.one(
            &format!(
                "SELECT size, folded, photo.organisation_id FROM photo LEFT JOIN visit USING (visit_id)
                 WHERE sha256 = ?1 AND photo.organisation_id IS NOT NULL AND {NAMED_BY}
                 ORDER BY CASE WHEN photo.organisation_id = ?4 THEN 0 ELSE 1 END, visit_id LIMIT 1"
            ),
            params![
                sha256.as_bytes(),
                device.key.as_bytes().as_slice(),
                device.user.as_bytes(),
                device.organisation.as_bytes()
            ],
            |row| {
                let organisation = OrganisationId::from_bytes(row.get("organisation_id")?);
                Ok((organisation, row.get::<Option<u64>>("size")?, row.get::<Option<String>>("folded")?))
            },
        )?;
        let Some((organisation, size, folded)) = found else { return Ok(None) };
        // An earlier version listed photos without their sizes.
        let in_visit = || {
            let visit: Visit = serde_json::from_str(&folded?).ok()?;
            visit.timeline.iter().find_map(|line| match &line.event {
                Event::PhotoTaken(photo) if photo.sha256 == sha256 => Some(u64::from(photo.bytes)),
                _ => None,
            })
        };
        Ok(Some((NamedPhoto { sha256, organisation }, size.or_else(in_visit))))
    }

    /// How far a firm's picture has come.
    pub(crate) fn blob(&self, photo: NamedPhoto) -> Result<Option<Blob>, CouncilError> {
        self.one(
            "SELECT size, held, complete_ms IS NOT NULL AS complete FROM blob WHERE sha256 = ?1 AND organisation_id = ?2",
            params![photo.sha256.as_bytes(), photo.organisation.as_bytes()],
            |row| Ok(Blob { size: row.get("size")?, held: row.get("held")?, complete: row.get("complete")? }),
        )
    }

    /// The hash of every complete picture.
    pub(crate) fn whole_blobs(&self) -> Result<Vec<Hash>, CouncilError> {
        self.many("SELECT DISTINCT sha256 FROM blob WHERE complete_ms IS NOT NULL ORDER BY sha256", params![], |row| {
            Ok(Hash::from_bytes(row.get("sha256")?))
        })
    }

    /// Whether any firm's picture with this hash is complete.
    pub(crate) fn is_whole(&self, sha256: Hash) -> Result<bool, CouncilError> {
        let sql = "SELECT 1 FROM blob WHERE sha256 = ?1 AND complete_ms IS NOT NULL LIMIT 1";
        Ok(self.one(sql, params![sha256.as_bytes()], |_| Ok(()))?.is_some())
    }

    /// Photos of which the council has lost the file, and no phone has sent it again.
    pub(crate) fn lost_blobs(&self) -> Result<Vec<Hash>, CouncilError> {
        self.many("SELECT DISTINCT sha256 FROM blob WHERE lost_ms IS NOT NULL ORDER BY sha256", params![], |row| {
            Ok(Hash::from_bytes(row.get("sha256")?))
        })
    }

    /// Photos that records of a phone's chain name, and that the council has not got whole.
    pub(crate) fn photos_wanted(&self, device: DeviceId, chain: Epoch) -> Result<Vec<Hash>, CouncilError> {
        self.many(
            "SELECT DISTINCT photo.sha256 FROM photo
             LEFT JOIN blob ON blob.sha256 = photo.sha256 AND blob.organisation_id = photo.organisation_id
             WHERE struck = 0 AND refused IS NULL AND complete_ms IS NULL AND visit_id IN
                 (SELECT visit_id FROM record WHERE device_id = ?1 AND epoch = ?2)
             ORDER BY photo.sha256",
            params![device.as_bytes(), chain.as_bytes()],
            |row| Ok(Hash::from_bytes(row.get("sha256")?)),
        )
    }

    /// The pieces of a picture that have arrived, joined in order.
    pub(crate) fn pieces(&self, photo: NamedPhoto) -> Result<Vec<u8>, CouncilError> {
        let pieces: Vec<Vec<u8>> = self.many(
            "SELECT piece FROM blob_piece WHERE sha256 = ?1 AND organisation_id = ?2 ORDER BY at",
            params![photo.sha256.as_bytes(), photo.organisation.as_bytes()],
            |row| row.get("piece"),
        )?;
        Ok(pieces.concat())
    }

    /// Whether a firm's picture was erased. A phone must not send it again.
    pub(crate) fn picture_is_erased(&self, photo: NamedPhoto) -> Result<bool, CouncilError> {
        let sql = "SELECT 1 FROM photo WHERE sha256 = ?1 AND organisation_id = ?2 AND refused = 'erased' LIMIT 1";
        let found = self.one(sql, params![photo.sha256.as_bytes(), photo.organisation.as_bytes()], |_| Ok(()))?;
        Ok(found.is_some())
    }

    /// The photos of a visit that were not struck out.
    pub(crate) fn photos_of(&self, visit: VisitId) -> Result<Vec<PhotoRow>, CouncilError> {
        self.many(
            "SELECT sha256, complete_ms IS NOT NULL AS complete, refused
             FROM photo LEFT JOIN blob USING (sha256, organisation_id) WHERE visit_id = ?1 AND struck = 0 AND aside = 0",
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
    /// Notes which photos the records of visits name, whose records they are, and whether each was
    /// struck out.
    pub(crate) fn name_photos<'v>(
        &self,
        visits: impl IntoIterator<Item = &'v Visit>,
        device: &Device,
    ) -> Result<(), CouncilError> {
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
                "aside" => false,
                "organisation_id" => device.organisation.as_bytes(),
            }
        });
        self.write_rows(Table::named("photo"), rows.collect(), IfThere::ReplaceBut(&["organisation_id"]))
    }

    /// Notes a photo that a record names which was set aside. It is kept, and shown with nothing.
    pub(crate) fn name_photo_aside(&self, visit: VisitId, photo: &Photo, device: &Device) -> Result<(), CouncilError> {
        let row = named! {
            "sha256" => photo.sha256.as_bytes(),
            "visit_id" => visit.as_bytes(),
            "struck" => false,
            "size" => u64::from(photo.bytes),
            "aside" => true,
            "organisation_id" => device.organisation.as_bytes(),
        };
        self.write_rows(Table::named("photo"), vec![row], IfThere::Keep)
    }

    /// Adds the next piece of a picture, which begins at byte `at`. Returns how many bytes are
    /// held.
    pub(crate) fn keep_piece(&self, photo: NamedPhoto, size: u64, at: u64, piece: &[u8]) -> Result<u64, CouncilError> {
        let NamedPhoto { sha256, organisation } = photo;
        let held = at + u64::try_from(piece.len()).unwrap_or(0);
        self.write(
            "INSERT INTO blob (sha256, organisation_id, size, held) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (sha256, organisation_id) DO UPDATE SET held = excluded.held",
            params![sha256.as_bytes(), organisation.as_bytes(), size, held],
        )?;
        self.write(
            "INSERT INTO blob_piece (sha256, organisation_id, at, piece) VALUES (?1, ?2, ?3, ?4)",
            params![sha256.as_bytes(), organisation.as_bytes(), at, piece],
        )?;
        Ok(held)
    }

    /// Notes that a picture is complete and in the photo store, and deletes its pieces.
    pub(crate) fn blob_complete(&self, photo: NamedPhoto, size: u64, now_ms: i64) -> Result<(), CouncilError> {
        let NamedPhoto { sha256, organisation } = photo;
        let key = [Value::from(sha256.as_bytes()), Value::from(organisation.as_bytes())];
        self.write("DELETE FROM blob_piece WHERE sha256 = ?1 AND organisation_id = ?2", &key)?;
        self.write("UPDATE photo SET refused = NULL WHERE sha256 = ?1 AND organisation_id = ?2", &key)?;
        self.write(
            "INSERT INTO blob (sha256, organisation_id, size, held, complete_ms) VALUES (?1, ?2, ?3, ?3, ?4)
             ON CONFLICT (sha256, organisation_id) DO UPDATE SET held = excluded.held, complete_ms = excluded.complete_ms,
                 lost_ms = NULL",
            params![sha256.as_bytes(), organisation.as_bytes(), size, now_ms],
        )?;
        Ok(())
    }

    /// Deletes what has arrived of a firm's picture, so that it can be sent again from the start.
    pub(crate) fn forget_blob(&self, photo: NamedPhoto) -> Result<(), CouncilError> {
        let key = [Value::from(photo.sha256.as_bytes()), Value::from(photo.organisation.as_bytes())];
        self.write("DELETE FROM blob_piece WHERE sha256 = ?1 AND organisation_id = ?2", &key)?;
        self.write("DELETE FROM blob WHERE sha256 = ?1 AND organisation_id = ?2", &key)?;
        Ok(())
    }

    /// Deletes what has arrived of the pictures that this visit names and no other visit of the
    /// same firm.
    pub(super) fn forget_blobs_of(&self, visit: VisitId) -> Result<(), CouncilError> {
        let own = self.many(
            "SELECT sha256, organisation_id FROM photo WHERE visit_id = ?1 AND organisation_id IS NOT NULL
             AND NOT EXISTS (SELECT 1 FROM photo AS other WHERE other.sha256 = photo.sha256
                 AND other.organisation_id = photo.organisation_id AND other.visit_id <> photo.visit_id)",
            params![visit.as_bytes()],
            |row| {
                Ok(NamedPhoto {
                    sha256: Hash::from_bytes(row.get("sha256")?),
                    organisation: OrganisationId::from_bytes(row.get("organisation_id")?),
                })
            },
        )?;
        own.into_iter().try_for_each(|photo| self.forget_blob(photo))
    }

    /// Refuses what was sent as a photo's picture. A phone that has the real picture can still send
    /// it.
    pub(crate) fn refuse_blob(&self, photo: NamedPhoto, reason: &str) -> Result<(), CouncilError> {
        self.forget_blob(photo)?;
        self.write(
            "UPDATE photo SET refused = ?3 WHERE sha256 = ?1 AND organisation_id = ?2",
            params![photo.sha256.as_bytes(), photo.organisation.as_bytes(), reason],
        )?;
        Ok(())
    }

    /// Notes that the file of a whole photo is gone, or is another one: it is to be sent again.
    pub(crate) fn lose_blob(&self, sha256: Hash, now_ms: i64) -> Result<(), CouncilError> {
        self.write(
            "UPDATE blob SET held = 0, complete_ms = NULL, lost_ms = ?2 WHERE sha256 = ?1 AND complete_ms IS NOT NULL",
            params![sha256.as_bytes(), now_ms],
        )?;
        Ok(())
    }

    /// Notes that the file of a photo that was lost is there after all.
    pub(crate) fn find_blob(&self, sha256: Hash, now_ms: i64) -> Result<(), CouncilError> {
        self.write(
            "UPDATE blob SET held = size, complete_ms = ?2, lost_ms = NULL WHERE sha256 = ?1 AND lost_ms IS NOT NULL",
            params![sha256.as_bytes(), now_ms],
        )?;
        self.write("DELETE FROM blob_piece WHERE sha256 = ?1", params![sha256.as_bytes()])?;
        Ok(())
    }

    /// Erases a picture that came whole, whoever sent it, also if its file was lost since.
    pub(crate) fn erase_picture(&self, sha256: Hash) -> Result<(), CouncilError> {
        let held = self.many(
            "SELECT organisation_id FROM blob WHERE sha256 = ?1 AND (complete_ms IS NOT NULL OR lost_ms IS NOT NULL)",
            params![sha256.as_bytes()],
            |row| Ok(OrganisationId::from_bytes(row.get("organisation_id")?)),
        )?;
        held.into_iter().try_for_each(|organisation| self.refuse_blob(NamedPhoto { sha256, organisation }, "erased"))
    }
}
