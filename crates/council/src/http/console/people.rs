//! People and organisations: listing people with their roles, importing them, and changing them.

use axum::extract::State;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::access::roles::Role;
use crate::desk::people::{self, PersonChange};
use crate::http::PAGE;
use crate::http::authorize::By;
use crate::http::blocking::ask;
use crate::http::extract::{Json, Path, Query, Table, said};
use crate::http::problem::WebProblem;
use crate::import::{self, ImportMode, Imported};
use crate::machine::times;
use crate::service::Service;
use crate::storage::{PEOPLE, PeopleFilter};

/// A person in the list.
#[derive(Debug, Serialize, schemars::JsonSchema, ts_rs::TS)]
pub(crate) struct PersonListRow {
    /// The user name.
    pub(crate) user: String,
    /// The name.
    pub(crate) name: String,
    /// The organisation.
    pub(crate) organisation: String,
    /// Their role.
    pub(crate) seat: Role,
    /// Their position, in the words of the table of people.
    pub(crate) position: String,
    /// Their email address; empty when none is known.
    pub(crate) email: String,
    /// Whether their role has a desk, so that they sign in to the console. The others have a phone.
    pub(crate) uses_console: bool,
    /// Whether they have a password for the console.
    pub(crate) has_password: bool,
    /// How many sessions of theirs are open.
    #[ts(type = "number")]
    pub(crate) sessions: u64,
    /// How many phones they have.
    #[ts(type = "number")]
    pub(crate) phones: u64,
    /// When they were marked as having left; `null` when they have not left.
    pub(crate) left_at: Option<DateTime<Utc>>,
}

/// A page of people.
#[derive(Debug, Serialize, schemars::JsonSchema, ts_rs::TS)]
pub(crate) struct PersonList {
    /// The people on this page, by name unless another order is asked for.
    pub(crate) people: Vec<PersonListRow>,
    /// What to ask for to get the next page; `null` on the last.
    pub(crate) next: Option<String>,
}

/// The filters in the page's address.
#[derive(Debug, Default, Deserialize, schemars::JsonSchema)]
#[serde(default)]
pub(crate) struct PeopleQuery {
    organisation: Option<String>,
    q: Option<String>,
    /// `name`, `organisation`, `role` or `position`. A `-` in front reverses the order.
    sort: Option<String>,
    after: Option<String>,
}

pub(crate) async fn list(
    State(service): State<Service>,
    Query(query): Query<PeopleQuery>,
) -> Result<Json<PersonList>, WebProblem> {
    let order = PEOPLE.order(query.sort.as_deref(), "name", query.after.as_deref())?;
    let filter = PeopleFilter { organisation: said(query.organisation), words: said(query.q) };
    ask(service, move |service| {
        let page = service.storage.read(|reading| reading.people(&filter, &order, PAGE))?;
        let shown = page.rows.into_iter().map(|row| PersonListRow {
            seat: Role::of(&row.person),
            uses_console: row.person.role.uses_the_console(),
            user: row.person.user_name,
            name: row.person.display_name,
            organisation: row.person.organisation.name,
            position: row.person.position,
            email: row.email,
            has_password: row.has_password,
            sessions: row.sessions,
            phones: row.phones,
            left_at: row.left_ms.map(times::from_ms),
        });
        Ok(PersonList { people: shown.collect(), next: page.next })
    })
    .await
    .map(Json)
}

/// Whether to import the table, or, with `only_look`, only to check it.
#[derive(Debug, Deserialize, schemars::JsonSchema)]
pub(crate) struct ImportQuery {
    #[serde(default)]
    only_look: bool,
}

/// Imports a table of people, all of it or nothing, and lists its faults.
pub(crate) async fn import(
    State(service): State<Service>,
    By(by): By,
    Query(ImportQuery { only_look }): Query<ImportQuery>,
    Table(table): Table,
) -> Result<Json<Imported>, WebProblem> {
    let mode = if only_look { ImportMode::Preview } else { ImportMode::AllOrNothing };
    ask(service, move |service| import::people(service, &by, &table, mode)).await.map(Json)
}

pub(crate) async fn change(
    State(service): State<Service>,
    By(by): By,
    Path(user): Path<String>,
    Json(change): Json<PersonChange>,
) -> Result<(), WebProblem> {
    ask(service, move |service| people::change(service, &by, &user, &change)).await
}
