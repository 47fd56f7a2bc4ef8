//! Appointments, and the feed from which each device pulls the changes for its user.

use doorstep_domain::conduct::{Appointment, Attempt, Visit};
use doorstep_domain::protocol::{Limits, Pulled};
use doorstep_domain::{AppointmentRef, Uprn, UserId};

use super::database::{Conditions, Row, params};
use super::decisions::HomeStanding;
use super::order::{Order, Page, SortColumn, Sortable};
use super::search_text;
use super::transaction::{Reading, Writing};
use crate::error::CouncilError;

/// What importing one appointment changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ImportEffect {
    /// It is new.
    Added,
    /// It existed and has changed.
    Updated,
    /// It existed and is the same.
    Unchanged,
}

fn read(text: &str) -> Result<Appointment, CouncilError> {
    serde_json::from_str(text).map_err(|_| CouncilError::Unreadable("appointment"))
}

impl Reading<'_> {
    /// Appointments whose window starts in a span, of one organisation or of all. Cancelled ones
    /// are left out.
    pub(crate) fn appointments_between(
        &self,
        from_ms: i64,
        to_ms: i64,
        organisation: Option<&str>,
    ) -> Result<Vec<Appointment>, CouncilError> {
        let mut which = Conditions::default();
        which.and_that("cancelled_ms IS NULL");
        which.and("window_start_ms >= ? AND window_start_ms < ?", [from_ms, to_ms]);
        which.and_if(
            "user_id IN (SELECT user_id FROM person JOIN organisation USING (organisation_id) WHERE name = ?)",
            organisation,
        );
        let sql =
            format!("SELECT appointment FROM appointment{} ORDER BY window_start_ms, appointment_ref", which.text());
        let rows: Vec<String> = self.many(&sql, which.values(), |row| row.get("appointment"))?;
        rows.iter().map(|text| read(text)).collect()
    }

    /// What phones are told of a home: the attempts to get in of which the council knows that they
    /// were there. Visits that can't be read are left out, so that one of them stops no phone.
    fn known_attempts_at(&self, uprn: &Uprn) -> Result<Vec<Attempt>, CouncilError> {
        let visits = self.visits_without_access(uprn, None)?.into_iter().filter_map(|found| {
            let is_there = HomeStanding::of(&found.columns).counts();
            found.unfolded().ok().filter(|_| is_there)
        });
        Ok(visits.filter_map(|row| row.visit.attempt()).collect())
    }

    /// The version of the newest change in a person's feed; 0 if it is empty.
    pub(crate) fn feed_end(&self, user: UserId) -> Result<u64, CouncilError> {
        let end = self.one("SELECT version FROM feed_end WHERE user_id = ?1", params![user.as_bytes()], |row| {
            row.get("version")
        })?;
        Ok(end.unwrap_or(0))
    }

    /// Whether a person's phone with this cursor is given all appointments anew: it has none, has
    /// one that the feed never came to, or has seen an appointment that was erased since.
    pub(crate) fn needs_snapshot(&self, user: UserId, cursor: u64) -> Result<bool, CouncilError> {
        let floor = self.one("SELECT floor FROM feed_end WHERE user_id = ?1", params![user.as_bytes()], |row| {
            row.get::<u64>("floor")
        })?;
        Ok(cursor == 0 || cursor > self.feed_end(user)? || cursor < floor.unwrap_or(0))
    }

    /// What changed for a person since a cursor: the changes, the new cursor, and whether there is
    /// more to pull. A `snapshot` leaves out withdrawn appointments.
    pub(crate) fn changes(
        &self,
        user: UserId,
        cursor: u64,
        snapshot: bool,
    ) -> Result<(Vec<Pulled>, u64, bool), CouncilError> {
        let limit = Limits::PULLED_APPOINTMENTS;
        let mut which = Conditions::default();
        which.and("feed.user_id = ?", [user.as_bytes()]);
        which.and("version > ?", [cursor]);
        if snapshot {
            which.and_that("withdrawn = 0");
        }
        let most = which.placeholder(limit + 1);
        let sql = format!(
            "SELECT version, feed.appointment_ref, withdrawn, appointment
             FROM feed LEFT JOIN appointment ON appointment.appointment_ref = feed.appointment_ref{}
             ORDER BY version LIMIT {most}",
            which.text()
        );
        let rows = self.many(&sql, which.values(), |row| {
            Ok((
                row.get::<u64>("version")?,
                row.get::<String>("appointment_ref")?,
                row.get::<bool>("withdrawn")?,
                row.get::<Option<String>>("appointment")?,
            ))
        })?;
        let more = rows.len() > limit;
        let mut end = if more { cursor } else { self.feed_end(user)?.max(cursor) };
        let mut changes = Vec::new();
        for (version, reference, withdrawn, appointment) in rows.into_iter().take(limit) {
            end = end.max(version);
            changes.push(match appointment {
                Some(text) if !withdrawn => {
                    let mut appointment = read(&text)?;
                    appointment.known_attempts = self.known_attempts_at(&appointment.uprn)?;
                    Pulled::Given(Box::new(appointment))
                }
                _ => Pulled::Withdrawn(reference.parse().map_err(|_| CouncilError::Unreadable("appointment"))?),
            });
        }
        Ok((changes, end, more))
    }
}

