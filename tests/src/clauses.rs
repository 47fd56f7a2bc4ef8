//! The clause table, and the check that each rule, screen and test that it names exists.

use std::fs;
use std::path::Path;

use doorstep_domain::conduct::{CLAUSES, ClauseRow};
use serde_json::{Value, json};

/// The table as `docs/code-of-conduct.md` shows it.
#[must_use]
pub fn table() -> String {
    let row = |row: &ClauseRow| {
        let tests: Vec<String> = row.tests.iter().map(|test| format!("`{test}`")).collect();
        format!(
            "| {} | {} | `conduct::{}` | `{}` | {} |\n",
            row.number,
            row.subject,
            row.rule,
            row.screen,
            tests.join(", ")
        )
    };
    let head = "| clause | what is asked | rule | screen | tests |\n| --- | --- | --- | --- | --- |\n";
    CLAUSES.iter().map(row).fold(head.to_owned(), |table, row| table + &row)
}

/// The folder to which the table's screens are relative.
const SCREENS: &str = "ui/field/src";

/// The table, one JSON object a row.
pub fn rows() -> impl Iterator<Item = Value> {
    CLAUSES.iter().map(|row| {
        json!({
            "clause": row.number,
            "subject": row.subject,
            "rule": format!("doorstep_domain::conduct::{}", row.rule),
            "screen": format!("{SCREENS}/{}", row.screen),
            "tests": row.tests,
        })
    })
}

/// Rules, screens and tests that the table names but the repository lacks, and clauses without a
/// test. Empty when all is well.
#[must_use]
pub fn faults(root: &Path) -> Vec<String> {
    let rules = text_below(&root.join("crates/domain/src/conduct"));
    let tests = ["crates/domain/tests", "crates/domain/src", "crates/core/src", "crates/council/src", "tests/tests"]
        .map(|folder| text_below(&root.join(folder)))
        .concat();
    let mut faults = Vec::new();
    for row in CLAUSES {
        let defined = ["struct", "enum"].iter().any(|kind| rules.contains(&format!("pub {kind} {} ", row.rule)));
        if !defined {
            faults.push(format!("clause {}: there is no rule conduct::{}", row.number, row.rule));
        }
        if !root.join(SCREENS).join(row.screen).is_file() {
            faults.push(format!("clause {}: there is no screen {}", row.number, row.screen));
        }
        if row.tests.is_empty() {
            faults.push(format!("clause {}: {} has no test", row.number, row.subject));
        }
        for test in row.tests.iter().filter(|test| !tests.contains(&format!("fn {test}("))) {
            faults.push(format!("clause {}: there is no test {test}", row.number));
        }
    }
    faults
}

/// Every Rust file of a folder and the folders in it, as one text.
fn text_below(folder: &Path) -> String {
    let mut text = String::new();
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    for entry in entries.flatten() {
        let path = entry.path();
        if path.is_dir() {
            text.push_str(&text_below(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            text.push_str(&fs::read_to_string(&path).unwrap_or_default());
        }
    }
    text
}
