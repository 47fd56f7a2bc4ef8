//! Cases that visits open at the council. Each deadline runs from when something was said or seen.

use chrono::{DateTime, TimeDelta, Utc};
use doorstep_core::Clock;
use doorstep_domain::conduct::{About, Concern, Event, Hazard, LoneWorking, Severity};
use doorstep_domain::protocol::Verdict;
use doorstep_tests::desk::ConsoleClient;
use doorstep_tests::harness::{Phone, TestCouncil, eventually, sample};
use doorstep_tests::hostile::{HostilePhone, MadeUpVisit};
use doorstep_tests::postgres::Postgres;
use serde_json::{Value, json};

fn sample_day(council: &TestCouncil) {
    council.does(&["import-appointments", &sample("appointments-2026-11-24.csv").display().to_string()]);
}

fn moment(value: &Value) -> DateTime<Utc> {
    value.as_str().and_then(|text| text.parse().ok()).unwrap_or_else(|| panic!("{value} is no moment"))
}

/// The kind of each case in a list.
fn kinds(list: &Value) -> Vec<&str> {
    list["cases"].as_array().unwrap().iter().map(|case| case["kind"].as_str().unwrap()).collect()
}

fn of_kind<'a>(list: &'a Value, kind: &str) -> &'a Value {
    let mut cases = list["cases"].as_array().unwrap().iter();
    cases.find(|case| case["kind"] == kind).unwrap_or_else(|| panic!("there is no {kind} in {list}"))
}

