//! Tables for other systems and people. The columns are defined once; the header is stable and documented in
//! `docs/exports.md`. No sealed concern is in any of them, nor a sign that there is one.

mod acknowledgements;
mod concerns;
mod no_access;
mod steps;
mod visits;

use std::io::Write;

use crate::storage::{Filter, Reading, VisitRow};
use crate::{CouncilError, Office};

/// Which table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    /// One row a visit.
    Visits,
    /// One row a step of a visit.
    Steps,
    /// One row a visit in which nobody got in.
    NoAccess,
    /// One row a concern that is not sealed.
    Concerns,
    /// One row a signature under the Code.
    Acknowledgements,
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
            Self::NoAccess => &no_access::HEADER,
            Self::Concerns => &concerns::HEADER,
            Self::Acknowledgements => &acknowledgements::HEADER,
        }
    }

    /// The stable name, as in file names and the audit log.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Visits => "visits",
            Self::Steps => "steps",
            Self::NoAccess => "no-access",
            Self::Concerns => "concerns",
            Self::Acknowledgements => "acknowledgements",
        }
    }

    /// Calls `each` for every row of the table.
    fn each_row(
        self,
        reading: &Reading<'_>,
        filter: &Filter,
        mut each: impl FnMut(Vec<String>) -> Result<(), CouncilError>,
    ) -> Result<(), CouncilError> {
        let firm = filter.organisation.as_deref();
        let of_visits: fn(&VisitRow) -> Vec<Vec<String>> = match self {
            Self::Visits => |visit| vec![visits::row(visit)],
            Self::Steps => steps::rows,
            Self::NoAccess => no_access::rows,
            Self::Concerns => {
                let concerns = reading.plain_concerns(firm, None, usize::MAX)?;
                return concerns.iter().map(concerns::row).try_for_each(each);
            }
            Self::Acknowledgements => {
                return reading.acknowledgements(firm)?.iter().map(acknowledgements::row).try_for_each(each);
            }
        };
        reading.each_visit(filter, |visit| {
            of_visits(&visit).into_iter().try_for_each(&mut each)?;
            Ok(true)
        })
    }
}

/// A value as a spreadsheet shows it and never runs it: what begins like a formula gets an apostrophe in front.
fn defused(value: &str) -> String {
    let starts_a_formula =
        |c: char| matches!(c, '=' | '+' | '-' | '@' | '\t' | '\r' | '\0' | '＝' | '＋' | '－' | '＠');
    if value.starts_with(starts_a_formula) { format!("'{value}") } else { value.to_owned() }
}

impl Office {
    /// Writes a whole table as CSV (RFC 4180). Returns the number of rows.
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
        what.each_row(reading, filter, |row| {
            writer.write_record(row.iter().map(|value| defused(value)))?;
            count += 1;
            Ok(())
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
