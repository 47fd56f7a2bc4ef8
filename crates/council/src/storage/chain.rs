//! Records as the devices made them, byte for byte; what is held of each chain; what was set aside.

use chrono::DateTime;
use doorstep_domain::conduct::Happened;
use doorstep_domain::ledger::{Envelope, Epoch, Hash, Seal, VisitKey, decode_body};
use doorstep_domain::protocol::{self, HeadClaim, HighWater};
use doorstep_domain::{DeviceId, RecordId, VisitId};

use super::database::params;
use super::{Reading, Writing};
use crate::CouncilError;

/// Runs above the high-water mark that an answer tells, at most.
const MOST_RUNS: usize = 64;

/// A place in a device's chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place {
    pub(crate) device: DeviceId,
    pub(crate) epoch: Epoch,
    pub(crate) sequence: u64,
}

/// A record that is good to keep.
pub(crate) struct NewRecord<'a> {
    pub(crate) place: Place,
    pub(crate) hash: Hash,
    pub(crate) envelope: &'a Envelope,
    pub(crate) bytes: &'a [u8],
    pub(crate) body: &'a [u8],
    pub(crate) received_ms: i64,
}

/// A record that could not be taken.
pub(crate) struct Aside<'a> {
    pub(crate) place: Place,
    pub(crate) hash: Hash,
    pub(crate) reason: &'static str,
    /// Whether its number is its own: no other record stands there.
    pub(crate) holds_place: bool,
    pub(crate) envelope: &'a [u8],
    pub(crate) body: &'a [u8],
    pub(crate) received_ms: i64,
}

/// A record as it is held, kept or set aside.
pub(crate) struct Held {
    pub(crate) sequence: u64,
    pub(crate) envelope: Vec<u8>,
    pub(crate) body: Option<Vec<u8>>,
}

/// Records that a device says it has, and that are not held.
pub(crate) struct Missing {
    pub(crate) visitor_name: String,
    pub(crate) device: String,
    pub(crate) first: u64,
    pub(crate) last: u64,
    pub(crate) said_ms: i64,
}

/// Records of one device that were set aside for one reason. What is in them is nobody's business in a list.
pub(crate) struct AsideCount {
    pub(crate) visitor_name: String,
    pub(crate) device: String,
    pub(crate) reason: String,
    pub(crate) records: u64,
    pub(crate) last_ms: i64,
}

