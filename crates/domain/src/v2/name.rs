//! What each hash and each signature is for.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use zeroize::Zeroize;

use crate::hash::{Hash, frame};

/// What a hash or a signature is for. Its name stands before what is hashed or signed, so that one
/// made for one purpose never serves for another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::VariantArray)]
pub enum Name {
    /// The hash of an envelope.
    Record,
    /// What the first record of a chain gives for the record before it.
    Genesis,
    /// The salt of a body, made from its visit's key.
    Salt,
    /// The commitment to a body.
    Body,
    /// The tree over the heads of a seal.
    Head,
    /// A seal: the device's signature, and the salted parts of what it is over.
    Seal,
    /// The root of a seal.
    SealRoot,
    /// The tree over the receipts of one answer.
    Receipt,
    /// The council's signature over that tree.
    ReceiptRoot,
    /// The random number of one receipt, made from that of its answer.
    ReceiptNonce,
    /// A certificate, signed by the council.
    Certificate,
    /// A grant: the council's signature, and the hash that records give.
    Grant,
    /// One version of an appointment.
    Appointment,
    /// A device's request.
    Request,
    /// The council's answer.
    Answer,
    /// A request to be enrolled.
    EnrolRequest,
    /// The answer to it.
    EnrolAnswer,
    /// A piece of a photo.
    BlobRequest,
    /// How much of a photo the council holds.
    BlobAnswer,
    /// A piece of a file that a phone can't open any more.
    SalvageRequest,
    /// How much of such a file the council holds.
    SalvageAnswer,
}

impl Name {
    /// The name, as it is hashed and signed.
    #[must_use]
    pub fn text(self) -> &'static str {
        match self {
            Self::Record => "doorstep-record-v2",
            Self::Genesis => "doorstep-genesis-v2",
            Self::Salt => "doorstep-salt-v2",
            Self::Body => "doorstep-body-v2",
            Self::Head => "doorstep-head-v2",
            Self::Seal => "doorstep-seal-v2",
            Self::SealRoot => "doorstep-seal-root-v2",
            Self::Receipt => "doorstep-receipt-v2",
            Self::ReceiptRoot => "doorstep-receipt-root-v2",
            Self::ReceiptNonce => "doorstep-receipt-nonce-v2",
            Self::Certificate => "doorstep-certificate-v2",
            Self::Grant => "doorstep-grant-v2",
            Self::Appointment => "doorstep-appointment-v2",
            Self::Request => "doorstep-request-v2",
            Self::Answer => "doorstep-answer-v2",
            Self::EnrolRequest => "doorstep-enrol-request-v2",
            Self::EnrolAnswer => "doorstep-enrol-answer-v2",
            Self::BlobRequest => "doorstep-blob-request-v2",
            Self::BlobAnswer => "doorstep-blob-answer-v2",
            Self::SalvageRequest => "doorstep-salvage-request-v2",
            Self::SalvageAnswer => "doorstep-salvage-answer-v2",
        }
    }

    /// The hash of these parts; see [`Hash::framed`].
    #[must_use]
    pub fn hash(self, parts: &[&[u8]]) -> Hash {
        Hash::framed(self.text(), parts)
    }

    /// An HMAC (RFC 2104, with SHA-256) over the framed parts. Nobody can make it without the key.
    #[must_use]
    pub fn keyed(self, key: &[u8; 32], parts: &[&[u8]]) -> Hash {
        self.with_key(key).over(parts)
    }

    /// Prepares a key from which many are made.
    pub(super) fn with_key(self, key: &[u8; 32]) -> Keyed {
        // A key shorter than the hash's block is padded with zeros.
        let mut block = [0; 64];
        block.iter_mut().zip(key).for_each(|(padded, byte)| *padded = *byte);
        let mac = Hmac::<Sha256>::new(&block.into());
        block.zeroize();
        Keyed { name: self, mac }
    }
}

/// A key that is ready to be used; see [`Name::keyed`].
pub(super) struct Keyed {
    name: Name,
    mac: Hmac<Sha256>,
}

impl Keyed {
    pub(super) fn over(&self, parts: &[&[u8]]) -> Hash {
        let mut mac = self.mac.clone();
        frame(self.name.text(), parts, |bytes| mac.update(bytes));
        Hash::from_bytes(mac.finalize().into_bytes().into())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use strum::VariantArray;

    use super::*;

    #[test]
    fn no_two_purposes_have_one_name() {
        let names: BTreeSet<&str> = Name::VARIANTS.iter().map(|name| name.text()).collect();
        assert_eq!(names.len(), Name::VARIANTS.len());
        assert!(names.iter().all(|name| name.starts_with("doorstep-") && name.ends_with("-v2")));
    }

    #[test]
    fn no_two_lists_of_parts_have_one_hash() {
        let hash = |parts: &[&[u8]]| Name::Record.hash(parts);
        assert_ne!(hash(&[b"ab", b"c"]), hash(&[b"a", b"bc"]));
        assert_ne!(hash(&[b"ab"]), hash(&[b"ab", b""]));
        assert_ne!(Name::Record.hash(&[b"a"]), Name::Body.hash(&[b"a"]));
    }
}
