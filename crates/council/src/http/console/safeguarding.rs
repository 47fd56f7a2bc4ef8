//! Safeguarding notes, for the leads alone. To anybody else these addresses do not exist. Each
//! reading is noted, where leads alone see it.

use axum::extract::State;
use chrono::{DateTime, Utc};
use doorstep_domain::{RecordId, VisitId};
use serde::{Deserialize, Serialize};

use crate::desk::reading;
use crate::http::PAGE;
use crate::http::authorize::By;
use crate::http::blocking::ask;
use crate::http::extract::{Json, Path, Query};
use crate::http::problem::WebProblem;
use crate::machine::times;
use crate::service::Service;
use crate::storage::{NOTES, NoteReading, SealedRow};

/// A page of safeguarding notes, newest first.
#[derive(Debug, Serialize, schemars::JsonSchema, ts_rs::TS)]
pub(crate) struct SafeguardingList {
    /// The notes.
    pub(crate) notes: Vec<SafeguardingRow>,
    /// What to ask for to get the next page; `null` on the last.
    pub(crate) next: Option<String>,
}

/// A safeguarding note in the lead's list.
#[derive(Debug, Serialize, schemars::JsonSchema, ts_rs::TS)]
pub(crate) struct SafeguardingRow {
    /// The record.
    pub(crate) record: String,
    /// The visit.
    pub(crate) visit: VisitId,
    /// When it was seen or heard, by the device's clock.
    pub(crate) recorded_at: DateTime<Utc>,
    /// When the council had it.
    pub(crate) received_at: DateTime<Utc>,
    /// Where, as far as the visit is here.
    pub(crate) address: String,
    /// Who wrote it.
    pub(crate) visitor_name: String,
    /// Who read it, first to last.
    pub(crate) read: Vec<NoteRead>,
}

/// That somebody read a safeguarding note.
#[derive(Debug, Serialize, schemars::JsonSchema, ts_rs::TS)]
pub(crate) struct NoteRead {
    /// The user name.
    pub(crate) user: String,
    /// The council's clock.
    pub(crate) at: DateTime<Utc>,
}

/// A safeguarding note, opened.
#[derive(Debug, Serialize, schemars::JsonSchema, ts_rs::TS)]
pub(crate) struct OpenedNote {
    /// The note; `null` when it was sealed to other keys.
    pub(crate) note: Option<String>,
}

/// Which page, as the address bar holds it.
#[derive(Debug, Default, Deserialize, schemars::JsonSchema)]
#[serde(default)]
pub(crate) struct NoteQuery {
    /// `received` or, the last to come first, `-received`.
    sort: Option<String>,
    after: Option<String>,
}

impl SafeguardingRow {
    fn of((row, readings): (SealedRow, Vec<NoteReading>)) -> Self {
        let read = |NoteReading { user_name, at_ms }| NoteRead { user: user_name, at: times::from_ms(at_ms) };
        Self {
            record: row.sealed.record.to_string(),
            visit: row.sealed.visit,
            recorded_at: times::from_ms(row.sealed.recorded_ms),
            received_at: times::from_ms(row.sealed.received_ms),
            address: row.address,
            visitor_name: row.visitor_name,
            read: readings.into_iter().map(read).collect(),
        }
    }
}

pub(crate) async fn list(
    State(service): State<Service>,
    By(by): By,
    Query(query): Query<NoteQuery>,
) -> Result<Json<SafeguardingList>, WebProblem> {
    let order = NOTES.order(query.sort.as_deref(), "-received", query.after.as_deref())?;
    let page = ask(service, move |service| reading::safeguarding_notes(service, &by, &order, PAGE)).await?;
    Ok(Json(SafeguardingList { notes: page.rows.into_iter().map(SafeguardingRow::of).collect(), next: page.next }))
}

pub(crate) async fn open(
    State(service): State<Service>,
    By(by): By,
    Path(record): Path<String>,
) -> Result<Json<OpenedNote>, WebProblem> {
    let record: RecordId = record.parse().map_err(|_| WebProblem::NotFound)?;
    let note = ask(service, move |service| reading::safeguarding_note(service, &by, record)).await?;
    Ok(Json(OpenedNote { note: note.map(|note| note.to_string()) }))
}
