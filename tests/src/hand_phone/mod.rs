//! A phone of version 2 that speaks the wire by hand, as `docs/protocol` says: it shares the
//! domain's encoding with the app and nothing else. It is honest unless it is told to lie.

mod talk;
mod wire;

use std::collections::BTreeMap;

use doorstep_domain::conduct::{Appointment, Event, Started, VisitKind};
use doorstep_domain::ledger::{Body, Epoch, Hash, PublicKey, RecordKind, SCHEMA, SigningKey, VisitKey, encode_body};
use doorstep_domain::v2::{
    Attested, Certificate, CouncilId, EnrolAnswer, EnrolRequest, Envelope, Grant, HeadClass, Link, MadeRecord, Nonce,
    PROTOCOL, Receipt, Salt, SyncAnswer, SyncRequest, VERSION,
};
use doorstep_domain::{DeviceId, PhoneId, RecordId, UserId, VisitId};
use reqwest::blocking::Client;

use self::wire::tries;
use crate::chance::{now_ms, random};
use crate::harness::TestCouncil;

/// A chain of records, as its phone keeps it.
#[derive(Debug, Clone)]
pub struct Chain {
    /// What it is for.
    pub class: HeadClass,
    /// The visit that it is about.
    pub visit: VisitId,
    key: VisitKey,
    /// Its records, in order.
    pub records: Vec<MadeRecord>,
    /// How many of them have a receipt.
    pub received: usize,
    continues: Option<Link>,
    grant: Option<Attested<Grant>>,
}

/// A phone with everything that it needs to say what it likes.
#[derive(Debug, Clone)]
pub struct HandPhone {
    client: Client,
    server: String,
    /// The secret half of its key.
    pub secret: [u8; 32],
    /// The enrolment's id at the council.
    pub enrolment: DeviceId,
    /// The council's word about the enrolment.
    pub certificate: Attested<Certificate>,
    /// The person whose phone it is.
    pub user: UserId,
    /// The council's key, which the phone has pinned.
    pub council_keys: Vec<PublicKey>,
    council: CouncilId,
    council_epoch: Epoch,
    /// Its chains, by their names.
    pub chains: BTreeMap<Epoch, Chain>,
    /// The appointments that it was given, with the council's word for each.
    pub given: BTreeMap<String, (Appointment, Attested<Grant>)>,
    /// The name of its chain of seals.
    pub seal_epoch: Epoch,
    /// How many seals it has made in it.
    pub seals: u64,
    last_seal: Option<Hash>,
    /// The receipts that it has, by the hash of their record.
    pub receipts: BTreeMap<Hash, Receipt>,
    /// What its clock shows: milliseconds since 1970, UTC.
    pub clock_ms: i64,
    order: u64,
    contact_ms: i64,
}

impl HandPhone {
    /// Enrols as somebody, with a code that the council gave for them.
    ///
    /// # Panics
    /// When the council refuses.
    #[must_use]
    pub fn of(user: &str, council: &TestCouncil) -> Self {
        let secret = random();
        let key = SigningKey::from_bytes(&secret);
        Self::enrols(council, &council.code_for(user), &secret, key.public(), |_| {}).expect("the council enrols it")
    }

