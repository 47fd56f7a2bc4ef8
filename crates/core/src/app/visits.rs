//! Visits: starting one, and acting in it.

use doorstep_domain::conduct::{
    Appointment, Command, Concern, Event, Happened, NextStep, SealedNote, Started, TakenPhoto, TextKind, Visit,
    VisitKind, attempts, fold,
};
use doorstep_domain::{AppointmentRef, RecordId, Uprn, VisitId};

use super::code::code_signed;
use super::today::attempts_at;
use super::{App, time};
use crate::error::AppError;
use crate::store::{Enrolment, Reading, StoreError, Writing};
use crate::sync::enrolled;
use crate::view::{Acted, Custody, VisitView};

/// A visit that nobody planned: an emergency call-out, a neighbour who asks.
#[derive(Debug, Clone)]
pub struct Unplanned {
    /// The kind. Only an emergency repair can start before the Code is signed. Clause 9.
    pub visit_kind: VisitKind,
    /// Why somebody comes, in words.
    pub purpose: String,
    /// The home's UPRN, if it is known.
    pub uprn: Option<Uprn>,
    /// The address. It is needed if the UPRN is not known.
    pub address: Option<String>,
}

impl App {
    /// One visit.
    ///
    /// # Errors
    /// [`AppError::NoSuchVisit`], [`AppError::SignInFirst`], [`AppError::Revoked`],
    /// [`AppError::ContactFirst`], [`AppError::Store`].
    pub fn visit(&self, visit: VisitId) -> Result<VisitView, AppError> {
        self.signed_in()?;
        self.store().read(|reading| {
            self.may_go_on(reading, Some(visit))?;
            self.view_of(reading, Known::of(reading, visit)?.visit)
        })
    }

    /// Starts the visit of an appointment, or gives the one that is open already.
    ///
    /// # Errors
    /// [`AppError::Refused`] when the visitor has not signed the Code (clause 9);
    /// [`AppError::Revoked`], [`AppError::ContactFirst`], [`AppError::OlderApp`];
    /// [`AppError::NoSuchAppointment`], [`AppError::NotEnrolled`], [`AppError::SignInFirst`],
    /// [`AppError::Store`].
    pub fn start_visit(&self, appointment: &AppointmentRef) -> Result<Acted, AppError> {
        self.signed_in()?;
        self.look_for_room();
        self.store().transact(&self.environment, |writing| {
            let enrolment = enrolled(writing)?;
            let open = writing.last_visit_to(appointment)?.filter(|visit| visit.outcome.is_none());
            if let Some(started) = open.as_ref().filter(|visit| visit.started) {
                return self.acted(writing, Known::of(writing, started.visit)?.visit);
            }
            self.may_start(writing)?;
            let plan = self.plan_of(writing, appointment)?;
            let id = open.map_or_else(|| self.new_visit(), |opened| opened.visit);
            let before = Known::or_nothing(writing, id)?;
            let events = before.visit.set_out(plan, code_signed(writing, &enrolment)?)?;
            let after = self.record(writing, &enrolment, before, events)?;
            self.acted(writing, after)
        })
    }

    /// Opens the file of an appointment's visit before the visitor sets out, so that something can
    /// be recorded in it, such as "I know this tenant". Gives the visit that is open already, if
    /// there is one.
    ///
    /// # Errors
    /// As [`App::start_visit`], except that the Code need not be signed.
    pub fn open_visit(&self, appointment: &AppointmentRef) -> Result<Acted, AppError> {
        self.signed_in()?;
        self.look_for_room();
        self.store().transact(&self.environment, |writing| {
            let enrolment = enrolled(writing)?;
            self.may_start(writing)?;
            let plan = self.plan_of(writing, appointment)?;
            if let Some(open) = writing.last_visit_to(appointment)?.filter(|visit| visit.outcome.is_none()) {
                return self.acted(writing, Known::of(writing, open.visit)?.visit);
            }
            let id = self.new_visit();
            let before = Known::nothing(id);
            let events = before.visit.open_file(plan);
            let after = self.record(writing, &enrolment, before, events)?;
            self.acted(writing, after)
        })
    }

    /// Starts a visit without an appointment.
    ///
    /// # Errors
    /// [`AppError::NoHome`] when there is neither a UPRN nor an address; [`AppError::TooLong`];
    /// otherwise as [`App::start_visit`].
    pub fn start_unplanned(&self, unplanned: Unplanned) -> Result<Acted, AppError> {
        self.signed_in()?;
        TextKind::Short.check(unplanned.address.as_deref().unwrap_or_default())?;
        TextKind::Short.check(&unplanned.purpose)?;
        let written = |text: String| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
        let plan = Started {
            appointment: None,
            uprn: unplanned.uprn,
            visit_kind: unplanned.visit_kind,
            address: unplanned.address.and_then(written),
            purpose: written(unplanned.purpose),
            notice: None,
        };
        if plan.uprn.is_none() && plan.address.is_none() {
            return Err(AppError::NoHome);
        }
        self.look_for_room();
        self.store().transact(&self.environment, |writing| {
            let enrolment = enrolled(writing)?;
            self.may_begin(writing, plan.visit_kind)?;
            let id = self.new_visit();
            let code = code_signed(writing, &enrolment)?;
            let before = Known::nothing(id);
            let events = before.visit.set_out(plan.clone(), code)?;
            let after = self.record(writing, &enrolment, before, events)?;
            self.acted(writing, after)
        })
    }

