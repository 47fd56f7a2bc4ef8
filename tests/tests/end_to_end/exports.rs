//! Exports of tables in every file format, and the feed for spreadsheets.

use std::fs;
use std::path::Path;

use calamine::{Data, Reader, Xlsx, open_workbook};
use doorstep_domain::ledger::Hash;
use doorstep_tests::desk::ConsoleClient;
use doorstep_tests::exports;
use doorstep_tests::harness::{Phone, TestCouncil, json, root, sample};
use serde_json::{Value, json};

fn a_day(council: &TestCouncil) {
    council.does(&["import-appointments", &sample("appointments-2026-11-24.csv").display().to_string()]);
    let phone = Phone::of("melton-2", council, council.address());
    let refused = phone.starts("WO-261124-00009");
    phone.does(&["visit", "refuse", &refused, "--reason", "other", "--words", "=HYPERLINK(\"http://example.org\")"]);
    let done = phone.enters("WO-261124-00026");
    phone.does(&["visit", "leave", &done, "--outcome", "completed"]);
    let forced = phone.starts("WO-261124-00021");
    let basis = ["--lawful", "emergency-repair", "--authorised-by", "Joan Pickering"];
    phone.does(&[&["visit", "enter", &forced], &basis[..]].concat());
    phone.does(&["sync"]);
}

fn export(council: &TestCouncil, words: &[&str], out: &Path) -> String {
    let out = out.display().to_string();
    council.does(&[&["export"], words, &["--out", &out]].concat())
}

#[test]
fn the_page_of_exports_is_that_of_the_columns() {
    let committed = fs::read_to_string(root().join("docs/exports.md")).unwrap();
    assert!(committed == exports::page(&committed), "run `cargo xtask export-columns` and commit what it writes");
}

#[test]
fn each_form_holds_the_same_rows_and_nothing_in_them_runs() {
    let council = TestCouncil::open();
    a_day(&council);
    let folder = tempfile::tempdir().unwrap();
    let [csv, xlsx, jsonl] = ["csv", "xlsx", "jsonl"].map(|form| folder.path().join(format!("visits.{form}")));
    for (form, file) in [("csv", &csv), ("xlsx", &xlsx), ("jsonl", &jsonl)] {
        let said = export(&council, &["--what", "visits", "--format", form], file);
        assert!(said.starts_with("3 rows") && said.contains(&Hash::of_file(&fs::read(file).unwrap()).to_string()));
    }

    let table: Vec<std::collections::BTreeMap<String, String>> =
        csv::Reader::from_path(&csv).unwrap().deserialize().map(Result::unwrap).collect();
    let lines: Vec<Value> = fs::read_to_string(&jsonl).unwrap().lines().map(json).collect();
    let mut book: Xlsx<_> = open_workbook(&xlsx).unwrap();
    let sheet = book.worksheet_range("visits").unwrap();
    let header: Vec<String> = sheet.rows().next().unwrap().iter().map(ToString::to_string).collect();
    assert_eq!(sheet.rows().count(), 4, "a header and three visits");
    for ((row, line), cells) in table.iter().zip(&lines).zip(sheet.rows().skip(1)) {
        for (column, cell) in header.iter().zip(cells) {
            let plain = row[column].strip_prefix('\'').unwrap_or(&row[column]);
            assert_eq!(line[column].as_str().unwrap_or_default(), plain, "{column}");
            assert!(matches!(cell, Data::String(text) if text == plain) || plain.is_empty(), "{column}: {cell:?}");
        }
    }
    let formula = table.iter().find(|row| row["outcome"] == "entry_refused").unwrap();
    assert!(formula["refusal_words"].starts_with("'=HYPERLINK"), "a spreadsheet would run it");
    assert!(book.worksheet_formula("visits").unwrap().is_empty(), "the workbook holds a formula");
    let meanings = book.worksheet_range("columns").unwrap();
    assert_eq!(meanings.rows().count(), header.len() + 1, "each column is explained");
}

#[test]
fn what_is_told_of_each_concern_is_in_the_table_of_concerns() {
    let council = TestCouncil::open();
    let phone = Phone::of("melton-2", &council, council.address());
    let said: [&[&str]; 4] = [
        &["--kind", "aggression", "--words", "He pushed me", "--injured", "--police-reference", "LEI-24-1187"],
        &["--kind", "complaint", "--words", "A mark on the carpet", "--put-right", "Cleaned it", "--told-of-process"],
        &["--kind", "gift", "--words", "A box of tea", "--accepted"],
        &["--kind", "unsafe-condition", "--words", "It smells of gas", "--hazard", "gas", "--severity", "emergency"],
    ];
    for words in said {
        phone.does(&[&["concern"], words].concat());
    }
    phone.does(&["sync"]);
    let told =
        ["injured", "police_reference", "put_right", "tenant_told_of_process", "gift_accepted", "hazard", "severity"];
    let of = |kind: &str| {
        let table = council.export("concerns");
        let row = table.iter().find(|row| row["kind"] == kind).unwrap();
        told.map(|column| row[column].clone())
    };
    assert_eq!(of("aggression"), ["yes", "LEI-24-1187", "", "", "", "", ""]);
    assert_eq!(of("complaint"), ["", "", "Cleaned it", "yes", "", "", ""]);
    assert_eq!(of("gift"), ["", "", "", "", "yes", "", ""]);
    assert_eq!(of("unsafe_condition"), ["", "", "", "", "", "gas", "emergency"]);
}

