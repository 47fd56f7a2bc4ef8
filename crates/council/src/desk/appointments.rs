//! Appointments: listing them, giving one to another visitor, and calling one off. Phones learn of
//! a change at their next contact.

use chrono::{DateTime, Utc};
use doorstep_domain::conduct::Appointment;
use doorstep_domain::{AppointmentRef, VisitId};
use serde::{Deserialize, Serialize};

use super::{Actor, PAGE, reason, said};
use crate::access::roles::{PLANNERS, SENDERS};
use crate::error::CouncilError;
use crate::machine::times;
use crate::refused::Refused;
use crate::service::Service;
use crate::storage::{APPOINTMENTS, AppointmentFilter, AppointmentRow, Audited, OPEN, Person, Reading, Writing};

/// An appointment in the list, with how its visit stands and whether it was called off.
#[derive(Debug, Serialize, schemars::JsonSchema, ts_rs::TS)]
pub struct AppointmentListRow {
    /// The appointment itself.
    pub(crate) appointment: Appointment,
    /// The visitor's name.
    pub(crate) assigned_name: String,
    /// The visit for this appointment; `null` until it has started.
    pub(crate) visit: Option<VisitId>,
    /// How the visit ended, as a stable name; `open` while it goes on, `null` without a visit.
    pub(crate) outcome: Option<String>,
    /// When it was called off; `null` when it was not.
    pub(crate) cancelled_at: Option<DateTime<Utc>>,
    /// Why it was called off; `null` when it was not.
    pub(crate) cancelled_because: Option<String>,
    /// Whether it can still be given to somebody else, or called off.
    pub(crate) open_to_change: bool,
}

/// A person who visits tenants.
#[derive(Debug, Serialize, schemars::JsonSchema, ts_rs::TS)]
pub struct Visitor {
    /// The user name.
    pub(crate) user: String,
    /// The name, as people read it.
    pub(crate) name: String,
    /// The organisation that they work for.
    pub(crate) organisation: String,
}

/// A page of appointments.
#[derive(Debug, Serialize, schemars::JsonSchema, ts_rs::TS)]
pub struct AppointmentList {
    /// The appointments on this page. Unless another order is asked for, they are in order of the
    /// start of their window.
    pub(crate) appointments: Vec<AppointmentListRow>,
    /// What to ask for to get the next page; `null` on the last.
    pub(crate) next: Option<String>,
    /// The visitors who can be sent.
    pub(crate) visitors: Vec<Visitor>,
    /// Whether this person may import tables.
    pub(crate) may_import: bool,
    /// Whether this person may give appointments to other visitors, and call them off.
    pub(crate) may_change: bool,
    /// The council's clock when this was read.
    pub(crate) as_of: DateTime<Utc>,
}

/// Which appointments to list, and in which order. A date is a day in England.
#[derive(Debug, Default, Deserialize, schemars::JsonSchema)]
#[serde(default)]
pub struct AppointmentQuery {
    from: Option<String>,
    to: Option<String>,
    organisation: Option<String>,
    q: Option<String>,
    /// `when`, `where` or `who`. A `-` in front reverses the order.
    sort: Option<String>,
    after: Option<String>,
}

impl AppointmentQuery {
    fn filter(self, firm: Option<&str>) -> Result<AppointmentFilter, Refused> {
        let day = |text: Option<String>| {
            said(text).map(|text| times::start_of(&text).ok_or(Refused::NotADate(text))).transpose()
        };
        Ok(AppointmentFilter {
            organisation: firm.map(str::to_owned).or_else(|| said(self.organisation)),
            from_ms: day(self.from)?,
            to_ms: day(self.to)?.map(times::end_of_day),
            words: said(self.q),
        })
    }
}

fn shown(reading: &Reading<'_>, row: AppointmentRow) -> Result<AppointmentListRow, CouncilError> {
    let visit = reading.visit_to(&row.appointment.reference)?;
    let open_to_change = can_change(&row, visit.is_some()).is_ok();
    let (cancelled_ms, cancelled_because) = row.cancelled.unzip();
    Ok(AppointmentListRow {
        outcome: visit.as_ref().map(|(_, outcome)| outcome.clone().unwrap_or_else(|| OPEN.to_owned())),
        visit: visit.map(|(visit, _)| visit),
        assigned_name: row.assigned_name,
        appointment: row.appointment,
        cancelled_at: cancelled_ms.map(times::from_ms),
        cancelled_because,
        open_to_change,
    })
}