    /// Carries out one command of a visit. It checks the rules, and adds the records to the chain.
    /// When this returns `Ok`, they are on disk, and survive a crash and a power cut.
    ///
    /// # Errors
    /// [`AppError::Refused`] when the Code does not allow it or a text is too long;
    /// [`AppError::Revoked`] or [`AppError::ContactFirst`] for a visit that is not under way;
    /// [`AppError::NoSuchVisit`], [`AppError::NotEnrolled`], [`AppError::SignInFirst`],
    /// [`AppError::Store`]. Nothing has changed.
    pub fn act(&self, visit: VisitId, command: Command) -> Result<Acted, AppError> {
        self.signed_in()?;
        let store = self.store();
        let acted = store.transact::<_, AppError>(&self.environment, |writing| {
            let enrolment = enrolled(writing)?;
            self.may_go_on(writing, Some(visit))?;
            let after = self.decide_and_record(writing, &enrolment, Known::of(writing, visit)?, command.clone())?;
            self.acted(writing, after)
        })?;
        if acted.visit.visit.ending.is_some() {
            store.flush_journal();
        }
        Ok(acted)
    }

    /// The answer to a tap: everything that the screen shows after it.
    pub(super) fn acted(&self, reading: &Reading<'_>, after: Visit) -> Result<Acted, AppError> {
        Ok(Acted { visit: self.view_of(reading, after)?, status: self.status_of(reading)? })
    }

    /// Raises a concern, in a visit, or in a file of its own if it belongs to no visit.
    ///
    /// # Errors
    /// As [`App::act`].
    pub fn raise_concern(&self, visit: Option<VisitId>, concern: Concern) -> Result<Acted, AppError> {
        self.say_somewhere(visit, Command::RaiseConcern(concern))
    }

    /// Seals a safeguarding note and records it, in a visit or in a file of its own. At the
    /// council, only the safeguarding leads see the note, or that there is one. The council's
    /// service holds the key. Clause 6.2.
    ///
    /// # Errors
    /// [`AppError::NoSafeguardingKey`] when the device has no key to seal it to;
    /// [`AppError::TooLong`]; otherwise as [`App::act`].
    pub fn flag_safeguarding(&self, visit: Option<VisitId>, note: &str) -> Result<Acted, AppError> {
        self.signed_in()?;
        let note = self.sealed_note(visit, note)?;
        self.say_somewhere(visit, Command::RaiseSealedConcern { note })
    }

    /// Seals a note, in the version in which it will be recorded.
    pub(super) fn sealed_note(&self, visit: Option<VisitId>, note: &str) -> Result<SealedNote, AppError> {
        TextKind::Words.check(note)?;
        let note = note.trim();
        let enrolment = self.store().read(enrolled)?;
        if note.is_empty() {
            // `decide` refuses an empty note, and cites the clause.
            return Ok(SealedNote { sealed: Vec::new() });
        }
        let in_version_2 = self.store().read::<_, AppError>(|reading| match visit {
            Some(visit) => Ok(reading.goes_into_version_2(&enrolment, visit)?),
            None => Ok(enrolment.second.is_some()),
        })?;
        crate::sealing::seal(note, visit, &enrolment.safeguarding_keys, in_version_2)
    }

    /// Strikes out a record that was a mistake. It stays visible.
    ///
    /// # Errors
    /// As [`App::act`].
    pub fn strike_out(&self, record: RecordId, reason: &str) -> Result<Acted, AppError> {
        let visit = self.store().read::<_, AppError>(|reading| {
            reading.visit_of(record)?.ok_or(AppError::NoSuchVisit(VisitId::from_bytes(*record.as_bytes())))
        })?;
        self.act(visit, Command::StrikeOut { record, reason: reason.to_owned() })
    }

    fn say_somewhere(&self, visit: Option<VisitId>, command: Command) -> Result<Acted, AppError> {
        self.signed_in()?;
        let Some(visit) = visit else { return self.say_in_a_new_file(command) };
        self.look_for_room();
        self.store().transact(&self.environment, |writing| {
            let enrolment = enrolled(writing)?;
            self.may_go_on(writing, Some(visit))?;
            let after = self.decide_and_record(writing, &enrolment, Known::of(writing, visit)?, command.clone())?;
            self.acted(writing, after)
        })
    }

