//! That there is a safeguarding note is itself secret from all but the leads (clause 6.2). Two
//! councils hear the same story, one with a note in it and one without, and everything that anybody
//! else can read of them is compared.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use doorstep_council::notify::Notifier;
use doorstep_council::{Environment, Service, routes};
use doorstep_tests::desk::ConsoleClient;
use doorstep_tests::harness::{Phone, TestCouncil, eventually, sample};
use doorstep_tests::hostile::{HostilePhone, MadeUpVisit};
use doorstep_tests::outside::{Certificate, Outside};
use doorstep_tests::postgres::Postgres;

use crate::outward::mail;

/// A council that heard a day's story, with a note or without.
struct Told {
    council: TestCouncil,
    visit: String,
    device: String,
    folder: tempfile::TempDir,
}

/// An officer goes in, and sees or does not see something. A copy of their phone and a phone that
/// was revoked say the same, so that it is set aside as well.
fn told(mut council: TestCouncil, with_note: bool) -> Told {
    council.kill();
    council.keeps_its_log();
    // As much as the program says when it is told nothing.
    council.is_told(&[("RUST_LOG", "info")]);
    council.start();
    council.does(&["import-appointments", &sample("appointments-2026-11-24.csv").display().to_string()]);
    let flag = |phone: &Phone, visit: &str| {
        if with_note {
            phone.does(&["visit", "flag", visit, "--kind", "safeguarding", "--note", "The boy sleeps in the shed."]);
        }
    };
    let phone = Phone::of("melton-2", &council, council.address());
    let visit = phone.enters("WO-261124-00009");
    flag(&phone, &visit);
    phone.does(&["visit", "leave", &visit, "--outcome", "completed"]);
    phone.does(&["sync"]);
    let revoked = Phone::of("vale-3", &council, council.address());
    let started = revoked.starts("WO-261124-00032");
    revoked.does(&["sync"]);
    let phones = doorstep_tests::harness::json(&council.does(&["phones", "--search", "vale-3", "--json"]));
    let device = phones[0]["device"].as_str().unwrap().to_owned();
    council.does(&["revoke-phone", &device]);
    flag(&revoked, &started);
    revoked.does(&["visit", "no-answer", &started]);
    revoked.does(&["sync"]);
    // An app of version 1 has all in one chain, and says the note in a colleague's name.
    let colleague = HostilePhone::of("melton-1", &council).user;
    let mut first = HostilePhone::of("vale-1", &council);
    let file = MadeUpVisit::new();
    let started = first.says(&file, HostilePhone::starts("WO-261124-00038"), |_| {});
    first.sends(&file, vec![started], |_| {});
    if with_note {
        let note = doorstep_domain::conduct::SealedNote { sealed: vec![7; 300] };
        let event = doorstep_domain::conduct::Event::ConcernSealed(note);
        let said = first.says(&file, event, |envelope| envelope.actor = colleague);
        first.sends(&file, vec![said], |_| {});
    } else {
        first.sends(&file, Vec::new(), |_| {});
    }
    Told { council, visit, device, folder: tempfile::tempdir().unwrap() }
}

/// A text without what differs from one council to the next: ids, hashes, times and ages.
fn plain(text: &str) -> String {
    let mut words = Vec::new();
    for word in text.split(|letter: char| !(letter.is_ascii_alphanumeric() || "-:.+_".contains(letter))) {
        let hexadecimal = word.len() >= 16 && word.chars().all(|letter| letter.is_ascii_hexdigit() || letter == '-');
        let moment = word.len() >= 10 && word.starts_with("20") && word.contains('-');
        words.push(match (hexadecimal, moment) {
            (true, _) => "ID",
            (_, true) => "WHEN",
            _ => word,
        });
    }
    words.join(" ")
}

