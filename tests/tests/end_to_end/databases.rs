//! The same story gives the same exports on both databases, and several processes share one.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::process::Child;
use std::sync::atomic::{AtomicBool, Ordering};

use doorstep_tests::desk::ConsoleClient;
use doorstep_tests::harness::{Line, Phone, TestCouncil, eventually, json, sample};
use doorstep_tests::postgres::Postgres;

type Table = Vec<BTreeMap<String, String>>;

/// Columns whose values differ from run to run.
const OF_THIS_RUN: [&str; 6] = ["visit", "record", "at", "sha256", "detail", "user"];

/// The council's exports, without ids, times and other values that differ from run to run.
fn exports(council: &TestCouncil) -> BTreeMap<&'static str, Table> {
    let tables = ["visits", "steps", "no-access", "concerns", "acknowledgements", "audit"];
    let without = |mut row: BTreeMap<String, String>| {
        row.retain(|column, _| !OF_THIS_RUN.contains(&column.as_str()) && !column.ends_with("_at"));
        row
    };
    tables.into_iter().map(|table| (table, council.export(table).into_iter().map(without).collect())).collect()
}

/// A day with every ending of a visit, concerns, a photo, a lost answer, a reassignment and a
/// restart. Returns the exports after it.
fn story(mut council: TestCouncil) -> BTreeMap<&'static str, Table> {
    let day = sample("appointments-2026-11-24.csv").display().to_string();
    council.does(&["import-appointments", &day]);
    assert!(council.does(&["import-appointments", &day]).contains("0 added, 0 updated, 60 unchanged"));
    let officer = Phone::of("melton-2", &council, council.address());
    let electrician = Phone::of("vale-3", &council, council.address());
    let inside = officer.enters("WO-261124-00009");
    officer.does(&["visit", "flag", &inside, "--kind", "safeguarding", "--note", "For the lead alone."]);
    let folder = tempfile::tempdir().unwrap();
    let photo = folder.path().join("photo.jpg");
    std::fs::write(&photo, doorstep_tests::sample::photo(600)).unwrap();
    officer.does(&["visit", "photo", &inside, "--purpose", "before", &photo.display().to_string()]);
    officer.does(&["visit", "leave", &inside, "--outcome", "completed"]);
    officer.does(&["sync"]);
    let refused = officer.starts("WO-261124-00026");
    officer.does(&[
        "visit",
        "refuse",
        &refused,
        "--reason",
        "support-needs",
        "--words",
        "Not without Иван\u{2019}s aunt",
    ]);
    officer.does(&["sync"]);
    council.kill();
    council.start();
    let nobody = electrician.starts("WO-261124-00032");
    electrician.does(&["visit", "no-answer", &nobody]);
    for (kind, words) in [("complaint", "The gate was left open"), ("breach", "My mate was rude at the door")] {
        electrician.does(&["visit", "concern", &nobody, "--kind", kind, "--words", words]);
    }
    electrician.does(&["sync"]);
    assert_eq!(electrician.says(&["sync"])["received"], 0, "nothing is sent twice");
    council.publishes_code();

    let table = std::fs::read_to_string(&day).unwrap();
    let row = table.lines().find(|line| line.starts_with("WO-261124-00015,")).unwrap().replace("melton-2", "melton-1");
    let reassigned = folder.path().join("reassigned.csv");
    std::fs::write(&reassigned, format!("{}\n{row}\n", table.lines().next().unwrap())).unwrap();
    council.does(&["import-appointments", &reassigned.display().to_string()]);
    officer.does(&["sync"]);
    assert!(!officer.does(&["appointments", "--json"]).contains("WO-261124-00015"));

    let found = |words: &str| {
        let file = folder.path().join("found.csv").display().to_string();
        let said = council.does(&["export", "--what", "visits", "--words", words, "--out", &file]);
        said.split(' ').next().unwrap().parse::<u32>().unwrap()
    };
    assert_eq!(
        (found("ИВАН"), found("o'connor"), found("100%"), found("dafydd")),
        (1, 1, 0, 2),
        "capital letters or not"
    );
    exports(&council)
}

#[test]
fn the_same_story_is_told_by_both_databases() {
    let server = Postgres::start();
    let embedded = story(TestCouncil::open());
    let served = story(TestCouncil::open_on_postgres(&server.database()));
    for (table, rows) in &embedded {
        assert!(!rows.is_empty(), "{table} tells nothing");
        assert_eq!(&served[table], rows, "{table}");
    }
}

