//! What version 2 adds to chains: marks by chain, what each is for, and seals, which are a chain of
//! their own for each enrolment.

use doorstep_domain::DeviceId;
use doorstep_domain::ledger::{Epoch, Hash, PublicKey};
use doorstep_domain::protocol::HeadClaim;
use doorstep_domain::v2::{self, Link, Mark, SealMark, SentSeal, canonical};

use super::chain::Place;
use super::database::{Row, params};
use super::transaction::{Reading, Writing};
use crate::error::CouncilError;

/// A seal as it is held, with the key of its device.
pub(crate) struct HeldSeal {
    pub(crate) device: DeviceId,
    pub(crate) number: u64,
    /// `None` if the bytes can't be read.
    pub(crate) seal: Option<SentSeal>,
    /// `None` if the bytes are no key.
    pub(crate) key: Option<PublicKey>,
}

fn seal_mark(row: &Row<'_>) -> Result<SealMark, CouncilError> {
    Ok(SealMark {
        epoch: Epoch::from_bytes(row.get("epoch")?),
        number: row.get("number")?,
        root: Hash::from_bytes(row.get("root")?),
    })
}

impl Reading<'_> {
    /// The roots of the seals that a device made with this number.
    pub(crate) fn seal_roots(&self, device: DeviceId, epoch: Epoch, number: u64) -> Result<Vec<Hash>, CouncilError> {
        self.many(
            "SELECT root FROM device_seal WHERE device_id = ?1 AND epoch = ?2 AND number = ?3 ORDER BY received_ms",
            params![device.as_bytes(), epoch.as_bytes(), number],
            |row| Ok(Hash::from_bytes(row.get("root")?)),
        )
    }

    /// The number of the seal with this root, in one chain of seals.
    pub(crate) fn number_of_seal(
        &self,
        device: DeviceId,
        epoch: Epoch,
        root: Hash,
    ) -> Result<Option<u64>, CouncilError> {
        self.one(
            "SELECT number FROM device_seal WHERE device_id = ?1 AND epoch = ?2 AND root = ?3",
            params![device.as_bytes(), epoch.as_bytes(), root.as_bytes()],
            |row| row.get("number"),
        )
    }

    /// The last seal of a chain of seals that the council holds. If the one before `first`, the
    /// first of those that came now, is missing, that is the last one before it: the phone sent
    /// them all once, and learns so that this council forgot some.
    pub(crate) fn last_seal_in(
        &self,
        device: DeviceId,
        epoch: Epoch,
        first: u64,
    ) -> Result<Option<SealMark>, CouncilError> {
        let up_to = |number: u64| {
            self.one(
                "SELECT epoch, number, root FROM device_seal
                 WHERE device_id = ?1 AND epoch = ?2 AND number <= ?3 ORDER BY number DESC LIMIT 1",
                params![device.as_bytes(), epoch.as_bytes(), number],
                seal_mark,
            )
        };
        let before = up_to(first.saturating_sub(1))?;
        match before.map_or(0, |mark| mark.number) + 1 < first {
            true => Ok(before),
            false => up_to(u64::MAX >> 1),
        }
    }

    /// The last seal of the chain of seals of which the newest one came. The council's clock may
    /// have been set back since an earlier one: within a chain the numbers say which is the last.
    pub(crate) fn last_seal(&self, device: DeviceId) -> Result<Option<SealMark>, CouncilError> {
        self.one(
            "SELECT epoch, number, root FROM device_seal WHERE device_id = ?1 AND epoch =
                 (SELECT epoch FROM device_seal WHERE device_id = ?1 ORDER BY received_ms DESC, number DESC LIMIT 1)
             ORDER BY number DESC LIMIT 1",
            params![device.as_bytes()],
            seal_mark,
        )
    }

    /// What is held of one chain.
    pub(crate) fn mark_of(&self, device: DeviceId, chain: Epoch) -> Result<Mark, CouncilError> {
        let sequence = self.one(
            "SELECT high_water FROM chain WHERE device_id = ?1 AND epoch = ?2",
            params![device.as_bytes(), chain.as_bytes()],
            |row| row.get::<u64>("high_water"),
        )?;
        let sequence = sequence.unwrap_or(0);
        let hash = self.hash_at(Place { device, epoch: chain, sequence })?;
        Ok(Mark { chain, sequence, above: self.runs_above(device, chain, sequence)?, hash })
    }

    /// Calls `each` for every seal of version 2.
    pub(crate) fn each_seal(
        &self,
        mut each: impl FnMut(HeldSeal) -> Result<(), CouncilError>,
    ) -> Result<(), CouncilError> {
        let sql = "SELECT device_id, number, seal, public_key FROM device_seal JOIN device USING (device_id)";
        self.connection.query_at_length(sql, params![], &mut |row| {
            each(HeldSeal {
                device: DeviceId::from_bytes(row.get("device_id")?),
                number: row.get("number")?,
                seal: canonical::read(&row.get::<Vec<u8>>("seal")?).ok(),
                key: PublicKey::from_slice(&row.get::<Vec<u8>>("public_key")?).ok(),
            })?;
            Ok(true)
        })
    }
}

impl Writing<'_> {
    /// Notes the end that a phone says one of its chains has, and what the chain is for.
    pub(crate) fn note_head(&self, device: DeviceId, claim: &v2::HeadClaim, now_ms: i64) -> Result<(), CouncilError> {
        let Link { chain: epoch, sequence, hash } = claim.head;
        self.note_claim(device, &HeadClaim { epoch, sequence, hash }, now_ms)?;
        self.write(
            "UPDATE chain SET class = ?3 WHERE device_id = ?1 AND epoch = ?2 AND class IS NULL",
            params![device.as_bytes(), epoch.as_bytes(), u64::from(claim.class.0)],
        )?;
        Ok(())
    }

    /// Notes that a chain which its phone calls a note's is a visit's: it has something else. What
    /// it has is seen like any other.
    pub(crate) fn is_no_note(&self, device: DeviceId, epoch: Epoch) -> Result<(), CouncilError> {
        self.write(
            "UPDATE chain SET class = ?3 WHERE device_id = ?1 AND epoch = ?2",
            params![device.as_bytes(), epoch.as_bytes(), u64::from(v2::HeadClass::VISIT.0)],
        )?;
        Ok(())
    }

    /// Keeps a seal. One that is held already stays as it is.
    pub(crate) fn keep_seal(&self, seal: &SentSeal, root: Hash, now_ms: i64) -> Result<(), CouncilError> {
        let contents = &seal.contents;
        self.write(
            "INSERT INTO device_seal (device_id, epoch, number, root, received_ms, seal) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
             ON CONFLICT (device_id, epoch, number, root) DO NOTHING",
            params![
                contents.enrolment.as_bytes(),
                contents.epoch.as_bytes(),
                contents.number,
                root.as_bytes(),
                now_ms,
                canonical::write(seal)
            ],
        )?;
        Ok(())
    }
}
