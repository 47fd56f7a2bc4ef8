//! Cases: what visits ask of the council. The rules for what can be done about a case are in
//! `doorstep_domain`.

use std::fmt;

use chrono::{DateTime, Utc};
use doorstep_domain::StableName;
use doorstep_domain::conduct::{CaseDeed, CaseKind, CaseOpened, CaseState, CaseStep, Concern, Due};

use super::Actor;
use crate::error::CouncilError;
use crate::machine::times;
use crate::refused::Refused;
use crate::service::Service;
use crate::storage::{Audited, CaseAction, CaseLine, CaseRow, Reading, Writing};
pub use crate::storage::{BadCaseId, CaseId};

/// A case in full: what it is about, what is due, and what was done.
#[derive(Debug)]
pub struct Case {
    pub(crate) row: CaseRow,
    pub(crate) concern: Option<Concern>,
    pub(crate) due: Option<Due>,
    pub(crate) steps_left: Vec<CaseStep>,
    pub(crate) log: Vec<CaseLine>,
    /// When the visitor's phone was last heard from.
    pub(crate) last_contact: Option<DateTime<Utc>>,
}

/// A case as the command line shows it.
impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { row, concern, due, steps_left, log, .. } = self;
        let clause = row.kind.known().map(|kind| format!(" (clause {})", kind.clause())).unwrap_or_default();
        writeln!(f, "{}{clause}, {}", row.kind.name(), row.address)?;
        if let Some(concern) = concern {
            writeln!(f, "Said at the door: {}", concern.words)?;
        }
        match (&row.outcome, due) {
            (Some(outcome), _) => writeln!(f, "Closed: {outcome}")?,
            (None, Some(due)) => {
                let by = due.by.map_or_else(|| "nobody can tell: count by hand".to_owned(), times::written);
                writeln!(f, "Next: {}, by {by} ({})", due.step.name(), due.source)?;
            }
            (None, None) => writeln!(f, "Nothing is due: it can be closed")?,
        }
        writeln!(f, "Owner: {}", row.owner.as_deref().unwrap_or("nobody"))?;
        let left: Vec<&str> = steps_left.iter().map(|step| step.name()).collect();
        writeln!(f, "Left to do: {}", if left.is_empty() { "nothing".to_owned() } else { left.join(", ") })?;
        for line in log {
            let by = if line.user_name.is_empty() { "the service" } else { &line.user_name };
            let about = line.subject.as_deref().map(|subject| format!(" {subject}")).unwrap_or_default();
            let words = line.words.as_deref().map(|words| format!(": {words}")).unwrap_or_default();
            writeln!(f, "{} {by}: {}{about}{words}", times::written(times::from_ms(line.at_ms)), line.action)?;
        }
        Ok(())
    }
}

/// Reads a case. The reading is written to the audit log, because a case is about a tenant.
///
/// # Errors
/// [`Refused::NotFound`] when there is no such case.
pub fn read(service: &Service, by: &Actor, id: CaseId) -> Result<Case, CouncilError> {
    let now_ms = service.now_ms();
    service.transact(|writing| {
        let case = whole(writing, id)?;
        writing.audit(now_ms, by.name(), &Audited::CaseRead { case: id.to_string() })?;
        Ok(case)
    })
}

/// Does a deed about a case, and returns the case as it is afterwards.
///
/// # Errors
/// [`Refused::NotFound`], [`Refused::NoSuchOwner`], [`Refused::NewerCase`], or [`Refused::Case`]
/// with the rule that does not allow it. After an error, nothing has changed.
pub fn act(service: &Service, by: &Actor, id: CaseId, deed: &CaseDeed) -> Result<Case, CouncilError> {
    let now_ms = service.now_ms();
    service.transact(|writing| {
        let case = writing.case(id)?.ok_or(Refused::NotFound)?;
        let steps_left = steps_left(writing, &case)?;
        let kind = case.kind.known().ok_or(Refused::NewerCase)?;
        let state = CaseState { kind, closed: case.closed_ms.is_some(), steps_left: &steps_left };
        state.allows(deed).map_err(Refused::from)?;
        writing.case_goes_on(id, now_ms, by.name(), &action(writing, deed)?, deed.words())?;
        if let CaseDeed::Escalate { .. } = deed {
            let opened_at = times::from_ms(now_ms);
            let next = CaseOpened { kind: CaseKind::ComplaintStage2, record: case.record, opened_at };
            writing.open_case(&next, case.visit, case.user, now_ms)?;
        }
        writing.audit(now_ms, by.name(), &Audited::CaseChanged { case: id.to_string() })?;
        whole(writing, id)
    })
}

/// How an allowed deed is stored.
fn action(writing: &Writing<'_>, deed: &CaseDeed) -> Result<CaseAction, CouncilError> {
    Ok(match deed {
        CaseDeed::Assign { owner } => {
            let is_owner = writing.case_owners()?.iter().any(|(user, _)| user == owner);
            let person = writing.person_by_name(owner)?.filter(|_| is_owner).ok_or(Refused::NoSuchOwner)?;
            CaseAction::Assigned(person.id, person.user_name)
        }
        CaseDeed::Note { .. } | CaseDeed::Escalate { .. } => CaseAction::Noted,
        CaseDeed::Done { step, .. } => CaseAction::Done(*step),
        CaseDeed::Close { outcome, .. } => CaseAction::Closed(*outcome),
        CaseDeed::Reopen { .. } => CaseAction::Reopened,
    })
}

fn whole(reading: &Reading<'_>, id: CaseId) -> Result<Case, CouncilError> {
    let row = reading.case(id)?.ok_or(Refused::NotFound)?;
    let last_contact = row.user.map(|user| reading.last_contact(user)).transpose()?.flatten();
    Ok(Case {
        concern: reading.plain_concern(row.record)?,
        due: reading.due(&row)?.filter(|_| row.closed_ms.is_none()),
        steps_left: steps_left(reading, &row)?,
        log: reading.case_lines(id)?,
        last_contact: last_contact.map(times::from_ms),
        row,
    })
}

/// The steps of a case that are still to be done, in order.
fn steps_left(reading: &Reading<'_>, case: &CaseRow) -> Result<Vec<CaseStep>, CouncilError> {
    let Some(kind) = case.kind.known() else { return Ok(Vec::new()) };
    let done = reading.steps_done(case.id)?;
    Ok(kind.steps().filter(|step| done.iter().all(|(done, _)| done != step)).collect())
}
