//! When a record can have been made. A phone's clock may show anything, so its council works out
//! the span from what it knows itself: a contact that the phone had before, and the receipt.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

/// The span in which a record was made, by the council's clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, schemars::JsonSchema)]
pub struct PossibleSpan {
    /// Not before this: the phone had spoken with the council then, or was enrolled.
    pub from: DateTime<Utc>,
    /// Not after this: the council had received the record.
    pub to: DateTime<Utc>,
}

impl PossibleSpan {
    /// Whether a phone's clock can have shown this when the record was made. No clock is exact: it
    /// may be off by `slack` either way.
    #[must_use]
    pub fn holds(&self, said: DateTime<Utc>, slack: TimeDelta) -> bool {
        let earliest = self.from.checked_sub_signed(slack).unwrap_or(DateTime::<Utc>::MIN_UTC);
        let latest = self.to.checked_add_signed(slack).unwrap_or(DateTime::<Utc>::MAX_UTC);
        (earliest..=latest).contains(&said)
    }

    /// When the clocks of the law run from, for something that a phone says was at `said`: where
    /// that is in doubt, from the earliest moment at which it can have been.
    #[must_use]
    pub fn start(doubt: Option<&Self>, said: DateTime<Utc>) -> DateTime<Utc> {
        doubt.map_or(said, |span| span.from)
    }

    /// When the clocks of the law run from, for something that a visitor noticed at one time and
    /// recorded at another, both by the phone's clock. *Noticed earlier* is their word, and is
    /// taken for up to `back`.
    #[must_use]
    pub fn start_of_noticed(
        doubt: Option<&Self>,
        noticed: DateTime<Utc>,
        recorded: DateTime<Utc>,
        back: TimeDelta,
    ) -> DateTime<Utc> {
        let recorded_at = Self::start(doubt, recorded);
        let earlier = recorded.signed_duration_since(noticed).clamp(TimeDelta::zero(), back);
        recorded_at.checked_sub_signed(earlier).unwrap_or(recorded_at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn span() -> PossibleSpan {
        PossibleSpan { from: at("2026-11-24T08:00:00Z"), to: at("2026-11-24T18:00:00Z") }
    }

    #[test]
    fn a_clock_that_is_seconds_fast_is_believed_and_one_that_is_years_off_is_not() {
        let slack = TimeDelta::minutes(2);
        for believed in ["2026-11-24T07:58:00Z", "2026-11-24T12:00:00Z", "2026-11-24T18:00:03Z"] {
            assert!(span().holds(at(believed), slack), "{believed}");
        }
        for other in [at("1970-01-01T00:00:00Z"), at("2036-11-24T12:00:00Z"), DateTime::<Utc>::MAX_UTC] {
            assert!(!span().holds(other, slack), "{other}");
        }
        let always = PossibleSpan { from: DateTime::<Utc>::MIN_UTC, to: DateTime::<Utc>::MAX_UTC };
        assert!(always.holds(DateTime::<Utc>::MIN_UTC, slack) && always.holds(DateTime::<Utc>::MAX_UTC, slack));
    }

    #[test]
    fn the_clocks_of_the_law_run_from_what_was_said_or_from_the_earliest_that_it_can_have_been() {
        let back = TimeDelta::days(7);
        let start = |doubt: Option<PossibleSpan>, noticed: &str, recorded: &str| {
            PossibleSpan::start_of_noticed(doubt.as_ref(), at(noticed), at(recorded), back)
        };
        assert_eq!(start(None, "2026-11-24T09:00:00Z", "2026-11-24T12:00:00Z"), at("2026-11-24T09:00:00Z"));
        assert_eq!(start(None, "2026-10-01T09:00:00Z", "2026-11-24T12:00:00Z"), at("2026-11-17T12:00:00Z"), "7 days");
        assert_eq!(start(None, "2036-11-24T09:00:00Z", "2026-11-24T12:00:00Z"), at("2026-11-24T12:00:00Z"), "to come");
        let slow = start(Some(span()), "1970-01-01T00:00:00Z", "1970-01-01T03:00:00Z");
        assert_eq!(slow, at("2026-11-24T05:00:00Z"), "three hours before, whatever the clock shows");
        let never = PossibleSpan::start_of_noticed(None, DateTime::<Utc>::MIN_UTC, DateTime::<Utc>::MAX_UTC, back);
        assert_eq!(never, DateTime::<Utc>::MAX_UTC - back);
    }
}
