//! A batch of version 2: runs of chains, seals that are a chain of their own, and receipts that
//! each stand alone.

use std::collections::{BTreeMap, BTreeSet};

use doorstep_domain::VisitId;
use doorstep_domain::conduct::Event;
use doorstep_domain::ledger::{Epoch, Hash, VisitKey, decode_body};
use doorstep_domain::v2::{
    AnyEnvelope, BatchReceipts, CouncilId, Judged, Link, MadeRecord, Nonce, Receipt, ReceiptRoot, ReceiptVerdict,
    SentSeal, SyncRequest, VERSION,
};

use super::arrived::Arrived;
use super::earliest;
use super::{MOST_ONLY_SAID, Outcome, store};
use crate::error::CouncilError;
use crate::machine::keys::Keys;
use crate::service::Service;
use crate::storage::{AsideRecord, Device, NewReceipts, Place, Reading, Writing};

/// What the council signs receipts with.
pub(crate) struct Signer<'a> {
    pub(crate) council: CouncilId,
    pub(crate) council_epoch: Epoch,
    pub(crate) keys: &'a Keys,
    /// Random, for these receipts alone.
    pub(crate) nonce: [u8; 32],
}

impl<'a> Signer<'a> {
    /// What a council signs receipts with now.
    pub(crate) fn of(service: &'a Service, reading: &Reading<'_>) -> Result<Self, CouncilError> {
        Ok(Self {
            council: service.council,
            council_epoch: service.council_epoch(reading)?,
            keys: &service.keys,
            nonce: service.environment.random(),
        })
    }
}

impl Signer<'_> {
    /// Signs receipts of one time. Gives `None` where there are none.
    fn sign(&self, device: &Device, judged: &[Judged], at_ms: i64) -> Option<BatchReceipts> {
        let root = ReceiptRoot {
            version: VERSION,
            origin: self.council,
            council_epoch: self.council_epoch,
            enrolment: device.id,
            at_ms,
            nonce: Nonce::from_bytes(self.nonce),
            receipts: 0,
            root: Hash::framed("", &[]),
            included_by_ms: None,
        };
        root.sign(judged, &self.keys.signing)
    }
}

/// Signs receipts for records that a person has released or that passed when they were judged
/// again. Their phone gets them when it asks.
pub(crate) fn receipt_released(
    writing: &Writing<'_>,
    device: &Device,
    records: &[AsideRecord],
    signer: &Signer<'_>,
    at_ms: i64,
) -> Result<(), CouncilError> {
    let judged: Vec<Judged> = records.iter().map(|record| judged(aside_link(record), Outcome::Stored)).collect();
    let Some(signed) = signer.sign(device, &judged, at_ms) else { return Ok(()) };
    let receipts = Receipt::all_of(&signed.root, judged).map_err(|_| CouncilError::Unreadable("receipt"))?;
    receipts.iter().try_for_each(|receipt| writing.keep_later_receipt(device.id, receipt))
}

fn aside_link(record: &AsideRecord) -> Link {
    Link { chain: record.place.epoch, sequence: record.place.sequence, hash: record.hash }
}

/// What came of a batch.
pub(in crate::device) struct Ingested {
    /// Receipts for the records that are new.
    pub(in crate::device) receipts: Option<BatchReceipts>,
    /// The receipts that were given before.
    pub(in crate::device) earlier: Vec<Receipt>,
    /// The runs that can't be made again, by their places.
    pub(in crate::device) unfit: Vec<u32>,
    /// Whether the seals show that two phones use the enrolment.
    pub(in crate::device) two_phones: bool,
    /// In that case, the number of the last seal that both have; 0 for none.
    pub(in crate::device) common_seal: Option<u64>,
    /// When the council gave the last of the receipts that were shown for records which it does not
    /// hold, by its clock: it was put back from a copy since.
    pub(in crate::device) lost_ms: Option<i64>,
}

