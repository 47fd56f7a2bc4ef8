//! Refolding. Lists and exports show rows that were folded from the records. When folding changes,
//! the rows that an older version made are folded again from the same records.

use doorstep_domain::VisitId;
use doorstep_domain::conduct::fold;

use crate::access::second_factor;
use crate::error::CouncilError;
use crate::service::{Service, each_by_itself};
use crate::storage::{FOLD_VERSION, Reading};

/// The name of the stored value that holds the folding version of all rows, once they all have it.
const FOLDED_BY: &str = "folded_by";
/// How many visits are folded in one transaction.
const AT_ONCE: usize = 64;

/// Folds the rows of an older version again, or all rows, and returns how many. The visitor's
/// organisation at the time and the time of receipt stay as they are.
///
/// # Errors
/// [`CouncilError`] when the database fails, or the first error of any visit. The other visits are
/// folded all the same.
pub fn refold(service: &Service, all: bool) -> Result<usize, CouncilError> {
    let words = service.transact(|writing| writing.write_missing_words());
    let visits = service.storage.read(|reading| reading.visits_to_refold(all))?;
    let (mut made, mut done) = (0, words.map(drop));
    for some in visits.chunks(AT_ONCE) {
        let together = refold_each(service, [some], &mut made);
        // If one of them fails, fold each by itself, so that the others succeed.
        done = done.and(together.or_else(|_| refold_each(service, some.chunks(1), &mut made)));
    }
    done.map(|()| made)
}

/// Encrypts what an older version kept in clear, and refolds once after an upgrade, if folding has
/// changed; otherwise does nothing. If a row can't be folded again, the service starts all the
/// same. The row stays as it was, the error goes to the log, and the next start tries again.
pub fn after_an_older_program(service: &Service) {
    if let Err(error) = second_factor::encrypt_all(service) {
        tracing::error!(%error, "The secrets of second factors of an older version could not be encrypted. They work.");
    }
    match refold_once(service) {
        Ok(Some(visits)) => tracing::info!(visits, "Rows that an older version had folded were folded again."),
        Ok(None) => {}
        Err(error) => {
            tracing::error!(%error, "Some rows of an older version could not be folded again. They stay as they were.");
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
