//! What a phone and its council make in version 2, always the same.

use doorstep_domain::conduct::Event;
use doorstep_domain::ledger::{Body, Epoch, Hash, RecordKind, SCHEMA, SigningKey, VisitKey, encode_body};
use doorstep_domain::protocol::Bytes;
use doorstep_domain::v2::{
    Attested, BatchReceipts, Certificate, Changes, CouncilId, Envelope, Given, Grant, HeadClaim, HeadClass, Judged,
    KeyOfVisit, Link, MadeRecord, Mark, Nonce, ReceiptRoot, ReceiptVerdict, Run, Salt, SealContents, SealMark,
    SentSeal, Standing, SyncAnswer, SyncRequest, VERSION, version_hash,
};
use doorstep_domain::{DeviceId, OrganisationId, PhoneId, RecordId, UserId, VisitId};

pub(crate) fn council() -> SigningKey {
    SigningKey::from_bytes(&[1; 32])
}

pub(crate) fn device() -> SigningKey {
    SigningKey::from_bytes(&[2; 32])
}

pub(crate) fn enrolment() -> DeviceId {
    DeviceId::from_bytes([3; 16])
}

pub(crate) fn council_id() -> CouncilId {
    CouncilId::from_bytes([4; 16])
}

pub(crate) fn visit_key() -> VisitKey {
    VisitKey::from_bytes([5; 32])
}

pub(crate) fn name_of_chain(number: u8) -> Epoch {
    Epoch::from_bytes([number; 16])
}

pub(crate) fn grant() -> Attested<Grant> {
    let grant = Grant {
        version: VERSION,
        council: council_id(),
        enrolment: enrolment(),
        reference: "WO-1".to_owned().try_into().unwrap(),
        given: version_hash(&Nonce::from_bytes([6; 32]), b"an appointment"),
        given_ms: 1_795_510_000_000,
    };
    Attested::new(&grant, &council())
}

pub(crate) fn certificate() -> Attested<Certificate> {
    let certificate = Certificate {
        version: VERSION,
        council: council_id(),
        enrolment: enrolment(),
        phone: PhoneId::from_bytes([7; 16]),
        key: device().public(),
        person: UserId::from_bytes([8; 16]),
        organisation: OrganisationId::from_bytes([9; 16]),
        from_ms: 1_795_500_000_000,
        signed_by: council().public().fingerprint(),
    };
    Attested::new(&certificate, &council())
}

/// The first records of a visit, as its phone makes them.
pub(crate) fn records(count: u64) -> Vec<MadeRecord> {
    let mut made: Vec<MadeRecord> = Vec::new();
    for sequence in 1..=count {
        let record = RecordId::from_parts(sequence, &[1; 10]);
        let body = encode_body(&Body { event: Event::NoAnswer });
        let chain = name_of_chain(9);
        let envelope = Envelope {
            version: VERSION,
            record,
            enrolment: enrolment(),
            chain,
            sequence,
            previous: made.last().map_or_else(|| Envelope::genesis(enrolment(), chain, None), |before| before.hash),
            continues: None,
            kind: RecordKind::VISIT_EVENT,
            schema: SCHEMA,
            visit: VisitId::from_bytes([6; 16]),
            order: 1_795_510_800_000 + sequence,
            recorded_at_ms: 1_795_510_800_000,
            utc_offset_minutes: 60,
            monotonic_ms: sequence,
            boot: 1,
            council_contact_ms: Some(1_795_510_000_000),
            commitment: Salt::of(&visit_key(), record).commit(&body),
            photos: if sequence == 2 { vec![Hash::of_file(b"photo")] } else { vec![] },
            grant: (sequence == 1).then(|| grant().hash()),
        };
        let bytes = envelope.to_bytes();
        let hash = Envelope::hash(&bytes);
        made.push(MadeRecord { envelope, bytes, hash, body, receipt: None });
    }
    made
}

pub(crate) fn link(record: &MadeRecord) -> Link {
    Link { chain: record.envelope.chain, sequence: record.envelope.sequence, hash: record.hash }
}

