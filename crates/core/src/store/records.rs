//! Records, and whether the council has them.

use chrono::DateTime;
use doorstep_domain::conduct::{Event, Happened};
use doorstep_domain::ledger::{Epoch, Hash, decode_body};
use doorstep_domain::protocol::Limits;
use doorstep_domain::v2::{AnyEnvelope, Link};
use doorstep_domain::{DeviceId, RecordId, UserId, VisitId};
use rusqlite::{Row, params};

use super::{Reading, StoreError, Writing};

/// A record as this device keeps it: its place in the chain, and its bytes as they were made.
#[derive(Debug, Clone)]
pub(crate) struct StoredRecord {
    /// The version of its envelope.
    pub(crate) version: u8,
    /// The name of its chain: in version 1 the device's epoch.
    pub(crate) epoch: Epoch,
    pub(crate) sequence: u64,
    pub(crate) hash: Hash,
    pub(crate) visit: VisitId,
    pub(crate) envelope: Vec<u8>,
    pub(crate) body: Vec<u8>,
    /// Whether it has to be sent with all its bytes.
    pub(crate) whole: bool,
    /// Whether its bytes have left this device.
    pub(crate) forgotten: bool,
}

/// How many records there are, and how many wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) records: u64,
    pub(crate) waiting: u64,
    pub(crate) set_aside: u64,
    pub(crate) oldest_waiting_ms: Option<i64>,
    pub(crate) oldest_urgent_ms: Option<i64>,
}

/// The records of one visit that wait to be sent.
#[derive(Debug, Clone, Copy)]
pub(crate) struct WaitingOfVisit {
    pub(crate) visit: VisitId,
    pub(crate) records: u64,
    pub(crate) oldest_ms: i64,
}

const COLUMNS: &str = "version, epoch, sequence, hash, visit_id, envelope, body, sent_whole, forgotten";

fn stored(row: &Row<'_>) -> rusqlite::Result<StoredRecord> {
    Ok(StoredRecord {
        version: row.get("version")?,
        epoch: Epoch::from_bytes(row.get("epoch")?),
        sequence: row.get("sequence")?,
        hash: Hash::from_bytes(row.get("hash")?),
        visit: VisitId::from_bytes(row.get("visit_id")?),
        envelope: row.get("envelope")?,
        body: row.get("body")?,
        whole: row.get("sent_whole")?,
        forgotten: row.get("forgotten")?,
    })
}

/// An event with what its envelope says of it. `person` made it where the envelope names nobody.
pub(super) fn happened(envelope: &AnyEnvelope, person: UserId, event: Event) -> Happened {
    Happened {
        record: envelope.record,
        device: envelope.enrolment,
        order: envelope.order,
        at: DateTime::from_timestamp_millis(envelope.recorded_at_ms).unwrap_or(DateTime::UNIX_EPOCH),
        doubt: None,
        actor: envelope.actor.unwrap_or(person),
        event,
    }
}

/// SQL for the epochs of version 1. It steps through the index from one epoch to the next, without
/// reading every record.
const EPOCHS: &str = "WITH RECURSIVE epochs (epoch) AS (
    SELECT min(epoch) FROM record WHERE version = 1
    UNION ALL
    SELECT (SELECT min(epoch) FROM record WHERE version = 1 AND record.epoch > epochs.epoch) FROM epochs WHERE epochs.epoch IS NOT NULL
)";

/// As many of the first records as fit in a batch, and one at least.
fn fitting(mut batch: Vec<StoredRecord>) -> Vec<StoredRecord> {
    let mut bytes = 0;
    let fitting = batch
        .iter()
        .take_while(|record| {
            bytes += record.envelope.len() + record.body.len();
            bytes <= Limits::BATCH_BYTES
        })
        .count();
    batch.truncate(fitting.max(1));
    batch
}

