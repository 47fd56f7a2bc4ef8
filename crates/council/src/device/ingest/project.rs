//! Folds visits again after new records arrived, and updates their rows in lists, their photos and
//! their cases.

use std::collections::BTreeSet;

use doorstep_domain::VisitId;
use doorstep_domain::conduct::{CaseKind, CaseOutcome, Event, Visit, fold};

use crate::error::CouncilError;
use crate::storage::{CaseId, CaseRow, Device, Writing};

/// How many visits are folded at a time. All records of each are in memory.
const AT_ONCE: usize = 64;

/// Folds visits again. A visit whose start has not arrived yet is not listed.
pub(super) fn fold_visits(
    writing: &Writing<'_>,
    device: &Device,
    visits: &BTreeSet<VisitId>,
) -> Result<(), CouncilError> {
    let visits: Vec<VisitId> = visits.iter().copied().collect();
    for visits in visits.chunks(AT_ONCE) {
        let folded: Vec<(Visit, i64)> =
            writing.of_visits(visits)?.into_iter().map(|(visit, of)| (fold(visit, &of.facts), of.last_ms)).collect();
        for line in folded.iter().flat_map(|(visit, _)| &visit.timeline) {
            if let (Event::ConcernRaised(_), Some(strike)) = (&line.event, &line.struck) {
                writing.strike_concern(line.record, &strike.reason)?;
            }
        }
        writing.name_photos(folded.iter().map(|(visit, _)| visit), device)?;
        let mut cases = writing.cases_of_visits(visits)?;
        let (listed, files): (Vec<_>, Vec<_>) = folded.into_iter().partition(|(visit, _)| visit.opened_at.is_some());
        writing.save_visits(&listed, Some(device))?;
        for (visit, received_ms) in &listed {
            keep_cases(writing, visit, cases.remove(&visit.visit).unwrap_or_default(), *received_ms)?;
            writing.tell_of_attempt(visit)?;
        }
        // Something was said outside of a visit, or its start is still on its way.
        for (file, received_ms) in &files {
            let cases = cases.remove(&file.visit).unwrap_or_default();
            for (case, reason) in cases.iter().filter_map(|case| Some((case, taken_back(file, case)?))) {
                writing.close_by_itself(case.id, *received_ms, CaseOutcome::TakenBack, &reason)?;
            }
        }
    }
    Ok(())
}

/// Opens the cases that a visit asks for. Closes cases that its visitor took back, and overdue
/// check-ins of visitors who are safe.
fn keep_cases(
    writing: &Writing<'_>,
    visit: &Visit,
    mut cases: Vec<CaseRow>,
    received_ms: i64,
) -> Result<(), CouncilError> {
    let wanted = visit.cases();
    let is_there = |id: CaseId| cases.iter().any(|case| case.id == id);
    if !wanted.iter().all(|opened| is_there(CaseId::of(opened.kind, opened.record))) {
        for opened in &wanted {
            writing.open_case(opened, visit.visit, visit.actor, received_ms)?;
        }
        cases = writing.cases_of(visit.visit)?;
    }
    for case in cases.iter().filter(|case| case.closed_ms.is_none()) {
        // A case of a kind that only a newer version knows is left to that version.
        let Some(kind) = case.kind.known() else { continue };
        let is_wanted = wanted.iter().any(|opened| (opened.kind, opened.record) == (kind, case.record));
        let (outcome, words) = if kind == CaseKind::OverdueCheckIn && visit.alone_until().is_none() {
            (CaseOutcome::Safe, "The visitor is out, or has said that they are safe.".to_owned())
        } else if let Some(reason) = taken_back(visit, case) {
            (CaseOutcome::TakenBack, reason)
        } else if !is_wanted && kind.comes_from_the_visit() {
            (CaseOutcome::TakenBack, "The visit no longer says so.".to_owned())
        } else {
            continue;
        };
        writing.close_by_itself(case.id, received_ms, outcome, &words)?;
    }
    Ok(())
}

/// Why somebody has taken back the record that a case is about, if they have and it is open.
fn taken_back(visit: &Visit, case: &CaseRow) -> Option<String> {
    let line = visit.timeline.iter().find(|line| line.record == case.record && case.closed_ms.is_none())?;
    line.struck.as_ref().map(|strike| strike.reason.clone())
}
