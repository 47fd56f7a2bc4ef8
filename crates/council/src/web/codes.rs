//! Versions of the Code, publishing one, and the register of signatures. Clauses 9 and 10.

use axum::extract::State;
use chrono::NaiveDate;
use doorstep_domain::conduct::{CodeSection, PublishedCode};
use serde::Deserialize;

use super::extract::Json;
use super::seats::Seat;
use super::sessions::SignedIn;
use super::views::{CodeList, CodeVersion, NotSignedRow, Register, RegisterEntry};
use super::{WebProblem, ask};
use crate::{Service, times};

/// A version to publish.
#[derive(Debug, Deserialize, schemars::JsonSchema)]
pub(crate) struct NewCode {
    label: String,
    from: NaiveDate,
    text: String,
}

pub(crate) async fn list(State(service): State<Service>, person: SignedIn) -> Result<Json<CodeList>, WebProblem> {
    let may_publish = person.seat() == Seat::Administrator;
    ask(service, move |service| {
        let today = times::day(service.environment.clock.now_ms());
        service.storage.read(|reading| {
            let in_force = reading.code_in_force(today)?.map(|code| code.hash());
            let versions = reading.codes()?;
            let version = |row: crate::storage::CodeRow| CodeVersion {
                hash: row.code.hash(),
                in_force: in_force.as_deref() == Some(&row.code.hash()),
                sections: row.code.sections().unwrap_or_default(),
                label: row.code.label,
                from: row.code.from,
                published_at: times::from_ms(row.published_ms),
                published_by: row.published_by,
                signed_by: row.signed_by,
            };
            Ok(CodeList { versions: versions.into_iter().map(version).collect(), may_publish })
        })
    })
    .await
    .map(Json)
}

pub(crate) async fn publish(
    State(service): State<Service>,
    person: SignedIn,
    Json(new): Json<NewCode>,
) -> Result<Json<Vec<CodeSection>>, WebProblem> {
    if new.label.trim().is_empty() || new.label.chars().count() > 100 {
        return Err(WebProblem::BadRequest("A version has a name of up to 100 characters."));
    }
    let code = PublishedCode { label: new.label.trim().to_owned(), from: new.from, text: new.text };
    ask(service, move |service| service.publish_code(&code, &person.0.user_name)).await.map(Json)
}

pub(crate) async fn register(State(service): State<Service>, person: SignedIn) -> Result<Json<Register>, WebProblem> {
    let firm = person.bound_to();
    ask(service, move |service| {
        let today = times::day(service.environment.clock.now_ms());
        service.storage.read(|reading| {
            // Before the council has published one, phones ask for a signature under Doorstep's own plain words.
            let in_force = reading.code_in_force(today)?;
            let published = in_force.is_some();
            let binding = in_force.unwrap_or_else(PublishedCode::own_words);
            let not_signed = reading.not_signed(&binding.hash(), firm.as_deref())?;
            Ok(Register {
                binding: binding.label,
                published,
                signed: reading.acknowledgements(firm.as_deref())?.into_iter().map(RegisterEntry::from).collect(),
                not_signed: not_signed
                    .into_iter()
                    .map(|(name, organisation)| NotSignedRow { name, organisation })
                    .collect(),
            })
        })
    })
    .await
    .map(Json)
}
