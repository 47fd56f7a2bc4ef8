//! The line between a phone and the council. It loses, cuts off, repeats, delays and alters what it
//! carries, and lets somebody else answer in the council's place.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use doorstep_core::{BadAddress, Connect};
use doorstep_council::Service;
use doorstep_domain::ledger::{Envelope, Hash, SigningKey};
use doorstep_domain::protocol::{
    BlobAnswer, BlobRequest, BlobState, Bytes, Changes, Council, DeviceState, HighWater, NoAnswer, Purpose, Receipt,
    Signed, SyncAnswer, SyncRequest, Verdict, decode, encode,
};
use doorstep_domain::v2::{self, Attested, Exchange};

use super::forged;
use super::outside::Chance;

/// A request from a phone to the council.
#[derive(Debug, Clone)]
enum Call {
    Sync(Vec<u8>),
    Blob(Hash, Vec<u8>),
    /// One of version 2.
    Asked(Exchange, Vec<u8>),
}

impl Call {
    fn to(&self, council: &Service) -> Result<Vec<u8>, NoAnswer> {
        match self {
            Self::Sync(request) => council.sync(request),
            Self::Blob(sha256, request) => council.put_blob(*sha256, request),
            Self::Asked(exchange, request) => council.ask(*exchange, request),
        }
    }

    /// Whether a phone of version 1 asks with it whether the council speaks version 2. No answer to
    /// that is an answer: the phone goes on in version 1, and its sync has ended well.
    fn is_an_introduction(&self) -> bool {
        let Self::Asked(Exchange::Fetch, request) = self else { return false };
        let asked = Attested::<v2::SyncRequest>::from_bytes(request).and_then(|signed| signed.peek());
        asked.is_ok_and(|asked| asked.certificate.is_none())
    }

    /// What an attacker on the line who knows the protocol would answer: that everything has
    /// arrived and there is nothing more to send.
    fn forged(&self) -> Vec<u8> {
        match self {
            Self::Sync(request) => forged_receipts(request),
            Self::Blob(_, request) => forged_completion(request),
            Self::Asked(Exchange::Photo(_), request) => forged::completion(request),
            Self::Asked(_, request) => forged::receipts(request),
        }
    }
}

/// The line of one phone.
pub(super) struct Line {
    /// The processes of the council: none while it is down.
    councils: Mutex<Vec<Service>>,
    pub(super) chance: Arc<Chance>,
    /// How many of a hundred requests go wrong.
    pub(super) trouble: Mutex<usize>,
    /// Whether the council at the far end speaks version 2 yet.
    speaks_version_2: AtomicBool,
    /// Requests that are delayed on the way.
    held_back: Mutex<Vec<Call>>,
    /// Earlier answers of the council, to be replayed.
    kept_answers: Mutex<Vec<Vec<u8>>>,
    /// Whether the phone was given anything but the council's own answer to its request since the
    /// last call of `was_dishonest`.
    dishonest: AtomicBool,
}

fn locked<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Line {
    pub(super) fn new(councils: Vec<Service>, chance: Arc<Chance>) -> Self {
        Self {
            councils: Mutex::new(councils),
            chance,
            trouble: Mutex::new(0),
            speaks_version_2: AtomicBool::new(true),
            held_back: Mutex::default(),
            kept_answers: Mutex::default(),
            dishonest: AtomicBool::new(false),
        }
    }

    pub(super) fn set_trouble(&self, percent: usize) {
        *locked(&self.trouble) = percent;
    }

    /// Sets whether the council at the far end speaks version 2.
    pub(super) fn speak_version_2(&self, speaks: bool) {
        self.speaks_version_2.store(speaks, Ordering::SeqCst);
    }

    /// Sets the council's processes at the far end; none while it is down.
    pub(super) fn lead_to(&self, councils: Vec<Service>) {
        *locked(&self.councils) = councils;
    }

    pub(super) fn was_dishonest(&self) -> bool {
        self.dishonest.swap(false, Ordering::SeqCst)
    }

    /// Whether requests of the phone are still on their way.
    pub(super) fn holds_something_back(&self) -> bool {
        !locked(&self.held_back).is_empty()
    }

    fn council(&self) -> Result<Service, NoAnswer> {
        let councils = locked(&self.councils);
        let which = if councils.len() > 1 { self.chance.below(councils.len()) } else { 0 };
        councils.get(which).cloned().ok_or(NoAnswer::Unreachable)
    }

    /// Gives the phone something that is not the council's answer.
    fn falsely(&self, call: &Call, answer: Vec<u8>) -> Result<Vec<u8>, NoAnswer> {
        // A phone that speaks version 2 goes on without an answer of version 1.
        let is_left = matches!(call, Call::Sync(_)) && self.speaks_version_2.load(Ordering::SeqCst);
        if !(is_left || call.is_an_introduction()) {
            self.dishonest.store(true, Ordering::SeqCst);
        }
        Ok(answer)
    }

    /// Delivers a delayed request now, after requests that were sent later.
    fn deliver_late(&self) {
        if let (Some(call), Ok(council)) = (locked(&self.held_back).pop(), self.council()) {
            let _nobody_waits = call.to(&council);
        }
    }

    fn carry(&self, call: &Call) -> Result<Vec<u8>, NoAnswer> {
        let trouble = *locked(&self.trouble);
        if !self.chance.percent(trouble) {
            let answer = call.to(&self.council()?)?;
            locked(&self.kept_answers).push(answer.clone());
            return Ok(answer);
        }
        match self.chance.below(10) {
            0 => Err(NoAnswer::Unreachable),
            1 => {
                let _lost_on_the_way_back = call.to(&self.council()?);
                Err(NoAnswer::TimedOut)
            }
            2 => {
                locked(&self.held_back).push(call.clone());
                Err(NoAnswer::TimedOut)
            }
            3 => {
                self.deliver_late();
                call.to(&self.council()?)
            }
            4 => {
                let _first = call.to(&self.council()?);
                call.to(&self.council()?)
            }
            5 => {
                let mut answer = call.to(&self.council()?)?;
                answer.truncate(self.chance.below(answer.len()));
                self.falsely(call, answer)
            }
            6 => {
                let mut answer = call.to(&self.council()?)?;
                // Alter a byte that the signature covers: the payload begins a few bytes in.
                let at = 16 + self.chance.below(answer.len().saturating_sub(120).max(1));
                if let Some(byte) = answer.get_mut(at) {
                    *byte ^= 1;
                }
                self.falsely(call, answer)
            }
            7 => self.falsely(call, b"<html><title>Welcome to Free Wi-Fi</title>Please sign in</html>".to_vec()),
            8 => {
                let kept = locked(&self.kept_answers).clone();
                match kept.get(self.chance.below(kept.len())) {
                    Some(answer) => self.falsely(call, answer.clone()),
                    None => Err(NoAnswer::Unreachable),
                }
            }
            _ => self.falsely(call, call.forged()),
        }
    }
}

