//! The list of visits, one visit, and its photos.

use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Utc};
use doorstep_domain::conduct::{Appointment, Basis, Entry, TakenPhoto, Visit};
use doorstep_domain::ledger::Hash;
use doorstep_domain::{StableName, VisitId};
use serde::Serialize;

use super::not_received::{MissingRecords, missing};
use crate::desk::reading;
use crate::export::ListQuery;
use crate::http::PAGE;
use crate::http::authorize::By;
use crate::http::blocking::ask;
use crate::http::extract::{Json, Path, Query};
use crate::http::problem::WebProblem;
use crate::machine::times;
use crate::service::Service;
use crate::storage::{OPEN, Page, PhotoRow, VISITS, VisitRow};

/// A visit in a list. [`VisitDetail`] is the whole of it.
#[derive(Debug, Serialize, schemars::JsonSchema, ts_rs::TS)]
pub(crate) struct VisitListRow {
    /// The visit's id.
    pub(crate) visit: VisitId,
    /// The reference of its appointment; `null` for a visit without one.
    pub(crate) appointment_ref: Option<String>,
    /// When it started, by the device's clock.
    pub(crate) started_at: DateTime<Utc>,
    /// The address of the home.
    pub(crate) address: String,
    /// The tenant's name; empty for a visit without an appointment.
    pub(crate) tenant_name: String,
    /// The kind of visit, as a stable name; `null` when it is not known.
    pub(crate) visit_kind: Option<String>,
    /// The visitor's name; empty if it is not known.
    pub(crate) visitor_name: String,
    /// The organisation that the visitor works for.
    pub(crate) organisation: String,
    /// The visit's outcome, as a stable name; `open` while it goes on.
    pub(crate) outcome: String,
    /// Whether the visitor went in without consent, on another lawful basis.
    pub(crate) lawful_entry: bool,
    /// How many findings there are.
    pub(crate) findings: usize,
}

impl From<&VisitRow> for VisitListRow {
    fn from(row: &VisitRow) -> Self {
        let visit = &row.visit;
        let lawful = |entry: &Entry| matches!(entry.basis, Basis::Lawful { .. });
        Self {
            visit: visit.visit,
            appointment_ref: visit.appointment.as_ref().map(ToString::to_string),
            started_at: times::from_ms(row.columns.started_ms),
            address: row.address(),
            tenant_name: row
                .appointment
                .as_ref()
                .map(|appointment| appointment.tenant_name.clone())
                .unwrap_or_default(),
            visit_kind: visit.visit_kind.map(|kind| kind.name().to_owned()),
            visitor_name: row.columns.visitor_name.clone(),
            organisation: row.columns.organisation.clone(),
            outcome: visit.ending.as_ref().map_or(OPEN, |ending| ending.outcome.name()).to_owned(),
            lawful_entry: visit.entry.as_ref().is_some_and(lawful),
            findings: visit.findings.len(),
        }
    }
}

/// A page of visits.
#[derive(Debug, Serialize, schemars::JsonSchema, ts_rs::TS)]
pub(crate) struct VisitList {
    /// The visits on this page.
    pub(crate) visits: Vec<VisitListRow>,
    /// Records that phones have and the council has not: there may be visits in them.
    pub(crate) missing: Vec<MissingRecords>,
    /// What to ask for to get the next page; `null` on the last.
    pub(crate) next: Option<String>,
    /// The council's clock when this was read.
    pub(crate) as_of: DateTime<Utc>,
}

/// A visit in full.
#[derive(Debug, Serialize, schemars::JsonSchema, ts_rs::TS)]
pub(crate) struct VisitDetail {
    /// The visit, folded from its records.
    pub(crate) visit: Visit,
    /// Its appointment; `null` for a visit without one.
    pub(crate) appointment: Option<Appointment>,
    /// The visitor's name; empty if it is not known.
    pub(crate) visitor_name: String,
    /// The organisation that the visitor works for.
    pub(crate) organisation: String,
    /// When the council received the last of the records shown.
    pub(crate) received_at: DateTime<Utc>,
    /// Its photos. The visit is complete when all of them are held.
    pub(crate) photos: Vec<PhotoOfVisit>,
}

