//! Cases: what visits ask the council to do, who owns each case, its deadline, and what was done.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use doorstep_domain::conduct::{CaseKind, CaseOpened, CaseOutcome, CaseStep, Due, Progress};
use doorstep_domain::{Named, RecordId, StableName, UserId, VisitId};
use serde::{Deserialize, Serialize};
use strum::VariantArray;

use super::case_id::CaseId;
use super::database::{Conditions, Row, params};
use super::order::{Order, Page, SortColumn, Sortable};
use super::transaction::{Reading, Writing};
use crate::error::CouncilError;
use crate::machine::times;

/// A case in the list.
#[derive(Debug, Clone)]
pub(crate) struct CaseRow {
    pub(crate) id: CaseId,
    pub(crate) kind: Named<CaseKind>,
    pub(crate) visit: VisitId,
    pub(crate) record: RecordId,
    /// The visitor.
    pub(crate) user: Option<UserId>,
    pub(crate) opened_ms: i64,
    pub(crate) received_ms: i64,
    pub(crate) owner: Option<String>,
    pub(crate) owner_name: Option<String>,
    pub(crate) due_step: Option<Named<CaseStep>>,
    /// The value by which cases are sorted by deadline: the deadline in milliseconds, or one of the
    /// two values below. See [`CaseRow::due_ms`].
    pub(crate) due_place: i64,
    pub(crate) closed_ms: Option<i64>,
    pub(crate) outcome: Option<String>,
    /// Whether the record that opened it was set aside: nobody has confirmed who said it.
    pub(crate) unconfirmed: bool,
    pub(crate) address: String,
    pub(crate) visitor_name: String,
    pub(crate) organisation: String,
}

/// A line of a case's log.
#[derive(Debug, Clone)]
pub(crate) struct CaseLine {
    pub(crate) at_ms: i64,
    pub(crate) user_name: String,
    pub(crate) action: Named<CaseLineAction>,
    pub(crate) subject: Option<String>,
    pub(crate) words: Option<String>,
}

/// Which cases to list.
#[derive(Debug, Clone, Default)]
pub(crate) struct CaseFilter {
    /// `true` for closed cases, `false` for open ones; `None` for both.
    pub(crate) closed: Option<bool>,
    pub(crate) kind: Option<CaseKind>,
    /// The user name of an owner; `nobody` for those without one.
    pub(crate) owner: Option<String>,
    pub(crate) organisation: Option<String>,
}

/// Whether a case is open, as filters say it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, VariantArray)]
#[serde(rename_all = "snake_case")]
enum CaseStanding {
    Open,
    Closed,
}

impl CaseFilter {
    /// Reads the value of a filter: `true` for closed cases, `false` for open ones.
    pub(crate) fn read_closed(state: &str) -> Option<bool> {
        CaseStanding::from_name(state).map(|state| state == CaseStanding::Closed)
    }

    fn conditions(&self) -> Conditions {
        let mut which = Conditions::default();
        which.and_if("case_file.kind = ?", self.kind.map(CaseKind::name));
        match self.owner.as_deref() {
            Some("nobody") => which.and_that("case_file.owner_id IS NULL"),
            owner => which.and_if("owner.user_name = ?", owner),
        }
        which.and_if("organisation.name = ?", self.organisation.as_deref());
        match self.closed {
            Some(true) => which.and_that("case_file.closed_ms IS NOT NULL"),
            Some(false) => which.and_that("case_file.closed_ms IS NULL"),
            None => {}
        }
        which
    }
}

/// How cases can be sorted: the columns of their list.
pub(crate) static CASES: Sortable = Sortable {
    columns: &[
        SortColumn { name: "due", sql: "due_ms", text: false },
        SortColumn { name: "closed", sql: "coalesce(closed_ms, 0)", text: false },
        SortColumn { name: "opened", sql: "opened_ms", text: false },
        SortColumn { name: "about", sql: "kind", text: true },
        SortColumn { name: "where", sql: "lower(address)", text: true },
        SortColumn { name: "owner", sql: "lower(coalesce(owner_name, ''))", text: true },
    ],
    id: "case_id",
    text_id: false,
};

