//! A camera that makes pictures of noise, each from a random place in the same noise.

use std::io::Cursor;
use std::sync::OnceLock;

use image::{ImageFormat, RgbImage};

use super::outside::Chance;

/// The sides of small and large pictures, in pixels. A small one is sent in one piece, a large one
/// in several.
const SIDES: [u32; 2] = [16, 700];

/// The noise that every picture is cut from.
static GRAIN: OnceLock<Vec<u8>> = OnceLock::new();

fn grain() -> &'static [u8] {
    GRAIN.get_or_init(|| {
        let [.., side] = SIDES;
        let mut grain = vec![0; (side * side * 3) as usize];
        Chance::new(1).fill(&mut grain);
        grain
    })
}

/// A JPEG as a camera would write it. One in five is large.
pub(super) fn shoot(chance: &Chance) -> Vec<u8> {
    let [small, large] = SIDES;
    let side = if chance.percent(20) { large } else { small };
    let mut pixels = grain().to_vec();
    let from = chance.below(pixels.len());
    pixels.rotate_left(from);
    pixels.truncate((side * side * 3) as usize);
    let picture = RgbImage::from_raw(side, side, pixels).expect("there is enough grain");
    let mut file = Cursor::new(Vec::new());
    picture.write_to(&mut file, ImageFormat::Jpeg).expect("a picture can be written");
    file.into_inner()
}