    /// Tries to enrol a key with a code. `lies` may change everything in the request before it is
    /// signed with the secret.
    ///
    /// # Errors
    /// The HTTP status of the council's refusal.
    ///
    /// # Panics
    /// When the council answers with something else.
    pub fn enrols(
        council: &TestCouncil,
        code: &str,
        secret: &[u8; 32],
        key: PublicKey,
        lies: impl FnOnce(&mut EnrolRequest),
    ) -> Result<Self, u16> {
        // This fails when another test has installed it already, which is fine.
        let _installed = rustls::crypto::ring::default_provider().install_default();
        let client = Client::new();
        let server = format!("http://{}", council.address());
        let nonce = Nonce::from_bytes(random());
        let mut request = EnrolRequest {
            protocol: PROTOCOL,
            code: code.to_owned(),
            phone: PhoneId::from_bytes(random()),
            key,
            phone_name: "made by hand".to_owned(),
            app_version: "2".to_owned(),
            nonce,
        };
        lies(&mut request);
        let signed = Attested::new(&request, &SigningKey::from_bytes(secret));
        let answer: Attested<EnrolAnswer> = tries(client.post(format!("{server}/v2/enrol")), &signed.to_bytes())?;
        let council_key = answer.peek().expect("it is an enrolment").council_key;
        let answer = answer.hear(&council_key).expect("the council signed it");
        assert_eq!(answer.nonce, nonce);
        let certificate = answer.certificate.open(&council_key).expect("the council signed it");
        assert_eq!((certificate.key, certificate.council), (key, answer.council));
        Ok(Self {
            client,
            server,
            secret: *secret,
            enrolment: certificate.enrolment,
            certificate: answer.certificate,
            user: certificate.person,
            council_keys: vec![council_key],
            council: answer.council,
            council_epoch: answer.council_epoch,
            chains: BTreeMap::new(),
            given: BTreeMap::new(),
            seal_epoch: Epoch::from_bytes(random()),
            seals: 0,
            last_seal: None,
            receipts: BTreeMap::new(),
            clock_ms: now_ms(),
            order: 0,
            contact_ms: answer.council_time_ms,
        })
    }

    /// A phone that was enrolled in version 1. It asks for a certificate first.
    ///
    /// # Panics
    /// When the council gives it none.
    #[must_use]
    pub fn enrolled_before(council: &TestCouncil, enrolment: DeviceId, secret: &[u8; 32], key: PublicKey) -> Self {
        let (client, server) = (Client::new(), format!("http://{}", council.address()));
        let request = SyncRequest {
            protocol: PROTOCOL,
            enrolment,
            certificate: None,
            nonce: Nonce::from_bytes(random()),
            reckoned_ms: None,
            council_epoch: Epoch::from_bytes([0; 16]),
            cursor: 0,
            code: None,
            numbers: None,
            app_version: "2".to_owned(),
            heads: Vec::new(),
            chains: Vec::new(),
            visit_keys: Vec::new(),
            runs: Vec::new(),
            seals: Vec::new(),
            whole: Vec::new(),
            set_aside: None,
            running: None,
            forgotten: None,
        };
        let signed = Attested::new(&request, &SigningKey::from_bytes(secret));
        let answer = tries::<SyncAnswer>(client.post(format!("{server}/v2/sync")), &signed.to_bytes());
        let answer = answer.expect("the council answers").hear(&key).expect("the council signed it");
        let certificate = answer.certificate.expect("it asked for one");
        let council_keys = answer.council_keys.unwrap_or_else(|| vec![key]);
        let said = council_keys.iter().find_map(|key| certificate.open(key).ok()).expect("the council signed it");
        assert_eq!((said.enrolment, said.council), (enrolment, answer.council));
        Self {
            client,
            server,
            secret: *secret,
            enrolment,
            certificate,
            user: said.person,
            council_keys,
            council: answer.council,
            council_epoch: answer.council_epoch,
            chains: BTreeMap::new(),
            given: BTreeMap::new(),
            seal_epoch: Epoch::from_bytes(random()),
            seals: 0,
            last_seal: None,
            receipts: BTreeMap::new(),
            clock_ms: now_ms(),
            order: 0,
            contact_ms: answer.council_time_ms,
        }
    }

    /// Gives up its connections, as a phone does that was without signal.
    pub fn connects_anew(&mut self) {
        self.client = Client::new();
    }

    /// Its key.
    #[must_use]
    pub fn key(&self) -> SigningKey {
        SigningKey::from_bytes(&self.secret)
    }

    /// Begins a chain, and gives its name.
    pub fn begins(&mut self, class: HeadClass) -> Epoch {
        let (visit, key) = (VisitId::from_bytes(random()), VisitKey::from_bytes(random()));
        let chain = Chain { class, visit, key, records: vec![], received: 0, continues: None, grant: None };
        let name = Epoch::from_bytes(random());
        self.chains.insert(name, chain);
        name
    }

