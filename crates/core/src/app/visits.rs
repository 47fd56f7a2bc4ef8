//! Visits: the route of today, and each tap of a visit.

use chrono::{DateTime, TimeDelta, Utc};
use doorstep_domain::conduct::{
    Appointment, Basis, Command, Event, RefusalReason, SealedNote, Started, Step, StepState, Visit, fold,
};
use doorstep_domain::protocol::Limits;
use doorstep_domain::{AppointmentRef, RecordId, VisitId};

use super::{App, time};
use crate::AppError;
use crate::store::{Enrolment, Reading, StoreError, VisitRow, Writing};
use crate::view::{AppointmentView, Custody, TodayView, VisitSummary, VisitView};

impl App {
    /// Appointments on this device, in the order of their windows, each with its last visit.
    ///
    /// # Errors
    /// [`AppError::NotEnrolled`], [`AppError::SignInFirst`], [`AppError::Store`].
    pub fn appointments(&self) -> Result<Vec<AppointmentView>, AppError> {
        self.signed_in()?;
        self.store.read(|reading| {
            reading.enrolment()?.ok_or(AppError::NotEnrolled)?;
            let appointments = reading.appointments()?;
            appointments.into_iter().map(|appointment| appointment_view(reading, appointment)).collect()
        })
    }

    /// Today's route: appointments whose window is today in Europe/London, and whatever is still open.
    ///
    /// # Errors
    /// As [`App::appointments`].
    pub fn today(&self) -> Result<TodayView, AppError> {
        let moment = self.environment.clock.now();
        let zone = TimeDelta::minutes(i64::from(moment.utc_offset_minutes));
        let day = |at: DateTime<Utc>| (at + zone).date_naive();
        let today = day(moment.utc());
        let (mut appointments, mut later, mut earlier) = (Vec::new(), Vec::new(), Vec::new());
        for view in self.appointments()? {
            let open = view.visit.as_ref().is_some_and(|visit| visit.outcome.is_none());
            match day(view.appointment.window_start).cmp(&today) {
                std::cmp::Ordering::Equal => appointments.push(view),
                std::cmp::Ordering::Greater if !open => later.push(view),
                _ if open => appointments.push(view),
                _ if view.visit.is_none() => earlier.push(view),
                _ => {}
            }
        }
        Ok(TodayView { appointments, later, earlier })
    }

    /// Visits of the last 30 days, newest first, and whatever is still open.
    ///
    /// # Errors
    /// As [`App::appointments`].
    pub fn visits(&self) -> Result<Vec<VisitSummary>, AppError> {
        self.signed_in()?;
        let since = self.environment.clock.now().unix_ms.saturating_sub(TimeDelta::days(30).num_milliseconds());
        self.store.read(|reading| Ok(reading.visits_since(since)?.into_iter().map(summary).collect()))
    }

    /// One visit.
    ///
    /// # Errors
    /// [`AppError::NoSuchVisit`], [`AppError::SignInFirst`], [`AppError::Store`].
    pub fn visit(&self, visit: VisitId) -> Result<VisitView, AppError> {
        self.signed_in()?;
        self.store.read(|reading| visit_view(reading, visit))
    }

    /// Starts the visit of an appointment. If one is open already, it is that one.
    ///
    /// # Errors
    /// [`AppError::NoSuchAppointment`], [`AppError::NotEnrolled`], [`AppError::Store`].
    pub fn start_visit(&self, appointment: &AppointmentRef) -> Result<VisitView, AppError> {
        self.signed_in()?;
        let started = self.store.transact::<_, AppError>(&self.environment, |writing| {
            let enrolment = writing.enrolment()?.ok_or(AppError::NotEnrolled)?;
            let details = writing.appointment(appointment)?;
            let details = details.ok_or_else(|| AppError::NoSuchAppointment(appointment.clone()))?;
            if let Some(open) = writing.last_visit_to(appointment)?.filter(|visit| visit.outcome.is_none()) {
                return Ok(open.visit);
            }
            let now = self.environment.clock.now();
            let visit = VisitId::from_parts(u64::try_from(now.unix_ms).unwrap_or(0), &self.environment.random());
            let event = Event::Started(Started {
                appointment: Some(appointment.clone()),
                uprn: details.uprn,
                visit_kind: details.visit_kind,
            });
            self.record(writing, &enrolment, visit, vec![event])?;
            Ok(visit)
        })?;
        self.visit(started)
    }

    /// Records a step of the arrival checklist.
    ///
    /// # Errors
    /// [`AppError::Refused`] by a rule of the Code; otherwise as [`App::start_visit`]. Nothing has changed then.
    pub fn record_step(&self, visit: VisitId, step: Step, state: StepState) -> Result<VisitView, AppError> {
        limit("a reason", state.reason(), Limits::REASON)?;
        self.act(visit, Command::RecordStep { step, state })
    }

    /// Goes in. Clause 3.1: the core refuses without consent or a lawful basis; clause 3.2: and before ID was shown.
    ///
    /// # Errors
    /// As [`App::record_step`].
    pub fn enter(
        &self,
        visit: VisitId,
        basis: Option<Basis>,
        admitting: Option<String>,
    ) -> Result<VisitView, AppError> {
        limit("the explanation", admitting.as_deref(), Limits::REASON)?;
        if let Some(Basis::Lawful { authorised_by, reference, .. }) = &basis {
            limit("the name", Some(authorised_by), Limits::REASON)?;
            limit("the reference", reference.as_deref(), Limits::REASON)?;
        }
        self.act(visit, Command::Enter { basis, admitting })
    }

