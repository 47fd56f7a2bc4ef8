//! One round of a sync in version 1: reads what waits, sends a request, checks the answer, plans
//! and applies it.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use doorstep_domain::ledger::{Epoch, PublicKey, SigningKey};
use doorstep_domain::protocol::{
    Bytes, HeadClaim, KeyOfVisit, PROTOCOL, Pulled, Purpose, SentRecord, Signed, SyncAnswer, SyncRequest, encode,
};

use super::Contact;
use super::enrolled::enrolled;
use super::judge::judge;
use super::plan::{Held, Plan, plan};
use crate::environment::Environment;
use crate::error::AppError;
use crate::store::{CouncilContact, Enrolment, Store, StoreError, StoredRecord};

/// The result of one round.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Round {
    pub(crate) received: usize,
    pub(crate) set_aside: usize,
    pub(crate) changes: usize,
    /// Whether there is something to do for another round.
    pub(crate) more: bool,
}

/// What is read from the store before a request.
struct Before {
    enrolment: Enrolment,
    batch: Vec<StoredRecord>,
    request: SyncRequest,
}

impl Round {
    /// Both rounds as one.
    pub(super) fn and(self, other: Self) -> Self {
        Self {
            received: self.received + other.received,
            set_aside: self.set_aside + other.set_aside,
            changes: self.changes + other.changes,
            more: self.more || other.more,
        }
    }

    /// Sends one batch of records of version 1, checks the answer, and stores what it changes.
    pub(super) fn first(contact: &Contact<'_>) -> Result<Self, AppError> {
        let Contact { store, environment, council, key } = *contact;
        let before = Before::read(store, environment, key)?;
        let council_keys = CouncilKeys::of(&before.enrolment)?;
        let request = encode(&Signed::new(Purpose::SyncRequest, &before.request, key));
        let bytes = council.sync(&request).map_err(AppError::NoAnswer)?;
        let nonce = &before.request.nonce.0;
        let device = before.enrolment.device;
        let answer = council_keys.open(|key| judge(&bytes, key, device, nonce)).map_err(AppError::NoAnswer)?;
        store.transact(environment, |writing| {
            let held = before.held(writing, &answer)?;
            let plan = plan(&answer, &held);
            apply(writing, environment, &before.enrolment, &answer, &bytes, &plan)
        })
    }
}

impl Before {
    fn read(store: &Store, environment: &Environment, key: &SigningKey) -> Result<Self, AppError> {
        store.transact(environment, |writing| {
            let enrolment = enrolled(writing)?;
            let batch = writing.waiting(1)?;
            if !batch.is_empty() {
                writing.seal(enrolment.device, key)?;
            }
            let head = writing.head(enrolment.device)?.chain;
            // One that is lost, with a part of the journal, keeps nothing from being sent: the
            // council has it then, or sets aside what it can't check.
            let mut visit_keys = BTreeMap::new();
            let mut seals = Vec::new();
            let mut sequences: BTreeMap<Epoch, BTreeSet<u64>> = BTreeMap::new();
            for record in &batch {
                if let (Entry::Vacant(unknown), Some(key)) =
                    (visit_keys.entry(record.visit), writing.visit_key(record.visit)?)
                {
                    unknown.insert(key);
                }
                sequences.entry(record.epoch).or_default().insert(record.sequence);
            }
            for (epoch, sequences) in sequences {
                seals.extend(writing.seals_of(epoch, &sequences)?);
            }
            let request = SyncRequest {
                protocol: PROTOCOL,
                device: enrolment.device,
                nonce: Bytes(environment.random::<16>().to_vec()),
                council_epoch: enrolment.council_epoch,
                cursor: enrolment.cursor,
                code: writing.code()?.map(|code| code.hash()),
                numbers: writing.numbers_held()?.map(|numbers| numbers.hash()),
                head: HeadClaim { epoch: head.epoch, sequence: head.sequence, hash: head.hash },
                visit_keys: visit_keys
                    .into_iter()
                    .map(|(visit, key)| KeyOfVisit { visit, key: Bytes(key.as_bytes().to_vec()) })
                    .collect(),
                records: batch
                    .iter()
                    .map(|record| SentRecord {
                        epoch: record.epoch,
                        sequence: record.sequence,
                        envelope: Bytes(record.envelope.clone()),
                        body: Bytes(record.body.clone()),
                    })
                    .collect(),
                seals,
            };
            Ok(Self { enrolment, batch, request })
        })
    }

    /// What the device holds, as far as the answer is about it. Records below the council's mark
    /// are with the council, and are not read: on an old phone that is nearly all of them.
    fn held(&self, reading: &crate::store::Reading<'_>, answer: &SyncAnswer) -> Result<Held, StoreError> {
        let sent = self.batch.iter().map(|record| ((record.epoch, record.sequence), record.hash)).collect();
        let mut believed = BTreeMap::new();
        for epoch in reading.epochs()? {
            // The council gives marks for this device's own epochs alone.
            if reading.device_of(epoch)? != Some(self.enrolment.device) {
                continue;
            }
            let marks = answer.high_water.iter().filter(|mark| mark.epoch == epoch);
            let mark = marks.map(|mark| mark.sequence).max().unwrap_or(0);
            believed.insert(epoch, reading.believed_sent(epoch, mark)?);
        }
        let head = (self.request.head.epoch, self.request.head.sequence);
        Ok(Held { sent, believed, council_epoch: self.enrolment.council_epoch, head })
    }
}

