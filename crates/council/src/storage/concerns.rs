//! Concerns. Sealed ones have a table of their own: nobody but a safeguarding lead is ever given a row of it, or a count.

use doorstep_domain::conduct::{Concern, Event, SealedNote};
use doorstep_domain::ledger::decode_body;
use doorstep_domain::{RecordId, UserId, VisitId};

use super::database::{Conditions, params};
use super::{Reading, Writing};
use crate::CouncilError;

/// A sealed concern, for a lead.
#[derive(Debug, Clone)]
pub(crate) struct SealedConcern {
    pub(crate) record: RecordId,
    pub(crate) visit: VisitId,
    pub(crate) recorded_ms: i64,
    pub(crate) received_ms: i64,
}

/// A concern that is not sealed, with who raised it.
#[derive(Debug, Clone)]
pub(crate) struct PlainConcern {
    pub(crate) record: RecordId,
    pub(crate) visit: VisitId,
    pub(crate) user: UserId,
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

impl Reading<'_> {
    /// Plain concerns, newest first, at most so many. A firm is given those of its own people, and of them no breach: a
    /// breach may be about the firm. Clause 8.2.
    pub(crate) fn plain_concerns(
        &self,
        firm: Option<&str>,
        kind: Option<&str>,
        most: usize,
    ) -> Result<Vec<ConcernRow>, CouncilError> {
        let mut which = Conditions::default();
        which.and_if("organisation.name = ? AND concern.kind <> 'breach'", firm);
        which.and_if("concern.kind = ?", kind);
        let most = which.placeholder(most);
        let sql = format!(
            "SELECT concern.record_id, concern.visit_id, concern.user_id, concern.concern, concern.recorded_ms, concern.received_ms,
                    concern.struck, person.display_name AS visitor_name, organisation.name AS organisation,
                    coalesce(appointment.address, visit.address, '') AS address
             FROM concern JOIN person ON person.user_id = concern.user_id JOIN organisation USING (organisation_id)
             LEFT JOIN visit ON visit.visit_id = concern.visit_id
             LEFT JOIN appointment ON appointment.appointment_ref = visit.appointment_ref{}
             ORDER BY noticed_ms DESC, concern.record_id DESC LIMIT {most}",
            which.text()
        );
        let rows = self.many(&sql, which.values(), |row| {
            let concern: String = row.get("concern")?;
            Ok((
                RecordId::from_bytes(row.get("record_id")?),
                VisitId::from_bytes(row.get("visit_id")?),
                UserId::from_bytes(row.get("user_id")?),
                concern,
                (row.get("recorded_ms")?, row.get("received_ms")?, row.get("struck")?),
                (row.get("visitor_name")?, row.get("organisation")?, row.get("address")?),
            ))
        })?;
        rows.into_iter()
            .map(|(record, visit, user, concern, (recorded_ms, received_ms, struck), of)| {
                let (visitor_name, organisation, address) = of;
                let concern = serde_json::from_str(&concern).map_err(|_| CouncilError::Unreadable("concern"))?;
                let plain = PlainConcern { record, visit, user, concern, recorded_ms, received_ms };
                Ok(ConcernRow { plain, struck, visitor_name, organisation, address })
            })
            .collect()
    }

    /// One that is not sealed.
    pub(crate) fn plain_concern(&self, record: RecordId) -> Result<Option<Concern>, CouncilError> {
        let text: Option<String> =
            self.one("SELECT concern FROM concern WHERE record_id = ?1", params![record.as_bytes()], |row| {
                row.get("concern")
            })?;
        text.map(|text| serde_json::from_str(&text).map_err(|_| CouncilError::Unreadable("concern"))).transpose()
    }

    /// All sealed ones, newest first.
    pub(crate) fn sealed_concerns(&self) -> Result<Vec<SealedConcern>, CouncilError> {
        self.many(
            "SELECT record_id, visit_id, recorded_ms, received_ms FROM sealed_concern ORDER BY received_ms DESC, record_id DESC",
            params![],
            |row| {
                Ok(SealedConcern {
                    record: RecordId::from_bytes(row.get("record_id")?),
                    visit: VisitId::from_bytes(row.get("visit_id")?),
                    recorded_ms: row.get("recorded_ms")?,
                    received_ms: row.get("received_ms")?,
                })
            },
        )
    }

    /// The sealed note of one.
    pub(crate) fn sealed_note(&self, record: RecordId) -> Result<Option<SealedNote>, CouncilError> {
        let body = self.one(
            "SELECT body FROM sealed_concern JOIN body USING (record_id) WHERE record_id = ?1",
            params![record.as_bytes()],
            |row| row.get::<Vec<u8>>("body"),
        )?;
        Ok(body.and_then(|body| decode_body(&body)).and_then(|body| match body.event {
            Event::ConcernSealed(note) => Some(note),
            _ => None,
        }))
    }
}

impl Writing<'_> {
    pub(crate) fn keep_plain_concern(&self, kept: &PlainConcern) -> Result<(), CouncilError> {
        let text = serde_json::to_string(&kept.concern).map_err(|_| CouncilError::Unreadable("concern"))?;
        self.write(
            "INSERT INTO concern (record_id, visit_id, user_id, kind, noticed_ms, recorded_ms, received_ms, struck, concern)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, NULL, ?8) ON CONFLICT (record_id) DO NOTHING",
            params![
                kept.record.as_bytes(),
                kept.visit.as_bytes(),
                kept.user.as_bytes(),
                kept.concern.kind().name(),
                kept.concern.noticed_at.timestamp_millis(),
                kept.recorded_ms,
                kept.received_ms,
                text
            ],
        )?;
        Ok(())
    }

    /// The visitor struck a concern out, and said why. It stays.
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