/// Everything that somebody can read at the desk, by its address.
fn read_by(told: &Told, user: &str) -> BTreeMap<String, String> {
    let console = ConsoleClient::of(user, &told.council);
    let mut read = BTreeMap::new();
    for route in routes().iter().filter(|route| route.method == "GET" && route.path.starts_with("/api/")) {
        let address = route
            .path
            .replace("{visit}", &told.visit)
            .replace("{device}", &told.device)
            .replace("{uprn}", "042307689879")
            .replace("{table}", "visits.csv");
        let elsewhere = ["/api/openapi.json", "/api/sessions", "/api/audit/links"];
        if address.contains('{') || elsewhere.contains(&address.as_str()) {
            continue;
        }
        let answer = console.asks("GET", &address);
        let status = answer.status();
        read.insert(route.path.to_owned(), format!("{status} {}", plain(&answer.text().unwrap())));
    }
    for table in ["steps.csv", "concerns.csv", "cases.csv", "no-access.csv", "acknowledgements.csv", "audit.csv"] {
        let answer = console.asks("GET", &format!("/api/exports/{table}"));
        read.insert(table.to_owned(), format!("{} {}", answer.status(), plain(&answer.text().unwrap())));
    }
    read
}

/// Everything that the machine tells those who run the service.
fn told_by_the_machine(told: &Told) -> BTreeMap<String, String> {
    let council = &told.council;
    let place = |name: &str| told.folder.path().join(name).display().to_string();
    let mut said = BTreeMap::new();
    let mut says = |words: &[&str]| {
        let output = council.tries(words);
        let text = [output.stdout, output.stderr].concat();
        let text = String::from_utf8_lossy(&text).replace(&*told.folder.path().to_string_lossy(), "");
        said.insert(words[0].to_owned() + words.get(1).unwrap_or(&""), plain(&text));
    };
    says(&["counts"]);
    says(&["check-records", "--json"]);
    says(&["check-records"]);
    says(&["retention", "--json"]);
    says(&["erase", "--uprn", "042307689879", "--because", "Asked for"]);
    let key = council.runs(&["backup-key", "--out", &place("key")]);
    says(&["backup", "--recipient", key.trim(), "--out", &place("backup")]);
    said.insert(
        "check-backup".to_owned(),
        plain(&council.runs(&["check-backup", "--identity", &place("key"), &place("backup")])),
    );
    let metrics = metrics(council);
    // How long requests took, and how many people asked, is nothing of the story.
    let of_the_story =
        |line: &&str| ["doorstep_records", "doorstep_cases", "doorstep_photos"].iter().any(|of| line.starts_with(of));
    let lines: BTreeSet<&str> = metrics.lines().filter(of_the_story).collect();
    said.insert("metrics".to_owned(), format!("{lines:?}"));
    let names: BTreeSet<&str> = metrics.lines().filter_map(|line| line.split([' ', '{']).next()).collect();
    said.insert("names of metrics".to_owned(), format!("{names:?}"));
    said
}

fn metrics(council: &TestCouncil) -> String {
    let token = council.does(&["api-token", "--name", "prometheus", "--may", "metrics"]);
    ConsoleClient::with_token(token.trim(), council).asks("GET", "/metrics").text().unwrap()
}

/// The mails that people get, by their address. A lead's own may tell of a note.
fn mailed(told: &Told) -> BTreeMap<String, String> {
    told.council.does(&["nightly-failed"]);
    let folder = tempfile::tempdir().unwrap();
    let certificate = Certificate::in_folder(folder.path());
    let mut outside = Outside::start(&certificate, 0);
    let service = Service::open(&told.council.data(), &told.council.database(), Environment::real()).unwrap();
    Notifier::new(service, Some(mail(&certificate, &outside)), None).send_what_waits().unwrap();
    // An administrator, the auditor and the lead: each gets one mail.
    let mails: BTreeMap<String, String> = (0..3)
        .map(|_| {
            let came = outside.receives();
            let to = came["to"][0].as_str().unwrap().to_owned();
            let text = if to.starts_with("lead-1") { "" } else { came["mail"].as_str().unwrap() };
            let text = text.replace("=\r\n", "");
            // When it came, and how many lines the log has by then, is nothing of the story.
            let of_the_story = |line: &&str| !["Date:", "Message-ID:", "On "].iter().any(|not| line.starts_with(not));
            (to, plain(&text.lines().filter(of_the_story).collect::<Vec<_>>().join("\n")))
        })
        .collect();
    assert_eq!(mails.len(), 3, "{:?}", mails.keys());
    mails
}

