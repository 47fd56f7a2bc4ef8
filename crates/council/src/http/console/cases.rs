//! Cases: the queue by deadline, one case with its log, and what is done about it. Clauses 3.1, 5.3, 6.1, 7 and 8.

use axum::extract::State;
use chrono::{DateTime, Utc};
use doorstep_domain::conduct::{CaseKind, CaseOpened, CaseStep, Clause, Concern, Due};
use doorstep_domain::{StableName, VisitId};
use serde::{Deserialize, Serialize};

use crate::access::seats::Seat;
use crate::error::CouncilError;
use crate::http::console::sign_in::SignedIn;
use crate::http::console::views::MissingRecords;
use crate::http::extract::{Json, Path, Query};
use crate::http::{WebProblem, ask};
use crate::machine::times;
use crate::service::Service;
use crate::storage::{CASES, CaseAction, CaseFilter, CaseId, CaseLine, CaseRow, Order, Reading};

/// Cases on a page.
const PAGE: usize = 50;
/// Characters of a note.
const LONGEST_NOTE: usize = 4_000;

/// A case in the list.
#[derive(Debug, Serialize, schemars::JsonSchema)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub(crate) struct CaseListRow {
    /// The case.
    pub(crate) case: String,
    /// What it is about.
    pub(crate) kind: CaseKind,
    /// The clause behind it.
    pub(crate) clause: Clause,
    /// The visit that it comes from.
    pub(crate) visit: VisitId,
    /// When it was said or seen, by the device's clock: its clock runs from here.
    pub(crate) opened_at: DateTime<Utc>,
    /// When the council heard of it.
    pub(crate) received_at: DateTime<Utc>,
    /// The user name of whoever has it.
    pub(crate) owner: Option<String>,
    /// The name of whoever has it.
    pub(crate) owner_name: Option<String>,
    /// What is to be done next; `null` when all is done.
    pub(crate) due_step: Option<CaseStep>,
    /// By when; `null` where nothing is due, or where the bank holidays of that year are not known.
    pub(crate) due_at: Option<DateTime<Utc>>,
    /// When it was closed.
    pub(crate) closed_at: Option<DateTime<Utc>>,
    /// What came of it, as a stable name.
    pub(crate) outcome: Option<String>,
    /// Where.
    pub(crate) address: String,
    /// The visitor.
    pub(crate) visitor_name: String,
    /// For whom the visitor works.
    pub(crate) organisation: String,
}

impl From<&CaseRow> for CaseListRow {
    fn from(row: &CaseRow) -> Self {
        Self {
            case: row.id.to_string(),
            kind: row.kind,
            clause: row.kind.clause(),
            visit: row.visit,
            opened_at: times::from_ms(row.opened_ms),
            received_at: times::from_ms(row.received_ms),
            owner: row.owner.clone(),
            owner_name: row.owner_name.clone(),
            due_step: row.due_step,
            due_at: row.due_ms().map(times::from_ms),
            closed_at: row.closed_ms.map(times::from_ms),
            outcome: row.outcome.clone(),
            address: row.address.clone(),
            visitor_name: row.visitor_name.clone(),
            organisation: row.organisation.clone(),
        }
    }
}

/// Somebody who can be given a case.
#[derive(Debug, Serialize, schemars::JsonSchema)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub(crate) struct CaseOwner {
    /// The user name.
    pub(crate) user: String,
    /// The name.
    pub(crate) name: String,
}

/// A page of cases.
#[derive(Debug, Serialize, schemars::JsonSchema)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub(crate) struct CaseList {
    /// The rows.
    pub(crate) cases: Vec<CaseListRow>,
    /// What to ask for to get the next page; `null` on the last.
    pub(crate) next: Option<String>,
    /// How many cases are open.
    #[cfg_attr(feature = "typescript", ts(type = "number"))]
    pub(crate) open: u64,
    /// How many of them are past their deadline.
    #[cfg_attr(feature = "typescript", ts(type = "number"))]
    pub(crate) late: u64,
    /// Who can be given one.
    pub(crate) owners: Vec<CaseOwner>,
    /// Records that phones have and the council has not: there may be cases in them.
    pub(crate) missing: Vec<MissingRecords>,
    /// The council's clock when this was read.
    pub(crate) as_of: DateTime<Utc>,
}