fn what_is_said_at_the_door_becomes_cases(council: &TestCouncil) {
    sample_day(council);
    let phone = Phone::of("vale-3", council, council.address());
    let visit = phone.starts("WO-261124-00032");
    phone.does(&["visit", "refuse", &visit, "--reason", "illness"]);
    for (kind, words) in [("complaint", "Six weeks without heat"), ("breach", "My mate was rude"), ("gift", "A tenner")]
    {
        phone.does(&["visit", "concern", &visit, "--kind", kind, "--words", words]);
    }
    let gas = ["visit", "concern", &visit, "--kind", "unsafe-condition", "--words", "A smell of gas"];
    phone.does(&[&gas[..], &["--hazard", "gas", "--severity", "minor"]].concat());
    phone.does(&["sync"]);
    phone.does(&["sync"]);

    let supervisor = ConsoleClient::of("super-1", council);
    let list = supervisor.reads("/api/cases");
    assert_eq!(list["open"], 4, "a gift that was not taken is no case: {list}");
    assert_eq!(kinds(&list)[0], "emergency_hazard", "what is due first comes first");
    let mut all = kinds(&list);
    all.sort_unstable();
    assert_eq!(all, ["breach", "complaint", "emergency_hazard", "refusal_decision"]);
    let gas = of_kind(&list, "emergency_hazard");
    assert_eq!(moment(&gas["due_at"]) - moment(&gas["opened_at"]), TimeDelta::hours(24));

    // A complaint from its beginning to stage 2.
    let complaint = format!("/api/cases/{}", of_kind(&list, "complaint")["case"].as_str().unwrap());
    let case = supervisor.does("POST", &complaint, &json!({ "action": "assign", "owner": "super-1" }));
    assert_eq!(case["row"]["owner_name"], "Joan Pickering");
    assert_eq!(case["concern"]["words"], "Six weeks without heat");
    assert!(case["due"]["source"].as_str().unwrap().contains("Ombudsman"), "{case}");
    let done = |step: &str, words: &str| json!({ "action": "done", "step": step, "words": words });
    assert_eq!(supervisor.sends("POST", &complaint, &done("acknowledge", " ")).status(), 422, "nothing without a word");
    let case = supervisor.does("POST", &complaint, &done("acknowledge", "Rang them"));
    assert_eq!(case["due"]["step"], "answer");
    assert_eq!(supervisor.sends("POST", &complaint, &done("acknowledge", "Again")).status(), 422);
    let stage_2 = json!({ "action": "escalate", "words": "They do not agree" });
    supervisor.does("POST", &complaint, &stage_2);
    let closed = json!({ "action": "close", "outcome": "upheld", "words": "Boiler replaced" });
    let case = supervisor.does("POST", &complaint, &closed);
    assert_eq!((case["row"]["outcome"].as_str(), case["due"].is_null()), (Some("upheld"), true));
    let log: Vec<_> = case["log"].as_array().unwrap().iter().map(|line| line["action"].as_str().unwrap()).collect();
    assert_eq!(log, ["opened", "assigned", "done", "noted", "closed"]);
    let nonsense = json!({ "action": "close", "outcome": "apology", "words": "x" });
    assert_eq!(supervisor.sends("POST", &complaint, &nonsense).status(), 422, "it is closed already");
    let list = supervisor.reads("/api/cases");
    assert!(kinds(&list).contains(&"complaint_stage_2") && !kinds(&list).contains(&"complaint"), "{list}");
    assert_eq!(kinds(&supervisor.reads("/api/cases?state=closed")), ["complaint"]);
    assert_eq!(kinds(&supervisor.reads("/api/cases?kind=breach&owner=nobody")), ["breach"]);
    let exported = |query: &str| {
        let table = supervisor.asks("GET", &format!("/api/exports/cases.jsonl?{query}")).text().unwrap();
        table
            .lines()
            .map(|line| serde_json::from_str::<Value>(line).unwrap()["kind"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(exported("state=closed"), ["complaint"], "what the list shows is what is taken away");
    assert_eq!(exported("kind=breach&owner=nobody&state=open"), ["breach"]);
    assert_eq!(exported("").len(), kinds(&list).len() + 1, "open and closed");
    assert_eq!(supervisor.asks("GET", "/api/exports/cases.csv?state=lost").status(), 400);
    supervisor.does("POST", &complaint, &json!({ "action": "reopen", "words": "By mistake" }));
    assert_eq!(supervisor.reads(&complaint)["due"]["step"], "acknowledge", "its steps begin anew");

    // When the visitor corrects the refusal, its case closes by itself and says why.
    let shown = phone.says(&["visit", "show", &visit]);
    let refusal = shown["ending"]["record"].as_str().unwrap();
    phone.does(&["visit", "correct", refusal, "--reason", "Wrong door"]);
    phone.does(&["sync"]);
    let closed = supervisor.reads("/api/cases?state=closed");
    let refused = of_kind(&closed, "refusal_decision");
    assert_eq!(refused["outcome"], "taken_back");
    let case = supervisor.reads(&format!("/api/cases/{}", refused["case"].as_str().unwrap()));
    let last = case["log"].as_array().unwrap().last().unwrap().clone();
    assert_eq!((last["words"].as_str(), last["user"].as_str()), (Some("Wrong door"), Some("")));

    // A firm sees no cases, since they are about its people. An auditor sees all and changes none.
    assert_eq!(ConsoleClient::of("vale-super", council).asks("GET", "/api/cases").status(), 404);
    let auditor = ConsoleClient::of("audit-1", council);
    assert_eq!(auditor.reads(&complaint)["may_act"], false);
    assert_eq!(auditor.sends("POST", &complaint, &stage_2).status(), 404);
    let audited = council.export("audit");
    assert!(audited.iter().any(|line| line["action"] == "case_read" && line["user"] == "audit-1"));
    assert_eq!(council.export("cases").len(), 5);
}

#[test]
fn what_is_said_at_the_door_becomes_cases_with_deadlines_on_both_databases() {
    what_is_said_at_the_door_becomes_cases(&TestCouncil::open());
    let server = Postgres::start();
    what_is_said_at_the_door_becomes_cases(&TestCouncil::open_on_postgres(&server.database()));
}

#[test]
fn a_complaint_said_days_before_it_was_sent_has_its_deadline_from_when_it_was_said() {
    let council = TestCouncil::open();
    let phone = Phone::of("vale-3", &council, council.address());
    let said = doorstep_core::SystemClock.now().utc() - TimeDelta::days(30);
    let words = ["concern", "--kind", "complaint", "--words", "Nobody came", "--noticed-at", &said.to_rfc3339()];
    phone.does(&words);
    phone.does(&["sync"]);
    let list = ConsoleClient::of("super-1", &council).reads("/api/cases");
    assert_eq!((list["open"].as_u64(), list["late"].as_u64()), (Some(1), Some(1)), "the days without signal count");
    assert!(moment(&list["cases"][0]["due_at"]) - said < TimeDelta::days(12));
}

#[test]
fn somebody_alone_who_is_overdue_is_a_case_until_they_say_that_they_are_safe() {
    let council = TestCouncil::open();
    sample_day(&council);
    let phone = Phone::of("vale-3", &council, council.address());
    let visit = phone.starts("WO-261124-00032");
    let expected = doorstep_core::SystemClock.now().utc() - TimeDelta::minutes(30);
    phone.does(&["visit", "alone", &visit, "--expected-end", &expected.to_rfc3339()]);
    phone.does(&["sync"]);
    let supervisor = ConsoleClient::of("super-1", &council);
    eventually("a look at the clock", || supervisor.reads("/api/cases")["open"] == 1);
    let list = supervisor.reads("/api/cases");
    assert_eq!(kinds(&list), ["overdue_check_in"]);
    assert_eq!(list["late"], 1);
    phone.does(&["visit", "safe", &visit]);
    phone.does(&["sync"]);
    assert_eq!(of_kind(&supervisor.reads("/api/cases?state=closed"), "overdue_check_in")["outcome"], "safe");
}

/// A phone can send any time that the format can hold. An impossible one, such as the year -262143,
/// must not stop other people's alarms, pages or exports.
fn a_time_that_cannot_be_stops_nobody(council: &TestCouncil) {
    sample_day(council);
    let mut hostile = HostilePhone::of("vale-3", council);
    let visit = MadeUpVisit::new();
    let started = HostilePhone::starts("WO-261124-00032");
    let gas = |noticed_at| {
        let about = About::UnsafeCondition { hazard: Hazard::Gas, severity: Severity::Emergency };
        Event::ConcernRaised(Concern { about, words: "Gas".to_owned(), noticed_at })
    };
    let alone = LoneWorking { expected_end: DateTime::<Utc>::MIN_UTC, device_on: true };
    let events = [started, gas(DateTime::<Utc>::MIN_UTC), gas(DateTime::<Utc>::MAX_UTC), Event::LoneWorking(alone)];
    let records = events.into_iter().map(|event| hostile.says(&visit, event, |_| {})).collect();
    assert_eq!(hostile.sends(&visit, records, |_| {}), [const { Verdict::Stored }; 4]);
    let visit = visit.id;

    let officer = Phone::of("melton-2", council, council.address());
    let alone = officer.starts("WO-261124-00033");
    let expected = doorstep_core::SystemClock.now().utc() - TimeDelta::minutes(30);
    officer.does(&["visit", "alone", &alone, "--expected-end", &expected.to_rfc3339()]);
    officer.does(&["sync"]);
    let supervisor = ConsoleClient::of("super-1", council);
    let overdue = |list: &Value| {
        let cases = list["cases"].as_array().unwrap();
        cases.iter().any(|case| case["kind"] == "overdue_check_in" && case["visit"] == alone.as_str())
    };
    eventually("the officer's alarm", || overdue(&supervisor.reads("/api/cases")));

    for page in ["today", "visits", "concerns", "cases", "reports", "no-access", &format!("visits/{visit}")] {
        assert!(supervisor.reads(&format!("/api/{page}")).is_object(), "{page}");
    }
    for case in supervisor.reads("/api/cases")["cases"].as_array().unwrap() {
        let whole = supervisor.reads(&format!("/api/cases/{}", case["case"].as_str().unwrap()));
        assert_eq!(whole["row"]["kind"], case["kind"]);
    }
    for (table, form) in
        [("visits", "csv"), ("visits", "xlsx"), ("concerns", "csv"), ("cases", "csv"), ("steps", "csv")]
    {
        assert_eq!(supervisor.asks("GET", &format!("/api/exports/{table}.{form}")).status(), 200, "{table}.{form}");
    }
    council.does(&["check-records"]);
}

#[test]
fn a_time_that_cannot_be_stops_nobody_on_either_database() {
    a_time_that_cannot_be_stops_nobody(&TestCouncil::open());
    let server = Postgres::start();
    a_time_that_cannot_be_stops_nobody(&TestCouncil::open_on_postgres(&server.database()));
}

#[test]
fn a_refusal_counts_in_court_once_it_is_decided_and_the_evidence_pack_says_what_it_stands_on() {
    let council = TestCouncil::open();
    sample_day(&council);
    let phone = Phone::of("melton-2", &council, council.address());
    let visit = phone.starts("WO-261124-00033");
    phone.does(&["visit", "refuse", &visit, "--reason", "illness", "--words", "Come back in spring"]);
    phone.does(&["sync"]);
    let supervisor = ConsoleClient::of("super-1", &council);
    let address = "/api/no-access/016776504563";
    let standing = |pack: &Value| (pack["home"]["counting"].as_u64(), pack["home"]["in_court"].as_u64());
    let pack = supervisor.reads(address);
    assert_eq!(pack["visits"][0]["visit"]["notice"]["written"], true, "the appointment was announced by letter");
    assert_eq!(pack["home"]["attempts"][0]["decided"], "to_be_decided");
    assert_eq!(standing(&pack), (Some(0), Some(0)), "nothing counts that nobody has decided");

    let list = supervisor.reads("/api/cases?kind=refusal_decision");
    let case = format!("/api/cases/{}", list["cases"][0]["case"].as_str().unwrap());
    supervisor.does("POST", &case, &json!({ "action": "close", "outcome": "not_valid", "words": "Asked their GP" }));
    assert_eq!(standing(&supervisor.reads(address)), (Some(1), Some(1)));
    assert_eq!(supervisor.reads("/api/no-access")["homes"][0]["in_court"], 1, "the list says the same");

    assert_eq!(
        ConsoleClient::of("vale-super", &council).asks("GET", address).status(),
        404,
        "a pack is the council's own"
    );
    assert_eq!(supervisor.asks("GET", "/api/no-access/1").status(), 404, "nobody was kept out there");
    let audited = council.export("audit");
    assert_eq!(audited.iter().filter(|line| line["action"] == "evidence_made").count(), 2);
}

#[test]
fn what_is_done_about_a_case_in_the_console_can_be_done_by_hand_too() {
    let council = TestCouncil::open();
    sample_day(&council);
    let phone = Phone::of("melton-2", &council, council.address());
    let visit = phone.starts("WO-261124-00033");
    phone.does(&["visit", "refuse", &visit, "--reason", "illness"]);
    phone.does(&["sync"]);
    let supervisor = ConsoleClient::of("super-1", &council);
    let case = supervisor.reads("/api/cases")["cases"][0]["case"].as_str().unwrap().to_owned();

    council.does(&["case", &case, "assign", "--owner", "super-1"]);
    let refused = council.tries(&["case", &case, "close", "--outcome", "upheld", "--words", "Why not"]);
    assert!(!refused.status.success());
    assert!(String::from_utf8_lossy(&refused.stderr).contains("can't be closed like that"), "as the console says");
    let shown = council.does(&["case", &case, "close", "--outcome", "not_valid", "--words", "Asked their GP"]);
    assert!(shown.contains("Closed: not_valid") && shown.contains("command line: closed not_valid: Asked their GP"));
    let seen = supervisor.reads(&format!("/api/cases/{case}"));
    assert_eq!((seen["row"]["outcome"].as_str(), seen["row"]["owner"].as_str()), (Some("not_valid"), Some("super-1")));

    council.does(&["appointment", "WO-261124-00032", "cancel", "--because", "The part is late"]);
    council.does(&["person", "vale-3", "leave"]);
    let by_hand = |action: &str| {
        let audited = council.export("audit");
        audited.iter().filter(|line| line["action"] == action && line["user"] == "command line").count()
    };
    assert_eq!(["case_changed", "appointment_cancelled", "person_left"].map(by_hand), [2, 1, 1]);
    assert!(!council.tries(&["person", "nobody", "leave"]).status.success());

    let phones = council.does(&["phones", "--search", "melton-2"]);
    let device = phones.split_whitespace().next().unwrap();
    assert!(phones.contains("Dafydd Ó Briain (melton-2)") && phones.contains("last heard from"), "{phones}");
    council.does(&["revoke-phone", device]);
    assert!(council.does(&["phones"]).contains("revoked"));

    let people = doorstep_tests::harness::sample("people.csv").display().to_string();
    assert!(council.does(&["import-people", "--only-look", &people]).contains("Nothing was imported"));
    let faulty = doorstep_tests::harness::sample("appointments-with-errors.csv").display().to_string();
    assert!(!council.tries(&["import-appointments", "--only-look", &faulty]).status.success());

    council.does(&["case", &case, "reopen", "--words", "They asked again"]);
    council.does(&["case", &case, "assign", "--owner", "super-1"]);
    council.does(&["person", "super-1", "leave"]);
    let gone = council.tries(&["case", &case, "assign", "--owner", "super-1"]);
    assert!(!gone.status.success(), "nobody who has left is given a case");
}

/// A council that has heard of two refusals, the phone that told it, and the council's database.
fn two_refusals() -> (TestCouncil, Phone, rusqlite::Connection) {
    let council = TestCouncil::open();
    sample_day(&council);
    let phone = Phone::of("melton-2", &council, council.address());
    for appointment in ["WO-261124-00033", "WO-261124-00009"] {
        let visit = phone.starts(appointment);
        phone.does(&["visit", "refuse", &visit, "--reason", "illness"]);
    }
    phone.does(&["sync"]);
    let database = rusqlite::Connection::open(council.data().join("council.db")).unwrap();
    (council, phone, database)
}

#[test]
fn a_case_that_a_newer_version_opened_is_shown_as_it_is_and_stops_no_list() {
    let (council, _phone, database) = two_refusals();
    let newer = "UPDATE case_file SET kind = 'noise', due_step = 'measure'
                 WHERE case_id = (SELECT min(case_id) FROM case_file)";
    assert_eq!(database.execute(newer, []).unwrap(), 1);

    let supervisor = ConsoleClient::of("super-1", &council);
    let list = supervisor.reads("/api/cases");
    let mut seen = kinds(&list);
    seen.sort_unstable();
    assert_eq!(seen, ["noise", "refusal_decision"]);
    let address = format!("/api/cases/{}", of_kind(&list, "noise")["case"].as_str().unwrap());
    let case = supervisor.reads(&address);
    assert_eq!((&case["row"]["kind"], &case["row"]["due_step"]), (&json!("noise"), &json!("measure")));
    let refused = supervisor.sends("POST", &address, &json!({ "action": "note", "words": "What is it?" }));
    assert_eq!(refused.status(), 422, "only the newer version knows its rules");
    assert_eq!(council.export("cases").iter().filter(|row| row["kind"] == "noise").count(), 1);
    assert_eq!(supervisor.asks("GET", "/api/today").status(), 200);
}

#[test]
fn a_visit_that_a_newer_version_wrote_in_stops_no_list() {
    let (council, phone, database) = two_refusals();
    let newer = "UPDATE visit SET folded = replace(folded, '\"illness\"', '\"noise\"')
                 WHERE visit_id = (SELECT min(visit_id) FROM visit)";
    assert_eq!(database.execute(newer, []).unwrap(), 1);

    let supervisor = ConsoleClient::of("super-1", &council);
    let list = supervisor.reads("/api/visits");
    let visits = list["visits"].as_array().unwrap();
    let (newer, others): (Vec<_>, Vec<_>) = visits.iter().partition(|visit| visit["unreadable"] == true);
    assert_eq!((newer.len(), others.len()), (1, 1));
    let shown = [&newer[0]["outcome"], &newer[0]["visitor_name"], &newer[0]["organisation"]];
    assert_eq!(shown, ["entry_refused", "Dafydd Ó Briain", "Melton Borough Council"]);
    assert_eq!(supervisor.reads("/api/today")["to_look_at"].as_array().unwrap().len(), 2);
    let homes = supervisor.reads("/api/no-access");
    assert_eq!(homes["homes"].as_array().unwrap().len(), 2, "a home without attempts that can be read");
    phone.does(&["sync"]);
    let read = supervisor.asks("GET", &format!("/api/visits/{}", newer[0]["visit"].as_str().unwrap()));
    assert_eq!(read.status(), 422);
    assert!(read.text().unwrap().contains("a newer version of Doorstep wrote it"));
    let table = council.data().join("visits.csv").display().to_string();
    let export = council.tries(&["export", "--what", "visits", "--out", &table]);
    assert!(!export.status.success(), "a table that can't be whole is not written");
    assert!(String::from_utf8_lossy(&export.stderr).contains("newer version"));
    council.does(&["refold", "--all"]);
    let again = supervisor.reads("/api/visits");
    assert!(again["visits"].as_array().unwrap().iter().all(|visit| visit["unreadable"] == false), "{again}");
}
