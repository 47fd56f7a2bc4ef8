//! Prints the clause table, one JSON object a row, and fails when a clause has no rule, screen or
//! test. With `write`, the table in `docs/code-of-conduct.md` is drawn anew.

use std::process::ExitCode;

use doorstep_tests::clauses;
use doorstep_tests::harness::root;

fn main() -> ExitCode {
    for row in clauses::rows() {
        println!("{row}");
    }
    if std::env::args().nth(1).as_deref() == Some("write") {
        let file = root().join("docs/code-of-conduct.md");
        let page = std::fs::read_to_string(&file).expect("the page is there");
        let rows = |line: &&str| line.starts_with('|');
        let above: Vec<&str> = page.lines().take_while(|line| !rows(line)).collect();
        let below: Vec<&str> = page.lines().skip(above.len()).skip_while(rows).collect();
        let drawn = format!("{}\n{}{}\n", above.join("\n"), clauses::table(), below.join("\n"));
        std::fs::write(&file, drawn).expect("the page can be written");
    }
    let faults = clauses::faults(&root());
    for fault in &faults {
        eprintln!("{fault}");
    }
    if faults.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
