//! Imports tables from other systems. The whole table is checked before any of it is imported. Each
//! fault names the row, the column and what is wrong.

mod appointments;
mod people;
mod wrong;

use std::collections::BTreeMap;

use doorstep_domain::conduct::TextKind;
use serde::Serialize;

use self::wrong::{MOST_ROWS, Wrong};
use crate::storage::ImportEffect;

pub use self::appointments::import as appointments;
pub(crate) use self::appointments::put_appointment;
pub use self::people::import as people;

/// Something in a table that can't be imported.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, schemars::JsonSchema, ts_rs::TS)]
pub struct RowFault {
    /// The row as a spreadsheet counts it: the header is row 1.
    pub row: usize,
    /// The column's name.
    pub column: String,
    /// The value, cut to 60 characters.
    pub value: String,
    /// What is wrong with it.
    pub fault: String,
    /// What is wrong with it, as a stable code.
    pub code: &'static str,
}

impl RowFault {
    fn new(row: usize, column: &str, value: &str, wrong: &Wrong) -> Self {
        let value = value.chars().take(60).collect();
        Self { row, column: column.to_owned(), value, fault: wrong.to_string(), code: wrong.into() }
    }
}

/// The result of an import, or of a preview.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, schemars::JsonSchema, ts_rs::TS)]
pub struct Imported {
    /// Rows that are new.
    pub added: usize,
    /// Rows that were known and have changed. An import of people counts every known person here.
    pub updated: usize,
    /// Rows that were known and are the same. Always 0 for people.
    pub unchanged: usize,
    /// People whose role at a desk waits until somebody has agreed to it. Those who were known keep
    /// the role that they had. Always 0 for appointments.
    pub waiting: usize,
    /// What could not be imported.
    pub faults: Vec<RowFault>,
}

/// How much of a table to import.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ImportMode {
    /// Import nothing if any row has a fault.
    AllOrNothing,
    /// Import the good rows.
    GoodRowsOnly,
    /// Import nothing; only report the faults and, for appointments, the counts.
    Preview,
}

impl Imported {
    fn count(&mut self, kept: &[ImportEffect]) {
        let of = |kind: ImportEffect| kept.iter().filter(|kept| **kept == kind).count();
        (self.added, self.updated, self.unchanged) =
            (of(ImportEffect::Added), of(ImportEffect::Updated), of(ImportEffect::Unchanged));
    }
}

/// One row of a table, with the faults found so far.
struct TableRow<'a> {
    number: usize,
    values: BTreeMap<&'a str, &'a str>,
    faults: Vec<RowFault>,
}

impl<'a> TableRow<'a> {
    fn text(&self, column: &str) -> &'a str {
        self.values.get(column).copied().unwrap_or_default()
    }

    fn optional(&self, column: &str) -> Option<String> {
        Some(self.text(column)).filter(|text| !text.is_empty()).map(str::to_owned)
    }

    /// Checks that no text is too long, or shows as something else than it is.
    fn check_texts(&mut self, columns: &[&'static str]) {
        for column in columns {
            let text = self.text(column);
            if TextKind::Short.check(text).is_err() {
                self.fault(column, &Wrong::TooLong);
            }
            if has_invisible(text) {
                self.fault(column, &Wrong::Invisible);
            }
        }
    }

    /// The text of a column that must not be empty. Notes a fault if it is.
    fn required(&mut self, column: &'static str) -> String {
        let text = self.text(column);
        if text.is_empty() {
            self.fault(column, &Wrong::Missing);
        }
        text.to_owned()
    }

    fn fault(&mut self, column: &str, wrong: &Wrong) {
        self.faults.push(RowFault::new(self.number, column, self.text(column), wrong));
    }

    /// Reads a column's value with `read`, or notes the fault and returns `None`.
    fn read<T, E: Into<Wrong>>(
        &mut self,
        column: &'static str,
        read: impl FnOnce(&'a str) -> Result<T, E>,
    ) -> Option<T> {
        match read(self.text(column)) {
            Ok(value) => Some(value),
            Err(wrong) => {
                self.fault(column, &wrong.into());
                None
            }
        }
    }
}

/// Whether a text has a character that can't be seen, or that turns the others round: with one, a
/// name looks like another. Persian and the scripts of India need the two joiners, which Latin
/// letters never do.
fn has_invisible(text: &str) -> bool {
    let mut before = None;
    text.chars().any(|c| {
        let is_joiner = matches!(c, '\u{200c}' | '\u{200d}');
        let is_needed = is_joiner && before.is_some_and(|before: char| before > '\u{590}' && before.is_alphanumeric());
        before = Some(c);
        is_invisible(c) && !is_needed
    })
}

/// Unicode's format characters and blank letters, and control characters but for blanks.
fn is_invisible(c: char) -> bool {
    let format = matches!(c, '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}');
    let blank = matches!(c, '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{3164}' | '\u{ffa0}' | '\u{2800}');
    format || blank || (c.is_control() && !matches!(c, '\n' | '\r' | '\t'))
}

/// Reads a CSV table and calls `each` for every row that has all its columns. Returns the good
/// rows, those for which `each` returned a value and noted no fault, with their row numbers; and
/// all faults.
fn read_table<T>(
    table: &[u8],
    columns: &[&'static str],
    mut each: impl FnMut(&mut TableRow<'_>) -> Option<T>,
) -> (Vec<(usize, T)>, Vec<RowFault>) {
    let fault = |row: usize, column: &str, wrong: Wrong| RowFault::new(row, column, "", &wrong);
    // A spreadsheet may put a byte order mark in front.
    let table = table.strip_prefix(b"\xef\xbb\xbf").unwrap_or(table);
    let mut reader = csv::ReaderBuilder::new().flexible(true).trim(csv::Trim::All).from_reader(table);
    let header = match reader.headers() {
        Ok(header) => header.clone(),
        Err(_) => return (Vec::new(), vec![fault(1, "", Wrong::NotATable)]),
    };
    let missing: Vec<RowFault> = columns
        .iter()
        .filter(|column| !header.iter().any(|name| name == **column))
        .map(|column| fault(1, column, Wrong::NoColumn))
        .collect();
    if !missing.is_empty() {
        return (Vec::new(), missing);
    }
    let (mut good, mut faults) = (Vec::new(), Vec::new());
    for (index, record) in reader.records().enumerate() {
        let number = index + 2;
        if index == MOST_ROWS {
            faults.push(fault(number, "", Wrong::TooManyRows));
            break;
        }
        let Ok(record) = record else {
            faults.push(fault(number, "", Wrong::NotUtf8));
            continue;
        };
        if record.len() != header.len() {
            let wrong = Wrong::OtherColumns { has: record.len(), header: header.len() };
            faults.push(fault(number, header.get(record.len()).unwrap_or_default(), wrong));
            continue;
        }
        let values = header.iter().zip(record.iter()).collect();
        let mut row = TableRow { number, values, faults: Vec::new() };
        row.check_texts(columns);
        let read = each(&mut row);
        match read {
            Some(value) if row.faults.is_empty() => good.push((number, value)),
            _ => faults.append(&mut row.faults),
        }
    }
    (good, faults)
}
