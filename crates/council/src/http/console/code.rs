//! Versions of the Code, publishing one, and the register of signatures. Clauses 9 and 10.

use axum::extract::State;
use chrono::{DateTime, NaiveDate, Utc};
use doorstep_domain::conduct::{Acknowledgement, CodeSection, PublishedCode};
use serde::{Deserialize, Serialize};

use super::not_received::{MissingRecords, missing};
use crate::desk;
use crate::http::PAGE;
use crate::http::authorize::{ADMINISTRATORS, By};
use crate::http::blocking::ask;
use crate::http::extract::{Json, Query, said};
use crate::http::problem::WebProblem;
use crate::machine::times;
use crate::service::Service;
use crate::storage::{CodeRow, NOT_SIGNED, REGISTER, RegisterFilter, RegisterRow};

/// Versions of the Code.
#[derive(Debug, Serialize, schemars::JsonSchema, ts_rs::TS)]
pub(crate) struct CodeList {
    /// All of them, newest first.
    pub(crate) versions: Vec<CodeVersion>,
    /// Whether this person may publish one.
    pub(crate) may_publish: bool,
}

/// A version of the Code that the council has published. It may not bind yet.
#[derive(Debug, Serialize, schemars::JsonSchema, ts_rs::TS)]
pub(crate) struct CodeVersion {
    /// The SHA-256 of the exact text, in hexadecimal.
    pub(crate) hash: String,
    /// What people call it.
    pub(crate) label: String,
    /// The first day on which it binds.
    #[ts(type = "string")]
    pub(crate) from: NaiveDate,
    /// Whether it binds today.
    pub(crate) in_force: bool,
    /// When it was published.
    pub(crate) published_at: DateTime<Utc>,
    /// The name in the audit log of who published it.
    pub(crate) published_by: String,
    /// How many people have signed it.
    #[ts(type = "number")]
    pub(crate) signed_by: u64,
    /// The parts of its text, each with its heading, in the order of the text.
    pub(crate) sections: Vec<CodeSection>,
}

/// Who has signed the Code, and who has not.
#[derive(Debug, Serialize, schemars::JsonSchema, ts_rs::TS)]
pub(crate) struct Register {
    /// What people call the version that binds today.
    pub(crate) binding: String,
    /// Whether the council has published it. If not, Doorstep's own words bind.
    pub(crate) published: bool,
    /// How many visitors have signed the version that binds today.
    #[ts(type = "number")]
    pub(crate) have_signed: u64,
    /// How many visitors have not signed the version that binds today.
    #[ts(type = "number")]
    pub(crate) have_not_signed: u64,
    /// A page of signatures, under any version. Empty when the list of people who have not signed
    /// was asked for.
    pub(crate) signed: Vec<RegisterEntry>,
    /// A page of visitors who have not signed the version that binds today. Empty when signatures
    /// were asked for.
    pub(crate) not_signed: Vec<NotSignedRow>,
    /// Records that phones have and the council has not: there may be signatures in them.
    pub(crate) missing: Vec<MissingRecords>,
    /// What to ask for to get the next page; `null` on the last.
    pub(crate) next: Option<String>,
    /// The council's clock when this was read.
    pub(crate) as_of: DateTime<Utc>,
}

/// A signature under the Code.
#[derive(Debug, Serialize, schemars::JsonSchema, ts_rs::TS)]
pub(crate) struct RegisterEntry {
    /// The record's id.
    pub(crate) record: String,
    /// What was signed, and how.
    pub(crate) acknowledgement: Acknowledgement,
    /// When it was signed, by the device's clock.
    pub(crate) signed_at: DateTime<Utc>,
    /// When the council received it.
    pub(crate) received_at: DateTime<Utc>,
}

impl From<RegisterRow> for RegisterEntry {
    fn from(row: RegisterRow) -> Self {
        Self {
            record: row.kept.record.to_string(),
            acknowledgement: row.kept.acknowledgement,
            signed_at: times::from_ms(row.kept.recorded_ms),
            received_at: times::from_ms(row.kept.received_ms),
        }
    }
}

/// A visitor who has not signed.
#[derive(Debug, Serialize, schemars::JsonSchema, ts_rs::TS)]
pub(crate) struct NotSignedRow {
    /// The visitor's name.
    pub(crate) name: String,
    /// The name of the organisation that the visitor works for.
    pub(crate) organisation: String,
}

/// A version to publish.
#[derive(Debug, Deserialize, schemars::JsonSchema)]
pub(crate) struct NewCode {
    label: String,
    from: NaiveDate,
    text: String,
}

pub(crate) async fn list(State(service): State<Service>, By(by): By) -> Result<Json<CodeList>, WebProblem> {
    let may_publish = ADMINISTRATORS.admits(&by);
    ask(service, move |service| {
        let today = times::day(service.now_ms());
        service.storage.read(|reading| {
            let in_force = reading.code_in_force(today)?.map(|code| code.hash());
            let versions = reading.codes()?;
            let version = |row: CodeRow| CodeVersion {
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
    By(by): By,
    Json(new): Json<NewCode>,
) -> Result<Json<Vec<CodeSection>>, WebProblem> {
    let code = PublishedCode { label: new.label.trim().to_owned(), from: new.from, text: new.text };
    ask(service, move |service| desk::code::publish(service, &by, &code)).await.map(Json)
}

/// The filters in the register's address.
#[derive(Debug, Default, Deserialize, schemars::JsonSchema)]
#[serde(default)]
pub(crate) struct RegisterQuery {
    /// `not_signed` for visitors who have not signed. Anything else gives signatures.
    state: Option<String>,
    organisation: Option<String>,
    q: Option<String>,
    /// For signatures: `signed`, `name`, `position` or `version`. For visitors who have not signed:
    /// `name` or `organisation`. A `-` in front reverses the order.
    sort: Option<String>,
    after: Option<String>,
}

pub(crate) async fn register(
    State(service): State<Service>,
    By(by): By,
    Query(query): Query<RegisterQuery>,
) -> Result<Json<Register>, WebProblem> {
    let not_signed = query.state.as_deref() == Some("not_signed");
    let (sortable, otherwise) = if not_signed { (&NOT_SIGNED, "name") } else { (&REGISTER, "-signed") };
    let order = sortable.order(query.sort.as_deref(), otherwise, query.after.as_deref())?;
    let filter = RegisterFilter {
        organisation: by.firm().map(str::to_owned).or_else(|| said(query.organisation)),
        user: None,
        words: said(query.q),
    };
    ask(service, move |service| {
        let now_ms = service.now_ms();
        let today = times::day(now_ms);
        service.storage.read(|reading| {
            // Until the council publishes a version, phones ask people to sign Doorstep's own
            // words.
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
                missing: missing(reading, &by)?,
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
