//! The audit log: who looked for whom, who tried what, and whether a line was altered since.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use doorstep_council::desk::Actor;
use doorstep_council::notify::Notifier;
use doorstep_council::records::logs::keep_linked;
use doorstep_council::{DatabaseAt, Environment, Service, TimeSource};
use doorstep_tests::desk::ConsoleClient;
use doorstep_tests::hand_phone::HandPhone;
use doorstep_tests::harness::{Phone, TestCouncil, json as read, sample};
use doorstep_tests::outside::{Certificate, Outside};
use doorstep_tests::postgres::Postgres;
use serde_json::Value;

use crate::outward::{Ahead, mail};

const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// The service's own work on a council's data, with a clock that a test puts forward.
fn service_of(council: &TestCouncil, database: &DatabaseAt) -> (Arc<Ahead>, Service) {
    let clock = Arc::new(Ahead(AtomicI64::new(0)));
    let environment = Environment { clock: Arc::clone(&clock) as Arc<dyn TimeSource>, ..Environment::real() };
    (clock, Service::open(&council.data(), database, environment).unwrap())
}

/// What the console says about the log, after every line was linked.
fn checked(auditor: &ConsoleClient, service: &Service) -> Value {
    keep_linked(service).unwrap();
    auditor.reads("/api/audit/links")
}

fn lines(council: &TestCouncil, action: &str) -> Vec<Value> {
    let log = council.export("audit");
    log.iter().filter(|line| line["action"] == action).map(|line| read(&line["detail"])).collect()
}

fn the_log_holds_whatever_is_erased(council: &TestCouncil, database: &DatabaseAt) {
    council.does(&["import-appointments", &sample("appointments-2026-11-24.csv").display().to_string()]);
    let (clock, service) = service_of(council, database);
    let auditor = ConsoleClient::of("audit-1", council);
    let before = checked(&auditor, &service);
    assert!(before["altered"].is_null() && before["erased"] == 0, "{before}");
    assert!(before["lines"].as_u64().unwrap() > 5, "lines from before the log was first linked count too: {before}");

    // Searches are lines: who, where and for what. The second page of one is no other search.
    let [supervisor, firm, admin] = ["super-1", "vale-super", "admin"].map(|user| ConsoleClient::of(user, council));
    for (who, address) in [
        (&supervisor, "/api/visits?q=eyebrook"),
        (&firm, "/api/appointments?q=Okafor"),
        (&supervisor, "/api/acknowledgements?q=Harriet%20Hale"),
        (&admin, "/api/people?q=Harriet%20Hale"),
        (&supervisor, "/api/appointments?q=Okafor&after="),
        (&admin, "/api/phones?q=dafydd"),
        (&auditor, "/api/audit?user=super-1"),
        (&supervisor, "/api/visits?outcome=completed"),
        (&supervisor, "/api/exports/visits.csv?q=Okafor"),
    ] {
        assert!(who.asks("GET", address).bytes().is_ok(), "{address}");
    }
    let searched = lines(council, "searched");
    let said = |line: &Value| format!("{} {}", line["list"].as_str().unwrap(), line["words"].as_str().unwrap_or("-"));
    let expected = [
        "visits eyebrook",
        "appointments Okafor",
        "register Harriet Hale",
        "people Harriet Hale",
        "appointments Okafor",
        "phones dafydd",
        "audit super-1",
        "export Okafor",
    ];
    assert_eq!(searched.iter().map(said).collect::<Vec<_>>(), expected);

    // Signing out is a line, and so is a message that its phone has not signed.
    for _ in 0..2 {
        assert!(firm.sends("DELETE", "/api/session", &Value::Null).status().is_success());
        assert_eq!(firm.asks("GET", "/api/session").status(), 401);
    }
    assert_eq!(lines(council, "signed_out").len(), 1);
    let [mut by_hand, stranger] = ["melton-2", "melton-3"].map(|user| HandPhone::of(user, council));
    let forged = stranger.signs(&by_hand.request());
    assert!(by_hand.asks(&forged).is_err());
    let refused = lines(council, "signature_refused");
    assert_eq!(refused.iter().map(|line| &line["device"]).collect::<Vec<_>>(), [&by_hand.enrolment.to_string()]);
    let signed_in = lines(council, "signed_in");
    assert!(signed_in.iter().all(|line| line["by"] == "password"), "{signed_in:?}");

    // A tenant and a visitor are erased, and so is what people looked for to find them. The log
    // still holds, and says how much of it was erased.
    let phone = Phone::of("melton-2", council, council.address());
    let visit = phone.starts("WO-261124-00009");
    phone.does(&["visit", "no-answer", &visit]);
    phone.does(&["sync"]);
    assert_eq!(supervisor.reads("/api/visits?q=PATEL")["visits"].as_array().unwrap().len(), 1);
    let fingerprint = checked(&auditor, &service)["last"]["link"].as_str().unwrap().to_owned();
    council.does(&["erase", "--uprn", "042307689879", "--because", "They asked for it", "--apply"]);
    council.does(&["person", "super-1", "leave"]);
    council.does(&["erase", "--user", "super-1", "--because", "They asked for it", "--apply"]);
    let words: Vec<String> = lines(council, "searched").iter().map(said).collect();
    assert_eq!(words.last().map(String::as_str), Some("visits -"), "{words:?}");
    assert!(words.contains(&"appointments Okafor".to_owned()), "what was not about them stays: {words:?}");
    let after = checked(&auditor, &service);
    assert!(after["altered"].is_null() && after["erased"].as_u64().unwrap() > 3, "{after}");
    let found = auditor.reads(&format!("/api/audit/links?link={fingerprint}"));
    assert!(found["found"]["place"].as_i64().unwrap() < after["last"]["place"].as_i64().unwrap(), "{found}");
    assert!(auditor.reads(&format!("/api/audit/links?link={}", "0".repeat(64)))["found"].is_null());
    assert_eq!(auditor.asks("GET", "/api/audit/links?link=nothing").status(), 400);

    // What is old enough goes, from the beginning, and what is left still holds.
    clock.0.store(8 * 365 * DAY_MS, Ordering::Relaxed);
    let again = ConsoleClient::of("audit-1", council);
    doorstep_council::records::retention::retain(&service, &Actor::command_line(), true).unwrap();
    let left = checked(&again, &service);
    assert!(left["altered"].is_null() && left["lines"].as_u64().unwrap() < 10, "{left}");
    assert!(left["last"]["place"].as_i64().unwrap() > after["last"]["place"].as_i64().unwrap(), "{left}");
}

