//! Storing a device's batch. Each record is judged by itself, and all of them are stored in one
//! transaction. A truthful record is never rejected because a rule was broken: it is stored, and
//! the breach shows.

mod first;
mod held;
mod judge;
mod project;
mod second;

use std::collections::BTreeSet;

use doorstep_domain::conduct::{CaseKind, CaseOpened, Event};
use doorstep_domain::ledger::{Epoch, VisitKey};
use doorstep_domain::protocol::SetAsideReason;
use doorstep_domain::v2::AnyEnvelope;
use doorstep_domain::{OrganisationId, StableName, UserId, VisitId};

use self::held::{Arrived, HeldContext};
use self::judge::{Content, Judgement, judge};
use crate::error::CouncilError;
use crate::storage::{Acknowledged, Device, NewRecord, PlainConcern, SealedConcern, SetAside, Writing};

pub(super) use self::first::ingest as ingest_first;
pub(super) use self::second::{Ingested, Signer, ingest as ingest_second};

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
    writing.keep_visit_keys(keys.iter().cloned())?;
    let mut context = HeldContext::of(writing, device, arrived)?;
    let mut taken = BatchWrites::default();
    let outcomes = arrived.iter().map(|record| taken.take(record, &mut context)).collect();
    let touched = taken.keep(writing, device)?;
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
    contents: Vec<(&'a AnyEnvelope, Content, i64)>,
    set_aside: Vec<SetAside<'a>>,
    forked: BTreeSet<Epoch>,
}

impl<'a> BatchWrites<'a> {
    /// Judges one record, and notes what is to be written.
    fn take(&mut self, arrived: &'a Arrived<'a>, context: &mut HeldContext) -> Outcome {
        let Arrived { place, hash, bytes, body, received_ms, .. } = *arrived;
        match judge(arrived, context) {
            Judgement::Known => Outcome::Known,
            Judgement::SetAsideBefore(reason) => Outcome::SetAside(reason),
            Judgement::Keep { envelope, content } => {
                let outcome = match content {
                    Content::NotUnderstood => Outcome::NotUnderstood,
                    Content::Event(_) | Content::Acknowledgement(_) => Outcome::Stored,
                };
                context.keep(place, hash, envelope);
                self.records.push(NewRecord { place, hash, envelope, bytes, body, received_ms });
                self.contents.push((envelope, content, received_ms));
                outcome
            }
            Judgement::SetAside { reason, holds_place } => {
                context.set_aside(place, hash, reason.name(), holds_place);
                let reason_name = reason.name();
                self.set_aside.push(SetAside {
                    place,
                    hash,
                    reason: reason_name,
                    holds_place,
                    envelope: bytes,
                    body,
                    received_ms,
                });
                if reason == SetAsideReason::Fork {
                    self.forked.insert(place.epoch);
                }
                Outcome::SetAside(reason_name.to_owned())
            }
        }
    }

    /// Writes everything. Returns the visits that must be folded again.
    fn keep(self, writing: &Writing<'_>, device: &Device) -> Result<BTreeSet<VisitId>, CouncilError> {
        writing.keep_records(&self.records)?;
        writing.keep_set_aside(&self.set_aside)?;
        for epoch in self.forked {
            writing.mark_forked(device.id, epoch)?;
        }
        let mut touched = BTreeSet::new();
        for (envelope, content, received_ms) in self.contents {
            if keep_content(writing, device, envelope, content, received_ms)? {
                touched.insert(envelope.visit);
            }
        }
        Ok(touched)
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
    received_ms: i64,
) -> Result<bool, CouncilError> {
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
                if let Some(kind) = CaseKind::of_concern(&concern) {
                    let opened = CaseOpened { kind, record, opened_at: concern.noticed_at };
                    writing.open_case(&opened, visit, Some(user), received_ms)?;
                }
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
