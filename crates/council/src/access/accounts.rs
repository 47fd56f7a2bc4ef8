//! What changes accounts, and what has to wait until others agree. A table gives no role at a desk
//! by itself: an administrator agrees to each. And nobody gets at a safeguarding lead's account
//! alone: another lead, or two administrators, agree to a lead's role, password and second factor,
//! and the leads are told. So it is with administrators' own accounts: whoever could make a second
//! administrator, or sign in as one, would be two. Whoever works at the council's own machine can
//! change the database anyway, so the command line does it at once, and leads and administrators
//! are told.

use doorstep_domain::{OrganisationId, StableName, UserId};

use super::actor::Actor;
use super::roles::Role;
use crate::error::CouncilError;
use crate::refused::Refused;
use crate::service::Service;
use crate::storage::{
    AccountChange, AssignedRole, Audited, LeadsDeed, Organisation, OrganisationKind, Person, Reading, WaitingChange,
    Writing,
};

/// How long a change waits for somebody to agree, in milliseconds.
pub(crate) const WAITS_MS: i64 = 14 * 24 * 60 * 60 * 1000;

/// Whether a change is about a safeguarding lead: about one who is, or one who is to be.
pub(crate) fn is_about_a_lead(known: Option<&Person>, change: &AccountChange) -> bool {
    let is_one = known.is_some_and(|person| Role::of(person) == Role::SafeguardingLead);
    is_one || role_after(change) == Some(Role::SafeguardingLead)
}

/// Whether a change needs more than one administrator: it is about a lead or an administrator, or
/// about one who is to be.
pub(crate) fn is_guarded(known: Option<&Person>, change: &AccountChange) -> bool {
    known.is_some_and(|person| guards(Role::of(person))) || role_after(change).is_some_and(guards)
}

/// Whether more than one administrator has to agree to what gives access to accounts of this role.
fn guards(role: Role) -> bool {
    // The auditor is told each day where the audit log ends: nobody alone takes that mail.
    matches!(role, Role::SafeguardingLead | Role::Administrator | Role::Auditor)
}

/// The role that a change gives. `None` if it is about something else.
pub(crate) fn role_after(change: &AccountChange) -> Option<Role> {
    match change {
        AccountChange::Role { role, kind, .. } => Some(Role::at(*role, *kind)),
        AccountChange::Password { .. } | AccountChange::SecondFactor | AccountChange::Return => None,
    }
}

/// Whether enough people agree to a change. The person whose account it is does not count.
pub(crate) fn is_agreed(reading: &Reading<'_>, waiting: &WaitingChange) -> Result<bool, CouncilError> {
    let known = reading.person_by_name(&waiting.user)?;
    let (mut leads, mut administrators) = (0, 0);
    for name in reading.agreed_to(waiting.id)? {
        let Some(person) = reading.person_by_name(&name)?.filter(|_| name != waiting.user) else { continue };
        match Role::of(&person) {
            _ if reading.has_left(person.id)? => {}
            Role::SafeguardingLead => leads += 1,
            Role::Administrator => administrators += 1,
            _ => {}
        }
    }
    Ok(match is_guarded(known.as_ref(), &waiting.change) {
        true => leads > 0 || administrators > 1,
        false => administrators > 0,
    })
}

/// Lets a change wait until others agree to it, and tells them. One that waits already goes on
/// waiting, as where the same table is taken in each night.
pub(crate) fn ask(
    service: &Service,
    writing: &Writing<'_>,
    by: &Actor,
    user: &str,
    change: &AccountChange,
) -> Result<WaitingChange, CouncilError> {
    let now_ms = service.now_ms();
    let matter = change.matter();
    if let Some(same) = writing.same_waiting_change(user, change, now_ms - WAITS_MS)? {
        return Ok(same);
    }
    // What its organisation is stands from now on, so that the role that somebody agrees to is the
    // one that they see.
    if let AccountChange::Role { organisation, kind, .. } = change {
        organisation_of(service, writing, organisation, *kind)?;
    }
    let id = writing.keep_waiting_change(user, change, by.name(), now_ms)?;
    writing.audit(now_ms, by.name(), &Audited::AccountChangeAsked { of: user, matter })?;
    let known = writing.person_by_name(user)?;
    if is_about_a_lead(known.as_ref(), change) {
        tell_leads(service, writing, by, LeadsDeed::ChangeAsked { of: user.to_owned(), matter })?;
    }
    writing.tell_of_accounts(AssignedRole::Administrator, now_ms)?;
    let (user, change, asked_by) = (user.to_owned(), change.clone(), by.name().to_owned());
    Ok(WaitingChange { id, user, change, asked_ms: now_ms, asked_by })
}