/// Which appointments to list.
#[derive(Debug, Clone, Default)]
pub(crate) struct AppointmentFilter {
    /// The organisation's name; `None` for all.
    pub(crate) organisation: Option<String>,
    /// The window starts at or after this, in UTC milliseconds.
    pub(crate) from_ms: Option<i64>,
    /// The window starts before this, in UTC milliseconds.
    pub(crate) to_ms: Option<i64>,
    /// Words to search for in the reference, UPRN, address and tenant's name.
    pub(crate) words: Option<String>,
}

/// How appointments can be sorted: the columns of their list.
pub(crate) static APPOINTMENTS: Sortable = Sortable {
    columns: &[
        SortColumn { name: "when", sql: "window_start_ms", text: false },
        SortColumn { name: "where", sql: "lower(address)", text: true },
        SortColumn { name: "who", sql: "lower(assigned_name)", text: true },
    ],
    id: "appointment_ref",
    text_id: true,
};

/// An appointment in the list.
#[derive(Debug, Clone)]
pub(crate) struct AppointmentRow {
    pub(crate) appointment: Appointment,
    pub(crate) assigned_name: String,
    /// When (UTC milliseconds) and why the council cancelled it; `None` if it did not.
    pub(crate) cancelled: Option<(i64, String)>,
}

impl Reading<'_> {
    /// A page of appointments.
    pub(crate) fn appointments(
        &self,
        filter: &AppointmentFilter,
        order: &Order,
        most: usize,
    ) -> Result<Page<AppointmentRow>, CouncilError> {
        let mut which = Conditions::default();
        which.and_if("organisation.name = ?", filter.organisation.as_deref());
        which.and_if("window_start_ms >= ?", filter.from_ms);
        which.and_if("window_start_ms < ?", filter.to_ms);
        which.and_if("words LIKE ? ESCAPE '\\'", filter.words.as_deref().and_then(search_text::pattern));
        self.page(&format!("{SELECT}{}", which.text()), which, order, most, appointment_row)
    }

    /// The appointment with this reference; `None` if there is none.
    pub(crate) fn appointment(&self, reference: &AppointmentRef) -> Result<Option<AppointmentRow>, CouncilError> {
        self.one(&format!("{SELECT} WHERE appointment_ref = ?1"), params![reference.as_str()], appointment_row)
    }

    /// An appointment as JSON, as it is stored.
    pub(crate) fn appointment_text(&self, reference: &str) -> Result<Option<serde_json::Value>, CouncilError> {
        let text =
            self.one("SELECT appointment FROM appointment WHERE appointment_ref = ?1", params![reference], |row| {
                row.get::<String>("appointment")
            })?;
        text.map(|text| serde_json::from_str(&text).map_err(|_| CouncilError::Unreadable("appointment"))).transpose()
    }

    /// What [`Writing::keep_appointment`] would change.
    pub(crate) fn would_keep(&self, appointment: &Appointment, user: UserId) -> Result<ImportEffect, CouncilError> {
        let text = serde_json::to_string(appointment).map_err(|_| CouncilError::Unreadable("appointment"))?;
        Ok(match self.kept(&appointment.reference)? {
            None => ImportEffect::Added,
            Some((who, what)) if who == user && what == text => ImportEffect::Unchanged,
            Some(_) => ImportEffect::Updated,
        })
    }

    fn kept(&self, reference: &AppointmentRef) -> Result<Option<(UserId, String)>, CouncilError> {
        self.one(
            "SELECT user_id, appointment FROM appointment WHERE appointment_ref = ?1",
            params![reference.as_str()],
            |row| Ok((UserId::from_bytes(row.get("user_id")?), row.get("appointment")?)),
        )
    }
}

const SELECT: &str = "
    SELECT appointment, appointment_ref, window_start_ms, address, display_name AS assigned_name, cancelled_ms, cancelled_because
    FROM appointment JOIN person USING (user_id) JOIN organisation USING (organisation_id)";

fn appointment_row(row: &Row<'_>) -> Result<AppointmentRow, CouncilError> {
    let cancelled_ms: Option<i64> = row.get("cancelled_ms")?;
    let because: Option<String> = row.get("cancelled_because")?;
    Ok(AppointmentRow {
        appointment: read(&row.get::<String>("appointment")?)?,
        assigned_name: row.get("assigned_name")?,
        cancelled: cancelled_ms.map(|at_ms| (at_ms, because.unwrap_or_default())),
    })
}