/// A line of a case's log.
#[derive(Debug, Serialize, schemars::JsonSchema)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub(crate) struct CaseLogLine {
    /// When.
    pub(crate) at: DateTime<Utc>,
    /// The user name of who did it; empty where the service itself did.
    pub(crate) user: String,
    /// What: `opened`, `assigned`, `noted`, `done`, `closed` or `reopened`.
    pub(crate) action: String,
    /// The step that was done, the owner, or the outcome.
    pub(crate) subject: Option<String>,
    /// In words.
    pub(crate) words: Option<String>,
}

impl From<CaseLine> for CaseLogLine {
    fn from(line: CaseLine) -> Self {
        let CaseLine { at_ms, user_name, action, subject, words } = line;
        Self { at: times::from_ms(at_ms), user: user_name, action, subject, words }
    }
}

/// A case whole.
#[derive(Debug, Serialize, schemars::JsonSchema)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub(crate) struct CaseDetail {
    /// What the list shows of it.
    pub(crate) row: CaseListRow,
    /// What was written at the door, where it comes from a concern.
    pub(crate) concern: Option<Concern>,
    /// What is due next, with where its number comes from.
    pub(crate) due: Option<Due>,
    /// What is still to be done, in its order.
    pub(crate) steps_left: Vec<CaseStep>,
    /// What it may be closed with, as stable names.
    pub(crate) outcomes: Vec<&'static str>,
    /// What was done about it.
    pub(crate) log: Vec<CaseLogLine>,
    /// Who can be given it.
    pub(crate) owners: Vec<CaseOwner>,
    /// When the visitor's phone was last heard from.
    pub(crate) last_contact: Option<DateTime<Utc>>,
    /// Whether whoever asks may do something about it.
    pub(crate) may_act: bool,
    /// The council's clock when this was read.
    pub(crate) as_of: DateTime<Utc>,
}

/// Filters as the address bar holds them.
#[derive(Debug, Default, Deserialize, schemars::JsonSchema)]
#[serde(default)]
pub(crate) struct Wanted {
    state: Option<String>,
    kind: Option<String>,
    owner: Option<String>,
    organisation: Option<String>,
    /// `due`, `closed`, `opened`, `about`, `where` or `owner`; with `-` before it the other way round.
    sort: Option<String>,
    after: Option<String>,
}

impl Wanted {
    fn filter(&self) -> Result<CaseFilter, CouncilError> {
        let said = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
        let kind = |name: String| CaseKind::from_name(&name).ok_or(CouncilError::NoSuchPage);
        Ok(CaseFilter {
            closed: Some(self.state.as_deref() == Some("closed")),
            kind: said(&self.kind).map(kind).transpose()?,
            owner: said(&self.owner),
            organisation: said(&self.organisation),
        })
    }

    /// Open ones by their deadline, closed ones the last first, where nothing else is asked for.
    fn order(&self, closed: bool) -> Result<Order, CouncilError> {
        CASES.order(self.sort.as_deref(), if closed { "-closed" } else { "due" }, self.after.as_deref())
    }
}

/// What somebody does about a case.
#[derive(Debug, Deserialize, schemars::JsonSchema)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case", tag = "action")]
pub(crate) enum CaseDeed {
    /// Gives it to somebody.
    Assign {
        /// Their user name.
        owner: String,
    },
    /// Writes something down.
    Note {
        /// What.
        words: String,
    },
    /// Has done a step.
    Done {
        /// Which.
        step: CaseStep,
        /// How, in words.
        words: String,
    },
    /// Closes it.
    Close {
        /// What came of it, as a stable name.
        outcome: String,
        /// Why, in words.
        words: String,
    },
    /// Opens it again.
    Reopen {
        /// Why, in words.
        words: String,
    },
    /// The tenant is not satisfied with the answer to their complaint: stage 2 begins. Clause 8.1.
    Escalate {
        /// What they say.
        words: String,
    },
}

