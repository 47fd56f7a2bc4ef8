//! The whole Code, through real processes: what a visitor records on one phone reaches the council
//! and the next visitor.

use chrono::TimeDelta;
use doorstep_core::Clock;
use doorstep_domain::conduct::PublishedCode;
use doorstep_tests::harness::{Phone, TestCouncil, json, root, sample};

fn sample_day(council: &TestCouncil) {
    council.does(&["import-appointments", &sample("appointments-2026-11-24.csv").display().to_string()]);
}

fn now() -> chrono::DateTime<chrono::Utc> {
    doorstep_core::SystemClock.now().utc()
}

/// Runs a command that a rule of the Code must refuse: exit code 2, with the clause and what is
/// missing.
fn refuses(phone: &Phone, words: &[&str], clause: &str, missing: &str) {
    let refused = phone.tries(&[words, &["--json"]].concat());
    assert_eq!(refused.status.code(), Some(2), "{words:?}");
    let said = json(&String::from_utf8(refused.stdout).unwrap());
    assert_eq!(said["refused"]["clause"], clause, "{words:?}");
    assert_eq!(said["refused"]["missing"], json(&format!("[{missing:?}]")), "{words:?}");
}

#[test]
fn a_new_version_of_the_code_asks_for_a_new_signature_and_both_are_in_the_register() {
    let council = TestCouncil::open();
    sample_day(&council);
    let phone = Phone::unsigned("melton-2", &council, council.address());
    let before = phone.says(&["code", "show"]);
    assert_eq!(before["in_force"], false, "Doorstep's own words bind before the council has published any");
    refuses(&phone, &["visit", "start", "--appointment", "WO-261124-00009"], "9", "acknowledgement");
    let signed = phone.says(&["acknowledge", "--name", "Dafydd Ó Briain"]);
    assert_eq!(signed["hash"], PublishedCode::own_words().hash(), "what is signed is the hash of the exact text");
    let visit = phone.starts("WO-261124-00009");
    phone.does(&["visit", "no-answer", &visit]);

    let publishes = |label: &str, text: &str| {
        let file = council.data().join("version.txt");
        std::fs::write(&file, text).unwrap();
        let published = json(&council.does(&["publish-code", "--label", label, "--json", &file.display().to_string()]));
        assert_eq!(published["clauses"], json("[\"3\", \"3.1\"]"));
        phone.does(&["sync"]);
    };
    publishes("1.0", "3. Entry\n3.1 Notice\n- Ask.\n");
    refuses(&phone, &["visit", "start", "--appointment", "WO-261124-00015"], "9", "acknowledgement");
    // An emergency does not wait for a signature.
    let emergency = ["visit", "start-unplanned", "--kind", "emergency-repair", "--purpose", "Gas"];
    phone.does(&[&emergency[..], &["--address", "1 High Street"]].concat());
    phone.does(&["acknowledge", "--name", "Dafydd Ó Briain"]);
    let visit = phone.starts("WO-261124-00015");
    phone.does(&["visit", "no-answer", &visit]);

    publishes("2.0", "3. Entry\n3.1 Notice\n- Ask first.\n");
    assert_eq!(phone.says(&["status"])["sign_the_code"], true);
    refuses(&phone, &["visit", "start", "--appointment", "WO-261124-00026"], "9", "acknowledgement");
    phone.does(&["acknowledge", "--name", "Dafydd Ó Briain"]);
    let _started = phone.starts("WO-261124-00026");
    phone.does(&["sync"]);
    phone.does(&["verify"]);
    let labels: Vec<_> = council.export("acknowledgements").into_iter().map(|row| row["code_label"].clone()).collect();
    assert_eq!(labels, ["2.0", "1.0", "Doorstep's plain words"]);

    let no_code = council.data().join("no-code.txt");
    std::fs::write(&no_code, "Be kind.").unwrap();
    let refused = council.tries(&["publish-code", &no_code.display().to_string()]);
    assert!(!refused.status.success());
    assert!(String::from_utf8_lossy(&refused.stderr).contains("no numbered clause"));
}

