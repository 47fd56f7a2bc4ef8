//! Versions of the Code, publishing one, and the register of signatures. Clauses 9 and 10.

use axum::extract::State;
use chrono::NaiveDate;
use doorstep_domain::conduct::{CodeSection, PublishedCode};
use serde::Deserialize;

use crate::access::seats::Seat;
use crate::http::console::reports::missing;
use crate::http::console::sign_in::SignedIn;
use crate::http::console::views::{CodeList, CodeVersion, NotSignedRow, Register, RegisterEntry};
use crate::http::extract::{Json, Query};
use crate::http::{WebProblem, ask};
use crate::machine::times;
use crate::service::Service;
use crate::storage::{NOT_SIGNED, REGISTER, RegisterFilter};

/// Signatures, or people, on a page.
const PAGE: usize = 50;

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

/// Which part of the register, as the address bar holds it.
#[derive(Debug, Default, Deserialize, schemars::JsonSchema)]
#[serde(default)]
pub(crate) struct Wanted {
    /// `not_signed` for those who visit and have not signed; signatures where nothing is said.
    state: Option<String>,
    organisation: Option<String>,
    q: Option<String>,
    /// `signed`, `name`, `position` or `version`, or of those who have not signed `name` or `organisation`; with `-` before it the
    /// other way round.
    sort: Option<String>,
    after: Option<String>,
}

pub(crate) async fn register(
    State(service): State<Service>,
    person: SignedIn,
    Query(wanted): Query<Wanted>,
) -> Result<Json<Register>, WebProblem> {
    let said = |text: Option<String>| text.filter(|text| !text.is_empty());
    let not_signed = wanted.state.as_deref() == Some("not_signed");
    let (sortable, otherwise) = if not_signed { (&NOT_SIGNED, "name") } else { (&REGISTER, "-signed") };
    let order = sortable.order(wanted.sort.as_deref(), otherwise, wanted.after.as_deref())?;
    let of_the_council = person.bound_to().is_none();
    let filter = RegisterFilter {
        organisation: person.bound_to().or_else(|| said(wanted.organisation)),
        user: None,
        words: said(wanted.q),
    };
    ask(service, move |service| {
        let now_ms = service.environment.clock.now_ms();
        let today = times::day(now_ms);
        service.storage.read(|reading| {
            // Before the council has published one, phones ask for a signature under Doorstep's own plain words.
            let in_force = reading.code_in_force(today)?;
            let published = in_force.is_some();
            let binding = in_force.unwrap_or_else(PublishedCode::own_words);
            let (have_signed, have_not_signed) =
                reading.signed_counts(&binding.hash(), filter.organisation.as_deref())?;
            let mut register = Register {
                published,
                have_signed,
                have_not_signed,
                signed: Vec::new(),
                not_signed: Vec::new(),
                missing: missing(reading, of_the_council)?,
                next: None,
                as_of: times::from_ms(now_ms),
                binding: binding.label.clone(),
            };
            if not_signed {
                let page = reading.not_signed(&binding.hash(), &filter, &order, PAGE)?;
                let shown = |(name, organisation)| NotSignedRow { name, organisation };
                register.not_signed = page.rows.into_iter().map(shown).collect();
                register.next = page.next;
            } else {
                let page = reading.acknowledgements(&filter, &order, PAGE)?;
                register.signed = page.rows.into_iter().map(RegisterEntry::from).collect();
                register.next = page.next;
            }
            Ok(register)
        })
    })
    .await
    .map(Json)
}
