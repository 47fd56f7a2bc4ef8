//! What a phone that is made by hand says to the council, and what it takes of the answers.

use doorstep_domain::conduct::Appointment;
use doorstep_domain::ledger::{Epoch, Hash, PublicKey};
use doorstep_domain::protocol::{Bytes, decode};
use doorstep_domain::v2::{
    AnyEnvelope, Attested, BatchReceipts, HeadClaim, KeyOfVisit, Link, MadeRecord, Message, Nonce, PROTOCOL,
    PhotoAnswer, PhotoRequest, Run, SalvageAnswer, SalvageRequest, SealContents, SentSeal, SyncAnswer, SyncRequest,
    version_hash,
};

use super::wire::tries;
use super::{Chain, HandPhone, link};
use crate::chance::{now_ms, random};

impl HandPhone {
    /// A request with everything that has no receipt, and a seal over it. Nothing is signed yet.
    ///
    /// # Panics
    /// When what it has can't be packed.
    pub fn request(&mut self) -> SyncRequest {
        let waiting: Vec<(Epoch, Chain)> = self
            .chains
            .iter()
            .filter(|(_, chain)| chain.received < chain.records.len())
            .map(|(name, chain)| (*name, chain.clone()))
            .collect();
        let heads: Vec<HeadClaim> = waiting
            .iter()
            .map(|(_, chain)| HeadClaim { class: chain.class, head: link(chain.records.last().expect("some wait")) })
            .collect();
        let seals =
            if heads.is_empty() { vec![] } else { vec![self.seal(heads.iter().map(|claim| claim.head).collect())] };
        let runs = waiting.iter().map(|(_, chain)| {
            Run::pack(chain.records[chain.received..].to_vec(), chain.grant.clone()).expect("they follow each other")
        });
        SyncRequest {
            protocol: PROTOCOL,
            enrolment: self.enrolment,
            certificate: Some(self.certificate.clone()),
            nonce: Nonce::from_bytes(random()),
            reckoned_ms: Some(now_ms()),
            council_epoch: self.council_epoch,
            cursor: 0,
            code: None,
            numbers: None,
            app_version: "2".to_owned(),
            heads,
            chains: Vec::new(),
            visit_keys: waiting
                .iter()
                .map(|(_, chain)| KeyOfVisit { visit: chain.visit, key: Bytes(chain.key.as_bytes().to_vec()) })
                .collect(),
            runs: runs.collect(),
            seals,
            whole: Vec::new(),
            set_aside: None,
            running: None,
            forgotten: None,
        }
    }

    /// The next seal, over these heads.
    ///
    /// # Panics
    /// When they can't be sealed.
    pub fn seal(&mut self, heads: Vec<Link>) -> SentSeal {
        self.seals += 1;
        let contents = SealContents {
            salt: Nonce::from_bytes(random()),
            enrolment: self.enrolment,
            epoch: self.seal_epoch,
            number: self.seals,
            previous: self.last_seal,
            heads,
            checkpoint: None,
        };
        self.last_seal = contents.root();
        SentSeal::new(contents, &self.key()).expect("they can be sealed")
    }

    /// Begins a new chain of seals, as a phone does that was told of another one.
    pub fn begins_seals(&mut self) {
        (self.seal_epoch, self.seals, self.last_seal) = (Epoch::from_bytes(random()), 0, None);
    }

    /// Signs a request with its key.
    #[must_use]
    pub fn signs(&self, request: &SyncRequest) -> Vec<u8> {
        Attested::new(request, &self.key()).to_bytes()
    }

    /// Sends signed bytes, as often as it likes. The answer must be the council's.
    ///
    /// # Errors
    /// The HTTP status of the council's refusal.
    ///
    /// # Panics
    /// When the answer is not signed by the council.
    pub fn asks(&self, request: &[u8]) -> Result<SyncAnswer, u16> {
        let answer: Attested<SyncAnswer> = tries(self.client.post(format!("{}/v2/sync", self.server)), request)?;
        Ok(self.opens(|key| answer.hear(key)).expect("the council signed it"))
    }

    /// Opens what the council has signed, by one of the keys that the phone knows.
    fn opens<T, E>(&self, open: impl Fn(&PublicKey) -> Result<T, E>) -> Option<T> {
        self.council_keys.iter().find_map(|key| open(key).ok())
    }

    /// Sends everything that waits, checks every receipt, and takes what it is given. `lies` may
    /// change everything in the request before it is signed.
    ///
    /// # Panics
    /// When the council refuses, or an honest phone would not believe the answer.
    pub fn sends(&mut self, lies: impl FnOnce(&mut SyncRequest)) -> SyncAnswer {
        let mut request = self.request();
        lies(&mut request);
        let answer = self.asks(&self.signs(&request)).expect("the council takes it");
        assert_eq!((answer.nonce, answer.enrolment), (request.nonce, self.enrolment));
        self.takes(&request, &answer);
        answer
    }

