//! The device's chain of seals (version 2). A seal is written before a byte of it is sent, and is
//! never made again.

use doorstep_domain::DeviceId;
use doorstep_domain::ledger::{Epoch, SigningKey};
use doorstep_domain::v2::{HEADS, MOST_SEALS, Nonce, SealContents, SealMark, SentSeal, canonical};
use rusqlite::params;

use super::settings::SealState;
use super::{Enrolment, Reading, StoreError, Writing};
use crate::environment::Environment;

impl Reading<'_> {
    /// The seals of an enrolment that the council is not known to hold, in their order.
    fn seals_waiting(&self, enrolment: DeviceId) -> Result<Vec<SentSeal>, StoreError> {
        let rows: Vec<Vec<u8>> =
            self.many("SELECT seal FROM chain_seal WHERE waits = 1 ORDER BY epoch, number", [], |row| row.get("seal"))?;
        let seals = rows.iter().map(|bytes| canonical::read(bytes).map_err(|_| StoreError::Unreadable("seal")));
        seals
            .filter(|seal: &Result<SentSeal, _>| {
                seal.as_ref().map_or(true, |seal| seal.contents.enrolment == enrolment)
            })
            .collect()
    }

    /// Whether the council has said that it holds a seal, which this device still has.
    pub(crate) fn is_seal_received(&self, epoch: Epoch, number: u64) -> Result<bool, StoreError> {
        let received = self.one(
            "SELECT 1 FROM chain_seal WHERE epoch = ?1 AND number = ?2 AND waits = 0",
            params![epoch.as_bytes(), number],
            |_| Ok(()),
        )?;
        Ok(received.is_some())
    }

    /// Every seal of version 2, in no particular order.
    pub(crate) fn all_seals(&self) -> Result<Vec<SentSeal>, StoreError> {
        let rows: Vec<Vec<u8>> = self.many("SELECT seal FROM chain_seal", [], |row| row.get("seal"))?;
        rows.iter().map(|bytes| canonical::read(bytes).map_err(|_| StoreError::Unreadable("seal"))).collect()
    }
}

impl Writing<'_> {
    /// The seals to send: those that the council is not known to hold, or else a new one over
    /// everything that no seal covers yet.
    pub(crate) fn seals_to_send(
        &self,
        environment: &Environment,
        enrolment: &Enrolment,
        key: &SigningKey,
    ) -> Result<Vec<SentSeal>, StoreError> {
        let mut waiting = self.seals_waiting(enrolment.device)?;
        if !waiting.is_empty() {
            waiting.truncate(MOST_SEALS);
            return Ok(waiting);
        }
        let heads = self.unsealed(enrolment.device, HEADS)?;
        if heads.is_empty() {
            return Ok(Vec::new());
        }
        let before = match self.seal_state(enrolment.device)? {
            Some(state) => state,
            None => SealState { epoch: Epoch::from_bytes(environment.random()), number: 0, root: None },
        };
        let contents = SealContents {
            salt: Nonce::from_bytes(environment.random()),
            enrolment: enrolment.device,
            epoch: before.epoch,
            number: before.number + 1,
            previous: before.root,
            heads,
            checkpoint: None,
        };
        let root = contents.root().ok_or(StoreError::Unreadable("seal"))?;
        let seal = SentSeal::new(contents, key).ok_or(StoreError::Unreadable("seal"))?;
        self.write(
            "INSERT INTO chain_seal (epoch, number, root, seal, waits) VALUES (?1, ?2, ?3, ?4, 1)",
            params![before.epoch.as_bytes(), before.number + 1, root.as_bytes(), canonical::write(&seal)],
        )?;
        let state = SealState { epoch: before.epoch, number: before.number + 1, root: Some(root) };
        self.set_seal_state(enrolment.device, state)?;
        Ok(vec![seal])
    }

    /// Notes the seals up to the council's mark as held, and what they cover. Gives how many.
    pub(crate) fn seals_received(&self, enrolment: DeviceId, mark: &SealMark) -> Result<usize, StoreError> {
        let held: Vec<SentSeal> = self
            .seals_waiting(enrolment)?
            .into_iter()
            .filter(|seal| seal.contents.epoch == mark.epoch && seal.contents.number <= mark.number)
            .collect();
        for head in held.iter().flat_map(|seal| &seal.contents.heads) {
            self.write(
                "UPDATE visit_chain SET sealed = max(sealed, ?2) WHERE chain = ?1",
                params![head.chain.as_bytes(), head.sequence],
            )?;
        }
        self.write(
            "UPDATE chain_seal SET waits = 0 WHERE epoch = ?1 AND number <= ?2",
            params![mark.epoch.as_bytes(), mark.number],
        )?;
        Ok(held.len())
    }

    /// Begins a new chain of seals of an enrolment, because another phone uses the same one. Seals
    /// that were not received stay as they are; what they cover is sealed again.
    pub(crate) fn begin_seals(&self, environment: &Environment, enrolment: DeviceId) -> Result<(), StoreError> {
        for seal in self.seals_waiting(enrolment)? {
            self.write(
                "UPDATE chain_seal SET waits = 0 WHERE epoch = ?1 AND number = ?2",
                params![seal.contents.epoch.as_bytes(), seal.contents.number],
            )?;
        }
        let state = SealState { epoch: Epoch::from_bytes(environment.random()), number: 0, root: None };
        self.set_seal_state(enrolment, state)
    }

    /// Sends seals again that the council does not hold any more: those behind a number of this
    /// chain of seals, and those of earlier ones.
    pub(crate) fn send_seals_again(&self, epoch: Epoch, behind: u64) -> Result<(), StoreError> {
        self.write(
            "UPDATE chain_seal SET waits = 1 WHERE (epoch <> ?1 OR number > ?2) AND waits = 0",
            params![epoch.as_bytes(), behind],
        )?;
        Ok(())
    }
}
