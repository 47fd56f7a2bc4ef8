//! Concerns. Sealed ones have their own table. Only safeguarding leads are shown its rows, or how
//! many there are.

use doorstep_domain::StableName;
use doorstep_domain::conduct::{Concern, Event, SealedNote};
use doorstep_domain::ledger::decode_body;
use doorstep_domain::{DeviceId, OrganisationId, RecordId, UserId, VisitId};

use super::database::{Conditions, Row, Value, params};
use super::order::{Order, Page, SortColumn, Sortable};
use super::transaction::{Reading, Writing};
use crate::error::CouncilError;

/// A sealed concern, as a safeguarding lead sees it.
#[derive(Debug, Clone)]
pub(crate) struct SealedConcern {
    pub(crate) record: RecordId,
    pub(crate) visit: VisitId,
    pub(crate) recorded_ms: i64,
    pub(crate) received_ms: i64,
}

/// A sealed concern in a lead's list.
#[derive(Debug, Clone)]
pub(crate) struct SealedRow {
    /// Its visit, if the council has one by the id that the record gives.
    pub(crate) visit: Option<VisitId>,
    pub(crate) sealed: SealedConcern,
    pub(crate) visitor_name: String,
    /// The visit's address, where there is one.
    pub(crate) address: String,
    /// Whether its record was set aside, so that nobody has confirmed yet who wrote it.
    pub(crate) unconfirmed: bool,
}

/// Who read a note, and when.
#[derive(Debug, Clone)]
pub(crate) struct NoteReading {
    pub(crate) user_name: String,
    pub(crate) at_ms: i64,
}

/// How sealed concerns can be sorted.
pub(crate) static NOTES: Sortable = Sortable {
    columns: &[SortColumn { name: "received", sql: "received_ms", text: false }],
    id: "record_id",
    text_id: false,
};

/// A concern that is not sealed, with who raised it.
#[derive(Debug, Clone)]
pub(crate) struct PlainConcern {
    pub(crate) record: RecordId,
    pub(crate) visit: VisitId,
    pub(crate) user: UserId,
    /// The organisation of the enrolment that it came from.
    pub(crate) organisation_id: OrganisationId,
    pub(crate) concern: Concern,
    pub(crate) recorded_ms: i64,
    pub(crate) received_ms: i64,
}

/// A plain concern in a list.
#[derive(Debug, Clone)]
pub(crate) struct ConcernRow {
    pub(crate) plain: PlainConcern,
    pub(crate) struck: Option<String>,
    pub(crate) visitor_name: String,
    pub(crate) organisation: String,
    /// The visit's address, where there is one.
    pub(crate) address: String,
}

/// Which plain concerns to list. A firm only gets concerns raised by its own people, and no
/// breaches, because a breach may be about the firm. Clause 8.2.
#[derive(Debug, Clone, Default)]
pub(crate) struct ConcernFilter {
    pub(crate) firm: Option<String>,
    pub(crate) kind: Option<String>,
    /// The list continues after this concern: when it was said or seen, in UTC milliseconds, and
    /// its record.
    pub(crate) after: Option<(i64, RecordId)>,
}

impl ConcernFilter {
    fn conditions(&self) -> Conditions {
        let mut which = Conditions::default();
        which.and_if("organisation.name = ? AND concern.kind <> 'breach'", self.firm.as_deref());
        which.and_if("concern.kind = ?", self.kind.as_deref());
        if let Some((at_ms, record)) = self.after {
            let place = [Value::from(at_ms), Value::from(record.as_bytes())];
            which.and("(concern.noticed_ms, concern.record_id) < (?, ?)", place);
        }
        which
    }
}

const SELECT: &str = "
    SELECT concern.record_id, concern.visit_id, concern.user_id, concern.organisation_id, concern.concern, concern.recorded_ms, concern.received_ms,
           concern.struck, person.display_name AS visitor_name, organisation.name AS organisation,
           coalesce(visit.address, '') AS address
    FROM concern JOIN person ON person.user_id = concern.user_id 
        JOIN organisation ON organisation.organisation_id = concern.organisation_id
    LEFT JOIN visit ON visit.visit_id = concern.visit_id";

const NEWEST_FIRST: &str = " ORDER BY concern.noticed_ms DESC, concern.record_id DESC";