/// Stores a batch, and signs receipts for what is new. `seals` are those of the request that the
/// device made, each with its root.
pub(in crate::device) fn ingest(
    writing: &Writing<'_>,
    device: &Device,
    request: &SyncRequest,
    seals: &[(SentSeal, Hash)],
    signer: &Signer<'_>,
    now_ms: i64,
) -> Result<Ingested, CouncilError> {
    let named = named(request);
    let known = writing.chains_of(device.id, &named.iter().copied().collect::<Vec<_>>())?;
    writing.heard_from(device.id, now_ms)?;
    note_heads(writing, device, request, &known, now_ms)?;
    let keys = keys(writing, request)?;
    let (runs, unfit) = unpacked(device, request, &keys);
    let made: Vec<(&MadeRecord, Option<&Receipt>)> =
        runs.iter().flatten().map(|made| (made, shown(made, device, signer))).collect();
    let mut arrived: Vec<Arrived<'_>> = made
        .iter()
        .map(|(made, shown)| {
            let before = shown.and_then(|receipt| signer.keys.open(|key| receipt.open(key)));
            Arrived::of_run(device.id, made, before.map_or(now_ms, |receipt| receipt.at_ms.min(now_ms)))
        })
        .collect();
    arrived.extend(request.whole.iter().map(|sent| Arrived::second(device.id, sent, now_ms)));
    let mut lost_ms = None;
    for (record, (_, receipt)) in arrived.iter().zip(&made) {
        if receipt.is_some() && writing.hash_at(record.place)?.is_none() {
            lost_ms = lost_ms.max(Some(record.received_ms));
        }
    }
    earliest::reckon(request, &mut arrived, now_ms);
    let grants = note_grants(writing, device, request, &runs, signer)?;
    let mut shown = shown_chains(writing, device, &arrived, &grants)?;
    shown.extend(made.iter().filter(|(_, receipt)| receipt.is_some()).map(|(made, _)| made.envelope.chain));
    let keys: Vec<_> = keys.into_iter().collect();
    let outcomes = store(writing, device, &arrived, &keys, now_ms)?;
    let begun = named.difference(&known).copied().collect();
    writing.count_chains(device.id, &begun, &shown, now_ms)?;
    for (_, receipt) in &made {
        if let Some(receipt) = receipt {
            writing.keep_shown_receipt(device.id, receipt)?;
        }
    }
    let (receipts, earlier) = receipts(writing, device, &arrived, outcomes, signer, now_ms)?;
    let (two_phones, common_seal) = keep_seals(writing, device, seals, &arrived, now_ms)?;
    Ok(Ingested { receipts, earlier, unfit, two_phones, common_seal, lost_ms })
}

/// Notes where the phone says that its chains end. Of those of which the council has nothing, it
/// notes a few: the others come with their records.
fn note_heads(
    writing: &Writing<'_>,
    device: &Device,
    request: &SyncRequest,
    known: &BTreeSet<Epoch>,
    now_ms: i64,
) -> Result<(), CouncilError> {
    let of_records = request.runs.iter().map(|run| run.chain).chain(request.whole.iter().map(|whole| whole.chain));
    let comes: BTreeSet<Epoch> = of_records.collect();
    let (there, only_said): (Vec<_>, Vec<_>) =
        request.heads.iter().partition(|claim| known.contains(&claim.head.chain) || comes.contains(&claim.head.chain));
    let room = match only_said.is_empty() {
        true => 0,
        false => MOST_ONLY_SAID.saturating_sub(writing.chains_only_said(device.id)?),
    };
    for claim in there.into_iter().chain(only_said.into_iter().take(room)) {
        writing.note_head(device.id, claim, now_ms)?;
    }
    Ok(())
}

/// The chains that a request says the phone has records of.
fn named(request: &SyncRequest) -> BTreeSet<Epoch> {
    let heads = request.heads.iter().map(|claim| claim.head.chain);
    let runs = request.runs.iter().map(|run| run.chain);
    heads.chain(runs).chain(request.whole.iter().map(|whole| whole.chain)).collect()
}

