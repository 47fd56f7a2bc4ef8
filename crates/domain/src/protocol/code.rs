//! The one-time code of an enrolment.

use std::fmt;
use std::str::FromStr;

use crate::ledger::{Hash, PublicKey};

/// A code that enrols one phone, once. It holds 128 random bits and the first 40 bits of the
/// council's key fingerprint. By those 40 bits the phone recognises the council that printed the
/// code. It is written in Crockford's base 32, in groups of five: `7ZK3M-...`.
#[derive(Clone, PartialEq, Eq)]
pub struct EnrolmentCode {
    secret: [u8; 16],
    council: [u8; 5],
}

/// The text is not an enrolment code.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("this is not an enrolment code")]
pub struct BadCode;

const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const LETTERS: usize = 34;

impl fmt::Debug for EnrolmentCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EnrolmentCode(<redacted>)")
    }
}

impl EnrolmentCode {
    /// Makes a code from 16 random bytes, for phones of the council that has this key.
    #[must_use]
    pub fn new(secret: [u8; 16], council: &PublicKey) -> Self {
        Self { secret, council: short(council) }
    }

    /// Whether the key is that of the council that printed the code.
    #[must_use]
    pub fn names(&self, council: &PublicKey) -> bool {
        self.council == short(council)
    }

    /// The hash of the random part. The council stores this, never the code itself.
    #[must_use]
    pub fn hash(&self) -> Hash {
        Hash::of("doorstep-enrolment-v1", &[&self.secret])
    }
}

fn short(key: &PublicKey) -> [u8; 5] {
    let [a, b, c, d, e, ..] = *key.fingerprint().as_bytes();
    [a, b, c, d, e]
}

impl fmt::Display for EnrolmentCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut bits: u32 = 0;
        let mut held = 0;
        let mut written = 0;
        for byte in self.secret.iter().chain(&self.council).chain(&[0]) {
            bits = (bits << 8) | u32::from(*byte);
            held += 8;
            while held >= 5 && written < LETTERS {
                held -= 5;
                if written > 0 && written % 5 == 0 {
                    f.write_str("-")?;
                }
                let letter = ALPHABET.get(((bits >> held) & 31) as usize).copied().unwrap_or(b'0');
                write!(f, "{}", char::from(letter))?;
                written += 1;
            }
            bits &= (1 << held) - 1;
        }
        Ok(())
    }
}

impl FromStr for EnrolmentCode {
    type Err = BadCode;

    /// Reads a code as people type it: in small letters, with spaces, without dashes, and with `O`,
    /// `I` or `L` for the digits that they look like.
    fn from_str(text: &str) -> Result<Self, BadCode> {
        let mut bytes = Vec::with_capacity(22);
        let (mut bits, mut held, mut letters) = (0_u32, 0, 0);
        for letter in text.chars().filter(|c| !matches!(c, '-' | ' ' | '\n' | '\r' | '\t')) {
            let letter = match letter.to_ascii_uppercase() {
                'O' => b'0',
                'I' | 'L' => b'1',
                other => u8::try_from(other).map_err(|_| BadCode)?,
            };
            let value = ALPHABET.iter().position(|known| *known == letter).ok_or(BadCode)?;
            bits = (bits << 5) | u32::try_from(value).map_err(|_| BadCode)?;
            held += 5;
            letters += 1;
            if held >= 8 {
                held -= 8;
                bytes.push(u8::try_from((bits >> held) & 255).map_err(|_| BadCode)?);
                bits &= (1 << held) - 1;
            }
        }
        if letters != LETTERS {
            return Err(BadCode);
        }
        let (secret, council) = bytes.split_at_checked(16).ok_or(BadCode)?;
        Ok(Self { secret: secret.try_into().map_err(|_| BadCode)?, council: council.try_into().map_err(|_| BadCode)? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::SigningKey;

    #[test]
    fn a_code_reads_back_however_it_was_typed() {
        let council = SigningKey::from_bytes(&[7; 32]).public();
        let code = EnrolmentCode::new([0xab; 16], &council);
        let printed = code.to_string();
        assert_eq!(printed.len(), LETTERS + 6, "34 letters in groups of five");
        assert_eq!(printed.parse(), Ok(code.clone()));
        assert_eq!(printed.to_lowercase().replace('-', " ").parse(), Ok(code.clone()));
        assert!(code.names(&council));
        assert!(!code.names(&SigningKey::from_bytes(&[8; 32]).public()));
    }

    #[test]
    fn half_a_code_and_other_text_are_refused() {
        for text in ["", "ABCDE", "hello there, this is not a code at all", "UUUUU-UUUUU-UUUUU-UUUUU-UUUUU-UUUUU-UUUU"]
        {
            assert_eq!(text.parse::<EnrolmentCode>(), Err(BadCode), "{text}");
        }
    }
}