fn concern_row(row: &Row<'_>) -> Result<ConcernRow, CouncilError> {
    let concern: String = row.get("concern")?;
    Ok(ConcernRow {
        plain: PlainConcern {
            record: RecordId::from_bytes(row.get("record_id")?),
            visit: VisitId::from_bytes(row.get("visit_id")?),
            user: UserId::from_bytes(row.get("user_id")?),
            organisation_id: OrganisationId::from_bytes(row.get("organisation_id")?),
            concern: serde_json::from_str(&concern).map_err(|_| CouncilError::Unreadable("concern"))?,
            recorded_ms: row.get("recorded_ms")?,
            received_ms: row.get("received_ms")?,
        },
        struck: row.get("struck")?,
        visitor_name: row.get("visitor_name")?,
        organisation: row.get("organisation")?,
        address: row.get("address")?,
    })
}

impl Reading<'_> {
    /// A page of plain concerns, newest first.
    pub(crate) fn plain_concerns(&self, filter: &ConcernFilter, most: usize) -> Result<Vec<ConcernRow>, CouncilError> {
        let mut which = filter.conditions();
        let most = which.placeholder(most);
        let sql = format!("{SELECT}{}{NEWEST_FIRST} LIMIT {most}", which.text());
        self.many(&sql, which.values(), concern_row)
    }

    /// Calls `each` for every plain concern that fits, newest first.
    pub(crate) fn each_plain_concern(
        &self,
        filter: &ConcernFilter,
        mut each: impl FnMut(ConcernRow) -> Result<(), CouncilError>,
    ) -> Result<(), CouncilError> {
        let which = filter.conditions();
        let sql = format!("{SELECT}{}{NEWEST_FIRST}", which.text());
        self.connection.query_at_length(&sql, which.values(), &mut |row| {
            each(concern_row(row)?)?;
            Ok(true)
        })
    }

    /// One plain concern; `None` if it is sealed or not known.
    pub(crate) fn plain_concern(&self, record: RecordId) -> Result<Option<Concern>, CouncilError> {
        let text: Option<String> =
            self.one("SELECT concern FROM concern WHERE record_id = ?1", params![record.as_bytes()], |row| {
                row.get("concern")
            })?;
        text.map(|text| serde_json::from_str(&text).map_err(|_| CouncilError::Unreadable("concern"))).transpose()
    }

    /// A page of sealed concerns.
    pub(crate) fn sealed_concerns(&self, order: &Order, most: usize) -> Result<Page<SealedRow>, CouncilError> {
        let listed = "
            SELECT sealed_concern.record_id, sealed_concern.visit_id, sealed_concern.recorded_ms, sealed_concern.received_ms,
                   visit.visit_id AS known_visit_id, coalesce(visit.address, '') AS address,
                   coalesce((SELECT display_name FROM record JOIN device USING (device_id) JOIN person USING (user_id)
                             WHERE record.record_id = sealed_concern.record_id LIMIT 1),
                            (SELECT display_name FROM set_aside JOIN device USING (device_id) JOIN person USING (user_id)
                             WHERE set_aside.record_id = sealed_concern.record_id LIMIT 1)) AS visitor_name,
                   CASE WHEN EXISTS (SELECT 1 FROM record WHERE record.record_id = sealed_concern.record_id)
                          OR EXISTS (SELECT 1 FROM set_aside WHERE set_aside.record_id = sealed_concern.record_id
                                     AND decided = 'released') THEN 0 ELSE 1 END AS unconfirmed
            FROM sealed_concern LEFT JOIN visit ON visit.visit_id = sealed_concern.visit_id";
        self.page(listed, Conditions::default(), order, most, |row| {
            Ok(SealedRow {
                sealed: SealedConcern {
                    record: RecordId::from_bytes(row.get("record_id")?),
                    visit: VisitId::from_bytes(row.get("visit_id")?),
                    recorded_ms: row.get("recorded_ms")?,
                    received_ms: row.get("received_ms")?,
                },
                visit: row.get::<Option<_>>("known_visit_id")?.map(VisitId::from_bytes),
                visitor_name: row.get::<Option<String>>("visitor_name")?.unwrap_or_default(),
                address: row.get("address")?,
                unconfirmed: row.get("unconfirmed")?,
            })
        })
    }

    /// Who read a note, first to last.
    pub(crate) fn readings_of(&self, record: RecordId) -> Result<Vec<NoteReading>, CouncilError> {
        // Before readings stood in the leads' log, they had a table of their own, and before that
        // they were lines of the audit log. That log is now shown without them.
        let noted_before = serde_json::json!({ "record": record }).to_string();
        let mut readings = self.many(
            "SELECT user_name, at_ms FROM note_reading WHERE record_id = ?1
             UNION ALL SELECT user_name, at_ms FROM audit WHERE action = 'safeguarding_note_read' AND detail = ?2
             ORDER BY at_ms, user_name",
            params![record.as_bytes(), noted_before],
            |row| Ok(NoteReading { user_name: row.get("user_name")?, at_ms: row.get("at_ms")? }),
        )?;
        readings.extend(self.openings_of(record)?);
        Ok(readings)
    }

    /// The visit that the record of a note gives. In version 2 it is a random one.
    pub(crate) fn visit_of_note(&self, record: RecordId) -> Result<Option<VisitId>, CouncilError> {
        self.one("SELECT visit_id FROM sealed_concern WHERE record_id = ?1", params![record.as_bytes()], |row| {
            Ok(VisitId::from_bytes(row.get("visit_id")?))
        })
    }

    /// The encrypted note of a sealed concern, also of one whose record was set aside; `None` if it
    /// was erased or not known.
    pub(crate) fn sealed_note(&self, record: RecordId) -> Result<Option<SealedNote>, CouncilError> {
        let kept = self.one(
            "SELECT body FROM sealed_concern JOIN body USING (record_id) WHERE record_id = ?1",
            params![record.as_bytes()],
            |row| row.get::<Vec<u8>>("body"),
        )?;
        let body = match kept {
            Some(body) => Some(body),
            None => self.aside_body(record)?,
        };
        Ok(body.and_then(|body| decode_body(&body)).and_then(|body| match body.event {
            Event::ConcernSealed(note) => Some(note),
            _ => None,
        }))
    }
}

