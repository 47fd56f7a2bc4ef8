//! What a device does with the council's answer, in one transaction.

use std::collections::BTreeSet;

use doorstep_domain::conduct::{Appointment, CouncilNumbers, PublishedCode};
use doorstep_domain::ledger::{Epoch, Hash, PublicKey};
use doorstep_domain::protocol::{NoAnswer, SetAsideReason, decode};
use doorstep_domain::v2::{
    Changes, FRESH_MS, Given, Link, MOST_LOST, Mark, Receipt, ReceiptVerdict, Standing, SyncAnswer, version_hash,
};
use doorstep_domain::{DeviceId, StableName};

use super::request::Sent;
use crate::environment::Environment;
use crate::error::AppError;
use crate::store::{CouncilContact, Enrolment, SecondVersion, StoreError, Writing};
use crate::sync::round::{CouncilKeys, Round};

/// Stores what an answer changes.
pub(super) fn apply(
    writing: &Writing<'_>,
    environment: &Environment,
    sent: &Sent,
    answer: &SyncAnswer,
) -> Result<Round, AppError> {
    let council = CouncilKeys::of(&sent.enrolment)?.and(answer.council_keys.as_deref());
    let is_another_epoch = answer.council_epoch != sent.enrolment.council_epoch;
    let receipts = take_receipts(writing, &council, sent, answer)?;
    for place in &answer.unfit {
        let run = usize::try_from(*place).ok().and_then(|place| sent.runs.get(place));
        for record in run.into_iter().flatten() {
            writing.send_whole(record)?;
        }
    }
    let lost = send_again(writing, sent, answer, &receipts)?;
    let device = sent.enrolment.device;
    let sealed = answer.seal_mark.map(|mark| writing.seals_received(device, &mark)).transpose()?.unwrap_or(0);
    let has_forgotten = !is_another_epoch && has_forgotten(writing, device, answer)?;
    if is_another_epoch || has_forgotten {
        send_seals_again(writing, device, answer)?;
        writing.forget_unopened_sent()?;
    }
    let forked = begin_anew(writing, environment, sent, answer, &receipts)?;
    let set_aside = receipts.iter().filter(|receipt| receipt.verdict == ReceiptVerdict::SET_ASIDE).count();
    let moved = !receipts.is_empty() || !answer.unfit.is_empty() || lost > 0 || forked || sealed > 0;
    let waits = writing.any_waits_of(device)? || !writing.unsealed(device, 1)?.is_empty();
    let mut round = Round { received: receipts.len() - set_aside, set_aside, changes: 0, more: waits && moved };
    // An earlier enrolment only sends what it left.
    let Some(mut enrolment) = writing.enrolment()?.filter(|current| current.device == device) else {
        return Ok(round);
    };
    // A file that was mended while the council answered asks for everything again.
    let asks_from = Some(enrolment.cursor).filter(|cursor| *cursor != sent.enrolment.cursor);
    if is_another_epoch {
        writing.offer_photos_again()?;
    }
    let is_first_page = writing.asked()?.after.is_none();
    note_asked(writing, sent, answer, is_another_epoch || has_forgotten)?;
    let changes = match &answer.changes {
        Some(changes) => take_changes(writing, &council, &mut enrolment, changes)?,
        None => 0,
    };
    enrolment.cursor = asks_from.unwrap_or(enrolment.cursor);
    if is_another_epoch && (answer.changes.is_none() || !writing.shows_all()) {
        // Everything is given again: with a later answer, or to whoever unlocks the device.
        enrolment.cursor = 0;
    }
    let contact = CouncilContact {
        council_epoch: answer.council_epoch,
        at_ms: answer.council_time_ms,
        reckoned_ms: sent.request.reckoned_ms,
        mark_ms: answer.backup_mark_ms,
        has_lost: has_forgotten,
    };
    writing.note_contact(sent.enrolment.council_epoch, &contact)?;
    if let Some(told) = sent.request.forgotten {
        writing.told_of_forgotten(told)?;
    }
    writing.erase(answer.erased.as_deref().unwrap_or_default())?;
    let lost_photos = answer.lost_photos.as_deref().unwrap_or_default();
    lost_photos.iter().try_for_each(|photo| writing.offer_photo_again(*photo))?;
    if !sent.request.chains.is_empty() {
        writing.note_asks_for_more(lost_photos.len() >= MOST_LOST, is_first_page)?;
    }
    take_keys(&mut enrolment, &council, answer);
    let now = environment.clock.now();
    enrolment.council_epoch = answer.council_epoch;
    enrolment.last_contact_ms = answer.council_time_ms;
    enrolment.last_contact_device_ms = now.unix_ms;
    enrolment.last_contact_running = Some((now.monotonic_ms, now.boot));
    enrolment.revoked = answer.standing == Standing::REVOKED;
    writing.set_enrolment(&enrolment)?;

    let was_stale = sent.request.reckoned_ms.is_none_or(|said| said.abs_diff(answer.council_time_ms) > FRESH_MS);
    let more_changes = match &answer.changes {
        Some(changes) => changes.more,
        None => was_stale,
    };
    round.changes = changes;
    if !writing.shows_all() {
        let asks_on = (moved || sent.records() == 0) && asks_on(writing)?;
        round.more |= asks_on;
        return Ok(round);
    }
    let asks_on = (moved || sent.records() == 0) && asks_on(writing)?;
    round.more |= more_changes || is_another_epoch || asks_on || asks_from.is_some();
    Ok(round)
}

