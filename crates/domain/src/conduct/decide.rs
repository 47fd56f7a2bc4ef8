//! Decides what a command leads to: events, or a refusal that cites its clause. The rules of a
//! visit are checked here and nowhere else.

use super::{
    Admission, Basis, Cancellation, Clause, CodeSigned, Command, Concern, Declaration, Event, FollowUp, Leaving,
    Outcome, RefusalReason, Refused, Rule, Started, Step, StepState, TenantSignature, Visit, VisitKind,
};
use crate::{RecordId, StableName};

type Decided = Result<Vec<Event>, Refused>;

impl Visit {
    /// Decides which events a command leads to. There are none when it changes nothing. This does
    /// not change the visit: [`Visit::followed_by`] applies the events.
    ///
    /// # Errors
    /// [`Refused`] when the Code does not allow it now.
    pub fn decide(&self, command: Command) -> Decided {
        command.check_texts().map_err(Refused::too_long)?;
        if self.ending.is_some() && !command.fits_after_the_end() {
            return no(Clause::C3_1, Rule::VisitEnded, &[]);
        }
        if self.started_at.is_none() && command.needs_a_start() {
            return no(Clause::C3_2, Rule::StartFirst, &["start"]);
        }
        match command {
            Command::TellWhoAndWhy { means } => Ok(vec![Event::ToldWhoAndWhy { means }]),
            Command::AgreeToNotice(agreement) => Ok(vec![Event::NoticeAgreed(agreement)]),
            Command::DeclareKnowsTenant(declaration) => declare(declaration),
            Command::WorkAlone(lone) => Ok(vec![Event::LoneWorking(lone)]),
            Command::SaySafe => Ok(vec![Event::SafeSaid]),
            Command::Cancel { by, reason, words } => {
                self.not_inside()?;
                Ok(vec![Event::Cancelled(Cancellation { by, reason, words: trimmed(words) })])
            }
            Command::TellOfCancellation(told) => {
                self.only_after(&[Outcome::Cancelled], Clause::C3_2)?;
                Ok(vec![Event::ToldOfCancellation(told)])
            }
            Command::RecordStep { step, state } => record_step(step, state),
            Command::Enter { basis, admitting } => self.enter(basis, admitting),
            Command::WithdrawConsent { by, words } => match &self.entry {
                Some(entry) if matches!(entry.basis, Basis::Consented { .. }) => {
                    Ok(vec![Event::ConsentWithdrawn { by, words: trimmed(words) }])
                }
                _ => no(Clause::C3_1, Rule::NotInside, &["entry"]),
            },
            Command::RefuseEntry { reason, words } => self.refuse_entry(reason, words),
            Command::AddRefusalWords { words } => self.add_refusal_words(&words),
            Command::AddNextVisitNeeds { needs } => {
                let needs = needed(&needs, Clause::C3_1, Rule::NoteFirst, "needs")?;
                Ok(vec![Event::NextVisitNeeds { needs }])
            }
            Command::NoAnswer => {
                self.not_inside()?;
                Ok(vec![Event::NoAnswer])
            }
            Command::LeaveCard { left } => {
                self.only_after(&[Outcome::NoAnswer, Outcome::NoSuitableAdult], Clause::C3_1)?;
                Ok(vec![Event::CardLeft { left }])
            }
            Command::AnswerWelfare { worried, words } => {
                self.only_after(&[Outcome::NoAnswer, Outcome::NoSuitableAdult, Outcome::EntryRefused], Clause::C6_2)?;
                Ok(vec![Event::WelfareAnswered { worried, words: trimmed(words) }])
            }
            Command::RaiseSealedConcern { note } if note.sealed.is_empty() => {
                no(Clause::C6_2, Rule::NoteFirst, &["note"])
            }
            Command::RaiseSealedConcern { note } => Ok(vec![Event::ConcernSealed(note)]),
            Command::RaiseConcern(concern) => raise(concern),
            Command::AgreeFollowUp(follow_up) => agree_follow_up(follow_up),
            Command::TakeSignature(TenantSignature { name, signed }) => {
                let name = needed(&name, Clause::C4_1, Rule::NameFirst, "name")?;
                if !signed.is_a_signature() {
                    return no(Clause::C4_1, Rule::SignatureFirst, &["signature"]);
                }
                Ok(vec![Event::TenantSigned(TenantSignature { name, signed })])
            }
            // A photo that the visit has already, with the same purpose, is not added again.
            Command::TakePhoto(photo) if self.photos.iter().any(|taken| taken.photo == photo) => Ok(Vec::new()),
            Command::TakePhoto(photo) => Ok(vec![Event::PhotoTaken(photo)]),
            Command::Leave { further_visit_needed } => Ok(vec![Event::Left(if further_visit_needed {
                Leaving::FurtherVisitNeeded
            } else {
                Leaving::Completed
            })]),
            Command::LeaveNow => Ok(vec![Event::LeftNow]),
            Command::ExplainWithdrawal { reason, words } => {
                self.only_after(&[Outcome::Withdrawn], Clause::C7)?;
                Ok(vec![Event::WithdrawalExplained { reason, words: trimmed(words) }])
            }
            Command::StrikeOut { record, reason } => self.strike_out(record, &reason),
        }
    }