impl Reading<'_> {
    /// How many cases what a device has sent opened since a moment, in UTC milliseconds.
    pub(crate) fn cases_since(&self, device: DeviceId, since_ms: i64) -> Result<u64, CouncilError> {
        let cases = self.one(
            "SELECT count(*) AS cases FROM case_file WHERE received_ms > ?2
                 AND (EXISTS (SELECT 1 FROM record WHERE record.record_id = case_file.record_id AND device_id = ?1)
                      OR EXISTS (SELECT 1 FROM set_aside WHERE set_aside.record_id = case_file.record_id AND device_id = ?1))",
            params![device.as_bytes(), since_ms],
            |row| row.get("cases"),
        )?;
        Ok(cases.unwrap_or(0))
    }

    /// How many cases of a visit what a device has sent opened.
    pub(crate) fn cases_in(&self, device: DeviceId, visit: VisitId) -> Result<u64, CouncilError> {
        let cases = self.one(
            "SELECT count(*) AS cases FROM case_file WHERE case_file.visit_id = ?2
                 AND (EXISTS (SELECT 1 FROM record WHERE record.record_id = case_file.record_id AND device_id = ?1)
                      OR EXISTS (SELECT 1 FROM set_aside WHERE set_aside.record_id = case_file.record_id AND device_id = ?1))",
            params![device.as_bytes(), visit.as_bytes()],
            |row| row.get("cases"),
        )?;
        Ok(cases.unwrap_or(0))
    }
}

impl Writing<'_> {
    pub(crate) fn keep_plain_concern(&self, kept: &PlainConcern) -> Result<(), CouncilError> {
        let text = serde_json::to_string(&kept.concern).map_err(|_| CouncilError::Unreadable("concern"))?;
        self.write(
            "INSERT INTO concern (record_id, visit_id, user_id, kind, noticed_ms, recorded_ms, received_ms, struck, concern, organisation_id)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, NULL, ?8, ?9) ON CONFLICT (record_id) DO NOTHING",
            params![
                kept.record.as_bytes(),
                kept.visit.as_bytes(),
                kept.user.as_bytes(),
                kept.concern.kind().name(),
                kept.concern.noticed_at.timestamp_millis(),
                kept.recorded_ms,
                kept.received_ms,
                text,
                kept.organisation_id.as_bytes()
            ],
        )?;
        Ok(())
    }

    /// Notes that the visitor struck out a concern, and why. The concern stays in the list.
    pub(crate) fn strike_concern(&self, record: RecordId, reason: &str) -> Result<(), CouncilError> {
        self.write("UPDATE concern SET struck = ?2 WHERE record_id = ?1", params![record.as_bytes(), reason])?;
        Ok(())
    }

    pub(crate) fn keep_sealed_concern(&self, concern: &SealedConcern) -> Result<(), CouncilError> {
        let is_new = self.write(
            "INSERT INTO sealed_concern (record_id, visit_id, recorded_ms, received_ms) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (record_id) DO NOTHING",
            params![concern.record.as_bytes(), concern.visit.as_bytes(), concern.recorded_ms, concern.received_ms],
        )?;
        if is_new == 1 { self.tell_leads(concern.received_ms) } else { Ok(()) }
    }
}
