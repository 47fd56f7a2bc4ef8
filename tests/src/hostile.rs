//! A phone that lies. It speaks the protocol by hand: it shares the domain's encoding with the app
//! and nothing else, so it can say anything that a program with one enrolment code can say.

use doorstep_domain::conduct::{Acknowledgement, Event, Started, VisitKind};
use doorstep_domain::ledger::{
    Body, ChainHead, Envelope, Epoch, Hash, PublicKey, RecordKind, SCHEMA, Seal, SigningKey, VisitKey,
    encode_acknowledgement, encode_body,
};
use doorstep_domain::protocol::{
    BlobAnswer, BlobRequest, BlobState, Bytes, EnrolAnswer, EnrolRequest, HeadClaim, KeyOfVisit, PROTOCOL, Purpose,
    SentRecord, Signed, SyncAnswer, SyncRequest, Verdict, decode, encode,
};
use doorstep_domain::{AppointmentRef, DeviceId, RecordId, Uprn, UserId, VisitId};
use reqwest::blocking::{Client, RequestBuilder};

use crate::chance::{now_ms, random};
use crate::hand_phone::HandPhone;
use crate::harness::TestCouncil;

const MEDIA_TYPE: &str = "application/vnd.doorstep+cbor";

/// An enrolled phone, with everything that it needs to say what it likes.
#[derive(Debug)]
pub struct HostilePhone {
    client: Client,
    server: String,
    key: SigningKey,
    secret: [u8; 32],
    council_key: PublicKey,
    /// Its id at the council.
    pub device: DeviceId,
    /// The person whose phone it is.
    pub user: UserId,
    /// The epoch of its chain.
    pub epoch: Epoch,
    council_epoch: Epoch,
    sequence: u64,
    previous: Hash,
    /// What it says its clock shows: milliseconds since 1970, UTC.
    pub clock_ms: i64,
}

/// A visit of its own making.
#[derive(Debug, Clone)]
pub struct MadeUpVisit {
    /// The visit's id.
    pub id: VisitId,
    key: VisitKey,
}

impl MadeUpVisit {
    /// A visit that nobody made.
    #[must_use]
    pub fn new() -> Self {
        Self { id: VisitId::from_bytes(random()), key: VisitKey::from_bytes(random()) }
    }
}

impl Default for MadeUpVisit {
    fn default() -> Self {
        Self::new()
    }
}

/// Sends a message as the app packs it, and reads the signed answer. The signature is not checked.
/// An answer that is none is its HTTP status.
fn tries(request: RequestBuilder, message: &[u8]) -> Result<Signed, u16> {
    let packed = zstd::encode_all(message, 3).expect("a message can be packed");
    let request = request.header("content-type", MEDIA_TYPE).header("content-encoding", "zstd").body(packed);
    let answer = request.send().expect("the council answers");
    if answer.status() != 200 {
        return Err(answer.status().as_u16());
    }
    let packed = answer.bytes().expect("the answer comes");
    Ok(decode(&zstd::decode_all(packed.as_ref()).expect("it is packed")).expect("it is signed"))
}

/// As [`tries`], where the council takes what it is sent, as what it is.
fn exchange(request: RequestBuilder, message: &[u8]) -> Signed {
    tries(request, message).expect("the council takes what it is sent")
}

impl HostilePhone {
    /// Enrols as somebody, with a code that the council gave for them.
    ///
    /// # Panics
    /// When the council refuses.
    #[must_use]
    pub fn of(user: &str, council: &TestCouncil) -> Self {
        Self::enrols(council, &council.code_for(user), &Self::new_key(), PROTOCOL).expect("the council enrols it")
    }

    /// Tries to enrol a key with a code, in a version of the protocol.
    ///
    /// # Errors
    /// The HTTP status of the council's refusal.
    pub fn enrols(council: &TestCouncil, code: &str, key: &[u8; 32], protocol: u16) -> Result<Self, u16> {
        Self::enrols_as(council, code, key, SigningKey::from_bytes(key).public(), protocol)
    }

