//! [`App`]: one method for each thing that a screen can ask. The window, the command line and the tests are thin callers.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};
use doorstep_domain::conduct::{
    Appointment, Basis, Command, Event, RefusalReason, Started, Step, StepState, Visit, fold,
};
use doorstep_domain::ledger::SigningKey;
use doorstep_domain::protocol::{EnrolmentCode, Limits};
use doorstep_domain::{AppointmentRef, RecordId, VisitId};

use crate::environment::{Environment, SignIn};
use crate::keys::{Secret, name};
use crate::pin::StoredPin;
use crate::planted::{self, Bug};
use crate::store::{self, Enrolment, Reading, Store, StoreError, Writing};
use crate::sync::{self, Round, SyncReport};
use crate::verify::{self, Fault, Verified};
use crate::view::{
    AppointmentView, Custody, EnrolmentView, OutboxGroup, OutboxView, SetAsideView, StatusView, TodayView,
    VisitSummary, VisitView,
};
use crate::{AppError, PinRefused};

/// Rounds of one sync, at most: what is left then goes with the next.
const MOST_ROUNDS: usize = 1_000;

const PIN: &str = "pin";

/// Doorstep on one device.
pub struct App {
    store: Store,
    environment: Environment,
    folder: PathBuf,
    /// One sync at a time.
    syncing: Mutex<()>,
    signed_in: AtomicBool,
}

impl std::fmt::Debug for App {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("App").field("folder", &self.folder).finish_non_exhaustive()
    }
}

impl App {
    /// Opens the store in a folder, or makes one.
    ///
    /// # Errors
    /// [`AppError::Opening`] says what is wrong with it and where it is. Nothing is deleted.
    pub fn open(folder: &Path, environment: Environment) -> Result<Self, AppError> {
        let store = store::open(folder, &environment)?;
        // Before a PIN is set there is nothing to ask for: the device was enrolled a moment ago, or is about to be.
        let pin_set = store.read::<_, AppError>(|reading| Ok(stored_pin(reading)?.is_some()))?;
        let signed_in = AtomicBool::new(environment.sign_in == SignIn::ByKeyStore || !pin_set);
        let app = Self { store, environment, folder: folder.to_owned(), syncing: Mutex::new(()), signed_in };
        app.notice_a_restore()?;
        Ok(app)
    }

    // -- This device -------------------------------------------------------------------------------------------------

    /// How this device stands.
    ///
    /// # Errors
    /// [`AppError::Store`] when the store can't be read.
    pub fn status(&self) -> Result<StatusView, AppError> {
        self.store.read(|reading| {
            let enrolment = reading.enrolment()?;
            let counts = reading.counts()?;
            Ok(StatusView {
                pin_set: stored_pin(reading)?.is_some(),
                signed_in: self.signed_in.load(Ordering::SeqCst),
                records: counts.records,
                unsent: counts.waiting,
                oldest_unsent: counts.oldest_waiting_ms.map(time),
                set_aside: counts.set_aside,
                last_contact: enrolment.as_ref().map(|enrolment| time(enrolment.last_contact_device_ms)),
                now: self.environment.clock.now().utc(),
                revoked: enrolment.as_ref().is_some_and(|enrolment| enrolment.revoked),
                enrolled: enrolment.map(enrolment_view),
            })
        })
    }

    /// Whether the device is enrolled.
    #[must_use]
    pub fn is_enrolled(&self) -> bool {
        self.store.read::<_, AppError>(|reading| Ok(reading.enrolment()?.is_some())).unwrap_or(false)
    }

    /// Enrols the device by a one-time code. Enrolling again is the way back in after a lost PIN or a changed phone: whatever
    /// waits to be sent is kept and goes out under the new identity.
    ///
    /// # Errors
    /// [`AppError::NoAnswer`], [`AppError::BadCode`], [`AppError::AnotherCouncil`]: nothing has changed then.
    pub fn enrol(&self, server: &str, code: &str, device_name: &str) -> Result<EnrolmentView, AppError> {
        let code: EnrolmentCode = code.parse().map_err(|_| AppError::BadCode)?;
        let council = self.environment.connect.connect(server)?;
        let before = self.store.read::<_, AppError>(|reading| Ok((reading.enrolment()?, reading.counts()?.waiting)))?;
        let key = self.signing_key()?;
        let answer = sync::enrol(&self.environment, &*council, &code, &key, device_name)?;
        let council_key = answer.council_key.as_bytes().iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        if let (Some(before), 1..) = &before
            && before.council_key != council_key
        {
            return Err(AppError::UnsentRecords);
        }
        let enrolment = Enrolment {
            server: server.trim().to_owned(),
            device: answer.device,
            user: answer.user,
            user_name: answer.user_name,
            display_name: answer.display_name,
            position: answer.position,
            organisation: answer.organisation,
            council_name: answer.council_name,
            council_key,
            council_epoch: answer.council_epoch,
            cursor: 0,
            last_contact_ms: answer.council_time_ms,
            last_contact_device_ms: self.environment.clock.now().unix_ms,
            safeguarding_keys: answer.safeguarding_keys,
            revoked: false,
        };
        self.store.transact::<_, AppError>(&self.environment, |writing| {
            writing.set_enrolment(&enrolment)?;
            writing.set(PIN, &None::<StoredPin>)?;
            writing.begin_epoch(&self.environment, enrolment.device)?;
            Ok(())
        })?;
        self.signed_in.store(true, Ordering::SeqCst);
        Ok(enrolment_view(enrolment))
    }

