//! Imports organisations and people.

use std::collections::BTreeMap;

use doorstep_domain::StableName;

use super::wrong::Wrong;
use super::{ImportMode, Imported, TableRow, read_table};
use crate::access::accounts;
use crate::access::actor::Actor;
use crate::error::CouncilError;
use crate::refused::Refused;
use crate::service::Service;
use crate::storage::{AccountChange, AssignedRole, Audited, OF_ITSELF, OrganisationKind};

const COLUMNS: [&str; 7] = ["user", "display_name", "organisation", "organisation_kind", "role", "position", "email"];

/// What organisations are: those that the council knows, and those that the table has named.
struct KnownKinds {
    kinds: BTreeMap<String, OrganisationKind>,
    /// How each is spelt, by what is left of its name without blanks, signs and capitals.
    spelt: BTreeMap<String, String>,
}

/// What is left of a name without blanks, signs and capitals: two that differ in them alone are
/// taken for each other by people.
fn bare(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

impl KnownKinds {
    fn of(kinds: BTreeMap<String, OrganisationKind>) -> Self {
        let spelt = kinds.keys().map(|name| (bare(name), name.clone())).collect();
        Self { kinds, spelt }
    }

    /// The kind that a row gives its organisation, or a fault where it is known to be the other.
    fn read(&mut self, row: &mut TableRow<'_>, organisation: &str) -> Option<OrganisationKind> {
        row.required("organisation_kind");
        let kind =
            row.read("organisation_kind", |text| OrganisationKind::from_name(text).ok_or(Wrong::NoOrganisationKind))?;
        let spelt = self.spelt.entry(bare(organisation)).or_insert_with(|| organisation.to_owned());
        if spelt != organisation {
            row.fault("organisation", &Wrong::SpeltOtherwise(spelt.clone()));
        }
        let known = *self.kinds.entry(organisation.to_owned()).or_insert(kind);
        if known != kind {
            row.fault("organisation_kind", &Wrong::OtherKind(known.name()));
        }
        Some(kind)
    }
}

/// Imports organisations and people. People whose user name is known are updated. Except on the
/// command line, a role at a desk waits until an administrator has agreed to it, and what changes
/// the account of a lead or an administrator until another lead or two administrators have.
///
/// # Errors
/// [`Refused::NoTable`] if the table is empty, or [`CouncilError`] when the database fails. Faults
/// in the table are in the result.
pub fn import(service: &Service, by: &Actor, table: &[u8], mode: ImportMode) -> Result<Imported, CouncilError> {
    if table.is_empty() {
        return Err(Refused::NoTable.into());
    }
    let mut kinds = KnownKinds::of(service.storage.read(|reading| reading.organisation_kinds())?);
    let names = service.storage.read(|reading| reading.user_names())?;
    let mut spelt: BTreeMap<String, String> = names.into_iter().map(|name| (name.to_lowercase(), name)).collect();
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    let (good, faults) = read_table(table, &COLUMNS, |row| {
        let user = row.required("user");
        if !user.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '@')) {
            row.fault("user", &Wrong::BadUserName);
        }
        if user.eq_ignore_ascii_case(OF_ITSELF) {
            row.fault("user", &Wrong::Reserved);
        }
        let known = spelt.entry(user.to_lowercase()).or_insert_with(|| user.clone());
        if *known != user {
            row.fault("user", &Wrong::SpeltOtherwise(known.clone()));
        }
        if let Some(first) = seen.insert(user.clone(), row.number) {
            row.fault("user", &Wrong::SeenBefore(first));
        }
        let organisation = row.required("organisation");
        let kind = kinds.read(row, &organisation);
        let role = row.read("role", |text| AssignedRole::from_name(text).ok_or(Wrong::NoRole));
        let display_name = row.required("display_name");
        let email = row.optional("email");
        if email.is_some_and(|email| email.parse::<lettre::Address>().is_err()) {
            row.fault("email", &Wrong::NoEmail);
        }
        let change = AccountChange::Role {
            display_name,
            organisation,
            kind: kind?,
            role: role?,
            position: row.text("position").to_owned(),
            email: row.text("email").to_owned(),
        };
        Some((user, change))
    });
    let mut imported = Imported { faults, ..Imported::default() };
    if mode == ImportMode::Preview || (!imported.faults.is_empty() && mode == ImportMode::AllOrNothing) {
        return Ok(imported);
    }
    service.transact(|writing| {
        // Reset the counts, because the transaction may run again.
        (imported.added, imported.updated, imported.waiting) = (0, 0, 0);
        for (_, (user, change)) in &good {
            let is_known = writing.person_by_name(user)?.is_some();
            if by.is_command_line() || !accounts::has_to_wait(writing, user, change)? {
                accounts::make(service, writing, by, user, change)?;
                if is_known {
                    imported.updated += 1
                } else {
                    imported.added += 1
                }
                continue;
            }
            accounts::ask(service, writing, by, user, change)?;
            imported.waiting += 1;
            if let Some(rest) = accounts::without_what_waits(writing, user, change)? {
                accounts::make(service, writing, by, user, &rest)?;
                imported.updated += 1;
            }
        }
        let Imported { added, updated, waiting, .. } = imported;
        writing.audit(service.now_ms(), by.name(), &Audited::PeopleImported { added, updated, waiting })
    })?;
    Ok(imported)
}
