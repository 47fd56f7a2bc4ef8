//! The queue for checking passwords. Hashing one takes a core and 19 MB for a while, so only as
//! many are hashed at a time as half the cores can do, and few strangers may wait. Browsers and
//! networks in which that person has signed in before have places of their own: strangers can't
//! take them.

use doorstep_domain::UserId;
use doorstep_domain::ledger::Hash;
use tokio::sync::{Semaphore, SemaphorePermit};

use super::blocking::ask;
use super::problem::WebProblem;
use crate::access::session::{Browser, Known, KnownBy, known_by};
use crate::service::Service;

/// How many tries from where nobody of that name is known may wait or be checked at a time.
const STRANGERS: usize = 8;
/// The same for networks in which the person has signed in before.
const NETWORKS: usize = 16;
/// The same for browsers in which the person has signed in before.
const BROWSERS: usize = 64;
/// How many seconds those who find no place should wait.
const TRY_AGAIN_SECONDS: u64 = 5;

/// The queue of one council's service.
pub(crate) struct SignInQueue {
    turns: Semaphore,
    strangers: Semaphore,
    networks: Semaphore,
    browsers: Semaphore,
}

/// A turn to check a password. The next one begins when it is dropped.
pub(crate) struct Turn<'a> {
    _place: SemaphorePermit<'a>,
    _turn: SemaphorePermit<'a>,
}

impl SignInQueue {
    /// A queue for a machine with this many cores.
    pub(crate) fn new(cores: usize) -> Self {
        Self {
            turns: Semaphore::new((cores / 2).max(1)),
            strangers: Semaphore::new(STRANGERS),
            networks: Semaphore::new(NETWORKS),
            browsers: Semaphore::new(BROWSERS),
        }
    }

    /// Waits for a turn to check a try to sign in. [`WebProblem::Busy`] at once when too many wait
    /// already, or too many came from that network.
    pub(crate) async fn turn(&self, service: &Service, browser: &Browser, user: &str) -> Result<Turn<'_>, WebProblem> {
        // Who comes with nothing by which a person could be known is not looked up: strangers wait
        // without a thread.
        let known = if browser.tells_nothing() {
            Known::NOT
        } else {
            let (browser, user) = (browser.clone(), user.to_owned());
            ask(service.clone(), move |service| known_by(service, &browser, &user)).await?
        };
        let whose = |said: &[&[u8]]| *Hash::framed("doorstep-own-tries-v1", said).as_bytes();
        let counted = match (known, browser.network) {
            (Known { by: KnownBy::Browser, hash: Some(token) }, _) => service.rates.own_try(token),
            (Known { by: KnownBy::Network, hash: Some(network) }, _) => {
                service.rates.own_try(whose(&[user.as_bytes(), &network]))
            }
            (_, Some(network)) => service.rates.try_from(network),
            _ => Ok(()),
        };
        counted.map_err(|later| WebProblem::Busy { seconds: later.seconds })?;
        self.turn_of(known.by).await
    }

    /// Waits for a turn to check a password of somebody who has signed in, before they change
    /// something about their own account.
    pub(crate) async fn turn_of_a_session(&self, service: &Service, user: UserId) -> Result<Turn<'_>, WebProblem> {
        let whose = *Hash::framed("doorstep-own-proofs-v1", &[user.as_bytes()]).as_bytes();
        service.rates.own_try(whose).map_err(|later| WebProblem::Busy { seconds: later.seconds })?;
        self.turn_of(KnownBy::Browser).await
    }

    async fn turn_of(&self, known: KnownBy) -> Result<Turn<'_>, WebProblem> {
        let busy = || WebProblem::Busy { seconds: TRY_AGAIN_SECONDS };
        let places = match known {
            KnownBy::Browser => &self.browsers,
            KnownBy::Network => &self.networks,
            KnownBy::Nothing => &self.strangers,
        };
        let place = places.try_acquire().map_err(|_| busy())?;
        let turn = self.turns.acquire().await.map_err(|_| busy())?;
        Ok(Turn { _place: place, _turn: turn })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn strangers_who_find_no_place_are_told_at_once_and_those_who_are_known_still_have_theirs() {
        let queue = SignInQueue::new(2);
        let stranger = || queue.turn_of(KnownBy::Nothing);
        let first = stranger().await.unwrap();
        let waiting: Vec<_> = (1..STRANGERS).map(|_| Box::pin(stranger())).collect();
        let mut waiting = futures_util::future::join_all(waiting);
        assert!(futures_util::poll!(&mut waiting).is_pending(), "they wait for their turn");
        assert!(matches!(stranger().await, Err(WebProblem::Busy { .. })));
        let mut browser = Box::pin(queue.turn_of(KnownBy::Browser));
        let mut network = Box::pin(queue.turn_of(KnownBy::Network));
        assert!(futures_util::poll!(&mut browser).is_pending(), "a known browser waits, and is not turned away");
        assert!(futures_util::poll!(&mut network).is_pending(), "and so does a known network");
        drop(first);
        drop(waiting);
        assert!(browser.await.is_ok());
        assert!(network.await.is_ok());
    }
}
