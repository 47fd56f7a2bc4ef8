//! Which cases a visit opens.

use chrono::{DateTime, Utc};

use super::kind::CaseKind;
use crate::RecordId;
use crate::conduct::{Basis, Event, Line, Validity, Visit};

/// A case that a visit opens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaseOpened {
    /// What it is about.
    pub kind: CaseKind,
    /// The record that it comes from.
    pub record: RecordId,
    /// When it was said or seen: its clock runs from here.
    pub opened_at: DateTime<Utc>,
}

impl Visit {
    /// The cases that the visit itself opens: for a refusal, a lawful entry, or a tenant whom the
    /// visitor knows. Cases from concerns are opened elsewhere, because not everybody who sees the
    /// visit may see every concern.
    #[must_use]
    pub fn cases(&self) -> Vec<CaseOpened> {
        let mut cases = Vec::new();
        if let Some(entry) = &self.entry
            && matches!(entry.basis, Basis::Lawful { .. })
        {
            cases.push(CaseOpened { kind: CaseKind::LawfulEntry, record: entry.record, opened_at: entry.at });
        }
        if let Some(ending) = &self.ending
            && let Some(refusal) = &ending.refusal
        {
            let kind = match refusal.reason.validity() {
                Validity::Valid => CaseKind::RefusalSupport,
                Validity::NotValid | Validity::SupervisorDecides => CaseKind::RefusalDecision,
            };
            cases.push(CaseOpened { kind, record: ending.record, opened_at: ending.at });
        }
        let declared =
            self.timeline.iter().find(|line| line.struck.is_none() && matches!(line.event, Event::KnowsTenant(_)));
        if let Some(line) = declared {
            cases.push(CaseOpened { kind: CaseKind::Conflict, record: line.record, opened_at: line.at });
        }
        cases
    }

    /// The case to open if somebody who works alone is not out at the time that they expected. Its
    /// clock runs from that time. `None` if nobody works alone, or once they have left or said that
    /// they are safe. This does not look at the clock: the caller checks whether the time has
    /// passed.
    #[must_use]
    pub fn overdue(&self) -> Option<CaseOpened> {
        let opened_at = self.alone_until()?;
        let said = |line: &&Line| line.struck.is_none() && matches!(line.event, Event::LoneWorking(_));
        let record = self.timeline.iter().rev().find(said)?.record;
        Some(CaseOpened { kind: CaseKind::OverdueCheckIn, record, opened_at })
    }

    /// When somebody who works alone expects to be out, in UTC. `None` if nobody works alone, or
    /// once they have left or said that they are safe.
    #[must_use]
    pub fn alone_until(&self) -> Option<DateTime<Utc>> {
        let alone = self.before.lone_working.as_ref()?;
        let still_there = self.ending.is_none() && self.before.safe_at.is_none();
        still_there.then_some(alone.expected_end)
    }
}
