//! Subject access, erasure and retention, and proof that nothing else is changed.

use std::path::Path;
use std::sync::Arc;

use chrono::{Months, NaiveDate};
use doorstep_council::desk::Actor;
use doorstep_council::records::retention::RetainedKind;
use doorstep_council::records::retention::retain;
use doorstep_council::{DatabaseAt, Environment, Service, SystemClock, TimeSource};
use doorstep_domain::protocol::Verdict;
use doorstep_tests::desk::ConsoleClient;
use doorstep_tests::harness::{Phone, TestCouncil, json, sample};
use doorstep_tests::hostile::{HostilePhone, MadeUpVisit};
use doorstep_tests::postgres::Postgres;
use serde_json::{Value, json};

use crate::boundary::signed;

const HOME: &str = "042307689879";
/// A word that is in nothing else, so that files can be searched for it.
const CANARY: &str = "chrysanthemum";
const SEALED: &str = "The boy said he sleeps in the shed.";

fn refused(council: &TestCouncil, words: &[&str], why: &str) {
    let output = council.tries(words);
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success() && error.contains(why), "{words:?}: {error}");
}

/// Whether any file below a folder contains these words.
fn holds(folder: &Path, words: &str) -> bool {
    std::fs::read_dir(folder).unwrap().flatten().any(|entry| {
        if entry.path().is_dir() {
            return holds(&entry.path(), words);
        }
        let bytes = std::fs::read(entry.path()).unwrap();
        bytes.windows(words.len()).any(|part| part == words.as_bytes())
    })
}

/// A visit with a photo, a complaint and a sealed note; and another, to another home.
fn a_day(council: &TestCouncil) -> (Phone, String) {
    council.does(&["import-appointments", &sample("appointments-2026-11-24.csv").display().to_string()]);
    let phone = Phone::of("melton-2", council, council.address());
    let visit = phone.enters("WO-261124-00009");
    let folder = tempfile::tempdir().unwrap();
    let photo = folder.path().join("photo.jpg");
    std::fs::write(&photo, doorstep_tests::sample::photo(600)).unwrap();
    phone.does(&["visit", "photo", &visit, "--purpose", "before", &photo.display().to_string()]);
    phone.does(&["visit", "flag", &visit, "--kind", "safeguarding", "--note", SEALED]);
    phone.does(&["visit", "concern", &visit, "--kind", "complaint", "--words", CANARY]);
    phone.does(&["visit", "leave", &visit, "--outcome", "completed"]);
    let other = phone.starts("WO-261124-00026");
    phone.does(&["visit", "no-answer", &other]);
    phone.does(&["sync"]);
    phone.does(&["sync"]);
    (phone, visit)
}

fn checked(council: &TestCouncil) -> Value {
    json(&council.does(&["check-records", "--json"]))
}

pub(crate) fn close_every_case(council: &TestCouncil) {
    let supervisor = ConsoleClient::of("super-1", council);
    for case in supervisor.reads("/api/cases")["cases"].as_array().unwrap() {
        let at = format!("/api/cases/{}", case["case"].as_str().unwrap());
        let outcome = supervisor.reads(&at)["outcomes"][0].clone();
        supervisor.does("POST", &at, &json!({ "action": "close", "outcome": outcome, "words": "Done" }));
    }
}