/// Takes the council's keys from an answer that a known one of them has signed, with the
/// certificate by the one that signs from now on. Without that certificate the device goes on with
/// the former key, and is told of them again.
fn take_keys(enrolment: &mut Enrolment, council: &CouncilKeys, answer: &SyncAnswer) {
    let (Some(keys), Some(certificate)) = (&answer.council_keys, &answer.certificate) else { return };
    let [current, former @ ..] = keys.as_slice() else { return };
    let said = council.open(|key| certificate.open(key));
    let is_mine = said.is_ok_and(|said| {
        (said.council, said.enrolment, said.signed_by) == (answer.council, enrolment.device, current.fingerprint())
    });
    if !is_mine {
        return;
    }
    enrolment.council_key = key_text(current);
    enrolment.former_council_keys = former.iter().map(key_text).collect();
    enrolment.second = Some(SecondVersion::new(answer.council, certificate));
}

fn key_text(key: &PublicKey) -> String {
    data_encoding::HEXLOWER.encode(key.as_bytes())
}

/// Whether the council lacks a seal that it said it held, although it says nothing of a restore: it
/// was put back from a copy, and does not know.
fn has_forgotten(writing: &Writing<'_>, device: DeviceId, answer: &SyncAnswer) -> Result<bool, StoreError> {
    let Some(mine) = writing.seal_state(device)? else { return Ok(false) };
    let held = match answer.seal_mark {
        Some(mark) if mark.epoch != mine.epoch => return Ok(false),
        Some(mark) => mark.number,
        None => 0,
    };
    writing.is_seal_received(mine.epoch, held + 1)
}

/// After a restore of the council: makes the seals wait again that it does not hold any more.
fn send_seals_again(writing: &Writing<'_>, device: DeviceId, answer: &SyncAnswer) -> Result<(), StoreError> {
    let Some(mine) = writing.seal_state(device)? else { return Ok(()) };
    let held = answer.seal_mark.filter(|mark| mark.epoch == mine.epoch).map_or(0, |mark| mark.number);
    writing.send_seals_again(mine.epoch, held)
}