    /// What somebody has to say is heard, whatever becomes of their phone, and whether they are
    /// signed in or not.
    pub(super) fn say_in_a_new_file(&self, command: Command) -> Result<Acted, AppError> {
        self.look_for_room();
        self.store().transact(&self.environment, |writing| {
            let enrolment = enrolled(writing)?;
            let before = Known::nothing(self.new_visit());
            let after = self.decide_and_record(writing, &enrolment, before, command.clone())?;
            self.acted(writing, after)
        })
    }

    pub(super) fn decide_and_record(
        &self,
        writing: &Writing<'_>,
        enrolment: &Enrolment,
        before: Known,
        command: Command,
    ) -> Result<Visit, AppError> {
        if let Command::RaiseConcern(concern) = &command {
            concern.happened_by(self.environment.clock.now().utc())?;
        }
        let events = before.visit.decide(command)?;
        let photos = before.visit.photos.clone();
        let after = self.record(writing, enrolment, before, events)?;
        // A photo that was struck out is erased before it is sent: it may show a person.
        let still_named = |sha256| after.photos.iter().any(|taken| taken.photo.sha256 == sha256);
        for struck in photos.iter().filter(|taken| !still_named(taken.photo.sha256)) {
            writing.erase_unsent_photo(after.visit, struck.photo.sha256)?;
        }
        Ok(after)
    }

    /// Appends the events to the chain, and gives the visit as it is after them.
    fn record(
        &self,
        writing: &Writing<'_>,
        enrolment: &Enrolment,
        before: Known,
        events: Vec<Event>,
    ) -> Result<Visit, StoreError> {
        let Known { visit, mut facts } = before;
        let known = facts.len();
        for event in events {
            facts.push(writing.append(&self.environment, enrolment, visit.visit, event)?);
        }
        let after = visit.followed_by(facts.get(known..).unwrap_or_default(), &facts);
        writing.save_visit(&after)?;
        Ok(after)
    }

    /// A visit as its screen shows it.
    pub(super) fn view_of(&self, reading: &Reading<'_>, visit: Visit) -> Result<VisitView, AppError> {
        let details = match &visit.appointment {
            Some(reference) => reading.appointment(reference)?,
            None => None,
        };
        let known = details.as_ref().map(|details: &Appointment| details.known_attempts.clone()).unwrap_or_default();
        let (_, waiting, received_ms) = reading.custody(visit.visit)?;
        let state = |taken: &TakenPhoto| {
            reading.photo_state(visit.visit, taken.photo.sha256)?.ok_or(StoreError::Unreadable("photo"))
        };
        let photos = visit.photos.iter().map(state).collect::<Result<_, _>>()?;
        let attempts = match &visit.uprn {
            Some(uprn) => attempts_at(reading, uprn, &known, Some(&visit))?,
            None => attempts(&[], visit.attempt()),
        };
        let next = visit.next();
        let asked_from = self.numbers(reading)?.welfare_question_at_attempt;
        Ok(VisitView {
            missing_before_entry: visit.missing_before_entry(),
            agreement_missing: visit.agreement_missing(),
            not_told_who_and_why: visit.is_not_told_who_and_why(),
            tenant_not_told: visit.tenant_not_told(),
            ask_welfare: next.contains(&NextStep::AnswerWelfare)
                && attempts.len() >= usize::try_from(asked_from).unwrap_or(usize::MAX),
            shut: visit.shut(),
            next,
            attempts,
            visit,
            details,
            custody: Custody { waiting: waiting > 0, received_at: received_ms.map(time), photos },
        })
    }

    fn plan_of(&self, reading: &Reading<'_>, appointment: &AppointmentRef) -> Result<Started, AppError> {
        let details = reading.appointment(appointment)?;
        let details = details.ok_or_else(|| AppError::NoSuchAppointment(appointment.clone()))?;
        Ok(details.plan(&self.numbers(reading)?))
    }

    fn new_visit(&self) -> VisitId {
        let now_ms = self.environment.clock.now().unix_ms;
        VisitId::from_parts(u64::try_from(now_ms).unwrap_or(0), &self.environment.random())
    }
}

/// A visit with the facts that it was folded from, so that each tap reads and folds them only once.
pub(super) struct Known {
    pub(super) visit: Visit,
    facts: Vec<Happened>,
}

impl Known {
    /// A visit that is on this device.
    pub(super) fn of(reading: &Reading<'_>, visit: VisitId) -> Result<Self, AppError> {
        let known = Self::or_nothing(reading, visit)?;
        if known.facts.is_empty() { Err(AppError::NoSuchVisit(visit)) } else { Ok(known) }
    }

    /// A visit. It is empty if the device has no facts of it.
    fn or_nothing(reading: &Reading<'_>, visit: VisitId) -> Result<Self, AppError> {
        let facts = reading.facts(visit)?;
        Ok(Self { visit: fold(visit, &facts), facts })
    }

    /// A new visit without any facts.
    fn nothing(visit: VisitId) -> Self {
        Self { visit: Visit::new(visit), facts: Vec::new() }
    }
}