fn a_tenant_is_given_their_data_and_it_is_erased(council: &TestCouncil) {
    let (phone, visit) = a_day(council);
    let before = checked(council);
    assert_eq!((&before["faults"], &before["gaps"], &before["erased"]), (&json!([]), &json!(0), &json!(0)));
    assert_eq!(before["records"], before["content_holds"]);

    // They get their own visit and its photo, but nobody else's, and not the sealed note.
    let folder = tempfile::tempdir().unwrap();
    let given = folder.path().join("given");
    let ask = ["subject-access", "--uprn", HOME, "--out", given.to_str().unwrap()];
    council.does(&ask);
    refused(council, &ask, "can't be read or written");
    let visits = json(&std::fs::read_to_string(given.join("visits.json")).unwrap());
    assert_eq!(visits.as_array().unwrap().len(), 1);
    assert_eq!((&visits[0]["visit"]["visit"], &visits[0]["cases"][0]["kind"]), (&json!(visit), &json!("complaint")));
    assert!(holds(&given, CANARY) && !holds(&given, "shed") && !holds(&given, "Wolds View"));
    assert_eq!(std::fs::read_dir(given.join("photos")).unwrap().count(), 1);
    council.does(&[
        "subject-access",
        "--uprn",
        HOME,
        "--to",
        "2026-01-01",
        "--out",
        folder.path().join("x").to_str().unwrap(),
    ]);
    assert!(!holds(&folder.path().join("x"), CANARY), "what came after they moved out is another's");

    let erase = ["erase", "--uprn", HOME, "--because", "Asked for on 24 November"];
    assert!(council.does(&erase).contains("1 visits, 1 photos"), "it says what there is, and changes nothing");
    let really = [erase.as_slice(), &["--apply"]].concat();
    refused(council, &really, "A case about that home is open");
    close_every_case(council);
    council.does(&really);

    let after = checked(council);
    assert_eq!((&after["faults"], &after["gaps"], &after["records"]), (&json!([]), &json!(0), &before["records"]));
    assert!(after["erased"].as_u64().unwrap() > 5, "{after}");
    assert!(!holds(&council.data(), CANARY), "the words can still be found in a file");
    assert_eq!(council.export("visits").len(), 1, "the other visit is still there");
    assert_eq!(ConsoleClient::of("super-1", council).asks("GET", &format!("/api/visits/{visit}")).status(), 404);
    assert!(
        !council.data().join("photos").exists() || count_files(&council.data().join("photos")) == 0,
        "the picture is gone"
    );
    let lead = ConsoleClient::of("lead-1", council);
    let notes = lead.reads("/api/safeguarding");
    let note = lead.reads(&format!("/api/safeguarding/{}", notes["notes"][0]["record"].as_str().unwrap()));
    assert_eq!(note["note"], SEALED, "what is sealed is the lead's, and has a rule of its own");
    let audit = ConsoleClient::of("audit-1", council).reads("/api/audit");
    assert!(audit["lines"].as_array().unwrap().iter().any(|line| line["action"] == "erased_on_request"), "{audit}");
    // The phone still has the visit, but syncing does not bring it back to the council.
    phone.does(&["sync"]);
    assert_eq!(council.export("visits").len(), 1);
}

fn count_files(folder: &Path) -> usize {
    std::fs::read_dir(folder)
        .unwrap()
        .flatten()
        .map(|entry| if entry.path().is_dir() { count_files(&entry.path()) } else { 1 })
        .sum()
}

#[test]
fn a_tenant_is_given_their_data_and_it_is_erased_on_both_databases() {
    a_tenant_is_given_their_data_and_it_is_erased(&TestCouncil::open());
    let server = Postgres::start();
    a_tenant_is_given_their_data_and_it_is_erased(&TestCouncil::open_on_postgres(&server.database()));
}

#[test]
fn whoever_left_is_given_their_data_and_loses_their_name() {
    let council = TestCouncil::open();
    let (_phone, visit) = a_day(&council);
    let folder = tempfile::tempdir().unwrap();
    let given = folder.path().join("given");
    council.does(&["subject-access", "--user", "melton-2", "--out", given.to_str().unwrap()]);
    assert!(holds(&given, "Dafydd") && holds(&given, &visit));
    assert!(!holds(&given, "Patel") && !holds(&given, CANARY), "the tenant is somebody else");
    let really = ["erase", "--user", "melton-2", "--because", "Asked for", "--apply"];
    refused(&council, &really, "They have not left");
    ConsoleClient::of("admin", &council).does("POST", "/api/people/melton-2", &json!({ "action": "leave" }));
    council.does(&really);
    assert!(!holds(&council.data(), "Dafydd"), "the name can still be found in a file");
    assert!(!holds(&council.data(), "melton-2@"), "the address can still be found in a file");
    let detail = ConsoleClient::of("super-1", &council).reads(&format!("/api/visits/{visit}"));
    assert_eq!(detail["visitor_name"], "Erased", "what they did is still there");
    assert_eq!(checked(&council)["faults"], json!([]));
}