/// Keeps the receipts in an answer, and gives them. Those that are there must all be the council's.
fn take_receipts(
    writing: &Writing<'_>,
    council: &CouncilKeys,
    sent: &Sent,
    answer: &SyncAnswer,
) -> Result<Vec<Receipt>, AppError> {
    let not_the_council = |_| AppError::NoAnswer(NoAnswer::NotTheCouncil);
    let unfit: BTreeSet<usize> = answer.unfit.iter().filter_map(|place| usize::try_from(*place).ok()).collect();
    let runs = sent.runs.iter().enumerate().filter(|(place, _)| !unfit.contains(place)).flat_map(|(_, run)| run);
    let mine: Vec<Link> = runs.chain(&sent.whole).copied().collect();
    let asked = sent.request.set_aside.as_deref().unwrap_or_default();
    let is_wanted = |receipt: &&Receipt| mine.contains(&receipt.record) || asked.contains(&receipt.record);
    let mut receipts = Vec::new();
    for receipt in answer.earlier.iter().filter(is_wanted) {
        let said = council.open(|key| receipt.open(key)).map_err(not_the_council)?;
        if said.enrolment == sent.enrolment.device {
            writing.keep_receipt_alone(said.at_ms, receipt)?;
            receipts.push(receipt.clone());
        }
    }
    let earlier: BTreeSet<Hash> = answer.earlier.iter().map(|receipt| receipt.record.hash).collect();
    let new: Vec<Link> = mine.into_iter().filter(|record| !earlier.contains(&record.hash)).collect();
    if let Some(batch) = &answer.receipts {
        let opened = council.open(|key| batch.open(key, &new)).map_err(not_the_council)?;
        let is_mine =
            council.open(|key| batch.root.open(key)).is_ok_and(|root| root.enrolment == sent.enrolment.device);
        if !is_mine {
            return Err(AppError::NoAnswer(NoAnswer::NotTheCouncil));
        }
        writing.keep_receipts(answer.council_time_ms, &batch.root, &opened)?;
        receipts.extend(opened);
    }
    Ok(receipts)
}

/// Makes records wait again that the council does not hold, although the device believed so. Gives
/// how many.
fn send_again(
    writing: &Writing<'_>,
    sent: &Sent,
    answer: &SyncAnswer,
    receipts: &[Receipt],
) -> Result<usize, StoreError> {
    let answered: BTreeSet<(Epoch, u64)> =
        receipts.iter().map(|receipt| (receipt.record.chain, receipt.record.sequence)).collect();
    let named: BTreeSet<Epoch> = named(sent);
    let mut lost = 0;
    for mark in answer.marks.iter().filter(|mark| named.contains(&mark.chain)) {
        for sequence in writing.believed_sent(mark.chain, mark.sequence)? {
            if !holds(mark, sequence) && !answered.contains(&(mark.chain, sequence)) {
                writing.mark_waiting(mark.chain, sequence)?;
                lost += 1;
            }
        }
    }
    Ok(lost)
}

/// The chains that the request names.
fn named(sent: &Sent) -> BTreeSet<Epoch> {
    let heads = sent.request.heads.iter().map(|claim| claim.head.chain);
    heads.chain(sent.request.chains.iter().copied()).collect()
}

fn holds(mark: &Mark, sequence: u64) -> bool {
    sequence <= mark.sequence || mark.above.iter().any(|(first, last)| (*first..=*last).contains(&sequence))
}

/// Where two phones use this enrolment, or this one was put back from a copy: begins a new chain of
/// seals, and goes on in new chains where the council has other records than this phone. Gives
/// whether it did.
fn begin_anew(
    writing: &Writing<'_>,
    environment: &Environment,
    sent: &Sent,
    answer: &SyncAnswer,
    receipts: &[Receipt],
) -> Result<bool, AppError> {
    let state = writing.seal_state(sent.enrolment.device)?;
    let beyond = state.zip(answer.seal_mark).is_some_and(|(mine, mark)| {
        mine.epoch == mark.epoch
            && (mark.number > mine.number || (mark.number == mine.number && mine.root != Some(mark.root)))
    });
    let is_another = answer.standing == Standing::TWO_PHONES || beyond;
    if is_another {
        writing.begin_seals(environment, sent.enrolment.device)?;
        writing.close_chains()?;
    }
    let fork = SetAsideReason::Fork.name();
    let forked = receipts
        .iter()
        .filter(|receipt| receipt.verdict == ReceiptVerdict::SET_ASIDE && receipt.reason.as_deref() == Some(fork));
    let mut chains: BTreeSet<Epoch> = forked.map(|receipt| receipt.record.chain).collect();
    for claim in &sent.request.heads {
        let mark = answer.marks.iter().find(|mark| mark.chain == claim.head.chain);
        let has_more = mark.is_some_and(|mark| {
            mark.sequence > claim.head.sequence || mark.above.iter().any(|(_, last)| *last > claim.head.sequence)
        });
        if has_more {
            chains.insert(claim.head.chain);
        }
    }
    let begun = is_another || !chains.is_empty();
    for chain in chains {
        if let Some(chain) = writing.visit_chain(chain)? {
            writing.go_on(environment, &sent.enrolment, &chain)?;
        }
    }
    Ok(begun)
}