/// The third record of the visit.
pub(crate) fn third() -> MadeRecord {
    records(3).pop().unwrap()
}

pub(crate) fn contents(heads: Vec<Link>) -> SealContents {
    SealContents {
        salt: Nonce::from_bytes([7; 32]),
        enrolment: enrolment(),
        epoch: name_of_chain(8),
        number: 2,
        previous: Some(Hash::of("x", &[])),
        heads,
        checkpoint: None,
    }
}

pub(crate) fn root() -> ReceiptRoot {
    ReceiptRoot {
        version: VERSION,
        origin: council_id(),
        council_epoch: name_of_chain(2),
        enrolment: enrolment(),
        at_ms: 1_795_510_900_000,
        nonce: Nonce::from_bytes([8; 32]),
        receipts: 0,
        root: Hash::of("x", &[]),
        included_by_ms: None,
    }
}

pub(crate) fn judged(records: &[MadeRecord]) -> Vec<Judged> {
    let verdict = |sequence| if sequence == 2 { ReceiptVerdict::SET_ASIDE } else { ReceiptVerdict::STORED };
    let reason = |sequence| (sequence == 2).then(|| "record-id-clash".to_owned());
    let judge = |made: &MadeRecord| {
        let sequence = made.envelope.sequence;
        Judged { record: link(made), verdict: verdict(sequence), reason: reason(sequence) }
    };
    records.iter().map(judge).collect()
}

pub(crate) fn batch(records: &[MadeRecord]) -> BatchReceipts {
    root().sign(&judged(records), &council()).unwrap()
}

pub(crate) fn seal() -> SentSeal {
    SentSeal::new(contents(vec![link(&third())]), &device()).unwrap()
}

pub(crate) fn request() -> SyncRequest {
    SyncRequest {
        protocol: 2,
        enrolment: enrolment(),
        certificate: Some(certificate()),
        nonce: Nonce::from_bytes([10; 32]),
        reckoned_ms: Some(1_795_510_900_000),
        council_epoch: name_of_chain(2),
        cursor: 7,
        code: Some("ba78".to_owned()),
        numbers: None,
        app_version: "0.1.0".to_owned(),
        heads: vec![HeadClaim { class: HeadClass::VISIT, head: link(&third()) }],
        chains: vec![name_of_chain(3)],
        visit_keys: vec![KeyOfVisit {
            visit: VisitId::from_bytes([6; 16]),
            key: Bytes(visit_key().as_bytes().to_vec()),
        }],
        runs: vec![Run::pack(records(3), Some(grant())).unwrap()],
        seals: vec![seal()],
        whole: vec![],
        set_aside: None,
        running: None,
        forgotten: None,
    }
}

pub(crate) fn answer() -> SyncAnswer {
    SyncAnswer {
        protocol: 2,
        enrolment: enrolment(),
        nonce: Nonce::from_bytes([10; 32]),
        council: council_id(),
        council_epoch: name_of_chain(2),
        council_time_ms: 1_795_510_900_000,
        standing: Standing::ACTIVE,
        certificate: None,
        receipts: Some(batch(&records(3))),
        earlier: vec![],
        unfit: vec![],
        marks: vec![Mark { chain: name_of_chain(9), sequence: 3, above: vec![(5, 6)], hash: Some(third().hash) }],
        seal_mark: Some(SealMark { epoch: name_of_chain(8), number: 2, root: seal().contents.root().unwrap() }),
        common_seal: None,
        backup_mark_ms: None,
        changes: Some(Changes {
            snapshot: false,
            given: vec![Given {
                appointment: Bytes(b"an appointment".to_vec()),
                salt: Nonce::from_bytes([6; 32]),
                grant: grant(),
            }],
            withdrawn: vec!["WO-2".to_owned().try_into().unwrap()],
            safeguarding_keys: vec![],
            cursor: 8,
            more: false,
            code: None,
            numbers: None,
            recovery_key: None,
        }),
        council_keys: None,
        erased: None,
        lost_photos: None,
    }
}
