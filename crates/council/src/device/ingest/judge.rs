//! Decides whether a record of a batch is kept, known already, or set aside.

use doorstep_domain::conduct::{Acknowledgement, Event};
use doorstep_domain::ledger::{RecordKind, SCHEMA, VisitKey, decode_acknowledgement, decode_body};
use doorstep_domain::protocol::{Limits, SetAsideReason};
use doorstep_domain::v2::AnyEnvelope;

use super::arrived::Arrived;
use super::held::HeldContext;

/// A record's content, as far as this version of the service understands it.
pub(super) enum Content {
    Event(Box<Event>),
    Acknowledgement(Box<Acknowledgement>),
    NotUnderstood,
}

impl Content {
    /// Whether it is a safeguarding note.
    pub(super) fn is_note(&self) -> bool {
        matches!(self, Self::Event(event) if matches!(**event, Event::ConcernSealed(_)))
    }
}

/// The decision about a record.
pub(super) enum Judgement<'a> {
    Keep {
        envelope: &'a AnyEnvelope,
        content: Content,
    },
    /// The same record is already held.
    Known,
    /// The same record was already set aside, for this reason.
    SetAsideBefore(String),
    SetAside {
        reason: SetAsideReason,
        /// Whether the record takes up its number in the chain. It does not where another record
        /// has that number, or where it belongs to another history of the device.
        holds_place: bool,
    },
}

/// Judges one record. A record with the id or number of another one, but a different hash, is set
/// aside: it is never merged and never dropped.
pub(super) fn judge<'a>(arrived: &'a Arrived<'_>, context: &HeldContext) -> Judgement<'a> {
    let Arrived { place, hash, bytes, body, .. } = *arrived;
    if context.is_released(place, hash) {
        return Judgement::Known;
    }
    if let Some(reason) = context.set_aside_reason(place, hash) {
        return Judgement::SetAsideBefore(reason.to_owned());
    }
    let held = context.hash_at(place.epoch, place.sequence);
    if held == Some(hash) {
        return Judgement::Known;
    }
    let holds_place = held.is_none();
    let set_aside = |reason| Judgement::SetAside { reason, holds_place };
    if held.is_some() {
        return set_aside(SetAsideReason::Fork);
    }
    if bytes.len() + body.len() > Limits::RECORD_BYTES {
        return set_aside(SetAsideReason::TooLarge);
    }
    let Some(envelope) = &arrived.envelope else {
        return set_aside(SetAsideReason::Unreadable);
    };
    if place.sequence == 0
        || envelope.enrolment != place.device
        || envelope.chain != place.epoch
        || envelope.sequence != place.sequence
    {
        return set_aside(SetAsideReason::Misplaced);
    }
    if !envelope.begins {
        return set_aside(SetAsideReason::BrokenLink);
    }
    if !links(arrived, envelope, context) {
        // The device has two histories. The number stays free for the record that fits the history
        // that is held.
        return Judgement::SetAside { reason: SetAsideReason::Fork, holds_place: false };
    }
    let Some(key) = context.key_of(envelope.visit) else {
        return set_aside(SetAsideReason::NoVisitKey);
    };
    if envelope.commit(key, body) != envelope.commitment {
        return set_aside(SetAsideReason::AlteredBody);
    }
    if !envelope.takes(body) {
        return set_aside(SetAsideReason::BodyUnreadable);
    }
    // In version 2 nobody says who acted: it is the enrolment's person.
    if envelope.actor.is_some_and(|actor| !context.knows(actor)) {
        return set_aside(SetAsideReason::UnknownPerson);
    }
    if envelope.actor.is_some_and(|actor| !context.is_theirs(actor)) {
        return set_aside(SetAsideReason::OtherPerson);
    }
    if context.commitment_of(envelope.record).is_some_and(|before| before != envelope.commitment) {
        return set_aside(SetAsideReason::RecordIdClash);
    }
    let is_known = [RecordKind::VISIT_EVENT, RecordKind::ACKNOWLEDGEMENT].contains(&envelope.kind);
    match read(envelope, body) {
        None if is_known && envelope.schema <= SCHEMA => set_aside(SetAsideReason::BodyUnreadable),
        _ if context.stands_apart() => set_aside(SetAsideReason::RevokedPhone),
        content => Judgement::Keep { envelope, content: content.unwrap_or(Content::NotUnderstood) },
    }
}

/// Whether the content of a record is not to be taken: it was erased, or belongs to a visit that
/// was. What somebody may need help for is taken all the same, if it never came before.
pub(super) fn is_content_erased(envelope: &AnyEnvelope, content: Option<&Content>, context: &HeldContext) -> bool {
    let can_wait = match content {
        Some(Content::Event(event)) => !(event.is_urgent() || matches!(**event, Event::ConcernSealed(_))),
        // A register is one visit with many signatures, of which each is erased by itself.
        Some(Content::Acknowledgement(_)) => false,
        Some(Content::NotUnderstood) | None => true,
    };
    context.is_erased(envelope.visit) && (can_wait || context.is_without_body(envelope.record))
}

/// The content of a record that was set aside, if it is what the record's visit commits to and this
/// version can read it.
pub(super) fn content_of(envelope: &AnyEnvelope, body: &[u8], key: Option<&VisitKey>) -> Option<Content> {
    key.filter(|key| envelope.commit(key, body) == envelope.commitment)?;
    read(envelope, body)
}

/// What a body says, whoever wrote it; `None` if this version can't read it.
pub(super) fn read(envelope: &AnyEnvelope, body: &[u8]) -> Option<Content> {
    match envelope.kind {
        RecordKind::VISIT_EVENT => decode_body(body).map(|body| Content::Event(Box::new(body.event))),
        RecordKind::ACKNOWLEDGEMENT => {
            decode_acknowledgement(body).map(|signed| Content::Acknowledgement(Box::new(signed)))
        }
        _ => None,
    }
}

/// Whether a record links to the records before and after it, as far as those are held.
fn links(arrived: &Arrived<'_>, envelope: &AnyEnvelope, context: &HeldContext) -> bool {
    let epoch = arrived.place.epoch;
    let before = match arrived.place.sequence {
        0 | 1 => None,
        sequence => context.hash_at(epoch, sequence - 1),
    };
    let after = arrived.place.sequence.checked_add(1).and_then(|next| context.previous_at(epoch, next));
    before.is_none_or(|before| before == envelope.previous) && after.is_none_or(|previous| previous == arrived.hash)
}
