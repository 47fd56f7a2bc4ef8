//! How much each phone may send, and how often a network of strangers may try to sign in, so that
//! one that never stops does not slow the others down. An honest phone stays far below. Each
//! process counts by itself.

use std::hash::Hash;
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use doorstep_domain::{DeviceId, UserId};
use governor::clock::Clock;
use governor::middleware::NoOpMiddleware;
use governor::nanos::Nanos;
use governor::state::keyed::HashMapStateStore;
use governor::state::{InMemoryState, NotKeyed};
use governor::{Quota, RateLimiter};

use super::environment::Environment;
use super::network::Network;

/// Batches that one phone may send in a minute.
const BATCHES: NonZeroU32 = NonZeroU32::new(600).unwrap();
/// Pieces of photos that one phone may send in a minute.
const PIECES: NonZeroU32 = NonZeroU32::new(6_000).unwrap();
/// Tries to sign in from one network where that person is not known, in a minute. It takes up to
/// four to sign in for the first time.
const TRIES: NonZeroU32 = NonZeroU32::new(60).unwrap();
/// How many networks are counted before those that have been quiet are forgotten.
const NETWORKS: usize = 4_096;
/// Tries to sign in, or to prove again who one is, of one person where they are known, in a minute.
const OWN_TRIES: NonZeroU32 = NonZeroU32::new(30).unwrap();
/// Lines in the audit log about refusals, in a minute: of each kind.
const LINES: NonZeroU32 = NonZeroU32::new(120).unwrap();
/// Lines in the audit log about what one phone had to forget, in an hour.
const LINES_OF_A_PHONE: NonZeroU32 = NonZeroU32::new(2).unwrap();
/// Lines in the audit log about what one person was refused who has signed in, in a minute.
const LINES_OF_A_PERSON: NonZeroU32 = NonZeroU32::new(30).unwrap();
/// Lines in the service's own log about those who were told to come later, in a minute.
const WARNINGS: NonZeroU32 = NonZeroU32::new(6).unwrap();
/// After how many seconds a phone or a person that sends too much tries again.
const LATER_SECONDS: u64 = 10;

/// A phone or a person sends too much, and should try again later.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Later {
    /// After how many seconds.
    pub(crate) seconds: u64,
}

/// The rates of one council's phones, and of strangers.
pub(crate) struct Rates {
    batches: Limiter<DeviceId>,
    pieces: Limiter<DeviceId>,
    tries: Limiter<Network>,
    own_tries: Limiter<[u8; 32]>,
    lines: [Lines; 2],
    lines_of: Limiter<UserId>,
    forgotten: Limiter<DeviceId>,
    warnings: Lines,
}

type Lines = RateLimiter<NotKeyed, InMemoryState, CouncilClock, NoOpMiddleware<Nanos>>;

/// What a line about a refusal is about. Each kind has lines of its own, so that a stranger who
/// tries tokens without end hides nothing of what people do who have signed in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RefusalOf {
    /// Tokens of systems and signatures of phones.
    Machines,
    /// Passwords and second factors.
    SignIns,
}

type Limiter<Key> = RateLimiter<Key, HashMapStateStore<Key>, CouncilClock, NoOpMiddleware<Nanos>>;

/// The time that has passed by the council's clock. If that is set back, it goes on from there:
/// else phones would wait for it to catch up.
#[derive(Clone)]
struct CouncilClock {
    environment: Environment,
    passed: Arc<Mutex<Passed>>,
}

#[derive(Default)]
struct Passed {
    /// What the council's clock said last.
    said_ms: u64,
    /// What has passed since the first time, without what it was set back.
    passed_ms: u64,
}

impl Clock for CouncilClock {
    type Instant = Nanos;

    fn now(&self) -> Nanos {
        let now_ms = u64::try_from(self.environment.clock.now_ms()).unwrap_or(0);
        let mut passed = self.passed.lock().unwrap_or_else(PoisonError::into_inner);
        passed.passed_ms = passed.passed_ms.saturating_add(now_ms.saturating_sub(passed.said_ms));
        passed.said_ms = now_ms;
        Nanos::from(Duration::from_millis(passed.passed_ms))
    }
}

/// Forgets those that have been quiet, if there are many.
fn few<Key: Clone + Eq + Hash>(limiter: &Limiter<Key>) {
    if limiter.len() > NETWORKS {
        limiter.retain_recent();
        limiter.shrink_to_fit();
    }
}