impl VisitDetail {
    /// A visit with the photos that are held of it.
    pub(crate) fn of(row: VisitRow, photos: &[PhotoRow]) -> Self {
        Self {
            photos: row.visit.photos.iter().map(|taken| PhotoOfVisit::of(taken, photos)).collect(),
            visitor_name: row.columns.visitor_name,
            organisation: row.columns.organisation,
            received_at: times::from_ms(row.columns.received_ms),
            appointment: row.appointment,
            visit: row.visit,
        }
    }

    /// The address of the home, on one line.
    pub(crate) fn address(&self) -> String {
        let given = || self.visit.address.clone().unwrap_or_default();
        self.appointment.as_ref().map_or_else(given, Appointment::address_line)
    }
}

/// A photo of a visit, whether or not its picture has arrived.
#[derive(Debug, Serialize, schemars::JsonSchema, ts_rs::TS)]
pub(crate) struct PhotoOfVisit {
    /// What the visit's records say about it.
    #[serde(flatten)]
    pub(crate) taken: TakenPhoto,
    /// Whether the council holds its complete picture.
    pub(crate) held: bool,
    /// Why the picture was refused, as a stable code; `null` when it was not.
    pub(crate) refused: Option<String>,
}

impl PhotoOfVisit {
    pub(crate) fn of(taken: &TakenPhoto, photos: &[PhotoRow]) -> Self {
        let row = photos.iter().find(|row| row.sha256 == taken.photo.sha256);
        Self {
            taken: taken.clone(),
            held: row.is_some_and(|row| row.complete),
            refused: row.and_then(|row| row.refused.clone()),
        }
    }
}

pub(crate) async fn list(
    State(service): State<Service>,
    By(by): By,
    Query(query): Query<ListQuery>,
) -> Result<Json<VisitList>, WebProblem> {
    let order = VISITS.order(query.sort.as_deref(), "-when", query.after.as_deref())?;
    let filter = query.checked(by.firm())?.filter;
    ask(service, move |service| {
        let (Page { rows, next }, missing) = service
            .storage
            .read(|reading| Ok((reading.page_of_visits(&filter, &order, PAGE)?, missing(reading, &by)?)))?;
        let as_of = times::from_ms(service.now_ms());
        Ok(VisitList { visits: rows.iter().map(VisitListRow::from).collect(), missing, next, as_of })
    })
    .await
    .map(Json)
}

pub(crate) async fn show(
    State(service): State<Service>,
    By(by): By,
    Path(visit): Path<String>,
) -> Result<Json<VisitDetail>, WebProblem> {
    let visit: VisitId = visit.parse().map_err(|_| WebProblem::NotFound)?;
    let (row, photos) = ask(service, move |service| reading::visit(service, &by, visit)).await?;
    Ok(Json(VisitDetail::of(row, &photos)))
}

pub(crate) async fn photo(
    State(service): State<Service>,
    By(by): By,
    Path((visit, sha256)): Path<(String, String)>,
) -> Result<Response, WebProblem> {
    let visit: VisitId = visit.parse().map_err(|_| WebProblem::NotFound)?;
    let sha256: Hash = sha256.parse().map_err(|_| WebProblem::NotFound)?;
    let file = ask(service, move |service| reading::photo(service, &by, visit, sha256)).await?;
    Ok(([(header::CONTENT_TYPE, "image/jpeg"), (header::CACHE_CONTROL, "private, no-store")], file).into_response())
}

pub(crate) async fn organisations(State(service): State<Service>, By(by): By) -> Result<Json<Vec<String>>, WebProblem> {
    match by.firm() {
        Some(own) => Ok(Json(vec![own.to_owned()])),
        None => ask(service, |service| service.storage.read(|reading| reading.organisation_names())).await.map(Json),
    }
}
