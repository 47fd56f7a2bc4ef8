//! Opening cases for visitors who are overdue. The clock starts this, not a request.

use doorstep_domain::VisitId;
use doorstep_domain::conduct::fold;

use crate::error::CouncilError;
use crate::service::{Service, each_by_itself};
use crate::storage::{AloneAside, CaseId, settings};

/// Opens a case for each visitor who works alone and is overdue. Clause 6.1. Several processes can
/// do this at once: each case is opened once. A visit that fails does not hold up the others.
///
/// # Errors
/// The first [`CouncilError`], from the database or from one visit. The next call tries everything
/// again.
pub fn look_at_the_clock(service: &Service) -> Result<(), CouncilError> {
    let now_ms = service.now_ms();
    let (before_ms, overdue, aside) = service.storage.read(|reading| {
        let patience_ms = i64::from(settings::of_the_door(reading, now_ms)?.safe_reminder_minutes) * 60_000;
        let before_ms = now_ms.saturating_sub(patience_ms);
        Ok((before_ms, reading.alone_before(before_ms)?, reading.alone_aside_before(before_ms)?))
    })?;
    let kept = each_by_itself(overdue, |visit| open_if_overdue(service, visit, now_ms));
    kept.and(each_by_itself(aside, |alone| open_unconfirmed(service, &alone, before_ms, now_ms)))
}

/// Opens a case for somebody whose phone's records were set aside, not confirmed who said it.
fn open_unconfirmed(service: &Service, alone: &AloneAside, before_ms: i64, now_ms: i64) -> Result<(), CouncilError> {
    service.transact(|writing| {
        let visit = fold(alone.visit, &writing.said_aside(alone)?);
        let overdue = visit.overdue();
        if overdue.as_ref().is_some_and(|opened| opened.opened_at.timestamp_millis() >= before_ms) {
            return Ok(());
        }
        if let Some(opened) = overdue {
            writing.open_unconfirmed_case(&opened, alone.visit, alone.user, now_ms)?;
        }
        writing.looked_at_alone_aside(alone)
    })
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
