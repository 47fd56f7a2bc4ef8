//! A batch of version 1: one chain for each epoch of a device, and seals over its end.

use std::collections::BTreeSet;

use doorstep_domain::ledger::{Epoch, Seal, VisitKey};
use doorstep_domain::protocol::{Receipt, SyncRequest, Verdict};

use super::arrived::Arrived;
use super::{MOST_ONLY_SAID, Outcome, store};
use crate::error::CouncilError;
use crate::storage::{Device, Place, Writing};

/// Stores a batch, and returns a receipt for each record.
pub(in crate::device) fn ingest(
    writing: &Writing<'_>,
    device: &Device,
    request: &SyncRequest,
    now_ms: i64,
) -> Result<Vec<Receipt>, CouncilError> {
    let arrived: Vec<Arrived<'_>> =
        request.records.iter().map(|sent| Arrived::first(device.id, sent, now_ms)).collect();
    let keys: Vec<_> = request
        .visit_keys
        .iter()
        .filter_map(|sent| {
            let bytes = <[u8; 32]>::try_from(sent.key.0.as_slice()).ok()?;
            Some((sent.visit, VisitKey::from_bytes(bytes)))
        })
        .collect();
    let named: BTreeSet<Epoch> = arrived.iter().map(|record| record.place.epoch).chain([request.head.epoch]).collect();
    let known = writing.chains_of(device.id, &named.iter().copied().collect::<Vec<_>>())?;
    writing.heard_from(device.id, now_ms)?;
    let is_only_said = arrived.is_empty() && !known.contains(&request.head.epoch);
    if !is_only_said || writing.chains_only_said(device.id)? < MOST_ONLY_SAID {
        writing.note_claim(device.id, &request.head, now_ms)?;
    }
    let outcomes = store(writing, device, &arrived, &keys, now_ms)?;
    let seals: Vec<_> = request.seals.iter().filter(|seal| seal.is_signed_by(device.id, &device.key)).collect();
    let begun = named.difference(&known).copied().collect();
    writing.count_chains(device.id, &begun, &BTreeSet::new(), now_ms)?;
    writing.advance(device.id, request.head.epoch)?;
    keep_seals(writing, device, &seals)?;
    if head_differs(writing, device, request)? {
        writing.mark_forked(device.id, request.head.epoch)?;
    }
    Ok(arrived.iter().zip(outcomes).map(|(record, outcome)| receipt(record, outcome)).collect())
}

fn receipt(record: &Arrived<'_>, outcome: Outcome) -> Receipt {
    let verdict = match outcome {
        Outcome::Known => Verdict::Duplicate,
        Outcome::Stored | Outcome::Apart => Verdict::Stored,
        Outcome::NotUnderstood => Verdict::StoredNotUnderstood,
        Outcome::SetAside(reason) => Verdict::SetAside(reason),
    };
    Receipt { epoch: record.place.epoch, sequence: record.place.sequence, hash: record.hash, verdict }
}

/// Keeps the seals that fit the records that are held.
fn keep_seals(writing: &Writing<'_>, device: &Device, seals: &[&Seal]) -> Result<(), CouncilError> {
    let mut fitting = Vec::new();
    for seal in seals {
        // A seal over another record than the one that is held proves two histories of the phone.
        match writing.hash_at(Place { device: device.id, epoch: seal.epoch, sequence: seal.sequence })? {
            Some(held) if held == seal.hash => fitting.push(*seal),
            Some(_) => writing.mark_forked(device.id, seal.epoch)?,
            // It comes again with its record.
            None => {}
        }
    }
    writing.keep_seals(device.id, &fitting)
}

/// Whether the last record of the device's chain differs from the record that the council holds
/// with that number.
fn head_differs(writing: &Writing<'_>, device: &Device, request: &SyncRequest) -> Result<bool, CouncilError> {
    let place = Place { device: device.id, epoch: request.head.epoch, sequence: request.head.sequence };
    Ok(writing.hash_at(place)?.is_some_and(|held| held != request.head.hash))
}
