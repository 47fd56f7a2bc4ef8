//! Today, the list of visits, one visit.

use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use doorstep_domain::conduct::Appointment;
use doorstep_domain::ledger::Hash;
use doorstep_domain::{StableName, VisitId};

use crate::export::Selection;
use crate::http::console::reports::missing;
use crate::http::console::sign_in::SignedIn;
use crate::http::console::views::{
    AsideRecords, MissingRecords, OutcomeCount, Planned, TodayBoard, VisitDetail, VisitList, VisitListRow,
};
use crate::http::extract::{Json, Path, Query};
use crate::http::{WebProblem, ask};
use crate::machine::times;
use crate::service::Service;
use crate::storage::{Filter, Page, VISITS};

/// Visits on a page.
const PAGE: usize = 50;
/// Visits of one day that are looked through for what to look at.
const MOST_OF_A_DAY: usize = 2_000;

pub(crate) async fn list(
    State(service): State<Service>,
    person: SignedIn,
    Query(wanted): Query<Selection>,
) -> Result<Json<VisitList>, WebProblem> {
    let of_the_council = person.bound_to().is_none();
    let order = VISITS.order(wanted.sort.as_deref(), "-when", wanted.after.as_deref())?;
    let filter = wanted.chosen(person.bound_to())?.filter;
    ask(service, move |service| {
        let (Page { rows, next }, missing) = service
            .storage
            .read(|reading| Ok((reading.page_of_visits(&filter, &order, PAGE)?, missing(reading, of_the_council)?)))?;
        let as_of = times::from_ms(service.environment.clock.now_ms());
        Ok(VisitList { visits: rows.iter().map(VisitListRow::from).collect(), missing, next, as_of })
    })
    .await
    .map(Json)
}

/// A visit whole. That it was read is in the audit log: it tells of a tenant. Clause 5.2.
pub(crate) async fn show(
    State(service): State<Service>,
    person: SignedIn,
    Path(visit): Path<String>,
) -> Result<Json<VisitDetail>, WebProblem> {
    let visit: VisitId = visit.parse().map_err(|_| WebProblem::NotFound)?;
    let bound_to = person.bound_to();
    let found = ask(service, move |service| {
        let found = service.storage.read(|reading| {
            let Some(row) = reading.visit(visit, bound_to.as_deref())? else { return Ok(None) };
            Ok(Some((row, reading.photos_of(visit)?)))
        })?;
        if found.is_some() {
            let now_ms = service.environment.clock.now_ms();
            let detail = serde_json::json!({ "visit": visit });
            service.storage.transact(&service.environment, |writing| {
                writing.audit(now_ms, &person.0.user_name, "visit_read", &detail)
            })?;
        }
        Ok(found)
    })
    .await?;
    let (row, photos) = found.ok_or(WebProblem::NotFound)?;
    Ok(Json(VisitDetail::of(row, &photos)))
}

/// A photo, for those who may see its visit. That it was looked at is in the audit log: it shows a home.
pub(crate) async fn photo(
    State(service): State<Service>,
    person: SignedIn,
    Path((visit, sha256)): Path<(String, String)>,
) -> Result<Response, WebProblem> {
    let visit: VisitId = visit.parse().map_err(|_| WebProblem::NotFound)?;
    let sha256: Hash = sha256.parse().map_err(|_| WebProblem::NotFound)?;
    let bound_to = person.bound_to();
    let file = ask(service, move |service| {
        let now_ms = service.environment.clock.now_ms();
        let here = service.storage.read(|reading| {
            let theirs = reading.visit(visit, bound_to.as_deref())?.is_some();
            Ok(theirs && reading.photos_of(visit)?.iter().any(|photo| photo.sha256 == sha256 && photo.complete))
        })?;
        if !here {
            return Ok(None);
        }
        let detail = serde_json::json!({ "visit": visit, "photo": sha256 });
        service.storage.transact(&service.environment, |writing| {
            writing.audit(now_ms, &person.0.user_name, "photo_opened", &detail)
        })?;
        service.album.read(sha256)
    })
    .await?
    .ok_or(WebProblem::NotFound)?;
    Ok(([(header::CONTENT_TYPE, "image/jpeg"), (header::CACHE_CONTROL, "private, no-store")], file).into_response())
}

pub(crate) async fn organisations(
    State(service): State<Service>,
    person: SignedIn,
) -> Result<Json<Vec<String>>, WebProblem> {
    match person.bound_to() {
        Some(own) => Ok(Json(vec![own])),
        None => ask(service, |service| service.storage.read(|reading| reading.organisation_names())).await.map(Json),
    }
}

pub(crate) async fn today(State(service): State<Service>, person: SignedIn) -> Result<Json<TodayBoard>, WebProblem> {
    let bound_to = person.bound_to();
    ask(service, move |service| board(service, bound_to)).await.map(Json)
}

fn board(service: &Service, bound_to: Option<String>) -> Result<TodayBoard, crate::error::CouncilError> {
    let now_ms = service.environment.clock.now_ms();
    let (from_ms, to_ms) = times::day_of(now_ms);
    let organisation = bound_to.as_deref();
    let of_today =
        Filter { organisation: bound_to.clone(), from_ms: Some(from_ms), to_ms: Some(to_ms), ..Filter::default() };
    service.storage.read(|reading| {
        let visits = reading.visits(&of_today, MOST_OF_A_DAY)?;
        let rows: Vec<VisitListRow> = visits.iter().map(VisitListRow::from).collect();
        let mut planned = Vec::new();
        for appointment in reading.appointments_between(from_ms, to_ms, organisation)? {
            if reading.visit_to(&appointment.reference)?.is_none() {
                planned.push(planned_row(&appointment, now_ms));
            }
        }
        // What is amiss with phones, and cases, are for the council's own people.
        let (missing, aside, (cases_open, cases_late)) = match organisation {
            Some(_) => (Vec::new(), Vec::new(), (0, 0)),
            None => (reading.missing()?, reading.aside_counts()?, reading.case_counts(now_ms)?),
        };
        let (under_way, ended): (Vec<_>, Vec<_>) = rows.into_iter().partition(|row| row.outcome == "open");
        Ok(TodayBoard {
            day: times::day(now_ms).to_string(),
            outcomes: reading
                .outcomes(from_ms, to_ms, organisation)?
                .into_iter()
                .map(|(outcome, visits)| OutcomeCount { outcome, visits })
                .collect(),
            planned,
            under_way,
            to_look_at: ended
                .into_iter()
                .filter(|row| row.lawful_entry || row.findings > 0 || row.outcome == "entry_refused")
                .collect(),
            missing: missing.into_iter().map(MissingRecords::from).collect(),
            set_aside: aside.into_iter().map(AsideRecords::from).collect(),
            cases_open,
            cases_late,
            as_of: times::from_ms(now_ms),
        })
    })
}

fn planned_row(appointment: &Appointment, now_ms: i64) -> Planned {
    Planned {
        reference: appointment.reference.to_string(),
        window_start: appointment.window_start,
        window_end: appointment.window_end,
        address: appointment.address_line(),
        assigned_to: appointment.assigned_to.clone(),
        visit_kind: appointment.visit_kind.name().to_owned(),
        late: appointment.window_end.timestamp_millis() < now_ms,
    }
}
