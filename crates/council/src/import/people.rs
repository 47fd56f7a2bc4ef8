//! Organisations and people.

use std::collections::BTreeMap;

use doorstep_domain::{OrganisationId, StableName, UserId};

use super::{Imported, Taking, read_table};
use crate::desk::office::Office;
use crate::error::CouncilError;
use crate::service::Service;
use crate::storage::{Organisation, Person, Role};

const COLUMNS: [&str; 7] = ["user", "display_name", "organisation", "organisation_kind", "role", "position", "email"];

struct PersonRow {
    user: String,
    display_name: String,
    organisation: String,
    kind: String,
    role: Role,
    position: String,
    email: String,
}

impl Office {
    /// Imports organisations and people; those that are known by their user name are updated.
    ///
    /// # Errors
    /// [`CouncilError`] when the database fails. Faults in the table are not errors but the answer.
    pub fn import_people(&self, table: &[u8], taking: Taking) -> Result<Imported, CouncilError> {
        self.service.import_people(table, taking, "command line")
    }
}

impl Service {
    /// Takes a table of people in, or says what is wrong with it.
    pub(crate) fn import_people(&self, table: &[u8], taking: Taking, by: &str) -> Result<Imported, CouncilError> {
        let mut seen: BTreeMap<String, usize> = BTreeMap::new();
        let (good, faults) = read_table(table, &COLUMNS, |row| {
            let user = row.required("user");
            if !user.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '@')) {
                row.fault("user", "has letters that a user name can't have");
            }
            if let Some(first) = seen.insert(user.clone(), row.number) {
                row.fault("user", &format!("is in row {first} already"));
            }
            let kind = row.required("organisation_kind");
            if !matches!(kind.as_str(), "council" | "contractor") {
                row.fault("organisation_kind", "is neither council nor contractor");
            }
            let role = row.read("role", |text| Role::from_name(text).ok_or("is no role"));
            Some(PersonRow {
                user,
                display_name: row.required("display_name"),
                organisation: row.required("organisation"),
                kind,
                role: role?,
                position: row.text("position").to_owned(),
                email: row.text("email").to_owned(),
            })
        });
        let mut imported = Imported { faults, ..Imported::default() };
        if taking == Taking::Nothing || (!imported.faults.is_empty() && taking == Taking::AllOrNothing) {
            return Ok(imported);
        }
        let environment = &self.environment;
        self.storage.transact(environment, |writing| {
            // Counted anew, should the transaction have to be done again.
            (imported.added, imported.updated, imported.unchanged) = (0, 0, 0);
            for (_, row) in &good {
                let id = match writing.organisation(&row.organisation)? {
                    Some(known) => known.id,
                    None => OrganisationId::from_parts(environment.unix_ms(), &environment.random()),
                };
                writing.keep_organisation(id, &row.organisation, &row.kind)?;
                let known = writing.person_by_name(&row.user)?;
                let user = match &known {
                    Some(known) => known.id,
                    None => UserId::from_parts(environment.unix_ms(), &environment.random()),
                };
                let organisation = Organisation { id, name: row.organisation.clone(), kind: row.kind.clone() };
                let person = Person {
                    id: user,
                    user_name: row.user.clone(),
                    display_name: row.display_name.clone(),
                    organisation,
                    role: row.role,
                    position: row.position.clone(),
                };
                writing.keep_person(&person, &row.email)?;
                if known.is_some() { imported.updated += 1 } else { imported.added += 1 }
            }
            let detail = serde_json::json!({ "added": imported.added, "updated": imported.updated });
            writing.audit(environment.clock.now_ms(), by, "people_imported", &detail)
        })?;
        Ok(imported)
    }
}