#[test]
fn the_audit_log_tells_of_searches_and_holds_whatever_is_erased_on_the_embedded_database() {
    the_log_holds_whatever_is_erased(&TestCouncil::open(), &DatabaseAt::InTheDataFolder);
}

#[test]
fn the_audit_log_tells_of_searches_and_holds_whatever_is_erased_on_a_database_server() {
    let server = Postgres::start();
    let database = server.database();
    the_log_holds_whatever_is_erased(&TestCouncil::open_on_postgres(&database), &DatabaseAt::Server(database));
}

#[test]
fn whoever_alters_the_audit_log_is_found_out() {
    let council = TestCouncil::open();
    let (_, service) = service_of(&council, &DatabaseAt::InTheDataFolder);
    let auditor = ConsoleClient::of("audit-1", &council);
    for user in ["super-1", "admin"] {
        drop(ConsoleClient::of(user, &council));
    }
    let whole = checked(&auditor, &service);
    assert!(whole["altered"].is_null(), "{whole}");
    let database = rusqlite::Connection::open(council.data().join("council.db")).unwrap();
    database.execute_batch("CREATE TABLE as_it_was AS SELECT * FROM audit").unwrap();
    let last = whole["last"]["place"].as_i64().unwrap();
    for (harm, at, from) in [
        ("UPDATE audit SET user_name = 'somebody-else'", last - 1, last - 1),
        ("UPDATE audit SET detail = '{}'", last - 1, last - 1),
        ("UPDATE audit SET at_ms = at_ms + 1", 2, 2),
        ("UPDATE audit SET action = 'visit_read'", last, last),
        ("UPDATE audit SET salt = NULL, action = 'visit_read'", last, last),
        ("UPDATE audit SET link = NULL", last - 2, last - 2),
        ("UPDATE audit SET commitment = NULL", last, last),
        ("UPDATE audit SET salt = zeroblob(32)", 3, 3),
        ("DELETE FROM audit", 1, 2),
        ("DELETE FROM audit", last - 1, last),
    ] {
        assert_eq!(database.execute(&format!("{harm} WHERE place = ?1"), [at]).unwrap(), 1, "{harm}");
        let altered = auditor.reads("/api/audit/links");
        assert_eq!(altered["altered"]["place"], from, "{harm}");
        let found = council.tries(&["check-records"]);
        let said = String::from_utf8_lossy(&[found.stdout, found.stderr].concat()).into_owned();
        assert!(!found.status.success() && said.contains(&format!("audit log, line {from}")), "{harm}: {said}");
        // Which links stand behind it proves nothing.
        let link = whole["last"]["link"].as_str().unwrap();
        assert!(auditor.reads(&format!("/api/audit/links?link={link}"))["found"].is_null(), "{harm}");
        database.execute_batch("DELETE FROM audit; INSERT INTO audit SELECT * FROM as_it_was").unwrap();
    }

    // Lines from before can't be put in again, nor the beginning be moved.
    let reads = || {
        keep_linked(&service).unwrap();
        auditor.reads("/api/audit/links")
    };
    let before = "INSERT INTO audit (audit_id, at_ms, user_name, action, detail)
                  SELECT -7, at_ms - 3456000000, 'somebody-else', 'visit_read', '{}' FROM audit WHERE place = 1";
    let moved = format!(
        "DELETE FROM audit WHERE place < {last};
         INSERT INTO meta (name, value) SELECT 'audit_links_begin_after', place || ' ' || lower(hex(link)) FROM as_it_was
             WHERE place = {last} - 1"
    );
    let again = "INSERT INTO audit (audit_id, at_ms, user_name, action, detail)
                 SELECT audit_id, at_ms, 'somebody-else', action, detail FROM as_it_was WHERE place = 3";
    for harm in [before.to_owned(), moved.clone(), format!("{moved}; {again}")] {
        database.execute_batch(&harm).unwrap();
        assert!(!reads()["altered"].is_null(), "{harm}");
        database
            .execute_batch(
                "DELETE FROM audit; INSERT INTO audit SELECT * FROM as_it_was;
                 DELETE FROM meta WHERE name = 'audit_links_begin_after'",
            )
            .unwrap();
        assert!(auditor.reads("/api/audit/links")["altered"].is_null(), "{harm}");
    }

    // One line that can't be read hides no other, and stops nothing.
    database.execute("UPDATE audit SET detail = 'x' WHERE place = ?1", [last]).unwrap();
    database.execute("UPDATE audit SET link = NULL WHERE place = ?1", [last]).unwrap();
    drop(ConsoleClient::of("super-1", &council));
    let shown = auditor.reads("/api/audit")["lines"].as_array().unwrap().len();
    let after = reads();
    assert!(shown > 3 && after["lines"].as_u64().unwrap() > whole["lines"].as_u64().unwrap(), "{shown}, {after}");
    assert_eq!(after["altered"]["place"], last);
    database.execute_batch("DELETE FROM audit; INSERT INTO audit SELECT * FROM as_it_was").unwrap();

    // Whoever cuts off the end leaves links that hold. The fingerprint that was mailed shows it.
    let link = whole["last"]["link"].as_str().unwrap();
    database.execute("DELETE FROM audit WHERE place >= ?1", [last]).unwrap();
    let cut = auditor.reads(&format!("/api/audit/links?link={link}"));
    assert!(cut["altered"].is_null() && cut["found"].is_null(), "{cut}");
}

