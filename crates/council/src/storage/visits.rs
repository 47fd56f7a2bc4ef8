//! Visits as lists and exports show them: a fold over records, kept beside them.

use doorstep_domain::conduct::{Appointment, Visit};
use doorstep_domain::{AppointmentRef, VisitId};
use rusqlite::{Row, named_params, params};

use super::{Reading, Writing};
use crate::CouncilError;

/// Which visits. Every part that is set must hold.
#[derive(Debug, Clone, Default)]
pub(crate) struct Filter {
    /// Only of this organisation: what a firm may see.
    pub(crate) organisation: Option<String>,
    /// An outcome by its stable name; `open` for none yet.
    pub(crate) outcome: Option<String>,
    /// How somebody went in: `consent` or `lawful`.
    pub(crate) entry: Option<String>,
    /// Started at or after, milliseconds.
    pub(crate) from_ms: Option<i64>,
    /// Started before, milliseconds.
    pub(crate) to_ms: Option<i64>,
    /// Words to be found in reference, UPRN, address, tenant or visitor.
    pub(crate) words: Option<String>,
    /// After this visit in the list: the last of the page before.
    pub(crate) after: Option<(i64, VisitId)>,
}

/// One visit, with what belongs to it.
#[derive(Debug, Clone)]
pub(crate) struct VisitRow {
    pub(crate) visit: Visit,
    pub(crate) started_ms: i64,
    pub(crate) received_ms: i64,
    pub(crate) appointment: Option<Appointment>,
    pub(crate) organisation: String,
    pub(crate) visitor: String,
    pub(crate) visitor_name: String,
    /// How many of its photos are here, whole.
    pub(crate) photos_held: u64,
}

impl VisitRow {
    /// Where, on one line: the appointment's address, or the one that the visitor gave.
    pub(crate) fn address(&self) -> String {
        let given = || self.visit.address.clone().unwrap_or_default();
        self.appointment.as_ref().map_or_else(given, Appointment::address_line)
    }
}

const SELECT: &str = "
    SELECT visit.folded, visit.started_ms, visit.received_ms, appointment.appointment,
           organisation.name AS organisation, person.user_name AS visitor, person.display_name AS visitor_name,
           (SELECT count(*) FROM photo JOIN blob USING (sha256)
            WHERE photo.visit_id = visit.visit_id AND struck = 0 AND complete_ms IS NOT NULL) AS photos_held
    FROM visit
    LEFT JOIN appointment USING (appointment_ref)
    LEFT JOIN person ON person.user_id = visit.user_id
    LEFT JOIN organisation ON organisation.organisation_id = visit.organisation_id";

const WHERE: &str = "
    WHERE (:organisation IS NULL OR organisation.name = :organisation)
      AND (:outcome IS NULL OR coalesce(visit.outcome, 'open') = :outcome)
      AND (:entry IS NULL OR :entry = CASE WHEN visit.folded ->> '$.entry' IS NULL THEN ''
           WHEN visit.folded ->> '$.entry.basis.lawful' IS NULL THEN 'consent' ELSE 'lawful' END)
      AND (:from_ms IS NULL OR visit.started_ms >= :from_ms)
      AND (:to_ms IS NULL OR visit.started_ms < :to_ms)
      AND (:words IS NULL OR visit.appointment_ref LIKE :words ESCAPE '\\' OR visit.uprn LIKE :words ESCAPE '\\'
           OR appointment.address LIKE :words ESCAPE '\\' OR appointment.tenant_name LIKE :words ESCAPE '\\'
           OR person.display_name LIKE :words ESCAPE '\\')
      AND (:after_ms IS NULL OR (visit.started_ms, visit.visit_id) < (:after_ms, :after_id))
    ORDER BY visit.started_ms DESC, visit.visit_id DESC";

type RawRow = (String, i64, i64, Option<String>, Option<String>, Option<String>, Option<String>, u64);

fn raw(row: &Row<'_>) -> rusqlite::Result<RawRow> {
    Ok((
        row.get("folded")?,
        row.get("started_ms")?,
        row.get("received_ms")?,
        row.get("appointment")?,
        row.get("organisation")?,
        row.get("visitor")?,
        row.get("visitor_name")?,
        row.get("photos_held")?,
    ))
}

fn parse(
    (folded, started_ms, received_ms, appointment, organisation, visitor, visitor_name, photos_held): RawRow,
) -> Result<VisitRow, CouncilError> {
    Ok(VisitRow {
        visit: serde_json::from_str(&folded).map_err(|_| CouncilError::Unreadable("visit"))?,
        started_ms,
        received_ms,
        appointment: appointment
            .map(|text| serde_json::from_str(&text).map_err(|_| CouncilError::Unreadable("appointment")))
            .transpose()?,
        organisation: organisation.unwrap_or_default(),
        visitor: visitor.unwrap_or_default(),
        visitor_name: visitor_name.unwrap_or_default(),
        photos_held,
    })
}

