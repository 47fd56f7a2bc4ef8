//! Lists: today's route, what is still owed to tenants, and the visitor's own past visits.

use chrono::TimeDelta;
use doorstep_domain::conduct::{Appointment, Attempt, Numbers, Visit, attempts, fold};
use doorstep_domain::{Uprn, england};

use super::{App, time};
use crate::error::AppError;
use crate::store::{Reading, StoreError, VisitRow};
use crate::sync::enrolled;
use crate::view::{AppointmentView, DeviceStanding, ToDo, TodayView, VisitSummary};

impl App {
    /// Appointments on this device, in the order of their windows, each with its last visit. On a
    /// device that is revoked, or was long without contact, only what is under way.
    ///
    /// # Errors
    /// [`AppError::NotEnrolled`], [`AppError::SignInFirst`], [`AppError::Store`].
    pub fn appointments(&self) -> Result<Vec<AppointmentView>, AppError> {
        self.signed_in()?;
        self.store().read(|reading| {
            let mut all = self.appointment_views(reading)?;
            if self.standing(reading)? != DeviceStanding::Open {
                all.retain(is_under_way);
            }
            Ok(all)
        })
    }

    /// Today's route: appointments whose window starts today in Europe/London, visits that are
    /// still open, and what is still owed to tenants. On a device that is revoked, or was long
    /// without contact, only what is under way.
    ///
    /// # Errors
    /// As [`App::appointments`].
    pub fn today(&self) -> Result<TodayView, AppError> {
        self.signed_in()?;
        let today = england::day(self.environment.clock.now().utc());
        self.store().read(|reading| {
            let mut view = TodayView {
                appointments: Vec::new(),
                later: Vec::new(),
                earlier: Vec::new(),
                unplanned: reading.open_without_appointment()?.into_iter().map(summary).collect(),
                to_do: Vec::new(),
            };
            let all = self.appointment_views(reading)?;
            if self.standing(reading)? != DeviceStanding::Open {
                view.unplanned.retain(|visit| visit.started);
                view.appointments.extend(all.into_iter().filter(is_under_way));
                return Ok(view);
            }
            view.to_do = to_do(reading)?;
            for appointment in all {
                let open = appointment.visit.as_ref().is_some_and(|visit| visit.outcome.is_none());
                match england::day(appointment.appointment.window_start).cmp(&today) {
                    std::cmp::Ordering::Equal => view.appointments.push(appointment),
                    std::cmp::Ordering::Greater if !open => view.later.push(appointment),
                    _ if open => view.appointments.push(appointment),
                    _ if appointment.visit.is_none() => view.earlier.push(appointment),
                    _ => {}
                }
            }
            Ok(view)
        })
    }

    /// The visitor's own visits, newest first: those of the last days, and all that are still open.
    /// `own_visits_days` says how many days.
    ///
    /// # Errors
    /// As [`App::appointments`].
    pub fn visits(&self) -> Result<Vec<VisitSummary>, AppError> {
        self.signed_in()?;
        self.store().read(|reading| {
            let days = TimeDelta::days(i64::from(self.numbers(reading)?.own_visits_days));
            let since = self.environment.clock.now().unix_ms.saturating_sub(days.num_milliseconds());
            let mut rows = reading.visits_since(since)?;
            if self.standing(reading)? != DeviceStanding::Open {
                rows.retain(|row| row.started && row.outcome.is_none());
            }
            rows.into_iter().map(|row| addressed(reading, row)).collect()
        })
    }

    /// The numbers behind the rules, as they are today in England, the council's own included.
    pub(super) fn numbers(&self, reading: &Reading<'_>) -> Result<Numbers, StoreError> {
        let own = reading.numbers_held()?.unwrap_or_default();
        Ok(Numbers::on(england::day(self.environment.clock.now().utc()), &own))
    }

    fn appointment_views(&self, reading: &Reading<'_>) -> Result<Vec<AppointmentView>, AppError> {
        enrolled(reading)?;
        let numbers = self.numbers(reading)?;
        let view = |appointment: Appointment| {
            let visit = reading.last_visit_to(&appointment.reference)?.map(summary);
            let attempts = attempts_at(reading, &appointment.uprn, &appointment.known_attempts, None)?;
            Ok(AppointmentView { notice: appointment.notice(&numbers), attempts, appointment, visit })
        };
        reading.appointments()?.into_iter().map(view).collect()
    }
}

/// Whether somebody is in the visit of this appointment, or on their way.
fn is_under_way(appointment: &AppointmentView) -> bool {
    appointment.visit.as_ref().is_some_and(|visit| visit.started && visit.outcome.is_none())
}

/// Attempts without access at a property: those that the council knows of, and this device's own.
/// `folded` is a visit that need not be read and folded again.
pub(super) fn attempts_at(
    reading: &Reading<'_>,
    uprn: &Uprn,
    known: &[Attempt],
    folded: Option<&Visit>,
) -> Result<Vec<Attempt>, AppError> {
    let mut own = Vec::new();
    for visit in reading.without_access(uprn)? {
        match folded.filter(|folded| folded.visit == visit) {
            Some(folded) => own.extend(folded.attempt()),
            None => own.extend(fold(visit, &reading.facts(visit)?).attempt()),
        }
    }
    Ok(attempts(known, own))
}

fn to_do(reading: &Reading<'_>) -> Result<Vec<ToDo>, AppError> {
    let owed = reading.to_do()?;
    owed.into_iter()
        .map(|(row, what)| {
            let visit = addressed(reading, row)?;
            Ok(ToDo { visit: visit.visit, what, address: visit.address, since: visit.started_at })
        })
        .collect()
}

fn addressed(reading: &Reading<'_>, row: VisitRow) -> Result<VisitSummary, AppError> {
    let mut view = summary(row);
    if let (None, Some(reference)) = (&view.address, &view.appointment) {
        view.address = reading.appointment(reference)?.map(|appointment| appointment.address_line());
    }
    Ok(view)
}

fn summary(row: VisitRow) -> VisitSummary {
    VisitSummary {
        visit: row.visit,
        appointment: row.appointment,
        started_at: time(row.started_at_ms),
        started: row.started,
        address: row.address,
        outcome: row.outcome,
        entered: row.entered,
    }
}
