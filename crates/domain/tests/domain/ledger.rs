//! A chain gives away whatever is done to it.

use doorstep_domain::conduct::Event;
use doorstep_domain::ledger::{
    Body, ChainFault, ChainHead, Envelope, Epoch, Hash, RecordKind, SigningKey, VisitKey, encode_body,
};
use doorstep_domain::{DeviceId, RecordId, UserId, VisitId};
use proptest::prelude::*;

/// The one device of these tests.
fn device() -> DeviceId {
    DeviceId::from_bytes([3; 16])
}

fn epoch() -> Epoch {
    Epoch::from_bytes([9; 16])
}

fn chain(length: u64) -> (Vec<Vec<u8>>, ChainHead) {
    let mut head = ChainHead::start(device(), epoch());
    let key = VisitKey::from_bytes([5; 32]);
    let mut records = Vec::new();
    for sequence in 1..=length {
        let record = RecordId::from_parts(sequence, &[1; 10]);
        let body = encode_body(&Body { event: Event::NoAnswer });
        let envelope = Envelope {
            version: Envelope::VERSION,
            record,
            device: device(),
            epoch: epoch(),
            sequence,
            previous: head.hash,
            kind: RecordKind::VISIT_EVENT,
            schema: 1,
            visit: VisitId::from_bytes([6; 16]),
            actor: UserId::from_bytes([7; 16]),
            order: sequence,
            recorded_at_ms: 1_795_510_800_000,
            utc_offset_minutes: 0,
            monotonic_ms: sequence,
            boot: 1,
            council_contact_ms: None,
            commitment: key.commit(record, &body),
            photos: vec![],
        };
        let bytes = envelope.to_bytes();
        head = head.follow(&bytes).unwrap().0;
        records.push(bytes);
    }
    (records, head)
}

fn walk(records: &[Vec<u8>]) -> Result<ChainHead, ChainFault> {
    records.iter().try_fold(ChainHead::start(device(), epoch()), |head, bytes| head.follow(bytes).map(|(head, _)| head))
}

/// Whether the records are what was sealed: they form a chain, and it ends where the seal says.
fn holds(records: &[Vec<u8>], sealed: &ChainHead) -> bool {
    walk(records).is_ok_and(|head| head == *sealed)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_changed_byte_is_found(which in 0_usize..8, at in any::<prop::sample::Index>(), flip in 1_u8..) {
        let (mut records, head) = chain(8);
        let at = at.index(records[which].len());
        records[which][at] ^= flip;
        prop_assert!(!holds(&records, &head));
    }

    #[test]
    fn any_dropped_record_is_found(which in 0_usize..8) {
        let (mut records, head) = chain(8);
        records.remove(which);
        prop_assert!(!holds(&records, &head));
    }

    #[test]
    fn any_repeated_record_is_found(which in 0_usize..8, place in 0_usize..=8) {
        let (mut records, head) = chain(8);
        records.insert(place, records[which].clone());
        prop_assert!(!holds(&records, &head));
    }

    #[test]
    fn any_swapped_records_are_found(one in 0_usize..8, other in 0_usize..8) {
        prop_assume!(one != other);
        let (mut records, head) = chain(8);
        records.swap(one, other);
        prop_assert!(!holds(&records, &head));
    }

    #[test]
    fn any_bytes_at_all_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        if let Ok(envelope) = Envelope::from_bytes(&bytes) {
            prop_assert_eq!(Envelope::from_bytes(&envelope.to_bytes()), Ok(envelope));
        }
    }

    #[test]
    fn another_body_never_fits_the_commitment(body in proptest::collection::vec(any::<u8>(), 0..50), other in proptest::collection::vec(any::<u8>(), 0..50)) {
        prop_assume!(body != other);
        let key = VisitKey::from_bytes([5; 32]);
        let record = RecordId::from_bytes([1; 16]);
        prop_assert_ne!(key.commit(record, &body), key.commit(record, &other));
    }
}

#[test]
fn an_untouched_chain_holds() {
    let (records, head) = chain(8);
    assert!(holds(&records, &head));
}

#[test]
fn the_fault_is_named_with_its_place() {
    let (records, _) = chain(3);
    let without_the_second = [records[0].clone(), records[2].clone()];
    assert_eq!(walk(&without_the_second), Err(ChainFault::OutOfSequence { expected: 2, found: 3 }));
}

#[test]
fn the_same_body_under_another_visit_s_key_looks_different() {
    let record = RecordId::from_bytes([1; 16]);
    let body = encode_body(&Body { event: Event::NoAnswer });
    let one = VisitKey::from_bytes([1; 32]).commit(record, &body);
    let other = VisitKey::from_bytes([2; 32]).commit(record, &body);
    assert_ne!(one, other, "nobody can guess a body by hashing all that it could be");
}

#[test]
fn a_seal_fits_its_chain_its_device_and_its_key_alone() {
    let (_, head) = chain(3);
    let key = SigningKey::from_bytes(&[1; 32]);
    let seal = key.seal(&head);
    assert!(seal.is_signed_by(device(), &key.public()));
    assert!(!seal.is_signed_by(DeviceId::from_bytes([4; 16]), &key.public()));
    assert!(!seal.is_signed_by(device(), &SigningKey::from_bytes(&[2; 32]).public()));
    let moved = doorstep_domain::ledger::Seal { hash: Hash::of("x", &[]), ..seal };
    assert!(!moved.is_signed_by(device(), &key.public()));
}

#[test]
fn the_bytes_of_an_envelope_are_the_ones_that_were_released() {
    let (records, head) = chain(1);
    let golden = include_str!("golden/envelope-v1.hex");
    let hex: String = records[0].iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(hex, golden.trim(), "phones in the field hold chains over these bytes");
    assert_eq!(head.hash.to_string(), include_str!("golden/envelope-v1.sha256").trim());
}

#[test]
fn a_record_of_another_device_or_of_another_chain_of_the_same_device_follows_nothing() {
    let (records, _) = chain(1);
    for (device, epoch) in [(DeviceId::from_bytes([4; 16]), epoch()), (device(), Epoch::from_bytes([8; 16]))] {
        // Everything else is as if it followed.
        let head = ChainHead { device, epoch, ..ChainHead::start(self::device(), self::epoch()) };
        assert_eq!(head.follow(&records[0]), Err(ChainFault::AnotherChain { at: 1 }));
    }
}