#[test]
fn erasing_says_if_somebody_reads_what_is_to_go() {
    let council = TestCouncil::open();
    council.does(&["import-appointments", &sample("appointments-2026-11-24.csv").display().to_string()]);
    let phone = Phone::of("melton-2", &council, council.address());
    let visit = phone.starts("WO-261124-00009");
    phone.does(&["visit", "no-answer", &visit]);
    phone.does(&["sync"]);
    let erase = ["erase", "--uprn", "042307689879", "--because", "They asked for it", "--apply"];
    let stands = || {
        let files = ["council.db", "council.db-wal"].map(|name| std::fs::read(council.data().join(name)).unwrap());
        files.concat().windows(12).any(|part| part == b"042307689879")
    };
    assert!(stands());
    let database = rusqlite::Connection::open(council.data().join("council.db")).unwrap();
    database.execute_batch("BEGIN; SELECT count(*) FROM visit").unwrap();
    let said = String::from_utf8_lossy(&council.tries(&erase).stderr).into_owned();
    assert!(said.contains("its bytes may still be in the database's files"), "{said}");
    database.execute_batch("COMMIT").unwrap();
    council.does(&erase);
    assert!(!stands());
}

#[test]
fn auditors_are_mailed_where_the_logs_end_each_day_and_the_leads_log_can_t_be_cut_off() {
    let _installed = rustls::crypto::ring::default_provider().install_default();
    let council = TestCouncil::open();
    council.does(&["import-appointments", &sample("appointments-2026-11-24.csv").display().to_string()]);
    let phone = Phone::of("melton-2", &council, council.address());
    let visit = phone.starts("WO-261124-00009");
    phone.does(&["visit", "flag", &visit, "--kind", "safeguarding", "--note", "They are afraid of somebody."]);
    phone.does(&["sync"]);
    let lead = ConsoleClient::of("lead-1", &council);
    let record = lead.reads("/api/safeguarding")["notes"][0]["record"].as_str().unwrap().to_owned();
    let folder = tempfile::tempdir().unwrap();
    let certificate = Certificate::in_folder(folder.path());
    let mut outside = Outside::start(&certificate, 0);
    let (clock, service) = service_of(&council, &DatabaseAt::InTheDataFolder);
    let messenger = Notifier::new(service.clone(), Some(mail(&certificate, &outside)), None);

    // Each day, once: a mail with a fingerprint that stands in the log. What leads read shows in
    // nothing of it.
    let mut told = Vec::new();
    for day in 1..=3 {
        clock.0.store(day * DAY_MS, Ordering::Relaxed);
        assert!(lead.reads(&format!("/api/safeguarding/{record}"))["note"].is_string());
        for _ in 0..3 {
            keep_linked(&service).unwrap();
            messenger.send_what_waits().unwrap();
        }
        let came = loop {
            let came = outside.receives();
            if came["to"][0] == "audit-1@council.example" {
                break came["mail"].as_str().unwrap().replace("=\r\n", "");
            }
        };
        assert!(came.contains("Subject: Doorstep: the audit log's fingerprint"), "{came}");
        let link = came.split_whitespace().find(|word| word.len() == 64 && word.parse::<u128>().is_err());
        told.push(link.unwrap().to_owned());
    }
    let auditor = ConsoleClient::of("audit-1", &council);
    let places: Vec<i64> = told
        .iter()
        .map(|link| auditor.reads(&format!("/api/audit/links?link={link}"))["found"]["place"].as_i64().unwrap())
        .collect();
    assert!(places.is_sorted_by(|a, b| a < b), "{places:?}");
    let closed = lines(&council, "logs_closed");
    assert!(closed.len() >= 3, "{closed:?}");
    assert!(closed.iter().all(|line| line["leads"].as_str().is_some_and(|hash| hash.len() == 64)), "{closed:?}");

    // The audit log is bound to the leads' own: that one's end can't be cut off or written anew.
    assert_eq!(lead.reads("/api/safeguarding-log")["altered_at"], Value::Null);
    let database = rusqlite::Connection::open(council.data().join("council.db")).unwrap();
    let last: i64 = database.query_row("SELECT max(number) FROM leads_log", [], |row| row.get(0)).unwrap();
    database.execute("DELETE FROM leads_log WHERE number = ?1", [last]).unwrap();
    assert_eq!(lead.reads("/api/safeguarding-log")["altered_at"], last);
    // Nor by passing off as erased what the audit log says of it.
    database.execute_batch("UPDATE audit SET salt = NULL, detail = '{}' WHERE action = 'logs_closed'").unwrap();
    assert_eq!(lead.reads("/api/safeguarding-log")["altered_at"], 1);
    assert!(!auditor.reads("/api/audit/links")["altered"].is_null());
    database.execute_batch("DELETE FROM leads_log; DELETE FROM leads_log_head").unwrap();
    assert_eq!(lead.reads("/api/safeguarding-log")["altered_at"], 1);
}