#[test]
fn the_next_visitor_to_a_property_knows_that_nobody_got_in_before_and_a_valid_refusal_does_not_count() {
    let council = TestCouncil::open();
    let file = council.data().join("two.csv");
    let header = std::fs::read_to_string(sample("appointments-2026-11-24.csv")).unwrap();
    let header = header.lines().next().unwrap().to_owned();
    let start = now() + TimeDelta::hours(2);
    let row = |reference: &str, who: &str, days: i64, method: &str| {
        let at = |hours: i64| (start + TimeDelta::days(days) + TimeDelta::hours(hours)).format("%Y-%m-%dT%H:%M+00:00");
        format!(
            "{reference},100030000001,1 High Street,,Melton Mowbray,LE13 9ZR,Kwame Null,,safety_check,Gas check,{},{},Melton Borough Council,{who},{},{method},yes,,",
            at(0),
            at(1),
            at(-72)
        )
    };
    let rows = [
        header,
        row("WO-1", "melton-1", 0, "letter"),
        row("WO-2", "melton-2", 7, "phone"),
        row("WO-3", "melton-3", 14, "letter"),
    ];
    std::fs::write(&file, rows.join("\n") + "\n").unwrap();
    council.does(&["import-appointments", &file.display().to_string()]);
    let third = Phone::of("melton-3", &council, council.address());
    assert_eq!(third.says(&["appointments"])[0]["attempts"], json("[]"));

    let first = Phone::of("melton-1", &council, council.address());
    let visit = first.starts("WO-1");
    first.does(&["visit", "no-answer", &visit]);
    first.does(&["visit", "card", &visit]);
    first.does(&["visit", "next-time", &visit, "--needs", "Knock at the back"]);
    first.does(&["sync"]);
    let second = Phone::of("melton-2", &council, council.address());
    let visit = second.starts("WO-2");
    second.does(&["visit", "refuse", &visit, "--reason", "support-needs"]);
    let own = second.says(&["visit", "show", &visit]);
    assert_eq!(own["attempts"].as_array().map(Vec::len), Some(2), "the other's attempt and one's own");
    second.does(&["visit", "welfare", &visit, "--worried", "--words", "Post piled up"]);
    second.does(&["sync"]);

    third.does(&["sync"]);
    let known = third.says(&["appointments"])[0]["attempts"].clone();
    let said = |index: usize| (known[index]["counting"].clone(), known[index]["in_court"].clone());
    assert_eq!(said(0), (json("\"counts\""), json("true")), "no answer, after a letter");
    assert_eq!(said(1), (json("\"valid_refusal\""), json("false")));
    let rows = council.export("no-access");
    assert_eq!(rows.len(), 2);
    let valid = rows.iter().find(|row| row["outcome"] == "entry_refused").unwrap();
    assert_eq!((valid["counts_towards_enforcement"].as_str(), valid["worried"].as_str()), ("no: valid refusal", "yes"));
    let counted = rows.iter().find(|row| row["outcome"] == "no_answer").unwrap();
    assert_eq!((counted["card_left"].as_str(), counted["next_visit_needs"].as_str()), ("yes", "Knock at the back"));
}