    /// Tries to enrol a public key of which it has no secret.
    ///
    /// # Errors
    /// The HTTP status of the council's refusal.
    pub fn enrols_key(council: &TestCouncil, code: &str, key: &[u8; 32], public: PublicKey) -> Result<Self, u16> {
        Self::enrols_as(council, code, key, public, PROTOCOL)
    }

    fn enrols_as(
        council: &TestCouncil,
        code: &str,
        secret: &[u8; 32],
        public: PublicKey,
        protocol: u16,
    ) -> Result<Self, u16> {
        // This fails when another test has installed it already, which is fine.
        let _installed = rustls::crypto::ring::default_provider().install_default();
        let client = Client::new();
        let server = format!("http://{}", council.address());
        let key = SigningKey::from_bytes(secret);
        let request = EnrolRequest {
            protocol,
            code: code.to_owned(),
            device_key: public,
            device_name: "hostile".to_owned(),
            app_version: "0".to_owned(),
            nonce: Bytes(random::<16>().to_vec()),
        };
        let answer = tries(client.post(format!("{server}/v1/enrol")), &encode(&request))?;
        let answer: EnrolAnswer = answer.peek().expect("it is an enrolment");
        let epoch = Epoch::from_bytes(random());
        Ok(Self {
            client,
            server,
            key,
            secret: *secret,
            council_key: answer.council_key,
            device: answer.device,
            user: answer.user,
            epoch,
            council_epoch: answer.council_epoch,
            sequence: 0,
            previous: Envelope::genesis(answer.device, epoch),
            clock_ms: now_ms(),
        })
    }

    /// The secret half of a key that no other phone has.
    #[must_use]
    pub fn new_key() -> [u8; 32] {
        random()
    }

    /// The newest version of the protocol that the council says it speaks, beside an answer.
    ///
    /// # Panics
    /// When the council does not answer.
    #[must_use]
    pub fn speaks(&self) -> String {
        let message = self.request(&MadeUpVisit::new(), Vec::new(), |_| {});
        let request = self.client.post(format!("{}/v1/sync", self.server)).header("content-type", MEDIA_TYPE);
        let answer = request.body(message).send().expect("the council answers");
        let said = answer.headers().get("doorstep-protocol").expect("it says so");
        said.to_str().expect("it is a number").to_owned()
    }

    /// The same enrolment, speaking version 2.
    ///
    /// # Panics
    /// When the council gives it no certificate.
    #[must_use]
    pub fn in_version_2(&self, council: &TestCouncil) -> HandPhone {
        HandPhone::enrolled_before(council, self.device, &self.secret, self.council_key)
    }

    /// The next record of its chain. `lies` may change everything in the envelope.
    pub fn says(&mut self, visit: &MadeUpVisit, event: Event, lies: impl FnOnce(&mut Envelope)) -> SentRecord {
        self.record(visit, RecordKind::VISIT_EVENT, encode_body(&Body { event }), lies)
    }

    /// The next record of its chain: a signature under the Code.
    pub fn signs(&mut self, signature: &MadeUpVisit, code: &Acknowledgement) -> SentRecord {
        self.record(signature, RecordKind::ACKNOWLEDGEMENT, encode_acknowledgement(code), |_| {})
    }

    fn record(
        &mut self,
        visit: &MadeUpVisit,
        kind: RecordKind,
        body: Vec<u8>,
        lies: impl FnOnce(&mut Envelope),
    ) -> SentRecord {
        self.sequence += 1;
        self.clock_ms += 1_000;
        let record = RecordId::from_bytes(random());
        let mut envelope = Envelope {
            version: Envelope::VERSION,
            record,
            device: self.device,
            epoch: self.epoch,
            sequence: self.sequence,
            previous: self.previous,
            kind,
            schema: SCHEMA,
            visit: visit.id,
            actor: self.user,
            order: u64::try_from(self.clock_ms).unwrap_or(0),
            recorded_at_ms: self.clock_ms,
            utc_offset_minutes: 0,
            monotonic_ms: 0,
            boot: 1,
            council_contact_ms: None,
            commitment: visit.key.commit(record, &body),
            photos: Vec::new(),
        };
        lies(&mut envelope);
        let bytes = envelope.to_bytes();
        self.previous = Envelope::hash(&bytes);
        SentRecord { epoch: self.epoch, sequence: self.sequence, envelope: Bytes(bytes), body: Bytes(body) }
    }

