//! `POST /v2/sync`.

use std::collections::{BTreeMap, BTreeSet};

use doorstep_domain::VisitId;
use doorstep_domain::conduct::CouncilNumbers;
use doorstep_domain::ledger::{Epoch, Hash, SigningKey};
use doorstep_domain::protocol::{Bytes, Limits, ProblemCode, Pulled, encode};
use doorstep_domain::v2::{
    Attested, Changes, FRESH_MS, Given, Grant, Link, MOST_ASIDE, MOST_ASKED, MOST_CHAINS, MOST_LOST, MOST_SEALS, Mark,
    PROTOCOL, ReceiptVerdict, SentSeal, Standing, SyncAnswer, SyncRequest, VERSION,
};

use super::{Answered, Heard, certificate, heard};
use crate::device::ingest::{Ingested, Signer, ingest_second};
use crate::device::request::Refusal;
use crate::device::sync::until_nobody_interferes;
use crate::error::CouncilError;
use crate::machine::times;
use crate::service::{Service, begin_epoch_in};
use crate::storage::{Audited, Device, Writing};

/// Stores a batch of records. Answers with a receipt for each record and with what is new for the
/// phone.
pub(super) fn sync(service: &Service, request: &[u8]) -> Result<Answered, Refusal> {
    let Heard { message: request, device, known_key } = heard(service, request, |request: &SyncRequest| {
        (request.protocol, request.enrolment, request.certificate.clone())
    })?;
    let records: usize = request.runs.iter().map(|run| run.records.len()).sum();
    let chains = request.heads.len() + request.chains.len() + request.runs.len();
    let too_many = records + request.whole.len() > Limits::BATCH_RECORDS || chains > MOST_CHAINS;
    if too_many || request.seals.len() > MOST_SEALS {
        return Err(Refusal::No(ProblemCode::TooLarge));
    }
    if !is_orderly(&request) {
        return Err(Refusal::No(ProblemCode::Unreadable));
    }
    service.rates.batch(device.id)?;
    let now_ms = service.now_ms();
    // Signatures are checked before the database is asked for a transaction.
    let seals: Vec<(SentSeal, Hash)> = request
        .seals
        .iter()
        .filter(|seal| seal.contents.enrolment == device.id)
        .filter_map(|seal| Some((seal.clone(), seal.verified(&device.key)?)))
        .collect();
    // Sign the answer only after the batch is on disk.
    let answer =
        until_nobody_interferes(service, |writing| answer(service, writing, &device, &request, &seals, now_ms))?;
    let answer = told_of_keys(service, &device, known_key, answer)?;
    // How many records it sent would tell of a note.
    tracing::info!(device.id = %device.id, "A device was answered.");
    Ok(Answered { bytes: Attested::new(&answer, known_key).to_bytes(), device: device.id })
}

/// Tells a phone that knows a former key of the council's of those since, and gives it a
/// certificate by the one that signs now. It has them by the word of the key that it knows.
fn told_of_keys(
    service: &Service,
    device: &Device,
    known_key: &SigningKey,
    mut answer: SyncAnswer,
) -> Result<SyncAnswer, Refusal> {
    if known_key.public() != service.public_key() {
        answer.certificate = Some(service.storage.read(|reading| certificate(service, reading, device.id))?);
        answer.council_keys = Some(service.keys.public());
    }
    Ok(answer)
}

/// Whether no record is in the request twice, and every number is one that can be counted to.
fn is_orderly(request: &SyncRequest) -> bool {
    let of_runs = request
        .runs
        .iter()
        .flat_map(|run| (0_u64..).zip(&run.records).map(|(at, _)| (run.chain, run.first.saturating_add(at))));
    let places: Vec<(Epoch, u64)> =
        of_runs.chain(request.whole.iter().map(|whole| (whole.chain, whole.sequence))).collect();
    let different: BTreeSet<&(Epoch, u64)> = places.iter().collect();
    different.len() == places.len() && request.whole.iter().all(|whole| i64::try_from(whole.sequence).is_ok())
}

