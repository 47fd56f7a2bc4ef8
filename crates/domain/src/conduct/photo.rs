//! Photos: what a record says about a photo, and what a photo's file can hold. Clauses 3.1, 3.3,
//! 5.2 and 6.1.
//!
//! A device does not keep the camera's file. It makes a new file from it, the right way up,
//! smaller, and with nothing in it but the picture. The device and the council both check the new
//! file with [`PlainJpeg::check`]. Neither takes a file that holds a place, a name or a second
//! file.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::RecordId;
use crate::hash::Hash;

/// What a photo shows. Never a person: clause 5.2.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    strum::VariantArray,
    ts_rs::TS,
    schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum PhotoPurpose {
    /// The place of work, before the work.
    Before,
    /// The place of work, after the work. Clause 3.3.
    After,
    /// The door, and the card that was left.
    Door,
    /// Something that was damaged. Clause 3.3.
    Damage,
    /// Something that is not safe. Clause 6.1.
    UnsafeCondition,
}

/// What a record says about a photo. The picture itself is sent separately, after the record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, schemars::JsonSchema)]
pub struct Photo {
    /// The SHA-256 of its file.
    #[ts(type = "string")]
    pub sha256: Hash,
    /// What it shows.
    pub purpose: PhotoPurpose,
    /// The size of its file, in bytes.
    pub bytes: u32,
    /// Its width in pixels.
    pub width: u16,
    /// Its height in pixels.
    pub height: u16,
}

/// A photo with its record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, schemars::JsonSchema)]
pub struct TakenPhoto {
    /// The record that names the photo. To strike out the photo, strike out this record.
    pub record: RecordId,
    /// When it was recorded, in UTC, by the device's clock.
    pub at: DateTime<Utc>,
    /// What the record says about the photo.
    pub photo: Photo,
}

/// The size of a JPEG that was found to hold a picture and nothing else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PlainJpeg {
    /// Its width in pixels.
    pub width: u16,
    /// Its height in pixels.
    pub height: u16,
}

/// Why neither the device nor the council keeps a file as a photo.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotAPhoto {
    /// It is not a picture that can be read, whatever its name says.
    #[error("it is not a picture that can be read: a JPEG or a PNG")]
    NotAPicture,
    /// It has too many pixels to be opened safely.
    #[error("it has more than 50 million pixels")]
    TooManyPixels,
    /// The file is too large.
    #[error("its file is larger than 20 MB")]
    TooLarge,
    /// It holds more than a picture: a place, a name, a thumbnail or another file, for example.
    #[error("there is more in it than a picture")]
    CarriesMore,
}

impl NotAPhoto {
    /// The reason as a stable code.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::NotAPicture => "not-a-picture",
            Self::TooManyPixels => "too-many-pixels",
            Self::TooLarge => "photo-too-large",
            Self::CarriesMore => "carries-more",
        }
    }
}

/// Markers of a JPEG (ITU-T T.81, table B.1).
mod marker {
    pub(super) const START: u8 = 0xD8;
    pub(super) const END: u8 = 0xD9;
    pub(super) const SCAN: u8 = 0xDA;
    pub(super) const APP0: u8 = 0xE0;
    /// Frames: baseline and progressive, both Huffman coded.
    pub(super) const FRAMES: [u8; 2] = [0xC0, 0xC2];
    /// Tables: Huffman, quantisation, restart interval.
    pub(super) const TABLES: [u8; 3] = [0xC4, 0xDB, 0xDD];
    /// Whether a byte after 0xFF belongs to the data of a scan: a stuffed zero or a restart mark.
    pub(super) fn is_scan_data(byte: u8) -> bool {
        byte == 0 || (0xD0..=0xD7).contains(&byte)
    }
}

/// The length of a JFIF header without a thumbnail, in bytes, not counting its length field.
const JFIF_BYTES: usize = 14;

impl PlainJpeg {
    /// Checks that a file holds one whole picture and nothing else: no metadata, no thumbnail, no
    /// comment, no bytes after its end. It does not decode the picture.
    ///
    /// # Errors
    /// [`NotAPhoto`] says what is wrong with it.
    pub fn check(file: &[u8]) -> Result<Self, NotAPhoto> {
        let rest = file.strip_prefix(&[0xFF, marker::START]).ok_or(NotAPhoto::NotAPicture)?;
        let (mut rest, mut size) = (rest, None);
        loop {
            let [0xFF, kind, tail @ ..] = rest else { return Err(NotAPhoto::NotAPicture) };
            if *kind == marker::END {
                let size: Self = size.ok_or(NotAPhoto::NotAPicture)?;
                return if tail.is_empty() { Ok(size) } else { Err(NotAPhoto::CarriesMore) };
            }
            let (segment, after) = segment(tail)?;
            rest = match *kind {
                marker::APP0 if is_plain_jfif(segment) => after,
                kind if marker::TABLES.contains(&kind) => after,
                kind if marker::FRAMES.contains(&kind) => {
                    if size.replace(frame(segment)?).is_some() {
                        return Err(NotAPhoto::CarriesMore);
                    }
                    after
                }
                marker::SCAN => behind_scan(after),
                _ => return Err(NotAPhoto::CarriesMore),
            };
        }
    }
}

/// Splits off the content of a segment from what comes after it.
fn segment(tail: &[u8]) -> Result<(&[u8], &[u8]), NotAPhoto> {
    let (length, _) = tail.split_first_chunk::<2>().ok_or(NotAPhoto::NotAPicture)?;
    let length = usize::from(u16::from_be_bytes(*length));
    let (whole, after) = tail.split_at_checked(length).ok_or(NotAPhoto::NotAPicture)?;
    Ok((whole.get(2..).ok_or(NotAPhoto::NotAPicture)?, after))
}

fn is_plain_jfif(segment: &[u8]) -> bool {
    segment.len() == JFIF_BYTES && segment.starts_with(b"JFIF\0") && segment.ends_with(&[0, 0])
}

/// The pixels that a frame's header claims.
fn frame(segment: &[u8]) -> Result<PlainJpeg, NotAPhoto> {
    let [_precision, h1, h2, w1, w2, ..] = *segment else { return Err(NotAPhoto::NotAPicture) };
    let (width, height) = (u16::from_be_bytes([w1, w2]), u16::from_be_bytes([h1, h2]));
    if width == 0 || height == 0 { Err(NotAPhoto::NotAPicture) } else { Ok(PlainJpeg { width, height }) }
}

/// The rest of the file from the first marker after the data of a scan.
fn behind_scan(data: &[u8]) -> &[u8] {
    let ends = |pair: &[u8]| matches!(pair, [0xFF, next] if !marker::is_scan_data(*next));
    let end = data.windows(2).position(ends).unwrap_or(data.len());
    data.get(end..).unwrap_or_default()
}
