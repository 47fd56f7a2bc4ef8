//! People: listing them with their roles, and what an administrator does about them.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{Actor, PAGE, said};
use crate::access::roles::{ROSTER, Role};
use crate::access::{accounts, password, sign_in};
use crate::error::CouncilError;
use crate::machine::times;
use crate::refused::Refused;
use crate::service::Service;
use crate::storage::{
    AccountChange, AccountMatter, AssignedRole, Audited, LeadsDeed, OrganisationKind, PEOPLE, PeopleFilter, Person,
    Writing,
};

/// A person in the list.
#[derive(Debug, Serialize, schemars::JsonSchema, ts_rs::TS)]
pub struct PersonListRow {
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
pub struct PersonList {
    /// The people on this page, by name unless another order is asked for.
    pub(crate) people: Vec<PersonListRow>,
    /// What to ask for to get the next page; `null` on the last.
    pub(crate) next: Option<String>,
}

/// Which people to list, and in which order.
#[derive(Debug, Default, Deserialize, schemars::JsonSchema)]
#[serde(default)]
pub struct PeopleQuery {
    organisation: Option<String>,
    q: Option<String>,
    /// `name`, `organisation`, `role` or `position`. A `-` in front reverses the order.
    sort: Option<String>,
    after: Option<String>,
}

/// A page of people.
///
/// # Errors
/// [`Refused::NoSuchPage`] when the order or the place can't be read.
pub fn list(service: &Service, by: &Actor, query: PeopleQuery) -> Result<PersonList, CouncilError> {
    by.only(ROSTER)?;
    let order = PEOPLE.order(query.sort.as_deref(), "name", query.after.as_deref())?;
    by.looked_for(service, "people", query.q.as_deref())?;
    let filter = PeopleFilter { organisation: said(query.organisation), words: said(query.q) };
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
}

/// A change that an administrator makes to a person.
#[derive(Debug, Deserialize, schemars::JsonSchema, Serialize, ts_rs::TS)]
#[serde(rename_all = "snake_case", tag = "action")]
pub enum PersonChange {
    /// Gives them a password that nobody chose, and ends their sessions. They choose their own at
    /// their next sign-in.
    SetPassword,
    /// Ends all their sessions, in every browser. They can sign in again.
    EndSessions,
    /// Forgets their authenticator and passkeys, for a person who lost them. They set up a new one
    /// the next time they sign in.
    ForgetSecondFactor,
    /// Marks them as having left. They can't sign in any more, and their phones are revoked.
    Leave,
    /// Marks them as being back. They can sign in again, but their phones stay revoked.
    Return,
}

/// What came of a change to a person. It has no `Debug`, so that nothing prints the password in it.
#[derive(Serialize, schemars::JsonSchema, ts_rs::TS)]
pub struct PersonChanged {
    /// Whether it waits until another lead, or another administrator, agrees to it.
    pub waits: bool,
    /// The password that they were given. It is told here and never again.
    pub password: Option<String>,
}

/// Makes a change to a person. What gives access to the account of a lead or an administrator waits
/// until others agree.
///
/// # Errors
/// [`Refused::NoSuchUser`], [`Refused::NoDesk`] or [`Refused::LeavingOneself`]. After an error,
/// nothing has changed.
pub fn change(service: &Service, by: &Actor, user: &str, change: &PersonChange) -> Result<PersonChanged, CouncilError> {
    let now_ms = service.now_ms();
    let mut given = None;
    let of_account = match change {
        PersonChange::SetPassword => {
            let drawn = given.insert(password::drawn(&service.environment));
            AccountChange::Password { hash: new_hash(service, user, drawn)? }
        }
        PersonChange::ForgetSecondFactor => AccountChange::SecondFactor,
        PersonChange::Return => AccountChange::Return,
        PersonChange::EndSessions => {
            service.transact(|writing| {
                writing.end_sessions_of(known(writing, user)?.id)?;
                writing.audit(now_ms, by.name(), &Audited::SessionsEnded { of: user })
            })?;
            return Ok(PersonChanged { waits: false, password: None });
        }
        PersonChange::Leave => {
            leave(service, by, user)?;
            return Ok(PersonChanged { waits: false, password: None });
        }
    };
    let waits = service.transact(|writing| {
        let of = known(writing, user)?;
        if matches!(of_account, AccountChange::Password { .. }) && !by.is_command_line() && !Role::of(&of).has_a_desk()
        {
            return Err(Refused::NoDesk.into());
        }
        if by.is_command_line() || !accounts::is_guarded(Some(&of), &of_account) {
            accounts::make(service, writing, by, user, &of_account)?;
            return Ok(false);
        }
        let waiting = accounts::ask(service, writing, by, user, &of_account)?;
        writing.agree_to_change(waiting.id, by.name(), now_ms)?;
        if !accounts::is_agreed(writing, &waiting)? {
            return Ok(true);
        }
        accounts::make(service, writing, by, user, &waiting.change)?;
        writing.forget_waiting_change(waiting.id)?;
        Ok(false)
    })?;
    Ok(PersonChanged { waits, password: given })
}

fn leave(service: &Service, by: &Actor, user: &str) -> Result<(), CouncilError> {
    if by.name() == user {
        return Err(Refused::LeavingOneself.into());
    }
    let now_ms = service.now_ms();
    service.transact(|writing| {
        let of = known(writing, user)?;
        writing.set_left(of.id, Some(now_ms))?;
        if Role::of(&of) == Role::SafeguardingLead {
            accounts::tell_leads(service, writing, by, LeadsDeed::LeadLeft { of: user.to_owned() })?;
        }
        writing.audit(now_ms, by.name(), &Audited::PersonLeft { of: user })
    })
}

/// Sets a person's password on the council's own machine. With `temporary` they choose their own at
/// their next sign-in.
///
/// # Errors
/// [`Refused::NotFound`] elsewhere; [`Refused::NoSuchUser`] or [`Refused::WeakPassword`]. After an
/// error, nothing has changed.
pub fn set_password(
    service: &Service,
    by: &Actor,
    user: &str,
    password: &str,
    temporary: bool,
) -> Result<(), CouncilError> {
    by.only(&[])?;
    let hash = new_hash(service, user, password)?;
    service.transact(|writing| {
        let of = known(writing, user)?;
        let change = AccountChange::Password { hash: hash.clone() };
        accounts::make(service, writing, by, user, &change)?;
        writing.set_password_hash(of.id, &hash, temporary.then(|| service.now_ms()))
    })
}

/// Makes an organisation the council's own, or a firm, on the council's own machine: a table can't.
/// Its people have other roles from then on, and their sessions end.
///
/// # Errors
/// [`Refused::NotFound`] elsewhere; [`Refused::NoSuchOrganisation`].
pub fn change_organisation(
    service: &Service,
    by: &Actor,
    name: &str,
    of_the_council: bool,
) -> Result<(), CouncilError> {
    by.only(&[])?;
    let kind = if of_the_council { OrganisationKind::Council } else { OrganisationKind::Contractor };
    let now_ms = service.now_ms();
    service.transact(|writing| {
        let known = writing.organisation(name)?.ok_or_else(|| Refused::NoSuchOrganisation(name.to_owned()))?;
        writing.set_organisation_kind(known.id, kind)?;
        let deed = LeadsDeed::OrganisationChanged { organisation: name.to_owned(), of_the_council };
        accounts::tell_leads(service, writing, by, deed)?;
        writing.tell_of_accounts(AssignedRole::Administrator, now_ms)?;
        writing.audit(now_ms, by.name(), &Audited::OrganisationKindChanged { organisation: name, kind })
    })
}

/// Changes somebody's own password. All their sessions end: they sign in again with the new one.
///
/// # Errors
/// [`Refused::OtherPassword`] or [`Refused::WaitFirst`] when `old` is not their password,
/// [`Refused::WeakPassword`]. After an error, nothing has changed.
pub fn change_own_password(service: &Service, by: &Actor, old: &str, new: &str) -> Result<(), CouncilError> {
    let user = by.user().ok_or(Refused::NotFound)?;
    sign_in::check_again(service, by.name(), old)?;
    if password::is_the_same(old, new) {
        return Err(Refused::SamePassword.into());
    }
    let hash = new_hash(service, by.name(), new)?;
    let now_ms = service.now_ms();
    service.transact(|writing| {
        writing.set_password_hash(user, &hash, None)?;
        if by.is(Role::SafeguardingLead) {
            let (of, matter) = (by.name().to_owned(), AccountMatter::Password);
            accounts::tell_leads(service, writing, by, LeadsDeed::ChangeMade { of, matter })?;
        }
        writing.audit(now_ms, by.name(), &Audited::PasswordSet { of: by.name() })
    })
}

fn new_hash(service: &Service, user: &str, password: &str) -> Result<String, CouncilError> {
    let person = service.storage.read(|reading| reading.person_by_name(user))?;
    let name = person.map(|person| person.display_name).unwrap_or_default();
    password::new_hash(service, user, &name, password)
}

/// The person with this user name, or [`Refused::NoSuchUser`].
pub(super) fn known(writing: &Writing<'_>, user: &str) -> Result<Person, CouncilError> {
    Ok(writing.person_by_name(user)?.ok_or_else(|| Refused::NoSuchUser(user.to_owned()))?)
}
