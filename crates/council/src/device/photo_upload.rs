//! Storing photos. A photo arrives piece by piece, and is checked before it is stored under its own
//! hash.

use std::io::Cursor;

use doorstep_domain::StableName;
use doorstep_domain::conduct::{NotAPhoto, PlainJpeg};
use doorstep_domain::ledger::Hash;
use doorstep_domain::protocol::{
    BlobAnswer, BlobRequest, BlobState, Limits, PROTOCOL, PhotoRefusal, ProblemCode, Purpose, Signed, decode, encode,
};
use image::{ImageFormat, ImageReader};

use super::request::{Refusal, known_device, not_signed, only_this_protocol};
use crate::error::CouncilError;
use crate::service::Service;
use crate::storage::photo_store::PhotoStore;
use crate::storage::{Blob, Device, NamedPhoto, Storage, Writing};

/// The result of checking a piece before the database is written. The photo is checked and stored
/// outside the transaction, because an object store can be slow.
enum Prepared {
    /// The photo is not complete yet, or is stored already.
    Nothing,
    /// This piece completes the photo, and the photo is now in the store.
    Kept,
    /// This piece completes the photo, but the photo is refused, for this reason.
    Wrong(PhotoRefusal),
    /// The photo was complete before, but its file is missing from the store.
    Gone,
}

/// A piece of a photo, in either version.
pub(super) struct Piece {
    pub(super) photo: NamedPhoto,
    /// The size of the whole file, in bytes: the record's word, or else the phone's.
    pub(super) total: u64,
    /// Where the piece starts in the file, in bytes.
    pub(super) offset: u64,
    pub(super) bytes: Vec<u8>,
}

/// Stores a piece of a photo, and answers with how much of the photo is here.
pub(super) fn put_piece(service: &Service, sha256: Hash, request: &[u8]) -> Result<Vec<u8>, Refusal> {
    let signed: Signed = decode(request)?;
    let device = known_device(service, signed.peek::<BlobRequest>()?.device)?;
    let request: BlobRequest =
        signed.open(Purpose::BlobRequest, &device.key).map_err(|_| not_signed(service, device.id))?;
    only_this_protocol(request.protocol)?;
    service.rates.piece(device.id)?;
    if request.sha256 != sha256 {
        return Err(Refusal::No(ProblemCode::Unreadable));
    }
    let now_ms = service.now_ms();
    let BlobRequest { total, offset, chunk, .. } = request;
    // Sign the answer only after the piece is on disk.
    let state = match service.storage.read(|reading| reading.named_photo(sha256, &device))? {
        Some((photo, recorded)) => {
            let piece = Piece { photo, total: recorded.unwrap_or(total), offset, bytes: chunk.0 };
            take_piece(service, &device, &piece, now_ms)?
        }
        None => BlobState::NotNamed,
    };
    let answer = BlobAnswer { protocol: PROTOCOL, device: device.id, nonce: request.nonce, sha256, state };
    let key = service.keys.known_to(None, device.enrolled_ms);
    Ok(encode(&Signed::new(Purpose::BlobAnswer, &answer, key)))
}

/// Stores a piece, if it is the one that comes next. Any other piece is ignored.
pub(super) fn take_piece(
    service: &Service,
    device: &Device,
    request: &Piece,
    now_ms: i64,
) -> Result<BlobState, CouncilError> {
    let prepared = prepare(&service.storage, &service.photos, request)?;
    let state = service.transact(|writing| {
        writing.heard_from(device.id, now_ms)?;
        settle(writing, device, request, &prepared, now_ms)
    })?;
    let forgotten = match &state {
        BlobState::NotNamed => true,
        BlobState::Refused(why) => why == PhotoRefusal::Erased.name(),
        BlobState::Partial { .. } | BlobState::Complete => false,
    };
    // The photo was erased while it was being stored, so it is removed again.
    if forgotten && matches!(prepared, Prepared::Kept) {
        let is_another_s = service.storage.read(|reading| reading.is_whole(request.photo.sha256))?;
        if !is_another_s {
            service.photos.erase(request.photo.sha256)?;
        }
    }
    Ok(state)
}

