//! Organisations and people.

use std::collections::{BTreeMap, BTreeSet};

use doorstep_domain::ledger::PublicKey;
use doorstep_domain::{OrganisationId, StableName, UserId};
use serde::{Deserialize, Serialize};

use super::database::{Conditions, Row, params};
use super::order::{Order, Page, SortColumn, Sortable};
use super::search_text;
use super::transaction::{Reading, Writing};
use crate::error::CouncilError;

/// A person's role, as the table of people gives it. What they may do also depends on whether they
/// work for the council or for a firm.
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
    /// Reads safeguarding notes. Nobody else can.
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
    /// The council itself. Its people see all firms.
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

/// A person with a user name: a visitor, or somebody who uses the console.
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
    /// Whether people with this role use the console. The others use the app on a phone.
    pub(crate) fn uses_the_console(self) -> bool {
        !matches!(self, Self::Contractor | Self::Officer)
    }
}

fn kind(row: &Row<'_>) -> Result<OrganisationKind, CouncilError> {
    // The column has a CHECK, so other values can't occur. If one did, a firm would see the least.
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
        // The column has a CHECK, so other values can't occur. If one did, this role may do least.
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

/// The condition for people who visit tenants and have not left.
pub(super) const VISITORS: &str = "role IN ('contractor', 'officer') AND left_ms IS NULL";

/// The condition for people whose name or user name matches a pattern.
pub(super) const NAMED: &str = "lower(display_name || ' ' || user_name) LIKE ? ESCAPE '\\'";

/// Which people to list.
#[derive(Debug, Clone, Default)]
pub(crate) struct PeopleFilter {
    /// The organisation's name; `None` for all.
    pub(crate) organisation: Option<String>,
    /// Words to search for in the name and the user name.
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

    /// The people who can be sent on a visit: those who visit and have not left. `organisation`
    /// limits them to one organisation. Each has a user name, a name and an organisation.
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

    /// Whether somebody was marked as having left.
    pub(crate) fn has_left(&self, user: UserId) -> Result<bool, CouncilError> {
        let left = "SELECT 1 FROM person WHERE user_id = ?1 AND left_ms IS NOT NULL";
        Ok(self.one(left, params![user.as_bytes()], |_| Ok(()))?.is_some())
    }

    pub(crate) fn person_by_name(&self, user_name: &str) -> Result<Option<Person>, CouncilError> {
        self.one(&format!("{PERSON} WHERE user_name = ?1"), params![user_name], person)
    }

    /// Whether there is an organisation with this id.
    pub(crate) fn has_organisation(&self, id: OrganisationId) -> Result<bool, CouncilError> {
        let sql = "SELECT 1 FROM organisation WHERE organisation_id = ?1";
        Ok(self.one(sql, params![id.as_bytes()], |_| Ok(()))?.is_some())
    }

    pub(crate) fn person(&self, id: UserId) -> Result<Option<Person>, CouncilError> {
        self.one(&format!("{PERSON} WHERE user_id = ?1"), params![id.as_bytes()], person)
    }

    /// The people who were enrolled on the phone with this key, now or earlier: those whose records
    /// it may send.
    pub(crate) fn people_of_key(&self, key: &PublicKey) -> Result<BTreeSet<UserId>, CouncilError> {
        let people = self.many(
            "SELECT DISTINCT user_id FROM device WHERE public_key = ?1",
            params![key.as_bytes().as_slice()],
            |row| Ok(UserId::from_bytes(row.get("user_id")?)),
        )?;
        Ok(people.into_iter().collect())
    }

    /// Looks up people by their ids. Ids that are not known are left out.
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

    /// The council's supervisors who have not left: the people who can be given a case.
    pub(crate) fn case_owners(&self) -> Result<Vec<(String, String)>, CouncilError> {
        self.many(
            "SELECT user_name, display_name FROM person JOIN organisation USING (organisation_id)
             WHERE role = 'supervisor' AND kind = 'council' AND left_ms IS NULL ORDER BY display_name",
            params![],
            |row| Ok((row.get("user_name")?, row.get("display_name")?)),
        )
    }

    /// Every user name.
    pub(crate) fn user_names(&self) -> Result<Vec<String>, CouncilError> {
        self.many("SELECT user_name FROM person", params![], |row| row.get("user_name"))
    }

    /// The kind of every organisation, by its name.
    pub(crate) fn organisation_kinds(&self) -> Result<BTreeMap<String, OrganisationKind>, CouncilError> {
        let found =
            self.many("SELECT name, kind FROM organisation", params![], |row| Ok((row.get("name")?, kind(row)?)))?;
        Ok(found.into_iter().collect())
    }

    pub(crate) fn organisation_names(&self) -> Result<Vec<String>, CouncilError> {
        self.many("SELECT name FROM organisation ORDER BY name", params![], |row| row.get("name"))
    }

    /// The hash of somebody's password. `None` if they have none or have left.
    pub(crate) fn password_hash(&self, user_name: &str) -> Result<Option<String>, CouncilError> {
        let hash = self.one(
            "SELECT password_hash FROM person WHERE user_name = ?1 AND left_ms IS NULL",
            params![user_name],
            |row| row.get::<Option<String>>("password_hash"),
        )?;
        Ok(hash.flatten())
    }

    /// When somebody else chose a person's password, so that they have to choose their own. `None`
    /// if it is their own.
    pub(crate) fn password_given_ms(&self, user: UserId) -> Result<Option<i64>, CouncilError> {
        let given = "SELECT password_given_ms FROM person WHERE user_id = ?1";
        Ok(self.one(given, params![user.as_bytes()], |row| row.get("password_given_ms"))?.flatten())
    }

    /// The person whom the OpenID provider knows by this subject; `None` if they have left.
    pub(crate) fn person_by_openid(&self, subject: &str) -> Result<Option<Person>, CouncilError> {
        self.one(&format!("{PERSON} WHERE openid_subject = ?1 AND left_ms IS NULL"), params![subject], person)
    }

    /// Everybody with this email address who has not left. Capital letters make no difference.
    pub(crate) fn people_by_email(&self, email: &str) -> Result<Vec<Person>, CouncilError> {
        let sql = format!("{PERSON} WHERE lower(email) = lower(?1) AND left_ms IS NULL");
        self.many(&sql, params![email], person)
    }
}

impl Writing<'_> {
    /// Adds an organisation. One that has this name already stays as it is.
    pub(crate) fn keep_organisation(&self, organisation: &Organisation) -> Result<(), CouncilError> {
        self.write(
            "INSERT INTO organisation (organisation_id, name, kind) VALUES (?1, ?2, ?3) ON CONFLICT (name) DO NOTHING",
            params![organisation.id.as_bytes(), &organisation.name, organisation.kind.name()],
        )?;
        Ok(())
    }

    /// Makes an organisation the council's own, or a firm. With it, its people have other roles, so
    /// their sessions end.
    pub(crate) fn set_organisation_kind(&self, id: OrganisationId, kind: OrganisationKind) -> Result<(), CouncilError> {
        self.write(
            "UPDATE organisation SET kind = ?2 WHERE organisation_id = ?1",
            params![id.as_bytes(), kind.name()],
        )?;
        self.write(
            "DELETE FROM session WHERE user_id IN (SELECT user_id FROM person WHERE organisation_id = ?1)",
            params![id.as_bytes()],
        )?;
        Ok(())
    }

    /// Adds a person, or updates the one that has this user name. Their password stays.
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

    /// Sets a password's hash, and ends every session of the person. `given_ms` is when somebody
    /// else chose it: then they change it at their next sign-in.
    pub(crate) fn set_password_hash(
        &self,
        user: UserId,
        hash: &str,
        given_ms: Option<i64>,
    ) -> Result<(), CouncilError> {
        self.write(
            "UPDATE person SET password_hash = ?2, password_given_ms = ?3 WHERE user_id = ?1",
            params![user.as_bytes(), hash, given_ms],
        )?;
        self.end_sessions_of(user)
    }

    /// Forgets everything by which somebody can sign in: somebody else may have chosen it.
    pub(crate) fn forget_ways_in(&self, user: UserId) -> Result<(), CouncilError> {
        self.write(
            "UPDATE person SET password_hash = NULL, password_given_ms = NULL WHERE user_id = ?1",
            params![user.as_bytes()],
        )?;
        self.write("DELETE FROM known_browser WHERE user_id = ?1", params![user.as_bytes()])?;
        self.forget_openid_subject(user)?;
        self.forget_second_factor(user)
    }

    /// Ends the link between a person and the provider's subject. They are found anew by their
    /// email address.
    pub(crate) fn forget_openid_subject(&self, user: UserId) -> Result<(), CouncilError> {
        self.write("UPDATE person SET openid_subject = NULL WHERE user_id = ?1", params![user.as_bytes()])?;
        self.end_sessions_of(user)
    }

    /// Notes when somebody left, or with `None` that they came back. When somebody leaves, their
    /// sessions end and their phones are revoked.
    pub(crate) fn set_left(&self, user: UserId, left_ms: Option<i64>) -> Result<(), CouncilError> {
        self.write("UPDATE person SET left_ms = ?2 WHERE user_id = ?1", params![user.as_bytes(), left_ms])?;
        if let Some(left_ms) = left_ms {
            self.end_sessions_of(user)?;
            self.forget_codes_of(user)?;
            self.write(
                "UPDATE device SET revoked_ms = coalesce(revoked_ms, ?2), apart = 1 WHERE user_id = ?1",
                params![user.as_bytes(), left_ms],
            )?;
        }
        Ok(())
    }

    /// Links a person to the subject by which the OpenID provider knows them. `false` if they were
    /// linked to a subject already: that link stays.
    pub(crate) fn set_openid_subject(&self, user: UserId, subject: &str) -> Result<bool, CouncilError> {
        let set = self.write(
            "UPDATE person SET openid_subject = ?2 WHERE user_id = ?1 AND openid_subject IS NULL",
            params![user.as_bytes(), subject],
        )?;
        Ok(set == 1)
    }
}