    /// The tenant refused entry, and that is respected. Clause 3.1.
    ///
    /// # Errors
    /// As [`App::record_step`].
    pub fn refuse_entry(
        &self,
        visit: VisitId,
        reason: RefusalReason,
        words: Option<String>,
    ) -> Result<VisitView, AppError> {
        limit("the tenant's words", words.as_deref(), Limits::WORDS)?;
        self.act(visit, Command::RefuseEntry { reason, words })
    }

    /// The tenant's own words, after the refusal was saved.
    ///
    /// # Errors
    /// As [`App::record_step`].
    pub fn add_refusal_words(&self, visit: VisitId, words: &str) -> Result<VisitView, AppError> {
        limit("the tenant's words", Some(words), Limits::WORDS)?;
        self.act(visit, Command::AddRefusalWords { words: words.to_owned() })
    }

    /// Nobody answered the door.
    ///
    /// # Errors
    /// As [`App::record_step`].
    pub fn no_answer(&self, visit: VisitId) -> Result<VisitView, AppError> {
        self.act(visit, Command::NoAnswer)
    }

    /// Seals a safeguarding note, and records it. Only the council's safeguarding leads can read it, or see that there is
    /// one. Clause 6.2.
    ///
    /// # Errors
    /// [`AppError::NoSafeguardingKey`] when there is nobody to seal it to; otherwise as [`App::record_step`].
    pub fn flag_safeguarding(&self, visit: VisitId, note: &str) -> Result<VisitView, AppError> {
        limit("a note", Some(note), Limits::WORDS)?;
        let note = note.trim();
        let enrolment = self.store.read(|reading| reading.enrolment()?.ok_or(AppError::NotEnrolled))?;
        let note = if note.is_empty() {
            // The rule refuses it, and cites its clause.
            SealedNote { sealed: Vec::new() }
        } else {
            crate::sealing::seal(note, &enrolment.safeguarding_keys)?
        };
        self.act(visit, Command::RaiseSealedConcern { note })
    }

    /// Leaves, with what came of the visit.
    ///
    /// # Errors
    /// As [`App::record_step`].
    pub fn leave(&self, visit: VisitId, further_visit_needed: bool) -> Result<VisitView, AppError> {
        self.act(visit, Command::Leave { further_visit_needed })
    }

    /// Strikes out something recorded by mistake. Both stay visible.
    ///
    /// # Errors
    /// As [`App::record_step`].
    pub fn strike_out(&self, record: RecordId, reason: &str) -> Result<VisitView, AppError> {
        limit("a reason", Some(reason), Limits::REASON)?;
        let visit = self.store.read::<_, AppError>(|reading| {
            reading.visit_of(record)?.ok_or(AppError::NoSuchVisit(VisitId::from_bytes(*record.as_bytes())))
        })?;
        self.act(visit, Command::StrikeOut { record, reason: reason.to_owned() })
    }

    /// One tap: decided, chained, on disk. When this returns `Ok`, it survives a crash, a kill and a power cut.
    fn act(&self, visit: VisitId, command: Command) -> Result<VisitView, AppError> {
        self.signed_in()?;
        self.store.transact(&self.environment, |writing| {
            let enrolment = writing.enrolment()?.ok_or(AppError::NotEnrolled)?;
            let events = folded(writing, visit)?.decide(command).map_err(AppError::Refused)?;
            let after = self.record(writing, &enrolment, visit, events)?;
            if after.ending.is_some() {
                writing.seal(enrolment.device, &self.signing_key()?)?;
            }
            visit_view(writing, visit)
        })
    }

    fn record(
        &self,
        writing: &Writing<'_>,
        enrolment: &Enrolment,
        visit: VisitId,
        events: Vec<Event>,
    ) -> Result<Visit, StoreError> {
        for event in events {
            writing.append(&self.environment, enrolment, visit, event)?;
        }
        let folded = fold(visit, &writing.facts(visit)?);
        writing.save_visit(&folded)?;
        Ok(folded)
    }
}

fn limit(what: &'static str, text: Option<&str>, most: usize) -> Result<(), AppError> {
    match text {
        Some(text) if text.chars().count() > most => Err(AppError::TooLong { what, most }),
        _ => Ok(()),
    }
}

fn summary(row: VisitRow) -> VisitSummary {
    VisitSummary {
        visit: row.visit,
        appointment: row.appointment,
        started_at: time(row.started_at_ms),
        outcome: row.outcome,
        entered: row.entered,
    }
}

fn appointment_view(reading: &Reading<'_>, appointment: Appointment) -> Result<AppointmentView, AppError> {
    let visit = reading.last_visit_to(&appointment.reference)?.map(summary);
    Ok(AppointmentView { appointment, visit })
}

fn folded(reading: &Reading<'_>, visit: VisitId) -> Result<Visit, AppError> {
    let facts = reading.facts(visit)?;
    if facts.is_empty() { Err(AppError::NoSuchVisit(visit)) } else { Ok(fold(visit, &facts)) }
}

fn visit_view(reading: &Reading<'_>, visit: VisitId) -> Result<VisitView, AppError> {
    let folded = folded(reading, visit)?;
    let details = match &folded.appointment {
        Some(reference) => reading.appointment(reference)?,
        None => None,
    };
    let (_, waiting, received_ms) = reading.custody(visit)?;
    Ok(VisitView {
        missing_before_entry: folded.missing_before_entry(),
        visit: folded,
        details,
        custody: Custody { waiting: waiting > 0, received_at: received_ms.map(time) },
    })
}