impl Reading<'_> {
    /// The records of a version that wait to be sent, as many as fit in a batch: urgent ones first,
    /// then oldest first.
    pub(crate) fn waiting(&self, version: u8) -> Result<Vec<StoredRecord>, StoreError> {
        let batch = self.many(
            &format!(
                "SELECT {COLUMNS} FROM record WHERE state = 'waiting' AND version = ?2 {}
                 ORDER BY urgent DESC, local_id LIMIT ?1",
                self.can_be_sent("visit_id")
            ),
            params![i64::try_from(Limits::BATCH_RECORDS).unwrap_or(i64::MAX), version],
            stored,
        )?;
        Ok(fitting(batch))
    }

    /// The records of version 2 of an enrolment that wait to be sent, as many as fit in a batch:
    /// urgent ones first, then oldest first.
    pub(crate) fn waiting_of(&self, enrolment: DeviceId) -> Result<Vec<StoredRecord>, StoreError> {
        let batch = self.many(
            &format!(
                "SELECT {COLUMNS} FROM record WHERE state = 'waiting' AND version = 2
                     AND (SELECT enrolment FROM visit_chain WHERE chain = record.epoch) = ?2 {}
                 ORDER BY urgent DESC, local_id LIMIT ?1",
                self.can_be_sent("(SELECT said_visit_id FROM visit_chain WHERE chain = record.epoch)")
            ),
            params![i64::try_from(Limits::BATCH_RECORDS).unwrap_or(i64::MAX), enrolment.as_bytes()],
            stored,
        )?;
        Ok(fitting(batch))
    }

    /// SQL that leaves out what can't be sent from here: a journal of which a part is lost may have
    /// a record without the key of its visit. The database has it.
    fn can_be_sent(&self, visit: &str) -> String {
        match self.shows_all() {
            true => String::new(),
            false => format!("AND EXISTS (SELECT 1 FROM visit_key WHERE visit_key.visit_id = {visit})"),
        }
    }

    /// Whether a record of version 2 of an enrolment waits to be sent.
    pub(crate) fn any_waits_of(&self, enrolment: DeviceId) -> Result<bool, StoreError> {
        let waits = self.one(
            "SELECT 1 FROM record WHERE state = 'waiting' AND version = 2
                 AND (SELECT enrolment FROM visit_chain WHERE chain = record.epoch) = ?1 LIMIT 1",
            params![enrolment.as_bytes()],
            |_| Ok(()),
        )?;
        Ok(waits.is_some())
    }

    /// Whether a record of a version waits to be sent.
    pub(crate) fn any_waits(&self, version: u8) -> Result<bool, StoreError> {
        let waits = self.one(
            "SELECT 1 FROM record WHERE state = 'waiting' AND version = ?1 LIMIT 1",
            params![version],
            |_| Ok(()),
        )?;
        Ok(waits.is_some())
    }

    /// Records that are not at the council, or were set aside there because of a fork, in the order
    /// in which they were written.
    pub(super) fn not_with_the_council(&self) -> Result<Vec<StoredRecord>, StoreError> {
        self.many(
            &format!(
                "SELECT {COLUMNS} FROM record WHERE state = 'waiting' OR (state = 'set_aside' AND reason = 'fork') ORDER BY local_id"
            ),
            [],
            stored,
        )
    }

    /// Records of a chain that are not at the council, in their order.
    pub(super) fn not_received_of(&self, chain: Epoch) -> Result<Vec<StoredRecord>, StoreError> {
        self.many(
            &format!(
                "SELECT {COLUMNS} FROM record WHERE epoch = ?1
                     AND (state = 'waiting' OR (state = 'set_aside' AND reason = 'fork')) ORDER BY sequence"
            ),
            params![chain.as_bytes()],
            stored,
        )
    }

    /// Every record of an epoch, in its order.
    pub(crate) fn epoch_records(&self, epoch: Epoch) -> Result<Vec<StoredRecord>, StoreError> {
        self.many(
            &format!("SELECT {COLUMNS} FROM record WHERE epoch = ?1 ORDER BY sequence"),
            params![epoch.as_bytes()],
            stored,
        )
    }

    /// Every epoch of version 1 in which the device has written records, oldest first.
    pub(crate) fn epochs(&self) -> Result<Vec<Epoch>, StoreError> {
        self.many(
            &format!(
                "{EPOCHS}
             SELECT epoch FROM epochs WHERE epoch IS NOT NULL
             ORDER BY (SELECT local_id FROM record WHERE record.epoch = epochs.epoch ORDER BY sequence LIMIT 1)"
            ),
            [],
            |row| Ok(Epoch::from_bytes(row.get("epoch")?)),
        )
    }

    /// The device whose records an epoch of version 1 holds.
    pub(crate) fn device_of(&self, epoch: Epoch) -> Result<Option<DeviceId>, StoreError> {
        let envelope: Option<Vec<u8>> = self.one(
            "SELECT envelope FROM record WHERE epoch = ?1 AND forgotten = 0 ORDER BY sequence LIMIT 1",
            params![epoch.as_bytes()],
            |row| row.get("envelope"),
        )?;
        Ok(envelope.and_then(|bytes| AnyEnvelope::from_bytes(&bytes)).map(|envelope| envelope.enrolment))
    }

    /// The numbers of the records of an epoch, above a given number, that the device believes the
    /// council holds, and that it can still send.
    pub(crate) fn believed_sent(&self, epoch: Epoch, above: u64) -> Result<Vec<u64>, StoreError> {
        self.many(
            "SELECT sequence FROM record
             WHERE epoch = ?1 AND sequence > ?2 AND state IN ('received', 'set_aside') AND forgotten = 0 ORDER BY sequence",
            params![epoch.as_bytes(), above],
            |row| row.get("sequence"),
        )
    }

    /// The facts of a visit, as far as this build understands them.
    pub(crate) fn facts(&self, visit: VisitId) -> Result<Vec<Happened>, StoreError> {
        let records = self.many(
            "SELECT envelope, body, person FROM record LEFT JOIN visit_chain ON chain = epoch
             WHERE record.visit_id = ?1 AND state <> 'reissued' AND forgotten = 0 ORDER BY local_id",
            params![visit.as_bytes()],
            |row| {
                let person: Option<[u8; 16]> = row.get("person")?;
                Ok((row.get::<_, Vec<u8>>("envelope")?, row.get::<_, Vec<u8>>("body")?, person))
            },
        )?;
        records
            .into_iter()
            .filter_map(|(envelope, body, person)| decode_body(&body).map(|body| (envelope, body, person)))
            .map(|(envelope, body, person)| {
                let envelope = AnyEnvelope::from_bytes(&envelope).ok_or(StoreError::Unreadable("record"))?;
                // In version 1 the envelope itself says who it was.
                let person = UserId::from_bytes(person.unwrap_or_default());
                Ok(happened(&envelope, person, body.event))
            })
            .collect()
    }

    pub(crate) fn counts(&self) -> Result<Counts, StoreError> {
        // Records are numbered from 1 without a gap as they are written, and no row is deleted.
        // Counting them all would take longer with each visit. Of those that wait, each index has
        // the first of the urgent and of the others: a tap after months without signal must not
        // read them all.
        self.one(
            "SELECT (SELECT coalesce(max(local_id), 0) FROM record)
                    - (SELECT count(*) FROM record WHERE state = 'reissued') AS records,
                    (SELECT count(*) FROM record WHERE state = 'waiting') AS waiting,
                    (SELECT count(*) FROM record WHERE state = 'set_aside') AS set_aside,
                    (SELECT recorded_at_ms FROM record WHERE state = 'waiting' AND urgent = 0 ORDER BY local_id LIMIT 1)
                        AS first_other_ms,
                    (SELECT min(recorded_at_ms) FROM record WHERE state = 'waiting' AND urgent = 1) AS oldest_urgent_ms",
            [],
            |row| {
                let oldest_urgent_ms: Option<i64> = row.get("oldest_urgent_ms")?;
                let first_other_ms: Option<i64> = row.get("first_other_ms")?;
                Ok(Counts {
                    records: row.get("records")?,
                    waiting: row.get("waiting")?,
                    set_aside: row.get("set_aside")?,
                    oldest_waiting_ms: [oldest_urgent_ms, first_other_ms].into_iter().flatten().min(),
                    oldest_urgent_ms,
                })
            },
        )?
        .ok_or(StoreError::Unreadable("record"))
    }

    pub(crate) fn waiting_by_visit(&self) -> Result<Vec<WaitingOfVisit>, StoreError> {
        self.many(
            "SELECT visit_id, count(*) AS records, min(recorded_at_ms) AS oldest_ms FROM record
             WHERE state = 'waiting' GROUP BY visit_id ORDER BY min(local_id)",
            [],
            |row| {
                Ok(WaitingOfVisit {
                    visit: VisitId::from_bytes(row.get("visit_id")?),
                    records: row.get("records")?,
                    oldest_ms: row.get("oldest_ms")?,
                })
            },
        )
    }

    /// The records that the council set aside: the visit, when it was recorded (milliseconds since
    /// 1970, UTC), and why.
    pub(crate) fn set_aside_records(&self) -> Result<Vec<(VisitId, i64, String)>, StoreError> {
        self.many(
            "SELECT visit_id, recorded_at_ms, reason FROM record WHERE state = 'set_aside' ORDER BY local_id",
            [],
            |row| Ok((VisitId::from_bytes(row.get("visit_id")?), row.get("recorded_at_ms")?, row.get("reason")?)),
        )
    }

    /// The records of an enrolment that the council set aside, the last first.
    pub(crate) fn set_aside_of(&self, enrolment: DeviceId, most: usize) -> Result<Vec<Link>, StoreError> {
        self.many(
            "SELECT epoch, record.sequence, record.hash FROM record LEFT JOIN visit_chain ON visit_chain.chain = record.epoch
             WHERE state = 'set_aside' AND (enrolment = ?1 OR version = 1) ORDER BY local_id DESC LIMIT ?2",
            params![enrolment.as_bytes(), most],
            |row| {
                Ok(Link {
                    chain: Epoch::from_bytes(row.get("epoch")?),
                    sequence: row.get("sequence")?,
                    hash: Hash::from_bytes(row.get("hash")?),
                })
            },
        )
    }

    /// How many records a visit has, how many of them wait, and the council's clock at the last
    /// receipt for one (milliseconds since 1970, UTC).
    pub(crate) fn custody(&self, visit: VisitId) -> Result<(u64, u64, Option<i64>), StoreError> {
        self.one(
            "SELECT count(*) AS records, coalesce(sum(state = 'waiting'), 0) AS waiting, max(receipt.council_time_ms) AS received_ms
             FROM record LEFT JOIN receipt USING (receipt_id) WHERE visit_id = ?1 AND state <> 'reissued'",
            params![visit.as_bytes()],
            |row| Ok((row.get("records")?, row.get("waiting")?, row.get("received_ms")?)),
        )?
        .ok_or(StoreError::Unreadable("record"))
    }

    /// The visit that a record belongs to; `None` when there is no such record.
    pub(crate) fn visit_of(&self, record: RecordId) -> Result<Option<VisitId>, StoreError> {
        self.one("SELECT visit_id FROM record WHERE record_id = ?1 LIMIT 1", params![record.as_bytes()], |row| {
            Ok(VisitId::from_bytes(row.get("visit_id")?))
        })
    }
}