#[test]
fn a_selection_is_taken_a_wrong_one_is_said_and_leaves_the_file_as_it_was() {
    let council = TestCouncil::open();
    a_day(&council);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("visits.csv");
    assert!(export(&council, &["--what", "visits", "--outcome", "entry_refused"], &file).starts_with("1 rows"));
    let before = fs::read(&file).unwrap();
    let out = file.display().to_string();
    let tried = council.tries(&["export", "--what", "visits", "--from", "yesterday", "--out", &out]);
    assert!(!tried.status.success() && String::from_utf8_lossy(&tried.stderr).contains("\"yesterday\" is not a date"));
    assert_eq!(fs::read(&file).unwrap(), before);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "a half-written file lies about");
    assert!(export(&council, &["--what", "visits", "--entry", "consent"], &file).starts_with("1 rows"));
    assert!(export(&council, &["--what", "visits", "--entry", "lawful"], &file).starts_with("1 rows"));
    assert!(export(&council, &["--what", "visits", "--to", "2020-01-01"], &file).starts_with("0 rows"));
    assert!(export(&council, &["--what", "steps", "--words", "Dairy"], &file).contains(" rows"));
}

#[test]
fn each_export_is_in_the_audit_log_with_who_what_how_many_and_the_hash() {
    let council = TestCouncil::open();
    a_day(&council);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("no-access.jsonl");
    let words = ["--what", "no-access", "--format", "jsonl", "--outcome", "entry_refused", "--words", "Patel"];
    export(&council, &words, &file);
    let log = council.export("audit");
    let line = log.iter().rfind(|line| line["action"] == "exported").unwrap();
    let detail = json(&line["detail"]);
    assert_eq!(line["user"], "command line");
    assert_eq!(
        (&detail["what"], &detail["format"], &detail["rows"]),
        (&json("\"no-access\""), &json("\"jsonl\""), &json("1"))
    );
    assert_eq!(detail["filter"], json(r#"{"outcome":"entry_refused","q":"words"}"#), "a name is in the audit log");
    assert_eq!(detail["sha256"], Hash::of_file(&fs::read(&file).unwrap()).to_string());
    assert!(log.iter().any(|line| line["action"] == "device_enrolled"));
    let words = ["--what", "audit", "--format", "jsonl", "--user", "command line", "--action", "device_enrolled"];
    assert!(export(&council, &words, &file).starts_with("0 rows"), "a phone is enrolled by whose it is");
    let words = ["--what", "audit", "--format", "jsonl", "--user", "command line", "--action", "exported"];
    export(&council, &words, &file);
    let lines = fs::read_to_string(&file).unwrap();
    assert!(lines.lines().count() >= 2 && lines.lines().all(|line| json(line)["action"] == "exported"), "{lines}");
}

/// Reads the feed as Excel does: first the tables and their columns, then the rows page by page.
#[test]
fn a_spreadsheet_refreshes_from_a_feed_of_visits_page_by_page() {
    let council = TestCouncil::open();
    council.does(&["import-appointments", &sample("appointments-2026-11-24.csv").display().to_string()]);
    let phone = Phone::of("melton-2", &council, council.address());
    let refused = phone.starts("WO-261124-00026");
    phone.does(&["visit", "refuse", &refused, "--reason", "other", "--words", "Ask O'Neill, she \"knows\""]);
    for appointment in ["WO-261124-00009", "WO-261124-00015"] {
        let visit = phone.starts(appointment);
        phone.does(&["visit", "no-answer", &visit]);
    }
    phone.does(&["sync"]);
    let token = council.does(&["api-token", "--name", "power-bi", "--may", "feed"]);
    let nobody = ConsoleClient::nobody(&council);
    let reads = |address: &str| {
        let answer = nobody.refreshes(address, token.trim(), 2);
        assert_eq!(
            (answer.status().as_u16(), answer.headers()["odata-version"].to_str().unwrap()),
            (200, "4.0"),
            "{address}"
        );
        answer
    };
    let there: Value = reads("/odata/v4/").json().unwrap();
    assert_eq!((&there["value"][0]["name"], &there["value"][0]["url"]), (&json!("Visits"), &json!("Visits")));
    let metadata = reads("/odata/v4/$metadata").text().unwrap();

    let mut visits = Vec::new();
    let mut next = Some("/odata/v4/Visits?$count=true".to_owned());
    let mut pages = 0;
    while let Some(address) = next {
        let page: Value = reads(&address).json().unwrap();
        visits.extend(page["value"].as_array().unwrap().clone());
        let behind =
            page["@odata.nextLink"].as_str().map(|link| link.split_once(&council.address().to_string()).unwrap().1);
        assert_eq!(page["@odata.count"], if pages == 0 { json!(3) } else { Value::Null });
        (next, pages) = (behind.map(str::to_owned), pages + 1);
    }
    assert_eq!((visits.len(), pages), (3, 2));
    // The feed has the same values as the table, and its description names every column.
    let table = council.export("visits");
    for (fed, row) in visits.iter().zip(&table) {
        assert_eq!(fed.as_object().unwrap().len(), row.len());
        for (column, text) in row {
            let same = match &fed[column] {
                Value::Null => text.is_empty(),
                Value::String(fed) => fed == text,
                fed => fed.as_i64() == text.parse().ok(),
            };
            assert!(same, "{column}: {} is not {text:?}", fed[column]);
            assert!(metadata.contains(&format!("<Property Name=\"{column}\" Type=\"Edm.")), "{column}");
        }
    }
    let one: Value =
        reads("/odata/v4/Visits?$filter=outcome%20eq%20'entry_refused'&$select=visit,photos_held").json().unwrap();
    assert_eq!(one["value"], json!([{ "visit": refused, "photos_held": 0 }]));
    // What the database's columns hold is read from them alone, without the folded visit.
    let held = "/odata/v4/Visits?$select=visit,outcome,entry_basis,ended_at,refusal_reason,visitor,received_at";
    let before: Value = reads(held).json().unwrap();
    let database = rusqlite::Connection::open(council.data().join("council.db")).unwrap();
    database
        .execute_batch("CREATE TABLE was AS SELECT visit_id, folded FROM visit; UPDATE visit SET folded = 'x'")
        .unwrap();
    assert_eq!(reads(held).json::<Value>().unwrap(), before);
    assert_eq!(before["value"][0].as_object().unwrap().len(), 7, "{before}");
    assert_eq!(nobody.refreshes("/odata/v4/Visits?$select=findings", token.trim(), 2).status(), 422);
    database
        .execute_batch(
            "UPDATE visit SET folded = (SELECT folded FROM was WHERE was.visit_id = visit.visit_id); DROP TABLE was",
        )
        .unwrap();
    let later: Value = reads("/odata/v4/Visits?$filter=started_at%20ge%202030-01-01T00:00:00Z").json().unwrap();
    assert_eq!(later["value"], json!([]));

    // A wrong or missing token gets 401, and a query that the feed does not support gets 501.
    let housing = council.does(&["api-token", "--name", "housing", "--may", "appointments,metrics"]);
    for password in [housing.trim(), "guessed", ""] {
        let answer = nobody.refreshes("/odata/v4/Visits", password, 2);
        assert_eq!(answer.status(), 401);
        assert!(answer.headers()["www-authenticate"].to_str().unwrap().starts_with("Basic realm="));
    }
    assert_eq!(nobody.refreshes("/odata/v4/Visits?$orderby=visit", token.trim(), 2).status(), 501);
    let audit = ConsoleClient::of("audit-1", &council).reads("/api/audit?action=feed_read");
    assert_eq!(audit["lines"][0]["user"], "power-bi", "{audit}");
}

/// How many exports over HTTP were begun and how many were completed, by the audit log.
fn taken(council: &TestCouncil) -> (usize, usize) {
    let log = ConsoleClient::of("audit-1", council).reads("/api/audit?user=super-1");
    let of = |action: &str| log["lines"].as_array().unwrap().iter().filter(|line| line["action"] == action).count();
    (of("export_begun"), of("exported"))
}

#[test]
fn an_export_is_sent_while_it_is_written_and_one_that_nobody_waits_for_is_stopped() {
    let council = TestCouncil::open();
    a_day(&council);
    doorstep_tests::bulk_data::in_the_data_folder(&council.data(), 8_000);
    let supervisor = ConsoleClient::of("super-1", &council);
    for form in ["csv", "jsonl"] {
        let mut answer = supervisor.asks("GET", &format!("/api/exports/visits.{form}"));
        let mut first = [0; 1000];
        std::io::Read::read_exact(&mut answer, &mut first).unwrap();
    }
    assert_eq!(taken(&council), (2, 0), "the first rows were here before the last were written");

    // Somebody who breaks off gets no complete file, and the audit log shows that data left.
    // Somebody who stays gets every row.
    let whole = supervisor.asks("GET", "/api/exports/visits.jsonl?sort=when").text().unwrap();
    assert_eq!(whole.lines().count(), 8_003);
    assert_eq!(taken(&council), (3, 1));
    let line = council.export("audit").into_iter().rfind(|line| line["action"] == "exported").unwrap();
    assert_eq!(json(&line["detail"])["sha256"], Hash::of_file(whole.as_bytes()).to_string());

    let refused = supervisor.asks("GET", "/api/exports/visits.csv?from=yesterday");
    assert_eq!(refused.status(), 400, "what can be refused is refused before the first byte");
    let short = supervisor.asks("GET", "/api/exports/visits.csv?outcome=entry_refused&to=2020-01-01");
    assert!(short.headers().contains_key("content-length"), "a browser is not told how much is to come");
}