/// What is searched for, as a pattern in which nothing is special.
fn pattern(words: &str) -> String {
    let escaped = words.trim().replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
    format!("%{escaped}%")
}

impl Reading<'_> {
    /// Calls `each` for every visit that fits, newest first, until it says stop by `false`.
    pub(crate) fn each_visit(
        &self,
        filter: &Filter,
        mut each: impl FnMut(VisitRow) -> Result<bool, CouncilError>,
    ) -> Result<(), CouncilError> {
        let mut statement = self.connection.prepare_cached(&format!("{SELECT}{WHERE}"))?;
        let mut rows = statement.query(named_params! {
            ":organisation": filter.organisation,
            ":outcome": filter.outcome,
            ":entry": filter.entry,
            ":from_ms": filter.from_ms,
            ":to_ms": filter.to_ms,
            ":words": filter.words.as_deref().filter(|words| !words.trim().is_empty()).map(pattern),
            ":after_ms": filter.after.map(|(at, _)| at),
            ":after_id": filter.after.map(|(_, id)| id.as_bytes().to_vec()),
        })?;
        while let Some(row) = rows.next()? {
            if !each(parse(raw(row)?)?)? {
                break;
            }
        }
        Ok(())
    }

    /// A page of visits.
    pub(crate) fn visits(&self, filter: &Filter, most: usize) -> Result<Vec<VisitRow>, CouncilError> {
        let mut page = Vec::new();
        self.each_visit(filter, |row| {
            page.push(row);
            Ok(page.len() < most)
        })?;
        Ok(page)
    }

    /// One visit, if the organisation may see it.
    pub(crate) fn visit(&self, visit: VisitId, organisation: Option<&str>) -> Result<Option<VisitRow>, CouncilError> {
        self.one(
            &format!("{SELECT} WHERE visit.visit_id = ?1 AND (?2 IS NULL OR organisation.name = ?2)"),
            params![visit.as_bytes(), organisation],
            raw,
        )?
        .map(parse)
        .transpose()
    }

    /// How many visits that started in a span ended how, of one organisation or of all: stable name (or `open`) and count.
    pub(crate) fn outcomes(
        &self,
        from_ms: i64,
        to_ms: i64,
        organisation: Option<&str>,
    ) -> Result<Vec<(String, u64)>, CouncilError> {
        self.many(
            "SELECT coalesce(outcome, 'open') AS outcome, count(*) AS visits FROM visit LEFT JOIN organisation USING (organisation_id)
             WHERE started_ms >= ?1 AND started_ms < ?2 AND (?3 IS NULL OR organisation.name = ?3)
             GROUP BY 1 ORDER BY 1",
            params![from_ms, to_ms, organisation],
            |row| Ok((row.get("outcome")?, row.get("visits")?)),
        )
    }

    /// Whether an appointment has a visit.
    pub(crate) fn visit_to(
        &self,
        appointment: &AppointmentRef,
    ) -> Result<Option<(VisitId, Option<String>)>, CouncilError> {
        self.one(
            "SELECT visit_id, outcome FROM visit WHERE appointment_ref = ?1 ORDER BY started_ms DESC LIMIT 1",
            params![appointment.as_str()],
            |row| Ok((VisitId::from_bytes(row.get("visit_id")?), row.get("outcome")?)),
        )
    }
}

impl Writing<'_> {
    /// Keeps the row of a visit as its records now fold.
    pub(crate) fn save_visit(&self, visit: &Visit, received_ms: i64) -> Result<(), CouncilError> {
        let folded = serde_json::to_string(visit).map_err(|_| CouncilError::Unreadable("visit"))?;
        self.write(
            "INSERT INTO visit (visit_id, started_ms, appointment_ref, uprn, visit_kind, user_id, organisation_id, outcome, ended_ms, received_ms, folded)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, (SELECT organisation_id FROM person WHERE user_id = ?6), ?7, ?8, ?9, ?10)
             ON CONFLICT (visit_id) DO UPDATE SET started_ms = excluded.started_ms, appointment_ref = excluded.appointment_ref,
                 uprn = excluded.uprn, visit_kind = excluded.visit_kind, user_id = excluded.user_id,
                 organisation_id = excluded.organisation_id, outcome = excluded.outcome, ended_ms = excluded.ended_ms,
                 received_ms = excluded.received_ms, folded = excluded.folded",
            params![
                visit.visit.as_bytes(),
                visit.started_at.or(visit.opened_at).map_or(received_ms, |at| at.timestamp_millis()),
                visit.appointment.as_ref().map(AppointmentRef::as_str),
                visit.uprn.as_ref().map(doorstep_domain::Uprn::as_str),
                visit.visit_kind.map(doorstep_domain::conduct::VisitKind::name),
                visit.actor.map(|actor| *actor.as_bytes()),
                visit.ending.as_ref().map(|ending| ending.outcome.name()),
                visit.ending.as_ref().map(|ending| ending.at.timestamp_millis()),
                received_ms,
                folded
            ],
        )?;
        Ok(())
    }
}
