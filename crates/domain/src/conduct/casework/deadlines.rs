//! When each step of a case is due. Most clocks run from when the thing was said or seen, not from
//! when the council heard of it. A step that nobody could do before the council heard of it runs
//! from then. The lengths are numbers, which the council can change from a day on.

use std::sync::LazyLock;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::kind::{CaseKind, CaseStep};
use crate::conduct::numbers::Held;
use crate::conduct::working_days::end_of_working_day;
use crate::conduct::{CouncilNumbers, NumberKind, NumberUnit};
use crate::{StableName, england};

/// What a deadline runs from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Start {
    /// When it was said or seen.
    Opened,
    /// When the council heard of it.
    Received,
    /// When an earlier step was done.
    #[serde(untagged)]
    Step(CaseStep),
}

/// How long a step of a case can take. The length is a number, which the council can change.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Rule {
    case: CaseKind,
    step: CaseStep,
    after: Start,
    number: NumberKind,
}

/// A rule as `case_rules.json` holds it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RuleRow {
    case: CaseKind,
    step: CaseStep,
    unit: NumberUnit,
    after: Start,
    held: Vec<Held>,
}

#[expect(clippy::expect_used, reason = "the table is compiled in, and a test reads it")]
static RULES: LazyLock<Vec<Rule>> = LazyLock::new(|| {
    let rows: Vec<RuleRow> =
        serde_json::from_str(include_str!("case_rules.json")).expect("case_rules.json can be read");
    rows.into_iter().map(Rule::from).collect()
});

impl From<RuleRow> for Rule {
    fn from(RuleRow { case, step, unit, after, held }: RuleRow) -> Self {
        let name = format!("{}.{}", case.name(), step.name());
        // No deadline can be set longer than about half a year.
        let most = match unit {
            NumberUnit::Minutes => 1_440,
            NumberUnit::Hours => 720,
            NumberUnit::Days | NumberUnit::WorkingDays | NumberUnit::Years | NumberUnit::Attempts => 130,
        };
        let shipped = held.into_iter().map(|held| held.of(&name)).collect();
        Self { case, step, after, number: NumberKind { name, unit, least: 1, most, shipped } }
    }
}

/// The number behind every deadline, named after the case and the step: `complaint.acknowledge`.
pub fn deadlines() -> impl Iterator<Item = &'static NumberKind> {
    RULES.iter().map(|rule| &rule.number)
}

/// What is to be done next, and by when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ts_rs::TS, schemars::JsonSchema)]
pub struct Due {
    /// The step to do next.
    pub step: CaseStep,
    /// When it is due, in UTC. `None` when that can't be worked out: the bank holidays of that year
    /// are not known, or the time that it runs from is out of range.
    pub by: Option<DateTime<Utc>>,
    /// Where the length of the deadline comes from: a law, a clause, a decision of the council.
    pub source: String,
}

/// What is known of a case's progress.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Progress<'a> {
    /// What it is about.
    pub kind: CaseKind,
    /// When it was said or seen.
    pub opened_at: DateTime<Utc>,
    /// When the council heard of it.
    pub received_at: DateTime<Utc>,
    /// The steps that were done, and when.
    pub done: &'a [(CaseStep, DateTime<Utc>)],
    /// The numbers that the council has entered.
    pub numbers: &'a CouncilNumbers,
}

impl CaseKind {
    /// The steps of a case of this kind, in their order.
    pub fn steps(self) -> impl Iterator<Item = CaseStep> {
        RULES.iter().filter(move |rule| rule.case == self).map(|rule| rule.step)
    }
}

