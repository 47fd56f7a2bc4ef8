//! One visit: what is known of it, what a command leads to, and what an event changes.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{
    Admission, Basis, Clause, Command, Ending, Event, Finding, Happened, Leaving, Outcome, RefusalReason, Refused,
    RefusedEntry, Rule, Started, Step, StepState, VisitKind,
};
use crate::{AppointmentRef, RecordId, Uprn, UserId, VisitId};

/// What is known of one visit: a fold over its events.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct Visit {
    /// The visit.
    pub visit: VisitId,
    /// The appointment, where there was one.
    pub appointment: Option<AppointmentRef>,
    /// The home; `None` until the record that starts the visit is here.
    pub uprn: Option<Uprn>,
    /// Why somebody came.
    pub visit_kind: Option<VisitKind>,
    /// Who recorded it first.
    pub actor: Option<UserId>,
    /// When it started, by the device's clock.
    pub started_at: Option<DateTime<Utc>>,
    /// What was last said of each step.
    pub steps: BTreeMap<Step, StepTaken>,
    /// Going in, if they did.
    pub entry: Option<Entry>,
    /// How it ended, once it has.
    pub ending: Option<Ending>,
    /// Breaches and contradictions, each with its clause.
    pub findings: Vec<Finding>,
    /// Everything that happened, as a person would tell it; sealed concerns are never in it.
    pub timeline: Vec<Line>,
}

/// What was said of a step, and when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct StepTaken {
    /// What was said.
    #[serde(flatten)]
    pub state: StepState,
    /// When, by the device's clock.
    pub at: DateTime<Utc>,
    /// The record that says so.
    pub record: RecordId,
}

/// Going in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct Entry {
    /// On what footing.
    pub basis: Basis,
    /// What was left out before it, by the visitor's own word.
    pub admitted: Option<Admission>,
    /// When, by the device's clock.
    pub at: DateTime<Utc>,
    /// The record that says so.
    pub record: RecordId,
}

/// One line of what happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct Line {
    /// The record behind the line.
    pub record: RecordId,
    /// The device's clock.
    pub at: DateTime<Utc>,
    /// What happened.
    pub event: Event,
    /// Set when it was struck out later.
    pub struck: Option<Strike>,
}

/// A correction.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct Strike {
    /// When, by the device's clock.
    pub at: DateTime<Utc>,
    /// Why.
    pub reason: String,
}

impl Visit {
    /// A visit of which nothing is known yet.
    #[must_use]
    pub fn new(visit: VisitId) -> Self {
        Self {
            visit,
            appointment: None,
            uprn: None,
            visit_kind: None,
            actor: None,
            started_at: None,
            steps: BTreeMap::new(),
            entry: None,
            ending: None,
            findings: Vec::new(),
            timeline: Vec::new(),
        }
    }

    /// Decides what a command leads to. This is the only place where a rule is checked.
    ///
    /// # Errors
    /// [`Refused`] when the Code does not allow it as things stand; nothing has changed then.
    pub fn decide(&self, command: Command) -> Result<Vec<Event>, Refused> {
        if self.ending.is_some() && !allowed_after_the_end(&command) {
            return Err(Refused::new(Clause::C3_1, Rule::VisitEnded, &[]));
        }
        match command {
            Command::RecordStep { step, state } => record_step(step, state),
            Command::Enter { basis, admitting } => self.enter(basis, admitting),
            Command::RefuseEntry { reason, words } => self.refuse_entry(reason, words),
            Command::AddRefusalWords { words } => self.add_refusal_words(&words),
            Command::NoAnswer if self.entry.is_some() => Err(Refused::new(Clause::C3_1, Rule::AlreadyInside, &[])),
            Command::NoAnswer => Ok(vec![Event::NoAnswer]),
            Command::RaiseSealedConcern { note } if note.sealed.is_empty() => {
                Err(Refused::new(Clause::C6_2, Rule::NoteFirst, &["note"]))
            }
            Command::RaiseSealedConcern { note } => Ok(vec![Event::ConcernSealed(note)]),
            Command::Leave { further_visit_needed } => Ok(vec![Event::Left(if further_visit_needed {
                Leaving::FurtherVisitNeeded
            } else {
                Leaving::Completed
            })]),
            Command::StrikeOut { record, reason } => self.strike_out(record, reason),
        }
    }