fn answer(
    service: &Service,
    writing: &Writing<'_>,
    device: &Device,
    request: &SyncRequest,
    seals: &[(SentSeal, Hash)],
    now_ms: i64,
) -> Result<SyncAnswer, CouncilError> {
    let signer = Signer::of(service, writing)?;
    let began_ms = service.epoch_began_ms(writing)?;
    let Ingested { receipts, mut earlier, unfit, common_seal, two_phones, lost_ms } =
        ingest_second(writing, device, request, seals, &signer, now_ms)?;
    // By its own signature the council held these records, in this epoch, and does not hold them.
    // What was lost before this epoch began is known, so one that was put back begins one epoch.
    if lost_ms.is_some_and(|lost| lost > began_ms) {
        begin_epoch_in(writing, Epoch::from_bytes(service.environment.random()), now_ms)?;
        writing.audit(now_ms, "", &Audited::CouncilPutBack { device: Some(device.id) })?;
    }
    let council_epoch = service.council_epoch(writing)?;
    let aside = request.set_aside.as_deref().unwrap_or_default();
    let released = writing.receipts_given(device.id, aside.get(..MOST_ASIDE).unwrap_or(aside))?;
    earlier.extend(released.into_iter().filter(|receipt| receipt.verdict != ReceiptVerdict::SET_ASIDE));
    writing.speaks(device.id, PROTOCOL, &crate::device::enrol::shortened(&request.app_version))?;
    // A request that was answered before, or whose time is not the council's, fetches nothing:
    // somebody may have recorded it. A phone asks again with the time of this answer.
    let is_new = writing.note_request(device.id, request.nonce.as_bytes(), now_ms)?;
    let is_timely = request.reckoned_ms.is_some_and(|said| now_ms.abs_diff(said) <= FRESH_MS);
    let forgotten = request.forgotten.filter(|visits| *visits > 0 && is_new);
    if let Some(visits) = forgotten.filter(|_| service.rates.may_note_forgotten(device.id)) {
        let visits = u32::try_from(visits).unwrap_or(u32::MAX);
        writing.audit(now_ms, "", &Audited::PhoneForgot { device: device.id, visits })?;
        writing.tell_of_unproven_backups(now_ms)?;
    }
    let standing = match device.revoked {
        true => Standing::REVOKED,
        false if two_phones => Standing::TWO_PHONES,
        false => Standing::ACTIVE,
    };
    // A phone that was found again keeps the homes that it has, and is given no others until a
    // person has confirmed it.
    let may_fetch = is_new && is_timely && (device.revoked || !device.unconfirmed);
    let changes = may_fetch.then(|| changes(service, writing, device, request, council_epoch, now_ms));
    Ok(SyncAnswer {
        protocol: PROTOCOL,
        enrolment: device.id,
        nonce: request.nonce,
        council: service.council,
        council_epoch,
        council_time_ms: now_ms,
        standing,
        certificate: match request.certificate {
            Some(_) => None,
            None => Some(certificate(service, writing, device.id)?),
        },
        receipts,
        earlier,
        unfit,
        marks: marks(writing, device, request)?,
        seal_mark: match request.seals.first() {
            Some(seal) => writing.last_seal_in(device.id, seal.contents.epoch, seal.contents.number)?,
            None => writing.last_seal(device.id)?,
        },
        common_seal,
        backup_mark_ms: writing.backup_mark(&council_epoch.to_string(), now_ms)?,
        changes: changes.transpose()?,
        council_keys: None,
        erased: erased(writing, device, request)?,
        lost_photos: lost_photos(writing, device, request)?,
    })
}

/// The photos that the council has not got whole, of the chains that the phone asks about. Those
/// that the phone believes to be whole there, it sends again.
fn lost_photos(
    writing: &Writing<'_>,
    device: &Device,
    request: &SyncRequest,
) -> Result<Option<Vec<Hash>>, CouncilError> {
    let mut lost = BTreeSet::new();
    for chain in request.chains.iter().take(MOST_ASKED) {
        lost.extend(writing.photos_wanted(device.id, *chain)?);
    }
    Ok(Some(lost.into_iter().take(MOST_LOST).collect::<Vec<_>>()).filter(|lost| !lost.is_empty()))
}

