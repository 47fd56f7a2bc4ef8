//! Organisations and people.

use std::collections::{BTreeMap, BTreeSet};

use doorstep_domain::{OrganisationId, StableName, UserId};
use serde::{Deserialize, Serialize};

use super::database::{Conditions, Row, params};
use super::order::{Order, Page, SortColumn, Sortable};
use super::search_text;
use super::transaction::{Reading, Writing};
use crate::error::CouncilError;

/// The role that the table of people gives somebody. What they may do also depends on whether they
/// are of the council or of a firm.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, strum::VariantArray, schemars::JsonSchema, ts_rs::TS,
)]
#[serde(rename_all = "snake_case")]
pub(crate) enum AssignedRole {
    /// Works for a firm, visits tenants.
    Contractor,
    /// Works for the council, visits tenants.
    Officer,
    /// Sees the visits of their organisation; a council's supervisor sees all.
    Supervisor,
    /// Is shown safeguarding notes, and is the only one who is.
    SafeguardingLead,
    /// Reads, and checks that nothing was altered.
    Auditor,
    /// Enrols phones and runs the service.
    Administrator,
}

/// Whether an organisation is the council or a firm that works for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, strum::VariantArray)]
#[serde(rename_all = "snake_case")]
pub(crate) enum OrganisationKind {
    /// The council.
    Council,
    /// A firm.
    Contractor,
}

/// The council, or a firm.
#[derive(Debug, Clone)]
pub(crate) struct Organisation {
    pub(crate) id: OrganisationId,
    pub(crate) name: String,
    pub(crate) kind: OrganisationKind,
}

/// A person.
#[derive(Debug, Clone)]
pub(crate) struct Person {
    pub(crate) id: UserId,
    pub(crate) user_name: String,
    pub(crate) display_name: String,
    pub(crate) organisation: Organisation,
    pub(crate) role: AssignedRole,
    pub(crate) position: String,
}

impl AssignedRole {
    /// Whether the role has a desk: the others have a phone.
    pub(crate) fn uses_the_console(self) -> bool {
        !matches!(self, Self::Contractor | Self::Officer)
    }
}

fn kind(row: &Row<'_>) -> Result<OrganisationKind, CouncilError> {
    // The column has a CHECK; a firm, which sees the least, stands for what can't be.
    Ok(OrganisationKind::from_name(&row.get::<String>("kind")?).unwrap_or(OrganisationKind::Contractor))
}

fn person(row: &Row<'_>) -> Result<Person, CouncilError> {
    let role: String = row.get("role")?;
    Ok(Person {
        id: UserId::from_bytes(row.get("user_id")?),
        user_name: row.get("user_name")?,
        display_name: row.get("display_name")?,
        organisation: Organisation {
            id: OrganisationId::from_bytes(row.get("organisation_id")?),
            name: row.get("organisation_name")?,
            kind: kind(row)?,
        },
        // The column has a CHECK; the least of roles stands for what can't be.
        role: AssignedRole::from_name(&role).unwrap_or(AssignedRole::Contractor),
        position: row.get("position")?,
    })
}

const PERSON: &str = "SELECT person.*, organisation.name AS organisation_name, organisation.kind
                      FROM person JOIN organisation USING (organisation_id)";

/// A person in the list.
#[derive(Debug, Clone)]
pub(crate) struct PersonRow {
    pub(crate) person: Person,
    pub(crate) email: String,
    pub(crate) has_password: bool,
    pub(crate) sessions: u64,
    pub(crate) phones: u64,
    pub(crate) left_ms: Option<i64>,
}

/// Those who visit, and have not left.
pub(super) const VISITORS: &str = "role IN ('contractor', 'officer') AND left_ms IS NULL";

/// Those in whose name or user name a pattern is found.
pub(super) const NAMED: &str = "lower(display_name || ' ' || user_name) LIKE ? ESCAPE '\\'";

/// Who of all the people.
#[derive(Debug, Clone, Default)]
pub(crate) struct PeopleFilter {
    /// Of this organisation.
    pub(crate) organisation: Option<String>,
    /// Words to be found in name or user name.
    pub(crate) words: Option<String>,
}

