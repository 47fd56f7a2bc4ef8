//! Cases: what visits ask of the council. The rules for what can be done about a case are in
//! `doorstep_domain`.

mod list;

use std::fmt;

use chrono::{DateTime, Utc};
use doorstep_domain::conduct::{
    CaseDeed, CaseKind, CaseMove, CaseOpened, CaseOutcome, CaseState, CaseStep, Concern, Due, Event,
};
use doorstep_domain::ledger::decode_body;
use doorstep_domain::{DeviceId, Named, RecordId, StableName, VisitId};
use serde::Serialize;

use self::list::owners;
pub use self::list::{CaseList, CaseListRow, CaseOwner, CaseQuery, list};
use super::Actor;
use crate::access::roles::SUPERVISORS;
use crate::error::CouncilError;
use crate::machine::times;
use crate::refused::Refused;
use crate::service::Service;
use crate::storage::{Audited, CaseAction, CaseLine, CaseLineAction, CaseRow, Reading, Writing};
pub use crate::storage::{BadCaseId, CaseId};

/// A line of a case's log.
#[derive(Debug, Serialize, schemars::JsonSchema, ts_rs::TS)]
pub struct CaseLogLine {
    /// When it was done, by the council's clock.
    pub(crate) at: DateTime<Utc>,
    /// The user name of the person who did it; empty when the service did it.
    pub(crate) user: String,
    /// What was done.
    #[schemars(with = "CaseLineAction")]
    #[ts(as = "CaseLineAction")]
    pub(crate) action: Named<CaseLineAction>,
    /// The step that was done, the new owner, or the outcome; `null` for other actions.
    pub(crate) subject: Option<String>,
    /// What the person wrote about it, if anything.
    pub(crate) words: Option<String>,
}

impl From<CaseLine> for CaseLogLine {
    fn from(line: CaseLine) -> Self {
        let CaseLine { at_ms, user_name, action, subject, words } = line;
        Self { at: times::from_ms(at_ms), user: user_name, action, subject, words }
    }
}

/// A case in full.
#[derive(Debug, Serialize, schemars::JsonSchema, ts_rs::TS)]
pub struct CaseDetail {
    /// The same as in the list.
    pub(crate) row: CaseListRow,
    /// What was written at the door, if the case comes from a concern.
    pub(crate) concern: Option<Concern>,
    /// What is due next, with where its number comes from.
    pub(crate) due: Option<Due>,
    /// The phone from which its record came, if that was set aside and waits: nobody has confirmed
    /// who said it. Otherwise `null`.
    pub(crate) set_aside: Option<DeviceId>,
    /// Whether its visit is in the lists.
    pub(crate) listed: bool,
    /// Where the visit is, by its phone's word alone, if all of the visit was set aside; otherwise
    /// `null`.
    pub(crate) said_place: Option<SaidPlace>,
    /// The steps that are still to be done, in order.
    pub(crate) steps_left: Vec<CaseStep>,
    /// What can be done about it now.
    pub(crate) next: Vec<CaseMove>,
    /// The outcomes that it can be closed with.
    pub(crate) outcomes: Vec<CaseOutcome>,
    /// What was done about it.
    pub(crate) log: Vec<CaseLogLine>,
    /// The people who can be given it.
    pub(crate) owners: Vec<CaseOwner>,
    /// When the visitor's phone was last heard from.
    pub(crate) last_contact: Option<DateTime<Utc>>,
    /// Whether this person may do something about it.
    pub(crate) may_act: bool,
    /// The council's clock when this was read.
    pub(crate) as_of: DateTime<Utc>,
}

/// Where a phone says that a visit is. Nobody has confirmed it.
#[derive(Debug, Serialize, schemars::JsonSchema, ts_rs::TS)]
pub struct SaidPlace {
    /// The UPRN that it names.
    pub(crate) uprn: Option<String>,
    /// The appointment that it names.
    pub(crate) appointment: Option<String>,
    /// The address in the visitor's words.
    pub(crate) address: Option<String>,
    /// The council's own address of that home.
    pub(crate) known_address: Option<String>,
}

/// A case as the command line shows it.
impl fmt::Display for CaseDetail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { row, concern, due, steps_left, log, .. } = self;
        let clause = row.clause.map(|clause| format!(" (clause {clause})")).unwrap_or_default();
        writeln!(f, "{}{clause}, {}", row.kind.name(), row.address)?;
        if let Some(concern) = concern {
            writeln!(f, "Said at the door: {}", concern.words)?;
        }
        if row.unconfirmed {
            writeln!(f, "Not confirmed who said it: its record was set aside")?;
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
            let by = if line.user.is_empty() { "the service" } else { &line.user };
            let about = line.subject.as_deref().map(|subject| format!(" {subject}")).unwrap_or_default();
            let words = line.words.as_deref().map(|words| format!(": {words}")).unwrap_or_default();
            writeln!(f, "{} {by}: {}{about}{words}", times::written(line.at), line.action.name())?;
        }
        Ok(())
    }
}

