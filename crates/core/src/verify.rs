//! Checks the whole chain on this device: links, numbers, bodies and seals.

use std::collections::{BTreeMap, BTreeSet};

use doorstep_domain::ledger::{ChainFault, ChainHead, Envelope, Epoch, Hash, PublicKey};
use doorstep_domain::v2::{self, AnyEnvelope};
use doorstep_domain::{DeviceId, VisitId};

use crate::error::AppError;
use crate::store::{Reading, StoreError, VisitChain};

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
#[error("{fault} (chain {epoch})")]
pub struct Fault {
    /// The name of the chain: in version 1 the device's epoch.
    pub epoch: Epoch,
    /// What is wrong, and where.
    pub fault: ChainFault,
}

/// Checks every chain. `key` is the device's own key, which must have made the seals. Without it,
/// the signatures of the seals are not checked.
pub(crate) fn verify(reading: &Reading<'_>, key: Option<&PublicKey>) -> Result<Result<Verified, Fault>, AppError> {
    let mut verified = Verified { records: 0, seals: 0 };
    for epoch in reading.epochs()? {
        match verify_epoch(reading, epoch, key, &mut verified)? {
            Ok(()) => {}
            Err(fault) => return Ok(Err(Fault { epoch, fault })),
        }
    }
    let mut ends = BTreeMap::new();
    // A store that came back from its journal lacks the chains that the council has had for long.
    let came_back = reading.came_back()?;
    let mut chains = BTreeSet::new();
    for chain in reading.all_visit_chains()? {
        chains.insert(chain.chain);
        if let Err(fault) = verify_chain(reading, &chain, &mut ends, &mut verified)? {
            return Ok(Err(Fault { epoch: chain.chain, fault }));
        }
    }
    for seal in reading.all_seals()? {
        let signed = key.is_none_or(|key| seal.verified(key).is_some());
        let fits = |head: &v2::Link| {
            let is_gone = came_back && !chains.contains(&head.chain);
            is_gone || ends.get(&(head.chain, head.sequence)) == Some(&head.hash)
        };
        if let Some(head) = seal.contents.heads.iter().find(|head| !(signed && fits(head))) {
            return Ok(Err(Fault { epoch: head.chain, fault: ChainFault::BrokenSeal { at: head.sequence } }));
        }
        verified.seals += 1;
    }
    Ok(Ok(verified))
}

/// Checks a chain of version 2, and notes the hash of each of its records.
fn verify_chain(
    reading: &Reading<'_>,
    chain: &VisitChain,
    hashes: &mut BTreeMap<(Epoch, u64), Hash>,
    verified: &mut Verified,
) -> Result<Result<(), ChainFault>, AppError> {
    let mut previous = v2::Envelope::genesis(chain.enrolment, chain.chain, chain.continues);
    let mut last = 0;
    for (at, record) in (1..).zip(reading.epoch_records(chain.chain)?) {
        if record.forgotten {
            // Its hash has stayed, for the seals and the records behind it.
            hashes.insert((chain.chain, at), record.hash);
            (previous, last) = (record.hash, at);
            continue;
        }
        let Ok(envelope) = v2::Envelope::from_bytes(&record.envelope) else {
            return Ok(Err(ChainFault::Unreadable { at }));
        };
        let place: (DeviceId, Epoch) = (envelope.enrolment, envelope.chain);
        if place != (chain.enrolment, chain.chain) {
            return Ok(Err(ChainFault::AnotherChain { at }));
        }
        if envelope.sequence != at {
            return Ok(Err(ChainFault::OutOfSequence { expected: at, found: envelope.sequence }));
        }
        if envelope.previous != previous {
            return Ok(Err(ChainFault::BrokenLink { at }));
        }
        let hash = v2::Envelope::hash(&record.envelope);
        if hash != record.hash || !body_fits(reading, chain.said_visit, &envelope.into(), &record.body)? {
            return Ok(Err(ChainFault::AlteredBody { at }));
        }
        hashes.insert((chain.chain, at), hash);
        (previous, last) = (hash, at);
        verified.records += 1;
    }
    if (last, previous) != (chain.head.sequence, chain.head.hash) {
        return Ok(Err(ChainFault::Unreadable { at: last + 1 }));
    }
    Ok(Ok(()))
}

fn verify_epoch(
    reading: &Reading<'_>,
    epoch: Epoch,
    key: Option<&PublicKey>,
    verified: &mut Verified,
) -> Result<Result<(), ChainFault>, AppError> {
    let records = reading.epoch_records(epoch)?;
    // One of which everything has left says no more whose it was.
    let Some(first) = records.iter().find(|record| !record.forgotten) else { return Ok(Ok(())) };
    let Ok(first) = Envelope::from_bytes(&first.envelope) else {
        return Ok(Err(ChainFault::Unreadable { at: first.sequence }));
    };
    let mut head = ChainHead::start(first.device, epoch);
    let mut hashes: BTreeMap<u64, Hash> = BTreeMap::new();
    for record in &records {
        if record.forgotten {
            hashes.insert(record.sequence, record.hash);
            head = ChainHead { sequence: record.sequence, hash: record.hash, ..head };
            continue;
        }
        let (next, envelope) = match head.follow(&record.envelope) {
            Ok(followed) => followed,
            Err(fault) => return Ok(Err(fault)),
        };
        if !body_fits(reading, record.visit, &envelope.clone().into(), &record.body)? || record.hash != next.hash {
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

fn body_fits(reading: &Reading<'_>, visit: VisitId, envelope: &AnyEnvelope, body: &[u8]) -> Result<bool, StoreError> {
    let key = reading.visit_key(visit)?;
    Ok(key.is_some_and(|key| envelope.commit(&key, body) == envelope.commitment))
}
