//! Sends photos in pieces, after the records that name them. The council says how much of each
//! photo it has, and the device goes on from there.

use doorstep_domain::StableName;
use doorstep_domain::ledger::PublicKey;
use doorstep_domain::protocol::{
    BlobAnswer, BlobRequest, BlobState, Bytes, Limits, NoAnswer, PROTOCOL, PhotoRefusal, Purpose, Signed, decode,
    encode,
};
use doorstep_domain::v2::{self, Attested, Exchange, Held, Nonce, PhotoAnswer, PhotoRequest};

use super::Contact;
use super::enrolled::enrolled;
use super::round::CouncilKeys;
use crate::error::AppError;
use crate::store::{Enrolment, SecondVersion, WaitingPhoto};

/// What to do after sending one piece.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Piece {
    /// The council has another part of the photo than before, so there is another piece to send.
    Another,
    /// The council has the whole photo.
    Complete,
    /// The council refused the photo.
    Refused,
    /// The photo can't be sent now.
    NotNow,
}

/// The most pieces to send of a photo in one sync: twice as many as it needs, and four.
pub(crate) fn most_pieces(photo: &WaitingPhoto) -> usize {
    let size = usize::try_from(photo.size).unwrap_or(Limits::PHOTO_BYTES);
    2 * size.div_ceil(Limits::BLOB_CHUNK) + 4
}

/// Sends the next piece of a photo.
pub(crate) fn send_piece(contact: &Contact<'_>, photo: i64) -> Result<Piece, AppError> {
    let Contact { store, environment, .. } = contact;
    let read = store.read::<_, AppError>(|reading| {
        let enrolment = enrolled(reading)?;
        let Some(photo) = reading.waiting_photo(photo)? else { return Ok(None) };
        let offset = photo.held.min(photo.size);
        let chunk = reading.piece_of_photo(photo.id, offset, Limits::BLOB_CHUNK)?;
        Ok(Some((enrolment, photo, offset, chunk)))
    })?;
    let Some((enrolment, photo, offset, chunk)) = read else { return Ok(Piece::NotNow) };
    let state = match enrolment.second.is_some() {
        true => asked_second(contact, &enrolment, &photo, offset, chunk)?,
        false => asked_first(contact, &enrolment, &photo, offset, chunk)?,
    };
    store.transact(environment, |writing| match &state {
        BlobState::Partial { held } if *held == photo.held => Ok(Piece::NotNow),
        BlobState::Partial { held } => {
            writing.photo_held(photo.id, *held)?;
            Ok(Piece::Another)
        }
        BlobState::Complete => {
            writing.photo_complete(photo.id)?;
            Ok(Piece::Complete)
        }
        BlobState::NotNamed if writing.is_gone_from_the_council(photo.id)? => {
            writing.photo_refused(photo.id, PhotoRefusal::Erased.name())?;
            Ok(Piece::Refused)
        }
        BlobState::NotNamed => Ok(Piece::NotNow),
        BlobState::Refused(reason) => {
            writing.photo_refused(photo.id, reason)?;
            Ok(Piece::Refused)
        }
    })
}

/// Sends a piece in version 1, and gives how much of the photo the council has.
fn asked_first(
    contact: &Contact<'_>,
    enrolment: &Enrolment,
    photo: &WaitingPhoto,
    offset: u64,
    chunk: Vec<u8>,
) -> Result<BlobState, AppError> {
    let request = BlobRequest {
        protocol: PROTOCOL,
        device: enrolment.device,
        nonce: Bytes(contact.environment.random::<16>().to_vec()),
        sha256: photo.sha256,
        total: photo.size,
        offset,
        chunk: Bytes(chunk),
    };
    let bytes = encode(&Signed::new(Purpose::BlobRequest, &request, contact.key));
    let answer = contact.council.put_blob(photo.sha256, &bytes).map_err(AppError::NoAnswer)?;
    CouncilKeys::of(enrolment)?.open(|key| believed(&answer, key, &request)).map_err(AppError::NoAnswer)
}

/// Sends a piece in version 2, and gives how much of the photo the council has.
fn asked_second(
    contact: &Contact<'_>,
    enrolment: &Enrolment,
    photo: &WaitingPhoto,
    offset: u64,
    chunk: Vec<u8>,
) -> Result<BlobState, AppError> {
    let request = PhotoRequest {
        protocol: v2::PROTOCOL,
        enrolment: enrolment.device,
        certificate: enrolment.second.as_ref().and_then(SecondVersion::certificate),
        nonce: Nonce::from_bytes(contact.environment.random()),
        sha256: photo.sha256,
        offset,
        piece: Bytes(chunk),
    };
    let bytes = Attested::new(&request, contact.key).to_bytes();
    let answer = contact.council.ask(Exchange::Photo(photo.sha256), &bytes).map_err(AppError::NoAnswer)?;
    let council = CouncilKeys::of(enrolment)?;
    let heard = Attested::<PhotoAnswer>::from_bytes(&answer).and_then(|signed| council.open(|key| signed.hear(key)));
    let answer = heard.map_err(|_| AppError::NoAnswer(NoAnswer::NotTheCouncil))?;
    if (answer.enrolment, answer.nonce, answer.sha256) != (request.enrolment, request.nonce, request.sha256) {
        return Err(AppError::NoAnswer(NoAnswer::NotTheCouncil));
    }
    Ok(match answer.state {
        Held::PART => BlobState::Partial { held: answer.held },
        Held::WHOLE => BlobState::Complete,
        Held::REFUSED => BlobState::Refused(answer.reason.unwrap_or_default()),
        // A word that only a newer council knows: the phone asks again later.
        _ => BlobState::NotNamed,
    })
}

/// How much of the photo the council has, if this is its signed answer to this request.
fn believed(bytes: &[u8], council: &PublicKey, request: &BlobRequest) -> Result<BlobState, NoAnswer> {
    let signed: Signed = decode(bytes).map_err(|_| NoAnswer::NotTheCouncil)?;
    let answer: BlobAnswer = signed.open(Purpose::BlobAnswer, council).map_err(|_| NoAnswer::NotTheCouncil)?;
    let asked = (request.device, &request.nonce, request.sha256);
    if (answer.device, &answer.nonce, answer.sha256) == asked { Ok(answer.state) } else { Err(NoAnswer::NotTheCouncil) }
}
