//! Messages: what is sent reads back, and nothing else is taken for one.

use chrono::{DateTime, TimeDelta, Utc};
use doorstep_domain::DeviceId;
use doorstep_domain::conduct::{
    About, Acknowledgement, Basis, CancelReason, Cancellation, CancelledBy, Concern, ConsentBy, Declaration, Event,
    FollowUp, Hazard, LawfulGround, LoneWorking, Notice, NoticeAgreement, NoticeMethod, Numbers, Photo, PhotoPurpose,
    RefusalReason, SealedNote, Severity, Signing, Started, Step, StepState, TenantSignature, ToldOfCancellation,
    VisitKind, WithdrawalReason,
};
use doorstep_domain::ledger::{
    Body, Epoch, Hash, SigningKey, decode_acknowledgement, decode_body, encode_acknowledgement, encode_body,
};
use doorstep_domain::protocol::{
    BlobAnswer, BlobRequest, Bytes, Changes, DeviceState, HighWater, Purpose, Receipt, Signed, SyncAnswer, SyncRequest,
    Unreadable, Verdict, decode, encode,
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
            numbers: None,
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

/// One of each fact that came with schema 2. A phone in the field holds chains over such bytes:
/// they keep their meaning.
fn facts_of_schema_2() -> Vec<Event> {
    let at: DateTime<Utc> = "2026-11-24T10:02:03Z".parse().unwrap();
    let numbers = Numbers::shipped(doorstep_domain::england::day(at));
    let notice =
        Notice::of(VisitKind::PlannedWork, at, Some((at - TimeDelta::days(3), NoticeMethod::Letter)), false, &numbers);
    let concern = |about| Event::ConcernRaised(Concern { about, words: "w".into(), noticed_at: at });
    vec![
        Event::Opened(Started {
            appointment: Some("WO-1".parse().unwrap()),
            uprn: Some(String::from("0100").try_into().unwrap()),
            visit_kind: VisitKind::PlannedWork,
            address: None,
            purpose: None,
            notice: Some(notice),
        }),
        Event::Started(Started {
            appointment: None,
            uprn: None,
            visit_kind: VisitKind::EmergencyRepair,
            address: Some("1 High Street".into()),
            purpose: Some("Gas".into()),
            notice: None,
        }),
        Event::ToldWhoAndWhy { means: NoticeMethod::Phone },
        Event::NoticeAgreed(NoticeAgreement { by: ConsentBy::Tenant, asked: NoticeMethod::InPerson }),
        Event::KnowsTenant(Declaration {
            relation: "r".into(),
            line_manager: "l".into(),
            council_contact: "c".into(),
            hand_over: true,
        }),
        Event::LoneWorking(LoneWorking { device_on: true, expected_end: at }),
        Event::SafeSaid,
        Event::Cancelled(Cancellation {
            by: CancelledBy::Visitor,
            reason: CancelReason::RunningLate,
            words: Some("w".into()),
        }),
        Event::ToldOfCancellation(ToldOfCancellation {
            means: NoticeMethod::Text,
            apologised: true,
            new_time: Some("n".into()),
        }),
        Event::Entered {
            basis: Basis::Lawful {
                ground: LawfulGround::Warrant,
                authorised_by: "a".into(),
                reference: None,
                witness: Some("w".into()),
            },
            admitted: None,
        },
        Event::ConsentWithdrawn { by: ConsentBy::HouseholdAdult, words: Some("go".into()) },
        Event::NextVisitNeeds { needs: "n".into() },
        Event::CardLeft { left: true },
        Event::WelfareAnswered { worried: true, words: Some("w".into()) },
        concern(About::UnsafeCondition { hazard: Hazard::DampAndMould, severity: Severity::Significant }),
        concern(About::Aggression { injured: false, police_reference: Some("p".into()) }),
        concern(About::Complaint { put_right: Some("p".into()), told_of_process: true }),
        concern(About::Breach),
        concern(About::Gift { accepted: false }),
        concern(About::Conflict),
        Event::LeftNow,
        Event::WithdrawalExplained { reason: WithdrawalReason::Smoke, words: None },
        Event::FollowUpAgreed(FollowUp {
            what: "w".into(),
            who: "o".into(),
            when: "2026-12-01".parse().ok(),
            tenant_told: true,
        }),
        Event::TenantSigned(TenantSignature { name: "n".into(), signed: Signing::Typed("n".into()) }),
        Event::PhotoTaken(Photo {
            sha256: Hash::of_file(b"photo"),
            purpose: PhotoPurpose::UnsafeCondition,
            bytes: 300_000,
            width: 2048,
            height: 1536,
        }),
    ]
}

#[test]
fn the_facts_of_schema_2_are_the_ones_that_were_released() {
    let golden: Vec<&str> = include_str!("golden/bodies-v2.hex").lines().collect();
    let facts = facts_of_schema_2();
    assert_eq!(golden.len(), facts.len());
    for (event, golden) in facts.into_iter().zip(golden) {
        let body = Body { event };
        let bytes = encode_body(&body);
        assert_eq!(data_encoding::HEXLOWER.encode(&bytes), golden, "{:?}", body.event);
        assert_eq!(decode_body(&bytes).as_ref(), Some(&body));
    }
}

#[test]
fn a_signature_under_the_code_is_the_one_that_was_released() {
    let signed = |signed| Acknowledgement {
        code: "ba78".into(),
        label: "1.0".into(),
        name: "Dafydd Ó Briain".into(),
        position: "p".into(),
        organisation: "o".into(),
        signed,
    };
    let golden: Vec<&str> = include_str!("golden/acknowledgements-v2.hex").lines().collect();
    let both =
        [signed(Signing::Typed("Dafydd Ó Briain".into())), signed(Signing::Drawn(vec![vec![(1, 2), (1000, 400)]]))];
    assert_eq!(golden.len(), both.len());
    for (acknowledgement, golden) in both.iter().zip(golden) {
        let bytes = encode_acknowledgement(acknowledgement);
        assert_eq!(data_encoding::HEXLOWER.encode(&bytes), golden);
        assert_eq!(decode_acknowledgement(&bytes).as_ref(), Some(acknowledgement));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_bytes_make_the_reader_fall_over(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let _ = decode::<Signed>(&bytes);
        let _ = decode::<SyncRequest>(&bytes);
        let _ = decode::<SyncAnswer>(&bytes);
        let _ = decode::<BlobRequest>(&bytes);
        let _ = decode::<BlobAnswer>(&bytes);
        let _ = decode_body(&bytes);
        let _ = decode_acknowledgement(&bytes);
    }

    #[test]
    fn a_cut_off_or_altered_answer_is_never_believed(cut in any::<prop::sample::Index>(), flip in 0_u8..) {
        let council = SigningKey::from_bytes(&[1; 32]);
        let whole = encode(&Signed::new(Purpose::SyncAnswer, &answer(), &council));
        let mut bytes = whole.clone();
        let at = cut.index(bytes.len());
        if flip == 0 { bytes.truncate(at) } else { bytes[at] ^= flip }
        let believed = decode::<Signed>(&bytes).ok().and_then(|signed| signed.open::<SyncAnswer>(Purpose::SyncAnswer, &council.public()).ok());
        // A flipped bit outside what is signed (the name of a field) may still open; then it is the
        // same answer.
        prop_assert!(believed.is_none_or(|believed| believed == answer()));
    }
}
