//! Organisations, people, and their sessions in the console.

use std::collections::{BTreeMap, BTreeSet};

use doorstep_domain::{OrganisationId, StableName, UserId};
use serde::{Deserialize, Serialize};

use super::database::{Conditions, Row, params};
use super::order::{Order, Page, SortColumn, Sortable};
use super::{Reading, Writing, words};
use crate::error::CouncilError;

/// What a person is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema, strum::VariantArray)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub(crate) enum Role {
    /// Works for a firm, visits tenants.
    Contractor,
    /// Works for the council, visits tenants.
    Officer,
    /// Sees the visits of their organisation; a council's supervisor sees all.
    Supervisor,
    /// Alone reads safeguarding notes.
    SafeguardingLead,
    /// Reads, and checks that nothing was altered.
    Auditor,
    /// Enrols phones and runs the service.
    Administrator,
}

/// The council, or a firm.
#[derive(Debug, Clone)]
pub(crate) struct Organisation {
    pub(crate) id: OrganisationId,
    pub(crate) name: String,
    pub(crate) kind: String,
}

/// A person.
#[derive(Debug, Clone)]
pub(crate) struct Person {
    pub(crate) id: UserId,
    pub(crate) user_name: String,
    pub(crate) display_name: String,
    pub(crate) organisation: Organisation,
    pub(crate) role: Role,
    pub(crate) position: String,
}

impl Role {
    /// Whether the role has a desk: the others have a phone.
    pub(crate) fn uses_the_console(self) -> bool {
        !matches!(self, Self::Contractor | Self::Officer)
    }
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
            kind: row.get("kind")?,
        },
        // The column has a CHECK; the least of roles stands for what can't be.
        role: Role::from_name(&role).unwrap_or(Role::Contractor),
        position: row.get("position")?,
    })
}

const PERSON: &str = "SELECT person.*, organisation.name AS organisation_name, organisation.kind
                      FROM person JOIN organisation USING (organisation_id)";

/// A person's second factor: a secret that their authenticator has too.
#[derive(Clone)]
pub(crate) struct SecondFactor {
    /// In base 32.
    pub(crate) secret: String,
    /// Whether a code of it was right once.
    pub(crate) confirmed: bool,
}

/// One of somebody's sessions.
pub(crate) struct Session {
    pub(crate) token_hash: [u8; 32],
    pub(crate) created_ms: i64,
    pub(crate) seen_ms: i64,
    /// What the browser says it is.
    pub(crate) browser: String,
}

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
        let pattern = self.words.as_deref().and_then(words::pattern);
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

    /// Those who visit and have not left, of one organisation or of all, by name: who can be sent somewhere. User name, name,
    /// organisation.
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

    /// A person's second factor, as far as it is set up.
    pub(crate) fn second_factor(&self, user: UserId) -> Result<Option<SecondFactor>, CouncilError> {
        self.one(
            "SELECT totp_secret, totp_confirmed_ms IS NOT NULL AS confirmed FROM person
             WHERE user_id = ?1 AND totp_secret IS NOT NULL",
            params![user.as_bytes()],
            |row| Ok(SecondFactor { secret: row.get("totp_secret")?, confirmed: row.get("confirmed")? }),
        )
    }

    /// Whether somebody has signed in from a browser before.
    pub(crate) fn knows_browser(&self, token_hash: &[u8; 32], user_name: &str) -> Result<bool, CouncilError> {
        let known = self.one(
            "SELECT 1 FROM known_browser JOIN person USING (user_id) WHERE token_hash = ?1 AND user_name = ?2",
            params![token_hash, user_name],
            |_| Ok(()),
        )?;
        Ok(known.is_some())
    }

    /// Whose token it is, if it is one and still holds, and what it opens: names with spaces between.
    pub(crate) fn api_token(&self, token_hash: &[u8; 32]) -> Result<Option<(String, String)>, CouncilError> {
        self.one(
            "SELECT name, may FROM api_token WHERE token_hash = ?1 AND revoked_ms IS NULL",
            params![token_hash],
            |row| Ok((row.get("name")?, row.get("may")?)),
        )
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
                kind: row.get("kind")?,
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

    /// Somebody's sessions that were made after a moment, the last used first.
    pub(crate) fn sessions_of(&self, user: UserId, after_ms: i64) -> Result<Vec<Session>, CouncilError> {
        self.many(
            "SELECT token_hash, created_ms, seen_ms, browser FROM session WHERE user_id = ?1 AND created_ms > ?2
             ORDER BY seen_ms DESC, token_hash",
            params![user.as_bytes(), after_ms],
            |row| {
                Ok(Session {
                    token_hash: row.get("token_hash")?,
                    created_ms: row.get("created_ms")?,
                    seen_ms: row.get("seen_ms")?,
                    browser: row.get("browser")?,
                })
            },
        )
    }

    /// Who a session belongs to, and when it was made and last seen.
    pub(crate) fn session(&self, token_hash: &[u8; 32]) -> Result<Option<(UserId, i64, i64)>, CouncilError> {
        self.one("SELECT user_id, created_ms, seen_ms FROM session WHERE token_hash = ?1", params![token_hash], |row| {
            Ok((UserId::from_bytes(row.get("user_id")?), row.get("created_ms")?, row.get("seen_ms")?))
        })
    }
}

