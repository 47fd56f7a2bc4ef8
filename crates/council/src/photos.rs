//! Photos at the council: taking one in piece by piece, checking it, and keeping it as a file under its own hash.

use std::fs;
use std::io::{Cursor, Write};
use std::path::{Path, PathBuf};

use doorstep_domain::conduct::{NotAPhoto, PlainJpeg};
use doorstep_domain::ledger::Hash;
use doorstep_domain::protocol::{BlobRequest, BlobState, Limits};
use image::{ImageFormat, ImageReader};

use crate::CouncilError;
use crate::planted::{self, Bug};
use crate::storage::{Blob, Writing};

/// Why a picture is not taken, where the picture itself is not the reason.
mod reason {
    pub(super) const TOO_LARGE: &str = "photo-too-large";
    pub(super) const ANOTHER_FILE: &str = "another-file";
    pub(super) const ERASED: &str = "erased";
}

/// The folder of pictures.
#[derive(Debug, Clone)]
pub(crate) struct Album {
    folder: PathBuf,
}

impl Album {
    pub(crate) fn in_data(data: &Path) -> Self {
        Self { folder: data.join("photos") }
    }

    fn path(&self, sha256: Hash) -> PathBuf {
        let name = sha256.to_string();
        let (shelf, _) = name.split_at_checked(2).unwrap_or(("", ""));
        self.folder.join(shelf).join(format!("{name}.jpg"))
    }

    /// A picture; `None` when there is none by that name.
    pub(crate) fn read(&self, sha256: Hash) -> Result<Option<Vec<u8>>, CouncilError> {
        let path = self.path(sha256);
        match fs::read(&path) {
            Ok(file) => Ok(Some(file)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(source) => Err(CouncilError::File { path, source }),
        }
    }

    fn holds(&self, sha256: Hash) -> bool {
        self.path(sha256).is_file()
    }

    /// Erases a picture, where there is one.
    pub(crate) fn erase(&self, sha256: Hash) -> Result<(), CouncilError> {
        let path = self.path(sha256);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(CouncilError::File { path, source: error })
            }
            _ => Ok(()),
        }
    }

    /// Keeps a picture: all of it is on disk when this returns `Ok`, under its name, or nothing is.
    pub(crate) fn keep(&self, sha256: Hash, file: &[u8]) -> Result<(), CouncilError> {
        let path = self.path(sha256);
        let failed = |source| CouncilError::File { path: path.clone(), source };
        let shelf = path.parent().unwrap_or(&self.folder);
        fs::create_dir_all(shelf).map_err(failed)?;
        let half_written = path.with_extension("part");
        let mut options = fs::OpenOptions::new();
        options.write(true).create(true).truncate(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut part = options.open(&half_written).map_err(failed)?;
        part.write_all(file).and_then(|()| part.sync_all()).map_err(failed)?;
        fs::rename(&half_written, &path).map_err(failed)?;
        // The name is on disk when the folder is.
        #[cfg(unix)]
        fs::File::open(shelf).and_then(|shelf| shelf.sync_all()).map_err(failed)?;
        Ok(())
    }
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
        Some(blob) if blob.complete && album.holds(sha256) => return Ok(BlobState::Complete),
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
