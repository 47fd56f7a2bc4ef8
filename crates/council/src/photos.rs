//! Photos at the council: taking one in piece by piece, and checking it before it is kept under its own hash.

use std::io::Cursor;

use doorstep_domain::conduct::{NotAPhoto, PlainJpeg};
use doorstep_domain::ledger::Hash;
use doorstep_domain::protocol::{BlobRequest, BlobState, Limits};
use image::{ImageFormat, ImageReader};

use crate::CouncilError;
use crate::album::Album;
use crate::planted::{self, Bug};
use crate::storage::{Blob, Writing};

/// Why a picture is not taken, where the picture itself is not the reason.
mod reason {
    pub(super) const TOO_LARGE: &str = "photo-too-large";
    pub(super) const ANOTHER_FILE: &str = "another-file";
    pub(super) const ERASED: &str = "erased";
}

/// Takes a piece in, in one transaction with what is known of the picture. Nothing but the piece that comes next changes
/// anything.
pub(crate) fn take_piece(
    writing: &Writing<'_>,
    album: &Album,
    request: &BlobRequest,
    now_ms: i64,
) -> Result<BlobState, CouncilError> {
    let sha256 = request.sha256;
    if !writing.names_photo(sha256)? {
        return Ok(BlobState::NotNamed);
    }
    if writing.picture_is_erased(sha256)? {
        return Ok(BlobState::Refused(reason::ERASED.to_owned()));
    }
    let limit = u64::try_from(Limits::PHOTO_BYTES).unwrap_or(0);
    if request.total == 0 || request.total > limit || request.chunk.0.len() > Limits::BLOB_CHUNK {
        return refuse(writing, sha256, reason::TOO_LARGE);
    }
    let known = match writing.blob(sha256)? {
        Some(blob) if blob.complete && album.holds(sha256)? => return Ok(BlobState::Complete),
        // Its file went missing, or somebody said another size: it comes again from its start.
        Some(blob) if blob.complete || blob.size != request.total => {
            writing.forget_blob(sha256)?;
            None
        }
        known => known,
    };
    let held = known.map_or(0, |blob: Blob| blob.held);
    let length = u64::try_from(request.chunk.0.len()).unwrap_or(u64::MAX);
    let ends = request.offset.saturating_add(length);
    if request.offset != held || length == 0 || ends > request.total {
        return Ok(BlobState::Partial { held });
    }
    let held = writing.keep_piece(sha256, request.total, request.offset, &request.chunk.0)?;
    if held < request.total {
        return Ok(BlobState::Partial { held });
    }
    let file = writing.pieces(sha256)?;
    if Hash::of_file(&file) != sha256 && !planted::is(Bug::PhotoNotHashed) {
        return refuse(writing, sha256, reason::ANOTHER_FILE);
    }
    if let Err(why) = check(&file) {
        return refuse(writing, sha256, why.code());
    }
    album.keep(sha256, &file)?;
    writing.blob_complete(sha256, now_ms)?;
    Ok(BlobState::Complete)
}

fn refuse(writing: &Writing<'_>, sha256: Hash, reason: &str) -> Result<BlobState, CouncilError> {
    writing.refuse_blob(sha256, reason)?;
    Ok(BlobState::Refused(reason.to_owned()))
}

/// A photo is a JPEG with a picture in it that can be decoded, no larger than devices make them, and nothing else.
fn check(file: &[u8]) -> Result<(), NotAPhoto> {
    let size = PlainJpeg::check(file)?;
    if size.width.max(size.height) > Limits::PHOTO_SIDE {
        return Err(NotAPhoto::TooManyPixels);
    }
    let picture = ImageReader::with_format(Cursor::new(file), ImageFormat::Jpeg).decode();
    picture.map(drop).map_err(|_| NotAPhoto::NotAPicture)
}
