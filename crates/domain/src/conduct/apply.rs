//! Applies events to a visit. A visit changes here and nowhere else. Every event is accepted. One
//! that breaks the Code, or contradicts another event, leads to a finding.

use super::visit::{Entry, Line, RaisedConcern, StepTaken, Strike, Welfare, Withdrawal};
use super::{
    Admission, Basis, CancelledBy, Ending, Event, Finding, Happened, Leaving, NoticeStanding, Outcome, RefusalReason,
    RefusedEntry, Started, Step, StepState, TakenPhoto, Visit,
};

impl Visit {
    /// Applies one event. If it was struck out, it is only added to the timeline.
    pub(super) fn apply(&mut self, fact: &Happened, struck: Option<&Strike>) {
        if !fact.event.is_apart() {
            self.timeline.push(Line {
                record: fact.record,
                at: fact.at,
                doubt: fact.doubt,
                event: fact.event.clone(),
                struck: struck.cloned(),
            });
        }
        if struck.is_some() {
            return;
        }
        match &fact.event {
            Event::Opened(plan) => self.open(plan, fact),
            Event::Started(plan) => self.start(plan, fact),
            Event::ToldWhoAndWhy { means } => {
                self.before.told = Some(*means);
                self.lift(&Finding::NotToldWhoAndWhy);
            }
            Event::NoticeAgreed(agreement) => self.before.agreement = Some(agreement.clone()),
            Event::KnowsTenant(declaration) => self.before.knows_tenant = Some(declaration.clone()),
            Event::LoneWorking(lone) => {
                self.lift(&Finding::LoneWorkerDeviceOff);
                if !lone.device_on {
                    self.findings.push(Finding::LoneWorkerDeviceOff);
                }
                self.before.lone_working = Some(lone.clone());
            }
            Event::SafeSaid => self.before.safe_at = Some(fact.at),
            Event::Cancelled(cancellation) => {
                self.end(Outcome::Cancelled, None, fact);
                self.after.cancellation = Some(cancellation.clone());
                if cancellation.by != CancelledBy::Tenant && self.after.told_of_cancellation.is_none() {
                    self.findings.push(Finding::TenantNotToldOfCancellation);
                }
            }
            Event::ToldOfCancellation(told) => {
                self.after.told_of_cancellation = Some(told.clone());
                self.lift(&Finding::TenantNotToldOfCancellation);
            }
            Event::StepRecorded { step, state } => self.take_step(*step, state, fact),
            Event::Entered { basis, admitted } => self.go_in(basis, admitted.as_ref(), fact),
            Event::ConsentWithdrawn { .. } => self.consent_withdrawn_at = Some(fact.at),
            Event::EntryRefused { reason, words } => {
                let outcome = match reason {
                    RefusalReason::NoSuitableAdult => Outcome::NoSuitableAdult,
                    _ => Outcome::EntryRefused,
                };
                self.end(outcome, Some(RefusedEntry { reason: *reason, words: words.clone() }), fact);
            }
            Event::RefusalWordsAdded { words } => {
                if let Some(refusal) = self.ending.as_mut().and_then(|ending| ending.refusal.as_mut()) {
                    refusal.words = Some(words.clone());
                }
            }
            Event::NextVisitNeeds { needs } => self.after.next_visit_needs = Some(needs.clone()),
            Event::NoAnswer => self.end(Outcome::NoAnswer, None, fact),
            Event::CardLeft { left } => self.after.card_left = Some(*left),
            Event::WelfareAnswered { worried, words } => {
                self.after.welfare = Some(Welfare { worried: *worried, words: words.clone() });
            }
            Event::ConcernRaised(_) if fact.event.is_apart() => {}
            Event::ConcernRaised(concern) => {
                let raised = RaisedConcern { record: fact.record, at: fact.at, concern: concern.clone() };
                self.concerns.push(raised);
            }
            Event::FollowUpAgreed(follow_up) => {
                self.lift(&Finding::NoFollowUp);
                self.lift(&Finding::FollowUpNotExplained);
                if !follow_up.tenant_told {
                    self.findings.push(Finding::FollowUpNotExplained);
                }
                self.after.follow_up = Some(follow_up.clone());
            }
            Event::TenantSigned(signature) => self.after.signed_by = Some(signature.name.clone()),
            Event::PhotoTaken(photo) => {
                self.photos.push(TakenPhoto { record: fact.record, at: fact.at, photo: photo.clone() });
            }
            Event::Left(Leaving::Completed) => self.end(Outcome::Completed, None, fact),
            Event::Left(Leaving::FurtherVisitNeeded) => {
                self.end(Outcome::FurtherVisitNeeded, None, fact);
                if self.after.follow_up.is_none() {
                    self.findings.push(Finding::NoFollowUp);
                }
            }
            Event::LeftNow => self.end(Outcome::Withdrawn, None, fact),
            Event::WithdrawalExplained { reason, words } => {
                self.after.withdrawal = Some(Withdrawal { reason: *reason, words: words.clone() });
            }
            Event::ConcernSealed(_) | Event::StruckOut { .. } => {}
        }
    }

