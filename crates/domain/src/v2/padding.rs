//! Padding: how long a message is tells nothing of what is in it. It is one skippable frame of zstd
//! (RFC 8878, 3.1.2) behind the compressed one, so that every reader passes over it.

/// The steps in which requests with records grow, in bytes. One has room for a note.
pub const REQUEST_STEP: usize = 32 * 1024;

/// The steps in which other requests and all answers grow, in bytes.
pub const ANSWER_STEP: usize = 2 * 1024;

/// The first of the numbers that mark a skippable frame.
const SKIPPABLE: u32 = 0x184d_2a50;

/// The bytes that a skippable frame has at least.
const LEAST: usize = 8;

/// Pads a compressed message to a multiple of a step. `fill` fills the padding with random bytes:
/// with others, whoever compresses the connection again could tell them apart.
pub fn pad(packed: &mut Vec<u8>, step: usize, fill: impl FnOnce(&mut [u8])) {
    let whole = (packed.len() + LEAST).next_multiple_of(step.max(1));
    let padding = whole - packed.len() - LEAST;
    packed.extend(SKIPPABLE.to_le_bytes());
    packed.extend(u32::try_from(padding).unwrap_or(0).to_le_bytes());
    let from = packed.len();
    packed.resize(whole, 0);
    if let Some(padding) = packed.get_mut(from..) {
        fill(padding);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_length_becomes_a_multiple_of_the_step_with_a_frame_that_says_how_long_it_is() {
        for length in [0, 1, 2_039, 2_040, 2_041, 2_048, 5_000] {
            let mut packed = vec![7; length];
            pad(&mut packed, ANSWER_STEP, |padding| padding.fill(9));
            assert_eq!(packed.len() % ANSWER_STEP, 0, "{length}");
            let (said, padding) = packed[length + 4..].split_first_chunk().unwrap();
            assert_eq!(u32::from_le_bytes(*said) as usize, padding.len(), "{length}");
            assert!(padding.iter().all(|byte| *byte == 9));
        }
    }
}
