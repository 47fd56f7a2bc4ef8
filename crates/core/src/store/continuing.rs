//! Beginning a chain of version 2, and going on from one in another.

use doorstep_domain::ledger::{Epoch, decode_body};
use doorstep_domain::v2::{AnyEnvelope, Attested, Envelope, HeadClass, Link, Salt, VERSION, canonical};
use doorstep_domain::{DeviceId, VisitId};
use rusqlite::params;

use super::visit_chains::VisitChain;
use super::{Enrolment, StoreError, StoredRecord, Writing};
use crate::environment::Environment;

impl Writing<'_> {
    /// Begins a chain, perhaps one that goes on from another.
    pub(super) fn begin_chain(
        &self,
        environment: &Environment,
        enrolment: &Enrolment,
        class: HeadClass,
        visit: VisitId,
        before: Option<(&VisitChain, Option<Link>)>,
    ) -> Result<VisitChain, StoreError> {
        self.write(
            "UPDATE visit_chain SET is_open = 0 WHERE visit_id = ?1 AND class = ?2 AND class <> ?3 AND is_open = 1",
            params![visit.as_bytes(), class.0, HeadClass::NOTE.0],
        )?;
        let chain = Epoch::from_bytes(environment.random());
        let continues = before.and_then(|(_, continues)| continues);
        let said_visit = match (before, class) {
            (Some((before, _)), _) => before.said_visit,
            (None, HeadClass::VISIT) => visit,
            (None, _) => VisitId::from_bytes(environment.random()),
        };
        let hash = Envelope::genesis(enrolment.device, chain, continues);
        let grant = before.and_then(|(before, _)| before.grant.clone());
        let began = self.last_began()? + 1;
        self.write(
            "INSERT INTO visit_chain (chain, enrolment, person, class, visit_id, said_visit_id, sequence, hash, continues,
                 appointment_grant, began, is_open)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, 0, ?7, ?8, ?9, ?10, 1)",
            params![
                chain.as_bytes(),
                enrolment.device.as_bytes(),
                enrolment.user.as_bytes(),
                class.0,
                visit.as_bytes(),
                said_visit.as_bytes(),
                hash.as_bytes(),
                continues.map(|link| canonical::write(&link)),
                grant.as_ref().map(Attested::to_bytes),
                began
            ],
        )?;
        let head = Link { chain, sequence: 0, hash };
        Ok(VisitChain { chain, enrolment: enrolment.device, class, visit, said_visit, head, continues, grant, began })
    }

    /// Goes on in a new chain from the end of another, all of which stays as it is.
    pub(super) fn branch(
        &self,
        environment: &Environment,
        enrolment: &Enrolment,
        before: &VisitChain,
    ) -> Result<VisitChain, StoreError> {
        let from = Some(before.head).filter(|head| head.sequence > 0).or(before.continues);
        self.begin_chain(environment, enrolment, before.class, before.visit, Some((before, from)))
    }

    /// Goes on in a new chain from the last record of another that the council is known to hold.
    /// What lies behind it and is not with the council is issued again there. Records of another
    /// enrolment are never issued again: they are its person's, and go as that enrolment's.
    pub(crate) fn go_on(
        &self,
        environment: &Environment,
        enrolment: &Enrolment,
        before: &VisitChain,
    ) -> Result<VisitChain, StoreError> {
        self.write("UPDATE visit_chain SET is_open = 0 WHERE chain = ?1", params![before.chain.as_bytes()])?;
        let left = match before.enrolment == enrolment.device {
            true => self.not_received_of(before.chain)?,
            false => Vec::new(),
        };
        let from = match left.is_empty() {
            true => Some(before.head).filter(|head| head.sequence > 0),
            false => self.last_received(before.chain)?,
        };
        let mut chain = self.begin_chain(
            environment,
            enrolment,
            before.class,
            before.visit,
            Some((before, from.or(before.continues))),
        )?;
        for old in left {
            self.issue_again_in(environment, &mut chain, &old)?;
        }
        Ok(chain)
    }

    /// Issues again, as an enrolment's of the same person, what an earlier one left: the council
    /// does not know that one any more.
    pub(crate) fn take_over(
        &self,
        environment: &Environment,
        enrolment: &Enrolment,
        former: DeviceId,
    ) -> Result<(), StoreError> {
        for before in self.chains_with_waiting(former, usize::MAX)? {
            let left = self.not_received_of(before.chain)?;
            let from = self.last_received(before.chain)?.or(before.continues);
            let mut chain =
                self.begin_chain(environment, enrolment, before.class, before.visit, Some((&before, from)))?;
            for old in left {
                self.issue_again_in(environment, &mut chain, &old)?;
            }
        }
        Ok(())
    }

    /// Issues a record again, in another chain. It keeps its id and its body.
    pub(super) fn issue_again_in(
        &self,
        environment: &Environment,
        chain: &mut VisitChain,
        old: &StoredRecord,
    ) -> Result<(), StoreError> {
        let before = AnyEnvelope::from_bytes(&old.envelope).ok_or(StoreError::Unreadable("record"))?;
        self.write(
            "UPDATE record SET state = 'reissued', reason = NULL WHERE epoch = ?1 AND sequence = ?2",
            params![old.epoch.as_bytes(), old.sequence],
        )?;
        let said = self.key_for(environment, chain.said_visit)?;
        let envelope = Envelope {
            version: VERSION,
            record: before.record,
            enrolment: chain.enrolment,
            chain: chain.chain,
            sequence: chain.head.sequence + 1,
            previous: chain.head.hash,
            continues: chain.continues.filter(|_| chain.head.sequence == 0),
            kind: before.kind,
            schema: before.schema,
            visit: chain.said_visit,
            order: before.order,
            recorded_at_ms: before.recorded_at_ms,
            utc_offset_minutes: before.utc_offset_minutes,
            monotonic_ms: before.monotonic_ms,
            boot: before.boot,
            council_contact_ms: before.council_contact_ms,
            commitment: Salt::of(&said, before.record).commit(&old.body),
            photos: before.photos,
            grant: before.grant,
        };
        let urgent = decode_body(&old.body).is_some_and(|body| body.event.is_urgent());
        chain.head = self.insert_into(chain, &envelope, &old.body, urgent)?;
        Ok(())
    }

    /// Closes every chain, so that what is recorded next goes on in new ones: this phone was put
    /// back from a copy, and the numbers that come next may have been used.
    pub(crate) fn close_chains(&self) -> Result<(), StoreError> {
        self.write("UPDATE visit_chain SET is_open = 0 WHERE is_open = 1", [])?;
        Ok(())
    }
}
