//! Messages: what is sent reads back, and nothing else is taken for one.

use doorstep_domain::DeviceId;
use doorstep_domain::conduct::{Event, RefusalReason, SealedNote, Step, StepState};
use doorstep_domain::ledger::{Body, Epoch, Hash, SigningKey, decode_body, encode_body};
use doorstep_domain::protocol::{
    Bytes, Changes, DeviceState, HighWater, Purpose, Receipt, Signed, SyncAnswer, SyncRequest, Unreadable, Verdict,
    decode, encode,
};
use proptest::prelude::*;

fn answer() -> SyncAnswer {
    let epoch = Epoch::from_bytes([1; 16]);
    SyncAnswer {
        protocol: 1,
        device: DeviceId::from_bytes([2; 16]),
        nonce: Bytes(vec![3; 16]),
        council_epoch: Epoch::from_bytes([4; 16]),
        council_time_ms: 1_795_510_800_000,
        receipts: vec![
            Receipt { epoch, sequence: 1, hash: Hash::of("x", &[b"1"]), verdict: Verdict::Stored },
            Receipt { epoch, sequence: 2, hash: Hash::of("x", &[b"2"]), verdict: Verdict::SetAside("fork".into()) },
        ],
        high_water: vec![HighWater { epoch, sequence: 2, above: vec![(5, 6)] }],
        backup_mark: None,
        device_state: DeviceState::Active,
        changes: Changes {
            snapshot: false,
            appointments: vec![],
            safeguarding_keys: vec![],
            code: None,
            cursor: 7,
            more: false,
        },
    }
}

#[test]
fn a_signed_answer_opens_for_its_purpose_and_key_alone() {
    let council = SigningKey::from_bytes(&[1; 32]);
    let signed: Signed = decode(&encode(&Signed::new(Purpose::SyncAnswer, &answer(), &council))).unwrap();
    assert_eq!(signed.open::<SyncAnswer>(Purpose::SyncAnswer, &council.public()), Ok(answer()));
    assert_eq!(signed.open::<SyncAnswer>(Purpose::EnrolAnswer, &council.public()), Err(Unreadable));
    let other = SigningKey::from_bytes(&[2; 32]).public();
    assert_eq!(signed.open::<SyncAnswer>(Purpose::SyncAnswer, &other), Err(Unreadable));
}

#[test]
fn what_a_captive_portal_says_is_no_answer() {
    for page in ["", "{}", r#"{"ok":true}"#, "<html>Sign in to Free Wi-Fi</html>", "\u{0}", "null"] {
        assert!(decode::<Signed>(page.as_bytes()).is_err(), "{page}");
    }
}

#[test]
fn the_bytes_of_an_answer_are_the_ones_that_were_released() {
    let hex: String = encode(&answer()).iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(hex, include_str!("golden/sync-answer-v1.hex").trim());
}

#[test]
fn bodies_are_the_ones_that_were_released() {
    let bodies = [
        Event::NoAnswer,
        Event::StepRecorded { step: Step::IdShown, state: StepState::NotDone { reason: "card lost".into() } },
        Event::EntryRefused {
            reason: RefusalReason::SupportNeeds, words: Some("Иван, 美玲 and O'Connor".into())
        },
        Event::ConcernSealed(SealedNote { sealed: vec![1, 2, 3] }),
    ]
    .map(|event| Body { event });
    let golden: Vec<&str> = include_str!("golden/bodies-v1.hex").lines().collect();
    for (index, body) in bodies.iter().enumerate() {
        let bytes = encode_body(body);
        let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(Some(hex.as_str()), golden.get(index).copied());
        assert_eq!(decode_body(&bytes).as_ref(), Some(body));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_bytes_make_the_reader_fall_over(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let _ = decode::<Signed>(&bytes);
        let _ = decode::<SyncRequest>(&bytes);
        let _ = decode::<SyncAnswer>(&bytes);
        let _ = decode_body(&bytes);
    }

    #[test]
    fn a_cut_off_or_altered_answer_is_never_believed(cut in any::<prop::sample::Index>(), flip in 0_u8..) {
        let council = SigningKey::from_bytes(&[1; 32]);
        let whole = encode(&Signed::new(Purpose::SyncAnswer, &answer(), &council));
        let mut bytes = whole.clone();
        let at = cut.index(bytes.len());
        if flip == 0 { bytes.truncate(at) } else { bytes[at] ^= flip }
        let believed = decode::<Signed>(&bytes).ok().and_then(|signed| signed.open::<SyncAnswer>(Purpose::SyncAnswer, &council.public()).ok());
        // A flipped bit outside what is signed (the name of a field) may still open; then it is the same answer.
        prop_assert!(believed.is_none_or(|believed| believed == answer()));
    }
}
