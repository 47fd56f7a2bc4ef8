//! Tables for other systems and people. The columns are defined once; the header is stable and documented in
//! `docs/exports.md`. No sealed concern is in any of them, nor a sign that there is one.

mod steps;
mod visits;

use std::io::Write;

use crate::storage::{Filter, VisitRow};
use crate::{CouncilError, Office};

/// Which table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    /// One row a visit.
    Visits,
    /// One row a step of a visit.
    Steps,
}

/// How the file begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// UTF-8, as RFC 4180 tables are read by programs.
    Utf8,
    /// UTF-8 with a byte order mark, without which Excel takes Иван for something else.
    Utf8ForExcel,
}

impl What {
    /// The columns, in their order.
    #[must_use]
    pub fn header(self) -> &'static [&'static str] {
        match self {
            Self::Visits => &visits::HEADER,
            Self::Steps => &steps::HEADER,
        }
    }

    fn rows(self, visit: &VisitRow) -> Vec<Vec<String>> {
        match self {
            Self::Visits => vec![visits::row(visit)],
            Self::Steps => steps::rows(visit),
        }
    }
}

/// A value as a spreadsheet shows it and never runs it: what begins like a formula gets an apostrophe in front.
fn defused(value: &str) -> String {
    let starts_a_formula =
        |c: char| matches!(c, '=' | '+' | '-' | '@' | '\t' | '\r' | '\0' | '＝' | '＋' | '－' | '＠');
    if value.starts_with(starts_a_formula) { format!("'{value}") } else { value.to_owned() }
}

impl Office {
    /// Writes every visit, or every step, as CSV (RFC 4180). Returns the number of rows.
    ///
    /// # Errors
    /// [`CouncilError`] when the database or the file fails.
    pub fn export(&self, what: What, encoding: Encoding, to: impl Write) -> Result<u64, CouncilError> {
        write_csv(&self.service, &Filter::default(), what, encoding, to)
    }
}

/// Writes the visits that fit a filter, one by one: memory stays flat.
pub(crate) fn write_csv(
    service: &crate::Service,
    filter: &Filter,
    what: What,
    encoding: Encoding,
    mut to: impl Write,
) -> Result<u64, CouncilError> {
    if encoding == Encoding::Utf8ForExcel {
        to.write_all(b"\xef\xbb\xbf").map_err(csv::Error::from)?;
    }
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(to);
    writer.write_record(what.header())?;
    let mut count = 0;
    service.storage.read(|reading| {
        reading.each_visit(filter, |visit| {
            for row in what.rows(&visit) {
                writer.write_record(row.iter().map(|value| defused(value)))?;
                count += 1;
            }
            Ok(true)
        })
    })?;
    writer.flush().map_err(csv::Error::from)?;
    Ok(count)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_begins_like_a_formula_is_left_as_it_is() {
        for text in ["=1+1", "+44 7700", "-1", "@SUM(A1)", "\tx", "\rx", "＝1"] {
            assert_eq!(defused(text), format!("'{text}"));
        }
        for text in ["Иван", "O'Connor", "2026-11-24T09:30:00Z", "a=b", ""] {
            assert_eq!(defused(text), text);
        }
    }
}
