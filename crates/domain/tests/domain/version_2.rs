//! Version 2: what is signed holds whatever is done to it, and has one form of bytes.

use doorstep_domain::conduct::Event;
use doorstep_domain::ledger::{Body, Epoch, Hash, PublicKey, SCHEMA, VisitKey, encode_body};
use doorstep_domain::protocol::Bytes;
use doorstep_domain::v2::{
    Attested, EnrolAnswer, EnrolRequest, Envelope, Held, Link, Nonce, PhotoAnswer, PhotoRequest, Receipt,
    ReceiptVerdict, Run, Salt, SealContents, SentSeal, SyncAnswer, SyncRequest, canonical,
};
use doorstep_domain::{DeviceId, PhoneId};
use minicbor::Encode;
use proptest::prelude::*;

use crate::made::{
    answer, batch, certificate, contents, council, council_id, device, enrolment, grant, judged, link, name_of_chain,
    records, request, root, seal, visit_key,
};

/// Everything that version 2 signs or sends, by the name of its golden file.
fn golden() -> Vec<(&'static str, Vec<u8>)> {
    fn bytes<T: Encode<()>>(thing: &T) -> Vec<u8> {
        canonical::write(thing)
    }
    let enrol_request = EnrolRequest {
        protocol: 2,
        code: "ABCD-EFGH".to_owned(),
        phone: PhoneId::from_bytes([7; 16]),
        key: device().public(),
        phone_name: "Phone 12".to_owned(),
        app_version: "0.1.0".to_owned(),
        nonce: Nonce::from_bytes([11; 32]),
    };
    let enrol_answer = EnrolAnswer {
        protocol: 2,
        nonce: Nonce::from_bytes([11; 32]),
        certificate: certificate(),
        user_name: "d.obriain".to_owned(),
        display_name: "Dafydd Ó Briain".to_owned(),
        position: "Plumber".to_owned(),
        organisation: "Fixers".to_owned(),
        council_name: "Eyebrook Council".to_owned(),
        council: council_id(),
        council_key: council().public(),
        council_epoch: name_of_chain(2),
        safeguarding_keys: vec![],
        council_time_ms: 1_795_510_900_000,
    };
    let photo_request = PhotoRequest {
        protocol: 2,
        enrolment: enrolment(),
        certificate: Some(certificate()),
        nonce: Nonce::from_bytes([12; 32]),
        sha256: Hash::of_file(b"photo"),
        offset: 0,
        piece: Bytes(b"photo".to_vec()),
    };
    let photo_answer = PhotoAnswer {
        protocol: 2,
        enrolment: enrolment(),
        nonce: Nonce::from_bytes([12; 32]),
        sha256: Hash::of_file(b"photo"),
        state: Held::PART,
        held: 5,
        reason: None,
    };
    let receipt = batch(&records(3)).open(&council().public(), &records(3).iter().map(link).collect::<Vec<_>>());
    vec![
        ("certificate", bytes(&certificate())),
        ("enrol-answer", Attested::new(&enrol_answer, &council()).to_bytes()),
        ("enrol-request", Attested::new(&enrol_request, &device()).to_bytes()),
        ("envelope", records(1).remove(0).bytes),
        ("grant", bytes(&grant())),
        ("photo-answer", Attested::new(&photo_answer, &council()).to_bytes()),
        ("photo-request", Attested::new(&photo_request, &device()).to_bytes()),
        ("receipt", bytes(&receipt.unwrap().remove(1))),
        ("seal", bytes(&seal())),
        ("sync-answer", Attested::new(&answer(), &council()).to_bytes()),
        ("sync-request", Attested::new(&request(), &device()).to_bytes()),
    ]
}

#[test]
fn the_bytes_of_version_2_are_the_ones_that_were_released() {
    let golden_files = include_str!("golden/version-2.hex");
    let lines: Vec<(&str, &str)> = golden_files.lines().filter_map(|line| line.split_once(' ')).collect();
    let written: Vec<String> =
        golden().iter().map(|(name, bytes)| format!("{name} {}", data_encoding::HEXLOWER.encode(bytes))).collect();
    let released: Vec<String> = lines.iter().map(|(name, hex)| format!("{name} {hex}")).collect();
    assert_eq!(written, released, "\n{}\n", written.join("\n"));
}

#[test]
fn what_is_sent_reads_back_for_its_purpose_and_key_alone() {
    let signed = Attested::<SyncRequest>::from_bytes(&Attested::new(&request(), &device()).to_bytes()).unwrap();
    assert_eq!(signed.hear(&device().public()), Ok(request()));
    assert!(signed.hear(&council().public()).is_err());
    let as_an_answer = Attested::<SyncAnswer>::from_bytes(&signed.to_bytes()).unwrap();
    assert!(as_an_answer.hear(&device().public()).is_err());
    let signed = Attested::<SyncAnswer>::from_bytes(&Attested::new(&answer(), &council()).to_bytes()).unwrap();
    assert_eq!(signed.hear(&council().public()), Ok(answer()));
    assert_eq!(certificate().open(&council().public()).unwrap().enrolment, enrolment());
    assert!(certificate().open(&device().public()).is_err());
}