    fn lift(&mut self, finding: &Finding) {
        self.findings.retain(|found| found != finding);
    }

    fn open(&mut self, plan: &Started, fact: &Happened) {
        if self.opened_at.is_some() {
            return;
        }
        self.appointment.clone_from(&plan.appointment);
        self.uprn.clone_from(&plan.uprn);
        self.visit_kind = Some(plan.visit_kind);
        self.address.clone_from(&plan.address);
        self.purpose.clone_from(&plan.purpose);
        self.notice.clone_from(&plan.notice);
        self.actor = Some(fact.actor);
        self.opened_at = Some(fact.at);
    }

    fn start(&mut self, plan: &Started, fact: &Happened) {
        self.open(plan, fact);
        if self.started_at.is_none() {
            self.started_at = Some(fact.at);
        }
    }

    fn take_step(&mut self, step: Step, state: &StepState, fact: &Happened) {
        self.steps.insert(step, StepTaken { state: state.clone(), at: fact.at, record: fact.record });
        self.lift(&Finding::NotDone { step });
        let before_entry = Step::BEFORE_ENTRY.contains(&step) || step == Step::AdultPresent;
        if !before_entry && matches!(state, StepState::NotDone { .. }) {
            self.findings.push(Finding::NotDone { step });
        }
    }

    fn go_in(&mut self, basis: &Basis, admitted: Option<&Admission>, fact: &Happened) {
        if self.entry.is_some() {
            return;
        }
        let by_consent = matches!(basis, Basis::Consented { .. });
        for step in self.missing_before_entry() {
            let excused =
                self.steps.get(&step).is_some_and(|taken| matches!(taken.state, StepState::NotApplicable { .. }));
            if by_consent || !excused {
                self.findings.push(Finding::LeftOutBeforeEntry { step });
            }
        }
        if self.no_suitable_adult() && by_consent {
            self.findings.push(Finding::EnteredWithoutSuitableAdult);
        }
        if self.agreement_missing() && by_consent {
            self.findings.push(Finding::ShortNoticeNotAgreed);
        }
        if self.is_not_told_who_and_why() {
            self.findings.push(Finding::NotToldWhoAndWhy);
        }
        self.entry =
            Some(Entry { basis: basis.clone(), admitted: admitted.cloned(), at: fact.at, record: fact.record });
    }

    /// Whether the tenant should have been told who comes and why, and neither the appointment nor
    /// the visitor says that they were. Clause 3.1.
    #[must_use]
    pub fn is_not_told_who_and_why(&self) -> bool {
        self.before.told.is_none()
            && self.notice.as_ref().is_some_and(|notice| {
                let exempt = [NoticeStanding::ExemptEmergency, NoticeStanding::ExemptInvestigation];
                !notice.told_who_and_why && !exempt.contains(&notice.standing)
            })
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
