//! Imports organisations and people.

use std::collections::BTreeMap;

use doorstep_domain::{OrganisationId, StableName, UserId};

use super::wrong::Wrong;
use super::{ImportMode, Imported, read_table};
use crate::access::actor::Actor;
use crate::error::CouncilError;
use crate::refused::Refused;
use crate::service::Service;
use crate::storage::{AssignedRole, Audited, Organisation, OrganisationKind, Person, Reading};

const COLUMNS: [&str; 7] = ["user", "display_name", "organisation", "organisation_kind", "role", "position", "email"];

struct PersonRow {
    user: String,
    display_name: String,
    organisation: String,
    kind: OrganisationKind,
    role: AssignedRole,
    position: String,
    email: String,
}

/// Imports organisations and people. People whose user name is known are updated.
///
/// # Errors
/// [`Refused::NoTable`] if the table is empty, or [`CouncilError`] when the database fails. Faults
/// in the table are in the result.
pub fn import(service: &Service, by: &Actor, table: &[u8], mode: ImportMode) -> Result<Imported, CouncilError> {
    if table.is_empty() {
        return Err(Refused::NoTable.into());
    }
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    let (good, faults) = read_table(table, &COLUMNS, |row| {
        let user = row.required("user");
        if !user.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '@')) {
            row.fault("user", &Wrong::BadUserName);
        }
        if let Some(first) = seen.insert(user.clone(), row.number) {
            row.fault("user", &Wrong::SeenBefore(first));
        }
        row.required("organisation_kind");
        let kind =
            row.read("organisation_kind", |text| OrganisationKind::from_name(text).ok_or(Wrong::NoOrganisationKind));
        let role = row.read("role", |text| AssignedRole::from_name(text).ok_or(Wrong::NoRole));
        Some(PersonRow {
            user,
            display_name: row.required("display_name"),
            organisation: row.required("organisation"),
            kind: kind?,
            role: role?,
            position: row.text("position").to_owned(),
            email: row.text("email").to_owned(),
        })
    });
    let mut imported = Imported { faults, ..Imported::default() };
    if mode == ImportMode::Preview || (!imported.faults.is_empty() && mode == ImportMode::AllOrNothing) {
        return Ok(imported);
    }
    service.transact(|writing| {
        // Reset the counts, because the transaction may run again.
        (imported.added, imported.updated, imported.unchanged) = (0, 0, 0);
        for (_, row) in &good {
            let id = match writing.organisation(&row.organisation)? {
                Some(known) => known.id,
                None => new_organisation(service, writing, &row.organisation)?,
            };
            let organisation = Organisation { id, name: row.organisation.clone(), kind: row.kind };
            writing.keep_organisation(&organisation)?;
            let known = writing.person_by_name(&row.user)?;
            let user = match &known {
                Some(known) => known.id,
                None => new_person(service, writing, &row.user)?,
            };
            let person = Person {
                id: user,
                user_name: row.user.clone(),
                display_name: row.display_name.clone(),
                organisation,
                role: row.role,
                position: row.position.clone(),
            };
            // Moving to another firm ends an enrolment: what it still sends is the former firm's.
            if known.as_ref().is_some_and(|known| known.organisation.id != person.organisation.id) {
                writing.revoke_phones_of(user, service.now_ms())?;
            }
            writing.keep_person(&person, &row.email)?;
            if known.is_some() { imported.updated += 1 } else { imported.added += 1 }
        }
        let audited = Audited::PeopleImported { added: imported.added, updated: imported.updated };
        writing.audit(service.now_ms(), by.name(), &audited)
    })?;
    Ok(imported)
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
