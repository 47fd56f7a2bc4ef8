//! Writes the chain: the next record, a seal, a new epoch.

use std::collections::BTreeSet;

use doorstep_domain::conduct::{Acknowledgement, Event, Happened};
use doorstep_domain::ledger::{
    Body, ChainHead, Envelope, Epoch, Hash, RecordKind, SCHEMA, Seal, SigningKey, VisitKey, decode_body,
    encode_acknowledgement, encode_body,
};
use doorstep_domain::protocol;
use doorstep_domain::{DeviceId, RecordId, VisitId};
use rusqlite::params;

use super::records::happened;
use super::{Enrolment, Reading, StoreError, StoredRecord, Writing};
use crate::environment::Environment;

/// The end of the chain, and the last value of `order` that the device has used.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Head {
    pub(crate) chain: ChainHead,
    pub(crate) last_order: u64,
}

/// What goes into a new record.
struct Content {
    kind: RecordKind,
    body: Vec<u8>,
    urgent: bool,
    photos: Vec<Hash>,
}

impl Reading<'_> {
    /// The end of the chain of this device, once it is enrolled.
    pub(crate) fn head(&self, device: DeviceId) -> Result<Head, StoreError> {
        self.one("SELECT epoch, sequence, hash, last_order FROM chain", [], |row| {
            Ok((row.get("epoch")?, row.get("sequence")?, row.get("hash")?, row.get("last_order")?))
        })?
        .map(|(epoch, sequence, hash, last_order): ([u8; 16], u64, [u8; 32], u64)| Head {
            chain: ChainHead { device, epoch: Epoch::from_bytes(epoch), sequence, hash: Hash::from_bytes(hash) },
            last_order,
        })
        .ok_or(StoreError::Unreadable("chain"))
    }

    /// The last value of `order` that the device has used, over all its chains.
    pub(super) fn last_order(&self) -> Result<u64, StoreError> {
        Ok(self.one("SELECT last_order FROM chain", [], |row| row.get("last_order"))?.unwrap_or(0))
    }

    pub(crate) fn visit_key(&self, visit: VisitId) -> Result<Option<VisitKey>, StoreError> {
        let key: Option<[u8; 32]> =
            self.one("SELECT key FROM visit_key WHERE visit_id = ?1", params![visit.as_bytes()], |row| row.get("key"))?;
        Ok(key.map(VisitKey::from_bytes))
    }

    /// The seals of one epoch, in order.
    pub(crate) fn seals(&self, epoch: Epoch) -> Result<Vec<Seal>, StoreError> {
        let rows: Vec<Vec<u8>> =
            self.many("SELECT seal FROM seal WHERE epoch = ?1 ORDER BY sequence", params![epoch.as_bytes()], |row| {
                row.get("seal")
            })?;
        rows.iter().map(|bytes| seal(bytes)).collect()
    }

    /// The seals of one epoch that were made at one of these records, and the first one that covers
    /// the last of them.
    pub(crate) fn seals_of(&self, epoch: Epoch, sequences: &BTreeSet<u64>) -> Result<Vec<Seal>, StoreError> {
        let (Some(first), Some(last)) = (sequences.first(), sequences.last()) else { return Ok(Vec::new()) };
        let rows: Vec<(u64, Vec<u8>)> = self.many(
            "SELECT sequence, seal FROM seal WHERE epoch = ?1 AND sequence >= ?2 AND sequence <=
                 (SELECT coalesce(min(sequence), ?3) FROM seal WHERE epoch = ?1 AND sequence >= ?3)",
            params![epoch.as_bytes(), first, last],
            |row| Ok((row.get("sequence")?, row.get("seal")?)),
        )?;
        let belongs = |sequence| sequence >= *last || sequences.contains(&sequence);
        rows.into_iter().filter(|(sequence, _)| belongs(*sequence)).map(|(_, bytes)| seal(&bytes)).collect()
    }
}

