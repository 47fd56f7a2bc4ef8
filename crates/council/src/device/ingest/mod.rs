//! Storing a device's batch. Each record is judged by itself, and all of them are stored in one
//! transaction. A truthful record is never rejected because a rule was broken: it is stored, and
//! the breach shows.

mod held;
mod judge;
mod project;

use std::collections::BTreeSet;

use doorstep_domain::conduct::{CaseKind, CaseOpened, Event};
use doorstep_domain::ledger::{Envelope, Epoch, VisitKey};
use doorstep_domain::protocol::{Receipt, SetAsideReason, SyncRequest, Verdict};
use doorstep_domain::{StableName, VisitId};

use self::held::{Arrived, HeldContext};
use self::judge::{Content, Judgement, judge};
use crate::error::CouncilError;
use crate::storage::{Acknowledged, Device, NewRecord, Place, PlainConcern, SealedConcern, SetAside, Writing};

/// Stores a batch, and returns a receipt for each record.
pub(crate) fn ingest(
    writing: &Writing<'_>,
    device: &Device,
    request: &SyncRequest,
    now_ms: i64,
) -> Result<Vec<Receipt>, CouncilError> {
    let arrived: Vec<Arrived<'_>> = request.records.iter().map(|sent| Arrived::from(device.id, sent)).collect();
    let seals: Vec<_> = request.seals.iter().filter(|seal| seal.is_signed_by(device.id, &device.key)).collect();
    let mut epochs: BTreeSet<Epoch> = arrived.iter().map(|record| record.place.epoch).collect();
    writing.heard_from(device.id, now_ms)?;
    writing.note_claim(device.id, &request.head, now_ms)?;
    for epoch in epochs.iter().copied().chain(seals.iter().map(|seal| seal.epoch)).collect::<BTreeSet<_>>() {
        writing.note_chain(device.id, epoch, now_ms)?;
    }
    writing.keep_visit_keys(request.visit_keys.iter().filter_map(|sent| {
        let bytes = <[u8; 32]>::try_from(sent.key.0.as_slice()).ok()?;
        Some((sent.visit, VisitKey::from_bytes(bytes)))
    }))?;

    let mut context = HeldContext::of(writing, device, &arrived)?;
    let mut taken = BatchWrites::default();
    let receipts = arrived.iter().map(|record| taken.take(record, &mut context, now_ms)).collect::<Result<_, _>>()?;
    let touched = taken.keep(writing, device, now_ms)?;

    epochs.insert(request.head.epoch);
    for epoch in epochs {
        writing.advance(device.id, epoch)?;
    }
    let mut fitting = Vec::new();
    for seal in seals {
        // A seal over another record than the one that is held proves two histories of the phone.
        match writing.hash_at(Place { device: device.id, epoch: seal.epoch, sequence: seal.sequence })? {
            Some(held) if held == seal.hash => fitting.push(seal),
            Some(_) => writing.mark_forked(device.id, seal.epoch)?,
            // It comes again with its record.
            None => {}
        }
    }
    writing.keep_seals(device.id, &fitting)?;
    if head_differs(writing, device, request)? {
        writing.mark_forked(device.id, request.head.epoch)?;
    }
    project::fold_visits(writing, &touched)?;
    Ok(receipts)
}

/// What is to be written for a batch.
#[derive(Default)]
struct BatchWrites<'a> {
    records: Vec<NewRecord<'a>>,
    contents: Vec<(&'a Envelope, Content)>,
    set_aside: Vec<SetAside<'a>>,
    forked: BTreeSet<Epoch>,
}

impl<'a> BatchWrites<'a> {
    /// Judges one record, notes what is to be written, and returns its receipt.
    fn take(
        &mut self,
        arrived: &'a Arrived<'a>,
        context: &mut HeldContext,
        received_ms: i64,
    ) -> Result<Receipt, CouncilError> {
        let Arrived { place, hash, sent, .. } = *arrived;
        let verdict = match judge(arrived, context) {
            Judgement::Known => Verdict::Duplicate,
            Judgement::SetAsideBefore(reason) => Verdict::SetAside(reason),
            Judgement::Keep { envelope, content } => {
                let verdict = match content {
                    Content::NotUnderstood => Verdict::StoredNotUnderstood,
                    Content::Event(_) | Content::Acknowledgement(_) => Verdict::Stored,
                };
                context.keep(place, hash, envelope);
                let (bytes, body) = (sent.envelope.0.as_slice(), sent.body.0.as_slice());
                self.records.push(NewRecord { place, hash, envelope, bytes, body, received_ms });
                self.contents.push((envelope, content));
                verdict
            }
            Judgement::SetAside { reason, holds_place } => {
                context.set_aside(place, hash, reason.name(), holds_place);
                let (envelope, body) = (sent.envelope.0.as_slice(), sent.body.0.as_slice());
                self.set_aside.push(SetAside {
                    place,
                    hash,
                    reason: reason.name(),
                    holds_place,
                    envelope,
                    body,
                    received_ms,
                });
                if reason == SetAsideReason::Fork {
                    self.forked.insert(place.epoch);
                }
                Verdict::SetAside(reason.name().to_owned())
            }
        };
        Ok(Receipt { epoch: place.epoch, sequence: place.sequence, hash, verdict })
    }

    /// Writes everything. Returns the visits that must be folded again.
    fn keep(self, writing: &Writing<'_>, device: &Device, now_ms: i64) -> Result<BTreeSet<VisitId>, CouncilError> {
        writing.keep_records(&self.records)?;
        writing.keep_set_aside(&self.set_aside)?;
        for epoch in self.forked {
            writing.mark_forked(device.id, epoch)?;
        }
        let mut touched = BTreeSet::new();
        for (envelope, content) in self.contents {
            if keep_content(writing, envelope, content, now_ms)? {
                touched.insert(envelope.visit);
            }
        }
        Ok(touched)
    }
}

/// Writes a record's content to the tables that lists read. Returns whether its visit must be
/// folded again.
fn keep_content(
    writing: &Writing<'_>,
    envelope: &Envelope,
    content: Content,
    received_ms: i64,
) -> Result<bool, CouncilError> {
    let Envelope { record, visit, actor: user, recorded_at_ms: recorded_ms, .. } = *envelope;
    match content {
        Content::Event(event) => match *event {
            Event::ConcernSealed(_) => {
                writing.keep_sealed_concern(&SealedConcern { record, visit, recorded_ms, received_ms })?;
                return Ok(false);
            }
            Event::ConcernRaised(concern) => {
                if let Some(kind) = CaseKind::of_concern(&concern) {
                    let opened = CaseOpened { kind, record, opened_at: concern.noticed_at };
                    writing.open_case(&opened, visit, Some(user), received_ms)?;
                }
                let plain = PlainConcern { record, visit, user, concern, recorded_ms, received_ms };
                writing.keep_plain_concern(&plain)?;
            }
            _ => {}
        },
        Content::Acknowledgement(acknowledgement) => {
            let acknowledgement = *acknowledgement;
            writing.keep_acknowledgement(&Acknowledged { record, user, acknowledgement, recorded_ms, received_ms })?;
            return Ok(false);
        }
        Content::NotUnderstood => {}
    }
    Ok(true)
}

/// Whether the last record of the device's chain differs from the record that the council holds
/// with that number.
fn head_differs(writing: &Writing<'_>, device: &Device, request: &SyncRequest) -> Result<bool, CouncilError> {
    let place = Place { device: device.id, epoch: request.head.epoch, sequence: request.head.sequence };
    Ok(writing.hash_at(place)?.is_some_and(|held| held != request.head.hash))
}