    /// Sets the PIN, by somebody who is signed in.
    ///
    /// # Errors
    /// [`AppError::Pin`] when it can't be a PIN or is too easy.
    pub fn set_pin(&self, pin: &str) -> Result<(), AppError> {
        self.signed_in()?;
        let stored = StoredPin::new(pin, &self.environment.random())?;
        self.store.transact(&self.environment, |writing| Ok(writing.set(PIN, &Some(stored))?))
    }

    /// Signs in by the PIN.
    ///
    /// # Errors
    /// [`AppError::Pin`] when it is wrong, or has been too often. Nothing is ever erased by a wrong PIN.
    pub fn sign_in(&self, pin: &str) -> Result<(), AppError> {
        let tried = self.store.transact::<_, AppError>(&self.environment, |writing| {
            let Some(mut stored) = stored_pin(writing)? else {
                return Ok(Err(PinRefused::Wrong));
            };
            let tried = stored.try_pin(pin, self.environment.clock.now());
            writing.set(PIN, &Some(stored))?;
            Ok(tried)
        })?;
        tried?;
        self.signed_in.store(true, Ordering::SeqCst);
        Ok(())
    }

    /// Locks the device until the PIN is entered. What is half typed is the screen's to keep.
    pub fn lock(&self) {
        if self.environment.sign_in == SignIn::WithPin {
            self.signed_in.store(false, Ordering::SeqCst);
        }
    }

    /// Checks the whole local chain.
    ///
    /// # Errors
    /// [`AppError::Store`] when the store can't be read. A chain that does not hold is not an error but the answer.
    pub fn verify(&self) -> Result<Result<Verified, Fault>, AppError> {
        let key = self.environment.keys.get(name::SIGNING)?.and_then(|secret| signing_key(&secret));
        let public = key.map(|key| key.public());
        self.store.read(|reading| verify::verify(reading, public.as_ref()))
    }

    // -- Visits ------------------------------------------------------------------------------------------------------

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
            doorstep_domain::conduct::SealedNote { sealed: Vec::new() }
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

    // -- The council -------------------------------------------------------------------------------------------------

    /// What waits to be sent, and what was set aside.
    ///
    /// # Errors
    /// [`AppError::SignInFirst`], [`AppError::Store`].
    pub fn outbox(&self) -> Result<OutboxView, AppError> {
        self.signed_in()?;
        self.store.read(|reading| {
            let waiting = reading.waiting_by_visit()?;
            let set_aside = reading.set_aside_records()?;
            Ok(OutboxView {
                waiting: waiting
                    .into_iter()
                    .map(|group| {
                        Ok(OutboxGroup {
                            visit: group.visit,
                            address: address_of(reading, group.visit)?,
                            records: group.records,
                            oldest: time(group.oldest_ms),
                        })
                    })
                    .collect::<Result<_, AppError>>()?,
                set_aside: set_aside
                    .into_iter()
                    .map(|(visit, recorded_at_ms, reason)| {
                        Ok(SetAsideView {
                            visit,
                            address: address_of(reading, visit)?,
                            recorded_at: time(recorded_at_ms),
                            reason,
                        })
                    })
                    .collect::<Result<_, AppError>>()?,
                last_contact: reading.enrolment()?.map(|enrolment| time(enrolment.last_contact_device_ms)),
            })
        })
    }

