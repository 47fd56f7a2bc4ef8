//! People who work alone and whose phone's records were set aside: help does not wait until
//! somebody has decided about them.

use doorstep_domain::conduct::Happened;
use doorstep_domain::{DeviceId, UserId, VisitId};

use super::chain::fact_of_row;
use super::database::params;
use super::settings::Belief;
use super::transaction::{Reading, Writing};
use crate::error::CouncilError;

/// Somebody who may be overdue, as only records say that were set aside.
#[derive(Debug, Clone, Copy)]
pub(crate) struct AloneAside {
    pub(crate) visit: VisitId,
    /// The phone that said so, and the person that it is enrolled for.
    pub(crate) device: DeviceId,
    pub(crate) user: UserId,
}

impl Reading<'_> {
    /// Those who should have been out before this moment at the earliest, in records that nobody
    /// has put to rest. One that is released counts no less: the rest of its visit may not be.
    pub(crate) fn alone_aside_before(&self, before_ms: i64) -> Result<Vec<AloneAside>, CouncilError> {
        self.many(
            "SELECT DISTINCT visit_id, device_id, user_id FROM set_aside JOIN device USING (device_id)
             WHERE alone_until_ms IS NOT NULL AND alone_until_ms < ?1 AND visit_id IS NOT NULL
             AND (decided IS NULL OR decided = 'released')",
            params![before_ms],
            |row| {
                Ok(AloneAside {
                    visit: VisitId::from_bytes(row.get("visit_id")?),
                    device: DeviceId::from_bytes(row.get("device_id")?),
                    user: UserId::from_bytes(row.get("user_id")?),
                })
            },
        )
    }

    /// What that phone has said of the visit, kept or set aside. What another phone says of the
    /// same visit is not looked at: it could silence the alarm.
    pub(crate) fn said_aside(&self, alone: &AloneAside) -> Result<Vec<Happened>, CouncilError> {
        let belief = Belief::of(self)?;
        let facts = self.many(
            "SELECT received_ms, earliest_ms, envelope, body, user_id FROM record JOIN device USING (device_id)
                 LEFT JOIN body USING (record_id) WHERE visit_id = ?1 AND device_id = ?2
             UNION ALL SELECT received_ms, earliest_ms, envelope, body, user_id FROM set_aside JOIN device USING (device_id)
                 WHERE visit_id = ?1 AND device_id = ?2 AND (decided IS NULL OR decided = 'released')",
            params![alone.visit.as_bytes(), alone.device.as_bytes()],
            |row| fact_of_row(row, &belief),
        )?;
        Ok(facts.into_iter().flatten().collect())
    }
}

impl Writing<'_> {
    /// Notes that it was looked at: they are out, or a case is open.
    pub(crate) fn looked_at_alone_aside(&self, alone: &AloneAside) -> Result<(), CouncilError> {
        self.write(
            "UPDATE set_aside SET alone_until_ms = NULL WHERE visit_id = ?1 AND device_id = ?2",
            params![alone.visit.as_bytes(), alone.device.as_bytes()],
        )?;
        Ok(())
    }
}
