//! Draws the tables of `docs/exports.md` from the columns of the exports.

use doorstep_council::export::{Column, ColumnKind, ExportTable};
use doorstep_domain::StableName;

/// The page `docs/exports.md` with its tables drawn anew. The text above them stays as it is in
/// `before`.
#[must_use]
pub fn page(before: &str) -> String {
    let (first, _) = words(ExportTable::Visits);
    let above = before.split(&format!("## {first}")).next().unwrap_or_default();
    let tables: Vec<String> = ExportTable::all().map(table).collect();
    format!("{above}{}", tables.join("\n"))
}

fn table(what: ExportTable) -> String {
    let (heading, remark) = words(what);
    let remark = if remark.is_empty() { String::new() } else { format!("{remark}\n\n") };
    let rows: String = what.columns().iter().map(row).collect();
    format!("## {heading}\n\n{remark}| `{}` | value | meaning |\n| --- | --- | --- |\n{rows}", what.name())
}

fn row(column: &Column) -> String {
    format!("| `{}` | {} | {} |\n", column.name, values(column.kind), column.meaning_and_clause())
}

fn values(kind: ColumnKind) -> String {
    match kind {
        ColumnKind::Text => "text".to_owned(),
        ColumnKind::Id => "id".to_owned(),
        ColumnKind::Moment => "moment".to_owned(),
        ColumnKind::Day => "day".to_owned(),
        ColumnKind::Number => "number".to_owned(),
        ColumnKind::YesNo => "`yes`, `no`".to_owned(),
        ColumnKind::OneOf(names) => names().iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", "),
    }
}

/// A table's heading and the remark under it, which can be empty.
fn words(what: ExportTable) -> (&'static str, &'static str) {
    match what {
        ExportTable::Visits => ("Visits: one row a visit", ""),
        ExportTable::Steps => ("Steps: one row a step", ""),
        ExportTable::NoAccess => ("No access: one row a visit in which nobody got in", ""),
        ExportTable::Concerns => {
            ("Concerns: one row a concern that is not sealed", "A firm's own export has no breaches.")
        }
        ExportTable::Acknowledgements => ("Acknowledgements: one row a signature under the Code", ""),
        ExportTable::Cases => (
            "Cases: one row a case",
            "For the council's supervisors, safeguarding leads and auditors. What comes from a safeguarding\n\
             note is no case.\n\
             With `--state open` or `closed`, `--kind` and `--owner` those alone, as in the list.",
        ),
        ExportTable::Reports => ("Reports: one row an answer to a question", "With `--kind` one question alone."),
        ExportTable::Audit => (
            "Audit: one row a line of the audit log",
            "For the council's auditors and administrators. Who read a safeguarding note is not in it: leads\n\
             see that beside the note.",
        ),
    }
}