    /// The visit of a chain.
    #[must_use]
    pub fn visit(&self, chain: Epoch) -> VisitId {
        self.chains[&chain].visit
    }

    /// Begins another chain that goes on from a record of a chain.
    pub fn goes_on(&mut self, from: Epoch, record: usize) -> Epoch {
        let before = self.chains[&from].clone();
        let continues = before.records.get(record).map(link);
        let name = Epoch::from_bytes(random());
        self.chains.insert(name, Chain { records: vec![], received: 0, continues, ..before });
        name
    }

    /// The next record of a chain. `lies` may change everything in the envelope.
    pub fn says(&mut self, chain: Epoch, event: Event, lies: impl FnOnce(&mut Envelope)) {
        self.says_bytes(chain, encode_body(&Body { event }), lies);
    }

    /// The next record of a chain, with any bytes as its body.
    ///
    /// # Panics
    /// When there is no such chain.
    pub fn says_bytes(&mut self, chain: Epoch, body: Vec<u8>, lies: impl FnOnce(&mut Envelope)) {
        self.clock_ms += 1_000;
        self.order = self.order.max(u64::try_from(self.clock_ms).unwrap_or(0)) + 1;
        let of = self.chains.get_mut(&chain).expect("it has begun");
        let record = RecordId::from_bytes(random());
        let first = Envelope::genesis(self.enrolment, chain, of.continues);
        let mut envelope = Envelope {
            version: VERSION,
            record,
            enrolment: self.enrolment,
            chain,
            sequence: u64::try_from(of.records.len()).expect("there are few") + 1,
            previous: of.records.last().map_or(first, |before| before.hash),
            continues: of.continues.filter(|_| of.records.is_empty()),
            kind: RecordKind::VISIT_EVENT,
            schema: SCHEMA,
            visit: of.visit,
            order: self.order,
            recorded_at_ms: self.clock_ms,
            utc_offset_minutes: 0,
            monotonic_ms: 0,
            boot: 1,
            council_contact_ms: Some(self.contact_ms),
            commitment: Salt::of(&of.key, record).commit(&body),
            photos: Vec::new(),
            grant: None,
        };
        lies(&mut envelope);
        let bytes = envelope.to_bytes();
        let hash = Envelope::hash(&bytes);
        of.records.push(MadeRecord { envelope, bytes, hash, body, receipt: None });
    }

    /// The next record of a chain, with the id of one that there is already.
    ///
    /// # Panics
    /// When there is no such chain.
    pub fn says_as(&mut self, chain: Epoch, record: RecordId, body: Vec<u8>) {
        let commitment = Salt::of(&self.chains[&chain].key, record).commit(&body);
        self.says_bytes(chain, body, |envelope| (envelope.record, envelope.commitment) = (record, commitment));
    }

    /// Starts a visit to an appointment that it was given, and names the grant. Gives the chain.
    pub fn starts(&mut self, appointment: &str) -> Epoch {
        let grant = self.given.get(appointment).map(|(_, grant)| grant.clone());
        self.starts_with(appointment, grant)
    }

    /// Starts a visit to any appointment, with any grant or none. Gives the chain.
    ///
    /// # Panics
    /// When the text is no reference.
    pub fn starts_with(&mut self, appointment: &str, grant: Option<Attested<Grant>>) -> Epoch {
        let chain = self.begins(HeadClass::VISIT);
        let pinned = grant.as_ref().map(Attested::hash);
        let started = Event::Started(Started {
            appointment: Some(appointment.to_owned().try_into().expect("it is a reference")),
            uprn: None,
            visit_kind: VisitKind::Other,
            address: None,
            purpose: None,
            notice: None,
        });
        self.says(chain, started, |envelope| envelope.grant = pinned);
        self.chains.get_mut(&chain).expect("it has begun").grant = grant;
        chain
    }
}

/// A record by its place and its hash.
#[must_use]
pub fn link(made: &MadeRecord) -> Link {
    Link { chain: made.envelope.chain, sequence: made.envelope.sequence, hash: made.hash }
}