/// Notes which chains were asked about. After a restore of the council, all are asked about again.
fn note_asked(writing: &Writing<'_>, sent: &Sent, answer: &SyncAnswer, has_lost: bool) -> Result<(), StoreError> {
    if has_lost {
        return writing.ask_anew();
    }
    let mut asked = writing.asked()?;
    match sent.request.chains.last() {
        // A request with records asks about no other chains.
        None if sent.records() > 0 => return Ok(()),
        Some(last) => {
            if asked.after.is_none() {
                asked.begun_ms = Some(answer.council_time_ms);
            }
            asked.after = Some(*last);
            asked.done_ms = None;
        }
        None if asked.after.is_some() || asked.done_ms.is_none() => {
            // One that was broken off for days, or came back with an old copy of the phone, is as
            // old as its beginning, and is asked again.
            asked.done_ms = match asked.after.take() {
                Some(_) => asked.begun_ms.take(),
                None => Some(answer.council_time_ms),
            };
        }
        None => return Ok(()),
    }
    writing.set_asked(&asked)
}

/// Whether there are more chains to ask about.
fn asks_on(writing: &Writing<'_>) -> Result<bool, StoreError> {
    let asked = writing.asked()?;
    Ok(asked.after.is_some() || asked.done_ms.is_none())
}

/// Stores what is new for the device, and gives how many appointments changed. An appointment
/// without the council's own word for it is passed over.
fn take_changes(
    writing: &Writing<'_>,
    council: &CouncilKeys,
    enrolment: &mut Enrolment,
    changes: &Changes,
) -> Result<usize, StoreError> {
    // A locked device keeps no appointments: the same changes come again when it is unlocked.
    let is_kept = writing.shows_all();
    if is_kept {
        if changes.snapshot {
            writing.withdraw_all_appointments()?;
        }
        for given in &changes.given {
            if let Some(appointment) = given_appointment(given, council, enrolment) {
                writing.keep_appointment(&appointment, Some(&given.grant))?;
            }
        }
        for reference in &changes.withdrawn {
            writing.withdraw_appointment(reference)?;
        }
    }
    // Text that can't be a Code, and numbers that contradict each other, are passed over: the
    // device keeps those that it has.
    let code = changes.code.as_ref().and_then(|bytes| decode::<PublishedCode>(&bytes.0).ok());
    if let Some(code) = code.filter(|code| code.sections().is_ok()) {
        writing.set_code(&code)?;
    }
    let numbers = changes.numbers.as_ref().and_then(|bytes| decode::<CouncilNumbers>(&bytes.0).ok());
    if let Some(numbers) = numbers.filter(|numbers| numbers.check().is_ok()) {
        writing.set_numbers(&numbers)?;
    }
    enrolment.safeguarding_keys.clone_from(&changes.safeguarding_keys);
    enrolment.recovery_key.clone_from(&changes.recovery_key);
    if !is_kept {
        return Ok(0);
    }
    enrolment.cursor = changes.cursor;
    Ok(changes.given.len() + changes.withdrawn.len())
}

fn given_appointment(given: &Given, council: &CouncilKeys, enrolment: &Enrolment) -> Option<Appointment> {
    let said = council.open(|key| given.grant.open(key)).ok()?;
    let appointment: Appointment = decode(&given.appointment.0).ok()?;
    let council_id = enrolment.second.as_ref().map(|second| second.council);
    let fits = said.enrolment == enrolment.device
        && Some(said.council) == council_id
        && said.reference == appointment.reference
        && said.given == version_hash(&given.salt, &given.appointment.0);
    fits.then_some(appointment)
}
