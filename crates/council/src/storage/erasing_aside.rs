//! Erasing what was set aside. The envelopes stay, and the records keep their places in the chain;
//! what nobody had decided about waits no longer.

use std::collections::BTreeSet;

use doorstep_domain::ledger::{Hash, RecordKind};
use doorstep_domain::v2::AnyEnvelope;
use doorstep_domain::{DeviceId, RecordId, UserId, VisitId};

use super::chain::Place;
use super::database::params;
use super::set_aside::aside_record;
use super::transaction::Writing;
use crate::error::CouncilError;

/// What becomes of an erased row. The statement's first value is [`EMPTY`].
const ERASED: &str = "body = ?1, because = NULL, decided = coalesce(decided, 'at_rest'),
    decided_by = coalesce(decided_by, ''), decided_ms = coalesce(decided_ms, received_ms)";

const EMPTY: Vec<u8> = Vec::new();

impl Writing<'_> {
    /// Empties the bodies of a visit's set-aside records. They keep their places in the chain.
    pub(super) fn erase_set_aside(&self, visit: VisitId) -> Result<(), CouncilError> {
        self.write(
            &format!("UPDATE set_aside SET {ERASED} WHERE visit_id = ?2 AND of_note = 0"),
            params![EMPTY, visit.as_bytes()],
        )?;
        Ok(())
    }

    /// Notes that nobody has to decide about a record that came without its content, because that
    /// was erased.
    pub(crate) fn put_emptied_to_rest(&self, place: Place, hash: Hash) -> Result<(), CouncilError> {
        let Place { device, epoch, sequence } = place;
        self.write(
            &format!(
                "UPDATE set_aside SET {ERASED} WHERE device_id = ?2 AND epoch = ?3 AND sequence = ?4 AND hash = ?5"
            ),
            params![EMPTY, device.as_bytes(), epoch.as_bytes(), sequence, hash.as_bytes()],
        )?;
        Ok(())
    }

    /// Empties the bodies of a set-aside note.
    pub(super) fn erase_aside_note(&self, record: RecordId) -> Result<(), CouncilError> {
        self.write(
            &format!("UPDATE set_aside SET {ERASED} WHERE record_id = ?2 AND of_note = 1"),
            params![EMPTY, record.as_bytes()],
        )?;
        Ok(())
    }

    /// Empties the bodies of somebody's set-aside signatures under the Code: those of their phones,
    /// and those that another phone sent in their name.
    pub(super) fn erase_aside_signatures(&self, user: UserId) -> Result<(), CouncilError> {
        let phones: BTreeSet<DeviceId> = self
            .many("SELECT device_id FROM device WHERE user_id = ?1", params![user.as_bytes()], |row| {
                Ok(DeviceId::from_bytes(row.get("device_id")?))
            })?
            .into_iter()
            .collect();
        for row in self.many("SELECT * FROM set_aside WHERE length(body) > 0", params![], aside_record)? {
            let is_theirs = AnyEnvelope::from_bytes(&row.envelope).is_some_and(|envelope| {
                let by_them = envelope.actor == Some(user) || phones.contains(&row.place.device);
                envelope.kind == RecordKind::ACKNOWLEDGEMENT && by_them
            });
            if !is_theirs {
                continue;
            }
            let Place { device, epoch, sequence } = row.place;
            self.write(
                &format!(
                    "UPDATE set_aside SET {ERASED} WHERE device_id = ?2 AND epoch = ?3 AND sequence = ?4 AND hash = ?5"
                ),
                params![EMPTY, device.as_bytes(), epoch.as_bytes(), sequence, row.hash.as_bytes()],
            )?;
        }
        Ok(())
    }

    /// Empties what was received before a moment and belongs to no visit or note that is known: the
    /// retention of visits is its own.
    pub(crate) fn erase_unreadable_aside(&self, before_ms: i64) -> Result<(), CouncilError> {
        self.write(
            &format!(
                "UPDATE set_aside SET {ERASED}
                 WHERE received_ms < ?2 AND visit_id IS NULL AND of_note = 0 AND length(body) > 0"
            ),
            params![EMPTY, before_ms],
        )?;
        Ok(())
    }

    /// Empties what was received before a moment in chains of notes.
    pub(crate) fn erase_aside_notes(&self, before_ms: i64) -> Result<(), CouncilError> {
        self.write(
            &format!("UPDATE set_aside SET {ERASED} WHERE received_ms < ?2 AND of_note = 1 AND length(body) > 0"),
            params![EMPTY, before_ms],
        )?;
        Ok(())
    }
}