/// Today in England, by the council's clock.
#[test]
fn a_set_aside_signature_of_somebody_who_is_erased_waits_for_nobody() {
    let council = TestCouncil::open();
    let colleague = HostilePhone::of("melton-1", &council).user;
    let mut phone = HostilePhone::of("melton-2", &council);
    phone.user = colleague;
    let signature = MadeUpVisit::new();
    let record = phone.signs(&signature, &signed("Version 1"));
    let verdicts = phone.sends(&signature, vec![record], |_| {});
    assert_eq!(verdicts, [Verdict::SetAside("other-person".to_owned())]);
    let waiting = || -> Value { ConsoleClient::of("super-1", &council).reads("/api/set-aside")["records"].clone() };
    assert_eq!(waiting()[0]["records"], json!(1));

    ConsoleClient::of("admin", &council).does("POST", "/api/people/melton-2", &json!({ "action": "leave" }));
    council.does(&["erase", "--user", "melton-2", "--because", "Asked for", "--apply"]);
    assert!(!holds(&council.data(), "Dafydd"), "the name can still be found in a file");
    assert_eq!(waiting(), json!([]), "nobody could decide about it: nothing of it is left to read");
    assert_eq!(checked(&council)["faults"], json!([]));
}

fn today(council: &TestCouncil) -> NaiveDate {
    let tomorrow = ConsoleClient::of("admin", council).reads("/api/numbers")["earliest"].clone();
    serde_json::from_value::<NaiveDate>(tomorrow).unwrap().pred_opt().unwrap()
}

/// The machine's clock, seven and a half years ahead.
struct Later;

impl TimeSource for Later {
    fn now_ms(&self) -> i64 {
        SystemClock.now_ms() + 2_740 * 86_400_000
    }
}

fn what_is_over_is_erased_and_nothing_else(council: &TestCouncil, database: &DatabaseAt) {
    a_day(council);
    let before = checked(council);
    let looked = council.does(&["retention"]);
    let six_years_ago = today(council).checked_sub_months(Months::new(6 * 12)).unwrap();
    let counted = format!("visits: 0 from before {six_years_ago}");
    assert!(looked.contains(&counted) && looked.contains("Nothing was changed"), "{looked}");
    let later = Environment { clock: Arc::new(Later), ..Environment::real() };
    let service = Service::open(&council.data(), database, later).unwrap();
    let items = |dues: &[doorstep_council::records::retention::Due], kind: RetainedKind| {
        dues.iter().find(|due| due.rule.kind == kind).unwrap().items
    };
    // The visit with an open case is kept, and the other is due. A sealed note is kept until the
    // lead sets a rule for it.
    let dues = retain(&service, &Actor::command_line(), false).unwrap();
    assert_eq!(
        (
            items(&dues, RetainedKind::Visits),
            items(&dues, RetainedKind::Photos),
            items(&dues, RetainedKind::SafeguardingNotes)
        ),
        (Some(1), Some(0), None),
        "notes are counted nowhere"
    );
    assert!(items(&dues, RetainedKind::Appointments) > Some(20) && items(&dues, RetainedKind::AuditLog) > Some(0));
    assert_eq!(checked(council), before, "looking changes nothing");
    retain(&service, &Actor::command_line(), true).unwrap();
    let dues = retain(&service, &Actor::command_line(), false).unwrap();
    assert!(dues.iter().all(|due| due.items.is_none_or(|items| items == 0)), "{dues:?}");
    assert_eq!(council.export("visits").len(), 1, "the one with an open case");
    let admin = ConsoleClient::of("admin", council);
    let tomorrow = &admin.reads("/api/numbers")["earliest"];
    let years =
        json!({ "name": "keep_safeguarding_notes", "value": 1, "from": tomorrow, "source": "The lead's schedule" });
    admin.does("POST", "/api/numbers", &years);
    retain(&service, &Actor::command_line(), true).unwrap();
    assert_eq!(ConsoleClient::of("lead-1", council).reads("/api/safeguarding")["notes"], json!([]));
    let after = checked(council);
    assert_eq!((&after["faults"], &after["records"]), (&json!([]), &before["records"]));
    assert!(holds(&council.data(), CANARY) || *database != DatabaseAt::InTheDataFolder);
}

#[test]
fn what_is_over_is_erased_and_nothing_else_on_both_databases() {
    what_is_over_is_erased_and_nothing_else(&TestCouncil::open(), &DatabaseAt::InTheDataFolder);
    let server = Postgres::start();
    let database = server.database();
    what_is_over_is_erased_and_nothing_else(
        &TestCouncil::open_on_postgres(&database),
        &DatabaseAt::Server(database.clone()),
    );
}