    /// Opens the visit's file before the visitor sets out, so that something can be recorded in it.
    /// Gives no event if it is open already.
    #[must_use]
    pub fn open_file(&self, plan: Started) -> Vec<Event> {
        if self.opened_at.is_some() { Vec::new() } else { vec![Event::Opened(plan)] }
    }

    /// Starts the visit: the visitor sets out, or is at the door. They must have signed the Code
    /// first (clause 9), except for an emergency repair.
    ///
    /// # Errors
    /// [`Refused`] when the Code was not signed, or the visit has started or ended.
    pub fn set_out(&self, plan: Started, code: CodeSigned) -> Decided {
        if self.started_at.is_some() {
            return no(Clause::C3_2, Rule::StartedAlready, &[]);
        }
        if self.ending.is_some() {
            return no(Clause::C3_1, Rule::VisitEnded, &[]);
        }
        if code == CodeSigned::No && plan.visit_kind != VisitKind::EmergencyRepair {
            return no(Clause::C9, Rule::SignTheCodeFirst, &["acknowledgement"]);
        }
        Ok(vec![Event::Started(plan)])
    }

    /// Checks that the visitor may go in. They need consent or a basis in law (clause 3.1). With
    /// consent, they must first introduce themselves, say why they have come, and show ID (clause
    /// 3.2).
    fn enter(&self, basis: Option<Basis>, admitting: Option<String>) -> Decided {
        self.not_inside()?;
        let Some(basis) = basis else {
            return no(Clause::C3_1, Rule::ConsentFirst, &["consent"]);
        };
        let admitted = match &basis {
            Basis::Lawful { authorised_by, .. } => {
                needed(authorised_by, Clause::C3_1, Rule::AuthorisationFirst, "authorised_by")?;
                None
            }
            Basis::Consented { .. } if self.no_suitable_adult() => {
                return no(Clause::C3_1, Rule::NoSuitableAdult, &[Step::AdultPresent.name()]);
            }
            Basis::Consented { .. } => self.admission(admitting)?,
        };
        Ok(vec![Event::Entered { basis, admitted }])
    }

    /// What the visitor left out before going in, if they say why. Without their words they are
    /// refused until nothing is missing.
    fn admission(&self, admitting: Option<String>) -> Result<Option<Admission>, Refused> {
        let missing = self.missing_before_entry();
        match trimmed(admitting) {
            _ if missing.is_empty() && !self.agreement_missing() => Ok(None),
            Some(words) => Ok(Some(Admission { missing, words })),
            None if missing.is_empty() => Err(Refused::new(Clause::C3_1, Rule::AgreementFirst, &["agreement"])),
            None => Err(Refused::steps(&missing)),
        }
    }

