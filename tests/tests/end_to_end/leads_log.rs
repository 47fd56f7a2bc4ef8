//! The leads' own log: who opened a note, and what was done about a lead's account.

use doorstep_council::{Role, routes};
use doorstep_tests::desk::ConsoleClient;
use doorstep_tests::harness::{Phone, TestCouncil, json as read, sample};
use serde_json::Value;

use crate::accounts::{MELTON, by_hand, leads_log, more_people};

#[test]
fn the_leads_log_shows_what_was_altered_and_outlives_an_erasure() {
    let council = TestCouncil::open();
    more_people(&council);
    council.does(&["import-appointments", &sample("appointments-2026-11-24.csv").display().to_string()]);
    let phone = Phone::of("melton-2", &council, council.address());
    let visit = phone.starts("WO-261124-00009");
    phone.does(&["visit", "flag", &visit, "--kind", "safeguarding", "--note", "They are afraid of somebody."]);
    phone.does(&["sync"]);
    let [lead, lead_2] = ["lead-1", "lead-2"].map(|user| ConsoleClient::of(user, &council));
    let record = lead.reads("/api/safeguarding")["notes"][0]["record"].as_str().unwrap().to_owned();
    for reader in [&lead, &lead_2, &lead] {
        assert_eq!(reader.reads(&format!("/api/safeguarding/{record}"))["note"], "They are afraid of somebody.");
    }
    assert_eq!(leads_log(&lead), ["lead-1 note_opened null", "lead-2 note_opened null", "lead-1 note_opened null"]);
    let read_by = |lead: &ConsoleClient| lead.reads("/api/safeguarding")["notes"][0]["read"].as_array().unwrap().len();
    assert_eq!(read_by(&lead), 3);
    for route in routes().iter().filter(|route| route.path == "/api/safeguarding-log") {
        assert_eq!(route.roles, [Role::SafeguardingLead]);
    }

    // Whoever changes, takes out or puts in a line is found out.
    let database = rusqlite::Connection::open(council.data().join("council.db")).unwrap();
    database.execute_batch("CREATE TABLE as_it_was AS SELECT * FROM leads_log").unwrap();
    let first = lead.reads("/api/safeguarding-log")["lines"][2]["number"].as_i64().unwrap();
    let copied = "number + 1, at_ms, record_id, commitment, link, salt, line";
    for (harm, at, from) in [
        ("UPDATE leads_log SET line = replace(line, 'lead-2', 'lead-1')".to_owned(), first + 1, first + 1),
        ("UPDATE leads_log SET at_ms = at_ms + 1".to_owned(), 1, 1),
        ("UPDATE leads_log SET record_id = zeroblob(16)".to_owned(), first + 2, first + 2),
        ("DELETE FROM leads_log".to_owned(), first, first + 1),
        ("DELETE FROM leads_log".to_owned(), 1, 2),
        (format!("INSERT INTO leads_log SELECT {copied} FROM leads_log"), first + 2, first + 3),
    ] {
        assert_eq!(database.execute(&format!("{harm} WHERE number = ?1"), [at]).unwrap(), 1, "{harm}");
        assert_eq!(lead.reads("/api/safeguarding-log")["altered_at"], from, "{harm}");
        database.execute_batch("DELETE FROM leads_log; INSERT INTO leads_log SELECT * FROM as_it_was").unwrap();
    }

    // Nobody can tell from the metrics that notes are read.
    let token = council.does(&["api-token", "--name", "monitoring", "--may", "metrics"]);
    let metrics = ConsoleClient::with_token(token.trim(), &council).asks("GET", "/metrics").text().unwrap();
    assert!(metrics.contains("doorstep_requests_total") && !metrics.contains("safeguarding"), "{metrics}");

    // Erasing somebody with the name of a deed erases no other line.
    let rows =
        [format!("note_opened,Odd Name,{MELTON},officer,Officer,"), format!("of,Odder Name,{MELTON},officer,Officer,")];
    assert!(by_hand(&council, &rows).status.success());
    let before = leads_log(&lead_2);
    for user in ["note_opened", "of"] {
        council.does(&["person", user, "leave"]);
        council.does(&["erase", "--user", user, "--because", "They asked for it", "--apply"]);
    }
    assert_eq!(leads_log(&lead_2), before);
    let log = council.export("audit");
    let left = log.iter().filter(|line| line["action"] == "person_left");
    assert!(left.clone().all(|line| read(&line["detail"])["of"].as_str().unwrap().starts_with("erased-")));
    assert_eq!(left.count(), 2);

    // Once somebody is erased, their lines say nothing of them, and the log still holds.
    council.does(&["person", "lead-1", "leave"]);
    council.does(&["erase", "--user", "lead-1", "--because", "They asked for it", "--apply"]);
    let log = lead_2.reads("/api/safeguarding-log");
    assert_eq!(log["altered_at"], Value::Null);
    assert!(!log.to_string().contains("lead-1"), "{log}");
    let erased = log["lines"].as_array().unwrap().iter().filter(|line| line["by"] == Value::Null).count();
    assert!(erased >= 3, "{log}");
    assert_eq!(read_by(&lead_2), 1);
}