/// The visitors who can be sent: those of one firm, or all.
pub(super) fn visitors(reading: &Reading<'_>, firm: Option<&str>) -> Result<Vec<Visitor>, CouncilError> {
    let visitor = |(user, name, organisation)| Visitor { user, name, organisation };
    Ok(reading.visitors(firm)?.into_iter().map(visitor).collect())
}

/// A page of appointments. People at a firm see only their firm's.
///
/// # Errors
/// [`Refused::NotADate`] or [`Refused::NoSuchPage`] when a filter, the order or the place can't be
/// read.
pub fn list(service: &Service, by: &Actor, query: AppointmentQuery) -> Result<AppointmentList, CouncilError> {
    let order = APPOINTMENTS.order(query.sort.as_deref(), "when", query.after.as_deref())?;
    by.looked_for(service, "appointments", query.q.as_deref())?;
    let filter = query.filter(by.firm())?;
    service.storage.read(|reading| {
        let page = reading.appointments(&filter, &order, PAGE)?;
        Ok(AppointmentList {
            appointments: page.rows.into_iter().map(|row| shown(reading, row)).collect::<Result<_, _>>()?,
            next: page.next,
            visitors: visitors(reading, by.firm())?,
            may_import: by.may_act_as(PLANNERS),
            may_change: by.may_act_as(SENDERS),
            as_of: times::from_ms(service.now_ms()),
        })
    })
}

/// What somebody at a desk can change about an appointment.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, schemars::JsonSchema, Serialize, ts_rs::TS)]
#[serde(rename_all = "snake_case", tag = "action")]
pub enum AppointmentChange {
    /// Gives the appointment to another visitor.
    Reassign {
        /// Their user name.
        user: String,
    },
    /// Calls the appointment off. This does not tell the tenant, which clause 3.2 asks for.
    Cancel {
        /// The reason, in up to 500 characters.
        because: String,
    },
}

/// Changes an appointment, and returns it as it is afterwards. People at a firm can only change
/// their firm's appointments, and can only give them to their firm's visitors.
///
/// # Errors
/// [`Refused::NotFound`], [`Refused::NobodyToSend`], [`Refused::NoReason`], or
/// [`Refused::VisitHasBegun`] or [`Refused::CalledOff`] when it can't be changed any more. After an
/// error, nothing has changed.
pub fn change(
    service: &Service,
    by: &Actor,
    reference: &AppointmentRef,
    change: &AppointmentChange,
) -> Result<AppointmentListRow, CouncilError> {
    let now_ms = service.now_ms();
    service.transact(|writing| {
        let theirs = |row: &AppointmentRow| by.firm().is_none_or(|firm| row.appointment.organisation == firm);
        let row = writing.appointment(reference)?.filter(theirs).ok_or(Refused::NotFound)?;
        can_change(&row, writing.visit_to(reference)?.is_some())?;
        match change {
            AppointmentChange::Reassign { user } => {
                reassign(writing, by, row, user)?;
                writing.audit(now_ms, by.name(), &Audited::AppointmentReassigned { appointment: reference })?;
            }
            AppointmentChange::Cancel { because } => {
                let because = reason(because)?;
                writing.cancel_appointment(reference, now_ms, because)?;
                writing.audit(now_ms, by.name(), &Audited::AppointmentCancelled { appointment: reference })?;
            }
        }
        shown(writing, writing.appointment(reference)?.ok_or(Refused::NotFound)?)
    })
}

/// Whether an appointment can still be changed.
fn can_change(row: &AppointmentRow, has_visit: bool) -> Result<(), Refused> {
    if has_visit {
        return Err(Refused::VisitHasBegun);
    }
    if row.cancelled.is_some() { Err(Refused::CalledOff) } else { Ok(()) }
}

fn reassign(writing: &Writing<'_>, by: &Actor, row: AppointmentRow, user: &str) -> Result<(), CouncilError> {
    let can_be_sent =
        |to: &Person| !to.role.uses_the_console() && by.firm().is_none_or(|firm| to.organisation.name == firm);
    let to = writing.person_by_name(user)?.filter(can_be_sent).ok_or(Refused::NobodyToSend)?;
    let mut appointment = row.appointment;
    appointment.assigned_to.clone_from(&to.user_name);
    appointment.organisation.clone_from(&to.organisation.name);
    writing.keep_appointment(&appointment, to.id)?;
    Ok(())
}
