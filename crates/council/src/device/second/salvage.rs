//! `PUT /v2/salvage/{sha256}`.

use doorstep_domain::ledger::Hash;
use doorstep_domain::protocol::{Limits, ProblemCode};
use doorstep_domain::v2::{Attested, Held, PROTOCOL, SalvageAnswer, SalvageRequest};

use super::{Answered, Heard, heard};
use crate::device::request::Refusal;
use crate::error::CouncilError;
use crate::service::Service;
use crate::storage::{Audited, Device, Writing};

/// How many bytes of such files one enrolment can leave here: each lost store of a phone has one.
const MOST_BYTES: u64 = 2 * Limits::SALVAGE_BYTES;

/// Stores a piece of a file that a phone can't open any more. Nobody here can open it either, so
/// nothing in it is believed: it is kept, bounded, until somebody with the recovery key takes it.
pub(super) fn put_piece(service: &Service, sha256: Hash, request: &[u8]) -> Result<Answered, Refusal> {
    let Heard { message: request, device, known_key } = heard(service, request, |request: &SalvageRequest| {
        (request.protocol, request.enrolment, request.certificate.clone())
    })?;
    service.rates.piece(device.id)?;
    if request.sha256 != sha256 {
        return Err(Refusal::No(ProblemCode::Unreadable));
    }
    let now_ms = service.now_ms();
    let (state, held) = service.transact(|writing| {
        writing.heard_from(device.id, now_ms)?;
        settle(writing, &device, &request, now_ms)
    })?;
    let nonce = request.nonce;
    let answer = SalvageAnswer { protocol: PROTOCOL, enrolment: device.id, nonce, sha256, state, held };
    Ok(Answered { bytes: Attested::new(&answer, known_key).to_bytes(), device: device.id })
}

fn settle(
    writing: &Writing<'_>,
    device: &Device,
    request: &SalvageRequest,
    now_ms: i64,
) -> Result<(Held, u64), CouncilError> {
    let SalvageRequest { sha256, size, offset, piece, .. } = request;
    if writing.holds_salvage(*sha256)? {
        return Ok((Held::WHOLE, 0));
    }
    let length = u64::try_from(piece.0.len()).unwrap_or(u64::MAX);
    let (held, others) = writing.salvage_so_far(device.id, *sha256)?;
    let ends = offset.saturating_add(length);
    let is_too_much = *size > Limits::SALVAGE_BYTES || others.saturating_add(*size) > MOST_BYTES;
    if *size == 0 || is_too_much || piece.0.len() > Limits::BLOB_CHUNK || held > *size {
        return Ok((Held::REFUSED, 0));
    }
    if *offset != held || length == 0 || ends > *size {
        return Ok((Held::PART, held));
    }
    writing.keep_salvage_piece(device.id, *sha256, *size, *offset, &piece.0, now_ms)?;
    if ends < *size {
        return Ok((Held::PART, ends));
    }
    if writing.hash_of_salvage(device.id, *sha256)? != *sha256 {
        // It was altered on the way, or somebody lies: it is sent anew from the start.
        writing.forget_salvage(device.id, *sha256)?;
        return Ok((Held::PART, 0));
    }
    writing.salvage_is_whole(device.id, *sha256, now_ms)?;
    writing.audit(now_ms, "", &Audited::SealedFileReceived { device: device.id, file: *sha256, bytes: *size })?;
    Ok((Held::WHOLE, 0))
}
