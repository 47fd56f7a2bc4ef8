//! Taking in a device's batch: each record by itself, all of them in one transaction. A truthful record is never rejected
//! because a rule was broken: it is stored, and the breach shows.

use std::collections::{BTreeMap, BTreeSet};

use doorstep_domain::VisitId;
use doorstep_domain::conduct::{Acknowledgement, CaseKind, CaseOpened, Event, Visit, fold};
use doorstep_domain::ledger::{Envelope, Hash, RecordKind, SCHEMA, VisitKey, decode_acknowledgement, decode_body};
use doorstep_domain::protocol::{Limits, Receipt, SentRecord, SyncRequest, Verdict};

use crate::CouncilError;
use crate::planted::{self, Bug};
use crate::storage::{Acknowledged, Aside, Device, NewRecord, Place, PlainConcern, SealedConcern, Writing};

/// Why a record was set aside, as a stable code.
mod reason {
    pub(super) const UNREADABLE: &str = "unreadable";
    pub(super) const TOO_LARGE: &str = "too-large";
    pub(super) const MISPLACED: &str = "misplaced";
    pub(super) const FORK: &str = "fork";
    pub(super) const BROKEN_LINK: &str = "broken-link";
    pub(super) const NO_KEY: &str = "no-visit-key";
    pub(super) const ALTERED_BODY: &str = "altered-body";
    pub(super) const BODY_UNREADABLE: &str = "body-unreadable";
    pub(super) const UNKNOWN_PERSON: &str = "unknown-person";
    pub(super) const RECORD_ID_CLASH: &str = "record-id-clash";
}

/// What a record says, as far as this council understands it.
enum Content {
    Event(Box<Event>),
    Acknowledgement(Box<Acknowledgement>),
    NotUnderstood,
}

/// What a record came to, before it is written.
enum Judged {
    Keep {
        envelope: Box<Envelope>,
        content: Content,
    },
    /// Kept already, the same bytes.
    Known,
    /// Set aside already, the same bytes.
    AsideBefore(String),
    SetAside {
        reason: &'static str,
        holds_place: bool,
    },
}

/// Takes a batch in.
pub(crate) fn ingest(
    writing: &Writing<'_>,
    device: &Device,
    request: &SyncRequest,
    now_ms: i64,
) -> Result<Vec<Receipt>, CouncilError> {
    writing.heard_from(device.id, now_ms)?;
    writing.note_claim(device.id, &request.head, now_ms)?;
    for key in &request.visit_keys {
        if let Ok(bytes) = <[u8; 32]>::try_from(key.key.0.as_slice()) {
            writing.keep_visit_key(key.visit, &VisitKey::from_bytes(bytes))?;
        }
    }
    let mut receipts = Vec::with_capacity(request.records.len());
    let mut touched = BTreeSet::new();
    let mut epochs = BTreeMap::from([(request.head.epoch, ())]);
    for sent in &request.records {
        writing.note_chain(device.id, sent.epoch, now_ms)?;
        epochs.insert(sent.epoch, ());
        receipts.push(take(writing, device, sent, now_ms, &mut touched)?);
    }
    for epoch in epochs.keys() {
        writing.advance(device.id, *epoch, planted::is(Bug::GapsNotSeen))?;
    }
    for seal in request.seals.iter().filter(|seal| seal.is_signed_by(device.id, &device.key)) {
        writing.note_chain(device.id, seal.epoch, now_ms)?;
        writing.keep_seal(device.id, seal)?;
    }
    if head_differs(writing, device, request)? {
        writing.mark_forked(device.id, request.head.epoch)?;
    }
    for visit in touched {
        fold_visit(writing, visit)?;
    }
    Ok(receipts)
}