#[test]
fn short_notice_is_refused_until_it_is_agreed_and_the_export_says_so() {
    let council = TestCouncil::open();
    sample_day(&council);
    let phone = Phone::of("rutland-3", &council, council.address());
    // Given at 20:00 for 08:00 the next day.
    let visit = phone.starts("WO-261124-00004");
    for step in ["introduced", "reason_stated", "id_shown", "adult_present"] {
        phone.does(&["visit", "step", &visit, step, "done"]);
    }
    refuses(&phone, &["visit", "enter", &visit, "--consent-by", "tenant"], "3.1", "agreement");
    let notice = phone.says(&["visit", "notice", &visit]);
    assert_eq!((&notice["notice"]["standing"], &notice["notice"]["minutes"]), (&json("\"short\""), &json("720")));
    phone.does(&["visit", "notice", &visit, "--agreed-by", "tenant", "--asked", "in-person"]);
    phone.does(&["visit", "enter", &visit, "--consent-by", "tenant"]);
    phone.does(&["visit", "leave", &visit, "--outcome", "further-visit-needed"]);
    assert_eq!(phone.says(&["to-do"])[0]["what"], "follow_up");
    phone.does(&["visit", "follow-up", &visit, "--what", "New lock", "--who", "Rutland", "--when", "2026-12-01"]);
    assert_eq!(phone.says(&["to-do"]), json("[]"));
    phone.does(&["sync"]);
    let row = &council.export("visits")[0];
    assert_eq!((row["notice_standing"].as_str(), row["short_notice_agreed_by"].as_str()), ("short", "tenant"));
    assert_eq!((row["follow_up"].as_str(), row["follow_up_on"].as_str()), ("New lock (Rutland)", "2026-12-01"));
    assert_eq!(row["findings"], "");
}

#[test]
fn a_concern_without_a_visit_reaches_the_council_with_the_time_at_which_it_was_said() {
    let council = TestCouncil::open();
    sample_day(&council);
    let phone = Phone::of("melton-2", &council, council.address());
    let said_at = "2026-11-20T15:04:05Z";
    phone.does(&[
        "concern",
        "--kind",
        "complaint",
        "--words",
        "Six weeks",
        "--noticed-at",
        said_at,
        "--told-of-process",
    ]);
    phone.does(&["concern", "--kind", "safeguarding", "--words", "The boy sleeps in the shed"]);
    refuses(&phone, &["concern", "--kind", "gift", "--words", " "], "5.3", "words");
    phone.does(&["sync"]);
    let concerns = council.export("concerns");
    assert_eq!(concerns.len(), 1, "a sealed note is in no table");
    assert_eq!((concerns[0]["noticed_at"].as_str(), concerns[0]["clause"].as_str()), (said_at, "8.1"));
    assert!(council.export("visits").is_empty(), "a concern by itself is no visit");
    assert_eq!(phone.says(&["visits"]), json("[]"));
}

#[test]
fn somebody_alone_and_overdue_is_reminded_until_they_are_safe() {
    let council = TestCouncil::open();
    sample_day(&council);
    let phone = Phone::of("melton-2", &council, council.address());
    let visit = phone.starts("WO-261124-00009");
    let alone = |ends: chrono::DateTime<chrono::Utc>| {
        let ends = ends.format("%Y-%m-%dT%H:%M:%SZ").to_string();
        phone.does(&["visit", "alone", &visit, "--expected-end", &ends]);
    };
    alone(now() + TimeDelta::hours(1));
    assert_eq!(phone.says(&["status"])["overdue"], json("null"));
    alone(now() - TimeDelta::hours(1));
    assert_eq!(phone.says(&["status"])["overdue"]["visit"], visit.as_str());
    phone.does(&["visit", "leave-now", &visit, "--reason", "aggression"]);
    assert_eq!(phone.says(&["status"])["overdue"]["visit"], visit.as_str(), "leaving at once is not being safe");
    phone.does(&["visit", "safe", &visit]);
    assert_eq!(phone.says(&["status"])["overdue"], json("null"));
}

#[test]
fn the_page_on_the_code_says_what_the_clause_table_says() {
    let page = std::fs::read_to_string(root().join("docs/code-of-conduct.md")).unwrap();
    assert!(page.contains(&doorstep_tests::clauses::table()), "run `cargo xtask clauses --write`");
}

#[test]
fn every_rule_screen_and_test_of_the_clause_table_is_there() {
    assert_eq!(doorstep_tests::clauses::faults(&root()), Vec::<String>::new());
}