#[test]
fn a_newer_message_is_read_without_what_is_new_and_a_newer_statement_is_not() {
    let mut bytes = vec![0x88];
    bytes.extend(canonical::write(&2_u16));
    bytes.extend(canonical::write(&enrolment()));
    bytes.extend(canonical::write(&Nonce::from_bytes([12; 32])));
    bytes.extend(canonical::write(&Hash::of_file(b"photo")));
    bytes.extend(canonical::write(&99_u16));
    bytes.extend(canonical::write(&5_u64));
    bytes.extend([0xf6, 0x61, b'x']);
    let heard: PhotoAnswer = minicbor::decode(&bytes).unwrap();
    assert_eq!((heard.held, heard.state), (5, Held(99)), "an unknown word is kept as it is");
    assert!(canonical::read::<PhotoAnswer>(&bytes).is_err());
}

#[test]
fn a_run_gives_the_records_that_were_packed() {
    let records = records(4);
    let packed = Run::pack(records.clone(), Some(grant())).unwrap();
    assert_eq!(packed.unpack(enrolment(), &visit_key()).unwrap(), records);
    let later = Run::pack(records[2..].to_vec(), None).unwrap();
    assert_eq!(later.unpack(enrolment(), &visit_key()).unwrap(), records[2..]);
    assert!(later.unpack(DeviceId::from_bytes([1; 16]), &visit_key()).is_err());
    assert!(later.unpack(enrolment(), &VisitKey::from_bytes([1; 32])).is_err());
    let torn = vec![records[0].clone(), records[2].clone()];
    assert_eq!((Run::pack(torn, None), Run::pack(vec![], None)), (None, None));
}

#[test]
fn a_chain_begins_once_and_says_what_it_goes_on_from() {
    let link = Some(link(&records(2)[1]));
    let first = &records(1)[0].envelope;
    let chain = name_of_chain(1);
    let begun =
        Envelope { chain, continues: link, previous: Envelope::genesis(enrolment(), chain, link), ..first.clone() };
    assert_eq!(Envelope::from_bytes(&begun.to_bytes()), Ok(begun.clone()));
    let others = [
        Envelope { continues: None, ..begun.clone() },
        Envelope { sequence: 0, ..begun.clone() },
        Envelope { sequence: 2, ..begun.clone() },
        Envelope { version: 3, ..begun.clone() },
        Envelope { enrolment: DeviceId::from_bytes([1; 16]), ..begun },
    ];
    for other in others {
        assert!(Envelope::from_bytes(&other.to_bytes()).is_err(), "{other:?}");
    }
}

#[test]
fn a_body_has_the_one_form_that_its_schema_writes() {
    let envelope = &records(1)[0].envelope;
    let body = encode_body(&Body { event: Event::NoAnswer });
    assert!(envelope.takes(&body));
    assert!(!envelope.takes(&[body.as_slice(), &[0]].concat()), "nothing behind it");
    assert!(!envelope.takes(b""));
    let newer = Envelope { schema: SCHEMA + 1, ..envelope.clone() };
    assert!(newer.takes(&[0xa1, 0x61, b'n', 1]) && !newer.takes(&[0xa1, 0x61, b'n', 0x18, 1]));
}

#[test]
fn a_salt_opens_one_body_and_no_other() {
    let made = records(2);
    let salt = Salt::of(&visit_key(), made[0].envelope.record);
    assert_eq!(salt.commit(&made[0].body), made[0].envelope.commitment);
    assert_ne!(salt.commit(&made[1].body), made[1].envelope.commitment);
}

#[test]
fn a_seal_is_over_all_of_its_contents_and_fits_its_key_alone() {
    let heads: Vec<Link> = (0..=255)
        .map(|number| Link { chain: name_of_chain(number), sequence: 1, hash: Hash::of("x", &[&[number]]) })
        .collect();
    let whole = contents(heads.clone());
    let seal = SentSeal::new(whole.clone(), &device()).unwrap();
    assert_eq!(seal.verified(&device().public()), whole.root());
    assert_eq!(seal.verified(&council().public()), None);
    let mut turned = heads.clone();
    turned.reverse();
    assert_eq!(contents(turned).root(), whole.root(), "the order of the list says nothing");
    let others = [
        SealContents { salt: Nonce::from_bytes([1; 32]), ..whole.clone() },
        SealContents { enrolment: DeviceId::from_bytes([1; 16]), ..whole.clone() },
        SealContents { epoch: name_of_chain(1), ..whole.clone() },
        SealContents { number: 3, ..whole.clone() },
        SealContents { previous: None, ..whole.clone() },
        SealContents { heads: heads[1..].to_vec(), ..whole.clone() },
        SealContents { heads: vec![], ..whole.clone() },
        SealContents { checkpoint: Some(Bytes(vec![1])), ..whole.clone() },
    ];
    for contents in others {
        assert_ne!(contents.root(), whole.root());
        assert_eq!(SentSeal { contents, ..seal.clone() }.verified(&device().public()), None);
    }
    assert_eq!(SentSeal { algorithm: 2, ..seal }.verified(&device().public()), None);
    let twice = vec![heads[0], Link { sequence: 2, ..heads[0] }];
    assert_eq!(contents(twice).root(), None, "one chain has one end");
}

