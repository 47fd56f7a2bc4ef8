//! Defines a column of a table in one line: its name, the kind of its values, what it means, and
//! how to get its value from a row. The header, the dictionary, the feed's types and the page
//! `docs/exports.md` are all made from these lines.

use chrono::{DateTime, NaiveDate, Utc};
use doorstep_domain::StableName;
use doorstep_domain::conduct::Clause;

use crate::machine::times::{from_ms, written};

/// The kind of a column's values. Any value may be empty.
#[derive(Debug, Clone, Copy)]
pub enum ColumnKind {
    /// Words.
    Text,
    /// An id that Doorstep made: a UUID.
    Id,
    /// A moment in UTC, `2026-11-24T09:30:00Z`.
    Moment,
    /// A day in England, `2026-11-24`.
    Day,
    /// A whole number.
    Number,
    /// `yes` or `no`.
    YesNo,
    /// One of these stable names.
    OneOf(fn() -> Vec<&'static str>),
}

impl ColumnKind {
    /// The stable names of the type `T`.
    pub(super) const fn one_of<T: StableName>() -> Self {
        Self::OneOf(|| T::all().map(T::name).collect())
    }
}

/// A column of a table.
#[derive(Debug, Clone, Copy)]
pub struct Column {
    /// Its stable name, which is never used for anything else.
    pub name: &'static str,
    /// The kind of its values.
    pub kind: ColumnKind,
    /// What it means, in words for the reader of the export.
    pub meaning: &'static str,
    /// The clause of the Code behind it, if there is one.
    pub clause: Option<Clause>,
}

impl Column {
    /// What it means, and which values there are.
    #[must_use]
    pub fn whole_meaning(&self) -> String {
        let values = match self.kind {
            ColumnKind::OneOf(names) => names().join(", "),
            ColumnKind::YesNo => "yes, no".to_owned(),
            ColumnKind::Day => "a day in England".to_owned(),
            ColumnKind::Moment | ColumnKind::Text | ColumnKind::Id | ColumnKind::Number => {
                return self.meaning_and_clause();
            }
        };
        format!("{} ({values})", self.meaning_and_clause().trim_end_matches('.'))
    }

    /// What it means, and the clause behind it.
    #[must_use]
    pub fn meaning_and_clause(&self) -> String {
        self.clause.map_or_else(|| self.meaning.to_owned(), |clause| format!("{}. Clause {clause}", self.meaning))
    }
}

/// A column, and how to get its value from a row; an empty text means no value. `C` is the part of
/// a row that the database's columns hold, and `R` is the whole row.
pub(super) struct Drawn<R: 'static, C: 'static = R> {
    pub(super) column: Column,
    pub(super) value: ValueOf<R, C>,
}

/// Where a column's value is read from.
pub(super) enum ValueOf<R: 'static, C: 'static> {
    /// From the database's columns, without reading the folded visit.
    Stored(fn(&C) -> String),
    /// From the whole row.
    Whole(fn(&R) -> String),
}

impl<R, C> Drawn<R, C> {
    /// The same column, with the clause of the Code behind it.
    pub(super) const fn by(mut self, clause: Clause) -> Self {
        self.column.clause = Some(clause);
        self
    }
}

/// A column whose value is read from the whole row.
pub(super) const fn column<R, C>(
    name: &'static str,
    kind: ColumnKind,
    meaning: &'static str,
    value: fn(&R) -> String,
) -> Drawn<R, C> {
    Drawn { column: Column { name, kind, meaning, clause: None }, value: ValueOf::Whole(value) }
}

/// A column whose value a column of the database holds.
pub(super) const fn stored<R, C>(
    name: &'static str,
    kind: ColumnKind,
    meaning: &'static str,
    value: fn(&C) -> String,
) -> Drawn<R, C> {
    Drawn { column: Column { name, kind, meaning, clause: None }, value: ValueOf::Stored(value) }
}

/// The columns of a table, in their order.
pub(super) fn columns_of<R, C>(table: &[Drawn<R, C>]) -> Vec<Column> {
    table.iter().map(|drawn| drawn.column).collect()
}

/// A row's values, in the order of the columns.
pub(super) fn values_of<R>(table: &[Drawn<R>], row: &R) -> Vec<String> {
    let value = |drawn: &Drawn<R>| match drawn.value {
        ValueOf::Stored(value) | ValueOf::Whole(value) => value(row),
    };
    table.iter().map(value).collect()
}

/// The value as text; empty if there is none.
pub(super) fn text<T: ToString>(value: Option<T>) -> String {
    value.map(|value| value.to_string()).unwrap_or_default()
}

/// The value's stable name; empty if there is none.
pub(super) fn name<T: StableName>(value: Option<T>) -> String {
    text(value.map(T::name))
}

/// A moment in UTC; empty if there is none.
pub(super) fn moment(at: Option<DateTime<Utc>>) -> String {
    text(at.map(written))
}

/// A moment given in UTC milliseconds since 1970; empty if there is none.
pub(super) fn moment_ms(at_ms: Option<i64>) -> String {
    moment(at_ms.map(from_ms))
}

/// A day; empty if there is none.
pub(super) fn day(day: Option<NaiveDate>) -> String {
    text(day)
}

/// `yes` or `no`; empty if neither was recorded.
pub(super) fn yes_no(said: Option<bool>) -> String {
    text(said.map(|yes| if yes { "yes" } else { "no" }))
}