impl Reading<'_> {
    /// The hash of the record at a place, kept or set aside.
    pub(crate) fn hash_at(&self, place: Place) -> Result<Option<Hash>, CouncilError> {
        self.one(
            "SELECT hash FROM record WHERE device_id = ?1 AND epoch = ?2 AND sequence = ?3
             UNION ALL SELECT hash FROM set_aside WHERE device_id = ?1 AND epoch = ?2 AND sequence = ?3 AND holds_place = 1 LIMIT 1",
            params![place.device.as_bytes(), place.epoch.as_bytes(), place.sequence],
            |row| Ok(Hash::from_bytes(row.get("hash")?)),
        )
    }

    /// What the record at a place, if it is kept, names as the one before it.
    pub(crate) fn previous_at(&self, place: Place) -> Result<Option<Hash>, CouncilError> {
        let bytes = self.one(
            "SELECT envelope FROM record WHERE device_id = ?1 AND epoch = ?2 AND sequence = ?3",
            params![place.device.as_bytes(), place.epoch.as_bytes(), place.sequence],
            |row| row.get::<Vec<u8>>("envelope"),
        )?;
        Ok(bytes.and_then(|bytes| Envelope::from_bytes(&bytes).ok()).map(|envelope| envelope.previous))
    }

    /// Why a record with this hash was set aside before, if it was.
    pub(crate) fn aside_reason(&self, place: Place, hash: Hash) -> Result<Option<String>, CouncilError> {
        self.one(
            "SELECT reason FROM set_aside WHERE device_id = ?1 AND epoch = ?2 AND sequence = ?3 AND hash = ?4",
            params![place.device.as_bytes(), place.epoch.as_bytes(), place.sequence, hash.as_bytes()],
            |row| row.get("reason"),
        )
    }

    /// The commitment that a record of this id made, if one is kept.
    pub(crate) fn commitment_of(&self, record: RecordId) -> Result<Option<Hash>, CouncilError> {
        self.one("SELECT commitment FROM record WHERE record_id = ?1 LIMIT 1", params![record.as_bytes()], |row| {
            Ok(Hash::from_bytes(row.get("commitment")?))
        })
    }

    pub(crate) fn visit_key(&self, visit: VisitId) -> Result<Option<VisitKey>, CouncilError> {
        let key =
            self.one("SELECT key FROM visit_key WHERE visit_id = ?1", params![visit.as_bytes()], |row| row.get("key"))?;
        Ok(key.map(VisitKey::from_bytes))
    }

    /// The facts of a visit, as far as this build understands them.
    pub(crate) fn facts(&self, visit: VisitId) -> Result<Vec<Happened>, CouncilError> {
        let rows = self.many(
            "SELECT envelope, body FROM record JOIN body USING (record_id) WHERE visit_id = ?1",
            params![visit.as_bytes()],
            |row| Ok((row.get::<Vec<u8>>("envelope")?, row.get::<Vec<u8>>("body")?)),
        )?;
        Ok(rows
            .iter()
            .filter_map(|(envelope, body)| Some((Envelope::from_bytes(envelope).ok()?, decode_body(body)?)))
            .map(|(envelope, body)| Happened {
                record: envelope.record,
                device: envelope.device,
                order: envelope.order,
                at: DateTime::from_timestamp_millis(envelope.recorded_at_ms).unwrap_or(DateTime::UNIX_EPOCH),
                actor: envelope.actor,
                event: body.event,
            })
            .collect())
    }

    /// When the council first had anything of a visit, and last.
    pub(crate) fn received_between(&self, visit: VisitId) -> Result<(i64, i64), CouncilError> {
        Ok(self
            .one(
                "SELECT min(received_ms) AS first, max(received_ms) AS last FROM record WHERE visit_id = ?1",
                params![visit.as_bytes()],
                |row| Ok((row.get::<Option<i64>>("first")?, row.get::<Option<i64>>("last")?)),
            )?
            .map_or((0, 0), |(first, last)| (first.unwrap_or(0), last.unwrap_or(0))))
    }

    /// What is held of every chain of a device.
    pub(crate) fn high_water(&self, device: DeviceId) -> Result<Vec<HighWater>, CouncilError> {
        let chains = self.many(
            "SELECT epoch, high_water FROM chain WHERE device_id = ?1 ORDER BY epoch",
            params![device.as_bytes()],
            |row| Ok((Epoch::from_bytes(row.get("epoch")?), row.get::<u64>("high_water")?)),
        )?;
        chains
            .into_iter()
            .map(|(epoch, sequence)| {
                Ok(HighWater { epoch, sequence, above: self.runs_above(device, epoch, sequence)? })
            })
            .collect()
    }

    /// The runs that are held above a number.
    fn runs_above(&self, device: DeviceId, epoch: Epoch, sequence: u64) -> Result<Vec<(u64, u64)>, CouncilError> {
        let held: Vec<u64> = self.many(
            "SELECT sequence FROM record WHERE device_id = ?1 AND epoch = ?2 AND sequence > ?3
             UNION SELECT sequence FROM set_aside WHERE device_id = ?1 AND epoch = ?2 AND sequence > ?3 AND holds_place = 1
             ORDER BY sequence",
            params![device.as_bytes(), epoch.as_bytes(), sequence],
            |row| row.get("sequence"),
        )?;
        let mut runs: Vec<(u64, u64)> = Vec::new();
        for sequence in held {
            match runs.last_mut() {
                Some((_, last)) if *last + 1 == sequence => *last = sequence,
                _ => runs.push((sequence, sequence)),
            }
        }
        runs.truncate(MOST_RUNS);
        Ok(runs)
    }

    pub(crate) fn is_forked(&self, device: DeviceId, epoch: Epoch) -> Result<bool, CouncilError> {
        let forked = self.one(
            "SELECT forked FROM chain WHERE device_id = ?1 AND epoch = ?2",
            params![device.as_bytes(), epoch.as_bytes()],
            |row| row.get("forked"),
        )?;
        Ok(forked.unwrap_or(false))
    }

    /// How many records are kept, and how many set aside.
    pub(crate) fn record_counts(&self) -> Result<(u64, u64), CouncilError> {
        self.one(
            "SELECT (SELECT count(*) FROM record) AS records, (SELECT count(*) FROM set_aside) AS set_aside",
            params![],
            |row| Ok((row.get("records")?, row.get("set_aside")?)),
        )?
        .ok_or(CouncilError::Unreadable("record"))
    }

    /// Every record of a device, kept or set aside, as it is held.
    pub(crate) fn held_of(&self, device: DeviceId) -> Result<Vec<Held>, CouncilError> {
        self.many(
            "SELECT sequence, envelope, body FROM record LEFT JOIN body USING (record_id) WHERE device_id = ?1
             UNION ALL SELECT sequence, envelope, body FROM set_aside WHERE device_id = ?1",
            params![device.as_bytes()],
            |row| Ok(Held { sequence: row.get("sequence")?, envelope: row.get("envelope")?, body: row.get("body")? }),
        )
    }

    /// What was set aside, by device and reason, the last first.
    pub(crate) fn aside_counts(&self) -> Result<Vec<AsideCount>, CouncilError> {
        self.many(
            "SELECT person.display_name, device.name, reason, count(*) AS records, max(received_ms) AS last_ms
             FROM set_aside JOIN device USING (device_id) JOIN person USING (user_id)
             GROUP BY person.display_name, device.device_id, device.name, reason ORDER BY last_ms DESC",
            params![],
            |row| {
                Ok(AsideCount {
                    visitor_name: row.get("display_name")?,
                    device: row.get("name")?,
                    reason: row.get("reason")?,
                    records: row.get("records")?,
                    last_ms: row.get("last_ms")?,
                })
            },
        )
    }

    /// "Phone 12: 41 to 43 not received": chains whose device says that it has more than is held.
    pub(crate) fn missing(&self) -> Result<Vec<Missing>, CouncilError> {
        self.many(
            "SELECT person.display_name, device.name, high_water + 1 AS first, claimed AS last, claimed_ms
             FROM chain JOIN device USING (device_id) JOIN person USING (user_id)
             WHERE claimed > high_water AND forked = 0 ORDER BY claimed_ms",
            params![],
            |row| {
                Ok(Missing {
                    visitor_name: row.get("display_name")?,
                    device: row.get("name")?,
                    first: row.get("first")?,
                    last: row.get("last")?,
                    said_ms: row.get("claimed_ms")?,
                })
            },
        )
    }
}

