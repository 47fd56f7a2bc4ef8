//! Appointments at the desk: the list, tables with a preview, one by one from a housing system, given to somebody else, called
//! off. Phones learn of each at their next contact.

use std::collections::BTreeMap;

use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Utc};
use doorstep_domain::conduct::Appointment;
use doorstep_domain::{AppointmentRef, VisitId};
use serde::{Deserialize, Serialize};

use crate::access::seats::System;
use crate::error::CouncilError;
use crate::http::console::sign_in::SignedIn;
use crate::http::extract::{Json, Path, Query};
use crate::http::{WebProblem, ask};
use crate::import::{Imported, RowFault, Taking};
use crate::machine::times;
use crate::service::Service;
use crate::storage::{APPOINTMENTS, AppointmentFilter, AppointmentRow, Kept, Reading};

/// Appointments on a page.
const PAGE: usize = 50;
/// Characters of a reason.
const LONGEST_REASON: usize = 500;

/// An appointment in the list.
#[derive(Debug, Serialize, schemars::JsonSchema)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub(crate) struct AppointmentListRow {
    /// What is planned.
    pub(crate) appointment: Appointment,
    /// The name of who goes.
    pub(crate) assigned_name: String,
    /// The visit that came of it.
    pub(crate) visit: Option<VisitId>,
    /// How the visit ended, as a stable name; `open` while it goes on, `null` where there is none.
    pub(crate) outcome: Option<String>,
    /// When the council called it off.
    pub(crate) cancelled_at: Option<DateTime<Utc>>,
    /// Why.
    pub(crate) cancelled_because: Option<String>,
}

/// Somebody who visits.
#[derive(Debug, Serialize, schemars::JsonSchema)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub(crate) struct Visitor {
    /// The user name.
    pub(crate) user: String,
    /// The name.
    pub(crate) name: String,
    /// For whom they work.
    pub(crate) organisation: String,
}

/// A page of appointments.
#[derive(Debug, Serialize, schemars::JsonSchema)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub(crate) struct AppointmentList {
    /// The rows, by the start of their window where nothing else was asked for.
    pub(crate) appointments: Vec<AppointmentListRow>,
    /// What to ask for to get the next page; `null` on the last.
    pub(crate) next: Option<String>,
    /// Who can be sent.
    pub(crate) visitors: Vec<Visitor>,
    /// Whether whoever asks may take tables in.
    pub(crate) may_import: bool,
    /// Whether whoever asks may give appointments to others and call them off.
    pub(crate) may_change: bool,
    /// The council's clock when this was read.
    pub(crate) as_of: DateTime<Utc>,
}

/// Filters as the address bar holds them. A date is a day in England.
#[derive(Debug, Default, Deserialize, schemars::JsonSchema)]
#[serde(default)]
pub(crate) struct Wanted {
    from: Option<String>,
    to: Option<String>,
    organisation: Option<String>,
    q: Option<String>,
    /// `when`, `where` or `who`; with `-` before it the other way round.
    sort: Option<String>,
    after: Option<String>,
}

impl Wanted {
    fn filter(self, bound_to: Option<String>) -> Result<AppointmentFilter, CouncilError> {
        let said = |text: Option<String>| text.filter(|text| !text.is_empty());
        let day = |text: Option<String>| {
            said(text).map(|text| times::start_of(&text).ok_or(CouncilError::NotADate(text))).transpose()
        };
        Ok(AppointmentFilter {
            organisation: bound_to.or_else(|| said(self.organisation)),
            from_ms: day(self.from)?,
            to_ms: day(self.to)?.map(times::end_of_day),
            words: said(self.q),
        })
    }
}

