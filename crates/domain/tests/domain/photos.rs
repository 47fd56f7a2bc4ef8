//! Photos: what a record tells of one, and what its file may hold.

use doorstep_domain::conduct::{Command, NotAPhoto, Photo, PhotoPurpose, PlainJpeg};
use doorstep_domain::ledger::Hash;
use proptest::prelude::*;

use crate::cast::AtTheDoor;

/// Segments of a JPEG, each with its marker and its length.
fn segment(marker: u8, data: &[u8]) -> Vec<u8> {
    let length = u16::try_from(data.len() + 2).unwrap();
    [&[0xFF, marker], length.to_be_bytes().as_slice(), data].concat()
}

/// A file of 640 by 480 pixels, as an encoder lays it out; what its scan says is for a decoder to
/// find out.
fn jpeg_with(between: &[u8], behind: &[u8]) -> Vec<u8> {
    [
        [0xFF, 0xD8].as_slice(),
        &segment(0xE0, b"JFIF\0\x01\x02\x01\0\x48\0\x48\0\0"),
        &segment(0xDB, &[0; 65]),
        between,
        &segment(0xC0, &[8, 0x01, 0xE0, 0x02, 0x80, 1, 1, 0x11, 0]),
        &segment(0xC4, &[0; 20]),
        &segment(0xDA, &[1, 1, 0, 0, 63, 0]),
        &[0x12, 0xFF, 0x00, 0x34, 0xFF, 0xD0, 0x56],
        &[0xFF, 0xD9],
        behind,
    ]
    .concat()
}

#[test]
fn a_plain_picture_is_taken_and_says_its_size() {
    assert_eq!(PlainJpeg::check(&jpeg_with(&[], &[])), Ok(PlainJpeg { width: 640, height: 480 }));
}

#[test]
fn whatever_is_in_a_file_besides_its_picture_is_found() {
    let place = segment(0xE1, b"Exif\0\0 52.7663 N 0.8863 W");
    let comment = segment(0xFE, b"taken at 4 High Street");
    let profile = segment(0xE2, b"ICC_PROFILE\0");
    let second = jpeg_with(&[], &[]);
    let thumbnail = segment(0xE0, b"JFIF\0\x01\x02\x01\0\x48\0\x48\x01\x01abc");
    for between in [&place, &comment, &profile, &thumbnail] {
        assert_eq!(PlainJpeg::check(&jpeg_with(between, &[])), Err(NotAPhoto::CarriesMore));
    }
    for behind in [b"PK\x03\x04".as_slice(), &second, &[0]] {
        assert_eq!(PlainJpeg::check(&jpeg_with(&[], behind)), Err(NotAPhoto::CarriesMore));
    }
}

#[test]
fn a_file_that_only_claims_to_be_a_picture_is_not_one() {
    for claim in
        [b"".as_slice(), b"\xFF\xD8", b"\xFF\xD8\xFF\xE0", b"\xFF\xD8\xFF\xD9", b"GIF89a", b"<html>", b"%PDF-1.7"]
    {
        assert_eq!(PlainJpeg::check(claim), Err(NotAPhoto::NotAPicture), "{claim:?}");
    }
}

proptest! {
    #[test]
    fn no_bytes_make_the_check_fail_and_a_picture_cut_short_is_none(
        bytes in proptest::collection::vec(any::<u8>(), 0..400),
        at in 0_usize..180,
    ) {
        let _any = PlainJpeg::check(&bytes);
        let whole = jpeg_with(&[], &[]);
        prop_assume!(at < whole.len());
        prop_assert!(PlainJpeg::check(&whole[..at]).is_err());
        // A picture with anything in the middle of it is the picture or nothing: it never panics.
        let _woven = PlainJpeg::check(&[&whole[..at], &bytes, &whole[at..]].concat());
    }
}

fn photo(of: &[u8], purpose: PhotoPurpose) -> Photo {
    Photo { sha256: Hash::of_file(of), purpose, bytes: 4, width: 640, height: 480 }
}

#[test]
fn a_photo_taken_twice_is_one_and_one_taken_by_mistake_is_struck_out() {
    let mut door = AtTheDoor::arrive();
    let first = door.says(Command::TakePhoto(photo(b"door", PhotoPurpose::Door))).unwrap();
    door.says(Command::TakePhoto(photo(b"door", PhotoPurpose::Door))).unwrap();
    door.says(Command::TakePhoto(photo(b"sink", PhotoPurpose::Before))).unwrap();
    assert_eq!(door.visit.photos.len(), 2);
    door.says(Command::StrikeOut { record: first, reason: "A neighbour is on it".into() }).unwrap();
    assert_eq!(door.visit.photos.iter().map(|taken| taken.photo.purpose).collect::<Vec<_>>(), [PhotoPurpose::Before]);
    assert!(door.visit.timeline.iter().any(|line| line.record == first && line.struck.is_some()));
}

#[test]
fn the_door_is_photographed_after_nobody_answered() {
    let mut door = AtTheDoor::arrive();
    door.says(Command::NoAnswer).unwrap();
    assert!(door.says(Command::TakePhoto(photo(b"card", PhotoPurpose::Door))).is_ok());
}

#[test]
fn a_hash_reads_back_from_its_text_and_nothing_else_does() {
    let hash = Hash::of_file(b"abc");
    // FIPS 180-2, appendix B.1.
    assert_eq!(hash.to_string(), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    assert_eq!(hash.to_string().parse(), Ok(hash));
    for not in ["", "ba78", &"g".repeat(64), &"A".repeat(64), "../../etc/passwd"] {
        assert!(not.parse::<Hash>().is_err(), "{not}");
    }
}
