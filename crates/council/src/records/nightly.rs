//! What is done each night, and when it was last done: the backup and the check of all records.

use crate::access::actor::Actor;
use crate::error::CouncilError;
use crate::service::Service;
use crate::storage::{Audited, Reading, Writing};

/// Something that is done each night.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Nightly {
    /// A backup was made.
    BackedUp,
    /// Every record was checked, and no fault was found.
    Checked,
    /// The backup or the check failed.
    Failed,
}

impl Nightly {
    /// The name under which its time is kept.
    fn kept_as(self) -> &'static str {
        match self {
            Self::BackedUp => "last_backup_ms",
            Self::Checked => "last_check_ms",
            Self::Failed => "last_nightly_failure_ms",
        }
    }

    /// Notes that it was done.
    pub(crate) fn note(self, writing: &Writing<'_>, now_ms: i64) -> Result<(), CouncilError> {
        writing.set_meta(self.kept_as(), &now_ms.to_string())
    }

    /// When it was last done, in seconds since 1970; 0 if it was never done.
    pub(crate) fn last(self, reading: &Reading<'_>) -> Result<u64, CouncilError> {
        if !reading.has_meta(self.kept_as())? {
            return Ok(0);
        }
        let last_ms: u64 = reading.meta(self.kept_as())?.parse().unwrap_or(0);
        Ok(last_ms / 1000)
    }
}

/// Notes that every record was checked and no fault was found.
///
/// # Errors
/// [`CouncilError`] when the database fails.
pub fn note_check(service: &Service) -> Result<(), CouncilError> {
    let now_ms = service.now_ms();
    service.transact(|writing| Nightly::Checked.note(writing, now_ms))
}

/// Tells the council's administrators by mail, and its other systems, that the backup or the check
/// of the records failed.
///
/// # Errors
/// [`CouncilError`] when the database fails.
pub fn tell_of_failure(service: &Service, by: &Actor) -> Result<(), CouncilError> {
    let now_ms = service.now_ms();
    service.transact(|writing| {
        Nightly::Failed.note(writing, now_ms)?;
        writing.tell_of_nightly_failure(now_ms)?;
        writing.audit(now_ms, by.name(), &Audited::NightlyFailed {})
    })
}