/// What is done about a case. [`CaseLineAction`] has the stable names.
#[derive(Debug, Clone, PartialEq, Eq, strum::EnumDiscriminants)]
#[strum_discriminants(
    name(CaseLineAction),
    doc = "What a line of a case's log says was done.",
    derive(Serialize, Deserialize, VariantArray, schemars::JsonSchema, ts_rs::TS),
    serde(rename_all = "snake_case")
)]
pub(crate) enum CaseAction {
    /// A record opened it.
    Opened,
    /// Somebody took it, or was given it: the owner's id and user name.
    Assigned(UserId, String),
    /// Somebody added a note.
    Noted,
    /// A step was done.
    Done(CaseStep),
    /// It was closed, with this outcome.
    Closed(CaseOutcome),
    /// It was opened again.
    Reopened,
}

/// The place of cases whose deadline can't be worked out, because the bank holidays are not known.
/// They come first, because somebody has to work it out by hand.
const NOBODY_CAN_TELL: i64 = 0;
/// The place of cases in which nothing more is due. They come after all that have a deadline.
const NOTHING_IS_DUE: i64 = i64::MAX;

impl CaseRow {
    /// When the next step is due, in UTC milliseconds; `None` if nothing is due, or the deadline
    /// can't be worked out.
    pub(crate) fn due_ms(&self) -> Option<i64> {
        Some(self.due_place).filter(|place| ![NOBODY_CAN_TELL, NOTHING_IS_DUE].contains(place))
    }
}

const SELECT: &str = "
    SELECT case_file.case_id, case_file.kind, case_file.visit_id, case_file.record_id, case_file.user_id, case_file.opened_ms,
           case_file.received_ms, owner.user_name AS owner, owner.display_name AS owner_name, case_file.due_step,
           case_file.due_ms, case_file.closed_ms, case_file.outcome, case_file.unconfirmed,
           coalesce(visit.address, '') AS address, visitor.display_name AS visitor_name,
           organisation.name AS organisation
    FROM case_file
    LEFT JOIN visit ON visit.visit_id = case_file.visit_id
    LEFT JOIN person AS owner ON owner.user_id = case_file.owner_id
    LEFT JOIN person AS visitor ON visitor.user_id = case_file.user_id
    LEFT JOIN organisation ON organisation.organisation_id = coalesce(visit.organisation_id, visitor.organisation_id)";

fn case_row(row: &Row<'_>) -> Result<CaseRow, CouncilError> {
    let text = |column| Ok::<_, CouncilError>(row.get::<Option<String>>(column)?.unwrap_or_default());
    Ok(CaseRow {
        id: CaseId::from_bytes(row.get("case_id")?),
        kind: Named::read(row.get("kind")?),
        visit: VisitId::from_bytes(row.get("visit_id")?),
        record: RecordId::from_bytes(row.get("record_id")?),
        user: row.get::<Option<[u8; 16]>>("user_id")?.map(UserId::from_bytes),
        opened_ms: row.get("opened_ms")?,
        received_ms: row.get("received_ms")?,
        owner: row.get("owner")?,
        owner_name: row.get("owner_name")?,
        due_step: row.get::<Option<String>>("due_step")?.map(Named::read),
        due_place: row.get::<Option<i64>>("due_ms")?.unwrap_or(NOTHING_IS_DUE),
        closed_ms: row.get("closed_ms")?,
        outcome: row.get("outcome")?,
        unconfirmed: row.get("unconfirmed")?,
        address: text("address")?,
        visitor_name: text("visitor_name")?,
        organisation: text("organisation")?,
    })
}

