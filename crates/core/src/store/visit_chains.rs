//! Chains of version 2: one for each visit, each note and each register of an enrolment.

use doorstep_domain::conduct::{Acknowledgement, Event, Happened};
use doorstep_domain::ledger::{Body, Epoch, Hash, RecordKind, SCHEMA, encode_acknowledgement, encode_body};
use doorstep_domain::v2::{Attested, Envelope, Grant, HeadClass, Link, Salt, VERSION, canonical};
use doorstep_domain::{AppointmentRef, DeviceId, RecordId, VisitId};
use rusqlite::{Row, params};

use super::records::happened;
use super::{Enrolment, Reading, StoreError, Writing};
use crate::environment::Environment;

/// A chain, and where it ends.
#[derive(Debug, Clone)]
pub(crate) struct VisitChain {
    pub(crate) chain: Epoch,
    pub(crate) enrolment: DeviceId,
    pub(crate) class: HeadClass,
    /// The visit on this phone.
    pub(crate) visit: VisitId,
    /// The visit that its envelopes give. That of a note is random.
    pub(crate) said_visit: VisitId,
    pub(crate) head: Link,
    pub(crate) continues: Option<Link>,
    /// The council's word that it gave the visit's appointment.
    pub(crate) grant: Option<Attested<Grant>>,
    /// As which chain of all it was begun.
    pub(super) began: u64,
}

/// What goes into a new record.
struct Content {
    kind: RecordKind,
    body: Vec<u8>,
    urgent: bool,
    photos: Vec<Hash>,
    /// The appointment that the record names.
    appointment: Option<AppointmentRef>,
}

const COLUMNS: &str =
    "chain, enrolment, class, visit_id, said_visit_id, sequence, hash, continues, appointment_grant, began";

fn visit_chain(row: &Row<'_>) -> rusqlite::Result<VisitChain> {
    let chain = Epoch::from_bytes(row.get("chain")?);
    let continues: Option<Vec<u8>> = row.get("continues")?;
    let grant: Option<Vec<u8>> = row.get("appointment_grant")?;
    Ok(VisitChain {
        chain,
        enrolment: DeviceId::from_bytes(row.get("enrolment")?),
        class: HeadClass(row.get("class")?),
        visit: VisitId::from_bytes(row.get("visit_id")?),
        said_visit: VisitId::from_bytes(row.get("said_visit_id")?),
        head: Link { chain, sequence: row.get("sequence")?, hash: Hash::from_bytes(row.get("hash")?) },
        continues: continues.and_then(|bytes| canonical::read(&bytes).ok()),
        grant: grant.and_then(|bytes| Attested::from_bytes(&bytes).ok()),
        began: row.get("began")?,
    })
}

