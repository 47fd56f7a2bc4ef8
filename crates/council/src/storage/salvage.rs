//! Files that phones can't open any more, sealed as they came.

use doorstep_domain::ledger::Hash;
use doorstep_domain::{DeviceId, UserId};
use sha2::{Digest, Sha256};

use super::database::params;
use super::transaction::{Reading, Writing};
use crate::error::CouncilError;

/// A sealed file that is here whole, or was.
#[derive(Debug, Clone)]
pub(crate) struct SealedFileRow {
    pub(crate) file: Hash,
    pub(crate) device: DeviceId,
    /// The user name of the person whose phone it is now.
    pub(crate) user_name: String,
    pub(crate) bytes: u64,
    pub(crate) received_ms: i64,
    /// When somebody first took it to open it.
    pub(crate) taken_ms: Option<i64>,
    /// When it was erased. What it was called stays, so that no phone sends it again.
    pub(crate) erased_ms: Option<i64>,
}

impl Reading<'_> {
    /// Whether a file is here whole, or was until it was erased.
    pub(crate) fn holds_salvage(&self, file: Hash) -> Result<bool, CouncilError> {
        let sql = "SELECT 1 FROM salvage WHERE sha256 = ?1 AND complete_ms IS NOT NULL LIMIT 1";
        Ok(self.one(sql, params![file.as_bytes()], |_| Ok(()))?.is_some())
    }

    /// How many bytes of a file an enrolment has sent, and of how many bytes its other files are.
    pub(crate) fn salvage_so_far(&self, device: DeviceId, file: Hash) -> Result<(u64, u64), CouncilError> {
        let held = self.one(
            "SELECT held FROM salvage WHERE device_id = ?1 AND sha256 = ?2",
            params![device.as_bytes(), file.as_bytes()],
            |row| row.get("held"),
        )?;
        // An erased one counts too, or one phone could fill and empty without end.
        let others = self.one(
            "SELECT CAST(coalesce(sum(size), 0) AS BIGINT) AS bytes FROM salvage WHERE device_id = ?1 AND sha256 <> ?2",
            params![device.as_bytes(), file.as_bytes()],
            |row| row.get("bytes"),
        )?;
        Ok((held.unwrap_or(0), others.unwrap_or(0)))
    }

    /// The SHA-256 of what has arrived, piece by piece: a file is too long to be read whole.
    pub(crate) fn hash_of_salvage(&self, device: DeviceId, file: Hash) -> Result<Hash, CouncilError> {
        let mut hash = Sha256::new();
        self.each_piece(device, file, |piece| {
            hash.update(&piece);
            Ok(())
        })?;
        Ok(Hash::from_bytes(hash.finalize().into()))
    }

    /// Gives each piece of a file in order.
    pub(crate) fn each_piece(
        &self,
        device: DeviceId,
        file: Hash,
        mut piece: impl FnMut(Vec<u8>) -> Result<(), CouncilError>,
    ) -> Result<(), CouncilError> {
        let (device, file) = (device.as_bytes(), file.as_bytes());
        let starts: Vec<u64> = self.many(
            "SELECT at FROM salvage_piece WHERE device_id = ?1 AND sha256 = ?2 ORDER BY at",
            params![device, file],
            |row| row.get("at"),
        )?;
        for at in starts {
            let found = self.one(
                "SELECT piece FROM salvage_piece WHERE device_id = ?1 AND sha256 = ?2 AND at = ?3",
                params![device, file, at],
                |row| row.get("piece"),
            )?;
            piece(found.unwrap_or_default())?;
        }
        Ok(())
    }

    /// The files that came whole, oldest first.
    pub(crate) fn sealed_files(&self) -> Result<Vec<SealedFileRow>, CouncilError> {
        self.many(
            "SELECT sha256, salvage.device_id, user_name, size, complete_ms, taken_ms, erased_ms
             FROM salvage JOIN device ON device.device_id = salvage.device_id
             JOIN person ON person.user_id = device.user_id
             WHERE complete_ms IS NOT NULL ORDER BY complete_ms, sha256",
            params![],
            |row| {
                Ok(SealedFileRow {
                    file: Hash::from_bytes(row.get("sha256")?),
                    device: DeviceId::from_bytes(row.get("device_id")?),
                    user_name: row.get("user_name")?,
                    bytes: row.get("size")?,
                    received_ms: row.get("complete_ms")?,
                    taken_ms: row.get("taken_ms")?,
                    erased_ms: row.get("erased_ms")?,
                })
            },
        )
    }

    /// How many files are here that nobody has taken yet.
    pub(crate) fn sealed_files_waiting(&self) -> Result<u64, CouncilError> {
        let sql = "SELECT count(*) AS files FROM salvage
            WHERE complete_ms IS NOT NULL AND taken_ms IS NULL AND erased_ms IS NULL";
        Ok(self.one(sql, params![], |row| row.get("files"))?.unwrap_or(0))
    }

    /// The files that a person's phones sent and that are still here.
    pub(crate) fn sealed_files_of(&self, user: UserId) -> Result<Vec<(DeviceId, Hash)>, CouncilError> {
        self.many(
            "SELECT salvage.device_id, sha256 FROM salvage JOIN device ON device.device_id = salvage.device_id
             WHERE user_id = ?1 AND erased_ms IS NULL ORDER BY sha256",
            params![user.as_bytes()],
            |row| Ok((DeviceId::from_bytes(row.get("device_id")?), Hash::from_bytes(row.get("sha256")?))),
        )
    }

    /// The files that began to come before a moment and are still here.
    pub(crate) fn sealed_files_before(&self, before_ms: i64) -> Result<Vec<(DeviceId, Hash)>, CouncilError> {
        self.many(
            "SELECT device_id, sha256 FROM salvage WHERE started_ms < ?1 AND erased_ms IS NULL ORDER BY sha256",
            params![before_ms],
            |row| Ok((DeviceId::from_bytes(row.get("device_id")?), Hash::from_bytes(row.get("sha256")?))),
        )
    }
}