    /// Clause 3.1: consent, or a basis in law. Clause 3.2: introduced, reason stated, ID shown, before it.
    fn enter(&self, basis: Option<Basis>, admitting: Option<String>) -> Result<Vec<Event>, Refused> {
        if self.entry.is_some() {
            return Err(Refused::new(Clause::C3_1, Rule::AlreadyInside, &[]));
        }
        let Some(basis) = basis else {
            return Err(Refused::new(Clause::C3_1, Rule::ConsentFirst, &["consent"]));
        };
        let admitted = match &basis {
            Basis::Lawful { authorised_by, .. } => {
                if authorised_by.trim().is_empty() {
                    return Err(Refused::new(Clause::C3_1, Rule::AuthorisationFirst, &["authorised_by"]));
                }
                None
            }
            Basis::Consented { .. } => {
                if self.no_suitable_adult() {
                    return Err(Refused::new(Clause::C3_1, Rule::NoSuitableAdult, &[Step::AdultPresent.name()]));
                }
                self.admission(admitting)?
            }
        };
        Ok(vec![Event::Entered { basis, admitted }])
    }

    fn admission(&self, admitting: Option<String>) -> Result<Option<Admission>, Refused> {
        let missing = self.missing_before_entry();
        if missing.is_empty() {
            return Ok(None);
        }
        match admitting.map(|words| words.trim().to_owned()) {
            Some(words) if !words.is_empty() => Ok(Some(Admission { missing, words })),
            _ => Err(Refused::steps(&missing)),
        }
    }

    /// The steps of clause 3.2 that still stand between the visitor and the door.
    #[must_use]
    pub fn missing_before_entry(&self) -> Vec<Step> {
        Step::BEFORE_ENTRY.into_iter().filter(|step| !self.is_done(*step)).collect()
    }

    fn is_done(&self, step: Step) -> bool {
        self.steps.get(&step).is_some_and(|taken| taken.state == StepState::Done)
    }

    fn no_suitable_adult(&self) -> bool {
        self.steps.get(&Step::AdultPresent).is_some_and(|taken| matches!(taken.state, StepState::NotDone { .. }))
    }

    fn refuse_entry(&self, reason: RefusalReason, words: Option<String>) -> Result<Vec<Event>, Refused> {
        if self.entry.is_some() {
            return Err(Refused::new(Clause::C3_1, Rule::AlreadyInside, &[]));
        }
        let words = words.map(|words| words.trim().to_owned()).filter(|words| !words.is_empty());
        Ok(vec![Event::EntryRefused { reason, words }])
    }

    fn add_refusal_words(&self, words: &str) -> Result<Vec<Event>, Refused> {
        let words = words.trim().to_owned();
        let refused = self.ending.as_ref().is_some_and(|ending| ending.refusal.is_some());
        if words.is_empty() || !refused {
            return Err(Refused::new(Clause::C3_1, Rule::NothingToCorrect, &["words"]));
        }
        Ok(vec![Event::RefusalWordsAdded { words }])
    }

    fn strike_out(&self, record: RecordId, reason: String) -> Result<Vec<Event>, Refused> {
        let can_be_struck = self.timeline.iter().any(|line| {
            line.record == record
                && line.struck.is_none()
                && !matches!(line.event, Event::Started(_) | Event::StruckOut { .. } | Event::ConcernSealed(_))
        });
        if !can_be_struck {
            return Err(Refused::new(Clause::C8_2, Rule::NothingToCorrect, &["record"]));
        }
        let reason = reason.trim().to_owned();
        if reason.is_empty() {
            return Err(Refused::new(Clause::C8_2, Rule::ReasonFirst, &["reason"]));
        }
        Ok(vec![Event::StruckOut { record, reason }])
    }

