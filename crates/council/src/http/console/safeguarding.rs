//! Safeguarding notes, for the leads alone. To anybody else these addresses do not exist. Each reading is noted, where
//! leads alone see it.

use axum::extract::State;
use doorstep_domain::RecordId;
use serde::Deserialize;

use crate::error::CouncilError;
use crate::http::console::sign_in::SignedIn;
use crate::http::console::views::{NoteRead, OpenedNote, SafeguardingList, SafeguardingRow};
use crate::http::extract::{Json, Path, Query};
use crate::http::{WebProblem, ask};
use crate::machine::times;
use crate::service::Service;
use crate::storage::{NOTES, NoteReading, SealedRow};

/// Notes on a page.
const PAGE: usize = 50;

/// Which page, as the address bar holds it.
#[derive(Debug, Default, Deserialize, schemars::JsonSchema)]
#[serde(default)]
pub(crate) struct Wanted {
    /// `received` or, the last to come first, `-received`.
    sort: Option<String>,
    after: Option<String>,
}

fn shown(row: SealedRow, readings: Vec<NoteReading>) -> SafeguardingRow {
    let read = |NoteReading { user_name, at_ms }| NoteRead { user: user_name, at: times::from_ms(at_ms) };
    SafeguardingRow {
        record: row.sealed.record.to_string(),
        visit: row.sealed.visit,
        recorded_at: times::from_ms(row.sealed.recorded_ms),
        received_at: times::from_ms(row.sealed.received_ms),
        address: row.address,
        visitor_name: row.visitor_name,
        read: readings.into_iter().map(read).collect(),
    }
}

pub(crate) async fn list(
    State(service): State<Service>,
    Query(wanted): Query<Wanted>,
) -> Result<Json<SafeguardingList>, WebProblem> {
    let order = NOTES.order(wanted.sort.as_deref(), "-received", wanted.after.as_deref())?;
    ask(service, move |service| {
        service.storage.read(|reading| {
            let page = reading.sealed_concerns(&order, PAGE)?;
            let with_readings = |row: SealedRow| {
                let readings = reading.readings_of(row.sealed.record)?;
                Ok(shown(row, readings))
            };
            let notes = page.rows.into_iter().map(with_readings).collect::<Result<_, CouncilError>>()?;
            Ok(SafeguardingList { notes, next: page.next })
        })
    })
    .await
    .map(Json)
}

pub(crate) async fn open(
    State(service): State<Service>,
    person: SignedIn,
    Path(record): Path<String>,
) -> Result<Json<OpenedNote>, WebProblem> {
    let record: RecordId = record.parse().map_err(|_| WebProblem::NotFound)?;
    let user_name = person.0.user_name;
    let opened = ask(service, move |service| {
        let Some(sealed) = service.storage.read(|reading| reading.sealed_note(record))? else { return Ok(None) };
        // Noted before it is read: a reading of which nobody knows can't happen.
        let reading = NoteReading { user_name: user_name.clone(), at_ms: service.environment.clock.now_ms() };
        service.storage.transact(&service.environment, |writing| writing.keep_note_reading(record, &reading))?;
        Ok(Some(OpenedNote { note: service.keys.open_note(&sealed.sealed).map(|note| note.to_string()) }))
    })
    .await?;
    opened.map(Json).ok_or(WebProblem::NotFound)
}
