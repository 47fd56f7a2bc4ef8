//! Folding anew: lists and exports are drawn from rows that were folded from the records; when the
//! folding changes, the rows of an older version are made anew from the same records.

use doorstep_domain::VisitId;
use doorstep_domain::conduct::fold;

use crate::error::CouncilError;
use crate::service::{Service, each_by_itself};
use crate::storage::{FOLD_VERSION, Reading};

/// The version of the folding by which every row was made, where that is known.
const FOLDED_BY: &str = "folded_by";
/// Visits that are folded in one transaction.
const AT_ONCE: usize = 64;

/// Makes the rows anew that an older version folded, or all of them. For whom a visitor worked
/// then, and when the council had it, stay as they are. How many were made.
///
/// # Errors
/// [`CouncilError`] when the database fails, or the first that went wrong with some visits; the
/// others were made.
pub fn refold(service: &Service, all: bool) -> Result<usize, CouncilError> {
    let words = service.transact(|writing| writing.write_missing_words());
    let visits = service.storage.read(|reading| reading.visits_to_refold(all))?;
    let (mut made, mut done) = (0, words.map(drop));
    for some in visits.chunks(AT_ONCE) {
        let together = refold_each(service, [some], &mut made);
        // Where one of them can't be made, the others are, one by one.
        done = done.and(together.or_else(|_| refold_each(service, some.chunks(1), &mut made)));
    }
    done.map(|()| made)
}

/// After an older program: makes anew what it folded otherwise, once. Where that is done, this only
/// looks. What can't be made anew keeps nobody from the service: it stays as it was, is in the log,
/// and is tried again by the next program that starts.
pub fn after_an_older_program(service: &Service) {
    match refold_once(service) {
        Ok(Some(visits)) => tracing::info!(visits, "What an older program had folded was folded anew."),
        Ok(None) => {}
        Err(error) => {
            tracing::error!(%error, "Some rows of an older program were not made anew; they stay as they were.");
        }
    }
}

fn refold_once(service: &Service) -> Result<Option<usize>, CouncilError> {
    let current = FOLD_VERSION.to_string();
    let is_done = |reading: &Reading<'_>| Ok(reading.has_meta(FOLDED_BY)? && reading.meta(FOLDED_BY)? == current);
    if service.storage.read(is_done)? {
        return Ok(None);
    }
    let visits = refold(service, false)?;
    service.transact(|writing| writing.set_meta(FOLDED_BY, &current))?;
    Ok(Some(visits))
}

fn refold_each<'a>(
    service: &Service,
    parts: impl IntoIterator<Item = &'a [VisitId]>,
    made: &mut usize,
) -> Result<(), CouncilError> {
    each_by_itself(parts, |part| {
        *made += refold_some(service, part)?;
        Ok(())
    })
}

fn refold_some(service: &Service, visits: &[VisitId]) -> Result<usize, CouncilError> {
    service.transact(|writing| {
        let held = writing.of_visits(visits)?;
        let folded = held.into_iter().map(|(visit, of)| fold(visit, &of.facts));
        let mut made = 0;
        for visit in folded.filter(|visit| visit.opened_at.is_some()) {
            writing.refold_visit(&visit)?;
            made += 1;
        }
        Ok(made)
    })
}