    /// Takes one fact in. This is the only place where a visit changes, and it takes whatever happened: a fact that goes
    /// against the Code, or against another fact, becomes a finding.
    pub(super) fn apply(&mut self, fact: &Happened, struck: Option<&Strike>) {
        if !fact.event.is_sealed() {
            self.timeline.push(Line {
                record: fact.record,
                at: fact.at,
                event: fact.event.clone(),
                struck: struck.cloned(),
            });
        }
        if struck.is_some() {
            return;
        }
        match &fact.event {
            Event::Started(started) => self.start(started, fact),
            Event::StepRecorded { step, state } => self.take_step(*step, state, fact),
            Event::Entered { basis, admitted } => self.go_in(basis, admitted.as_ref(), fact),
            Event::EntryRefused { reason, words } => {
                let outcome = match reason {
                    RefusalReason::NoSuitableAdult => Outcome::NoSuitableAdult,
                    RefusalReason::SupportNeeds | RefusalReason::NoIdentification | RefusalReason::Other => {
                        Outcome::EntryRefused
                    }
                };
                self.end(outcome, Some(RefusedEntry { reason: *reason, words: words.clone() }), fact);
            }
            Event::RefusalWordsAdded { words } => {
                if let Some(refusal) = self.ending.as_mut().and_then(|ending| ending.refusal.as_mut()) {
                    refusal.words = Some(words.clone());
                }
            }
            Event::NoAnswer => self.end(Outcome::NoAnswer, None, fact),
            Event::Left(Leaving::Completed) => self.end(Outcome::Completed, None, fact),
            Event::Left(Leaving::FurtherVisitNeeded) => self.end(Outcome::FurtherVisitNeeded, None, fact),
            Event::ConcernSealed(_) | Event::StruckOut { .. } => {}
        }
    }

    fn start(&mut self, started: &Started, fact: &Happened) {
        if self.started_at.is_some() {
            return;
        }
        self.appointment.clone_from(&started.appointment);
        self.uprn = Some(started.uprn.clone());
        self.visit_kind = Some(started.visit_kind);
        self.actor = Some(fact.actor);
        self.started_at = Some(fact.at);
    }

    fn take_step(&mut self, step: Step, state: &StepState, fact: &Happened) {
        self.steps.insert(step, StepTaken { state: state.clone(), at: fact.at, record: fact.record });
        self.findings.retain(|finding| *finding != Finding::NotDone { step });
        let before_entry = Step::BEFORE_ENTRY.contains(&step) || step == Step::AdultPresent;
        if !before_entry && matches!(state, StepState::NotDone { .. }) {
            self.findings.push(Finding::NotDone { step });
        }
    }

    fn go_in(&mut self, basis: &Basis, admitted: Option<&Admission>, fact: &Happened) {
        if self.entry.is_some() {
            return;
        }
        let nobody_to_speak_to = matches!(basis, Basis::Lawful { .. });
        for step in self.missing_before_entry() {
            let excused =
                self.steps.get(&step).is_some_and(|taken| matches!(taken.state, StepState::NotApplicable { .. }));
            if !(nobody_to_speak_to && excused) {
                self.findings.push(Finding::LeftOutBeforeEntry { step });
            }
        }
        if self.no_suitable_adult() && !nobody_to_speak_to {
            self.findings.push(Finding::EnteredWithoutSuitableAdult);
        }
        self.entry =
            Some(Entry { basis: basis.clone(), admitted: admitted.cloned(), at: fact.at, record: fact.record });
    }

    fn end(&mut self, outcome: Outcome, refusal: Option<RefusedEntry>, fact: &Happened) {
        match &self.ending {
            None => self.ending = Some(Ending { outcome, refusal, at: fact.at, record: fact.record }),
            Some(first) if first.outcome != outcome => {
                self.findings.push(Finding::ContradictoryOutcome { also: outcome });
            }
            Some(_) => {}
        }
    }
}

fn allowed_after_the_end(command: &Command) -> bool {
    matches!(command, Command::RaiseSealedConcern { .. } | Command::StrikeOut { .. } | Command::AddRefusalWords { .. })
}

fn record_step(step: Step, state: StepState) -> Result<Vec<Event>, Refused> {
    if let StepState::NotDone { reason } = &state
        && reason.trim().is_empty()
    {
        return Err(Refused::new(step.clause(), Rule::ReasonFirst, &["reason"]));
    }
    Ok(vec![Event::StepRecorded { step, state }])
}