    /// The start of a visit to an appointment, whosever it is.
    #[must_use]
    pub fn starts(appointment: &str) -> Event {
        Event::Started(Started {
            appointment: Some(AppointmentRef::try_from(appointment.to_owned()).expect("it is a reference")),
            uprn: None,
            visit_kind: VisitKind::Other,
            address: None,
            purpose: None,
            notice: None,
        })
    }

    /// The start of a visit to an appointment, at a home of its choice.
    ///
    /// # Panics
    /// When the text is not a UPRN.
    #[must_use]
    pub fn starts_at(appointment: &str, uprn: &str) -> Event {
        let Event::Started(plan) = Self::starts(appointment) else { unreachable!("a start is a start") };
        Event::Started(Started { uprn: Some(Uprn::try_from(uprn.to_owned()).expect("it is a UPRN")), ..plan })
    }

    /// A seal of its own key over a hash of its choice.
    #[must_use]
    pub fn seal(&self, sequence: u64, hash: Hash) -> Seal {
        self.key.seal(&ChainHead { device: self.device, epoch: self.epoch, sequence, hash })
    }

    /// A signed request with records about a visit. `lies` may change everything in it before it is
    /// signed.
    #[must_use]
    pub fn request(
        &self,
        visit: &MadeUpVisit,
        records: Vec<SentRecord>,
        lies: impl FnOnce(&mut SyncRequest),
    ) -> Vec<u8> {
        let mut request = SyncRequest {
            protocol: PROTOCOL,
            device: self.device,
            nonce: Bytes(random::<16>().to_vec()),
            council_epoch: self.council_epoch,
            cursor: 0,
            code: None,
            numbers: None,
            head: HeadClaim { epoch: self.epoch, sequence: self.sequence, hash: self.previous },
            visit_keys: vec![KeyOfVisit { visit: visit.id, key: Bytes(visit.key.as_bytes().to_vec()) }],
            records,
            seals: Vec::new(),
        };
        lies(&mut request);
        encode(&Signed::new(Purpose::SyncRequest, &request, &self.key))
    }

    /// Sends a signed request, as often as it likes.
    ///
    /// # Errors
    /// The HTTP status of the council's refusal.
    ///
    /// # Panics
    /// When the council answers with something else.
    pub fn asks(&self, request: &[u8]) -> Result<SyncAnswer, u16> {
        let answer = tries(self.client.post(format!("{}/v1/sync", self.server)), request)?;
        Ok(answer.open(Purpose::SyncAnswer, &self.council_key).expect("it is an answer by the key that it knows"))
    }

    /// Sends records about a visit, and returns the council's verdict on each. `lies` may change
    /// everything in the request before it is signed.
    ///
    /// # Panics
    /// When the council does not answer with receipts.
    pub fn sends(
        &self,
        visit: &MadeUpVisit,
        records: Vec<SentRecord>,
        lies: impl FnOnce(&mut SyncRequest),
    ) -> Vec<Verdict> {
        let answer = self.asks(&self.request(visit, records, lies)).expect("the council takes it");
        answer.receipts.into_iter().map(|receipt| receipt.verdict).collect()
    }

    /// Sends a piece of a picture, and returns what the council says it has of it.
    ///
    /// # Panics
    /// When the council does not answer.
    pub fn sends_piece(&self, sha256: Hash, total: u64, offset: u64, piece: &[u8]) -> BlobState {
        let request = BlobRequest {
            protocol: PROTOCOL,
            device: self.device,
            nonce: Bytes(random::<16>().to_vec()),
            sha256,
            total,
            offset,
            chunk: Bytes(piece.to_vec()),
        };
        let signed = Signed::new(Purpose::BlobRequest, &request, &self.key);
        let answer = exchange(self.client.put(format!("{}/v1/blobs/{sha256}", self.server)), &encode(&signed));
        answer.peek::<BlobAnswer>().expect("it is an answer about a picture").state
    }
}