/// The chains of a batch that show a grant of the council's, or go on from a record that it holds.
fn shown_chains(
    writing: &Writing<'_>,
    device: &Device,
    arrived: &[Arrived<'_>],
    grants: &BTreeSet<Hash>,
) -> Result<BTreeSet<Epoch>, CouncilError> {
    let mut shown = BTreeSet::new();
    for record in arrived {
        let Some(envelope) = &record.envelope else { continue };
        let goes_on = match envelope.continues {
            Some(Link { chain, sequence, hash }) => {
                writing.hash_at(Place { device: device.id, epoch: chain, sequence })? == Some(hash)
            }
            None => false,
        };
        if goes_on || envelope.grant.is_some_and(|grant| grants.contains(&grant)) {
            shown.insert(record.place.epoch);
        }
    }
    Ok(shown)
}

/// The keys of the visits in a batch: those that the council holds already, then those that came.
fn keys(writing: &Writing<'_>, request: &SyncRequest) -> Result<BTreeMap<VisitId, VisitKey>, CouncilError> {
    let sent = request.visit_keys.iter().filter_map(|sent| {
        let bytes = <[u8; 32]>::try_from(sent.key.0.as_slice()).ok()?;
        Some((sent.visit, VisitKey::from_bytes(bytes)))
    });
    let of_whole = request.whole.iter().filter_map(|whole| AnyEnvelope::from_bytes(&whole.envelope.0));
    let visits: BTreeSet<VisitId> =
        request.runs.iter().map(|run| run.visit).chain(of_whole.map(|envelope| envelope.visit)).collect();
    // A key without a record of its visit is kept by nobody.
    let mut keys: BTreeMap<VisitId, VisitKey> = sent.filter(|(visit, _)| visits.contains(visit)).collect();
    keys.extend(writing.visit_keys(visits)?);
    Ok(keys)
}

/// Makes the records of each run again. Gives the places of the runs that can't be.
fn unpacked(
    device: &Device,
    request: &SyncRequest,
    keys: &BTreeMap<VisitId, VisitKey>,
) -> (Vec<Vec<MadeRecord>>, Vec<u32>) {
    let (mut runs, mut unfit) = (Vec::new(), Vec::new());
    for (place, run) in (0_u32..).zip(&request.runs) {
        match keys.get(&run.visit).and_then(|key| run.unpack(device.id, key).ok()) {
            Some(made) => runs.push(made),
            None => unfit.push(place),
        }
    }
    (runs, unfit)
}

/// The council's own receipt that a phone shows for a record, if it is one.
fn shown<'a>(made: &'a MadeRecord, device: &Device, signer: &Signer<'_>) -> Option<&'a Receipt> {
    let receipt = made.receipt.as_ref()?;
    let said = signer.keys.open(|key| receipt.open(key))?;
    let mine = (said.origin, said.enrolment, said.record) == (signer.council, device.id, link_of(made));
    let taken = matches!(said.verdict, ReceiptVerdict::STORED | ReceiptVerdict::NOT_UNDERSTOOD);
    (mine && taken).then_some(receipt)
}

fn link_of(made: &MadeRecord) -> Link {
    Link { chain: made.envelope.chain, sequence: made.envelope.sequence, hash: made.hash }
}

/// Notes the appointments that the council gave, by the grants that it finds its signature on.
/// Gives the hashes of those grants.
fn note_grants(
    writing: &Writing<'_>,
    device: &Device,
    request: &SyncRequest,
    runs: &[Vec<MadeRecord>],
    signer: &Signer<'_>,
) -> Result<BTreeSet<Hash>, CouncilError> {
    let mut found = BTreeSet::new();
    let of_runs = runs
        .iter()
        .flatten()
        .filter_map(|made| Some((made.envelope.grant?, made.envelope.visit, made.body.as_slice())));
    let of_whole = request.whole.iter().filter_map(|whole| {
        let envelope = AnyEnvelope::from_bytes(&whole.envelope.0)?;
        Some((envelope.grant?, envelope.visit, whole.body.0.as_slice()))
    });
    let mut pinned: BTreeMap<Hash, Vec<(VisitId, &[u8])>> = BTreeMap::new();
    for (grant, visit, body) in of_runs.chain(of_whole) {
        pinned.entry(grant).or_default().push((visit, body));
    }
    let erased = writing.erased_among(pinned.values().flatten().map(|(visit, _)| *visit))?;
    let of_runs = request.runs.iter().filter_map(|run| run.grant.as_ref());
    for grant in of_runs.chain(request.whole.iter().filter_map(|whole| whole.grant.as_ref())) {
        let Some(pinned_by) = pinned.remove(&grant.hash()) else { continue };
        let Some(said) = signer.keys.open(|key| grant.open(key)) else { continue };
        // It may have been given to an earlier enrolment of the same person.
        let to_them = said.enrolment == device.id
            || writing.device(said.enrolment)?.is_some_and(|given_to| given_to.user == device.user);
        if said.council != signer.council || !to_them {
            continue;
        }
        for (visit, body) in pinned_by {
            // What was erased is not told of again.
            if erased.contains(&visit) {
                found.insert(grant.hash());
                continue;
            }
            let named = match decode_body(body).map(|body| body.event) {
                Some(Event::Started(started) | Event::Opened(started)) => started.appointment,
                _ => None,
            };
            if named.as_ref() == Some(&said.reference) {
                writing.was_given(device.user, &said.reference)?;
                writing.visit_was_given(visit, said.given)?;
                found.insert(grant.hash());
            }
        }
    }
    Ok(found)
}

/// Signs receipts for the records that are new, and finds those that were given before.
fn receipts(
    writing: &Writing<'_>,
    device: &Device,
    arrived: &[Arrived<'_>],
    outcomes: Vec<Outcome>,
    signer: &Signer<'_>,
    now_ms: i64,
) -> Result<(Option<BatchReceipts>, Vec<Receipt>), CouncilError> {
    let links: Vec<Link> = arrived.iter().map(link).collect();
    let earlier = writing.receipts_given(device.id, &links)?;
    let have: BTreeSet<Hash> = earlier.iter().map(|receipt| receipt.record.hash).collect();
    let new = links.into_iter().zip(outcomes).filter(|(record, _)| !have.contains(&record.hash));
    let judged: Vec<Judged> = new.map(|(record, outcome)| judged(record, outcome)).collect();
    let receipts = signer.sign(device, &judged, now_ms);
    if let Some(receipts) = &receipts {
        writing.keep_receipts(device.id, &NewReceipts { receipts, judged: &judged })?;
    }
    Ok((receipts, earlier))
}

fn link(arrived: &Arrived<'_>) -> Link {
    Link { chain: arrived.place.epoch, sequence: arrived.place.sequence, hash: arrived.hash }
}

fn judged(record: Link, outcome: Outcome) -> Judged {
    let (verdict, reason) = match outcome {
        Outcome::Known | Outcome::Stored | Outcome::Apart => (ReceiptVerdict::STORED, None),
        Outcome::NotUnderstood => (ReceiptVerdict::NOT_UNDERSTOOD, None),
        Outcome::SetAside(reason) => (ReceiptVerdict::SET_ASIDE, Some(reason)),
    };
    Judged { record, verdict, reason }
}

/// Keeps the seals that the device made. Gives whether they show two phones, and then the number of
/// the last seal that both have.
fn keep_seals(
    writing: &Writing<'_>,
    device: &Device,
    seals: &[(SentSeal, Hash)],
    arrived: &[Arrived<'_>],
    now_ms: i64,
) -> Result<(bool, Option<u64>), CouncilError> {
    let chains: BTreeSet<Epoch> = arrived.iter().map(|record| record.place.epoch).collect();
    let (mut two_phones, mut common) = (false, None);
    for (seal, root) in seals {
        let root = *root;
        let (epoch, number, previous) = (seal.contents.epoch, seal.contents.number, seal.contents.previous);
        let same_number = writing.seal_roots(device.id, epoch, number)?;
        let before = match number.checked_sub(1) {
            Some(before) => writing.seal_roots(device.id, epoch, before)?,
            None => continue,
        };
        let is_another = !same_number.is_empty() && !same_number.contains(&root);
        let follows_another = !before.is_empty() && !previous.is_some_and(|previous| before.contains(&previous));
        if is_another || follows_another {
            two_phones = true;
            let held = previous.map(|previous| writing.number_of_seal(device.id, epoch, previous)).transpose()?;
            common = Some(held.flatten().unwrap_or(0));
            writing.mark_two_phones(device.id, now_ms)?;
        }
        writing.keep_seal(seal, root, now_ms)?;
        for head in seal.contents.heads.iter().filter(|head| chains.contains(&head.chain)) {
            // A seal over another record than the one that is held proves two histories.
            let place = Place { device: device.id, epoch: head.chain, sequence: head.sequence };
            if writing.hash_at(place)?.is_some_and(|held| held != head.hash) {
                writing.mark_forked(device.id, head.chain)?;
            }
        }
    }
    Ok((two_phones, common))
}
