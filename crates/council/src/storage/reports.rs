//! Counts of visits, for reports.

use doorstep_domain::StableName;
use doorstep_domain::conduct::{Outcome, Step, StepState, Visit};
use serde::{Deserialize, Serialize};

use super::database::{Conditions, Value};
use super::transaction::Reading;
use crate::error::CouncilError;

/// Which visits to count.
#[derive(Debug, Clone, Default)]
pub(crate) struct ReportFilter {
    /// The organisation's name; `None` for all.
    pub(crate) organisation: Option<String>,
    /// Visits that started at or after this, in UTC milliseconds.
    pub(crate) from_ms: Option<i64>,
    /// Visits that started before this, in UTC milliseconds.
    pub(crate) to_ms: Option<i64>,
}

/// A question that a report answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, strum::VariantArray)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Question {
    /// How visits ended, day by day.
    OutcomesByDay,
    /// Why entry was refused.
    RefusalsByReason,
    /// What notice tenants had, by organisation. Clause 3.1.
    NoticeKept,
    /// Whether ID was shown where somebody came to the door, by organisation. Clause 3.2.
    IdShown,
}

/// How many visits gave one answer to a question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Count {
    /// The day in England, or the organisation; empty if the answer is about all visits.
    pub(crate) of: String,
    /// The answer, as a stable name.
    pub(crate) answer: String,
    pub(crate) visits: u64,
}

impl Question {
    /// The SQL of the question: what to group by, the answer, and the condition for visits that
    /// have one.
    fn sql(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::OutcomesByDay => ("visit.day", "coalesce(visit.outcome, 'open')", "visit.day <> ''"),
            Self::RefusalsByReason => ("''", "visit.refusal_reason", "visit.refusal_reason IS NOT NULL"),
            Self::NoticeKept => ("organisation.name", "visit.notice_standing", "visit.notice_standing IS NOT NULL"),
            Self::IdShown => (
                "organisation.name",
                "CASE visit.id_shown WHEN 1 THEN 'yes' ELSE 'no' END",
                "visit.id_shown IS NOT NULL",
            ),
        }
    }
}

/// Whether ID was shown. `None` if nobody came to the door. If somebody did and nothing was
/// recorded about ID, it counts as not shown.
pub(super) fn id_shown(visit: &Visit) -> Option<bool> {
    let said = visit.steps.get(&Step::IdShown).map(|taken| taken.state == StepState::Done);
    let met = |outcome: Outcome| matches!(outcome, Outcome::EntryRefused | Outcome::NoSuitableAdult);
    let somebody_came = visit.entry.is_some() || visit.ending.as_ref().is_some_and(|ending| met(ending.outcome));
    said.or_else(|| somebody_came.then_some(false))
}

impl Reading<'_> {
    /// The answers to a question, each with the number of visits that gave it.
    pub(crate) fn counted(&self, question: Question, of: &ReportFilter) -> Result<Vec<Count>, CouncilError> {
        let (what, answer, has_one) = question.sql();
        let mut which = Conditions::default();
        which.and_that(has_one);
        which.and_if("visit.started_ms >= ?", of.from_ms);
        which.and_if("visit.started_ms < ?", of.to_ms);
        which.and_if("organisation.name = ?", of.organisation.as_deref());
        let sql = format!(
            "SELECT counted, answer, count(*) AS visits FROM (
                 SELECT {what} AS counted, {answer} AS answer FROM visit
                 LEFT JOIN organisation ON organisation.organisation_id = visit.organisation_id{}) AS answered
             GROUP BY counted, answer ORDER BY counted, answer",
            which.text()
        );
        self.many(&sql, which.values(), |row| {
            Ok(Count {
                of: row.get::<Option<String>>("counted")?.unwrap_or_default(),
                answer: row.get("answer")?,
                visits: row.get("visits")?,
            })
        })
    }
}

/// The columns by which reports count visits: day in England, refusal reason, notice standing, ID
/// shown.
pub(super) fn columns(visit: &Visit, started_ms: i64) -> [Value; 4] {
    let refusal = visit.ending.as_ref().and_then(|ending| ending.refusal.as_ref());
    [
        Value::from(crate::machine::times::day(started_ms).to_string()),
        Value::from(refusal.map(|refusal| refusal.reason.name())),
        Value::from(visit.notice.as_ref().map(|notice| notice.standing.name())),
        Value::from(id_shown(visit)),
    ]
}