fn prepare(storage: &Storage, photos: &PhotoStore, request: &Piece) -> Result<Prepared, CouncilError> {
    let (photo, sha256) = (request.photo, request.photo.sha256);
    let (known, file) = storage.read(|reading| {
        let known = reading.blob(photo)?.filter(|blob| blob.complete || blob.size == request.total);
        let ends_it =
            !is_too_large(request) && ends(request) == request.total && held(known.as_ref()) == request.offset;
        let wanted = ends_it && !reading.picture_is_erased(photo)?;
        Ok((known, wanted.then(|| reading.pieces(photo)).transpose()?))
    })?;
    match (known, file) {
        (Some(blob), _) if blob.complete => Ok(if photos.holds(sha256)? { Prepared::Nothing } else { Prepared::Gone }),
        (_, Some(mut file)) => {
            file.extend_from_slice(&request.bytes);
            if Hash::of_file(&file) != sha256 {
                return Ok(Prepared::Wrong(PhotoRefusal::AnotherFile));
            }
            if let Err(why) = check(&file) {
                return Ok(Prepared::Wrong(why.into()));
            }
            photos.keep(sha256, &file)?;
            Ok(Prepared::Kept)
        }
        _ => Ok(Prepared::Nothing),
    }
}

/// The offset at which a piece ends, in bytes.
fn ends(request: &Piece) -> u64 {
    request.offset.saturating_add(u64::try_from(request.bytes.len()).unwrap_or(u64::MAX))
}

/// How many bytes of a photo are here.
fn held(known: Option<&Blob>) -> u64 {
    known.map_or(0, |blob| blob.held)
}

fn is_too_large(request: &Piece) -> bool {
    let limit = u64::try_from(Limits::PHOTO_BYTES).unwrap_or(0);
    request.total == 0 || request.total > limit || request.bytes.len() > Limits::BLOB_CHUNK
}

/// Writes a piece or its photo to the database, and says how much of the photo is here.
fn settle(
    writing: &Writing<'_>,
    device: &Device,
    request: &Piece,
    prepared: &Prepared,
    now_ms: i64,
) -> Result<BlobState, CouncilError> {
    let photo = request.photo;
    // It may have been erased with its visit in the meantime.
    if writing.named_photo(photo.sha256, device)?.is_none_or(|(named, _)| named != photo) {
        return Ok(BlobState::NotNamed);
    }
    if writing.picture_is_erased(photo)? {
        return Ok(BlobState::Refused(PhotoRefusal::Erased.name().to_owned()));
    }
    let known = writing.blob(photo)?;
    // Only the council's own look at the file takes a complete photo back, whatever a phone says.
    if known.as_ref().is_some_and(|blob| blob.complete) && !matches!(prepared, Prepared::Gone) {
        return Ok(BlobState::Complete);
    }
    if is_too_large(request) {
        // Somebody else's phone may be sending the same picture, so what was sent before stays.
        return Ok(BlobState::Refused(PhotoRefusal::PhotoTooLarge.name().to_owned()));
    }
    let known = match known {
        // Its file is missing, or a phone gave another size: the photo must be sent again from the
        // start.
        Some(blob) if blob.complete || blob.size != request.total => {
            writing.forget_blob(photo)?;
            None
        }
        known => known,
    };
    let held = held(known.as_ref());
    if request.offset != held || request.bytes.is_empty() || ends(request) > request.total {
        return Ok(BlobState::Partial { held });
    }
    if ends(request) < request.total {
        let held = writing.keep_piece(photo, request.total, request.offset, &request.bytes)?;
        return Ok(BlobState::Partial { held });
    }
    match prepared {
        Prepared::Kept => {
            writing.blob_complete(photo, request.total, now_ms)?;
            Ok(BlobState::Complete)
        }
        Prepared::Wrong(why) => refuse(writing, photo, *why),
        // Another request changed something in the meantime: the phone sends the piece again.
        Prepared::Nothing | Prepared::Gone => Ok(BlobState::Partial { held }),
    }
}

fn refuse(writing: &Writing<'_>, photo: NamedPhoto, why: PhotoRefusal) -> Result<BlobState, CouncilError> {
    writing.refuse_blob(photo, why.name())?;
    Ok(BlobState::Refused(why.name().to_owned()))
}

/// Checks that a file is a JPEG that can be decoded, holds nothing else, and is no larger than
/// phones make them.
fn check(file: &[u8]) -> Result<(), NotAPhoto> {
    let size = PlainJpeg::check(file)?;
    if size.width.max(size.height) > Limits::PHOTO_SIDE {
        return Err(NotAPhoto::TooManyPixels);
    }
    let picture = ImageReader::with_format(Cursor::new(file), ImageFormat::Jpeg).decode();
    picture.map(drop).map_err(|_| NotAPhoto::NotAPicture)
}