impl Writing<'_> {
    /// Keeps the next piece of a file.
    pub(crate) fn keep_salvage_piece(
        &self,
        device: DeviceId,
        file: Hash,
        size: u64,
        at: u64,
        piece: &[u8],
        now_ms: i64,
    ) -> Result<(), CouncilError> {
        let held = at + u64::try_from(piece.len()).unwrap_or(0);
        self.write(
            "INSERT INTO salvage (device_id, sha256, size, held, started_ms) VALUES (?1, ?2, ?3, ?4, ?5)
             ON CONFLICT (device_id, sha256) DO UPDATE SET held = excluded.held, size = excluded.size",
            params![device.as_bytes(), file.as_bytes(), size, held, now_ms],
        )?;
        self.write(
            "INSERT INTO salvage_piece (device_id, sha256, at, piece) VALUES (?1, ?2, ?3, ?4)",
            params![device.as_bytes(), file.as_bytes(), at, piece],
        )?;
        Ok(())
    }

    /// Notes that a file is here whole.
    pub(crate) fn salvage_is_whole(&self, device: DeviceId, file: Hash, now_ms: i64) -> Result<(), CouncilError> {
        self.write(
            "UPDATE salvage SET complete_ms = ?3 WHERE device_id = ?1 AND sha256 = ?2",
            params![device.as_bytes(), file.as_bytes(), now_ms],
        )?;
        Ok(())
    }

    /// Forgets what has arrived of a file, so that it can be sent from the start.
    pub(crate) fn forget_salvage(&self, device: DeviceId, file: Hash) -> Result<(), CouncilError> {
        let key = params![device.as_bytes(), file.as_bytes()];
        self.write("DELETE FROM salvage_piece WHERE device_id = ?1 AND sha256 = ?2", key)?;
        self.write("DELETE FROM salvage WHERE device_id = ?1 AND sha256 = ?2", key)?;
        Ok(())
    }

    /// Notes that somebody took a file to open it.
    pub(crate) fn salvage_is_taken(&self, device: DeviceId, file: Hash, now_ms: i64) -> Result<(), CouncilError> {
        self.write(
            "UPDATE salvage SET taken_ms = coalesce(taken_ms, ?3) WHERE device_id = ?1 AND sha256 = ?2",
            params![device.as_bytes(), file.as_bytes(), now_ms],
        )?;
        Ok(())
    }

    /// Erases a file. What it was called stays, so that no phone sends it again; of one that did
    /// not come whole, nothing stays.
    pub(crate) fn erase_salvage(&self, device: DeviceId, file: Hash, now_ms: i64) -> Result<(), CouncilError> {
        if !self.holds_salvage(file)? {
            return self.forget_salvage(device, file);
        }
        self.write(
            "DELETE FROM salvage_piece WHERE device_id = ?1 AND sha256 = ?2",
            params![device.as_bytes(), file.as_bytes()],
        )?;
        self.write(
            "UPDATE salvage SET erased_ms = ?3 WHERE device_id = ?1 AND sha256 = ?2 AND erased_ms IS NULL",
            params![device.as_bytes(), file.as_bytes(), now_ms],
        )?;
        Ok(())
    }
}
