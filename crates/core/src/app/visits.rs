//! Visits: starting one, and each tap of it.

use doorstep_domain::conduct::{
    Appointment, Command, Concern, Event, SealedNote, Started, TakenPhoto, Visit, VisitKind, attempts, fold,
};
use doorstep_domain::protocol::Limits;
use doorstep_domain::{AppointmentRef, RecordId, Uprn, VisitId};

use super::code::code_signed;
use super::today::attempts_at;
use super::{App, time};
use crate::error::AppError;
use crate::store::{Enrolment, Reading, StoreError, Writing};
use crate::view::{Custody, VisitView};

/// A visit that nobody planned: an emergency call-out, a neighbour who asks.
#[derive(Debug, Clone)]
pub struct Unplanned {
    /// Why somebody comes, by kind.
    pub visit_kind: VisitKind,
    /// Why somebody comes, in words.
    pub purpose: String,
    /// The home's number, where it is known.
    pub uprn: Option<Uprn>,
    /// The address, where its number is not known.
    pub address: Option<String>,
}

impl App {
    /// One visit.
    ///
    /// # Errors
    /// [`AppError::NoSuchVisit`], [`AppError::SignInFirst`], [`AppError::Store`].
    pub fn visit(&self, visit: VisitId) -> Result<VisitView, AppError> {
        self.signed_in()?;
        self.store.read(|reading| visit_view(reading, visit))
    }

    /// Starts the visit of an appointment. If one is open already, it is that one. Clause 9: the Code comes first.
    ///
    /// # Errors
    /// [`AppError::Refused`] by clause 9, [`AppError::NoSuchAppointment`], [`AppError::NotEnrolled`], [`AppError::Store`].
    pub fn start_visit(&self, appointment: &AppointmentRef) -> Result<VisitView, AppError> {
        self.signed_in()?;
        self.store.transact(&self.environment, |writing| {
            let enrolment = writing.enrolment()?.ok_or(AppError::NotEnrolled)?;
            let plan = self.plan_of(writing, appointment)?;
            let open = writing.last_visit_to(appointment)?.filter(|visit| visit.outcome.is_none());
            if let Some(started) = open.as_ref().filter(|visit| visit.started) {
                return visit_view(writing, started.visit);
            }
            let id = open.map_or_else(|| self.new_visit(), |opened| opened.visit);
            let before = fold(id, &writing.facts(id)?);
            let events = before.set_out(plan, code_signed(writing, &enrolment)?).map_err(AppError::Refused)?;
            self.record(writing, &enrolment, id, events)?;
            visit_view(writing, id)
        })
    }

    /// Opens the file of an appointment's visit before setting out, so that something can be said of it: "I know this
    /// tenant", "It can't go ahead". If one is open already, it is that one.
    ///
    /// # Errors
    /// As [`App::start_visit`], but for the Code.
    pub fn open_visit(&self, appointment: &AppointmentRef) -> Result<VisitView, AppError> {
        self.signed_in()?;
        self.store.transact(&self.environment, |writing| {
            let enrolment = writing.enrolment()?.ok_or(AppError::NotEnrolled)?;
            let plan = self.plan_of(writing, appointment)?;
            if let Some(open) = writing.last_visit_to(appointment)?.filter(|visit| visit.outcome.is_none()) {
                return visit_view(writing, open.visit);
            }
            let id = self.new_visit();
            self.record(writing, &enrolment, id, Visit::new(id).open_file(plan))?;
            visit_view(writing, id)
        })
    }

    /// Starts a visit without an appointment.
    ///
    /// # Errors
    /// [`AppError::NoHome`] when neither a number nor an address says where; otherwise as [`App::start_visit`].
    pub fn start_unplanned(&self, unplanned: Unplanned) -> Result<VisitView, AppError> {
        self.signed_in()?;
        limit("the address", unplanned.address.as_deref(), Limits::REASON)?;
        limit("the purpose", Some(&unplanned.purpose), Limits::REASON)?;
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
        self.store.transact(&self.environment, |writing| {
            let enrolment = writing.enrolment()?.ok_or(AppError::NotEnrolled)?;
            let id = self.new_visit();
            let code = code_signed(writing, &enrolment)?;
            let events = Visit::new(id).set_out(plan, code).map_err(AppError::Refused)?;
            self.record(writing, &enrolment, id, events)?;
            visit_view(writing, id)
        })
    }

    /// One tap: decided, chained, on disk. When this returns `Ok`, it survives a crash, a kill and a power cut.
    ///
    /// # Errors
    /// [`AppError::Refused`] by a rule of the Code, [`AppError::TooLong`], [`AppError::NoSuchVisit`]. Nothing has changed
    /// then.
    pub fn act(&self, visit: VisitId, command: Command) -> Result<VisitView, AppError> {
        self.signed_in()?;
        check_lengths(&command)?;
        self.store.transact(&self.environment, |writing| {
            let enrolment = writing.enrolment()?.ok_or(AppError::NotEnrolled)?;
            let before = folded(writing, visit)?;
            self.decide_and_record(writing, &enrolment, &before, command)?;
            visit_view(writing, visit)
        })
    }

    /// Raises a concern, in a visit or, where there is none, in a file of its own.
    ///
    /// # Errors
    /// As [`App::act`].
    pub fn raise_concern(&self, visit: Option<VisitId>, concern: Concern) -> Result<(), AppError> {
        self.say_somewhere(visit, Command::RaiseConcern(concern))
    }

