//! What was erased, as far as ingest and phones have to know it.

use std::collections::BTreeSet;

use doorstep_domain::ledger::Epoch;
use doorstep_domain::{DeviceId, RecordId, VisitId};

use super::database::params;
use super::transaction::Reading;
use crate::error::CouncilError;

impl Reading<'_> {
    /// Which of these visits were erased. Where a note of version 1 was erased, its visit is marked
    /// too, and is still there.
    pub(crate) fn erased_among(
        &self,
        visits: impl IntoIterator<Item = VisitId>,
    ) -> Result<BTreeSet<VisitId>, CouncilError> {
        let erased = self.among(
            "SELECT visit_id FROM erased WHERE visit_id IN ({})
             AND NOT EXISTS (SELECT 1 FROM visit WHERE visit.visit_id = erased.visit_id)",
            visits.into_iter().map(|visit| *visit.as_bytes()),
            |row| Ok(VisitId::from_bytes(row.get("visit_id")?)),
        )?;
        Ok(erased.into_iter().collect())
    }

    /// Which of these records the council has taken, or had set aside, and no longer holds the
    /// content of.
    pub(crate) fn without_body(&self, records: &BTreeSet<RecordId>) -> Result<BTreeSet<RecordId>, CouncilError> {
        let without = self.among(
            "SELECT record_id FROM record WHERE record_id IN ({})
             AND NOT EXISTS (SELECT 1 FROM body WHERE body.record_id = record.record_id)",
            records.iter().map(|record| *record.as_bytes()),
            |row| Ok(RecordId::from_bytes(row.get("record_id")?)),
        )?;
        let aside = self.among(
            "SELECT record_id FROM set_aside WHERE record_id IN ({}) AND length(body) = 0",
            records.iter().map(|record| *record.as_bytes()),
            |row| Ok(RecordId::from_bytes(row.get("record_id")?)),
        )?;
        Ok(without.into_iter().chain(aside).collect())
    }

    /// Whether the content of any record of a visit is held.
    pub(crate) fn holds_content(&self, visit: VisitId) -> Result<bool, CouncilError> {
        let held = self.one(
            "SELECT 1 FROM record JOIN body ON body.record_id = record.record_id WHERE visit_id = ?1 LIMIT 1",
            params![visit.as_bytes()],
            |_| Ok(()),
        )?;
        Ok(held.is_some())
    }

    /// The visits of a phone's chain.
    pub(crate) fn visits_in(&self, device: DeviceId, chain: Epoch) -> Result<Vec<VisitId>, CouncilError> {
        self.many(
            "SELECT visit_id FROM record WHERE device_id = ?1 AND epoch = ?2
             UNION SELECT visit_id FROM set_aside WHERE device_id = ?1 AND epoch = ?2 AND visit_id IS NOT NULL",
            params![device.as_bytes(), chain.as_bytes()],
            |row| Ok(VisitId::from_bytes(row.get("visit_id")?)),
        )
    }

    /// Those of these visits that were erased, and of which nothing is held any more. A
    /// safeguarding note of one may be, and says nothing to its phone. A register is no such visit
    /// while one of its signatures is held.
    pub(crate) fn erased_whole(
        &self,
        visits: impl IntoIterator<Item = VisitId>,
    ) -> Result<BTreeSet<VisitId>, CouncilError> {
        let erased = self.among(
            "SELECT visit_id FROM erased WHERE visit_id IN ({})
             AND NOT EXISTS (SELECT 1 FROM record JOIN body ON body.record_id = record.record_id
                 WHERE record.visit_id = erased.visit_id
                   AND NOT EXISTS (SELECT 1 FROM sealed_concern WHERE sealed_concern.record_id = record.record_id))",
            visits.into_iter().map(|visit| *visit.as_bytes()),
            |row| Ok(VisitId::from_bytes(row.get("visit_id")?)),
        )?;
        Ok(erased.into_iter().collect())
    }
}