/// `forget_where_it_began` runs SQL that takes a visit out of the lists, as if its first record had
/// never arrived.
fn a_visit_whose_beginning_never_came_is_erased_too(
    council: &TestCouncil,
    database: &DatabaseAt,
    forget_where_it_began: impl Fn(&str),
) {
    let phone = Phone::of("melton-2", council, council.address());
    let plan = ["--kind", "inspection", "--purpose", "A look", "--address", CANARY];
    let visit = phone.says(&[&["visit", "start-unplanned"][..], &plan].concat())["visit"].as_str().unwrap().to_owned();
    phone.does(&["visit", "no-answer", &visit]);
    phone.does(&["sync"]);
    forget_where_it_began("DELETE FROM visit");
    let opened = |environment| Service::open(&council.data(), database, environment).unwrap();
    let visits = |service: &Service, apply| {
        let dues = retain(service, &Actor::command_line(), apply).unwrap();
        dues.iter().find(|due| due.rule.kind == RetainedKind::Visits).unwrap().items
    };
    assert_eq!(visits(&opened(Environment::real()), false), Some(0), "it came today");
    let later = opened(Environment { clock: Arc::new(Later), ..Environment::real() });
    assert_eq!((visits(&later, true), visits(&later, false)), (Some(1), Some(0)));
    let after = checked(council);
    assert_eq!((&after["faults"], &after["erased"]), (&json!([]), &json!(2)), "{after}");
    assert_eq!(council.export("acknowledgements").len(), 1, "a signature has a rule of its own");
}

#[test]
fn a_visit_whose_beginning_never_came_is_erased_too_on_both_databases() {
    let council = TestCouncil::open();
    let embedded = |sql: &str| {
        let database = rusqlite::Connection::open(council.data().join("council.db")).unwrap();
        database.execute_batch(sql).unwrap();
    };
    a_visit_whose_beginning_never_came_is_erased_too(&council, &DatabaseAt::InTheDataFolder, embedded);
    let server = Postgres::start();
    let database = server.database();
    let council = TestCouncil::open_on_postgres(&database);
    let served = |sql: &str| drop(server.asks(&database, sql));
    a_visit_whose_beginning_never_came_is_erased_too(&council, &DatabaseAt::Server(database.clone()), served);
}

/// `check-records` finds changes that somebody made directly in the database.
#[test]
fn what_was_altered_behind_the_council_s_back_is_found() {
    let mut council = TestCouncil::open();
    a_day(&council);
    council.kill();
    let database = rusqlite::Connection::open(council.data().join("council.db")).unwrap();
    for (harm, said, mend) in [
        (
            "UPDATE body SET body = CAST(body || x'00' AS BLOB) WHERE record_id = (SELECT record_id FROM record ORDER BY sequence LIMIT 1)",
            "its content is not what the device committed to",
            "UPDATE body SET body = CAST(substr(body, 1, length(body) - 1) AS BLOB) WHERE record_id = (SELECT record_id FROM record ORDER BY sequence LIMIT 1)",
        ),
        (
            "UPDATE record SET envelope = CAST(envelope || x'00' AS BLOB) WHERE sequence = 3",
            "record 3: its envelope was altered",
            "UPDATE record SET envelope = substr(envelope, 1, length(envelope) - 1) WHERE sequence = 3",
        ),
        (
            "CREATE TABLE hidden AS SELECT * FROM body LIMIT 1; DELETE FROM body WHERE record_id IN (SELECT record_id FROM hidden)",
            "its content is missing, and nothing says that it was erased",
            "INSERT INTO body SELECT * FROM hidden",
        ),
        (
            "CREATE TABLE gone AS SELECT * FROM record WHERE sequence = 2; DELETE FROM record WHERE sequence = 2",
            "1 numbers are not held",
            "INSERT INTO record SELECT * FROM gone",
        ),
    ] {
        database.execute_batch(harm).unwrap();
        let output = council.tries(&["check-records"]);
        let told = String::from_utf8_lossy(&output.stdout);
        assert!(told.contains(said), "{harm}: {told}");
        database.execute_batch(mend).unwrap();
    }
    assert_eq!(checked(&council)["faults"], json!([]));
}