pub(crate) async fn list(
    State(service): State<Service>,
    Query(wanted): Query<Wanted>,
) -> Result<Json<CaseList>, WebProblem> {
    let filter = wanted.filter()?;
    let order = wanted.order(filter.closed == Some(true))?;
    ask(service, move |service| {
        let now_ms = service.environment.clock.now_ms();
        service.storage.read(|reading| {
            let page = reading.cases(&filter, &order, PAGE)?;
            let (open, late) = reading.case_counts(now_ms)?;
            Ok(CaseList {
                cases: page.rows.iter().map(CaseListRow::from).collect(),
                next: page.next,
                open,
                late,
                owners: owners(reading)?,
                missing: reading.missing()?.into_iter().map(MissingRecords::from).collect(),
                as_of: times::from_ms(now_ms),
            })
        })
    })
    .await
    .map(Json)
}

/// One case. That it was read is in the audit log: it tells of a tenant.
pub(crate) async fn show(
    State(service): State<Service>,
    person: SignedIn,
    Path(case): Path<String>,
) -> Result<Json<CaseDetail>, WebProblem> {
    let id: CaseId = case.parse().map_err(|()| WebProblem::NotFound)?;
    let may_act = person.seat() == Seat::Supervisor;
    let found = ask(service, move |service| {
        let now_ms = service.environment.clock.now_ms();
        let found = service.storage.read(|reading| detail(reading, id, may_act, now_ms))?;
        if found.is_some() {
            service.storage.transact(&service.environment, |writing| {
                let detail = serde_json::json!({ "case": id.to_string() });
                writing.audit(now_ms, &person.0.user_name, "case_read", &detail)
            })?;
        }
        Ok(found)
    })
    .await?;
    found.map(Json).ok_or(WebProblem::NotFound)
}

/// Does something about a case, and shows it as it is then.
pub(crate) async fn act(
    State(service): State<Service>,
    person: SignedIn,
    Path(case): Path<String>,
    Json(deed): Json<CaseDeed>,
) -> Result<Json<CaseDetail>, WebProblem> {
    let id: CaseId = case.parse().map_err(|()| WebProblem::NotFound)?;
    let done = ask(service, move |service| {
        let now_ms = service.environment.clock.now_ms();
        let by = &person.0.user_name;
        service.storage.transact(&service.environment, |writing| {
            let Some(case) = writing.case(id)? else { return Ok(None) };
            let (action, words) = match decide(writing, &case, &deed)? {
                Ok(decided) => decided,
                Err(why) => return Ok(Some(Err(why))),
            };
            writing.case_goes_on(id, now_ms, by, &action, words)?;
            if let CaseDeed::Escalate { .. } = deed {
                let opened_at = times::from_ms(now_ms);
                let next = CaseOpened { kind: CaseKind::ComplaintStage2, record: case.record, opened_at };
                writing.open_case(&next, case.visit, case.user, now_ms)?;
            }
            writing.audit(now_ms, by, "case_changed", &serde_json::json!({ "case": id.to_string() }))?;
            Ok(detail(writing, id, true, now_ms)?.map(Ok))
        })
    })
    .await?;
    done.ok_or(WebProblem::NotFound)?.map(Json).map_err(|why| WebProblem::NotTaken(why.to_owned()))
}

type Decided<'a> = Result<(CaseAction, Option<&'a str>), &'static str>;

