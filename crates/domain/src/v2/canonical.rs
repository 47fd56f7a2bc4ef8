//! One thing, one text of bytes. What is signed is kept as it came, and two readers must not see
//! two things in it. So a reader takes the one canonical form alone.
//!
//! The form is CBOR (RFC 8949) with shortest numbers and definite lengths. A thing is an array with
//! its fields in their order; a field that is absent is `null`, and the array ends with its last
//! field that is not absent.

use minicbor::data::Type;
use minicbor::{Decode, Decoder, Encode};

/// The bytes are not the canonical form of what they should be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("these bytes are not in the one form that is taken")]
pub struct NotCanonical;

/// How deep lists may be nested in what a newer version made.
const DEEPEST: usize = 16;

/// The canonical bytes of a thing.
#[must_use]
pub fn write<T: Encode<()>>(thing: &T) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(256);
    // This can't fail: it is plain data, and it is written to memory.
    let _infallible = minicbor::encode(thing, &mut bytes);
    bytes
}

/// Reads a thing from its canonical bytes, and from no others.
///
/// # Errors
/// [`NotCanonical`] when they are another thing, another form of it, or have something behind them.
pub fn read<T: for<'b> Decode<'b, ()> + Encode<()>>(bytes: &[u8]) -> Result<T, NotCanonical> {
    let thing: T = minicbor::decode(bytes).map_err(|_| NotCanonical)?;
    if write(&thing) == bytes { Ok(thing) } else { Err(NotCanonical) }
}

/// Whether the bytes are one item of CBOR with shortest numbers and definite lengths, without
/// fractions, tags or a key twice, and with nothing behind it. That is what can be asked of the
/// body of a newer version, whose fields this version does not know.
#[must_use]
pub fn is_plain_cbor(bytes: &[u8]) -> bool {
    let mut decoder = Decoder::new(bytes);
    item(&mut decoder, DEEPEST).is_some() && decoder.position() == bytes.len()
}

/// Reads one item; `None` when it is not plain.
fn item(decoder: &mut Decoder<'_>, deeper: usize) -> Option<()> {
    let start = decoder.position();
    let deeper = deeper.checked_sub(1)?;
    match decoder.datatype().ok()? {
        Type::U8 | Type::U16 | Type::U32 | Type::U64 => {
            let number = decoder.u64().ok()?;
            is_short(decoder.position() - start, number)
        }
        Type::I8 | Type::I16 | Type::I32 | Type::I64 | Type::Int => {
            let number = i128::from(decoder.int().ok()?);
            is_short(decoder.position() - start, u64::try_from(-1 - number).ok()?)
        }
        Type::Bytes => {
            let length = decoder.bytes().ok()?.len();
            is_short(decoder.position() - start - length, u64::try_from(length).ok()?)
        }
        Type::String => {
            let length = decoder.str().ok()?.len();
            is_short(decoder.position() - start - length, u64::try_from(length).ok()?)
        }
        Type::Array => {
            let length = decoder.array().ok()??;
            is_short(decoder.position() - start, length)?;
            (0..length).try_for_each(|_| item(decoder, deeper))
        }
        Type::Map => {
            let length = decoder.map().ok()??;
            is_short(decoder.position() - start, length)?;
            let mut keys: Vec<&[u8]> = Vec::new();
            (0..length).try_for_each(|_| {
                let from = decoder.position();
                item(decoder, deeper)?;
                keys.push(decoder.input().get(from..decoder.position())?);
                item(decoder, deeper)
            })?;
            keys.sort_unstable();
            let before = keys.len();
            keys.dedup();
            (keys.len() == before).then_some(())
        }
        Type::Bool => decoder.bool().ok().map(drop),
        Type::Null => decoder.null().ok(),
        // Fractions, tags, lengths that are not said, and what no version has written.
        _ => None,
    }
}

/// Whether a number with a head of this many bytes is in its shortest form.
fn is_short(head: usize, number: u64) -> Option<()> {
    let shortest = match number {
        0..=23 => 1,
        24..=0xff => 2,
        0x100..=0xffff => 3,
        0x1_0000..=0xffff_ffff => 5,
        _ => 9,
    };
    (head == shortest).then_some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq, Encode, Decode)]
    #[cbor(array)]
    struct Thing {
        #[n(0)]
        number: u64,
        #[n(1)]
        middle: Option<u8>,
        #[n(2)]
        text: String,
        #[n(3)]
        last: Option<u8>,
    }

    fn thing(middle: Option<u8>, last: Option<u8>) -> Thing {
        Thing { number: 7, middle, text: "a".to_owned(), last }
    }

    #[test]
    fn a_thing_has_one_text_of_bytes() {
        assert_eq!(write(&thing(None, None)), [0x83, 7, 0xf6, 0x61, b'a']);
        assert_eq!(write(&thing(Some(1), Some(2))), [0x84, 7, 1, 0x61, b'a', 2]);
        for whole in [thing(None, None), thing(Some(1), None), thing(Some(1), Some(2))] {
            assert_eq!(read::<Thing>(&write(&whole)), Ok(whole));
        }
    }

    #[test]
    fn every_other_text_of_the_same_thing_is_refused() {
        let others: [&[u8]; 6] = [
            &[0x84, 7, 0xf6, 0x61, b'a', 0xf6],       // an absent field at the end
            &[0x83, 0x18, 7, 0xf6, 0x61, b'a'],       // a longer number
            &[0x9f, 7, 0xf6, 0x61, b'a', 0xff],       // a length that is not said
            &[0x83, 7, 0xf6, 0x78, 1, b'a'],          // a longer length
            &[0x83, 7, 0xf6, 0x61, b'a', 0],          // something behind it
            &[0x85, 7, 0xf6, 0x61, b'a', 0xf6, 0x01], // a field that nobody knows
        ];
        for bytes in others {
            assert_eq!(read::<Thing>(bytes), Err(NotCanonical), "{bytes:02x?}");
        }
    }

    #[test]
    fn what_a_newer_version_says_is_plain_or_not() {
        let plain: [&[u8]; 6] =
            [&[0], &[0x18, 24], &[0x38, 0xff], &[0xa2, 0x61, b'a', 1, 0x61, b'b', 0x80], &[0xf5], &[0x43, 1, 2, 3]];
        for bytes in plain {
            assert!(is_plain_cbor(bytes), "{bytes:02x?}");
        }
        let others: [&[u8]; 12] = [
            &[],
            &[0x18, 23],
            &[0x19, 0, 255],
            &[0x38, 0],
            &[0xa2, 0x61, b'a', 1, 0x61, b'a', 2],
            &[0x9f, 0xff],
            &[0xf9, 0x3c, 0],
            &[0xc0, 0x60],
            &[0x61, 0xff],
            &[0, 0],
            &[0x5f, 0xff],
            &[0x82, 1],
        ];
        for bytes in others {
            assert!(!is_plain_cbor(bytes), "{bytes:02x?}");
        }
        assert!(!is_plain_cbor(&[0x81; 100_000]), "too deep for any reader");
    }
}