impl PeopleFilter {
    fn conditions(&self) -> Conditions {
        let mut which = Conditions::default();
        which.and_if("organisation.name = ?", self.organisation.as_deref());
        let pattern = self.words.as_deref().and_then(search_text::pattern);
        which.and_if(NAMED, pattern);
        which
    }
}

/// How people can be sorted.
pub(crate) static PEOPLE: Sortable = Sortable {
    columns: &[
        SortColumn { name: "name", sql: "lower(display_name)", text: true },
        SortColumn { name: "organisation", sql: "lower(organisation_name)", text: true },
        SortColumn { name: "role", sql: "role", text: true },
        SortColumn { name: "position", sql: "lower(position)", text: true },
    ],
    id: "user_id",
    text_id: false,
};

const PEOPLE_LISTED: &str = "
    SELECT person.*, organisation.name AS organisation_name, organisation.kind,
           (SELECT count(*) FROM session WHERE session.user_id = person.user_id) AS sessions,
           (SELECT count(*) FROM device WHERE device.user_id = person.user_id AND revoked_ms IS NULL) AS phones
    FROM person JOIN organisation USING (organisation_id)";

fn person_row(row: &Row<'_>) -> Result<PersonRow, CouncilError> {
    Ok(PersonRow {
        person: person(row)?,
        email: row.get("email")?,
        has_password: row.get::<Option<String>>("password_hash")?.is_some(),
        sessions: row.get("sessions")?,
        phones: row.get("phones")?,
        left_ms: row.get("left_ms")?,
    })
}

impl Reading<'_> {
    /// A page of people.
    pub(crate) fn people(
        &self,
        filter: &PeopleFilter,
        order: &Order,
        most: usize,
    ) -> Result<Page<PersonRow>, CouncilError> {
        let which = filter.conditions();
        self.page(&format!("{PEOPLE_LISTED}{}", which.text()), which, order, most, person_row)
    }

    /// A person as the list shows them.
    pub(crate) fn person_row(&self, user: UserId) -> Result<Option<PersonRow>, CouncilError> {
        self.one(&format!("{PEOPLE_LISTED} WHERE person.user_id = ?1"), params![user.as_bytes()], person_row)
    }

    /// Those who visit and have not left, of one organisation or of all, by name: who can be sent
    /// somewhere. User name, name, organisation.
    pub(crate) fn visitors(&self, organisation: Option<&str>) -> Result<Vec<(String, String, String)>, CouncilError> {
        let mut which = Conditions::default();
        which.and_that(VISITORS);
        which.and_if("organisation.name = ?", organisation);
        let sql = format!(
            "SELECT user_name, display_name, organisation.name AS organisation
             FROM person JOIN organisation USING (organisation_id){} ORDER BY organisation.name, display_name, user_name",
            which.text()
        );
        self.many(&sql, which.values(), |row| {
            Ok((row.get("user_name")?, row.get("display_name")?, row.get("organisation")?))
        })
    }

    pub(crate) fn person_by_name(&self, user_name: &str) -> Result<Option<Person>, CouncilError> {
        self.one(&format!("{PERSON} WHERE user_name = ?1"), params![user_name], person)
    }

    pub(crate) fn person(&self, id: UserId) -> Result<Option<Person>, CouncilError> {
        self.one(&format!("{PERSON} WHERE user_id = ?1"), params![id.as_bytes()], person)
    }

    /// Those of these people who are known.
    pub(crate) fn people_known(&self, ids: &BTreeSet<UserId>) -> Result<BTreeMap<UserId, Person>, CouncilError> {
        let found =
            self.among(&format!("{PERSON} WHERE user_id IN ({{}})"), ids.iter().map(UserId::as_bytes), person)?;
        Ok(found.into_iter().map(|person| (person.id, person)).collect())
    }

    pub(crate) fn organisation(&self, name: &str) -> Result<Option<Organisation>, CouncilError> {
        self.one("SELECT organisation_id, name, kind FROM organisation WHERE name = ?1", params![name], |row| {
            Ok(Organisation {
                id: OrganisationId::from_bytes(row.get("organisation_id")?),
                name: row.get("name")?,
                kind: kind(row)?,
            })
        })
    }

    /// Those who can be given a case: the council's supervisors.
    pub(crate) fn case_owners(&self) -> Result<Vec<(String, String)>, CouncilError> {
        self.many(
            "SELECT user_name, display_name FROM person JOIN organisation USING (organisation_id)
             WHERE role = 'supervisor' AND kind = 'council' ORDER BY display_name",
            params![],
            |row| Ok((row.get("user_name")?, row.get("display_name")?)),
        )
    }

    pub(crate) fn organisation_names(&self) -> Result<Vec<String>, CouncilError> {
        self.many("SELECT name FROM organisation ORDER BY name", params![], |row| row.get("name"))
    }

    pub(crate) fn password_hash(&self, user_name: &str) -> Result<Option<String>, CouncilError> {
        let hash = self.one(
            "SELECT password_hash FROM person WHERE user_name = ?1 AND left_ms IS NULL",
            params![user_name],
            |row| row.get::<Option<String>>("password_hash"),
        )?;
        Ok(hash.flatten())
    }

    /// Whom a provider knows by a subject, if they are still there.
    pub(crate) fn person_by_openid(&self, subject: &str) -> Result<Option<Person>, CouncilError> {
        self.one(&format!("{PERSON} WHERE openid_subject = ?1 AND left_ms IS NULL"), params![subject], person)
    }

    /// Everybody with a mail address who is still there.
    pub(crate) fn people_by_email(&self, email: &str) -> Result<Vec<Person>, CouncilError> {
        let sql = format!("{PERSON} WHERE lower(email) = lower(?1) AND left_ms IS NULL");
        self.many(&sql, params![email], person)
    }
}