impl Reading<'_> {
    /// A page of cases.
    pub(crate) fn cases(&self, filter: &CaseFilter, order: &Order, most: usize) -> Result<Page<CaseRow>, CouncilError> {
        let which = filter.conditions();
        self.page(&format!("{SELECT}{}", which.text()), which, order, most, case_row)
    }

    /// Calls `each` for every case that fits the filter, the oldest first.
    pub(crate) fn each_case(
        &self,
        filter: &CaseFilter,
        mut each: impl FnMut(CaseRow) -> Result<(), CouncilError>,
    ) -> Result<(), CouncilError> {
        let which = filter.conditions();
        let sql = format!("{SELECT}{} ORDER BY case_file.opened_ms, case_file.case_id", which.text());
        self.connection.query_at_length(&sql, which.values(), &mut |row| {
            each(case_row(row)?)?;
            Ok(true)
        })
    }

    /// The case with this id; `None` if there is none.
    pub(crate) fn case(&self, id: CaseId) -> Result<Option<CaseRow>, CouncilError> {
        self.one(&format!("{SELECT} WHERE case_file.case_id = ?1"), params![id.as_bytes()], case_row)
    }

    /// The cases of a visit, the oldest first.
    pub(crate) fn cases_of(&self, visit: VisitId) -> Result<Vec<CaseRow>, CouncilError> {
        let sql = format!("{SELECT} WHERE case_file.visit_id = ?1 ORDER BY case_file.opened_ms, case_file.case_id");
        self.many(&sql, params![visit.as_bytes()], case_row)
    }

    /// The cases of many visits.
    pub(crate) fn cases_of_visits(&self, visits: &[VisitId]) -> Result<BTreeMap<VisitId, Vec<CaseRow>>, CouncilError> {
        let sql = format!("{SELECT} WHERE case_file.visit_id IN ({{}})");
        let mut found: BTreeMap<VisitId, Vec<CaseRow>> = BTreeMap::new();
        for case in self.among(&sql, visits.iter().map(VisitId::as_bytes), case_row)? {
            found.entry(case.visit).or_default().push(case);
        }
        Ok(found)
    }

    /// How many cases are open, and how many of them are past their deadline.
    pub(crate) fn case_counts(&self, now_ms: i64) -> Result<(u64, u64), CouncilError> {
        self.one(
            "SELECT count(*) AS open, count(CASE WHEN due_ms > 0 AND due_ms < ?1 THEN 1 END) AS late
             FROM case_file WHERE closed_ms IS NULL",
            params![now_ms],
            |row| Ok((row.get("open")?, row.get("late")?)),
        )?
        .ok_or(CouncilError::Unreadable("case"))
    }

    /// The log of a case, in order.
    pub(crate) fn case_lines(&self, id: CaseId) -> Result<Vec<CaseLine>, CouncilError> {
        self.many(
            "SELECT at_ms, user_name, action, subject, words FROM case_line WHERE case_id = ?1 ORDER BY number",
            params![id.as_bytes()],
            |row| {
                Ok(CaseLine {
                    at_ms: row.get("at_ms")?,
                    user_name: row.get("user_name")?,
                    action: Named::read(row.get("action")?),
                    subject: row.get("subject")?,
                    words: row.get("words")?,
                })
            },
        )
    }

    /// The steps that were done since a case was opened or last reopened, and when.
    pub(crate) fn steps_done(&self, id: CaseId) -> Result<Vec<(CaseStep, DateTime<Utc>)>, CouncilError> {
        let mut done = Vec::new();
        for line in self.case_lines(id)? {
            match (line.action.known(), line.subject.as_deref().and_then(CaseStep::from_name)) {
                (Some(CaseLineAction::Done), Some(step)) => done.push((step, times::from_ms(line.at_ms))),
                (Some(CaseLineAction::Reopened), _) => done.clear(),
                _ => {}
            }
        }
        Ok(done)
    }

    /// The next step of a case and its deadline; `None` if nothing is due.
    pub(crate) fn due(&self, case: &CaseRow) -> Result<Option<Due>, CouncilError> {
        // Only the version that opened it knows what is due.
        let Some(kind) = case.kind.known() else { return Ok(None) };
        let progress = Progress {
            kind,
            opened_at: times::from_ms(case.opened_ms),
            received_at: times::from_ms(case.received_ms),
            done: &self.steps_done(case.id)?,
            numbers: &self.council_numbers()?,
        };
        Ok(progress.due())
    }

    /// Visits in which a lone worker should have been out before this moment and has not said that
    /// they are, the longest overdue first.
    pub(crate) fn alone_before(&self, before_ms: i64) -> Result<Vec<VisitId>, CouncilError> {
        self.many(
            "SELECT visit_id FROM visit WHERE alone_until_ms IS NOT NULL AND alone_until_ms < ?1
             ORDER BY alone_until_ms, visit_id",
            params![before_ms],
            |row| Ok(VisitId::from_bytes(row.get("visit_id")?)),
        )
    }
}