    /// Seals a safeguarding note, and records it, in a visit or in a file of its own. At the council, only the
    /// safeguarding leads are shown it, or that there is one; the council's service holds the key. Clause 6.2.
    ///
    /// # Errors
    /// [`AppError::NoSafeguardingKey`] when there is nobody to seal it to; otherwise as [`App::act`].
    pub fn flag_safeguarding(&self, visit: Option<VisitId>, note: &str) -> Result<(), AppError> {
        limit("a note", Some(note), Limits::WORDS)?;
        let note = note.trim();
        let enrolment = self.store.read(|reading| reading.enrolment()?.ok_or(AppError::NotEnrolled))?;
        let note = if note.is_empty() {
            // The rule refuses it, and cites its clause.
            SealedNote { sealed: Vec::new() }
        } else {
            crate::sealing::seal(note, &enrolment.safeguarding_keys)?
        };
        self.say_somewhere(visit, Command::RaiseSealedConcern { note })
    }

    /// Strikes out something recorded by mistake. Both stay visible.
    ///
    /// # Errors
    /// As [`App::act`].
    pub fn strike_out(&self, record: RecordId, reason: &str) -> Result<VisitView, AppError> {
        let visit = self.store.read::<_, AppError>(|reading| {
            reading.visit_of(record)?.ok_or(AppError::NoSuchVisit(VisitId::from_bytes(*record.as_bytes())))
        })?;
        self.act(visit, Command::StrikeOut { record, reason: reason.to_owned() })
    }

    fn say_somewhere(&self, visit: Option<VisitId>, command: Command) -> Result<(), AppError> {
        self.signed_in()?;
        check_lengths(&command)?;
        self.store.transact(&self.environment, |writing| {
            let enrolment = writing.enrolment()?.ok_or(AppError::NotEnrolled)?;
            let before = match visit {
                Some(visit) => folded(writing, visit)?,
                None => Visit::new(self.new_visit()),
            };
            self.decide_and_record(writing, &enrolment, &before, command)
        })
    }

    pub(super) fn decide_and_record(
        &self,
        writing: &Writing<'_>,
        enrolment: &Enrolment,
        before: &Visit,
        command: Command,
    ) -> Result<(), AppError> {
        let events = before.decide(command).map_err(AppError::Refused)?;
        let after = self.record(writing, enrolment, before.visit, events)?;
        // A photo taken by mistake, of somebody perhaps, does not stay here to be sent.
        let still_named = |sha256| after.photos.iter().any(|taken| taken.photo.sha256 == sha256);
        for struck in before.photos.iter().filter(|taken| !still_named(taken.photo.sha256)) {
            writing.erase_unsent_photo(before.visit, struck.photo.sha256)?;
        }
        if after.ending.is_some() {
            writing.seal(enrolment.device, &self.signing_key()?)?;
        }
        Ok(())
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

pub(super) fn limit(what: &'static str, text: Option<&str>, most: usize) -> Result<(), AppError> {
    match text {
        Some(text) if text.chars().count() > most => Err(AppError::TooLong { what, most }),
        _ => Ok(()),
    }
}

/// Every text of a command, whatever its field: what is told at length has room for it, a name or a reason has less.
fn check_lengths(command: &Command) -> Result<(), AppError> {
    const AT_LENGTH: [&str; 4] = ["words", "needs", "what", "put_right"];
    fn walk(field: &str, value: &serde_json::Value) -> Result<(), AppError> {
        match value {
            serde_json::Value::String(text) if AT_LENGTH.contains(&field) => {
                limit("the text", Some(text), Limits::WORDS)
            }
            serde_json::Value::String(text) => limit("a name or a reason", Some(text), Limits::REASON),
            serde_json::Value::Array(values) => values.iter().try_for_each(|value| walk(field, value)),
            serde_json::Value::Object(fields) => fields.iter().try_for_each(|(field, value)| walk(field, value)),
            _ => Ok(()),
        }
    }
    // A sealed note is no text, and has its own limit.
    serde_json::to_value(command).map_or(Ok(()), |value| walk("", &value))
}

pub(super) fn folded(reading: &Reading<'_>, visit: VisitId) -> Result<Visit, AppError> {
    let facts = reading.facts(visit)?;
    if facts.is_empty() { Err(AppError::NoSuchVisit(visit)) } else { Ok(fold(visit, &facts)) }
}

pub(super) fn visit_view(reading: &Reading<'_>, visit: VisitId) -> Result<VisitView, AppError> {
    let folded = folded(reading, visit)?;
    let details = match &folded.appointment {
        Some(reference) => reading.appointment(reference)?,
        None => None,
    };
    let known = details.as_ref().map(|details: &Appointment| details.known_attempts.clone()).unwrap_or_default();
    let (_, waiting, received_ms) = reading.custody(visit)?;
    let state =
        |taken: &TakenPhoto| reading.photo_state(visit, taken.photo.sha256)?.ok_or(StoreError::Unreadable("photo"));
    let photos = folded.photos.iter().map(state).collect::<Result<_, _>>()?;
    Ok(VisitView {
        missing_before_entry: folded.missing_before_entry(),
        agreement_missing: folded.agreement_missing(),
        tenant_not_told: folded.tenant_not_told(),
        attempts: match &folded.uprn {
            Some(uprn) => attempts_at(reading, uprn, &known)?,
            None => attempts(&[], folded.attempt()),
        },
        visit: folded,
        details,
        custody: Custody { waiting: waiting > 0, received_at: received_ms.map(time), photos },
    })
}