impl Reading<'_> {
    pub(crate) fn visit_chain(&self, chain: Epoch) -> Result<Option<VisitChain>, StoreError> {
        self.one(&format!("SELECT {COLUMNS} FROM visit_chain WHERE chain = ?1"), params![chain.as_bytes()], visit_chain)
    }

    /// Every chain of version 2, in the order in which they were begun.
    pub(crate) fn all_visit_chains(&self) -> Result<Vec<VisitChain>, StoreError> {
        self.many(&format!("SELECT {COLUMNS} FROM visit_chain ORDER BY began"), [], visit_chain)
    }

    /// The chain to which records of a visit are added now.
    fn open_chain(&self, visit: VisitId, class: HeadClass) -> Result<Option<VisitChain>, StoreError> {
        self.one(
            &format!("SELECT {COLUMNS} FROM visit_chain WHERE visit_id = ?1 AND class = ?2 AND is_open = 1"),
            params![visit.as_bytes(), class.0],
            visit_chain,
        )
    }

    /// The chain of a visit that was begun last.
    fn last_chain(&self, visit: VisitId, class: HeadClass) -> Result<Option<VisitChain>, StoreError> {
        self.one(
            &format!(
                "SELECT {COLUMNS} FROM visit_chain WHERE visit_id = ?1 AND class = ?2 ORDER BY began DESC LIMIT 1"
            ),
            params![visit.as_bytes(), class.0],
            visit_chain,
        )
    }

    pub(super) fn last_began(&self) -> Result<u64, StoreError> {
        Ok(self
            .one("SELECT max(began) AS began FROM visit_chain", [], |row| row.get::<_, Option<u64>>("began"))?
            .flatten()
            .unwrap_or(0))
    }

    /// Whether a visit was begun in version 1. It ends in it.
    fn began_in_version_1(&self, visit: VisitId) -> Result<bool, StoreError> {
        let began = self.one(
            "SELECT 1 FROM record WHERE visit_id = ?1 AND version = 1 AND state <> 'reissued' LIMIT 1",
            params![visit.as_bytes()],
            |_| Ok(()),
        )?;
        Ok(began.is_some())
    }

    /// Whether records of a visit go into chains of version 2.
    pub(crate) fn goes_into_version_2(&self, enrolment: &Enrolment, visit: VisitId) -> Result<bool, StoreError> {
        // While the database is locked, nothing is added to the chain of version 1.
        Ok(enrolment.second.is_some() && !(self.shows_all() && self.began_in_version_1(visit)?))
    }

    /// The chains of an enrolment that have records which wait.
    pub(crate) fn chains_with_waiting(&self, enrolment: DeviceId, most: usize) -> Result<Vec<VisitChain>, StoreError> {
        self.many(
            &format!(
                "SELECT {COLUMNS} FROM visit_chain WHERE chain IN
                     (SELECT epoch FROM record WHERE state = 'waiting' AND version = 2) AND enrolment = ?2 LIMIT ?1"
            ),
            params![i64::try_from(most).unwrap_or(i64::MAX), enrolment.as_bytes()],
            visit_chain,
        )
    }

    /// The ends of the chains of an enrolment with records that no seal covers which the council
    /// holds.
    pub(crate) fn unsealed(&self, enrolment: DeviceId, most: usize) -> Result<Vec<Link>, StoreError> {
        let chains = self.many(
            &format!("SELECT {COLUMNS} FROM visit_chain WHERE sealed < sequence AND enrolment = ?1 LIMIT ?2"),
            params![enrolment.as_bytes(), i64::try_from(most).unwrap_or(i64::MAX)],
            visit_chain,
        )?;
        Ok(chains.into_iter().map(|chain| chain.head).collect())
    }

    /// A page of the names of an enrolment's chains that are still on this device, behind a name.
    pub(crate) fn chains_after(
        &self,
        enrolment: DeviceId,
        after: Option<Epoch>,
        most: usize,
    ) -> Result<Vec<Epoch>, StoreError> {
        self.many(
            "SELECT chain FROM visit_chain WHERE enrolment = ?1 AND chain > ?2
                 AND EXISTS (SELECT 1 FROM record WHERE epoch = chain AND forgotten = 0) ORDER BY chain LIMIT ?3",
            params![
                enrolment.as_bytes(),
                after.map(|after| after.as_bytes().to_vec()).unwrap_or_default(),
                i64::try_from(most).unwrap_or(i64::MAX)
            ],
            |row| Ok(Epoch::from_bytes(row.get("chain")?)),
        )
    }

    /// The last record of a chain for which there is a receipt, and for every one before it.
    pub(super) fn last_received(&self, chain: Epoch) -> Result<Option<Link>, StoreError> {
        self.one(
            "SELECT sequence, hash FROM record AS last WHERE epoch = ?1 AND state = 'received' AND NOT EXISTS
                 (SELECT 1 FROM record WHERE epoch = ?1 AND sequence < last.sequence AND state NOT IN ('received', 'set_aside'))
             ORDER BY sequence DESC LIMIT 1",
            params![chain.as_bytes()],
            |row| Ok(Link { chain, sequence: row.get("sequence")?, hash: Hash::from_bytes(row.get("hash")?) }),
        )
    }
}

