//! Reports, and the homes where nobody gets in.

use axum::extract::State;
use chrono::{DateTime, Utc};
use doorstep_domain::Uprn;
use doorstep_domain::conduct::{Attempt, Counting};
use serde::{Deserialize, Serialize};

use crate::error::CouncilError;
use crate::export::Selection;
use crate::http::console::sign_in::SignedIn;
use crate::http::console::views::{MissingRecords, VisitDetail};
use crate::http::extract::{Json, Path, Query};
use crate::http::{WebProblem, ask};
use crate::machine::times;
use crate::service::NAME;
use crate::service::Service;
use crate::storage::settings;
use crate::storage::{HOMES, NoAccessRow, Page, Question, Reading};

/// Homes on a page.
const PAGE: usize = 50;

/// So many visits.
#[derive(Debug, Serialize, schemars::JsonSchema)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub(crate) struct ReportCount {
    /// The day, or the organisation; empty where it is about all.
    pub(crate) of: String,
    /// The answer, as a stable name.
    pub(crate) answer: String,
    /// How many visits.
    #[cfg_attr(feature = "typescript", ts(type = "number"))]
    pub(crate) visits: u64,
}

/// The answers to the questions that reports ask.
#[derive(Debug, Serialize, schemars::JsonSchema)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub(crate) struct Reports {
    /// How visits ended, day by day.
    pub(crate) outcomes_by_day: Vec<ReportCount>,
    /// Why entry was refused.
    pub(crate) refusals_by_reason: Vec<ReportCount>,
    /// What notice tenants had, by organisation. Clause 3.1.
    pub(crate) notice_kept: Vec<ReportCount>,
    /// Whether ID was shown where somebody came to the door, by organisation. Clause 3.2.
    pub(crate) id_shown: Vec<ReportCount>,
    /// Records that phones have and the council has not: the numbers may be too low.
    pub(crate) missing: Vec<MissingRecords>,
    /// The council's clock when this was read.
    pub(crate) as_of: DateTime<Utc>,
}

/// An attempt to get in, with what a supervisor made of it.
#[derive(Debug, Serialize, schemars::JsonSchema)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub(crate) struct NoAccessAttempt {
    /// The attempt as its records say it.
    #[serde(flatten)]
    pub(crate) attempt: Attempt,
    /// Whether it counts towards enforcement, once a supervisor has decided.
    pub(crate) decided: Counting,
}

/// A home where nobody got in.
#[derive(Debug, Serialize, schemars::JsonSchema)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub(crate) struct NoAccessHome {
    /// The home's UPRN.
    pub(crate) uprn: String,
    /// The address.
    pub(crate) address: String,
    /// The attempts, the first first.
    pub(crate) attempts: Vec<NoAccessAttempt>,
    /// How many of them count towards enforcement. A valid refusal never does.
    pub(crate) counting: usize,
    /// How many of those came after written notice in time: a court counts those.
    pub(crate) in_court: usize,
}

/// A page of homes.
#[derive(Debug, Serialize, schemars::JsonSchema)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub(crate) struct NoAccessList {
    /// The homes, the last attempt first.
    pub(crate) homes: Vec<NoAccessHome>,
    /// What to ask for to get the next page; `null` on the last.
    pub(crate) next: Option<String>,
    /// Attempts after which the next letter goes out.
    pub(crate) attempts_before_letter: u32,
    /// Records that phones have and the council has not: there may be attempts in them.
    pub(crate) missing: Vec<MissingRecords>,
    /// The council's clock when this was read.
    pub(crate) as_of: DateTime<Utc>,
}

pub(crate) async fn show(
    State(service): State<Service>,
    person: SignedIn,
    Query(wanted): Query<Selection>,
) -> Result<Json<Reports>, WebProblem> {
    let bound_to = person.bound_to();
    let of = wanted.chosen(bound_to.clone())?.filter.counted();
    ask(service, move |service| {
        let now_ms = service.environment.clock.now_ms();
        service.storage.read(|reading| {
            let answers = |question| {
                let counts = reading.counted(question, &of)?.into_iter();
                Ok::<_, CouncilError>(
                    counts
                        .map(|count| ReportCount { of: count.of, answer: count.answer, visits: count.visits })
                        .collect(),
                )
            };
            Ok(Reports {
                outcomes_by_day: answers(Question::OutcomesByDay)?,
                refusals_by_reason: answers(Question::RefusalsByReason)?,
                notice_kept: answers(Question::NoticeKept)?,
                id_shown: answers(Question::IdShown)?,
                missing: missing(reading, bound_to.is_none())?,
                as_of: times::from_ms(now_ms),
            })
        })
    })
    .await
    .map(Json)
}

/// Which homes, in which order.
#[derive(Debug, Default, Deserialize, schemars::JsonSchema)]
#[serde(default)]
pub(crate) struct Homes {
    organisation: Option<String>,
    /// `last` for the last attempt, `attempts` for how many, or `where`; with `-` before it the other way round.
    sort: Option<String>,
    after: Option<String>,
}