    /// Sends what waits and asks for changes, until there is no more of either.
    ///
    /// # Errors
    /// [`AppError::NoAnswer`] when there is no answer to believe; nothing is lost then.
    pub fn sync(&self) -> Result<SyncReport, AppError> {
        let _one_at_a_time = self.syncing.lock().unwrap_or_else(PoisonError::into_inner);
        let enrolment = self.store.read(|reading| reading.enrolment()?.ok_or(AppError::NotEnrolled))?;
        let council = self.environment.connect.connect(&enrolment.server)?;
        let key = self.signing_key()?;
        let mut report = SyncReport::default();
        for _ in 0..MOST_ROUNDS {
            let round = Round::run(&self.store, &self.environment, &*council, &key)?;
            report.received += round.received;
            report.set_aside += round.set_aside;
            report.changes += round.changes;
            if !round.more {
                break;
            }
        }
        report.waiting = self.store.read::<_, AppError>(|reading| Ok(reading.counts()?.waiting))?;
        self.set_mark()?;
        Ok(report)
    }

    /// A random number, for a wait.
    #[must_use]
    pub fn random_number(&self) -> u64 {
        u64::from_be_bytes(self.environment.random())
    }

    // -- Keys --------------------------------------------------------------------------------------------------------

    fn signed_in(&self) -> Result<(), AppError> {
        if self.signed_in.load(Ordering::SeqCst) { Ok(()) } else { Err(AppError::SignInFirst) }
    }

    fn signing_key(&self) -> Result<SigningKey, AppError> {
        if let Some(key) = self.environment.keys.get(name::SIGNING)?.as_ref().and_then(signing_key) {
            return Ok(key);
        }
        let secret = Secret::new(&self.environment.random::<32>());
        self.environment.keys.set(name::SIGNING, &secret)?;
        signing_key(&secret).ok_or(AppError::Store(StoreError::Unreadable("signing key")))
    }

    /// Tells the key store how far the database has come: a database that is behind it was restored from a copy.
    fn set_mark(&self) -> Result<(), AppError> {
        let Some((epoch, sequence)) = self.chain_end()? else { return Ok(()) };
        let mark = Secret::new(&[epoch.as_slice(), &sequence.to_be_bytes()].concat());
        if self.environment.keys.get(name::MARK)?.as_ref() != Some(&mark) {
            self.environment.keys.set(name::MARK, &mark)?;
        }
        Ok(())
    }

    fn notice_a_restore(&self) -> Result<(), AppError> {
        let Some((epoch, sequence)) = self.chain_end()? else { return Ok(()) };
        let Some(mark) = self.environment.keys.get(name::MARK)? else { return Ok(()) };
        let Some((marked_epoch, marked)) = mark.expose().split_at_checked(16) else { return Ok(()) };
        let marked = marked.try_into().map_or(0, u64::from_be_bytes);
        let behind = marked_epoch != epoch || sequence < marked;
        if behind && !planted::is(Bug::EpochKeptAfterRestore) {
            self.store.transact::<_, AppError>(&self.environment, |writing| {
                if let Some(enrolment) = writing.enrolment()? {
                    writing.begin_epoch(&self.environment, enrolment.device)?;
                }
                Ok(())
            })?;
            self.set_mark()?;
        }
        Ok(())
    }

    fn chain_end(&self) -> Result<Option<([u8; 16], u64)>, AppError> {
        self.store.read(|reading| {
            let Some(enrolment) = reading.enrolment()? else { return Ok(None) };
            let head = reading.head(enrolment.device)?.chain;
            Ok(Some((*head.epoch.as_bytes(), head.sequence)))
        })
    }
}

fn stored_pin(reading: &Reading<'_>) -> Result<Option<StoredPin>, StoreError> {
    Ok(reading.setting::<Option<StoredPin>>(PIN)?.flatten())
}

fn signing_key(secret: &Secret) -> Option<SigningKey> {
    secret.expose().try_into().ok().map(SigningKey::from_bytes)
}

fn limit(what: &'static str, text: Option<&str>, most: usize) -> Result<(), AppError> {
    match text {
        Some(text) if text.chars().count() > most => Err(AppError::TooLong { what, most }),
        _ => Ok(()),
    }
}

fn time(unix_ms: i64) -> DateTime<Utc> {
    DateTime::from_timestamp_millis(unix_ms).unwrap_or(DateTime::UNIX_EPOCH)
}

fn enrolment_view(enrolment: Enrolment) -> EnrolmentView {
    EnrolmentView {
        user_name: enrolment.user_name,
        display_name: enrolment.display_name,
        position: enrolment.position,
        organisation: enrolment.organisation,
        council_name: enrolment.council_name,
        device: enrolment.device.to_string(),
    }
}

fn summary(row: crate::store::VisitRow) -> VisitSummary {
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

fn address_of(reading: &Reading<'_>, visit: VisitId) -> Result<Option<String>, AppError> {
    let Some(reference) = fold(visit, &reading.facts(visit)?).appointment else { return Ok(None) };
    Ok(reading.appointment(&reference)?.map(|appointment| appointment.address_line()))
}
