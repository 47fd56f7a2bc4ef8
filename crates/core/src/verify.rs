//! Checks the whole chain on this device: links, numbers, bodies and seals.

use std::collections::BTreeMap;

use doorstep_domain::VisitId;
use doorstep_domain::ledger::{ChainFault, ChainHead, Envelope, Epoch, Hash, PublicKey};

use crate::error::AppError;
use crate::store::{Reading, StoreError};

/// The result of checking a chain in which nothing is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verified {
    /// How many records were checked.
    pub records: u64,
    /// How many seals were checked.
    pub seals: u64,
}

/// The first thing that is wrong with a chain.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{fault} (epoch {epoch})")]
pub struct Fault {
    /// The epoch of the chain. A device has one chain for each of its epochs.
    pub epoch: Epoch,
    /// What is wrong, and where.
    pub fault: ChainFault,
}

/// Checks every epoch. `key` is the device's own key, which must have made the seals. Without it,
/// the signatures of the seals are not checked.
pub(crate) fn verify(reading: &Reading<'_>, key: Option<&PublicKey>) -> Result<Result<Verified, Fault>, AppError> {
    let mut verified = Verified { records: 0, seals: 0 };
    for epoch in reading.epochs()? {
        match verify_epoch(reading, epoch, key, &mut verified)? {
            Ok(()) => {}
            Err(fault) => return Ok(Err(Fault { epoch, fault })),
        }
    }
    Ok(Ok(verified))
}

fn verify_epoch(
    reading: &Reading<'_>,
    epoch: Epoch,
    key: Option<&PublicKey>,
    verified: &mut Verified,
) -> Result<Result<(), ChainFault>, AppError> {
    let records = reading.epoch_records(epoch)?;
    let Some(first) = records.first().and_then(|record| Envelope::from_bytes(&record.envelope).ok()) else {
        return Ok(Err(ChainFault::Unreadable { at: 1 }));
    };
    let mut head = ChainHead::start(first.device, epoch);
    let mut hashes: BTreeMap<u64, Hash> = BTreeMap::new();
    for record in &records {
        let (next, envelope) = match head.follow(&record.envelope) {
            Ok(followed) => followed,
            Err(fault) => return Ok(Err(fault)),
        };
        if !body_fits(reading, record.visit, &envelope, &record.body)? || record.hash != next.hash {
            return Ok(Err(ChainFault::AlteredBody { at: envelope.sequence }));
        }
        hashes.insert(envelope.sequence, next.hash);
        head = next;
        verified.records += 1;
    }
    for seal in reading.seals(epoch)? {
        let fits = hashes.get(&seal.sequence) == Some(&seal.hash);
        let signed = key.is_none_or(|key| seal.is_signed_by(first.device, key));
        if !(fits && signed) {
            return Ok(Err(ChainFault::BrokenSeal { at: seal.sequence }));
        }
        verified.seals += 1;
    }
    Ok(Ok(()))
}

fn body_fits(reading: &Reading<'_>, visit: VisitId, envelope: &Envelope, body: &[u8]) -> Result<bool, StoreError> {
    let key = reading.visit_key(visit)?;
    Ok(key.is_some_and(|key| key.commit(envelope.record, body) == envelope.commitment))
}
