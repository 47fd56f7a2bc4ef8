//! Folds a set of facts into a visit. The result depends on the set alone. Facts can arrive in any
//! order and more than once: the device and the council still fold them into the same visit.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use super::visit::Strike;
use super::{Event, PossibleSpan, Visit};
use crate::{DeviceId, RecordId, UserId, VisitId};

/// An event with what its envelope says of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Happened {
    /// The record that carries it.
    pub record: RecordId,
    /// The device that recorded it.
    pub device: DeviceId,
    /// Its place in the order of the device's records. It never goes back, even when the clock
    /// does.
    pub order: u64,
    /// The device's clock when it was recorded.
    pub at: DateTime<Utc>,
    /// When it can have been recorded, where the device's clock can't have shown `at` then. Only a
    /// council knows; on a device it is `None`.
    pub doubt: Option<PossibleSpan>,
    /// Who recorded it.
    pub actor: UserId,
    /// What happened, from the record's body.
    pub event: Event,
}

/// Folds the facts of one visit.
#[must_use]
pub fn fold(visit: VisitId, facts: &[Happened]) -> Visit {
    let mut in_order: Vec<&Happened> = facts.iter().collect();
    in_order.sort_by_key(|fact| (fact.order, fact.device, fact.record));
    in_order.dedup_by_key(|fact| fact.record);

    let mut strikes = BTreeMap::new();
    for fact in &in_order {
        if let Event::StruckOut { record, reason } = &fact.event {
            strikes.entry(*record).or_insert_with(|| Strike { at: fact.at, reason: reason.clone() });
        }
    }
    let mut folded = Visit::new(visit);
    for fact in in_order {
        folded.apply(fact, strikes.get(&fact.record));
    }
    folded
}

impl Visit {
    /// The visit after new facts, which come after all the facts that it was folded from. `all`
    /// holds the old facts and the new ones. Only the new facts are applied, unless one of them
    /// strikes out a fact: then `all` is folded again.
    #[must_use]
    pub fn followed_by(mut self, new: &[Happened], all: &[Happened]) -> Self {
        if new.iter().any(|fact| matches!(fact.event, Event::StruckOut { .. })) {
            return fold(self.visit, all);
        }
        for fact in new {
            self.apply(fact, None);
        }
        self
    }
}