impl Writing<'_> {
    /// Opens a case. One that was opened before stays as it is, and is confirmed.
    pub(crate) fn open_case(
        &self,
        opened: &CaseOpened,
        visit: VisitId,
        visitor: Option<UserId>,
        received_ms: i64,
    ) -> Result<(), CouncilError> {
        let id = CaseId::of(opened.kind, opened.record);
        if !self.open_new_case(id, opened, visit, visitor, received_ms)? {
            self.write("UPDATE case_file SET unconfirmed = 0 WHERE case_id = ?1", params![id.as_bytes()])?;
        }
        Ok(())
    }

    /// Opens a case for a record that was set aside: nobody has confirmed who said it. One that was
    /// opened before stays as it is.
    pub(crate) fn open_unconfirmed_case(
        &self,
        opened: &CaseOpened,
        visit: VisitId,
        visitor: UserId,
        received_ms: i64,
    ) -> Result<(), CouncilError> {
        let id = CaseId::of(opened.kind, opened.record);
        if self.open_new_case(id, opened, visit, Some(visitor), received_ms)? {
            self.write("UPDATE case_file SET unconfirmed = 1 WHERE case_id = ?1", params![id.as_bytes()])?;
        }
        Ok(())
    }

    /// Opens a case. `false` if it was opened before.
    fn open_new_case(
        &self,
        id: CaseId,
        opened: &CaseOpened,
        visit: VisitId,
        visitor: Option<UserId>,
        received_ms: i64,
    ) -> Result<bool, CouncilError> {
        let is_new = self.write(
            "INSERT INTO case_file (case_id, kind, visit_id, record_id, user_id, opened_ms, received_ms)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT (case_id) DO NOTHING",
            params![
                id.as_bytes(),
                opened.kind.name(),
                visit.as_bytes(),
                opened.record.as_bytes(),
                visitor.as_ref().map(UserId::as_bytes),
                opened.opened_at.timestamp_millis(),
                received_ms
            ],
        )?;
        if is_new == 0 {
            return Ok(false);
        }
        self.case_goes_on(id, received_ms, "", &CaseAction::Opened, None)?;
        Ok(true)
    }

    /// Logs what was done about a case, and updates the case, its deadline and its notices.
    pub(crate) fn case_goes_on(
        &self,
        id: CaseId,
        at_ms: i64,
        user_name: &str,
        action: &CaseAction,
        words: Option<&str>,
    ) -> Result<(), CouncilError> {
        let subject = match action {
            CaseAction::Assigned(_, owner) => Some(owner.as_str()),
            CaseAction::Done(step) => Some(step.name()),
            CaseAction::Closed(outcome) => Some(outcome.name()),
            CaseAction::Opened | CaseAction::Noted | CaseAction::Reopened => None,
        };
        let name = CaseLineAction::from(action).name();
        self.write(
            "INSERT INTO case_line (case_id, number, at_ms, user_name, action, subject, words)
             VALUES (?1, (SELECT count(*) + 1 FROM case_line WHERE case_id = ?1), ?2, ?3, ?4, ?5, ?6)",
            params![id.as_bytes(), at_ms, user_name, name, subject, words],
        )?;
        match action {
            CaseAction::Assigned(owner, _) => self.write(
                "UPDATE case_file SET owner_id = ?2 WHERE case_id = ?1",
                params![id.as_bytes(), owner.as_bytes()],
            )?,
            CaseAction::Closed(outcome) => self.write(
                "UPDATE case_file SET closed_ms = ?2, outcome = ?3 WHERE case_id = ?1",
                params![id.as_bytes(), at_ms, outcome.name()],
            )?,
            CaseAction::Reopened => self.write(
                "UPDATE case_file SET closed_ms = NULL, outcome = NULL WHERE case_id = ?1",
                params![id.as_bytes()],
            )?,
            CaseAction::Opened | CaseAction::Noted | CaseAction::Done(_) => 0,
        };
        self.tell_due(id)?;
        self.tell_of_case(id, action, user_name, at_ms)
    }

    /// Closes a case because of a record: a visitor struck something out, or said that they are
    /// safe.
    pub(crate) fn close_by_itself(
        &self,
        id: CaseId,
        at_ms: i64,
        outcome: CaseOutcome,
        words: &str,
    ) -> Result<(), CouncilError> {
        self.case_goes_on(id, at_ms, "", &CaseAction::Closed(outcome), Some(words))
    }

    fn tell_due(&self, id: CaseId) -> Result<(), CouncilError> {
        let Some(case) = self.case(id)? else { return Ok(()) };
        let (step, due_ms) = match self.due(&case)? {
            Some(due) => (Some(due.step.name()), due.by.map_or(NOBODY_CAN_TELL, |by| by.timestamp_millis())),
            None => (None, NOTHING_IS_DUE),
        };
        self.write(
            "UPDATE case_file SET due_step = ?2, due_ms = ?3 WHERE case_id = ?1",
            params![id.as_bytes(), step, due_ms],
        )?;
        Ok(())
    }
}
