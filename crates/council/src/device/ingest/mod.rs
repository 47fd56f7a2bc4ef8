//! Storing a device's batch. Each record is judged by itself, and all of them are stored in one
//! transaction. A truthful record is never rejected because a rule was broken: it is stored, and
//! the breach shows.

mod again;
mod arrived;
mod cases;
mod earliest;
mod first;
mod held;
mod judge;
mod project;
mod second;

use std::collections::BTreeSet;

use doorstep_domain::conduct::Event;
use doorstep_domain::ledger::{Epoch, Hash, VisitKey};
use doorstep_domain::protocol::SetAsideReason;
use doorstep_domain::v2::AnyEnvelope;
use doorstep_domain::{OrganisationId, RecordId, StableName, UserId, VisitId};

use self::arrived::{Arrived, Times};
use self::cases::{Cases, Said};
use self::held::HeldContext;
use self::judge::{Content, Judgement, is_content_erased, judge};
use crate::error::CouncilError;
use crate::storage::{Acknowledged, Device, NewRecord, Place, PlainConcern, SealedConcern, SetAside, Writing};

pub(crate) use self::again::{can_be_released, judge_again, release};
pub(super) use self::first::ingest as ingest_first;
pub(super) use self::second::{Ingested, ingest as ingest_second};
pub(crate) use self::second::{Signer, receipt_released};

/// How many chains of a phone are noted of which the council has nothing but the phone's word.
const MOST_ONLY_SAID: usize = 200;

/// What was done with a record.
enum Outcome {
    /// The same record is already held.
    Known,
    /// It was stored.
    Stored,
    /// It was stored, and this version can't read it.
    NotUnderstood,
    /// It was set aside for this reason, now or when it came before.
    SetAside(String),
    /// It stands apart, now or since it came before, because its phone is revoked. The phone gets
    /// the receipt of a record that was taken: it has to give up its keys once all is here.
    Apart,
}

impl Outcome {
    fn set_aside(reason: &str) -> Self {
        if reason == SetAsideReason::RevokedPhone.name() { Self::Apart } else { Self::SetAside(reason.to_owned()) }
    }
}

