//! Safeguarding notes, for the leads alone. To anybody else these addresses do not exist. Each reading is in the audit log.

use axum::extract::State;
use doorstep_domain::RecordId;
use doorstep_domain::conduct::Appointment;

use super::extract::{Json, Path};
use super::sessions::SignedIn;
use super::views::{OpenedNote, SafeguardingRow};
use super::{WebProblem, ask};
use crate::{Service, times};

pub(crate) async fn list(State(service): State<Service>) -> Result<Json<Vec<SafeguardingRow>>, WebProblem> {
    ask(service, |service| {
        service.storage.read(|reading| {
            let mut rows = Vec::new();
            for concern in reading.sealed_concerns()? {
                let visit = reading.visit(concern.visit, None)?;
                let address =
                    visit.as_ref().and_then(|visit| visit.appointment.as_ref()).map(Appointment::address_line);
                rows.push(SafeguardingRow {
                    record: concern.record.to_string(),
                    visit: concern.visit,
                    recorded_at: times::from_ms(concern.recorded_ms),
                    received_at: times::from_ms(concern.received_ms),
                    address: address.unwrap_or_default(),
                    visitor_name: visit.map(|visit| visit.visitor_name).unwrap_or_default(),
                });
            }
            Ok(rows)
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
        // Noted before it is read: a reading without its line in the log can't happen.
        service.storage.transact(&service.environment, |writing| {
            let detail = serde_json::json!({ "record": record });
            writing.audit(service.environment.clock.now_ms(), &user_name, "safeguarding_note_read", &detail)
        })?;
        Ok(Some(OpenedNote { note: service.keys.open_note(&sealed.sealed).map(|note| note.to_string()) }))
    })
    .await?;
    opened.map(Json).ok_or(WebProblem::NotFound)
}
