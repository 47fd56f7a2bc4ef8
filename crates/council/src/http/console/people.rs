//! People and organisations at the desk: who there is, in which seat, and what an administrator does about it.

use axum::body::Bytes;
use axum::extract::State;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::access::seats::Seat;
use crate::error::CouncilError;
use crate::http::console::sign_in::SignedIn;
use crate::http::extract::{Json, Path, Query};
use crate::http::{WebProblem, ask};
use crate::import::{Imported, Taking};
use crate::machine::times;
use crate::service::Service;
use crate::storage::{PEOPLE, PeopleFilter};

/// People on a page.
const PAGE: usize = 50;

/// A person in the list.
#[derive(Debug, Serialize, schemars::JsonSchema)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub(crate) struct PersonListRow {
    /// The user name.
    pub(crate) user: String,
    /// The name.
    pub(crate) name: String,
    /// The organisation.
    pub(crate) organisation: String,
    /// Where they sit.
    pub(crate) seat: Seat,
    /// The position.
    pub(crate) position: String,
    /// The address for mail.
    pub(crate) email: String,
    /// Whether they have a password for the console.
    pub(crate) has_password: bool,
    /// How many sessions of theirs are open.
    #[cfg_attr(feature = "typescript", ts(type = "number"))]
    pub(crate) sessions: u64,
    /// How many phones they have.
    #[cfg_attr(feature = "typescript", ts(type = "number"))]
    pub(crate) phones: u64,
    /// When they left.
    pub(crate) left_at: Option<DateTime<Utc>>,
}

/// What an administrator does about a person. It can hold a password: nothing prints it.
#[derive(Deserialize, schemars::JsonSchema)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case", tag = "action")]
pub(crate) enum PersonChange {
    /// Sets their password, and ends their sessions.
    SetPassword {
        /// 12 characters or more.
        password: String,
    },
    /// Ends their sessions.
    EndSessions,
    /// They lost their authenticator: they set up another at their next sign-in.
    ForgetSecondFactor,
    /// They left: they sign in no more, and their phones are revoked.
    Leave,
    /// They are back.
    Return,
}

/// A page of people.
#[derive(Debug, Serialize, schemars::JsonSchema)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub(crate) struct PersonList {
    /// The rows, by name where nothing else was asked for.
    pub(crate) people: Vec<PersonListRow>,
    /// What to ask for to get the next page; `null` on the last.
    pub(crate) next: Option<String>,
}

/// Filters as the address bar holds them.
#[derive(Debug, Default, Deserialize, schemars::JsonSchema)]
#[serde(default)]
pub(crate) struct Wanted {
    organisation: Option<String>,
    q: Option<String>,
    /// `name`, `organisation`, `role` or `position`; with `-` before it the other way round.
    sort: Option<String>,
    after: Option<String>,
}

pub(crate) async fn list(
    State(service): State<Service>,
    Query(wanted): Query<Wanted>,
) -> Result<Json<PersonList>, WebProblem> {
    let order = PEOPLE.order(wanted.sort.as_deref(), "name", wanted.after.as_deref())?;
    let said = |text: Option<String>| text.filter(|text| !text.is_empty());
    let filter = PeopleFilter { organisation: said(wanted.organisation), words: said(wanted.q) };
    ask(service, move |service| {
        let page = service.storage.read(|reading| reading.people(&filter, &order, PAGE))?;
        let shown = page.rows.into_iter().map(|row| PersonListRow {
            seat: Seat::of(&row.person),
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

/// Whether to take the table, or only to look at it.
#[derive(Debug, Deserialize, schemars::JsonSchema)]
pub(crate) struct Look {
    #[serde(default)]
    only_look: bool,
}

/// Takes a table of people in, all of it or nothing; or says what is wrong with it.
pub(crate) async fn import(
    State(service): State<Service>,
    person: SignedIn,
    Query(Look { only_look }): Query<Look>,
    table: Bytes,
) -> Result<Json<Imported>, WebProblem> {
    if table.is_empty() {
        return Err(WebProblem::BadRequest("There is no table in the request."));
    }
    let taking = if only_look { Taking::Nothing } else { Taking::AllOrNothing };
    ask(service, move |service| service.import_people(&table, taking, &person.0.user_name)).await.map(Json)
}

pub(crate) async fn change(
    State(service): State<Service>,
    person: SignedIn,
    Path(user): Path<String>,
    Json(change): Json<PersonChange>,
) -> Result<(), WebProblem> {
    let by = person.0.user_name;
    if matches!(change, PersonChange::Leave) && by == user {
        return Err(WebProblem::NotTaken(
            "You can't leave by your own hand: another administrator does it.".to_owned(),
        ));
    }
    ask(service, move |service| {
        if let PersonChange::SetPassword { password } = &change {
            return service.set_password(&user, password, &by);
        }
        let now_ms = service.environment.clock.now_ms();
        service.storage.transact(&service.environment, |writing| {
            let of = writing.person_by_name(&user)?.ok_or_else(|| CouncilError::NoSuchUser(user.clone()))?;
            let action = match change {
                PersonChange::EndSessions => {
                    writing.end_sessions_of(of.id)?;
                    "sessions_ended"
                }
                PersonChange::ForgetSecondFactor => {
                    writing.forget_second_factor(of.id)?;
                    "second_factor_forgotten"
                }
                PersonChange::Leave => {
                    writing.set_left(of.id, Some(now_ms))?;
                    "person_left"
                }
                PersonChange::Return | PersonChange::SetPassword { .. } => {
                    writing.set_left(of.id, None)?;
                    "person_returned"
                }
            };
            writing.audit(now_ms, &by, action, &serde_json::json!({ "of": user }))
        })
    })
    .await
}
