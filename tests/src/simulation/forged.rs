//! What somebody who knows version 2 of the protocol, and has no key of the council's, would
//! answer.

use doorstep_domain::ledger::SigningKey;
use doorstep_domain::v2::{
    Attested, CouncilId, Held, Judged, Link, Mark, Nonce, PhotoAnswer, PhotoRequest, ReceiptRoot, ReceiptVerdict,
    SealMark, Standing, SyncAnswer, SyncRequest, VERSION,
};

/// A key that is not the council's.
fn key() -> SigningKey {
    SigningKey::from_bytes(&[66; 32])
}

/// That everything has arrived, and that there is nothing more to send.
pub(super) fn receipts(request: &[u8]) -> Vec<u8> {
    let Ok(asked) = Attested::<SyncRequest>::from_bytes(request).and_then(|signed| signed.peek()) else {
        return Vec::new();
    };
    let heads: Vec<Link> = asked.heads.iter().map(|claim| claim.head).collect();
    let judged: Vec<Judged> =
        heads.iter().map(|record| Judged { record: *record, verdict: ReceiptVerdict::STORED, reason: None }).collect();
    let root = ReceiptRoot {
        version: VERSION,
        origin: CouncilId::from_bytes([6; 16]),
        council_epoch: asked.council_epoch,
        enrolment: asked.enrolment,
        at_ms: 0,
        nonce: Nonce::from_bytes([6; 32]),
        receipts: 0,
        root: doorstep_domain::ledger::Hash::of_file(b""),
        included_by_ms: None,
    };
    let last = asked.seals.last().and_then(|seal| {
        Some(SealMark { epoch: seal.contents.epoch, number: seal.contents.number, root: seal.contents.root()? })
    });
    let answer = SyncAnswer {
        protocol: asked.protocol,
        enrolment: asked.enrolment,
        nonce: asked.nonce,
        council: CouncilId::from_bytes([6; 16]),
        council_epoch: asked.council_epoch,
        council_time_ms: 0,
        standing: Standing::ACTIVE,
        certificate: None,
        receipts: root.sign(&judged, &key()),
        earlier: Vec::new(),
        unfit: Vec::new(),
        marks: heads
            .iter()
            .map(|head| Mark { chain: head.chain, sequence: head.sequence, above: Vec::new(), hash: Some(head.hash) })
            .collect(),
        seal_mark: last,
        common_seal: None,
        backup_mark_ms: None,
        changes: None,
        // The device must not go by a key because an answer says so that it can't check.
        council_keys: Some(vec![key().public()]),
        erased: None,
        lost_photos: None,
    };
    Attested::new(&answer, &key()).to_bytes()
}

/// That the whole photo has arrived.
pub(super) fn completion(request: &[u8]) -> Vec<u8> {
    let Ok(asked) = Attested::<PhotoRequest>::from_bytes(request).and_then(|signed| signed.peek()) else {
        return Vec::new();
    };
    let answer = PhotoAnswer {
        protocol: asked.protocol,
        enrolment: asked.enrolment,
        nonce: asked.nonce,
        sha256: asked.sha256,
        state: Held::WHOLE,
        held: 0,
        reason: None,
    };
    Attested::new(&answer, &key()).to_bytes()
}