pub(crate) async fn no_access(
    State(service): State<Service>,
    person: SignedIn,
    Query(page): Query<Homes>,
) -> Result<Json<NoAccessList>, WebProblem> {
    let bound_to = person.bound_to();
    let organisation = bound_to.clone().or(page.organisation.filter(|name| !name.is_empty()));
    let order = HOMES.order(page.sort.as_deref(), "-last", page.after.as_deref())?;
    ask(service, move |service| {
        let now_ms = service.environment.clock.now_ms();
        service.storage.read(|reading| {
            let Page { rows, next } = reading.no_access(organisation.as_deref(), bound_to.as_deref(), &order, PAGE)?;
            Ok(NoAccessList {
                homes: rows.into_iter().map(|row| home(reading, row)).collect::<Result<_, _>>()?,
                next,
                attempts_before_letter: settings::of_the_door(reading, now_ms)?.attempts_before_letter,
                missing: missing(reading, bound_to.is_none())?,
                as_of: times::from_ms(now_ms),
            })
        })
    })
    .await
    .map(Json)
}

/// What happened at a home where nobody got in, for a meeting, a solicitor or a court.
#[derive(Debug, Serialize, schemars::JsonSchema)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub(crate) struct EvidencePack {
    /// The home, its attempts and how they count.
    pub(crate) home: NoAccessHome,
    /// The visits behind the attempts, in the order of time.
    pub(crate) visits: Vec<VisitDetail>,
    /// How many attempts come before the next letter.
    pub(crate) attempts_before_letter: u32,
    /// Who asked for it.
    pub(crate) made_by: String,
    /// The council.
    pub(crate) council_name: String,
    /// Records that phones have and the council has not: there may be attempts in them.
    pub(crate) missing: Vec<MissingRecords>,
    /// The council's clock when this was read.
    pub(crate) as_of: DateTime<Utc>,
}

/// The pack of one home. That it was made is in the audit log: it tells of a tenant.
pub(crate) async fn evidence(
    State(service): State<Service>,
    person: SignedIn,
    Path(uprn): Path<String>,
) -> Result<Json<EvidencePack>, WebProblem> {
    let uprn = Uprn::try_from(uprn).map_err(|_| WebProblem::NotFound)?;
    let pack = ask(service, move |service| {
        let now_ms = service.environment.clock.now_ms();
        let pack = service.storage.read(|reading| pack(reading, uprn.clone(), &person, now_ms))?;
        if pack.is_some() {
            let detail = serde_json::json!({ "uprn": uprn });
            service.storage.transact(&service.environment, |writing| {
                writing.audit(now_ms, &person.0.user_name, "evidence_made", &detail)
            })?;
        }
        Ok(pack)
    });
    pack.await?.map(Json).ok_or(WebProblem::NotFound)
}

fn pack(
    reading: &Reading<'_>,
    uprn: Uprn,
    person: &SignedIn,
    now_ms: i64,
) -> Result<Option<EvidencePack>, CouncilError> {
    let attempts = reading.attempts_at(&uprn, None)?;
    let mut visits = Vec::with_capacity(attempts.len());
    for attempt in &attempts {
        if let Some(row) = reading.visit(attempt.visit, None)? {
            visits.push(VisitDetail::of(row, &reading.photos_of(attempt.visit)?));
        }
    }
    let Some(last) = visits.last() else { return Ok(None) };
    let address = last.address();
    Ok(Some(EvidencePack {
        home: home(reading, NoAccessRow { uprn, address, attempts })?,
        visits,
        attempts_before_letter: settings::of_the_door(reading, now_ms)?.attempts_before_letter,
        made_by: person.0.display_name.clone(),
        council_name: reading.meta(NAME)?,
        missing: missing(reading, true)?,
        as_of: times::from_ms(now_ms),
    }))
}

/// What phones have and the council has not is for the council's own people.
pub(super) fn missing(reading: &Reading<'_>, of_the_council: bool) -> Result<Vec<MissingRecords>, CouncilError> {
    if !of_the_council {
        return Ok(Vec::new());
    }
    Ok(reading.missing()?.into_iter().map(MissingRecords::from).collect())
}

/// An attempt with what a supervisor made of it. What they decided counts, in court too where notice was in writing.
fn decided(reading: &Reading<'_>, mut attempt: Attempt) -> Result<NoAccessAttempt, CouncilError> {
    let decision = match attempt.counting {
        Counting::ToBeDecided => reading.refusal_decision(attempt.visit)?,
        Counting::Counts | Counting::ValidRefusal => None,
    };
    let decided = match decision.as_deref() {
        Some("valid") => Counting::ValidRefusal,
        Some("not_valid") => Counting::Counts,
        _ => attempt.counting,
    };
    if decided != attempt.counting && decided == Counting::Counts {
        let visit = reading.visit(attempt.visit, None)?;
        attempt.in_court = visit.and_then(|row| row.visit.notice).is_some_and(|notice| notice.written);
    }
    Ok(NoAccessAttempt { attempt, decided })
}

fn home(reading: &Reading<'_>, row: NoAccessRow) -> Result<NoAccessHome, CouncilError> {
    let attempts = row.attempts.into_iter().map(|attempt| decided(reading, attempt)).collect::<Result<Vec<_>, _>>()?;
    let counts = attempts.iter().filter(|attempt| attempt.decided == Counting::Counts);
    Ok(NoAccessHome {
        uprn: row.uprn.to_string(),
        address: row.address,
        counting: counts.clone().count(),
        in_court: counts.filter(|attempt| attempt.attempt.in_court).count(),
        attempts,
    })
}