#[test]
fn several_processes_on_one_database_are_killed_and_started_under_load_and_nothing_is_lost() {
    const PHONES: [&str; 4] = ["melton-1", "melton-2", "vale-3", "rutland-3"];
    let server = Postgres::start();
    let council = TestCouncil::open_on_postgres(&server.database());
    council.does(&["import-appointments", &sample("appointments-2026-11-24.csv").display().to_string()]);
    let mut others: Vec<(Child, SocketAddr)> = (0..2).map(|_| council.serves(([127, 0, 0, 1], 0).into())).collect();
    let lines: Vec<Line> = PHONES.iter().map(|_| Line::to(council.address())).collect();
    let phones: Vec<Phone> =
        PHONES.iter().zip(&lines).map(|(user, line)| Phone::of(user, &council, line.address())).collect();
    let over = AtomicBool::new(false);
    let mut saved = 0;
    std::thread::scope(|scope| {
        let working: Vec<_> = phones
            .iter()
            .map(|phone| {
                scope.spawn(|| {
                    let mut saved = 1;
                    for round in 0..6 {
                        let kind = ["visit", "start-unplanned", "--kind", "inspection", "--purpose", "A look"];
                        let visit = phone.says(&[&kind[..], &["--address", &format!("{round} High Street")]].concat());
                        let visit = visit["visit"].as_str().unwrap().to_owned();
                        for step in ["introduced", "reason_stated", "id_shown"] {
                            phone.does(&["visit", "step", &visit, step, "done"]);
                        }
                        phone.does(&["visit", "no-answer", &visit]);
                        saved += 5;
                        let _whoever_answers_may_just_be_killed = phone.tries(&["sync"]);
                    }
                    saved
                })
            })
            .collect();
        scope.spawn(|| {
            // In each round, lead every phone to another process, and kill one of the processes.
            for round in 0.. {
                if over.load(Ordering::SeqCst) {
                    break;
                }
                let which = round % others.len();
                let _already_gone = others[which].0.kill();
                let _reaped = others[which].0.wait();
                others[which] = council.serves(others[which].1);
                for (number, line) in lines.iter().enumerate() {
                    let answering = (number + round) % (others.len() + 1);
                    line.leads_to(others.get(answering).map_or(council.address(), |(_, address)| *address));
                }
                std::thread::sleep(std::time::Duration::from_millis(300));
            }
        });
        saved = working.into_iter().map(|phone| phone.join().unwrap()).sum();
        over.store(true, Ordering::SeqCst);
    });
    for (phone, line) in phones.iter().zip(&lines) {
        line.leads_to(council.address());
        eventually("sending", || phone.tries(&["sync"]).status.success());
        assert_eq!(phone.says(&["status"])["unsent"], 0);
        phone.does(&["verify"]);
    }
    for (mut other, _) in others {
        let _killed = other.kill();
        let _reaped = other.wait();
    }
    assert!(!council.data().join("council.db").exists(), "something was kept beside the server");
    let counted = json(&council.does(&["counts", "--json"]));
    assert_eq!((counted["records"].as_u64().unwrap(), counted["set_aside"].as_u64().unwrap()), (saved, 0));
    assert_eq!(council.export("no-access").len(), PHONES.len() * 6);
}

#[test]
fn an_embedded_database_moves_to_postgresql_and_both_hold_the_same() {
    let server = Postgres::start();
    let mut council = TestCouncil::open();
    council.does(&["import-appointments", &sample("appointments-2026-11-24.csv").display().to_string()]);
    let phone = Phone::of("melton-2", &council, council.address());
    let visit = phone.starts("WO-261124-00009");
    phone.does(&["visit", "no-answer", &visit]);
    phone.does(&["sync"]);
    let before = exports(&council);

    council.kill();
    let database = server.database();
    let moved = json(&council.does(&["migrate-storage", "--to", &database, "--json"]));
    assert_eq!(moved["visit"]["rows"], 1, "{moved}");
    assert!(moved["record"].is_null() && moved["leads_log"].is_null(), "these would tell of a note: {moved}");
    let again = council.tries(&["migrate-storage", "--to", &database]);
    assert!(String::from_utf8_lossy(&again.stderr).contains("that database is not empty"));

    council.moves_to(&database);
    council.start();
    let after = exports(&council);
    for (table, rows) in &before {
        assert!(after[table].starts_with(rows), "{table}");
    }
    // The phone works as before, and the audit log continues after the lines that were moved.
    let next = phone.starts("WO-261124-00015");
    phone.does(&["visit", "no-answer", &next]);
    phone.does(&["sync"]);
    assert_eq!(council.export("no-access").len(), 2);
    assert!(council.export("audit").len() > before["audit"].len());
}