/// What a deed comes to, or why it can't be done. Nothing is closed without saying why.
fn decide<'a>(reading: &Reading<'_>, case: &CaseRow, deed: &'a CaseDeed) -> Result<Decided<'a>, CouncilError> {
    let (is_closed, words) = (case.closed_ms.is_some(), deed.words());
    if words.is_some_and(|words| words.chars().count() > LONGEST_NOTE) {
        return Ok(Err("That is longer than 4,000 characters. Nothing was changed."));
    }
    if words.is_some_and(|words| words.trim().is_empty()) {
        return Ok(Err("Say what was done, or why. Nothing was changed."));
    }
    if is_closed && !matches!(deed, CaseDeed::Reopen { .. } | CaseDeed::Note { .. } | CaseDeed::Escalate { .. }) {
        return Ok(Err("The case is closed. Open it again first."));
    }
    let action = match deed {
        CaseDeed::Assign { owner } => {
            let knows = reading.case_owners()?.iter().any(|(user, _)| user == owner);
            match reading.person_by_name(owner)?.filter(|_| knows) {
                Some(person) => CaseAction::Assigned(person.id, person.user_name),
                None => return Ok(Err("Nobody of that name can be given a case.")),
            }
        }
        CaseDeed::Note { .. } => CaseAction::Noted,
        CaseDeed::Done { step, .. } if case.due_steps(reading)?.contains(step) => CaseAction::Done(*step),
        CaseDeed::Done { .. } => return Ok(Err("That is done already, or is not asked for here.")),
        CaseDeed::Close { outcome, .. } if case.kind.outcomes().contains(&outcome.as_str()) => {
            CaseAction::Closed(outcome.clone())
        }
        CaseDeed::Close { .. } => return Ok(Err("A case of this kind can't be closed like that.")),
        CaseDeed::Reopen { .. } if is_closed => CaseAction::Reopened,
        CaseDeed::Reopen { .. } => return Ok(Err("The case is open.")),
        CaseDeed::Escalate { .. } if case.kind == CaseKind::Complaint => CaseAction::Noted,
        CaseDeed::Escalate { .. } => return Ok(Err("Only a complaint has a second stage.")),
    };
    Ok(Ok((action, words)))
}

impl CaseDeed {
    fn words(&self) -> Option<&str> {
        match self {
            Self::Assign { .. } => None,
            Self::Note { words }
            | Self::Done { words, .. }
            | Self::Close { words, .. }
            | Self::Reopen { words }
            | Self::Escalate { words } => Some(words),
        }
    }
}

fn detail(reading: &Reading<'_>, id: CaseId, may_act: bool, now_ms: i64) -> Result<Option<CaseDetail>, CouncilError> {
    let Some(case) = reading.case(id)? else { return Ok(None) };
    let last_contact = case.user.map(|user| reading.last_contact(user)).transpose()?.flatten();
    Ok(Some(CaseDetail {
        concern: reading.plain_concern(case.record)?,
        due: reading.due(&case)?.filter(|_| case.closed_ms.is_none()),
        steps_left: case.due_steps(reading)?,
        outcomes: case.kind.outcomes().to_vec(),
        log: reading.case_lines(id)?.into_iter().map(CaseLogLine::from).collect(),
        owners: owners(reading)?,
        last_contact: last_contact.map(times::from_ms),
        may_act,
        as_of: times::from_ms(now_ms),
        row: CaseListRow::from(&case),
    }))
}

fn owners(reading: &Reading<'_>) -> Result<Vec<CaseOwner>, CouncilError> {
    let owners = reading.case_owners()?;
    Ok(owners.into_iter().map(|(user, name)| CaseOwner { user, name }).collect())
}

impl CaseRow {
    /// What is still to be done, in its order.
    fn due_steps(&self, reading: &Reading<'_>) -> Result<Vec<CaseStep>, CouncilError> {
        let done = reading.steps_done(self.id)?;
        Ok(self.kind.steps().filter(|step| done.iter().all(|(done, _)| done != step)).collect())
    }
}