pub(crate) async fn list(
    State(service): State<Service>,
    person: SignedIn,
    Query(wanted): Query<Wanted>,
) -> Result<Json<AppointmentList>, WebProblem> {
    let firm = person.bound_to();
    let order = APPOINTMENTS.order(wanted.sort.as_deref(), "when", wanted.after.as_deref())?;
    let filter = wanted.filter(firm.clone())?;
    ask(service, move |service| {
        let now_ms = service.environment.clock.now_ms();
        service.storage.read(|reading| {
            let page = reading.appointments(&filter, &order, PAGE)?;
            Ok(AppointmentList {
                appointments: page.rows.into_iter().map(|row| shown(reading, row)).collect::<Result<_, _>>()?,
                next: page.next,
                visitors: visitors(reading, firm.as_deref())?,
                may_import: crate::access::seats::PLANNERS.lets_in(person.seat()),
                may_change: crate::access::seats::SENDERS.lets_in(person.seat()),
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
        outcome: visit.as_ref().map(|(_, outcome)| outcome.clone().unwrap_or_else(|| "open".to_owned())),
        visit: visit.map(|(visit, _)| visit),
        assigned_name: row.assigned_name,
        appointment: row.appointment,
        cancelled_at: cancelled_ms.map(times::from_ms),
        cancelled_because,
    })
}

/// Who can be sent, of one firm or of all.
pub(super) fn visitors(reading: &Reading<'_>, firm: Option<&str>) -> Result<Vec<Visitor>, CouncilError> {
    let visitor = |(user, name, organisation)| Visitor { user, name, organisation };
    Ok(reading.visitors(firm)?.into_iter().map(visitor).collect())
}

/// What taking a table in would come to. Nothing is changed.
pub(crate) async fn preview(
    State(service): State<Service>,
    person: SignedIn,
    table: Bytes,
) -> Result<Json<Imported>, WebProblem> {
    take_in(service, person, table, Taking::Nothing).await
}

/// Which rows of a table to take.
#[derive(Debug, Deserialize, schemars::JsonSchema)]
pub(crate) struct Rows {
    #[serde(default)]
    only_good: bool,
}

/// Takes a table in: all of it or nothing, or the good rows alone.
pub(crate) async fn import(
    State(service): State<Service>,
    person: SignedIn,
    Query(rows): Query<Rows>,
    table: Bytes,
) -> Result<Json<Imported>, WebProblem> {
    take_in(service, person, table, if rows.only_good { Taking::OnlyGood } else { Taking::AllOrNothing }).await
}

async fn take_in(
    service: Service,
    person: SignedIn,
    table: Bytes,
    taking: Taking,
) -> Result<Json<Imported>, WebProblem> {
    if table.is_empty() {
        return Err(WebProblem::BadRequest("There is no table in the request."));
    }
    ask(service, move |service| service.import_appointments(&table, taking, &person.0.user_name)).await.map(Json)
}

/// What a housing system is told.
#[derive(Debug, Serialize, schemars::JsonSchema)]
pub(crate) struct Put {
    /// `added`, `updated` or `unchanged`.
    kept: &'static str,
    /// What is wrong, column by column; nothing was changed then.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    faults: Vec<RowFault>,
}

/// One appointment from a housing system, by the columns of the table.
pub(crate) async fn put(
    State(service): State<Service>,
    System(system): System,
    Path(reference): Path<String>,
    Json(values): Json<BTreeMap<String, String>>,
) -> Result<Response, WebProblem> {
    let put = ask(service, move |service| service.put_appointment(&reference, &values, &system)).await?;
    Ok(match put {
        Ok(Kept::Added) => (StatusCode::CREATED, Json(Put { kept: "added", faults: Vec::new() })),
        Ok(Kept::Updated) => (StatusCode::OK, Json(Put { kept: "updated", faults: Vec::new() })),
        Ok(Kept::Unchanged) => (StatusCode::OK, Json(Put { kept: "unchanged", faults: Vec::new() })),
        Err(faults) => (StatusCode::UNPROCESSABLE_ENTITY, Json(Put { kept: "nothing", faults })),
    }
    .into_response())
}

/// What is changed about an appointment.
#[derive(Debug, Deserialize, schemars::JsonSchema)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case", tag = "action")]
pub(crate) enum AppointmentChange {
    /// Somebody else goes.
    Reassign {
        /// Their user name.
        user: String,
    },
    /// It does not go ahead. Telling the tenant is clause 3.2's.
    Cancel {
        /// Why, in words.
        because: String,
    },
}

pub(crate) async fn change(
    State(service): State<Service>,
    person: SignedIn,
    Path(reference): Path<String>,
    Json(change): Json<AppointmentChange>,
) -> Result<Json<AppointmentListRow>, WebProblem> {
    let reference: AppointmentRef = reference.parse().map_err(|_| WebProblem::NotFound)?;
    let firm = person.bound_to();
    let changed = ask(service, move |service| {
        let now_ms = service.environment.clock.now_ms();
        let by = &person.0.user_name;
        service.storage.transact(&service.environment, |writing| {
            let theirs = |row: &AppointmentRow| firm.as_ref().is_none_or(|firm| row.appointment.organisation == *firm);
            let Some(row) = writing.appointment(&reference)?.filter(theirs) else { return Ok(None) };
            let action = match &change {
                AppointmentChange::Reassign { user } => {
                    let of_theirs = |to: &crate::storage::Person| {
                        !to.role.uses_the_console() && firm.as_ref().is_none_or(|firm| to.organisation.name == *firm)
                    };
                    let Some(to) = writing.person_by_name(user)?.filter(of_theirs) else {
                        return Ok(Some(Err("Nobody of that name can be sent. Nothing was changed.")));
                    };
                    let mut appointment = row.appointment;
                    appointment.assigned_to.clone_from(&to.user_name);
                    appointment.organisation.clone_from(&to.organisation.name);
                    writing.keep_appointment(&appointment, to.id)?;
                    "appointment_reassigned"
                }
                AppointmentChange::Cancel { because } => {
                    let because = because.trim();
                    if because.is_empty() || because.chars().count() > LONGEST_REASON {
                        return Ok(Some(Err("Say why, in up to 500 characters. Nothing was changed.")));
                    }
                    writing.cancel_appointment(&reference, now_ms, because)?;
                    "appointment_cancelled"
                }
            };
            writing.audit(now_ms, by, action, &serde_json::json!({ "appointment": reference.as_str() }))?;
            let row = writing.appointment(&reference)?.ok_or(CouncilError::Unreadable("appointment"))?;
            Ok(Some(Ok(shown(writing, row)?)))
        })
    })
    .await?;
    changed.ok_or(WebProblem::NotFound)?.map(Json).map_err(|why| WebProblem::NotTaken(why.to_owned()))
}