/// Reads a case. The reading is written to the audit log, because a case is about a tenant.
///
/// # Errors
/// [`Refused::NotFound`] when there is no such case.
pub fn read(service: &Service, by: &Actor, id: CaseId) -> Result<CaseDetail, CouncilError> {
    let now_ms = service.now_ms();
    service.transact(|writing| {
        let case = whole(service, writing, by, id)?;
        writing.audit(now_ms, by.name(), &Audited::CaseRead { case: id.to_string() })?;
        Ok(case)
    })
}

/// Does a deed about a case, and returns the case as it is afterwards.
///
/// # Errors
/// [`Refused::NotFound`], [`Refused::NoSuchOwner`], [`Refused::NewerCase`], or [`Refused::Case`]
/// with the rule that does not allow it. After an error, nothing has changed.
pub fn act(service: &Service, by: &Actor, id: CaseId, deed: &CaseDeed) -> Result<CaseDetail, CouncilError> {
    let now_ms = service.now_ms();
    service.transact(|writing| {
        let case = writing.case(id)?.ok_or(Refused::NotFound)?;
        let steps_left = steps_left(writing, &case)?;
        let state = state(&case, &steps_left).ok_or(Refused::NewerCase)?;
        state.allows(deed).map_err(Refused::from)?;
        writing.case_goes_on(id, now_ms, by.name(), &action(writing, deed)?, deed.words())?;
        if let CaseDeed::Escalate { .. } = deed {
            let opened_at = times::from_ms(now_ms);
            let next = CaseOpened { kind: CaseKind::ComplaintStage2, record: case.record, opened_at };
            writing.open_case(&next, case.visit, case.user, now_ms)?;
        }
        writing.audit(now_ms, by.name(), &Audited::CaseChanged { case: id.to_string() })?;
        whole(service, writing, by, id)
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

fn whole(service: &Service, reading: &Reading<'_>, by: &Actor, id: CaseId) -> Result<CaseDetail, CouncilError> {
    let row = reading.case(id)?.ok_or(Refused::NotFound)?;
    let steps_left = steps_left(reading, &row)?;
    let last_contact = row.user.map(|user| reading.last_contact(user)).transpose()?.flatten();
    Ok(CaseDetail {
        concern: match reading.plain_concern(row.record)? {
            Some(concern) => Some(concern),
            None => aside_concern(reading, row.record)?,
        },
        set_aside: reading.aside_from(row.record)?,
        listed: reading.visit(row.visit, None)?.is_some(),
        said_place: said_place(reading, row.visit)?,
        due: reading.due(&row)?.filter(|_| row.closed_ms.is_none()),
        steps_left: steps_left.clone(),
        outcomes: row.kind.known().map(|kind| kind.outcomes().to_vec()).unwrap_or_default(),
        log: reading.case_lines(id)?.into_iter().map(CaseLogLine::from).collect(),
        owners: owners(reading)?,
        last_contact: last_contact.map(times::from_ms),
        next: state(&row, &steps_left).map(|state| state.next().collect()).unwrap_or_default(),
        may_act: by.may_act_as(SUPERVISORS),
        as_of: times::from_ms(service.now_ms()),
        row: CaseListRow::from(&row),
    })
}

/// Where a visit is of which the start was set aside, by its phone's word, beside what the council
/// knows of that place.
fn said_place(reading: &Reading<'_>, visit: VisitId) -> Result<Option<SaidPlace>, CouncilError> {
    let plan = reading.aside_events(visit)?.into_iter().rev().find_map(|event| match event {
        Event::Started(plan) | Event::Opened(plan) => Some(plan),
        _ => None,
    });
    let Some(plan) = plan else { return Ok(None) };
    let appointment = plan.appointment.as_ref().map(|named| reading.appointment(named)).transpose()?.flatten();
    let known = match (&plan.uprn, appointment) {
        (Some(uprn), _) => reading.address_of_home(uprn)?,
        (None, appointment) => appointment.map(|found| found.appointment.address_line()),
    };
    Ok(Some(SaidPlace {
        uprn: plan.uprn.map(|uprn| uprn.to_string()),
        appointment: plan.appointment.map(|reference| reference.to_string()),
        address: plan.address,
        known_address: known,
    }))
}

/// What a record that was set aside says; `None` if it is no concern that everybody who sees cases
/// may see.
fn aside_concern(reading: &Reading<'_>, record: RecordId) -> Result<Option<Concern>, CouncilError> {
    Ok(reading.aside_body(record)?.and_then(|body| decode_body(&body)).and_then(|body| match body.event {
        Event::ConcernRaised(concern) => Some(concern),
        _ => None,
    }))
}

/// The facts that the rules look at; `None` for a kind of case that only a newer version knows.
fn state<'a>(case: &CaseRow, steps_left: &'a [CaseStep]) -> Option<CaseState<'a>> {
    let kind = case.kind.known()?;
    Some(CaseState { kind, closed: case.closed_ms.is_some(), steps_left })
}

/// The steps of a case that are still to be done, in order.
fn steps_left(reading: &Reading<'_>, case: &CaseRow) -> Result<Vec<CaseStep>, CouncilError> {
    let Some(kind) = case.kind.known() else { return Ok(Vec::new()) };
    let done = reading.steps_done(case.id)?;
    Ok(kind.steps().filter(|step| done.iter().all(|(done, _)| done != step)).collect())
}
