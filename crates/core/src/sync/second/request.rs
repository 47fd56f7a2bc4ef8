//! What a device sends in one round.

use std::collections::BTreeMap;

use doorstep_domain::DeviceId;
use doorstep_domain::ledger::{Epoch, SigningKey};
use doorstep_domain::protocol::Bytes;
use doorstep_domain::v2::{
    Envelope, HeadClaim, HeadClass, KeyOfVisit, Link, MOST_ASIDE, MOST_ASKED, MadeRecord, Nonce, PROTOCOL, Run,
    Running, SyncRequest, WholeRecord, canonical,
};

use crate::environment::{Environment, Moment};
use crate::error::AppError;
use crate::store::{Enrolment, SecondVersion, StoreError, StoredRecord, VisitChain, Writing};

/// The most chains of which a request names the ends, although their records come in a later one.
const MOST_OTHERS: usize = 50;

/// How many bytes of a request stand around a note: the key of its visit, and its chain among the
/// heads of the request and of the seal.
const AROUND_A_NOTE: usize = 52 + 56 + 53;

/// How often it asks about all of them, in milliseconds.
const EVERY_MS: i64 = 24 * 60 * 60 * 1000;

/// A request, and what it was made from.
pub(super) struct Sent {
    pub(super) enrolment: Enrolment,
    pub(super) request: SyncRequest,
    /// The records in it, in their order: run by run, then those that go whole.
    pub(super) runs: Vec<Vec<Link>>,
    pub(super) whole: Vec<Link>,
    /// How many bytes of it are a safeguarding note.
    pub(super) note: usize,
}

impl Sent {
    /// A request without records, from a device that has no certificate yet.
    pub(super) fn nothing(environment: &Environment, enrolment: Enrolment) -> Self {
        let request = empty(environment, &enrolment);
        Self { enrolment, request, runs: Vec::new(), whole: Vec::new(), note: 0 }
    }

    /// How many records it has.
    pub(super) fn records(&self) -> usize {
        self.runs.iter().map(Vec::len).sum::<usize>() + self.whole.len()
    }

    /// Reads what waits, and makes the seal that covers it.
    pub(super) fn read(
        writing: &Writing<'_>,
        environment: &Environment,
        enrolment: Enrolment,
        key: &SigningKey,
    ) -> Result<Self, AppError> {
        let mut chains = Chains::default();
        let (mut batch, mut has_note) = (Vec::new(), false);
        for record in writing.waiting_of(enrolment.device)? {
            // A request has room for one note.
            let is_note = chains.of(writing, record.epoch)?.class == HeadClass::NOTE;
            if is_note && has_note {
                continue;
            }
            has_note |= is_note;
            batch.push(record);
        }
        let mut request = empty(environment, &enrolment);
        request.code = writing.code()?.map(|code| code.hash());
        request.numbers = writing.numbers_held()?.map(|numbers| numbers.hash());
        request.forgotten = writing.forgotten_untold()?;
        request.heads = heads(writing, enrolment.device, &chains)?;
        // A full request has no room to ask about other chains.
        if batch.is_empty() {
            request.chains = asked_about(writing, &enrolment)?;
            request.set_aside =
                Some(writing.set_aside_of(enrolment.device, MOST_ASIDE)?).filter(|aside| !aside.is_empty());
        }
        request.seals = writing.seals_to_send(environment, &enrolment, key)?;
        let (runs, whole) = in_runs(batch);
        let mut sent = Self { enrolment, request, runs: Vec::new(), whole: Vec::new(), note: 0 };
        for records in runs {
            sent.add(writing, &mut chains, records)?;
        }
        for record in whole {
            sent.whole.push(link(&record));
            sent.add_key(writing, &mut chains, record.epoch)?;
            let chain = chains.of(writing, record.epoch)?;
            let grant = chain.grant.clone().filter(|_| record.sequence == 1);
            if chain.class == HeadClass::NOTE {
                sent.note += AROUND_A_NOTE + record.envelope.len() + record.body.len();
            }
            sent.request.whole.push(WholeRecord {
                chain: record.epoch,
                sequence: record.sequence,
                envelope: Bytes(record.envelope),
                body: Bytes(record.body),
                grant,
            });
        }
        Ok(sent)
    }

    /// Adds records that follow each other in one chain.
    fn add(&mut self, writing: &Writing<'_>, chains: &mut Chains, records: Vec<Readable>) -> Result<(), AppError> {
        let Some((_, first)) = records.first() else { return Ok(()) };
        let chain = first.epoch;
        let links = records.iter().map(|(_, record)| link(record)).collect();
        let names_one = records.iter().any(|(envelope, _)| envelope.grant.is_some());
        let grant = chains.of(writing, chain)?.grant.clone().filter(|_| names_one);
        let mut made = Vec::with_capacity(records.len());
        for (envelope, record) in records {
            let receipt = writing.receipt_of(&link(&record))?;
            let StoredRecord { envelope: bytes, hash, body, .. } = record;
            made.push(MadeRecord { envelope, bytes, hash, body, receipt });
        }
        let run = Run::pack(made, grant).ok_or(StoreError::Unreadable("record"))?;
        if chains.of(writing, chain)?.class == HeadClass::NOTE {
            self.note += AROUND_A_NOTE + canonical::write(&run).len();
        }
        self.add_key(writing, chains, chain)?;
        self.runs.push(links);
        self.request.runs.push(run);
        Ok(())
    }

