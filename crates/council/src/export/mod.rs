//! Exports: tables for people and for other systems. Each column is defined once, with its meaning.
//! The headers are stable and documented in `docs/exports.md`. No table holds a sealed concern, or
//! a sign that there is one.

mod acknowledgements;
mod ahead;
mod audit;
mod cases;
mod columns;
mod concerns;
mod forms;
mod no_access;
mod reports;
mod steps;
mod streamed_file;
mod visits;

use std::fs::File;

use doorstep_domain::StableName;
use doorstep_domain::conduct::CaseKind;
use serde::{Deserialize, Serialize};

use self::ahead::{RowSender, read_ahead};

use self::columns::{columns_of, values_of};

pub use columns::{Column, ColumnKind};
pub use forms::{Encoding, Format};
pub(crate) use streamed_file::{Growth, StreamedFile};
pub(crate) use visits::visit_values;

use crate::access::actor::Actor;
use crate::error::CouncilError;
use crate::machine::times;
use crate::refused::Refused;
use crate::service::Service;
use crate::storage::{
    AuditFilter, Audited, CaseFilter, ConcernFilter, Filter, FoldedVisit, Question, Reading, RegisterFilter,
};

/// A table that can be exported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, strum::VariantArray)]
#[serde(rename_all = "kebab-case")]
pub enum ExportTable {
    /// One row for each visit.
    Visits,
    /// One row for each step of a visit.
    Steps,
    /// One row for each visit in which nobody got in.
    NoAccess,
    /// One row for each concern that is not sealed.
    Concerns,
    /// One row for each signature under the Code.
    Acknowledgements,
    /// One row for each case.
    Cases,
    /// One row for each answer to a question of the reports.
    Reports,
    /// One row for each line of the audit log.
    Audit,
}

/// Which rows to list or export. The filters of a list and its address use the same fields. A date
/// is a day in England, `2026-11-24`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(default)]
pub struct ListQuery {
    /// Visits with this outcome, by its stable name; `open` for visits that have not ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outcome: Option<String>,
    /// Visits in which somebody went in by `consent`, or on a `lawful` basis without it. Clause
    /// 3.1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub entry: Option<String>,
    /// Rows of this organisation: a firm or the council, by name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub organisation: Option<String>,
    /// Visits that started on this day or later.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// Visits that started on this day or earlier.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// Words to search for in a visit, or in the name of somebody who signed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub q: Option<String>,
    /// Concerns, cases or answers of this kind, by its stable name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// `open` or `closed` cases; both if empty.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    /// Cases of this owner, by user name; `nobody` for those without one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// Lines of the audit log by this user.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// Lines of the audit log with this action, by its stable name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub action: Option<String>,
    /// The column by which a list of visits is sorted; `-when` if empty. An exported table of
    /// visits begins with the oldest for `when`, otherwise with the newest.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sort: Option<String>,
    /// The list continues after this place, which the page before gave. An exported table has no
    /// pages.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
}

/// What an export wrote.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Exported {
    /// Rows, without the header.
    pub rows: u64,
    /// The SHA-256 of the file, in hexadecimal.
    pub sha256: String,
}

impl ExportTable {
    /// The columns, in their order.
    #[must_use]
    pub fn columns(self) -> Vec<Column> {
        match self {
            Self::Visits => columns_of(visits::COLUMNS),
            Self::Steps => columns_of(steps::COLUMNS),
            Self::NoAccess => columns_of(no_access::COLUMNS),
            Self::Concerns => columns_of(concerns::COLUMNS),
            Self::Acknowledgements => columns_of(acknowledgements::COLUMNS),
            Self::Cases => columns_of(cases::COLUMNS),
            Self::Reports => columns_of(reports::COLUMNS),
            Self::Audit => columns_of(audit::COLUMNS),
        }
    }

    /// Sends every row of the table that was chosen to `found`, one by one.
    fn find_rows(self, reading: &Reading<'_>, query: &CheckedQuery, found: &mut RowSender) -> Result<(), CouncilError> {
        let of_visits: fn(FoldedVisit) -> Result<Vec<Vec<String>>, CouncilError> = match self {
            Self::Visits => |visit| Ok(vec![visits::row(visit)?]),
            Self::Steps => {
                |visit| Ok(steps::rows(visit.unfolded()?).iter().map(|row| values_of(steps::COLUMNS, row)).collect())
            }
            Self::NoAccess => |visit| {
                let rows = no_access::rows(visit)?;
                Ok(rows.iter().map(|row| values_of(no_access::COLUMNS, row)).collect())
            },
            Self::Concerns => {
                let filter =
                    ConcernFilter { firm: query.filter.organisation.clone(), kind: query.kind.clone(), after: None };
                return reading.each_plain_concern(&filter, |concern| {
                    found.send(move || Ok(vec![values_of(concerns::COLUMNS, &concern)]))
                });
            }
            Self::Acknowledgements => {
                let filter = RegisterFilter {
                    organisation: query.filter.organisation.clone(),
                    user: None,
                    words: query.filter.words.clone(),
                };
                return reading.each_acknowledgement(&filter, |signed| {
                    found.send(move || Ok(vec![values_of(acknowledgements::COLUMNS, &signed)]))
                });
            }
            Self::Cases => {
                return reading
                    .each_case(&query.cases()?, |case| found.send(move || Ok(vec![values_of(cases::COLUMNS, &case)])));
            }
            Self::Reports => {
                let asked = |question: &Question| query.kind.as_deref().is_none_or(|kind| kind == question.name());
                for question in Question::all().filter(asked) {
                    let counts = reading.counted(question, &query.filter.counted())?;
                    let answer = move |count| values_of(reports::COLUMNS, &reports::AnswerRow { question, count });
                    found.send(move || Ok(counts.into_iter().map(answer).collect()))?;
                }
                return Ok(());
            }
            Self::Audit => {
                return reading.each_audit_line(&query.audit, |line| {
                    found.send(move || Ok(vec![values_of(audit::COLUMNS, &line)]))
                });
            }
        };
        reading.each_visit(&query.filter, |visit| found.send(move || of_visits(visit)))
    }
}