impl Writing<'_> {
    /// Appends one event of a visit to the chain, as a record that waits to be sent.
    pub(crate) fn append(
        &self,
        environment: &Environment,
        enrolment: &Enrolment,
        visit: VisitId,
        event: Event,
    ) -> Result<Happened, StoreError> {
        if self.goes_into_version_2(enrolment, visit)? {
            return self.append_to_visit(environment, enrolment, visit, event);
        }
        let urgent = event.is_urgent();
        let photos = event.photo().map(|photo| photo.sha256).into_iter().collect();
        let kind = RecordKind::VISIT_EVENT;
        let body = Body { event };
        let content = Content { kind, body: encode_body(&body), urgent, photos };
        let envelope = self.append_body(environment, enrolment, visit, content)?;
        Ok(happened(&envelope.into(), enrolment.user, body.event))
    }

    /// Appends a signature under the Code to the chain. `file` is the visit id that it gets, since
    /// it belongs to no visit.
    pub(crate) fn append_acknowledgement(
        &self,
        environment: &Environment,
        enrolment: &Enrolment,
        file: VisitId,
        acknowledgement: &Acknowledgement,
    ) -> Result<(), StoreError> {
        if enrolment.second.is_some() {
            return self.append_to_register(environment, enrolment, acknowledgement);
        }
        let body = encode_acknowledgement(acknowledgement);
        let kind = RecordKind::ACKNOWLEDGEMENT;
        let content = Content { kind, body, urgent: false, photos: Vec::new() };
        self.append_body(environment, enrolment, file, content).map(drop)
    }

    fn append_body(
        &self,
        environment: &Environment,
        enrolment: &Enrolment,
        visit: VisitId,
        content: Content,
    ) -> Result<Envelope, StoreError> {
        let Content { kind, body, urgent, photos } = content;
        let moment = environment.clock.now();
        if !self.may_add_to_epoch()? {
            self.begin_epoch(environment, enrolment.device)?;
        }
        let head = self.head(enrolment.device)?;
        let order = u64::try_from(moment.unix_ms).unwrap_or(0).max(head.last_order + 1);
        let record = RecordId::from_parts(u64::try_from(moment.unix_ms).unwrap_or(0), &environment.random());
        let key = self.key_for(environment, visit)?;
        let envelope = Envelope {
            version: Envelope::VERSION,
            record,
            device: enrolment.device,
            epoch: head.chain.epoch,
            sequence: head.chain.sequence + 1,
            previous: head.chain.hash,
            kind,
            schema: SCHEMA,
            visit,
            actor: enrolment.user,
            order,
            recorded_at_ms: moment.unix_ms,
            utc_offset_minutes: moment.utc_offset_minutes,
            monotonic_ms: moment.monotonic_ms,
            boot: moment.boot,
            council_contact_ms: Some(enrolment.last_contact_ms),
            commitment: key.commit(record, &body),
            photos,
        };
        self.insert_record(&envelope, &body, urgent)?;
        Ok(envelope)
    }

    fn insert_record(&self, envelope: &Envelope, body: &[u8], urgent: bool) -> Result<(), StoreError> {
        let bytes = envelope.to_bytes();
        let hash = Envelope::hash(&bytes);
        self.write(
            "INSERT INTO record (record_id, epoch, sequence, hash, visit_id, recorded_at_ms, urgent, envelope, body, state)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, 'waiting')",
            params![
                envelope.record.as_bytes(),
                envelope.epoch.as_bytes(),
                envelope.sequence,
                hash.as_bytes(),
                envelope.visit.as_bytes(),
                envelope.recorded_at_ms,
                urgent,
                bytes,
                body
            ],
        )?;
        self.write(
            "UPDATE chain SET sequence = ?1, hash = ?2, last_order = max(last_order, ?3)",
            params![envelope.sequence, hash.as_bytes(), envelope.order],
        )?;
        Ok(())
    }

    pub(super) fn key_for(&self, environment: &Environment, visit: VisitId) -> Result<VisitKey, StoreError> {
        if let Some(key) = self.visit_key(visit)? {
            return Ok(key);
        }
        let key = VisitKey::from_bytes(environment.random());
        self.write("INSERT INTO visit_key (visit_id, key) VALUES (?1, ?2)", params![visit.as_bytes(), key.as_bytes()])?;
        Ok(key)
    }

    /// Seals the chain up to its end, if it is not sealed there yet.
    pub(crate) fn seal(&self, device: DeviceId, key: &SigningKey) -> Result<(), StoreError> {
        let head = self.head(device)?.chain;
        if head.sequence == 0 {
            return Ok(());
        }
        self.write(
            "INSERT INTO seal (epoch, sequence, seal) VALUES (?1, ?2, ?3) ON CONFLICT (epoch, sequence) DO NOTHING",
            params![head.epoch.as_bytes(), head.sequence, protocol::encode(&key.seal(&head))],
        )?;
        Ok(())
    }

    /// Begins a new epoch, after an enrolment, a restore from a copy, or a fork. Records that the
    /// council does not have are issued again in the new epoch. They keep their id and body, and
    /// get a new place in the chain.
    pub(crate) fn begin_epoch(&self, environment: &Environment, device: DeviceId) -> Result<(), StoreError> {
        self.start_epoch(environment, device)?;
        for old in self.not_with_the_council()?.iter().filter(|old| old.version == 1) {
            self.issue_again(device, old)?;
        }
        Ok(())
    }

    /// After something was said while the database was locked: begins a new epoch if records of
    /// version 1 wait in an older one, or if the journal named one as the present epoch that the
    /// database, whose records went up to `known` and whose epoch was `before`, had left.
    pub(super) fn leave_older_epochs(
        &self,
        environment: &Environment,
        before: Option<Epoch>,
        known: i64,
    ) -> Result<(), StoreError> {
        let waits = self.one(
            "SELECT 1 FROM record JOIN chain WHERE version = 1
                 AND ((state = 'waiting' AND record.epoch <> chain.epoch)
                      OR (local_id <= ?1 AND record.epoch = chain.epoch AND chain.epoch <> ?2)) LIMIT 1",
            params![known, before.map(|before| before.as_bytes().to_vec()).unwrap_or_default()],
            |_| Ok(()),
        )?;
        match (waits, self.enrolment()?) {
            (Some(()), Some(enrolment)) => self.begin_epoch(environment, enrolment.device),
            _ => Ok(()),
        }
    }

    pub(super) fn start_epoch(&self, environment: &Environment, device: DeviceId) -> Result<(), StoreError> {
        let epoch = Epoch::from_bytes(environment.random());
        let last_order = self.last_order()?;
        let start = ChainHead::start(device, epoch);
        self.write(
            "INSERT INTO chain (only, epoch, sequence, hash, last_order) VALUES (1, ?1, 0, ?2, ?3)
             ON CONFLICT (only) DO UPDATE SET epoch = excluded.epoch, sequence = 0, hash = excluded.hash",
            params![epoch.as_bytes(), start.hash.as_bytes(), last_order],
        )?;
        Ok(())
    }

    fn issue_again(&self, device: DeviceId, old: &StoredRecord) -> Result<(), StoreError> {
        let before = Envelope::from_bytes(&old.envelope).map_err(|_| StoreError::Unreadable("record"))?;
        let head = self.head(device)?.chain;
        let envelope =
            Envelope { device, epoch: head.epoch, sequence: head.sequence + 1, previous: head.hash, ..before };
        self.write(
            "UPDATE record SET state = 'reissued', reason = NULL WHERE epoch = ?1 AND sequence = ?2",
            params![old.epoch.as_bytes(), old.sequence],
        )?;
        let urgent = decode_body(&old.body).is_some_and(|body| body.event.is_urgent());
        self.insert_record(&envelope, &old.body, urgent)
    }
}

fn seal(bytes: &[u8]) -> Result<Seal, StoreError> {
    protocol::decode(bytes).map_err(|_| StoreError::Unreadable("seal"))
}
