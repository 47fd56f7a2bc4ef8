//! Opening cases for visitors who are overdue. The clock starts this, not a request.

use doorstep_domain::VisitId;

use crate::error::CouncilError;
use crate::service::{Service, each_by_itself};
use crate::storage::{CaseId, settings};

/// Opens a case for each visitor who works alone and is overdue. Clause 6.1. Several processes can
/// do this at once: each case is opened once. A visit that fails does not hold up the others.
///
/// # Errors
/// The first [`CouncilError`], from the database or from one visit. The next call tries everything
/// again.
pub fn look_at_the_clock(service: &Service) -> Result<(), CouncilError> {
    let now_ms = service.now_ms();
    let overdue = service.storage.read(|reading| {
        let patience_ms = i64::from(settings::of_the_door(reading, now_ms)?.safe_reminder_minutes) * 60_000;
        reading.alone_before(now_ms.saturating_sub(patience_ms))
    })?;
    each_by_itself(overdue, |visit| open_if_overdue(service, visit, now_ms))
}

fn open_if_overdue(service: &Service, visit: VisitId, now_ms: i64) -> Result<(), CouncilError> {
    let visit = service.storage.read(|reading| reading.visit(visit, None))?.map(|row| row.visit);
    let Some((visit, opened)) = visit.and_then(|visit| visit.overdue().map(|opened| (visit, opened))) else {
        return Ok(());
    };
    if service.storage.read(|reading| reading.case(CaseId::of(opened.kind, opened.record)))?.is_some() {
        return Ok(());
    }
    service.transact(|writing| writing.open_case(&opened, visit.visit, visit.actor, now_ms))
}
