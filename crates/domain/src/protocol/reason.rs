//! Why the council does not take what a phone sends. An answer holds the stable name as a text, so
//! that a newer council can give a reason that an older phone does not know.

use serde::{Deserialize, Serialize};

use crate::conduct::NotAPhoto;

/// Why the council set a record aside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, strum::VariantArray, ts_rs::TS)]
#[serde(rename_all = "kebab-case")]
pub enum SetAsideReason {
    /// Its envelope can't be read.
    Unreadable,
    /// It is longer than a record can be.
    TooLarge,
    /// Its envelope names another phone, history or number than the request.
    Misplaced,
    /// The phone has two histories: it was copied, or restored from a copy.
    Fork,
    /// The first record of a chain does not begin the chain.
    BrokenLink,
    /// The key of its visit is missing, so its content can't be checked.
    NoVisitKey,
    /// Its content is not what its envelope commits to.
    AlteredBody,
    /// Its content can't be read.
    BodyUnreadable,
    /// It names a person whom the council does not know.
    UnknownPerson,
    /// It is in the name of a person who was not enrolled on this phone.
    OtherPerson,
    /// Another record has its id.
    RecordIdClash,
    /// Its phone was lost, or its person has left. It gets the receipt of a record that was taken.
    RevokedPhone,
}

/// Why the council refused a photo.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, strum::VariantArray, ts_rs::TS)]
#[serde(rename_all = "kebab-case")]
pub enum PhotoRefusal {
    /// It is not a picture that can be read.
    NotAPicture,
    /// It has too many pixels.
    TooManyPixels,
    /// Its file is too large.
    PhotoTooLarge,
    /// It holds more than a picture.
    CarriesMore,
    /// The file that arrived is not the one that the record names.
    AnotherFile,
    /// The council has erased it.
    Erased,
}

impl From<NotAPhoto> for PhotoRefusal {
    fn from(why: NotAPhoto) -> Self {
        match why {
            NotAPhoto::NotAPicture => Self::NotAPicture,
            NotAPhoto::TooManyPixels => Self::TooManyPixels,
            NotAPhoto::TooLarge => Self::PhotoTooLarge,
            NotAPhoto::CarriesMore => Self::CarriesMore,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::StableName;

    #[test]
    fn a_fault_of_a_file_has_one_code_on_the_phone_and_at_the_council() {
        for why in [NotAPhoto::NotAPicture, NotAPhoto::TooManyPixels, NotAPhoto::TooLarge, NotAPhoto::CarriesMore] {
            assert_eq!(PhotoRefusal::from(why).name(), why.code());
        }
    }
}