/// Takes one record in.
fn take(
    writing: &Writing<'_>,
    device: &Device,
    sent: &SentRecord,
    now_ms: i64,
    touched: &mut BTreeSet<VisitId>,
) -> Result<Receipt, CouncilError> {
    let place = Place { device: device.id, epoch: sent.epoch, sequence: sent.sequence };
    let hash = Envelope::hash(&sent.envelope.0);
    let verdict = match judge(writing, place, hash, sent)? {
        Judged::Known => Verdict::Duplicate,
        Judged::AsideBefore(reason) => Verdict::SetAside(reason),
        Judged::Keep { envelope, content } => {
            writing.keep_record(&NewRecord {
                place,
                hash,
                envelope: &envelope,
                bytes: &sent.envelope.0,
                body: &sent.body.0,
                received_ms: now_ms,
            })?;
            keep_content(writing, &envelope, content, now_ms, touched)?
        }
        Judged::SetAside { reason: reason::FORK, .. } if planted::is(Bug::DroppedOnClash) => Verdict::Stored,
        Judged::SetAside { .. } if planted::is(Bug::BatchFailsWhole) => return Err(CouncilError::Unreadable("batch")),
        Judged::SetAside { reason, holds_place } => {
            writing.keep_aside(&Aside {
                place,
                hash,
                reason,
                holds_place,
                envelope: &sent.envelope.0,
                body: &sent.body.0,
                received_ms: now_ms,
            })?;
            if reason == reason::FORK {
                writing.mark_forked(device.id, sent.epoch)?;
            }
            Verdict::SetAside(reason.to_owned())
        }
    };
    Ok(Receipt { epoch: sent.epoch, sequence: sent.sequence, hash, verdict })
}

/// Puts what a record says where lists are drawn from.
fn keep_content(
    writing: &Writing<'_>,
    envelope: &Envelope,
    content: Content,
    received_ms: i64,
    touched: &mut BTreeSet<VisitId>,
) -> Result<Verdict, CouncilError> {
    let Envelope { record, visit, actor: user, recorded_at_ms: recorded_ms, .. } = *envelope;
    match content {
        Content::Event(event) => match *event {
            Event::ConcernSealed(_) => {
                writing.keep_sealed_concern(&SealedConcern { record, visit, recorded_ms, received_ms })?;
            }
            Event::ConcernRaised(concern) => {
                touched.insert(visit);
                if let Some(kind) = CaseKind::of_concern(&concern) {
                    let opened = CaseOpened { kind, record, opened_at: concern.noticed_at };
                    writing.open_case(&opened, visit, Some(user), received_ms)?;
                }
                let plain = PlainConcern { record, visit, user, concern, recorded_ms, received_ms };
                writing.keep_plain_concern(&plain)?;
            }
            _ => {
                touched.insert(visit);
            }
        },
        Content::Acknowledgement(acknowledgement) => writing.keep_acknowledgement(&Acknowledged {
            record,
            user,
            acknowledgement: *acknowledgement,
            recorded_ms,
            received_ms,
        })?,
        Content::NotUnderstood => {
            touched.insert(visit);
            return Ok(Verdict::StoredNotUnderstood);
        }
    }
    Ok(Verdict::Stored)
}

/// Judges one record. The same id or number with another hash is never merged and never dropped.
fn judge(writing: &Writing<'_>, place: Place, hash: Hash, sent: &SentRecord) -> Result<Judged, CouncilError> {
    if let Some(reason) = writing.aside_reason(place, hash)? {
        return Ok(Judged::AsideBefore(reason));
    }
    let held = writing.hash_at(place)?;
    if held == Some(hash) {
        return Ok(Judged::Known);
    }
    let holds_place = held.is_none();
    let set_aside = |reason| Ok(Judged::SetAside { reason, holds_place });
    if held.is_some() {
        return set_aside(reason::FORK);
    }
    if sent.envelope.0.len() + sent.body.0.len() > Limits::RECORD_BYTES {
        return set_aside(reason::TOO_LARGE);
    }
    let Ok(envelope) = Envelope::from_bytes(&sent.envelope.0) else {
        return set_aside(reason::UNREADABLE);
    };
    if place.sequence == 0
        || envelope.device != place.device
        || envelope.epoch != place.epoch
        || envelope.sequence != place.sequence
    {
        return set_aside(reason::MISPLACED);
    }
    if envelope.sequence == 1 && envelope.previous != Envelope::genesis(place.device, place.epoch) {
        return set_aside(reason::BROKEN_LINK);
    }
    if !links(writing, place, hash, &envelope)? {
        // Two histories of one device: its number stays free for the record of the history that is held.
        return Ok(Judged::SetAside { reason: reason::FORK, holds_place: false });
    }
    let Some(key) = writing.visit_key(envelope.visit)? else {
        return set_aside(reason::NO_KEY);
    };
    if key.commit(envelope.record, &sent.body.0) != envelope.commitment && !planted::is(Bug::BodyNotChecked) {
        return set_aside(reason::ALTERED_BODY);
    }
    if writing.person(envelope.actor)?.is_none() {
        return set_aside(reason::UNKNOWN_PERSON);
    }
    if writing.commitment_of(envelope.record)?.is_some_and(|before| before != envelope.commitment) {
        return set_aside(reason::RECORD_ID_CLASH);
    }
    let content = match envelope.kind {
        RecordKind::VISIT_EVENT => decode_body(&sent.body.0).map(|body| Content::Event(Box::new(body.event))),
        RecordKind::ACKNOWLEDGEMENT => {
            decode_acknowledgement(&sent.body.0).map(|signed| Content::Acknowledgement(Box::new(signed)))
        }
        _ => return Ok(Judged::Keep { envelope: Box::new(envelope), content: Content::NotUnderstood }),
    };
    match content {
        None if envelope.schema <= SCHEMA => set_aside(reason::BODY_UNREADABLE),
        content => {
            Ok(Judged::Keep { envelope: Box::new(envelope), content: content.unwrap_or(Content::NotUnderstood) })
        }
    }
}