/// Makes a change to an account, writes it into the audit log, and tells whoever has to know.
pub(crate) fn make(
    service: &Service,
    writing: &Writing<'_>,
    by: &Actor,
    user: &str,
    change: &AccountChange,
) -> Result<(), CouncilError> {
    let (now_ms, matter) = (service.now_ms(), change.matter());
    let known = writing.person_by_name(user)?;
    let is_about_a_lead = is_about_a_lead(known.as_ref(), change);
    let somebody = || known.as_ref().map(|person| person.id).ok_or_else(|| Refused::NoSuchUser(user.to_owned()));
    if is_about_a_lead && (role_after(change).is_none() || has_to_wait(writing, user, change)?) {
        // Who is one until now is told too.
        writing.tell_of_accounts(AssignedRole::SafeguardingLead, now_ms)?;
    }
    let mut matters = true;
    match change {
        AccountChange::Role { .. } => matters = put_person(service, writing, by, user, change)?,
        AccountChange::Password { hash } => {
            writing.set_password_hash(somebody()?, hash, Some(now_ms))?;
            writing.audit(now_ms, by.name(), &Audited::PasswordSet { of: user })?;
        }
        AccountChange::SecondFactor => {
            writing.forget_second_factor(somebody()?)?;
            writing.audit(now_ms, by.name(), &Audited::SecondFactorForgotten { of: user })?;
        }
        AccountChange::Return => {
            writing.set_left(somebody()?, None)?;
            writing.audit(now_ms, by.name(), &Audited::PersonReturned { of: user })?;
        }
    }
    if is_about_a_lead && matters {
        tell_leads(service, writing, by, LeadsDeed::ChangeMade { of: user.to_owned(), matter })?;
    }
    let gives_a_desk = role_after(change).is_some_and(Role::has_a_desk);
    if by.is_command_line() && matters && (is_about_a_lead || gives_a_desk) {
        writing.tell_of_accounts(AssignedRole::Administrator, now_ms)?;
    }
    Ok(())
}

/// Writes into the leads' own log, and tells them by mail.
pub(crate) fn tell_leads(
    service: &Service,
    writing: &Writing<'_>,
    by: &Actor,
    deed: LeadsDeed,
) -> Result<(), CouncilError> {
    let now_ms = service.now_ms();
    writing.add_to_leads_log(&service.environment, None, by.name(), deed, now_ms)?;
    writing.tell_of_accounts(AssignedRole::SafeguardingLead, now_ms)
}

/// Whether a row of a table changes what its person may do at a desk, or who can sign in as a lead
/// or an administrator, so that it waits for somebody to agree.
pub(crate) fn has_to_wait(reading: &Reading<'_>, user: &str, change: &AccountChange) -> Result<bool, CouncilError> {
    let AccountChange::Role { display_name, organisation, position, email, .. } = change else { return Ok(true) };
    let known = reading.person_by_name(user)?;
    let after = role_after(change);
    let Some(known) = known else { return Ok(after.is_some_and(Role::has_a_desk)) };
    let is_same = Some(Role::of(&known)) == after && known.organisation.name == *organisation;
    let same_email = reading.person_row(known.id)?.is_none_or(|row| row.email == *email);
    // They sign in with the council's account of that address, and others know them by that name.
    let same_names = known.display_name == *display_name && known.position == *position;
    Ok(match guards(Role::of(&known)) {
        true => !(is_same && same_email && same_names),
        false => !is_same && after.is_some_and(Role::has_a_desk),
    })
}

