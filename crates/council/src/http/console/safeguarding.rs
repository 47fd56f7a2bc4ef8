//! Safeguarding notes, only for safeguarding leads. For other people the answer is 404. Each
//! reading is noted, and only leads see who read a note.

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

/// A page of safeguarding notes, newest first unless another order is asked for.
#[derive(Debug, Serialize, schemars::JsonSchema, ts_rs::TS)]
pub(crate) struct SafeguardingList {
    /// The notes on this page, still sealed.
    pub(crate) notes: Vec<SafeguardingRow>,
    /// What to ask for to get the next page; `null` on the last.
    pub(crate) next: Option<String>,
}

/// A safeguarding note in the lead's list.
#[derive(Debug, Serialize, schemars::JsonSchema, ts_rs::TS)]
pub(crate) struct SafeguardingRow {
    /// The record's id.
    pub(crate) record: String,
    /// The visit that it belongs to.
    pub(crate) visit: VisitId,
    /// When it was recorded, by the device's clock.
    pub(crate) recorded_at: DateTime<Utc>,
    /// When the council received it.
    pub(crate) received_at: DateTime<Utc>,
    /// The address, as far as the visit's records have arrived.
    pub(crate) address: String,
    /// The name of the visitor who wrote it.
    pub(crate) visitor_name: String,
    /// Who has read it, oldest reading first.
    pub(crate) read: Vec<NoteRead>,
}

/// One reading of a safeguarding note.
#[derive(Debug, Serialize, schemars::JsonSchema, ts_rs::TS)]
pub(crate) struct NoteRead {
    /// The user name of the lead who read it.
    pub(crate) user: String,
    /// When it was read, by the council's clock.
    pub(crate) at: DateTime<Utc>,
}

/// A safeguarding note, opened.
#[derive(Debug, Serialize, schemars::JsonSchema, ts_rs::TS)]
pub(crate) struct OpenedNote {
    /// The note; `null` when it was sealed to other keys.
    pub(crate) note: Option<String>,
}

/// The order and the place in the list, from the page's address.
#[derive(Debug, Default, Deserialize, schemars::JsonSchema)]
#[serde(default)]
pub(crate) struct NoteQuery {
    /// `received` for the oldest first, or `-received` for the newest first.
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