fn alike(what: &str, with: &BTreeMap<String, String>, without: &BTreeMap<String, String>) {
    for (name, text) in with {
        let other = &without[name];
        if text != other {
            let differs = text.split(' ').zip(other.split(' ')).position(|(one, another)| one != another).unwrap_or(0);
            let near =
                |text: &str| text.split(' ').skip(differs.saturating_sub(8)).take(20).collect::<Vec<_>>().join(" ");
            panic!("{what}, {name} tells of a note:\n{}\nwithout:\n{}", near(text), near(other));
        }
    }
}

fn nobody_else_learns_that_there_is_a_note(councils: [TestCouncil; 2]) {
    let [with, without] = councils;
    let (with, without) = (told(with, true), told(without, false));
    let notes = |told: &Told| {
        let listed = ConsoleClient::of("lead-1", &told.council).reads("/api/safeguarding");
        listed["notes"].as_array().unwrap().len()
    };
    assert_eq!((notes(&with), notes(&without)), (3, 0), "the leads have all of them");
    // A lead follows a link to a note that is not there, where there are notes.
    let gone = "/api/safeguarding/0d686cbc-0dc8-4328-8158-b0a00037f5b9";
    let [lead, _] = [&with, &without].map(|told| ConsoleClient::of("lead-1", &told.council));
    assert_eq!(lead.asks("GET", gone).status(), 404);
    let decided = serde_json::json!({ "deed": "release", "records": ["00".repeat(32)], "because": "It was theirs" });
    let page = format!("/api/set-aside/{}", with.device);
    assert_eq!(lead.sends("POST", &page, &decided).status(), 404, "another lead was quicker");
    for user in ["vale-super", "super-1", "audit-1", "admin"] {
        alike(user, &read_by(&with, user), &read_by(&without, user));
    }
    alike("the machine", &told_by_the_machine(&with), &told_by_the_machine(&without));
    // Also after what was in the visit is erased, and the note with it is not.
    for told in [&with, &without] {
        told.council.does(&["erase", "--uprn", "042307689879", "--because", "Asked for", "--apply"]);
        fs::remove_file(Path::new(&told.folder.path().join("backup"))).unwrap();
        fs::remove_file(Path::new(&told.folder.path().join("key"))).unwrap();
    }
    alike("the machine, after erasing", &told_by_the_machine(&with), &told_by_the_machine(&without));
    for user in ["super-1", "audit-1"] {
        alike(user, &read_by(&with, user), &read_by(&without, user));
    }
    alike("the mail", &mailed(&with), &mailed(&without));
    let log = |told: &Told| BTreeMap::from([("the log".to_owned(), plain(&told.council.log()))]);
    alike("the service", &log(&with), &log(&without));
    // The lines of the log are linked a moment after they are written. Both logs have as many.
    let auditors = [&with, &without].map(|told| ConsoleClient::of("audit-1", &told.council));
    eventually("both logs are as long", || {
        let [with, without] = auditors.each_ref().map(|auditor| auditor.reads("/api/audit/links"));
        with["lines"] == without["lines"] && with["erased"] == without["erased"]
    });
    assert_eq!((notes(&with), notes(&without)), (3, 0), "and they are still there");
}

#[test]
fn nobody_but_a_lead_learns_that_there_is_a_note_on_either_database() {
    nobody_else_learns_that_there_is_a_note([TestCouncil::open(), TestCouncil::another()]);
    let server = Postgres::start();
    let councils = [server.database(), server.database()].map(|database| TestCouncil::open_on_postgres(&database));
    nobody_else_learns_that_there_is_a_note(councils);
}
