//! Whether the service can keep what comes, as it found lately.

use std::sync::{Mutex, PoisonError};

/// For how long it is taken for granted, in milliseconds: anybody may ask, and it costs a write.
const FOUND_FOR_MS: i64 = 10_000;

/// When it was looked at last, in UTC milliseconds, and what was found.
#[derive(Debug, Clone, Copy)]
struct Found {
    at_ms: i64,
    is_ready: bool,
}

/// What was found lately about whether the service can keep what comes.
#[derive(Debug, Default)]
pub(crate) struct Readiness {
    found: Mutex<Option<Found>>,
    /// Held by the one request that looks. The others don't wait for a database that is silent.
    looks: Mutex<()>,
}

impl Readiness {
    /// What was found in the last seconds; otherwise what `look` finds, and whether that is news.
    /// While one request looks, the others get what was found before.
    pub(crate) fn at(&self, now_ms: i64, look: impl FnOnce() -> bool) -> (bool, bool) {
        let before = self.found();
        let is_known = before.is_some_and(|found| (0..FOUND_FOR_MS).contains(&now_ms.saturating_sub(found.at_ms)));
        let was_ready = before.is_some_and(|found| found.is_ready);
        let Some(_looks) = self.looks.try_lock().ok().filter(|_| !is_known) else { return (was_ready, false) };
        let is_ready = look();
        *self.found.lock().unwrap_or_else(PoisonError::into_inner) = Some(Found { at_ms: now_ms, is_ready });
        (is_ready, before.is_none_or(|found| found.is_ready != is_ready))
    }

    fn found(&self) -> Option<Found> {
        *self.found.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_looked_at_again_after_a_while_and_a_clock_that_is_set_back_holds_up_nothing() {
        let readiness = Readiness::default();
        assert_eq!(readiness.at(1_000_000, || true), (true, true));
        assert_eq!(readiness.at(1_009_999, || panic!("it is known")), (true, false));
        assert_eq!(readiness.at(1_010_000, || false), (false, true));
        assert_eq!(readiness.at(1_015_000, || panic!("it is known")), (false, false));
        assert_eq!(readiness.at(900_000, || true), (true, true));
    }

    #[test]
    fn while_somebody_looks_the_others_get_what_was_found_before() {
        let readiness = Readiness::default();
        assert_eq!(readiness.at(0, || true), (true, true));
        let others = |_: ()| readiness.at(20_000, || panic!("somebody looks already"));
        assert_eq!(readiness.at(20_000, || others(()) != (true, false)), (false, true));
    }
}