impl Council for Line {
    fn enrol(&self, request: &[u8]) -> Result<Vec<u8>, NoAnswer> {
        self.council()?.enrol(request)
    }

    fn sync(&self, request: &[u8]) -> Result<Vec<u8>, NoAnswer> {
        self.carry(&Call::Sync(request.to_vec()))
    }

    fn put_blob(&self, sha256: Hash, request: &[u8]) -> Result<Vec<u8>, NoAnswer> {
        self.carry(&Call::Blob(sha256, request.to_vec()))
    }

    fn ask(&self, exchange: Exchange, request: &[u8]) -> Result<Vec<u8>, NoAnswer> {
        if !self.speaks_version_2.load(Ordering::SeqCst) {
            // What an older council has at that address is no answer.
            return Err(NoAnswer::NotTheCouncil);
        }
        match exchange {
            Exchange::Enrol => self.council()?.ask(exchange, request),
            _ => self.carry(&Call::Asked(exchange, request.to_vec())),
        }
    }
}

fn forged_receipts(request: &[u8]) -> Vec<u8> {
    let Ok(asked) = decode::<Signed>(request).and_then(|signed| signed.peek::<SyncRequest>()) else {
        return Vec::new();
    };
    let receipts = asked
        .records
        .iter()
        .map(|record| Receipt {
            epoch: record.epoch,
            sequence: record.sequence,
            hash: Envelope::hash(&record.envelope.0),
            verdict: Verdict::Stored,
        })
        .collect();
    let answer = SyncAnswer {
        protocol: asked.protocol,
        device: asked.device,
        nonce: Bytes(asked.nonce.0.clone()),
        council_epoch: asked.council_epoch,
        council_time_ms: 0,
        receipts,
        high_water: vec![HighWater { epoch: asked.head.epoch, sequence: asked.head.sequence, above: Vec::new() }],
        backup_mark: None,
        device_state: DeviceState::Active,
        changes: Changes {
            snapshot: false,
            appointments: Vec::new(),
            safeguarding_keys: Vec::new(),
            code: None,
            numbers: None,
            cursor: asked.cursor,
            more: false,
        },
    };
    encode(&Signed::new(Purpose::SyncAnswer, &answer, &SigningKey::from_bytes(&[66; 32])))
}

fn forged_completion(request: &[u8]) -> Vec<u8> {
    let Ok(asked) = decode::<Signed>(request).and_then(|signed| signed.peek::<BlobRequest>()) else {
        return Vec::new();
    };
    let answer = BlobAnswer {
        protocol: asked.protocol,
        device: asked.device,
        nonce: asked.nonce,
        sha256: asked.sha256,
        state: BlobState::Complete,
    };
    encode(&Signed::new(Purpose::BlobAnswer, &answer, &SigningKey::from_bytes(&[66; 32])))
}

/// Connects a phone to its line, whatever the address.
pub(super) struct OneLine(pub(super) Arc<Line>);

impl Connect for OneLine {
    fn connect(&self, _: &str) -> Result<Arc<dyn Council>, BadAddress> {
        Ok(Arc::clone(&self.0) as Arc<dyn Council>)
    }
}
