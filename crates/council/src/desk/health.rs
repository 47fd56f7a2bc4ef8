//! How the service does, in numbers, for those who run it. They hold no personal data, and no sign
//! of a safeguarding note.

use crate::error::CouncilError;
use crate::records::nightly::Nightly;
use crate::service::Service;

/// The moment at which the service last proved that it can keep what comes, UTC milliseconds.
const READY: &str = "ready_ms";

/// Whether what a phone would be told is safe would be: the database takes a transaction and
/// flushes it, and the disk takes a picture. Looked at again every few seconds, for a disk fills up
/// and a server is told something else while the service runs.
pub(crate) fn is_ready(service: &Service) -> bool {
    let now_ms = service.now_ms();
    let mut failed = None;
    let (is_ready, is_news) = service.readiness.at(now_ms, || {
        failed = keeps_what_comes(service, now_ms).err();
        failed.is_none()
    });
    if let Some(error) = failed.filter(|_| is_news) {
        tracing::error!(%error, "The service can't keep what comes, and /ready says so until it can.");
    }
    is_ready
}

fn keeps_what_comes(service: &Service, now_ms: i64) -> Result<(), CouncilError> {
    if !service.storage.flushes()? {
        return Err(CouncilError::DatabaseForgets);
    }
    service.transact(|writing| writing.set_meta(READY, &now_ms.to_string()))?;
    service.photos.takes_more()
}

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
            ("doorstep_photos_lost", reading.lost_blobs()?.len().try_into().unwrap_or(u64::MAX)),
            ("doorstep_sealed_files_waiting", reading.sealed_files_waiting()?),
            // When each was last done, in seconds since 1970.
            ("doorstep_last_backup_seconds", Nightly::BackedUp.last(reading)?),
            ("doorstep_last_verified_backup_seconds", reading.last_verified_backup()?),
            ("doorstep_last_check_seconds", Nightly::Checked.last(reading)?),
            ("doorstep_last_nightly_failure_seconds", Nightly::Failed.last(reading)?),
        ])
    })
}
