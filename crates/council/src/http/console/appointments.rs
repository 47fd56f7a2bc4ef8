//! Appointments: listing them, importing a table with a preview, giving one to another visitor, and
//! calling one off.

use axum::extract::State;
use chrono::{DateTime, Utc};
use doorstep_domain::conduct::Appointment;
use doorstep_domain::{AppointmentRef, VisitId};
use serde::{Deserialize, Serialize};

use crate::desk::appointments::{self, AppointmentChange};
use crate::error::CouncilError;
use crate::http::PAGE;
use crate::http::authorize::{By, PLANNERS, SENDERS};
use crate::http::blocking::ask;
use crate::http::extract::{Json, Path, Query, Table, said};
use crate::http::problem::WebProblem;
use crate::import::{self, ImportMode, Imported};
use crate::machine::times;
use crate::refused::Refused;
use crate::service::Service;
use crate::storage::{APPOINTMENTS, AppointmentFilter, AppointmentRow, OPEN, Reading};

/// An appointment in the list, with how its visit stands and whether it was called off.
#[derive(Debug, Serialize, schemars::JsonSchema, ts_rs::TS)]
pub(crate) struct AppointmentListRow {
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
}

/// A person who visits tenants.
#[derive(Debug, Serialize, schemars::JsonSchema, ts_rs::TS)]
pub(crate) struct Visitor {
    /// The user name.
    pub(crate) user: String,
    /// The name, as people read it.
    pub(crate) name: String,
    /// The organisation that they work for.
    pub(crate) organisation: String,
}

/// A page of appointments.
#[derive(Debug, Serialize, schemars::JsonSchema, ts_rs::TS)]
pub(crate) struct AppointmentList {
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

/// The filters in the page's address. A date is a day in England.
#[derive(Debug, Default, Deserialize, schemars::JsonSchema)]
#[serde(default)]
pub(crate) struct AppointmentQuery {
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

pub(crate) async fn list(
    State(service): State<Service>,
    By(by): By,
    Query(query): Query<AppointmentQuery>,
) -> Result<Json<AppointmentList>, WebProblem> {
    let order = APPOINTMENTS.order(query.sort.as_deref(), "when", query.after.as_deref())?;
    let filter = query.filter(by.firm())?;
    ask(service, move |service| {
        let now_ms = service.now_ms();
        service.storage.read(|reading| {
            let page = reading.appointments(&filter, &order, PAGE)?;
            Ok(AppointmentList {
                appointments: page.rows.into_iter().map(|row| shown(reading, row)).collect::<Result<_, _>>()?,
                next: page.next,
                visitors: visitors(reading, by.firm())?,
                may_import: PLANNERS.admits(&by),
                may_change: SENDERS.admits(&by),
                as_of: times::from_ms(now_ms),
            })
        })
    })
    .await
    .map(Json)
}

fn shown(reading: &Reading<'_>, row: AppointmentRow) -> Result<AppointmentListRow, CouncilError> {
    let visit = reading.visit_to(&row.appointment.reference)?;
    let (cancelled_ms, cancelled_because) = row.cancelled.unzip();
    Ok(AppointmentListRow {
        outcome: visit.as_ref().map(|(_, outcome)| outcome.clone().unwrap_or_else(|| OPEN.to_owned())),
        visit: visit.map(|(visit, _)| visit),
        assigned_name: row.assigned_name,
        appointment: row.appointment,
        cancelled_at: cancelled_ms.map(times::from_ms),
        cancelled_because,
    })
}

/// The visitors who can be sent: those of one firm, or all.
pub(super) fn visitors(reading: &Reading<'_>, firm: Option<&str>) -> Result<Vec<Visitor>, CouncilError> {
    let visitor = |(user, name, organisation)| Visitor { user, name, organisation };
    Ok(reading.visitors(firm)?.into_iter().map(visitor).collect())
}

/// Shows what importing a table would do. Changes nothing.
pub(crate) async fn preview(
    State(service): State<Service>,
    By(by): By,
    Table(table): Table,
) -> Result<Json<Imported>, WebProblem> {
    ask(service, move |service| import::appointments(service, &by, &table, ImportMode::Preview)).await.map(Json)
}

/// Which rows of a table to import: with `only_good`, the rows without faults.
#[derive(Debug, Deserialize, schemars::JsonSchema)]
pub(crate) struct ImportQuery {
    #[serde(default)]
    only_good: bool,
}

/// Imports a table: all rows or none, or only the rows without faults.
pub(crate) async fn import(
    State(service): State<Service>,
    By(by): By,
    Query(ImportQuery { only_good }): Query<ImportQuery>,
    Table(table): Table,
) -> Result<Json<Imported>, WebProblem> {
    let mode = if only_good { ImportMode::GoodRowsOnly } else { ImportMode::AllOrNothing };
    ask(service, move |service| import::appointments(service, &by, &table, mode)).await.map(Json)
}

pub(crate) async fn change(
    State(service): State<Service>,
    By(by): By,
    Path(reference): Path<String>,
    Json(change): Json<AppointmentChange>,
) -> Result<Json<AppointmentListRow>, WebProblem> {
    let reference: AppointmentRef = reference.parse().map_err(|_| WebProblem::NotFound)?;
    ask(service, move |service| {
        appointments::change(service, &by, &reference, &change)?;
        service.storage.read(|reading| shown(reading, reading.appointment(&reference)?.ok_or(Refused::NotFound)?))
    })
    .await
    .map(Json)
}
