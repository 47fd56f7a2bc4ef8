//! The queue for checking passwords. Hashing one takes a core and 19 MB for a while, so only as
//! many are hashed at a time as half the cores can do, and few strangers may wait. Browsers in
//! which that person has signed in before have places of their own: strangers can't take them.

use tokio::sync::{Semaphore, SemaphorePermit};

use super::problem::WebProblem;

/// How many tries from browsers that are not known may wait or be checked at a time.
const STRANGERS: usize = 8;
/// The same for browsers in which the person has signed in before.
const KNOWN: usize = 64;
/// How many seconds those who find no place should wait.
const TRY_AGAIN_SECONDS: u64 = 5;

/// The queue of one council's service.
pub(crate) struct SignInQueue {
    turns: Semaphore,
    strangers: Semaphore,
    known: Semaphore,
}

/// A turn to check a password. The next one begins when it is dropped.
pub(crate) struct Turn<'a> {
    _place: SemaphorePermit<'a>,
    _turn: SemaphorePermit<'a>,
}

impl SignInQueue {
    /// A queue for a machine with this many cores.
    pub(crate) fn new(cores: usize) -> Self {
        let turns = Semaphore::new((cores / 2).max(1));
        Self { turns, strangers: Semaphore::new(STRANGERS), known: Semaphore::new(KNOWN) }
    }

    /// Waits for a turn. [`WebProblem::Busy`] at once when too many wait already.
    pub(crate) async fn turn(&self, browser_is_known: bool) -> Result<Turn<'_>, WebProblem> {
        let busy = || WebProblem::Busy { seconds: TRY_AGAIN_SECONDS };
        let places = if browser_is_known { &self.known } else { &self.strangers };
        let place = places.try_acquire().map_err(|_| busy())?;
        let turn = self.turns.acquire().await.map_err(|_| busy())?;
        Ok(Turn { _place: place, _turn: turn })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn strangers_who_find_no_place_are_told_at_once_and_known_browsers_still_have_theirs() {
        let queue = SignInQueue::new(2);
        let first = queue.turn(false).await.unwrap();
        let waiting: Vec<_> = (1..STRANGERS).map(|_| Box::pin(queue.turn(false))).collect();
        let mut waiting = futures_util::future::join_all(waiting);
        assert!(futures_util::poll!(&mut waiting).is_pending(), "they wait for their turn");
        assert!(matches!(queue.turn(false).await, Err(WebProblem::Busy { .. })));
        let mut known = Box::pin(queue.turn(true));
        assert!(futures_util::poll!(&mut known).is_pending(), "a known browser waits, and is not turned away");
        drop(first);
        drop(waiting);
        assert!(known.await.is_ok());
    }
}