impl Progress<'_> {
    /// The step to do next, and when it is due; `None` when every step is done. Of several open
    /// steps it is the one that is due first. A step whose deadline can't be worked out comes
    /// before all others.
    #[must_use]
    pub fn due(&self) -> Option<Due> {
        let open = self.kind.steps().filter(|step| self.done_at(*step).is_none());
        let mut dues: Vec<Due> = open.filter_map(|step| self.due_of(step)).collect();
        // A deadline that can't be worked out comes first: somebody has to count the days by hand.
        dues.sort_by_key(|due| due.by);
        dues.into_iter().next()
    }

    fn done_at(&self, step: CaseStep) -> Option<DateTime<Utc>> {
        self.done.iter().find(|(done, _)| *done == step).map(|(_, at)| *at)
    }

    /// When a step is due; `None` while what it runs from has not happened.
    fn due_of(&self, step: CaseStep) -> Option<Due> {
        let rule = RULES.iter().find(|rule| rule.case == self.kind && rule.step == step)?;
        // The number of the day on which it was said or seen applies, so no deadline moves while it
        // runs.
        let number = rule.number.on(england::day(self.opened_at), self.numbers)?;
        let start = match rule.after {
            Start::Opened => self.opened_at,
            Start::Received => self.received_at,
            Start::Step(before) => self.done_at(before)?,
        };
        let by = match rule.number.unit {
            NumberUnit::Minutes => start.checked_add_signed(TimeDelta::minutes(number.value.into())),
            NumberUnit::Hours => start.checked_add_signed(TimeDelta::hours(number.value.into())),
            NumberUnit::Days => start.checked_add_signed(TimeDelta::days(number.value.into())),
            NumberUnit::WorkingDays => end_of_working_day(start, number.value).ok(),
            NumberUnit::Years | NumberUnit::Attempts => None,
        };
        Some(Due { step, by, source: number.source.clone() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conduct::{About, Concern, DatedNumber, Hazard, Severity};

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    static NONE: LazyLock<CouncilNumbers> = LazyLock::new(CouncilNumbers::default);

    fn progress<'a>(kind: CaseKind, opened: &str, done: &'a [(CaseStep, DateTime<Utc>)]) -> Progress<'a> {
        // The phone had no signal for three days.
        let opened_at = at(opened);
        Progress { kind, opened_at, received_at: opened_at + TimeDelta::days(3), done, numbers: &NONE }
    }

    #[test]
    fn every_kind_has_something_to_be_done_with_a_source_and_a_way_to_be_closed() {
        for kind in CaseKind::all() {
            assert!(kind.steps().next().is_some(), "{kind:?}");
            assert!(!kind.outcomes().is_empty(), "{kind:?}");
            assert_eq!(CaseKind::from_name(kind.name()), Some(kind));
            assert_eq!(serde_json::to_value(kind).unwrap(), kind.name());
            assert!(progress(kind, "2026-11-24T10:00:00Z", &[]).due().is_some(), "{kind:?}");
        }
        for kind in deadlines() {
            assert!(!kind.shipped.is_empty(), "{}", kind.name);
            for number in &kind.shipped {
                assert!(kind.check(number.value).is_ok() && !number.source.is_empty(), "{}", kind.name);
            }
        }
        let mut names: Vec<&str> = deadlines().map(|kind| kind.name.as_str()).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), RULES.len(), "a step of a case has one deadline");
    }

    #[test]
    fn the_councils_own_number_holds_for_what_is_said_from_its_day_on_and_no_running_deadline_moves() {
        let own = CouncilNumbers::new(vec![DatedNumber {
            name: "complaint.acknowledge".into(),
            value: 3,
            from: "2026-11-24".parse().unwrap(),
            source: "Cabinet, minute 12".into(),
        }]);
        let due = |said: &str| Progress { numbers: &own, ..progress(CaseKind::Complaint, said, &[]) }.due().unwrap();
        assert_eq!(due("2026-11-23T10:00:00Z").by, Some(at("2026-12-01T00:00:00Z")), "5 working days");
        let shorter = due("2026-11-24T10:00:00Z");
        assert_eq!(shorter.by, Some(at("2026-11-28T00:00:00Z")), "3 working days");
        assert_eq!(shorter.source, "Cabinet, minute 12");
    }

    #[test]
    fn a_complaint_is_acknowledged_in_5_working_days_from_when_it_was_said_and_answered_in_10_after_that() {
        let said = "2026-11-20T15:00:00Z";
        let due = progress(CaseKind::Complaint, said, &[]).due().unwrap();
        assert_eq!((due.step, due.by), (CaseStep::Acknowledge, Some(at("2026-11-28T00:00:00Z"))));
        let acknowledged = [(CaseStep::Acknowledge, at("2026-11-24T12:00:00Z"))];
        let due = progress(CaseKind::Complaint, said, &acknowledged).due().unwrap();
        assert_eq!((due.step, due.by), (CaseStep::Answer, Some(at("2026-12-09T00:00:00Z"))));
        let answered = [acknowledged[0], (CaseStep::Answer, at("2026-12-01T12:00:00Z"))];
        assert_eq!(progress(CaseKind::Complaint, said, &answered).due(), None);
    }

    #[test]
    fn an_emergency_hazard_has_24_hours_from_when_it_was_seen_and_a_significant_one_10_working_days() {
        let due = progress(CaseKind::EmergencyHazard, "2026-11-21T16:00:00Z", &[]).due().unwrap();
        assert_eq!(due.by, Some(at("2026-11-22T16:00:00Z")), "on a Sunday too");
        let seen = "2026-11-24T10:00:00Z";
        let due = progress(CaseKind::SignificantHazard, seen, &[]).due().unwrap();
        assert_eq!((due.step, due.by), (CaseStep::Investigate, Some(at("2026-12-09T00:00:00Z"))));
        let looked = [(CaseStep::Investigate, at("2026-11-27T10:00:00Z"))];
        let due = progress(CaseKind::SignificantHazard, seen, &looked).due().unwrap();
        assert_eq!((due.step, due.by), (CaseStep::TellInWriting, Some(at("2026-12-03T00:00:00Z"))));
    }

    #[test]
    fn a_lawful_entry_is_looked_at_within_an_hour_of_being_heard_of() {
        let due = progress(CaseKind::LawfulEntry, "2026-11-24T10:00:00Z", &[]).due().unwrap();
        assert_eq!(due.by, Some(at("2026-11-27T11:00:00Z")));
    }

    #[test]
    fn a_deadline_in_a_year_whose_holidays_are_not_known_is_not_guessed() {
        let due = progress(CaseKind::Complaint, "2028-12-28T10:00:00Z", &[]).due().unwrap();
        assert_eq!((due.step, due.by), (CaseStep::Acknowledge, None));
    }

    #[test]
    fn a_time_that_cannot_be_has_no_deadline_and_stops_nobody() {
        for kind in CaseKind::all() {
            for opened_at in [DateTime::<Utc>::MIN_UTC, DateTime::<Utc>::MAX_UTC] {
                let progress = Progress { kind, opened_at, received_at: opened_at, done: &[], numbers: &NONE };
                assert!(progress.due().is_some(), "{kind:?} at {opened_at}: somebody still has to look");
            }
        }
    }

    #[test]
    fn a_smell_of_gas_is_an_emergency_whatever_was_thought_of_it_and_a_gift_not_taken_is_no_case() {
        let concern = |about| Concern { about, words: "x".into(), noticed_at: at("2026-11-24T10:00:00Z") };
        let gas = About::UnsafeCondition { hazard: Hazard::Gas, severity: Severity::Minor };
        assert_eq!(CaseKind::of_concern(&concern(gas)), Some(CaseKind::EmergencyHazard));
        assert_eq!(CaseKind::of_concern(&concern(About::Gift { accepted: false })), None);
    }
}