#[test]
fn a_database_that_would_be_spoken_to_in_the_clear_is_refused_and_no_password_is_printed() {
    let council = TestCouncil::open();
    for (address, said) in [
        ("postgres://council:hunter2@db.council.example/council", "sslmode=require"),
        ("postgres://council:hunter2@127.0.0.1:1/council", "the database server"),
        ("hunter2", "can't be read"),
    ] {
        let refused = council.tries(&["counts", "--database", address]);
        let error = String::from_utf8_lossy(&refused.stderr);
        assert!(!refused.status.success() && error.contains(said), "{error}");
        assert!(!error.contains("hunter2"), "a password is printed: {error}");
    }
}

/// `tests/databases` holds what programs of 24 November 2026 left: a council of schema 3, and a
/// phone of schema 4 with two records that had not been sent.
#[test]
fn what_an_earlier_program_left_is_opened_by_this_one_whole() {
    let council = TestCouncil::frozen("council-schema-3");
    let visits = council.export("visits");
    let mut outcomes: Vec<&str> = visits.iter().map(|visit| visit["outcome"].as_str()).collect();
    outcomes.sort_unstable();
    assert_eq!(outcomes, ["completed", "entry_refused"]);
    let supervisor = ConsoleClient::of("super-1", &council);
    let found = |query: &str| supervisor.reads(query)["visits"].as_array().unwrap().len();
    assert_eq!(found("/api/visits?q=dafydd"), 2, "what is searched was written anew");
    assert_eq!((found("/api/visits?entry=consent"), found("/api/visits?entry=lawful")), (1, 0));
    let reports = supervisor.reads("/api/reports");
    assert_eq!(reports["id_shown"], json(r#"[{ "of": "Melton Borough Council", "answer": "yes", "visits": 2 }]"#));
    assert_eq!(reports["refusals_by_reason"][0]["answer"], "other");
    assert_eq!(ConsoleClient::of("lead-1", &council).reads("/api/safeguarding")["notes"].as_array().unwrap().len(), 1);

    let phone = Phone::frozen("phone-schema-4");
    assert_eq!(phone.says(&["status"])["unsent"], 2);
    let server = format!("http://{}", council.address());
    phone.does(&["enrol", "--server", &server, "--code", &council.code_for("melton-2")]);
    assert_eq!(phone.says(&["sync"])["waiting"], 0);
    phone.does(&["verify"]);
    assert_eq!(council.export("visits").len(), 3, "what waited has come");
}

#[test]
fn rows_of_an_older_program_are_made_anew_and_one_that_can_t_be_keeps_nobody_from_the_service() {
    let mut council = TestCouncil::open();
    council.does(&["import-appointments", &sample("appointments-2026-11-24.csv").display().to_string()]);
    let phone = Phone::of("melton-2", &council, council.address());
    let visit = phone.starts("WO-261124-00009");
    phone.does(&["visit", "no-answer", &visit]);
    phone.does(&["sync"]);
    let before = council.export("visits");
    council.kill();
    // Rows as an older program would have left them, and an appointment that can't be read.
    let database = rusqlite::Connection::open(council.data().join("council.db")).unwrap();
    let spoilt = "UPDATE appointment SET appointment = 'x', words = '' WHERE appointment_ref = 'WO-261124-00026';
         UPDATE visit SET fold_version = 0, outcome = NULL, words = '';
         DELETE FROM meta WHERE name = 'folded_by'";
    database.execute_batch(spoilt).unwrap();
    drop(database);

    council.start();
    let found = ConsoleClient::of("super-1", &council).reads("/api/visits?outcome=no_answer");
    assert_eq!(found["visits"].as_array().unwrap().len(), 1, "what can be made anew is");
    assert_eq!(council.export("visits"), before, "whose visit it was, and when it came, stay");
    let tried = council.tries(&["refold"]);
    assert!(!tried.status.success(), "whoever asks is told of what can't be");
    assert!(String::from_utf8_lossy(&tried.stderr).contains("appointment"), "{tried:?}");
}