impl Writing<'_> {
    /// Adds the search words to appointments that an older version stored without them. Returns how
    /// many.
    pub(crate) fn write_missing_words(&self) -> Result<usize, CouncilError> {
        let texts: Vec<String> =
            self.many("SELECT appointment FROM appointment WHERE words = ''", params![], |row| row.get("appointment"))?;
        for text in &texts {
            let appointment: Appointment =
                serde_json::from_str(text).map_err(|_| CouncilError::Unreadable("appointment"))?;
            self.write(
                "UPDATE appointment SET words = ?2 WHERE appointment_ref = ?1",
                params![appointment.reference.as_str(), search_text::of_appointment(&appointment)],
            )?;
        }
        Ok(texts.len())
    }

    /// Cancels an appointment, and withdraws it from its visitor's phones. Visits to it stay.
    pub(crate) fn cancel_appointment(
        &self,
        reference: &AppointmentRef,
        now_ms: i64,
        because: &str,
    ) -> Result<(), CouncilError> {
        self.write(
            "UPDATE appointment SET cancelled_ms = ?2, cancelled_because = ?3 WHERE appointment_ref = ?1",
            params![reference.as_str(), now_ms, because],
        )?;
        match self.kept(reference)? {
            Some((user, _)) => self.feed(user, reference.as_str(), true),
            None => Ok(()),
        }
    }

    /// Sends later appointments at the same home to their devices again, with this attempt without
    /// access, if the council knows that it was there.
    pub(crate) fn tell_of_attempt(&self, visit: &Visit) -> Result<(), CouncilError> {
        let row = self.visit(visit.visit, None)?;
        if row.is_some_and(|row| HomeStanding::of(&row.columns).counts()) { self.tell_of_home(visit) } else { Ok(()) }
    }

    /// Sends later appointments at a visit's home to their devices again, after something about an
    /// attempt there was decided.
    pub(crate) fn tell_of_home(&self, visit: &Visit) -> Result<(), CouncilError> {
        let (Some(uprn), Some(attempt)) = (&visit.uprn, visit.attempt()) else { return Ok(()) };
        let mut which = Conditions::default();
        which.and("uprn = ?", [uprn.as_str()]);
        which.and("window_end_ms > ?", [attempt.at.timestamp_millis()]);
        which.and_if("appointment_ref <> ?", visit.appointment.as_ref().map(AppointmentRef::as_str));
        let sql = format!("SELECT user_id, appointment_ref FROM appointment{}", which.text());
        let later = self.many(&sql, which.values(), |row| {
            Ok((UserId::from_bytes(row.get("user_id")?), row.get::<String>("appointment_ref")?))
        })?;
        for (user, reference) in later {
            self.feed(user, &reference, false)?;
        }
        Ok(())
    }

    /// Adds or updates the appointment with this reference, and puts the change into the feeds of
    /// the people it concerns. A cancelled appointment that changes is no longer cancelled.
    pub(crate) fn keep_appointment(
        &self,
        appointment: &Appointment,
        user: UserId,
    ) -> Result<ImportEffect, CouncilError> {
        let text = serde_json::to_string(appointment).map_err(|_| CouncilError::Unreadable("appointment"))?;
        let reference = appointment.reference.as_str();
        let before = self.kept(&appointment.reference)?;
        if before.as_ref().is_some_and(|(who, what)| *who == user && *what == text) {
            return Ok(ImportEffect::Unchanged);
        }
        self.write(
            "INSERT INTO appointment (appointment_ref, user_id, window_start_ms, window_end_ms, uprn, tenant_name, address, appointment, words)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
             ON CONFLICT (appointment_ref) DO UPDATE SET user_id = excluded.user_id, window_start_ms = excluded.window_start_ms,
                 window_end_ms = excluded.window_end_ms, uprn = excluded.uprn, tenant_name = excluded.tenant_name,
                 address = excluded.address, appointment = excluded.appointment,
                 words = excluded.words, cancelled_ms = NULL, cancelled_because = NULL",
            params![
                reference,
                user.as_bytes(),
                appointment.window_start.timestamp_millis(),
                appointment.window_end.timestamp_millis(),
                appointment.uprn.as_str(),
                &appointment.tenant_name,
                appointment.address_line(),
                text,
                search_text::of_appointment(appointment)
            ],
        )?;
        if let Some((earlier, _)) = &before
            && *earlier != user
        {
            self.feed(*earlier, reference, true)?;
        }
        self.feed(user, reference, false)?;
        Ok(if before.is_some() { ImportEffect::Updated } else { ImportEffect::Added })
    }

    /// Adds a change at the end of a person's feed, in place of an earlier one for the same
    /// appointment.
    fn feed(&self, user: UserId, reference: &str, withdrawn: bool) -> Result<(), CouncilError> {
        self.write(
            "INSERT INTO feed_end (user_id, version) VALUES (?1, 1)
             ON CONFLICT (user_id) DO UPDATE SET version = feed_end.version + 1",
            params![user.as_bytes()],
        )?;
        self.write(
            "INSERT INTO feed (user_id, appointment_ref, version, withdrawn) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (user_id, appointment_ref) DO UPDATE SET version = excluded.version, withdrawn = excluded.withdrawn",
            params![user.as_bytes(), reference, self.feed_end(user)?, withdrawn],
        )?;
        Ok(())
    }
}
