//! Makes a photo from a camera's file: the right way up, smaller, and with nothing in it but the
//! picture. Clause 5.2.

use std::io::Cursor;

use doorstep_domain::conduct::{NotAPhoto, PlainJpeg};
use doorstep_domain::protocol::Limits;
use image::codecs::jpeg::JpegEncoder;
use image::imageops::FilterType;
use image::{DynamicImage, ImageDecoder, ImageError, ImageFormat, ImageReader, Rgb, RgbImage};

/// The most memory for decoding one picture, in bytes: 50 million pixels of three bytes, and some
/// to spare.
const MEMORY: u64 = 192 * 1024 * 1024;

/// JPEG qualities to try, best first, until the file is small enough.
const QUALITIES: [u8; 3] = [80, 65, 45];

/// A photo as it is kept and sent.
#[derive(Debug)]
pub(crate) struct Picture {
    pub(crate) file: Vec<u8>,
    pub(crate) size: PlainJpeg,
}

/// Makes a photo out of a JPEG or a PNG.
///
/// # Errors
/// [`NotAPhoto`] when the file is not a picture, or is too large to be opened safely. The size is
/// checked before the picture is decoded.
pub(crate) fn make(file: &[u8]) -> Result<Picture, NotAPhoto> {
    if file.len() > Limits::PHOTO_FILE_BYTES {
        return Err(NotAPhoto::TooLarge);
    }
    let picture = shrunk(open(file)?);
    let opaque = on_white(&picture);
    for quality in QUALITIES {
        let mut file = Vec::new();
        JpegEncoder::new_with_quality(&mut file, quality).encode_image(&opaque).map_err(|_| NotAPhoto::NotAPicture)?;
        if file.len() <= Limits::PHOTO_BYTES {
            let size = PlainJpeg::check(&file)?;
            return Ok(Picture { file, size });
        }
    }
    Err(NotAPhoto::TooLarge)
}

/// Decodes a picture, and turns it the right way up.
fn open(file: &[u8]) -> Result<DynamicImage, NotAPhoto> {
    let mut reader = ImageReader::new(Cursor::new(file)).with_guessed_format().map_err(|_| NotAPhoto::NotAPicture)?;
    if !matches!(reader.format(), Some(ImageFormat::Jpeg | ImageFormat::Png)) {
        return Err(NotAPhoto::NotAPicture);
    }
    let mut limits = image::Limits::default();
    limits.max_alloc = Some(MEMORY);
    reader.limits(limits);
    let mut decoder = reader.into_decoder().map_err(not_opened)?;
    let (width, height) = decoder.dimensions();
    if u64::from(width) * u64::from(height) > Limits::PHOTO_FILE_PIXELS {
        return Err(NotAPhoto::TooManyPixels);
    }
    let orientation = decoder.orientation().map_err(not_opened)?;
    let mut picture = DynamicImage::from_decoder(decoder).map_err(not_opened)?;
    picture.apply_orientation(orientation);
    Ok(picture)
}

fn not_opened(error: ImageError) -> NotAPhoto {
    match error {
        ImageError::Limits(_) => NotAPhoto::TooManyPixels,
        _ => NotAPhoto::NotAPicture,
    }
}

fn shrunk(picture: DynamicImage) -> DynamicImage {
    let most = u32::from(Limits::PHOTO_SIDE);
    if picture.width().max(picture.height()) <= most {
        return picture;
    }
    picture.resize(most, most, FilterType::Triangle)
}

/// Puts the picture on white, because a JPEG can't be transparent.
fn on_white(picture: &DynamicImage) -> RgbImage {
    if !picture.color().has_alpha() {
        return picture.to_rgb8();
    }
    let seen = picture.to_rgba8();
    let over_white = |value: u8, alpha: u8| {
        let mixed = (u32::from(value) * u32::from(alpha) + 255 * (255 - u32::from(alpha))) / 255;
        u8::try_from(mixed).unwrap_or(u8::MAX)
    };
    RgbImage::from_fn(seen.width(), seen.height(), |x, y| {
        let [red, green, blue, alpha] = seen.get_pixel(x, y).0;
        Rgb([over_white(red, alpha), over_white(green, alpha), over_white(blue, alpha)])
    })
}

#[cfg(test)]
mod tests {
    use image::{GenericImageView, Luma, Rgba, RgbaImage};

    use super::*;

    /// A picture that is dark above and bright below.
    fn scene(width: u32, height: u32) -> DynamicImage {
        image::GrayImage::from_fn(width, height, |_, y| Luma([if y < height / 2 { 20 } else { 230 }])).into()
    }

