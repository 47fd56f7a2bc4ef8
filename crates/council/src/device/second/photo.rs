//! `PUT /v2/blobs/{sha256}`.

use doorstep_domain::ledger::Hash;
use doorstep_domain::protocol::{BlobState, ProblemCode};
use doorstep_domain::v2::{Attested, Held, PROTOCOL, PhotoAnswer, PhotoRequest};

use super::{Answered, Heard, heard};
use crate::device::photo_upload::{Piece, take_piece};
use crate::device::request::Refusal;
use crate::service::Service;

/// Stores a piece of a photo, and answers with how much of the photo is here. How large the photo
/// is, its record says.
pub(super) fn put_piece(service: &Service, sha256: Hash, request: &[u8]) -> Result<Answered, Refusal> {
    let Heard { message: request, device, known_key } = heard(service, request, |request: &PhotoRequest| {
        (request.protocol, request.enrolment, request.certificate.clone())
    })?;
    service.rates.piece(device.id)?;
    if request.sha256 != sha256 {
        return Err(Refusal::No(ProblemCode::Unreadable));
    }
    let state = match service.storage.read(|reading| reading.named_photo(sha256, &device))? {
        Some((photo, Some(total))) => {
            let piece = Piece { photo, total, offset: request.offset, bytes: request.piece.0 };
            take_piece(service, &device, &piece, service.now_ms())?
        }
        Some((_, None)) | None => BlobState::NotNamed,
    };
    let (state, held, reason) = match state {
        BlobState::Partial { held } => (Held::PART, held, None),
        BlobState::Complete => (Held::WHOLE, 0, None),
        BlobState::NotNamed => (Held::NOT_NAMED, 0, None),
        BlobState::Refused(reason) => (Held::REFUSED, 0, Some(reason)),
    };
    let nonce = request.nonce;
    let answer = PhotoAnswer { protocol: PROTOCOL, enrolment: device.id, nonce, sha256, state, held, reason };
    Ok(Answered { bytes: Attested::new(&answer, known_key).to_bytes(), device: device.id })
}
