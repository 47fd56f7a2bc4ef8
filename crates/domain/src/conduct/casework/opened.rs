//! Which cases a visit opens.

use chrono::{DateTime, Utc};

use super::kind::CaseKind;
use crate::RecordId;
use crate::conduct::{Basis, Event, Line, PossibleSpan, Validity, Visit};

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
            let opened_at = self.start_of(entry.record, entry.at);
            cases.push(CaseOpened { kind: CaseKind::LawfulEntry, record: entry.record, opened_at });
        }
        if let Some(ending) = &self.ending
            && let Some(refusal) = &ending.refusal
        {
            let kind = match refusal.reason.validity() {
                Validity::Valid => CaseKind::RefusalSupport,
                Validity::NotValid | Validity::SupervisorDecides => CaseKind::RefusalDecision,
            };
            let opened_at = self.start_of(ending.record, ending.at);
            cases.push(CaseOpened { kind, record: ending.record, opened_at });
        }
        let declared =
            self.timeline.iter().find(|line| line.struck.is_none() && matches!(line.event, Event::KnowsTenant(_)));
        if let Some(line) = declared {
            let opened_at = PossibleSpan::start(line.doubt.as_ref(), line.at);
            cases.push(CaseOpened { kind: CaseKind::Conflict, record: line.record, opened_at });
        }
        cases
    }

    /// When the clock of a case runs from: see [`PossibleSpan::start`].
    fn start_of(&self, record: RecordId, said: DateTime<Utc>) -> DateTime<Utc> {
        PossibleSpan::start(self.doubt(record), said)
    }

    /// The case to open if somebody who works alone is not out at the time that they expected. Its
    /// clock runs from that time. `None` if nobody works alone, or once they have left or said that
    /// they are safe. This does not look at the clock: the caller checks whether the time has
    /// passed.
    #[must_use]
    pub fn overdue(&self) -> Option<CaseOpened> {
        let opened_at = self.alone_until()?;
        let record = self.said_alone()?.record;
        Some(CaseOpened { kind: CaseKind::OverdueCheckIn, record, opened_at })
    }

    fn said_alone(&self) -> Option<&Line> {
        let said = |line: &&Line| line.struck.is_none() && matches!(line.event, Event::LoneWorking(_));
        self.timeline.iter().rev().find(said)
    }

    /// When somebody who works alone expects to be out, in UTC. `None` if nobody works alone, or
    /// once they have left or said that they are safe. If the clock of their phone is in doubt, it
    /// is as long after the earliest moment at which they can have said it as they said.
    #[must_use]
    pub fn alone_until(&self) -> Option<DateTime<Utc>> {
        let alone = self.before.lone_working.as_ref()?;
        let still_there = self.ending.is_none() && self.before.safe_at.is_none();
        if !still_there {
            return None;
        }
        let line = self.said_alone();
        let corrected = line.and_then(|line| {
            let ahead = alone.expected_end.signed_duration_since(line.at);
            line.doubt?.from.checked_add_signed(ahead)
        });
        Some(corrected.unwrap_or(alone.expected_end))
    }
}