impl Writing<'_> {
    /// The council holds it.
    pub(crate) fn mark_received(&self, epoch: Epoch, sequence: u64, receipt: i64) -> Result<(), StoreError> {
        self.write(
            "UPDATE record SET state = 'received', reason = NULL, receipt_id = ?3
             WHERE epoch = ?1 AND sequence = ?2 AND state <> 'reissued'",
            params![epoch.as_bytes(), sequence, receipt],
        )?;
        Ok(())
    }

    /// Marks a record as set aside by the council.
    pub(crate) fn mark_set_aside(
        &self,
        epoch: Epoch,
        sequence: u64,
        receipt: i64,
        reason: &str,
    ) -> Result<(), StoreError> {
        self.write(
            "UPDATE record SET state = 'set_aside', reason = ?4, receipt_id = ?3
             WHERE epoch = ?1 AND sequence = ?2 AND state <> 'reissued'",
            params![epoch.as_bytes(), sequence, receipt, reason],
        )?;
        Ok(())
    }

    /// Makes a record wait again, because the council does not hold it after all. The old receipt
    /// stays in its table.
    pub(crate) fn mark_waiting(&self, epoch: Epoch, sequence: u64) -> Result<(), StoreError> {
        self.write(
            "UPDATE record SET state = 'waiting', reason = NULL
             WHERE epoch = ?1 AND sequence = ?2 AND state <> 'reissued' AND forgotten = 0",
            params![epoch.as_bytes(), sequence],
        )?;
        Ok(())
    }
}
