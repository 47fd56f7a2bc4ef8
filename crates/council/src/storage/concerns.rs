//! Sealed concerns. Nobody but a safeguarding lead is ever given a row of this table, or a count of it.

use doorstep_domain::conduct::{Event, SealedNote};
use doorstep_domain::ledger::decode_body;
use doorstep_domain::{RecordId, VisitId};
use rusqlite::params;

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

impl Reading<'_> {
    /// All of them, newest first.
    pub(crate) fn sealed_concerns(&self) -> Result<Vec<SealedConcern>, CouncilError> {
        self.many(
            "SELECT record_id, visit_id, recorded_ms, received_ms FROM sealed_concern ORDER BY received_ms DESC, record_id DESC",
            [],
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
            |row| row.get::<_, Vec<u8>>("body"),
        )?;
        Ok(body.and_then(|body| decode_body(&body)).and_then(|body| match body.event {
            Event::ConcernSealed(note) => Some(note),
            Event::Started(_)
            | Event::StepRecorded { .. }
            | Event::Entered { .. }
            | Event::EntryRefused { .. }
            | Event::RefusalWordsAdded { .. }
            | Event::NoAnswer
            | Event::Left(_)
            | Event::StruckOut { .. } => None,
        }))
    }
}

impl Writing<'_> {
    pub(crate) fn keep_sealed_concern(&self, concern: &SealedConcern) -> Result<(), CouncilError> {
        self.write(
            "INSERT INTO sealed_concern (record_id, visit_id, recorded_ms, received_ms) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (record_id) DO NOTHING",
            params![concern.record.as_bytes(), concern.visit.as_bytes(), concern.recorded_ms, concern.received_ms],
        )?;
        Ok(())
    }
}