    fn refuse_entry(&self, reason: RefusalReason, words: Option<String>) -> Decided {
        self.not_inside()?;
        Ok(vec![Event::EntryRefused { reason, words: trimmed(words) }])
    }

    fn add_refusal_words(&self, words: &str) -> Decided {
        let words = words.trim().to_owned();
        let refused = self.ending.as_ref().is_some_and(|ending| ending.refusal.is_some());
        if words.is_empty() || !refused {
            return no(Clause::C3_1, Rule::NothingToCorrect, &["words"]);
        }
        Ok(vec![Event::RefusalWordsAdded { words }])
    }

    fn strike_out(&self, record: RecordId, reason: &str) -> Decided {
        let can_be_struck = self.timeline.iter().any(|line| {
            line.record == record
                && line.struck.is_none()
                && !matches!(line.event, Event::Opened(_) | Event::Started(_) | Event::StruckOut { .. })
        });
        if !can_be_struck {
            return no(Clause::C8_2, Rule::NothingToCorrect, &["record"]);
        }
        let reason = needed(reason, Clause::C8_2, Rule::ReasonFirst, "reason")?;
        Ok(vec![Event::StruckOut { record, reason }])
    }

    fn not_inside(&self) -> Result<(), Refused> {
        match self.entry {
            Some(_) => Err(Refused::new(Clause::C3_1, Rule::AlreadyInside, &[])),
            None => Ok(()),
        }
    }

    fn only_after(&self, outcomes: &[Outcome], clause: Clause) -> Result<(), Refused> {
        match &self.ending {
            Some(ending) if outcomes.contains(&ending.outcome) => Ok(()),
            _ => Err(Refused::new(clause, Rule::OtherEnding, &["outcome"])),
        }
    }
}

fn no(clause: Clause, rule: Rule, missing: &[&str]) -> Decided {
    Err(Refused::new(clause, rule, missing))
}

/// Clause 5.3: the visitor must have told their line manager and the contact at the council.
fn declare(declaration: Declaration) -> Decided {
    let Declaration { relation, line_manager, council_contact, hand_over } = declaration;
    let relation = needed(&relation, Clause::C5_3, Rule::ReasonFirst, "relation")?;
    let line_manager = needed(&line_manager, Clause::C5_3, Rule::NameFirst, "line_manager")?;
    let council_contact = needed(&council_contact, Clause::C5_3, Rule::NameFirst, "council_contact")?;
    Ok(vec![Event::KnowsTenant(Declaration { relation, line_manager, council_contact, hand_over })])
}

fn record_step(step: Step, state: StepState) -> Decided {
    if let StepState::NotDone { reason } = &state {
        needed(reason, step.clause(), Rule::ReasonFirst, "reason")?;
    }
    Ok(vec![Event::StepRecorded { step, state }])
}

fn raise(concern: Concern) -> Decided {
    let words = needed(&concern.words, concern.kind().clause(), Rule::NoteFirst, "words")?;
    Ok(vec![Event::ConcernRaised(Concern { words, ..concern })])
}

/// Clause 4.1: a follow-up says what is still to be done, and who does it.
fn agree_follow_up(follow_up: FollowUp) -> Decided {
    let what = needed(&follow_up.what, Clause::C4_1, Rule::NoteFirst, "what")?;
    let who = needed(&follow_up.who, Clause::C4_1, Rule::NameFirst, "who")?;
    Ok(vec![Event::FollowUpAgreed(FollowUp { what, who, ..follow_up })])
}

fn trimmed(words: Option<String>) -> Option<String> {
    words.map(|words| words.trim().to_owned()).filter(|words| !words.is_empty())
}

fn needed(words: &str, clause: Clause, rule: Rule, name: &str) -> Result<String, Refused> {
    match words.trim() {
        "" => Err(Refused::new(clause, rule, &[name])),
        words => Ok(words.to_owned()),
    }
}