impl Writing<'_> {
    /// Adds one event of a visit to its chain. A safeguarding note gets a chain of its own, so that
    /// it is no gap in any other.
    pub(super) fn append_to_visit(
        &self,
        environment: &Environment,
        enrolment: &Enrolment,
        visit: VisitId,
        event: Event,
    ) -> Result<Happened, StoreError> {
        let is_note = matches!(event, Event::ConcernSealed(_));
        let chain = if is_note {
            self.begin_chain(environment, enrolment, HeadClass::NOTE, visit, None)?
        } else {
            self.chain_for(environment, enrolment, HeadClass::VISIT, visit)?
        };
        let photos = event.photo().map(|photo| photo.sha256).into_iter().collect();
        let appointment = match &event {
            Event::Started(started) | Event::Opened(started) => started.appointment.clone(),
            _ => None,
        };
        let (urgent, body) = (event.is_urgent(), Body { event });
        let content = Content { kind: RecordKind::VISIT_EVENT, body: encode_body(&body), urgent, photos, appointment };
        let envelope = self.append_content(environment, enrolment, &chain, content)?;
        Ok(happened(&envelope.into(), enrolment.user, body.event))
    }

    /// Adds a signature under the Code to the register of its enrolment.
    pub(super) fn append_to_register(
        &self,
        environment: &Environment,
        enrolment: &Enrolment,
        acknowledgement: &Acknowledgement,
    ) -> Result<(), StoreError> {
        // The register is known on this phone by its enrolment.
        let register = VisitId::from_bytes(*enrolment.device.as_bytes());
        let chain = self.chain_for(environment, enrolment, HeadClass::REGISTER, register)?;
        let content = Content {
            kind: RecordKind::ACKNOWLEDGEMENT,
            body: encode_acknowledgement(acknowledgement),
            urgent: false,
            photos: Vec::new(),
            appointment: None,
        };
        self.append_content(environment, enrolment, &chain, content).map(drop)
    }

    fn chain_for(
        &self,
        environment: &Environment,
        enrolment: &Enrolment,
        class: HeadClass,
        visit: VisitId,
    ) -> Result<VisitChain, StoreError> {
        match self.open_chain(visit, class)? {
            Some(open) if open.enrolment == enrolment.device => match self.may_add_to(open.began)? {
                true => Ok(open),
                false => self.branch(environment, enrolment, &open),
            },
            Some(other) => self.go_on(environment, enrolment, &other),
            None => match self.last_chain(visit, class)? {
                Some(closed) => self.go_on(environment, enrolment, &closed),
                None => self.begin_chain(environment, enrolment, class, visit, None),
            },
        }
    }

    fn append_content(
        &self,
        environment: &Environment,
        enrolment: &Enrolment,
        chain: &VisitChain,
        content: Content,
    ) -> Result<Envelope, StoreError> {
        let Content { kind, body, urgent, photos, appointment } = content;
        let moment = environment.clock.now();
        let last_order = self.last_order()?;
        let record = RecordId::from_parts(u64::try_from(moment.unix_ms).unwrap_or(0), &environment.random());
        let key = self.key_for(environment, chain.said_visit)?;
        let grant = appointment.map(|reference| self.grant_of(&reference)).transpose()?.flatten();
        if let Some(grant) = &grant {
            self.write(
                "UPDATE visit_chain SET appointment_grant = ?2 WHERE chain = ?1",
                params![chain.chain.as_bytes(), grant.to_bytes()],
            )?;
        }
        let envelope = Envelope {
            version: VERSION,
            record,
            enrolment: enrolment.device,
            chain: chain.chain,
            sequence: chain.head.sequence + 1,
            previous: chain.head.hash,
            continues: chain.continues.filter(|_| chain.head.sequence == 0),
            kind,
            schema: SCHEMA,
            visit: chain.said_visit,
            order: u64::try_from(moment.unix_ms).unwrap_or(0).max(last_order + 1),
            recorded_at_ms: moment.unix_ms,
            utc_offset_minutes: moment.utc_offset_minutes,
            monotonic_ms: moment.monotonic_ms,
            boot: moment.boot,
            council_contact_ms: Some(enrolment.last_contact_ms),
            commitment: Salt::of(&key, record).commit(&body),
            photos,
            grant: grant.as_ref().map(Attested::hash),
        };
        self.insert_into(chain, &envelope, &body, urgent)?;
        Ok(envelope)
    }

    /// Writes a record at the end of its chain, and gives the new end.
    pub(super) fn insert_into(
        &self,
        chain: &VisitChain,
        envelope: &Envelope,
        body: &[u8],
        urgent: bool,
    ) -> Result<Link, StoreError> {
        let bytes = envelope.to_bytes();
        let hash = Envelope::hash(&bytes);
        self.write(
            "INSERT INTO record (record_id, epoch, sequence, hash, visit_id, recorded_at_ms, urgent, envelope, body, state, version)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, 'waiting', 2)",
            params![
                envelope.record.as_bytes(),
                chain.chain.as_bytes(),
                envelope.sequence,
                hash.as_bytes(),
                chain.visit.as_bytes(),
                envelope.recorded_at_ms,
                urgent,
                bytes,
                body
            ],
        )?;
        self.write(
            "UPDATE visit_chain SET sequence = ?2, hash = ?3 WHERE chain = ?1",
            params![chain.chain.as_bytes(), envelope.sequence, hash.as_bytes()],
        )?;
        self.write("UPDATE chain SET last_order = max(last_order, ?1)", params![envelope.order])?;
        Ok(Link { chain: chain.chain, sequence: envelope.sequence, hash })
    }
}