impl Writing<'_> {
    pub(crate) fn keep_organisation(&self, id: OrganisationId, name: &str, kind: &str) -> Result<(), CouncilError> {
        self.write(
            "INSERT INTO organisation (organisation_id, name, kind) VALUES (?1, ?2, ?3)
             ON CONFLICT (name) DO UPDATE SET kind = excluded.kind",
            params![id.as_bytes(), name, kind],
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

    pub(crate) fn offer_second_factor(&self, user: UserId, secret: &str) -> Result<(), CouncilError> {
        self.write(
            "UPDATE person SET totp_secret = ?2, totp_confirmed_ms = NULL, totp_last_step = NULL
             WHERE user_id = ?1 AND totp_confirmed_ms IS NULL",
            params![user.as_bytes(), secret],
        )?;
        Ok(())
    }

    /// Takes a code that was right; `false` when it, or a later one, was taken before.
    pub(crate) fn take_second_factor(&self, user: UserId, step: u64, now_ms: i64) -> Result<bool, CouncilError> {
        let taken = self.write(
            "UPDATE person SET totp_last_step = ?2, totp_confirmed_ms = coalesce(totp_confirmed_ms, ?3)
             WHERE user_id = ?1 AND (totp_last_step IS NULL OR totp_last_step < ?2)",
            params![user.as_bytes(), step, now_ms],
        )?;
        Ok(taken == 1)
    }

    /// Somebody lost their authenticator: they set up another at their next sign-in.
    pub(crate) fn forget_second_factor(&self, user: UserId) -> Result<(), CouncilError> {
        self.write(
            "UPDATE person SET totp_secret = NULL, totp_confirmed_ms = NULL, totp_last_step = NULL WHERE user_id = ?1",
            params![user.as_bytes()],
        )?;
        self.end_sessions_of(user)
    }

    pub(crate) fn keep_known_browser(
        &self,
        token_hash: &[u8; 32],
        user: UserId,
        now_ms: i64,
    ) -> Result<(), CouncilError> {
        self.write(
            "INSERT INTO known_browser (token_hash, user_id, seen_ms) VALUES (?1, ?2, ?3)",
            params![token_hash, user.as_bytes(), now_ms],
        )?;
        Ok(())
    }

    pub(crate) fn end_sessions_of(&self, user: UserId) -> Result<(), CouncilError> {
        self.write("DELETE FROM session WHERE user_id = ?1", params![user.as_bytes()])?;
        Ok(())
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

    /// Keeps a token of another system; an earlier one of that name holds no more.
    pub(crate) fn keep_api_token(
        &self,
        token_hash: &[u8; 32],
        name: &str,
        may: &str,
        now_ms: i64,
    ) -> Result<(), CouncilError> {
        self.write("DELETE FROM api_token WHERE name = ?1", params![name])?;
        self.write(
            "INSERT INTO api_token (token_hash, name, may, made_ms) VALUES (?1, ?2, ?3, ?4)",
            params![token_hash, name, may, now_ms],
        )?;
        Ok(())
    }

    /// A provider knows somebody by a subject from now on; `false` when it knew them by another before.
    pub(crate) fn set_openid_subject(&self, user: UserId, subject: &str) -> Result<bool, CouncilError> {
        let set = self.write(
            "UPDATE person SET openid_subject = ?2 WHERE user_id = ?1 AND openid_subject IS NULL",
            params![user.as_bytes(), subject],
        )?;
        Ok(set == 1)
    }

    pub(crate) fn keep_session(
        &self,
        token_hash: &[u8; 32],
        user: UserId,
        browser: &str,
        now_ms: i64,
    ) -> Result<(), CouncilError> {
        self.write(
            "INSERT INTO session (token_hash, user_id, created_ms, seen_ms, browser) VALUES (?1, ?2, ?3, ?3, ?4)",
            params![token_hash, user.as_bytes(), now_ms, browser],
        )?;
        Ok(())
    }

    pub(crate) fn session_seen(&self, token_hash: &[u8; 32], now_ms: i64) -> Result<(), CouncilError> {
        self.write("UPDATE session SET seen_ms = ?2 WHERE token_hash = ?1", params![token_hash, now_ms])?;
        Ok(())
    }

    pub(crate) fn end_session(&self, token_hash: &[u8; 32]) -> Result<(), CouncilError> {
        self.write("DELETE FROM session WHERE token_hash = ?1", params![token_hash])?;
        Ok(())
    }
}