/// Whether a record follows the one before it and is followed by the one after it, as far as those are held.
fn links(writing: &Writing<'_>, place: Place, hash: Hash, envelope: &Envelope) -> Result<bool, CouncilError> {
    let before = match place.sequence.checked_sub(1) {
        None | Some(0) => None,
        Some(sequence) => writing.hash_at(Place { sequence, ..place })?,
    };
    let after = writing.previous_at(Place { sequence: place.sequence + 1, ..place })?;
    Ok(before.is_none_or(|before| before == envelope.previous) && after.is_none_or(|previous| previous == hash))
}

/// Whether the device's end of the chain is another record than the one that is held at its number.
fn head_differs(writing: &Writing<'_>, device: &Device, request: &SyncRequest) -> Result<bool, CouncilError> {
    let place = Place { device: device.id, epoch: request.head.epoch, sequence: request.head.sequence };
    Ok(writing.hash_at(place)?.is_some_and(|held| held != request.head.hash))
}

/// Folds a visit anew. One whose start has not arrived yet is in no list.
fn fold_visit(writing: &Writing<'_>, visit: VisitId) -> Result<(), CouncilError> {
    let folded = fold(visit, &writing.facts(visit)?);
    for line in &folded.timeline {
        if let (Event::ConcernRaised(_), Some(strike)) = (&line.event, &line.struck) {
            writing.strike_concern(line.record, &strike.reason)?;
        }
    }
    writing.name_photos(&folded)?;
    if folded.opened_at.is_none() {
        return Ok(());
    }
    let (_, received_ms) = writing.received_between(visit)?;
    writing.save_visit(&folded, received_ms)?;
    keep_cases(writing, &folded, received_ms)?;
    writing.tell_of_attempt(&folded)
}

/// Opens the cases that a visit asks for, and closes those that its visitor took back.
fn keep_cases(writing: &Writing<'_>, visit: &Visit, received_ms: i64) -> Result<(), CouncilError> {
    let wanted = visit.cases();
    for opened in &wanted {
        writing.open_case(opened, visit.visit, visit.actor, received_ms)?;
    }
    let struck = |record| {
        let line = visit.timeline.iter().find(|line| line.record == record);
        line.and_then(|line| line.struck.as_ref()).map(|strike| strike.reason.clone())
    };
    for case in writing.cases_of(visit.visit)?.iter().filter(|case| case.closed_ms.is_none()) {
        let is_wanted = wanted.iter().any(|opened| (opened.kind, opened.record) == (case.kind, case.record));
        let (outcome, words) = if case.kind == CaseKind::OverdueCheckIn && visit.alone_until().is_none() {
            ("safe", "The visitor is out, or has said that they are safe.".to_owned())
        } else if let Some(reason) = struck(case.record) {
            ("taken_back", reason)
        } else if !is_wanted && case.kind.comes_from_the_visit() {
            ("taken_back", "The visit no longer says so.".to_owned())
        } else {
            continue;
        };
        writing.close_by_itself(case.id, received_ms, outcome, &words)?;
    }
    Ok(())
}
