//! Sealing a safeguarding note to the keys of the council's safeguarding leads (age, X25519).
//! Clause 6.2.
//!
//! In version 2 every note has one length. In version 1 it is padded to one of three sizes, so that
//! its length tells little. age takes random numbers from the operating system itself. So when a
//! simulation is repeated, the sealed bytes differ.

use age::x25519::Recipient;
use doorstep_domain::VisitId;
use doorstep_domain::conduct::{SealedNote, TextKind, TooLong};
use doorstep_domain::v2::Note;
use zeroize::Zeroizing;

use crate::error::AppError;

/// The sizes to which a note of version 1 is padded, in bytes.
const SIZES: [usize; 3] = [1024, 4 * 1024, 20 * 1024];

/// Seals a note to every key that can be read. `visit` is the one in which it was written.
pub(crate) fn seal(
    note: &str,
    visit: Option<VisitId>,
    keys: &[String],
    in_version_2: bool,
) -> Result<SealedNote, AppError> {
    let recipients: Vec<Recipient> = keys.iter().filter_map(|key| key.parse().ok()).collect();
    if recipients.is_empty() {
        return Err(AppError::NoSafeguardingKey);
    }
    let plain = Zeroizing::new(match in_version_2 {
        true => Note::new(visit, note).ok_or(TooLong { kind: TextKind::Words })?.to_bytes(),
        false => of_version_1(note),
    });
    let to = recipients.iter().map(|recipient| recipient as &dyn age::Recipient);
    let sealed = age::Encryptor::with_recipients(to)
        .and_then(|encryptor| {
            let mut sealed = Vec::new();
            let mut writer = encryptor.wrap_output(&mut sealed)?;
            std::io::Write::write_all(&mut writer, &plain)?;
            writer.finish()?;
            Ok(sealed)
        })
        .map_err(|_| AppError::NoSafeguardingKey)?;
    Ok(SealedNote { sealed })
}

fn of_version_1(note: &str) -> Vec<u8> {
    let mut plain = serde_json::json!({ "note": note }).to_string().into_bytes();
    let size = SIZES.into_iter().find(|size| plain.len() <= *size).unwrap_or(plain.len());
    plain.resize(size, b' ');
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sealed_note_opens_for_a_lead_alone_and_its_length_tells_nothing() {
        let lead = age::x25519::Identity::generate();
        let keys = vec![lead.to_public().to_string()];
        for in_version_2 in [false, true] {
            let short = seal("Bruises.", None, &keys, in_version_2).unwrap();
            let longer = "She said her brother takes her pension. ".repeat(10);
            let longer = seal(&longer, None, &keys, in_version_2).unwrap();
            // age itself adds a random number of bytes in front, so what is compared is what was
            // sealed.
            let opened = age::decrypt(&lead, &short.sealed).unwrap();
            assert_eq!(opened.len(), age::decrypt(&lead, &longer.sealed).unwrap().len());
            match in_version_2 {
                true => assert_eq!(Note::from_bytes(&opened).unwrap().words, "Bruises."),
                false => {
                    let opened: serde_json::Value = serde_json::from_slice(&opened).unwrap();
                    assert_eq!(opened["note"], "Bruises.");
                }
            }
            assert!(age::decrypt(&age::x25519::Identity::generate(), &short.sealed).is_err());
        }
    }

    #[test]
    fn without_a_key_nothing_is_sealed_and_the_words_say_to_phone() {
        let error = seal("Bruises.", None, &[], true).unwrap_err();
        assert!(error.to_string().contains("by phone"));
    }
}