impl Writing<'_> {
    /// Notes what a device says of the end of its chain.
    pub(crate) fn note_claim(&self, device: DeviceId, claim: &HeadClaim, now_ms: i64) -> Result<(), CouncilError> {
        self.write(
            "INSERT INTO chain (device_id, epoch, high_water, claimed, claimed_ms, forked) VALUES (?1, ?2, 0, ?3, ?4, 0)
             ON CONFLICT (device_id, epoch) DO UPDATE SET
                 claimed = CASE WHEN excluded.claimed > chain.claimed THEN excluded.claimed ELSE chain.claimed END, claimed_ms = excluded.claimed_ms",
            params![device.as_bytes(), claim.epoch.as_bytes(), claim.sequence, now_ms],
        )?;
        Ok(())
    }

    /// Makes sure that a chain has its row.
    pub(crate) fn note_chain(&self, device: DeviceId, epoch: Epoch, now_ms: i64) -> Result<(), CouncilError> {
        self.write(
            "INSERT INTO chain (device_id, epoch, high_water, claimed, claimed_ms, forked) VALUES (?1, ?2, 0, 0, ?3, 0)
             ON CONFLICT (device_id, epoch) DO NOTHING",
            params![device.as_bytes(), epoch.as_bytes(), now_ms],
        )?;
        Ok(())
    }

    pub(crate) fn mark_forked(&self, device: DeviceId, epoch: Epoch) -> Result<(), CouncilError> {
        self.write(
            "UPDATE chain SET forked = 1 WHERE device_id = ?1 AND epoch = ?2",
            params![device.as_bytes(), epoch.as_bytes()],
        )?;
        Ok(())
    }

    pub(crate) fn keep_record(&self, record: &NewRecord<'_>) -> Result<(), CouncilError> {
        self.write(
            "INSERT INTO record (device_id, epoch, sequence, hash, record_id, commitment, visit_id, received_ms, envelope)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
            params![
                record.place.device.as_bytes(),
                record.place.epoch.as_bytes(),
                record.place.sequence,
                record.hash.as_bytes(),
                record.envelope.record.as_bytes(),
                record.envelope.commitment.as_bytes(),
                record.envelope.visit.as_bytes(),
                record.received_ms,
                record.bytes
            ],
        )?;
        // A record that was issued again in a later epoch brings the same body once more.
        self.write(
            "INSERT INTO body (record_id, body) VALUES (?1, ?2) ON CONFLICT (record_id) DO NOTHING",
            params![record.envelope.record.as_bytes(), record.body],
        )?;
        Ok(())
    }

    pub(crate) fn keep_aside(&self, aside: &Aside<'_>) -> Result<(), CouncilError> {
        self.write(
            "INSERT INTO set_aside (device_id, epoch, sequence, hash, reason, holds_place, received_ms, envelope, body)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
            params![
                aside.place.device.as_bytes(),
                aside.place.epoch.as_bytes(),
                aside.place.sequence,
                aside.hash.as_bytes(),
                aside.reason,
                aside.holds_place,
                aside.received_ms,
                aside.envelope,
                aside.body
            ],
        )?;
        Ok(())
    }

    pub(crate) fn keep_visit_key(&self, visit: VisitId, key: &VisitKey) -> Result<(), CouncilError> {
        self.write(
            "INSERT INTO visit_key (visit_id, key) VALUES (?1, ?2) ON CONFLICT (visit_id) DO NOTHING",
            params![visit.as_bytes(), key.as_bytes()],
        )?;
        Ok(())
    }

    pub(crate) fn keep_seal(&self, device: DeviceId, seal: &Seal) -> Result<(), CouncilError> {
        self.write(
            "INSERT INTO seal (device_id, epoch, sequence, seal) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (device_id, epoch, sequence) DO NOTHING",
            params![device.as_bytes(), seal.epoch.as_bytes(), seal.sequence, protocol::encode(seal)],
        )?;
        Ok(())
    }

    /// Moves the high-water mark of a chain to the end of its gapless prefix.
    pub(crate) fn advance(&self, device: DeviceId, epoch: Epoch, even_over_gaps: bool) -> Result<(), CouncilError> {
        let mark = self.one(
            "SELECT high_water FROM chain WHERE device_id = ?1 AND epoch = ?2",
            params![device.as_bytes(), epoch.as_bytes()],
            |row| row.get::<u64>("high_water"),
        )?;
        let Some(mark) = mark else { return Ok(()) };
        let runs = self.runs_above(device, epoch, mark)?;
        let reached = match runs.first() {
            Some((first, last)) if *first == mark + 1 => *last,
            _ => mark,
        };
        let reached = if even_over_gaps { runs.last().map_or(reached, |(_, last)| *last) } else { reached };
        self.write(
            "UPDATE chain SET high_water = ?3 WHERE device_id = ?1 AND epoch = ?2",
            params![device.as_bytes(), epoch.as_bytes(), reached],
        )?;
        Ok(())
    }
}