#[test]
fn a_seal_has_room_for_its_heads_and_no_more() {
    let heads = |count: u64| {
        let chain = |number: u64| Epoch::from_slice(&Hash::of("x", &[&number.to_be_bytes()]).as_bytes()[..16]).unwrap();
        (0..count).map(|number| Link { chain: chain(number), sequence: 1, hash: Hash::of("x", &[]) }).collect()
    };
    assert!(contents(heads(1_024)).root().is_some());
    assert_eq!(contents(heads(1_025)).root(), None);
}

#[test]
fn each_receipt_stands_alone_and_says_what_the_answer_said() {
    let made = records(5);
    let sent: Vec<Link> = made.iter().map(link).collect();
    let key = council().public();
    let receipts = batch(&made).open(&key, &sent).unwrap();
    assert_eq!(Receipt::all_of(&receipts[0].root, judged(&made)).unwrap(), receipts);
    for (receipt, judged) in receipts.iter().zip(judged(&made)) {
        let leaf = receipt.open(&key).unwrap();
        assert_eq!((leaf.record, leaf.verdict, leaf.reason), (judged.record, judged.verdict, judged.reason));
        assert_eq!((leaf.enrolment, leaf.at_ms), (enrolment(), root().at_ms));
        assert!(receipt.open(&device().public()).is_err());
    }
    let nonces: std::collections::BTreeSet<Hash> =
        receipts.iter().map(|receipt| receipt.open(&key).unwrap().nonce).collect();
    assert_eq!(nonces.len(), 5, "no two receipts share their number");
}

#[test]
fn a_receipt_for_another_record_or_with_another_verdict_is_none() {
    let made = records(5);
    let sent: Vec<Link> = made.iter().map(link).collect();
    let key = council().public();
    let receipt = batch(&made).open(&key, &sent).unwrap().remove(1);
    let others = [
        Receipt { record: Link { sequence: 3, ..receipt.record }, ..receipt.clone() },
        Receipt { record: sent[0], ..receipt.clone() },
        Receipt { verdict: ReceiptVerdict::STORED, ..receipt.clone() },
        Receipt { reason: None, ..receipt.clone() },
        Receipt { place: 2, ..receipt.clone() },
        Receipt { path: vec![], ..receipt.clone() },
    ];
    for other in others {
        assert!(other.open(&key).is_err(), "{other:?}");
    }
    let mut swapped = sent.clone();
    swapped.swap(0, 1);
    assert!(batch(&made).open(&key, &swapped).is_err());
    assert!(batch(&made).open(&key, &sent[1..]).is_err());
    assert!(batch(&made).open(&PublicKey::from_slice(device().public().as_bytes()).unwrap(), &sent).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_changed_byte_of_a_run_is_found(at in any::<prop::sample::Index>(), flip in 1_u8..) {
        // The grant is signed by the council, and checked for itself.
        let whole = Run::pack(records(4), None).unwrap();
        let mut bytes = canonical::write(&whole);
        let at = at.index(bytes.len());
        bytes[at] ^= flip;
        let read = canonical::read::<Run>(&bytes).ok();
        prop_assert!(read.is_none_or(|run| run.unpack(enrolment(), &visit_key()).is_err()));
    }

    #[test]
    fn any_changed_byte_of_an_envelope_gives_another_hash_or_none(at in any::<prop::sample::Index>(), flip in 1_u8..) {
        let made = &records(1)[0];
        let mut bytes = made.bytes.clone();
        let at = at.index(bytes.len());
        bytes[at] ^= flip;
        if let Ok(read) = Envelope::from_bytes(&bytes) {
            prop_assert_eq!(read.to_bytes(), bytes.clone(), "it has one form");
            prop_assert_ne!(Envelope::hash(&bytes), made.hash);
        }
    }

    #[test]
    fn no_bytes_make_the_reader_fall_over(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let _ = Envelope::from_bytes(&bytes);
        let _ = minicbor::decode::<SyncRequest>(&bytes);
        let _ = minicbor::decode::<SyncAnswer>(&bytes);
        let _ = minicbor::decode::<EnrolRequest>(&bytes);
        let _ = minicbor::decode::<EnrolAnswer>(&bytes);
        let _ = minicbor::decode::<PhotoRequest>(&bytes);
        let _ = canonical::is_plain_cbor(&bytes);
        if let Ok(signed) = Attested::<SyncRequest>::from_bytes(&bytes) {
            prop_assert!(signed.hear(&device().public()).is_err());
        }
    }
}