/// The visits that were erased, of the chains that the phone asks about and of the records that it
/// sends: it erases them too.
fn erased(writing: &Writing<'_>, device: &Device, request: &SyncRequest) -> Result<Option<Vec<VisitId>>, CouncilError> {
    let mut visits: BTreeSet<VisitId> = request.runs.iter().map(|run| run.visit).collect();
    let whole = request.whole.iter().map(|whole| whole.chain);
    for chain in request.chains.iter().copied().chain(whole).take(MOST_ASKED) {
        visits.extend(writing.visits_in(device.id, chain)?);
    }
    let erased: Vec<VisitId> = writing.erased_whole(visits)?.into_iter().collect();
    Ok(Some(erased).filter(|erased| !erased.is_empty()))
}

/// What the council holds of the chains that the request names. Those that it holds to the end that
/// the request gives are left out.
fn marks(writing: &Writing<'_>, device: &Device, request: &SyncRequest) -> Result<Vec<Mark>, CouncilError> {
    let heads: BTreeMap<Epoch, Link> = request.heads.iter().map(|claim| (claim.head.chain, claim.head)).collect();
    let runs = request.runs.iter().map(|run| run.chain);
    let chains: BTreeSet<Epoch> = heads.keys().copied().chain(request.chains.iter().copied()).chain(runs).collect();
    let mut marks = Vec::new();
    for chain in chains {
        let mark = writing.mark_of(device.id, chain)?;
        let is_as_said = heads.get(&chain).is_some_and(|head| {
            (head.sequence, Some(head.hash)) == (mark.sequence, mark.hash) && mark.above.is_empty()
        });
        if !is_as_said {
            marks.push(mark);
        }
    }
    Ok(marks)
}

/// What is new for a phone. A revoked one gets nothing, and drops what it has.
fn changes(
    service: &Service,
    writing: &Writing<'_>,
    device: &Device,
    request: &SyncRequest,
    council_epoch: Epoch,
    now_ms: i64,
) -> Result<Changes, CouncilError> {
    let safeguarding_keys = service.keys.safeguarding_recipients();
    let recovery_key = writing.recovery_key()?;
    if device.revoked {
        return Ok(Changes {
            snapshot: true,
            given: vec![],
            withdrawn: vec![],
            safeguarding_keys,
            cursor: 0,
            more: false,
            code: None,
            numbers: None,
            recovery_key,
        });
    }
    let snapshot = request.council_epoch != council_epoch || writing.needs_snapshot(device.user, request.cursor)?;
    let (pulled, cursor, more) = writing.changes(device.user, if snapshot { 0 } else { request.cursor }, snapshot)?;
    let (mut appointments, mut withdrawn) = (Vec::new(), Vec::new());
    for change in pulled {
        match change {
            Pulled::Given(appointment) => appointments.push((appointment.reference.clone(), encode(&appointment))),
            Pulled::Withdrawn(reference) => withdrawn.push(reference),
        }
    }
    let given = writing.versions_of(appointments, &service.environment)?.into_iter().map(|version| {
        let grant = Grant {
            version: VERSION,
            council: service.council,
            enrolment: device.id,
            reference: version.reference,
            given: version.hash,
            given_ms: now_ms,
        };
        let grant = Attested::new(&grant, &service.keys.signing);
        Given { appointment: Bytes(version.appointment), salt: version.salt, grant }
    });
    let numbers = writing.council_numbers()?.for_the_door();
    let held = request.numbers.clone().unwrap_or_else(|| CouncilNumbers::default().hash());
    let code = writing.code_in_force(times::day(now_ms))?;
    Ok(Changes {
        snapshot,
        given: given.collect(),
        withdrawn,
        safeguarding_keys,
        cursor,
        more,
        code: code.filter(|code| request.code.as_deref() != Some(&code.hash())).map(|code| Bytes(encode(&code))),
        numbers: (numbers.hash() != held).then(|| Bytes(encode(&numbers))),
        recovery_key,
    })
}
