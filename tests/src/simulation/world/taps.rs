//! Taps: what somebody does and says in a visit, and outside of one.

use chrono::DateTime;
use doorstep_core::{App, AppError, Clock, DeviceStanding, VisitView};
use doorstep_domain::conduct::{
    About, Basis, CancelReason, CancelledBy, Command, Concern, ConsentBy, Hazard, NoticeAgreement, NoticeMethod,
    PhotoPurpose, RefusalReason, Severity, Step, StepState,
};
use doorstep_domain::{RecordId, StableName, VisitId};

use super::super::camera::shoot;
use super::super::model::Model;
use super::super::outside::Chance;
use super::World;
use super::phones::is_full;

/// The command behind a number that was drawn at random.
fn said(choice: usize, chance: &Chance) -> Command {
    match choice {
        3 => Command::RecordStep { step: Step::ShoeCovers, state: StepState::NotDone { reason: "none left".into() } },
        4..=6 => {
            let step = Step::ALL.get(chance.below(Step::ALL.len())).copied().unwrap_or(Step::IdWorn);
            Command::RecordStep { step, state: StepState::Done }
        }
        7 => Command::Enter { basis: Some(Basis::Consented { by: ConsentBy::Tenant }), admitting: None },
        8 => Command::RefuseEntry { reason: RefusalReason::SupportNeeds, words: Some("not today".into()) },
        9 => Command::NoAnswer,
        11 => Command::LeaveNow,
        12 => Command::Cancel { by: CancelledBy::Visitor, reason: CancelReason::RunningLate, words: None },
        13 => Command::AgreeToNotice(NoticeAgreement { by: ConsentBy::Tenant, asked: NoticeMethod::Phone }),
        14 => Command::RaiseConcern(gas()),
        15 => Command::SaySafe,
        _ => Command::Leave { further_visit_needed: choice == 16 },
    }
}

fn gas() -> Concern {
    let about = About::UnsafeCondition { hazard: Hazard::Gas, severity: Severity::Emergency };
    Concern { about, words: "a smell in the kitchen".into(), noticed_at: DateTime::UNIX_EPOCH }
}

impl World {
    /// One tap, on a disk that may fail in the middle of it.
    pub(super) fn tap(&mut self, which: usize) {
        let failing = self.chance.percent(8);
        let writes = u64::try_from(self.chance.below(8)).unwrap_or(0);
        let choice = self.chance.below(22);
        self.notes += 1;
        let note = format!("note {}", self.notes);
        if self.is_locked(which) {
            if self.chance.percent(40) {
                self.unlock(which);
            } else {
                self.say_locked(which, &note);
            }
            return;
        }
        let journal_fails = self.chance.percent(3);
        let Some(phone) = self.phones.get_mut(which) else { return };
        let Some(app) = &phone.app else { return };
        // Whatever a phone has kept room back for works, and a photo waits.
        let may_be_full = phone.disk.is_filled() && (choice == 18 || is_full(app));
        if failing {
            phone.disk.fail_after(writes);
        }
        if journal_fails {
            phone.disk.fail_the_journal();
        }
        let visit = phone.open_visits.get(self.chance.below(phone.open_visits.len())).copied();
        let mistake = if choice == 19 { a_record(&phone.model, &self.chance) } else { None };
        let tapped = match (choice, visit) {
            (19, _) if mistake.is_some() => strike_out(app, mistake),
            // No visit, but something that can't wait for one.
            (20, _) => app.raise_concern(None, gas()).map(|acted| acted.visit),
            (21, _) => app.flag_safeguarding(None, &note).map(|acted| acted.visit),
            (0..=2, _) | (_, None) => start(app, &self.chance),
            (10, Some(visit)) => app.flag_safeguarding(Some(visit), &note).map(|acted| acted.visit),
            (18, Some(visit)) => {
                app.add_photo(visit, PhotoPurpose::Before, &shoot(&self.chance)).map(|acted| acted.visit)
            }
            (choice, Some(visit)) => app.act(visit, said(choice, &self.chance)).map(|acted| acted.visit),
        };
        let failed = failing && !phone.disk.mend();
        phone.journal_lacks |= journal_fails || phone.disk.is_filled();
        phone.disk.mend_the_journal();
        match tapped {
            Ok(_) if failed => self.broken.push("a tap was called saved on a disk that failed".into()),
            Ok(view) => {
                self.broken.extend(phone.model.saved_now(&view, phone.clock.now().utc()));
                if choice == 21 || (choice == 10 && visit.is_some()) {
                    phone.model.notes.insert(note);
                }
                if let Some((_, record)) = mistake {
                    // What is on the line already may still arrive.
                    let may_arrive = phone.line.holds_something_back();
                    phone.model.strike_out(record, &self.council, may_arrive);
                }
                if let (18, Some(taken)) = (choice, view.visit.photos.last()) {
                    let sha256 = taken.photo.sha256;
                    match app.photo(sha256) {
                        Ok(picture) => drop(phone.model.pictures.insert(sha256, picture)),
                        Err(AppError::ContactFirst) => {}
                        Err(error) => self.broken.push(format!("a photo was called saved, and is not there: {error}")),
                    }
                }
                let open = view.visit.ending.is_none() && view.visit.started_at.is_some();
                phone.open_visits.retain(|open| *open != view.visit.visit);
                if open {
                    phone.open_visits.push(view.visit.visit);
                }
            }
            Err(AppError::Refused(_) | AppError::NoSuchAppointment(_)) => {}
            // It has left the phone: it is safe elsewhere, or was erased.
            Err(AppError::NoSuchVisit(_)) if mistake.is_some() => {}
            // It has not reached the council for days: the visit under way alone goes on.
            Err(AppError::ContactFirst)
                if app.status().is_ok_and(|status| status.standing == DeviceStanding::LongWithoutContact) => {}
            Err(AppError::Store(_)) if failed => {}
            Err(error) if may_be_full && error.code() == "device-full" => {}
            Err(error) => self.broken.push(format!("a tap failed: {error:?}")),
        }
    }
}

fn start(app: &App, chance: &Chance) -> Result<VisitView, AppError> {
    let appointments = app.appointments()?;
    let which = chance.below(appointments.len());
    let reference = appointments.get(which).map(|view| view.appointment.reference.clone());
    app.start_visit(&reference.unwrap_or_else(|| "none".parse().expect("this is a reference"))).map(|acted| acted.visit)
}

/// A record of a visit that somebody could take for a mistake.
fn a_record(model: &Model, chance: &Chance) -> Option<(VisitId, RecordId)> {
    let (visit, records) = model.order.iter().nth(chance.below(model.order.len()))?;
    Some((*visit, *records.get(chance.below(records.len()))?))
}

fn strike_out(app: &App, mistake: Option<(VisitId, RecordId)>) -> Result<VisitView, AppError> {
    let Some((visit, record)) = mistake else { return Err(AppError::NothingUnderWay) };
    app.act(visit, Command::StrikeOut { record, reason: "by mistake".into() }).map(|acted| acted.visit)
}
