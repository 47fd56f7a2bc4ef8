//! How much each phone may send, and how often a network of strangers may try to sign in, so that
//! one that never stops does not slow the others down. An honest phone stays far below. Each
//! process counts by itself.

use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use doorstep_domain::DeviceId;
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
/// Lines in the audit log about people who were refused, in a minute.
const LINES: NonZeroU32 = NonZeroU32::new(120).unwrap();
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
    lines: RateLimiter<NotKeyed, InMemoryState, CouncilClock, NoOpMiddleware<Nanos>>,
}

type Limiter<Key> = RateLimiter<Key, HashMapStateStore<Key>, CouncilClock, NoOpMiddleware<Nanos>>;

/// The council's clock. Here it never goes back: then phones would wait for it to catch up.
#[derive(Clone)]
struct CouncilClock {
    environment: Environment,
    latest_ms: std::sync::Arc<AtomicU64>,
}

impl Clock for CouncilClock {
    type Instant = Nanos;

    fn now(&self) -> Nanos {
        let now_ms = u64::try_from(self.environment.clock.now_ms()).unwrap_or(0);
        let latest_ms = self.latest_ms.fetch_max(now_ms, Ordering::Relaxed).max(now_ms);
        Nanos::from(Duration::from_millis(latest_ms))
    }
}

impl Rates {
    /// Counts from now on, by the council's clock.
    pub(crate) fn new(environment: &Environment) -> Self {
        let clock = CouncilClock { environment: environment.clone(), latest_ms: std::sync::Arc::default() };
        let limiter = |most| RateLimiter::new(Quota::per_minute(most), HashMapStateStore::default(), clock.clone());
        let tries = RateLimiter::new(Quota::per_minute(TRIES), HashMapStateStore::default(), clock.clone());
        let lines = RateLimiter::new(Quota::per_minute(LINES), InMemoryState::default(), clock.clone());
        Self { batches: limiter(BATCHES), pieces: limiter(PIECES), tries, lines }
    }

    /// Whether one more line may be written into the audit log about somebody who was refused, so
    /// that nobody can fill the disk with such lines. What is not written is in the metrics of
    /// requests.
    pub(crate) fn may_note_refusal(&self) -> bool {
        self.lines.check().is_ok()
    }

    /// Counts a try to sign in from a network in which that person is not known.
    pub(crate) fn try_from(&self, network: Network) -> Result<(), Later> {
        if self.tries.len() > NETWORKS {
            self.tries.retain_recent();
            self.tries.shrink_to_fit();
        }
        self.tries.check_key(&network).map_err(|_| Later { seconds: LATER_SECONDS })
    }

    /// Counts a batch of records.
    pub(crate) fn batch(&self, device: DeviceId) -> Result<(), Later> {
        self.batches.check_key(&device).map_err(|_| Later { seconds: LATER_SECONDS })
    }

    /// Counts a piece of a photo.
    pub(crate) fn piece(&self, device: DeviceId) -> Result<(), Later> {
        self.pieces.check_key(&device).map_err(|_| Later { seconds: LATER_SECONDS })
    }
}
