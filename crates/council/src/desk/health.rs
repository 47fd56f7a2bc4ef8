//! How the service does, in numbers, for those who run it. They hold no personal data, and no sign
//! of a safeguarding note.

use crate::error::CouncilError;
use crate::records::nightly::Nightly;
use crate::service::Service;

/// Each number by its name in the metrics.
///
/// # Errors
/// [`CouncilError`] when the database fails.
pub(crate) fn gauges(service: &Service) -> Result<Vec<(&'static str, u64)>, CouncilError> {
    let now_ms = service.now_ms();
    service.storage.read(|reading| {
        let (records, set_aside) = reading.record_counts()?;
        let (open, late) = reading.case_counts(now_ms)?;
        let (waiting, given_up) = reading.notice_counts()?;
        Ok(vec![
            ("doorstep_records", records),
            ("doorstep_records_set_aside", set_aside),
            ("doorstep_records_not_received", reading.missing_records()?),
            ("doorstep_cases_open", open),
            ("doorstep_cases_late", late),
            ("doorstep_notices_waiting", waiting),
            ("doorstep_notices_given_up", given_up),
            // When each was last done, in seconds since 1970.
            ("doorstep_last_backup_seconds", Nightly::BackedUp.last(reading)?),
            ("doorstep_last_check_seconds", Nightly::Checked.last(reading)?),
            ("doorstep_last_nightly_failure_seconds", Nightly::Failed.last(reading)?),
        ])
    })
}
