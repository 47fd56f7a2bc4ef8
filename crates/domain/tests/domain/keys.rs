//! Keys and signatures that two honest libraries read in two ways are taken by nobody.

use curve25519_dalek::constants::EIGHT_TORSION;
use curve25519_dalek::edwards::EdwardsPoint;
use curve25519_dalek::scalar::Scalar;
use doorstep_domain::ledger::{PublicKey, Signature, SigningKey, VisitKey};
use sha2::{Digest, Sha512};

const PURPOSE: &str = "doorstep-test";

/// A key with a part of small order, and a signature by it which the equation of RFC 8032 without
/// the factor of eight accepts. It is made by trying messages until the part has no effect.
fn crafted(part: EdwardsPoint, in_signature: EdwardsPoint) -> (PublicKey, Vec<u8>, Signature) {
    let (secret, random) = (Scalar::from(7_919_u64), Scalar::from(104_729_u64));
    let public = (EdwardsPoint::mul_base(&secret) + part).compress();
    let start = (EdwardsPoint::mul_base(&random) + in_signature).compress();
    (0_u32..)
        .find_map(|number| {
            let message = number.to_be_bytes();
            let signed = [PURPOSE.as_bytes(), &[0], message.as_slice()].concat();
            let hash = Sha512::new().chain_update(start.as_bytes()).chain_update(public.as_bytes());
            let hash = Scalar::from_bytes_mod_order_wide(&hash.chain_update(signed).finalize().into());
            let (public_point, start_point) = (public.decompress()?, start.decompress()?);
            let answer = random + hash * secret;
            let fits = EdwardsPoint::mul_base(&answer) == start_point + hash * public_point;
            let signature = [start.to_bytes(), answer.to_bytes()].concat();
            let (key, signature) = (PublicKey::from_slice(public.as_bytes()).ok()?, Signature::from_slice(&signature)?);
            fits.then_some((key, message.to_vec(), signature))
        })
        .unwrap()
}

#[test]
fn an_honest_key_signs_and_is_plain() {
    let none = EdwardsPoint::default();
    let (key, message, signature) = crafted(none, none);
    assert!(key.is_plain() && key.verifies(PURPOSE, &message, &signature));
    assert!((0..32).all(|number| SigningKey::from_bytes(&[number; 32]).public().is_plain()));
}

#[test]
fn a_key_with_a_part_of_small_order_is_not_enrolled_and_has_signed_nothing() {
    for part in EIGHT_TORSION.into_iter().skip(1) {
        let (key, message, signature) = crafted(part, EdwardsPoint::default());
        assert!(!key.is_plain(), "{key:?}");
        assert!(!key.verifies(PURPOSE, &message, &signature), "{key:?}");
    }
}

#[test]
fn a_key_of_small_order_or_written_in_another_way_is_not_plain() {
    for point in EIGHT_TORSION {
        assert!(!PublicKey::from_slice(point.compress().as_bytes()).unwrap().is_plain());
    }
    // The prime of the field, which is nought, and nought with the other sign.
    let prime = data_encoding::HEXLOWER.decode(b"edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f");
    let nought = data_encoding::HEXLOWER.decode(b"0000000000000000000000000000000000000000000000000000000000000080");
    for other in [prime.unwrap(), nought.unwrap()] {
        assert!(PublicKey::from_slice(&other).map_or(true, |key| !key.is_plain()), "{other:02x?}");
    }
}

#[test]
fn what_is_written_of_a_key_into_a_log_tells_a_secret_one_in_no_letter() {
    let secret = SigningKey::from_bytes(&[7; 32]);
    assert_eq!(format!("{secret:?}"), "SigningKey(<redacted>)");
    assert_eq!(format!("{:?}", VisitKey::from_bytes([7; 32])), "VisitKey(<redacted>)");
    assert_eq!(format!("{:?}", secret.sign(PURPOSE, b"a visit")), "Signature(..)");
    let public = PublicKey::from_slice(secret.public().as_bytes()).unwrap();
    let shown = format!("{public:?}");
    assert!(shown.starts_with("PublicKey(") && shown.len() == "PublicKey()".len() + 64, "{shown}");
}

#[test]
fn a_signature_is_stored_and_read_back_as_it_was() {
    let signature = SigningKey::from_bytes(&[7; 32]).sign(PURPOSE, b"a visit");
    assert_eq!(Signature::from_slice(signature.as_bytes()), Some(signature));
    assert_eq!(Signature::from_slice(&signature.as_bytes()[..63]), None);
}