impl Writing<'_> {
    /// Keeps an organisation, known by its name.
    pub(crate) fn keep_organisation(&self, organisation: &Organisation) -> Result<(), CouncilError> {
        self.write(
            "INSERT INTO organisation (organisation_id, name, kind) VALUES (?1, ?2, ?3)
             ON CONFLICT (name) DO UPDATE SET kind = excluded.kind",
            params![organisation.id.as_bytes(), &organisation.name, organisation.kind.name()],
        )?;
        Ok(())
    }

    /// Keeps a person, known by the user name; a password that was set stays.
    pub(crate) fn keep_person(&self, person: &Person, email: &str) -> Result<(), CouncilError> {
        self.write(
            "INSERT INTO person (user_id, user_name, display_name, organisation_id, role, position, email)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
             ON CONFLICT (user_name) DO UPDATE SET display_name = excluded.display_name,
                 organisation_id = excluded.organisation_id, role = excluded.role, position = excluded.position,
                 email = excluded.email",
            params![
                person.id.as_bytes(),
                &person.user_name,
                &person.display_name,
                person.organisation.id.as_bytes(),
                person.role.name(),
                &person.position,
                email
            ],
        )?;
        Ok(())
    }

    /// Sets a password's hash, and ends every session of the person.
    pub(crate) fn set_password_hash(&self, user: UserId, hash: &str) -> Result<(), CouncilError> {
        self.write("UPDATE person SET password_hash = ?2 WHERE user_id = ?1", params![user.as_bytes(), hash])?;
        self.end_sessions_of(user)
    }

    /// Somebody leaves, or comes back: who has left signs in no more, and their phones are revoked.
    pub(crate) fn set_left(&self, user: UserId, left_ms: Option<i64>) -> Result<(), CouncilError> {
        self.write("UPDATE person SET left_ms = ?2 WHERE user_id = ?1", params![user.as_bytes(), left_ms])?;
        if let Some(left_ms) = left_ms {
            self.end_sessions_of(user)?;
            self.write(
                "UPDATE device SET revoked_ms = ?2 WHERE user_id = ?1 AND revoked_ms IS NULL",
                params![user.as_bytes(), left_ms],
            )?;
        }
        Ok(())
    }

    /// A provider knows somebody by a subject from now on; `false` when it knew them by another
    /// before.
    pub(crate) fn set_openid_subject(&self, user: UserId, subject: &str) -> Result<bool, CouncilError> {
        let set = self.write(
            "UPDATE person SET openid_subject = ?2 WHERE user_id = ?1 AND openid_subject IS NULL",
            params![user.as_bytes(), subject],
        )?;
        Ok(set == 1)
    }
}
