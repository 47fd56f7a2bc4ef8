//! The file formats of exports: CSV for programs and for Excel, an Excel workbook, and JSON Lines.

use std::io::{BufWriter, Seek, Write};

use doorstep_domain::StableName;
use rust_xlsxwriter::{Format as CellFormat, Workbook, XlsxError};

use super::ExportTable;
use super::columns::Column;
use super::streamed_file::StreamedFile;
use crate::error::CouncilError;
use crate::refused::Refused;

/// The format of an exported file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Comma-separated values (RFC 4180).
    Csv(Encoding),
    /// An Excel workbook, with what each column means on a sheet of its own.
    Xlsx,
    /// One JSON object a line.
    JsonLines,
}

/// The encoding of a CSV file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// UTF-8 without a byte order mark, for programs.
    Utf8,
    /// UTF-8 with a byte order mark. Without it, Excel garbles names such as Иван.
    Utf8ForExcel,
}

impl Format {
    /// The stable name, which is also the file name's extension.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Csv(_) => "csv",
            Self::Xlsx => "xlsx",
            Self::JsonLines => "jsonl",
        }
    }

    /// The media type of the file, as the `Content-Type` header gives it.
    #[must_use]
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Csv(_) => "text/csv; charset=utf-8; header=present",
            Self::Xlsx => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            Self::JsonLines => "application/jsonl; charset=utf-8",
        }
    }
}

/// A table that is being written.
pub(super) trait Sheet {
    fn row(&mut self, row: &[String]) -> Result<(), CouncilError>;
    /// Ends the table. Only after this is everything in the file.
    fn end(self: Box<Self>) -> Result<(), CouncilError>;
}

/// Begins a table, and writes its header.
pub(super) fn begin<'w>(
    format: Format,
    what: ExportTable,
    to: &'w mut StreamedFile<'_>,
) -> Result<Box<dyn Sheet + 'w>, CouncilError> {
    Ok(match format {
        Format::Csv(encoding) => Box::new(Csv::begin(what, encoding, to)?),
        Format::Xlsx => Box::new(Xlsx::begin(what, BufWriter::new(to.file()))?),
        Format::JsonLines => Box::new(JsonLines { columns: what.columns(), to }),
    })
}

struct Csv<W: Write>(csv::Writer<W>);

impl<W: Write> Csv<W> {
    fn begin(what: ExportTable, encoding: Encoding, mut to: W) -> Result<Self, CouncilError> {
        if encoding == Encoding::Utf8ForExcel {
            to.write_all(b"\xef\xbb\xbf").map_err(CouncilError::Write)?;
        }
        let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(to);
        writer.write_record(what.columns().iter().map(|column| column.name))?;
        Ok(Self(writer))
    }
}

impl<W: Write> Sheet for Csv<W> {
    fn row(&mut self, row: &[String]) -> Result<(), CouncilError> {
        Ok(self.0.write_record(row.iter().map(|value| defused(value)))?)
    }

    fn end(mut self: Box<Self>) -> Result<(), CouncilError> {
        self.0.flush().map_err(CouncilError::Write)
    }
}

/// Puts an apostrophe before a value that begins like a formula, so that a spreadsheet shows it and
/// does not run it.
fn defused(value: &str) -> String {
    let starts_a_formula =
        |c: char| matches!(c, '=' | '+' | '-' | '@' | '\t' | '\r' | '\0' | '＝' | '＋' | '－' | '＠');
    if value.starts_with(starts_a_formula) { format!("'{value}") } else { value.to_owned() }
}

struct JsonLines<W: Write> {
    columns: Vec<Column>,
    to: W,
}

impl<W: Write> Sheet for JsonLines<W> {
    fn row(&mut self, row: &[String]) -> Result<(), CouncilError> {
        // By hand, so that the columns keep their order.
        let mut comma = "{";
        for (column, value) in self.columns.iter().zip(row) {
            let value = if value.is_empty() { serde_json::Value::Null } else { value.as_str().into() };
            write!(self.to, "{comma}\"{}\":{value}", column.name).map_err(CouncilError::Write)?;
            comma = ",";
        }
        self.to.write_all(b"}\n").map_err(CouncilError::Write)
    }

    fn end(mut self: Box<Self>) -> Result<(), CouncilError> {
        self.to.flush().map_err(CouncilError::Write)
    }
}

/// A workbook. Every value in it is text, which a spreadsheet never runs. Rows are written to a
/// temporary file as they come, to save memory.
struct Xlsx<W> {
    what: ExportTable,
    book: Workbook,
    next: u32,
    to: W,
}

impl<W> Xlsx<W> {
    fn begin(what: ExportTable, to: W) -> Result<Self, CouncilError> {
        let mut book = Workbook::new();
        let bold = CellFormat::new().set_bold();
        let sheet = book.add_worksheet_with_constant_memory()?;
        sheet.set_name(what.name())?;
        sheet.set_freeze_panes(1, 0)?;
        for (at, column) in (0..).zip(what.columns()) {
            sheet.set_column_width(at, 20)?;
            sheet.write_string_with_format(0, at, column.name, &bold)?;
        }
        Ok(Self { what, book, next: 1, to })
    }
}

/// The index of the sheet with the rows. The sheet after it explains the columns.
const ROWS: usize = 0;

impl<W: Write + Seek + Send> Sheet for Xlsx<W> {
    fn row(&mut self, row: &[String]) -> Result<(), CouncilError> {
        let sheet = self.book.worksheet_from_index(ROWS)?;
        for (at, value) in (0..).zip(row).filter(|(_, value)| !value.is_empty()) {
            sheet.write_string(self.next, at, value)?;
        }
        self.next += 1;
        Ok(())
    }

    fn end(mut self: Box<Self>) -> Result<(), CouncilError> {
        let bold = CellFormat::new().set_bold();
        let meanings = self.book.add_worksheet();
        meanings.set_name("columns")?;
        meanings.write_string_with_format(0, 0, "column", &bold)?;
        meanings.write_string_with_format(0, 1, "meaning", &bold)?;
        meanings.set_column_width(0, 28)?;
        meanings.set_column_width(1, 100)?;
        for (at, column) in (1..).zip(self.what.columns()) {
            meanings.write_string(at, 0, column.name)?;
            meanings.write_string(at, 1, column.whole_meaning())?;
        }
        self.book.save_to_writer(self.to)?;
        Ok(())
    }
}

impl From<XlsxError> for CouncilError {
    fn from(error: XlsxError) -> Self {
        match error {
            XlsxError::RowColumnLimitError => Self::Refused(Refused::TooManyRows),
            other => Self::Write(std::io::Error::other(other)),
        }
    }
}

impl From<csv::Error> for CouncilError {
    fn from(error: csv::Error) -> Self {
        Self::Write(error.into())
    }
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