/// Adds a person, or makes them what a change says, with their organisation if it is new. Returns
/// whether this is something to which somebody has to agree at the console. A change that is not
/// about what somebody is does nothing here.
fn put_person(
    service: &Service,
    writing: &Writing<'_>,
    by: &Actor,
    user: &str,
    change: &AccountChange,
) -> Result<bool, CouncilError> {
    let AccountChange::Role { display_name, organisation, kind, role, position, email } = change else {
        return Ok(false);
    };
    let matters = has_to_wait(writing, user, change)?;
    let organisation = organisation_of(service, writing, organisation, *kind)?;
    let known = writing.person_by_name(user)?;
    let id = match &known {
        Some(known) => known.id,
        None => new_person(service, writing, user)?,
    };
    let person = Person {
        id,
        user_name: user.to_owned(),
        display_name: display_name.clone(),
        organisation,
        role: *role,
        position: position.clone(),
    };
    let has_moved = known.as_ref().is_some_and(|known| known.organisation.id != person.organisation.id);
    // Moving to another firm ends an enrolment: what it still sends is the former firm's.
    if has_moved {
        writing.revoke_phones_of(id, service.now_ms())?;
    }
    let email_before = writing.person_row(id)?.map(|row| row.email);
    writing.keep_person(&person, email)?;
    let (before, after) = (known.as_ref().map(Role::of), Role::of(&person));
    if guards(after) {
        // Whoever asked may have given the person a password, or signed in as them, before.
        if !before.is_some_and(guards) {
            writing.forget_ways_in(id)?;
        } else if email_before.as_ref() != Some(email) {
            writing.forget_openid_subject(id)?;
        }
    }
    let has_a_desk = |role: Option<Role>| role.is_some_and(Role::has_a_desk);
    if before != Some(after) || has_moved {
        if has_a_desk(before) {
            writing.end_sessions_of(id)?;
        }
        if before.is_some() || has_a_desk(Some(after)) {
            let organisation = &person.organisation.name;
            let before = before.map(StableName::name);
            let changed = Audited::RoleChanged { of: user, before, after: after.name(), organisation };
            writing.audit(service.now_ms(), by.name(), &changed)?;
        }
    }
    Ok(matters)
}

/// The organisation of this name, which is made if it is new.
///
/// # Errors
/// [`Refused::OtherOrganisation`] when it is known to be the other kind.
fn organisation_of(
    service: &Service,
    writing: &Writing<'_>,
    name: &str,
    kind: OrganisationKind,
) -> Result<Organisation, CouncilError> {
    match writing.organisation(name)? {
        Some(known) if known.kind == kind => Ok(known),
        Some(_) => Err(Refused::OtherOrganisation.into()),
        None => {
            let new = Organisation { id: new_organisation(service, writing, name)?, name: name.to_owned(), kind };
            writing.keep_organisation(&new)?;
            Ok(new)
        }
    }
}

/// The part of a table's row that needs nobody to agree: the name and the position, beside what the
/// person is already. `None` for somebody new, and for leads and administrators.
pub(crate) fn without_what_waits(
    reading: &Reading<'_>,
    user: &str,
    change: &AccountChange,
) -> Result<Option<AccountChange>, CouncilError> {
    let AccountChange::Role { display_name, position, .. } = change else { return Ok(None) };
    let Some(known) = reading.person_by_name(user)?.filter(|known| !guards(Role::of(known))) else {
        return Ok(None);
    };
    let email = reading.person_row(known.id)?.map(|row| row.email).unwrap_or_default();
    Ok(Some(AccountChange::Role {
        display_name: display_name.clone(),
        organisation: known.organisation.name,
        kind: known.organisation.kind,
        role: known.role,
        position: position.clone(),
        email,
    }))
}

/// The id of a person who is new. If somebody had the name before and was erased, it is another.
fn new_person(service: &Service, reading: &Reading<'_>, name: &str) -> Result<UserId, CouncilError> {
    let id = UserId::from_bytes(service.keys.stable_id("person", name));
    let environment = &service.environment;
    Ok(match reading.person(id)? {
        Some(_) => UserId::from_parts(environment.unix_ms(), &environment.random()),
        None => id,
    })
}

/// The id of an organisation that is new.
fn new_organisation(service: &Service, reading: &Reading<'_>, name: &str) -> Result<OrganisationId, CouncilError> {
    let id = OrganisationId::from_bytes(service.keys.stable_id("organisation", name));
    let environment = &service.environment;
    Ok(match reading.has_organisation(id)? {
        true => OrganisationId::from_parts(environment.unix_ms(), &environment.random()),
        false => id,
    })
}