/// A checked query. Its dates are valid, and it is limited to what the user may see.
#[derive(Debug, Default)]
pub(crate) struct CheckedQuery {
    pub(crate) filter: Filter,
    pub(crate) kind: Option<String>,
    state: Option<String>,
    owner: Option<String>,
    audit: AuditFilter,
}

impl CheckedQuery {
    fn cases(&self) -> Result<CaseFilter, Refused> {
        let kind = |name: &String| CaseKind::from_name(name).ok_or(Refused::NoSuchPage);
        let closed = |state: &String| CaseFilter::read_closed(state).ok_or(Refused::NoSuchPage);
        Ok(CaseFilter {
            closed: self.state.as_ref().map(closed).transpose()?,
            kind: self.kind.as_ref().map(kind).transpose()?,
            owner: self.owner.clone(),
            organisation: self.filter.organisation.clone(),
        })
    }
}

impl ListQuery {
    /// The query for the audit log. It leaves out the words that were searched for, which may
    /// be a person's name.
    fn for_the_audit_log(&self) -> Self {
        Self { q: self.q.as_ref().map(|_| "words".to_owned()), after: None, ..self.clone() }
    }

    /// Checks the query. `firm` is the firm of somebody who may only see its rows: it replaces
    /// the organisation that they ask for.
    ///
    /// # Errors
    /// [`Refused::NotADate`] if a date can't be read.
    pub(crate) fn checked(&self, firm: Option<&str>) -> Result<CheckedQuery, Refused> {
        let said = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
        let date = |text: &Option<String>| {
            said(text).map(|text| times::start_of(&text).ok_or(Refused::NotADate(text))).transpose()
        };
        let filter = Filter {
            organisation: firm.map(str::to_owned).or_else(|| said(&self.organisation)),
            outcome: said(&self.outcome),
            entry: said(&self.entry),
            from_ms: date(&self.from)?,
            to_ms: date(&self.to)?.map(times::end_of_day),
            words: said(&self.q),
            oldest_first: self.sort.as_deref() == Some("when"),
            after: None,
        };
        let audit = AuditFilter { user_name: said(&self.user), action: said(&self.action), ..AuditFilter::default() };
        Ok(CheckedQuery { filter, kind: said(&self.kind), state: said(&self.state), owner: said(&self.owner), audit })
    }
}

/// Writes a table to a file. The audit log notes who did it, which rows, and the file's hash.
///
/// # Errors
/// [`CouncilError`] when the query can't be read, or the database or the file fails.
pub fn export(
    service: &Service,
    by: &Actor,
    what: ExportTable,
    format: Format,
    query: &ListQuery,
    to: &mut File,
) -> Result<Exported, CouncilError> {
    Export { service, what, format, query, by }.write(&mut StreamedFile::unwatched(to), || true)
}

/// One export: which table, in which format, with which filters, and for whom.
pub(crate) struct Export<'a> {
    pub(crate) service: &'a Service,
    pub(crate) what: ExportTable,
    pub(crate) format: Format,
    pub(crate) query: &'a ListQuery,
    /// Who exports it, for the audit log. Somebody at a firm gets only their firm's rows.
    pub(crate) by: &'a Actor,
}

impl Export<'_> {
    /// Writes the rows one by one, so that memory use stays the same however many there are. Stops
    /// with [`CouncilError::Cancelled`] when `go_on` returns `false`. The file may be sent while it
    /// grows: the audit log notes its start before the first byte and its end before the last.
    pub(crate) fn write(self, to: &mut StreamedFile<'_>, go_on: impl Fn() -> bool) -> Result<Exported, CouncilError> {
        let Self { service, what, format, query, by } = self;
        let checked = query.checked(by.firm())?;
        let audit = |what: &Audited<'_>| {
            let now_ms = service.now_ms();
            service.transact(|writing| writing.audit(now_ms, by.name(), what))
        };
        let filter = serde_json::to_value(query.for_the_audit_log()).unwrap_or_default();
        by.looked_for(service, "export", query.q.as_deref())?;
        audit(&Audited::ExportBegun { what: what.name(), format: format.name(), filter: &filter })?;
        let mut rows: u64 = 0;
        let mut sheet = forms::begin(format, what, to)?;
        // This read has its own connection, so nobody else waits for a long table.
        read_ahead(
            |found| service.storage.read_at_length(|reading| what.find_rows(reading, &checked, found)),
            |row| {
                if !go_on() {
                    return Err(CouncilError::Cancelled);
                }
                rows += 1;
                sheet.row(&row)
            },
        )?;
        sheet.end()?;
        let sha256 = to.hash().map_err(CouncilError::Write)?;
        audit(&Audited::Exported { what: what.name(), format: format.name(), filter: &filter, rows, sha256: &sha256 })?;
        to.release().map_err(CouncilError::Write)?;
        Ok(Exported { rows, sha256 })
    }
}