impl Rates {
    /// Counts from now on, by the council's clock.
    pub(crate) fn new(environment: &Environment) -> Self {
        let clock = CouncilClock { environment: environment.clone(), passed: Arc::default() };
        let limiter = |most| RateLimiter::new(Quota::per_minute(most), HashMapStateStore::default(), clock.clone());
        let tries = RateLimiter::new(Quota::per_minute(TRIES), HashMapStateStore::default(), clock.clone());
        let own_tries = RateLimiter::new(Quota::per_minute(OWN_TRIES), HashMapStateStore::default(), clock.clone());
        let at_most = |most| RateLimiter::new(Quota::per_minute(most), InMemoryState::default(), clock.clone());
        let (lines, warnings) = ([(); 2].map(|()| at_most(LINES)), at_most(WARNINGS));
        let lines_of =
            RateLimiter::new(Quota::per_minute(LINES_OF_A_PERSON), HashMapStateStore::default(), clock.clone());
        let forgotten =
            RateLimiter::new(Quota::per_hour(LINES_OF_A_PHONE), HashMapStateStore::default(), clock.clone());
        Self {
            forgotten,
            batches: limiter(BATCHES),
            pieces: limiter(PIECES),
            tries,
            own_tries,
            lines,
            lines_of,
            warnings,
        }
    }

    /// Whether one more line may be written into the audit log about somebody who was refused, so
    /// that nobody can fill the disk with such lines. What is not written is in the metrics of
    /// requests.
    pub(crate) fn may_note_refusal(&self, of: RefusalOf) -> bool {
        let [machines, sign_ins] = &self.lines;
        let lines = match of {
            RefusalOf::Machines => machines,
            RefusalOf::SignIns => sign_ins,
        };
        lines.check().is_ok()
    }

    /// Whether one more line may be written into the audit log about what somebody was refused who
    /// has signed in. Each has lines of their own, so that nobody hides what others do.
    pub(crate) fn may_note_refusal_of(&self, user: UserId) -> bool {
        few(&self.lines_of);
        self.lines_of.check_key(&user).is_ok()
    }

    /// Whether one more line may be written into the audit log about what a phone had to forget. An
    /// honest one has something to say once a day.
    pub(crate) fn may_note_forgotten(&self, device: DeviceId) -> bool {
        few(&self.forgotten);
        self.forgotten.check_key(&device).is_ok()
    }

    /// Counts a try to sign in from a network in which that person is not known.
    pub(crate) fn try_from(&self, network: Network) -> Result<(), Later> {
        few(&self.tries);
        self.tries.check_key(&network).map_err(|_| self.later("a network of strangers that tries to sign in", None))
    }

    /// Counts a try of somebody where they are known: by their session, browser, or name and
    /// network. So nobody takes all the places of those who are known.
    pub(crate) fn own_try(&self, who: [u8; 32]) -> Result<(), Later> {
        few(&self.own_tries);
        self.own_tries.check_key(&who).map_err(|_| self.later("somebody who tries to sign in", None))
    }

    /// Counts a batch of records.
    pub(crate) fn batch(&self, device: DeviceId) -> Result<(), Later> {
        self.batches.check_key(&device).map_err(|_| self.later("a phone with batches", Some(device)))
    }

    /// Counts a piece of a photo.
    pub(crate) fn piece(&self, device: DeviceId) -> Result<(), Later> {
        self.pieces.check_key(&device).map_err(|_| self.later("a phone with photos", Some(device)))
    }

    /// Whether one more line may be written into the service's own log about what strangers can
    /// bring about at will.
    pub(crate) fn may_warn(&self) -> bool {
        self.warnings.check().is_ok()
    }

    /// Tells somebody to come later, and says so in the service's own log: a few times a minute,
    /// for the metrics count them all. The log has no addresses, so of strangers it says no more.
    fn later(&self, who: &'static str, device: Option<DeviceId>) -> Later {
        if self.may_warn() {
            let device = device.map(|device| device.to_string());
            tracing::warn!(who, device, "Somebody sends too much, and was told to come later.");
        }
        Later { seconds: LATER_SECONDS }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicI64, Ordering};

    use super::*;
    use crate::machine::environment::TimeSource;

    struct Set(AtomicI64);

    impl TimeSource for Set {
        fn now_ms(&self) -> i64 {
            self.0.load(Ordering::Relaxed)
        }
    }

    #[test]
    fn a_clock_that_is_set_back_makes_nobody_wait_for_it() {
        let clock = Arc::new(Set(AtomicI64::new(1_800_000_000_000)));
        let rates =
            Rates::new(&Environment { clock: Arc::clone(&clock) as Arc<dyn TimeSource>, ..Environment::real() });
        let phone = DeviceId::from_bytes([7; 16]);
        let used_up = || while rates.batch(phone).is_ok() {};
        for set in [94_608_000_000, -94_608_000_000, -94_608_000_000] {
            clock.0.fetch_add(set, Ordering::Relaxed);
            used_up();
            clock.0.fetch_add(60_000, Ordering::Relaxed);
            assert!((0..500).all(|_| rates.batch(phone).is_ok()), "a minute later, set by {set}");
        }
    }
}