    /// Takes the receipts and the appointments of an answer.
    ///
    /// # Panics
    /// When an honest phone would not believe them.
    pub fn takes(&mut self, request: &SyncRequest, answer: &SyncAnswer) {
        let earlier: Vec<Link> = answer.earlier.iter().map(|receipt| receipt.record).collect();
        let mut sent = Vec::new();
        for (place, run) in (0_u32..).zip(&request.runs) {
            let made = self.chains.get(&run.chain).filter(|_| !answer.unfit.contains(&place));
            let of_run = |made: &&MadeRecord| made.envelope.sequence >= run.first;
            let records = made.into_iter().flat_map(|chain| chain.records.iter().filter(of_run));
            sent.extend(records.take(run.records.len()).map(link));
        }
        sent.extend(request.whole.iter().map(|whole| Link {
            chain: whole.chain,
            sequence: whole.sequence,
            hash: AnyEnvelope::hash(&whole.envelope.0),
        }));
        sent.retain(|link| !earlier.contains(link));
        if let (Some(keys), Some(certificate)) = (&answer.council_keys, &answer.certificate) {
            self.council_keys.clone_from(keys);
            self.certificate = certificate.clone();
        }
        let opened = |receipts: &BatchReceipts| self.opens(|key| receipts.open(key, &sent)).expect("they are signed");
        let new = answer.receipts.as_ref().map(opened);
        for receipt in new.into_iter().flatten().chain(answer.earlier.iter().cloned()) {
            self.opens(|key| receipt.open(key)).expect("each stands alone");
            self.receipts.insert(receipt.record.hash, receipt);
        }
        for chain in self.chains.values_mut() {
            let have = |made: &&MadeRecord| self.receipts.contains_key(&made.hash);
            chain.received = chain.records.iter().take_while(have).count();
        }
        self.council_epoch = answer.council_epoch;
        self.contact_ms = answer.council_time_ms;
        for given in answer.changes.iter().flat_map(|changes| &changes.given) {
            let said = self.opens(|key| given.grant.open(key)).expect("the council signed it");
            assert_eq!((said.enrolment, said.council), (self.enrolment, self.council));
            assert_eq!(said.given, version_hash(&given.salt, &given.appointment.0), "it is for what was given");
            let appointment: Appointment = decode(&given.appointment.0).expect("it is an appointment");
            self.given.insert(said.reference.as_str().to_owned(), (appointment, given.grant.clone()));
        }
    }

    /// Sends a piece of a picture, and returns what the council says it has of it.
    ///
    /// # Panics
    /// When the council does not answer.
    pub fn sends_piece(&self, sha256: Hash, offset: u64, piece: &[u8]) -> PhotoAnswer {
        let request = PhotoRequest {
            protocol: PROTOCOL,
            enrolment: self.enrolment,
            certificate: Some(self.certificate.clone()),
            nonce: Nonce::from_bytes(random()),
            sha256,
            offset,
            piece: Bytes(piece.to_vec()),
        };
        let answer: PhotoAnswer = self.puts(&format!("blobs/{sha256}"), &request);
        assert_eq!((answer.nonce, answer.sha256), (request.nonce, sha256));
        answer
    }

    /// Sends a piece of a file that this phone can't open any more, and returns what the council
    /// says it has of it.
    ///
    /// # Panics
    /// When the council does not answer.
    pub fn sends_sealed(&self, sha256: Hash, size: u64, offset: u64, piece: &[u8]) -> SalvageAnswer {
        let request = SalvageRequest {
            protocol: PROTOCOL,
            enrolment: self.enrolment,
            certificate: Some(self.certificate.clone()),
            nonce: Nonce::from_bytes(random()),
            sha256,
            size,
            offset,
            piece: Bytes(piece.to_vec()),
        };
        let answer: SalvageAnswer = self.puts(&format!("salvage/{sha256}"), &request);
        assert_eq!((answer.nonce, answer.sha256), (request.nonce, sha256));
        answer
    }

    /// Puts a signed message where it belongs, and gives the council's answer.
    fn puts<A: Message>(&self, place: &str, message: &impl Message) -> A {
        let signed = Attested::new(message, &self.key());
        let to = self.client.put(format!("{}/v2/{place}", self.server));
        let answer: Attested<A> = tries(to, &signed.to_bytes()).expect("the council answers");
        self.opens(|key| answer.hear(key)).expect("the council signed it")
    }
}