    fn add_key(&mut self, writing: &Writing<'_>, chains: &mut Chains, chain: Epoch) -> Result<(), AppError> {
        let visit = chains.of(writing, chain)?.said_visit;
        // It may be lost, with a part of the journal. The council has it then, or sets aside what
        // it can't check.
        if self.request.visit_keys.iter().all(|key| key.visit != visit)
            && let Some(key) = writing.visit_key(visit)?
        {
            self.request.visit_keys.push(KeyOfVisit { visit, key: Bytes(key.as_bytes().to_vec()) });
        }
        Ok(())
    }
}

/// The ends of the chains with records that wait: those of the batch, then others.
fn heads(writing: &Writing<'_>, enrolment: DeviceId, batch: &Chains) -> Result<Vec<HeadClaim>, StoreError> {
    let claim = |chain: &VisitChain| HeadClaim { class: chain.class, head: chain.head };
    let mut heads: Vec<HeadClaim> = batch.0.values().map(claim).collect();
    let others = writing.chains_with_waiting(enrolment, heads.len() + MOST_OTHERS)?;
    heads.extend(others.iter().filter(|other| !batch.0.contains_key(&other.chain)).take(MOST_OTHERS).map(claim));
    Ok(heads)
}

/// Chains that were read for a request.
#[derive(Default)]
struct Chains(BTreeMap<Epoch, VisitChain>);

impl Chains {
    fn of(&mut self, writing: &Writing<'_>, chain: Epoch) -> Result<&VisitChain, StoreError> {
        use std::collections::btree_map::Entry;
        match self.0.entry(chain) {
            Entry::Occupied(known) => Ok(known.into_mut()),
            Entry::Vacant(unknown) => {
                Ok(unknown.insert(writing.visit_chain(chain)?.ok_or(StoreError::Unreadable("chain"))?))
            }
        }
    }
}

fn empty(environment: &Environment, enrolment: &Enrolment) -> SyncRequest {
    let now = environment.clock.now();
    SyncRequest {
        protocol: PROTOCOL,
        enrolment: enrolment.device,
        certificate: enrolment.second.as_ref().and_then(SecondVersion::certificate),
        nonce: Nonce::from_bytes(environment.random()),
        reckoned_ms: reckoned(enrolment, now),
        council_epoch: enrolment.council_epoch,
        cursor: enrolment.cursor,
        code: None,
        numbers: None,
        app_version: env!("CARGO_PKG_VERSION").to_owned(),
        heads: Vec::new(),
        chains: Vec::new(),
        visit_keys: Vec::new(),
        runs: Vec::new(),
        seals: Vec::new(),
        whole: Vec::new(),
        set_aside: None,
        running: Some(Running { boot: now.boot, monotonic_ms: now.monotonic_ms }),
        forgotten: None,
    }
}

/// What the device reckons the council's clock shows: its time at the last contact, and how long
/// the device has run since. The device's own clock may show anything. `None` if it was started
/// since.
fn reckoned(enrolment: &Enrolment, now: Moment) -> Option<i64> {
    let (then_ms, boot) = enrolment.last_contact_running?;
    let since = now.monotonic_ms.checked_sub(then_ms).filter(|_| now.boot == boot)?;
    enrolment.last_contact_ms.checked_add(i64::try_from(since).ok()?)
}

/// The next page of chains that the device asks about, if it is time.
fn asked_about(writing: &Writing<'_>, enrolment: &Enrolment) -> Result<Vec<Epoch>, StoreError> {
    let asked = writing.asked()?;
    // One that the council's clock has not come to yet was before that clock was set back.
    let contact_ms = enrolment.last_contact_ms;
    let is_due = asked.done_ms.is_none_or(|done| contact_ms.saturating_sub(done) >= EVERY_MS || done > contact_ms);
    if is_due { writing.chains_after(enrolment.device, asked.after, MOST_ASKED) } else { Ok(Vec::new()) }
}

/// A record whose envelope can be read.
type Readable = (Envelope, StoredRecord);

/// Puts records into runs, in the order in which their first ones wait. Those that can't go in a
/// run are given apart.
fn in_runs(batch: Vec<StoredRecord>) -> (Vec<Vec<Readable>>, Vec<StoredRecord>) {
    let mut chains: Vec<(Epoch, BTreeMap<u64, Readable>)> = Vec::new();
    let mut whole = Vec::new();
    for record in batch {
        let readable = Envelope::from_bytes(&record.envelope).ok().filter(|envelope| {
            !record.whole && Envelope::hash(&record.envelope) == record.hash && envelope.sequence == record.sequence
        });
        let Some(envelope) = readable else {
            whole.push(record);
            continue;
        };
        let of_chain = match chains.iter_mut().position(|(chain, _)| *chain == record.epoch) {
            Some(known) => chains.get_mut(known),
            None => {
                chains.push((record.epoch, BTreeMap::new()));
                chains.last_mut()
            }
        };
        if let Some((_, of_chain)) = of_chain {
            of_chain.insert(record.sequence, (envelope, record));
        }
    }
    let mut runs: Vec<Vec<Readable>> = Vec::new();
    for (_, records) in chains {
        for (envelope, record) in records.into_values() {
            let follows = |run: &&mut Vec<Readable>| {
                run.last().is_some_and(|(_, last)| {
                    last.epoch == record.epoch && last.sequence + 1 == record.sequence && last.hash == envelope.previous
                })
            };
            match runs.last_mut().filter(follows) {
                Some(run) => run.push((envelope, record)),
                None => runs.push(vec![(envelope, record)]),
            }
        }
    }
    (runs, whole)
}

fn link(record: &StoredRecord) -> Link {
    Link { chain: record.epoch, sequence: record.sequence, hash: record.hash }
}