/// Stores the records of a batch and the keys of its visits. Gives what was done with each, in
/// their order.
fn store(
    writing: &Writing<'_>,
    device: &Device,
    arrived: &[Arrived<'_>],
    keys: &[(VisitId, VisitKey)],
    now_ms: i64,
) -> Result<Vec<Outcome>, CouncilError> {
    let epochs: BTreeSet<Epoch> = arrived.iter().map(|record| record.place.epoch).collect();
    for epoch in &epochs {
        writing.note_chain(device.id, *epoch, now_ms)?;
    }
    let mut context = HeldContext::of(writing, device, arrived, keys)?;
    let mut taken = BatchWrites::default();
    let outcomes = arrived.iter().map(|record| taken.take(record, &mut context)).collect();
    let needed = keys.iter().filter(|(visit, _)| !context.is_erased(*visit) || taken.late.contains(visit));
    writing.keep_visit_keys(needed.cloned())?;
    let touched = taken.keep(writing, device, now_ms)?;
    for epoch in epochs {
        writing.advance(device.id, epoch)?;
    }
    project::fold_visits(writing, device, &touched)?;
    Ok(outcomes)
}

/// What is to be written for a batch.
#[derive(Default)]
struct BatchWrites<'a> {
    records: Vec<NewRecord<'a>>,
    contents: Vec<(&'a AnyEnvelope, Content, Times)>,
    set_aside: Vec<SetAside<'a>>,
    forked: BTreeSet<Epoch>,
    /// Records of erased visits that are set aside without their content.
    erased: Vec<(Place, Hash)>,
    /// Erased visits of which something came that is kept.
    late: BTreeSet<VisitId>,
    /// Chains that their phone calls a note's, and that have something else.
    no_notes: BTreeSet<Epoch>,
}

impl<'a> BatchWrites<'a> {
    /// Judges one record, and notes what is to be written.
    fn take(&mut self, arrived: &'a Arrived<'a>, context: &mut HeldContext) -> Outcome {
        let Arrived { place, hash, bytes, body, received_ms, .. } = *arrived;
        let earliest_ms = context.earliest_ms(arrived);
        match judge(arrived, context) {
            Judgement::Known => Outcome::Known,
            Judgement::SetAsideBefore(reason) => Outcome::set_aside(&reason),
            Judgement::Keep { envelope, content } => {
                let outcome = match content {
                    Content::NotUnderstood => Outcome::NotUnderstood,
                    Content::Event(_) | Content::Acknowledgement(_) => Outcome::Stored,
                };
                context.keep(place, hash, envelope);
                let of_note = match &content {
                    Content::NotUnderstood => context.is_of_note(place.epoch),
                    // What a record says is believed before what its phone says that its chain is.
                    read => {
                        let is_note = read.is_note();
                        if !is_note && context.is_no_note(place.epoch) {
                            self.no_notes.insert(place.epoch);
                        }
                        is_note
                    }
                };
                let is_erased = is_content_erased(envelope, Some(&content), context);
                let body = (!is_erased).then_some(body);
                self.records.push(NewRecord { place, hash, envelope, bytes, body, received_ms, earliest_ms, of_note });
                if !is_erased {
                    self.note_late(envelope.visit, context);
                    self.contents.push((envelope, content, Times { received_ms, earliest_ms: Some(earliest_ms) }));
                }
                outcome
            }
            Judgement::SetAside { reason, holds_place } => {
                context.set_aside(place, hash, reason.name(), holds_place);
                let reason_name = reason.name();
                let mut body = body;
                if let Some(envelope) = &arrived.envelope {
                    let content = judge::read(envelope, body);
                    if content.as_ref().is_some_and(|read| !read.is_note()) && context.is_no_note(place.epoch) {
                        self.no_notes.insert(place.epoch);
                    }
                    if is_content_erased(envelope, content.as_ref(), context) {
                        body = &[];
                        self.erased.push((place, hash));
                    } else {
                        self.note_late(envelope.visit, context);
                    }
                }
                self.set_aside.push(SetAside {
                    place,
                    hash,
                    reason: reason_name,
                    holds_place,
                    envelope: bytes,
                    body,
                    received_ms,
                    earliest_ms,
                    alone_until_ms: alone_until_ms(arrived, earliest_ms),
                });
                if reason == SetAsideReason::Fork {
                    self.forked.insert(place.epoch);
                }
                Outcome::set_aside(reason_name)
            }
        }
    }

    /// Notes that something of an erased visit is kept.
    fn note_late(&mut self, visit: VisitId, context: &HeldContext) {
        if context.is_erased(visit) {
            self.late.insert(visit);
        }
    }

    /// Writes everything. Returns the visits that must be folded again.
    fn keep(self, writing: &Writing<'_>, device: &Device, now_ms: i64) -> Result<BTreeSet<VisitId>, CouncilError> {
        writing.keep_records(&self.records)?;
        let kept: Vec<RecordId> = self.records.iter().map(|record| record.envelope.record).collect();
        writing.rest_taken(&kept, now_ms)?;
        writing.keep_set_aside(&self.set_aside)?;
        for (place, hash) in self.erased {
            writing.put_emptied_to_rest(place, hash)?;
        }
        for epoch in self.forked {
            writing.mark_forked(device.id, epoch)?;
        }
        for epoch in self.no_notes {
            writing.is_no_note(device.id, epoch)?;
        }
        let mut touched = BTreeSet::new();
        let mut cases = Cases::of_phone(writing, device, now_ms)?;
        for (envelope, content, times) in self.contents {
            if keep_content(writing, device, envelope, content, (times, &mut cases))? {
                touched.insert(envelope.visit);
            }
        }
        for record in &self.set_aside {
            keep_urgent(writing, device, record, &mut cases)?;
        }
        Ok(touched)
    }
}

/// Not before which moment somebody should be out who says in this record that they work alone, in
/// UTC milliseconds: as they said, or as long after the earliest moment at which they can have said
/// it.
fn alone_until_ms(arrived: &Arrived<'_>, earliest_ms: i64) -> Option<i64> {
    let envelope = arrived.envelope.as_ref()?;
    let Some(Content::Event(event)) = judge::read(envelope, arrived.body) else { return None };
    let Event::LoneWorking(lone) = *event else { return None };
    let until_ms = lone.expected_end.timestamp_millis();
    let reckoned_ms = earliest_ms.saturating_add(until_ms.saturating_sub(envelope.recorded_at_ms));
    Some(until_ms.min(reckoned_ms))
}

/// Sees to what can't wait of a record that is set aside: the case that it would open and the note
/// that it is, not confirmed who said it, and its photos. Its phone's key signed what was sent.
fn keep_urgent(
    writing: &Writing<'_>,
    device: &Device,
    aside: &SetAside<'_>,
    cases: &mut Cases,
) -> Result<(), CouncilError> {
    let Some(envelope) = AnyEnvelope::from_bytes(aside.envelope) else { return Ok(()) };
    let Some(Content::Event(event)) = judge::read(&envelope, aside.body) else { return Ok(()) };
    let AnyEnvelope { record, visit, recorded_at_ms: recorded_ms, .. } = envelope;
    let received_ms = aside.received_ms;
    match *event {
        Event::ConcernSealed(_) => {
            writing.keep_sealed_concern(&SealedConcern { record, visit, recorded_ms, received_ms })
        }
        Event::ConcernRaised(concern) => {
            let times = Times { received_ms, earliest_ms: Some(aside.earliest_ms) };
            let said =
                Said { concern: &concern, record, visit, user: device.user, recorded_ms, times, is_confirmed: false };
            cases.open(writing, &said)
        }
        Event::PhotoTaken(photo) => writing.name_photo_aside(visit, &photo, device),
        _ => Ok(()),
    }
}

/// Whose what somebody said is: the enrolment's organisation or, for somebody who had the same
/// phone before, the one that they are in.
fn organisation_of(writing: &Writing<'_>, device: &Device, user: UserId) -> Result<OrganisationId, CouncilError> {
    if user == device.user {
        return Ok(device.organisation);
    }
    let person = writing.person(user)?.ok_or(CouncilError::Unreadable("person"))?;
    Ok(person.organisation.id)
}

/// Writes a record's content to the tables that lists read. Returns whether its visit must be
/// folded again.
fn keep_content(
    writing: &Writing<'_>,
    device: &Device,
    envelope: &AnyEnvelope,
    content: Content,
    (times, cases): (Times, &mut Cases),
) -> Result<bool, CouncilError> {
    let received_ms = times.received_ms;
    let AnyEnvelope { record, visit, recorded_at_ms: recorded_ms, .. } = *envelope;
    let user = envelope.actor.unwrap_or(device.user);
    let organisation = organisation_of(writing, device, user)?;
    match content {
        Content::Event(event) => match *event {
            Event::ConcernSealed(_) => {
                writing.keep_sealed_concern(&SealedConcern { record, visit, recorded_ms, received_ms })?;
                return Ok(false);
            }
            Event::ConcernRaised(concern) => {
                let said = Said { concern: &concern, record, visit, user, recorded_ms, times, is_confirmed: true };
                cases.open(writing, &said)?;
                let plain = PlainConcern {
                    record,
                    visit,
                    user,
                    organisation_id: organisation,
                    concern,
                    recorded_ms,
                    received_ms,
                };
                writing.keep_plain_concern(&plain)?;
            }
            _ => {}
        },
        Content::Acknowledgement(acknowledgement) => {
            let acknowledgement = *acknowledgement;
            writing.keep_acknowledgement(&Acknowledged {
                organisation_id: organisation,
                record,
                user,
                acknowledgement,
                recorded_ms,
                received_ms,
            })?;
            return Ok(false);
        }
        Content::NotUnderstood => {}
    }
    Ok(true)
}
