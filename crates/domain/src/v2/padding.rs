//! Padding: how long a message is tells nothing of what is in it. It is one skippable frame of zstd
//! (RFC 8878, 3.1.2) behind the compressed one, so that every reader passes over it.

use super::Exchange;

/// The steps in which requests with records grow, in bytes. One has room for a note.
const REQUEST_STEP: usize = 32 * 1024;

/// The steps in which other requests and all answers grow, in bytes.
const ANSWER_STEP: usize = 2 * 1024;

/// How much of a request with records is room for a note, in bytes. Nothing else takes it.
const NOTE_ROOM: usize = 18 * 1024;

/// The first of the numbers that mark a skippable frame.
const SKIPPABLE: u32 = 0x184d_2a50;

/// The bytes that a skippable frame has at least.
const LEAST: usize = 8;

/// Pads a compressed answer. `fill` fills the padding with random bytes: with others, whoever
/// compresses the connection again could tell them apart.
pub fn pad_answer(packed: &mut Vec<u8>, fill: impl FnOnce(&mut [u8])) {
    pad(packed, ANSWER_STEP, 0, fill);
}

/// Pads a compressed request, as [`pad_answer`] does an answer.
pub fn pad_request(packed: &mut Vec<u8>, exchange: Exchange, fill: impl FnOnce(&mut [u8])) {
    match exchange {
        Exchange::Send { note } => pad(packed, REQUEST_STEP, NOTE_ROOM.saturating_sub(note), fill),
        Exchange::Enrol | Exchange::Fetch | Exchange::Photo(_) | Exchange::Salvage(_) => {
            pad(packed, ANSWER_STEP, 0, fill);
        }
    }
}

/// Pads to a multiple of a step, with so much room that stays free.
fn pad(packed: &mut Vec<u8>, step: usize, room: usize, fill: impl FnOnce(&mut [u8])) {
    let whole = (packed.len() + LEAST + room).next_multiple_of(step);
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
            pad_answer(&mut packed, |padding| padding.fill(9));
            assert_eq!(packed.len() % ANSWER_STEP, 0, "{length}");
            let (said, padding) = packed[length + 4..].split_first_chunk().unwrap();
            assert_eq!(u32::from_le_bytes(*said) as usize, padding.len(), "{length}");
            assert!(padding.iter().all(|byte| *byte == 9));
        }
    }

    #[test]
    fn a_request_with_a_note_is_as_long_as_one_without() {
        for others in (0..70_000).step_by(97) {
            let length = |packed: usize, note: usize| {
                let mut packed = vec![7; packed];
                pad_request(&mut packed, Exchange::Send { note }, |_| {});
                packed.len()
            };
            assert_eq!(length(others, 0), length(others + 17_000, 17_000), "{others}");
        }
    }
}