    fn encoded(picture: &DynamicImage, format: ImageFormat) -> Vec<u8> {
        let mut file = Cursor::new(Vec::new());
        picture.write_to(&mut file, format).unwrap();
        file.into_inner()
    }

    /// What cameras write besides the picture: which way up it was held, and where.
    fn with_exif(jpeg: &[u8], orientation: u8) -> Vec<u8> {
        let mut exif = b"Exif\0\0MM\0\x2A\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0".to_vec();
        exif.extend([orientation, 0, 0, 0, 0, 0, 0]);
        exif.extend_from_slice(b"GPS 52.7663 N 0.8863 W");
        let length = u16::try_from(exif.len() + 2).unwrap().to_be_bytes();
        let (start, rest) = jpeg.split_at(2);
        [start, &[0xFF, 0xE1], &length, &exif, rest].concat()
    }

    fn pixel(jpeg: &[u8], x: u32, y: u32) -> u8 {
        let picture = image::load_from_memory(jpeg).unwrap();
        picture.get_pixel(x, y).0[0]
    }

    #[test]
    fn where_it_was_taken_is_not_in_the_photo_and_it_is_the_right_way_up() {
        let taken = with_exif(&encoded(&scene(64, 48), ImageFormat::Jpeg), 6);
        assert!(taken.windows(3).any(|bytes| bytes == b"GPS"));
        let made = make(&taken).unwrap();
        assert!(!made.file.windows(3).any(|bytes| bytes == b"GPS"));
        // Held upright: what the sensor has on top is on the right.
        assert_eq!((made.size.width, made.size.height), (48, 64));
        assert!(pixel(&made.file, 44, 32) < 60 && pixel(&made.file, 4, 32) > 190);
    }

    #[test]
    fn a_large_photo_is_made_smaller_and_keeps_its_shape() {
        let made = make(&encoded(&scene(4000, 3000), ImageFormat::Jpeg)).unwrap();
        assert_eq!(made.size, PlainJpeg { width: 2048, height: 1536 });
        let small = make(&encoded(&scene(300, 200), ImageFormat::Png)).unwrap();
        assert_eq!(small.size, PlainJpeg { width: 300, height: 200 });
    }

    #[test]
    fn what_shows_through_a_picture_is_white() {
        let clear: DynamicImage = RgbaImage::from_pixel(16, 16, Rgba([0, 0, 0, 0])).into();
        let made = make(&encoded(&clear, ImageFormat::Png)).unwrap();
        assert!(pixel(&made.file, 8, 8) > 250);
    }

    #[test]
    fn the_same_file_makes_the_same_photo() {
        let taken = encoded(&scene(64, 48), ImageFormat::Jpeg);
        assert_eq!(make(&taken).unwrap().file, make(&taken).unwrap().file);
    }

    /// A JPEG whose header claims a hundred million pixels, over the picture of a few.
    fn bomb() -> Vec<u8> {
        let mut file = encoded(&scene(64, 48), ImageFormat::Jpeg);
        let frame = file.windows(2).position(|pair| pair == [0xFF, 0xC0]).unwrap();
        file.splice(frame + 5..frame + 9, [0x27, 0x10, 0x27, 0x10]);
        file
    }

    /// A PNG that claims as many, with a checksum that fits.
    fn png_bomb() -> Vec<u8> {
        let mut file = encoded(&scene(64, 48), ImageFormat::Png);
        file.splice(16..24, [0, 0, 0x27, 0x10, 0, 0, 0x27, 0x10]);
        let checksum = !file[12..29].iter().fold(u32::MAX, |crc, byte| {
            (0..8).fold(crc ^ u32::from(*byte), |crc, _| (crc >> 1) ^ (0xEDB8_8320 * (crc & 1)))
        });
        file.splice(29..33, checksum.to_be_bytes());
        file
    }

    #[test]
    fn a_hundred_million_pixels_are_refused_before_they_are_opened() {
        for file in [bomb(), png_bomb()] {
            assert_eq!(make(&file).unwrap_err(), NotAPhoto::TooManyPixels);
        }
    }

    #[test]
    fn a_file_that_only_claims_to_be_a_picture_is_refused() {
        let whole = encoded(&scene(64, 48), ImageFormat::Jpeg);
        let cut = &whole[..whole.len() / 3];
        for file in
            [b"".as_slice(), b"\xFF\xD8\xFF\xE0 and then a letter", b"%PDF-1.7", b"<svg/>", b"GIF89a\x01\0\x01\0", cut]
        {
            assert_eq!(make(file).unwrap_err(), NotAPhoto::NotAPicture);
        }
        assert_eq!(make(&vec![0; Limits::PHOTO_FILE_BYTES + 1]).unwrap_err(), NotAPhoto::TooLarge);
    }
}