/// The keys by which a device checks the council's word.
pub(super) struct CouncilKeys {
    /// The one that signs.
    current: PublicKey,
    others: Vec<PublicKey>,
}

impl CouncilKeys {
    /// Those that the device knows.
    pub(super) fn of(enrolment: &Enrolment) -> Result<Self, AppError> {
        let key = |text: &String| {
            let bytes = data_encoding::HEXLOWER.decode(text.as_bytes()).ok();
            let key = bytes.and_then(|bytes| PublicKey::from_slice(&bytes).ok());
            key.ok_or(StoreError::Unreadable("council key"))
        };
        let others = enrolment.former_council_keys.iter().map(key).collect::<Result<_, _>>()?;
        Ok(Self { current: key(&enrolment.council_key)?, others })
    }

    /// With those that an answer tells of, which one of these has signed.
    pub(super) fn and(mut self, told: Option<&[PublicKey]>) -> Self {
        self.others.extend_from_slice(told.unwrap_or_default());
        self
    }

    /// Opens what the council has signed, by whichever of its keys. The error is that of the key
    /// that signs.
    pub(super) fn open<T, E>(&self, open: impl Fn(&PublicKey) -> Result<T, E>) -> Result<T, E> {
        open(&self.current).or_else(|error| self.others.iter().find_map(|key| open(key).ok()).ok_or(error))
    }
}

/// Applies a plan, and the changes in the answer. The cursor and the changes are stored in the same
/// transaction.
fn apply(
    writing: &crate::store::Writing<'_>,
    environment: &Environment,
    before: &Enrolment,
    answer: &SyncAnswer,
    bytes: &[u8],
    plan: &Plan,
) -> Result<Round, AppError> {
    if !(plan.received.is_empty() && plan.set_aside.is_empty()) {
        let receipt = writing.keep_receipt(answer.council_time_ms, bytes)?;
        for (epoch, sequence) in &plan.received {
            writing.mark_received(*epoch, *sequence, receipt)?;
        }
        for (epoch, sequence, reason) in &plan.set_aside {
            writing.mark_set_aside(*epoch, *sequence, receipt, reason)?;
        }
    }
    for (epoch, sequence) in &plan.send_again {
        writing.mark_waiting(*epoch, *sequence)?;
    }
    if plan.begin_epoch {
        writing.begin_epoch(environment, before.device)?;
    }
    let received = plan.received.len();
    let moved = received > 0 || !plan.set_aside.is_empty() || plan.begin_epoch || !plan.send_again.is_empty();
    if before.second.is_some() || !writing.shows_all() {
        // A locked device takes no appointments. What is new otherwise comes in version 2, with the
        // council's word for each appointment.
        let more = moved && writing.any_waits(1)?;
        return Ok(Round { received, set_aside: plan.set_aside.len(), changes: 0, more });
    }
    if plan.pull_anew {
        writing.offer_photos_again()?;
    }
    take_changes(writing, answer)?;
    let contact = CouncilContact {
        council_epoch: answer.council_epoch,
        at_ms: answer.council_time_ms,
        reckoned_ms: None,
        mark_ms: None,
        has_lost: false,
    };
    writing.note_contact(before.council_epoch, &contact)?;

    // It may ask for everything again by now, if its file was mended while the council answered.
    let mut enrolment = enrolled(writing)?;
    let asks_as_before = enrolment.cursor == before.cursor;
    enrolment.council_epoch = answer.council_epoch;
    if asks_as_before {
        enrolment.cursor = if plan.pull_anew && !answer.changes.snapshot { 0 } else { answer.changes.cursor };
    }
    enrolment.last_contact_ms = answer.council_time_ms;
    let now = environment.clock.now();
    enrolment.last_contact_device_ms = now.unix_ms;
    enrolment.last_contact_running = Some((now.monotonic_ms, now.boot));
    enrolment.safeguarding_keys.clone_from(&answer.changes.safeguarding_keys);
    enrolment.revoked = answer.device_state == doorstep_domain::protocol::DeviceState::Revoked;
    writing.set_enrolment(&enrolment)?;

    let waiting = writing.counts()?.waiting;
    Ok(Round {
        received,
        set_aside: plan.set_aside.len(),
        changes: answer.changes.appointments.len(),
        more: answer.changes.more
            || (waiting > 0 && moved)
            || (plan.pull_anew && !answer.changes.snapshot)
            || !asks_as_before,
    })
}

fn take_changes(writing: &crate::store::Writing<'_>, answer: &SyncAnswer) -> Result<(), StoreError> {
    if answer.changes.snapshot {
        writing.withdraw_all_appointments()?;
    }
    for change in &answer.changes.appointments {
        match change {
            Pulled::Given(appointment) => writing.keep_appointment(appointment, None)?,
            Pulled::Withdrawn(reference) => writing.withdraw_appointment(reference)?,
        }
    }
    // Text that can't be a Code is ignored, and the device keeps the Code that it has.
    if let Some(code) = answer.changes.code.as_ref().filter(|code| code.sections().is_ok()) {
        writing.set_code(code)?;
    }
    // Numbers that contradict each other are ignored, and the device keeps those that it has.
    if let Some(numbers) = answer.changes.numbers.as_ref().filter(|numbers| numbers.check().is_ok()) {
        writing.set_numbers(numbers)?;
    }
    Ok(())
}
