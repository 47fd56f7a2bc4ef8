//! Sync: storing a phone's records, and telling the phone what has changed.

use doorstep_domain::conduct::CouncilNumbers;
use doorstep_domain::protocol::{
    Changes, DeviceState, Limits, PROTOCOL, ProblemCode, Purpose, Signed, SyncAnswer, SyncRequest, decode, encode,
};

use super::ingest::ingest_first;
use super::request::{Refusal, known_device, not_signed, only_this_protocol};
use crate::error::CouncilError;
use crate::machine::times;
use crate::service::Service;
use crate::storage::{Device, Writing};

/// How many times a batch is tried when another process stores the same records at the same time.
const MOST_TRIES: u32 = 4;

/// Stores a batch of records. Answers with a receipt for each record and with what is new for the
/// phone.
pub(super) fn sync(service: &Service, request: &[u8]) -> Result<Vec<u8>, Refusal> {
    let signed: Signed = decode(request)?;
    let device = known_device(service, signed.peek::<SyncRequest>()?.device)?;
    let request: SyncRequest =
        signed.open(Purpose::SyncRequest, &device.key).map_err(|_| not_signed(service, device.id))?;
    only_this_protocol(request.protocol)?;
    if request.records.len() > Limits::BATCH_RECORDS {
        return Err(Refusal::No(ProblemCode::TooLarge));
    }
    service.rates.batch(device.id)?;
    let now_ms = service.now_ms();
    // Sign the answer only after the batch is on disk.
    let answer = until_nobody_interferes(service, |writing| answer(service, writing, &device, &request, now_ms))?;
    tracing::info!(device.id = %device.id, "A device was answered.");
    let key = service.keys.known_to(None, device.enrolled_ms);
    Ok(encode(&Signed::new(Purpose::SyncAnswer, &answer, key)))
}

/// Stores a batch in one transaction. If another process stores one of the same records in the
/// meantime, this tries again, reads that record back and compares its hash.
pub(super) fn until_nobody_interferes<T>(
    service: &Service,
    mut work: impl FnMut(&Writing<'_>) -> Result<T, CouncilError>,
) -> Result<T, CouncilError> {
    let mut tries = 0;
    loop {
        tries += 1;
        match service.transact(&mut work) {
            Err(error) if error.is_there_already() && tries < MOST_TRIES => {}
            done => return done,
        }
    }
}

fn answer(
    service: &Service,
    writing: &Writing<'_>,
    device: &Device,
    request: &SyncRequest,
    now_ms: i64,
) -> Result<SyncAnswer, CouncilError> {
    let receipts = ingest_first(writing, device, request, now_ms)?;
    // A request that was answered before fetches nothing: somebody may have recorded it. A phone
    // makes a new one each time, and asks again.
    let is_new = writing.note_request(device.id, &request.nonce.0, now_ms)?;
    let council_epoch = service.council_epoch(writing)?;
    let device_state = match device.revoked {
        true => DeviceState::Revoked,
        false if writing.is_forked(device.id, request.head.epoch)? => DeviceState::Forked,
        false => DeviceState::Active,
    };
    let snapshot = request.council_epoch != council_epoch || writing.needs_snapshot(device.user, request.cursor)?;
    let cursor = if snapshot { 0 } else { request.cursor };
    let (appointments, cursor, more) = match device_state {
        DeviceState::Revoked => (Vec::new(), 0, false),
        DeviceState::Active | DeviceState::Forked if !is_new => (Vec::new(), cursor, false),
        DeviceState::Active | DeviceState::Forked => writing.changes(device.user, cursor, snapshot)?,
    };
    // A device that does not say which numbers it holds has the empty table.
    let numbers = writing.council_numbers()?.for_the_door();
    let held = request.numbers.clone().unwrap_or_else(|| CouncilNumbers::default().hash());
    Ok(SyncAnswer {
        protocol: PROTOCOL,
        device: device.id,
        nonce: request.nonce.clone(),
        council_epoch,
        council_time_ms: now_ms,
        receipts,
        high_water: writing.high_water(device.id)?,
        backup_mark: None,
        device_state,
        changes: Changes {
            snapshot: snapshot && is_new,
            appointments,
            safeguarding_keys: service.keys.safeguarding_recipients(),
            code: writing
                .code_in_force(times::day(now_ms))?
                .filter(|code| request.code.as_deref() != Some(&code.hash()))
                .filter(|_| device_state != DeviceState::Revoked)
                .map(Box::new),
            numbers: Some(numbers).filter(|numbers| numbers.hash() != held),
            cursor,
            more,
        },
    })
}
