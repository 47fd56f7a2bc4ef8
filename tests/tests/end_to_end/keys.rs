//! The council's keys change, and phones that know the former ones go on.

use std::fs;

use doorstep_tests::desk::ConsoleClient;
use doorstep_tests::hand_phone::HandPhone;
use doorstep_tests::harness::{PASSWORD, Phone, TestCouncil, sample};
use doorstep_tests::hostile::{HostilePhone, MadeUpVisit};
use serde_json::{Value, json};

/// Changes both keys of a council that has stopped, and starts it again.
fn changes_its_keys(council: &mut TestCouncil) {
    council.kill();
    for key in ["signing", "notes"] {
        council.does(&["change-key", key]);
    }
    council.start();
}

/// The words of all notes, as a lead reads them.
fn notes(council: &TestCouncil) -> Vec<String> {
    let lead = ConsoleClient::of("lead-1", council);
    let list = lead.reads("/api/safeguarding?sort=received");
    let read = |note: &Value| {
        let opened = lead.reads(&format!("/api/safeguarding/{}", note["record"].as_str().unwrap()));
        opened["note"].as_str().unwrap_or("it can't be opened").to_owned()
    };
    list["notes"].as_array().unwrap().iter().map(read).collect()
}

fn flags(phone: &Phone, visit: &str, note: &str) {
    phone.does(&["visit", "flag", visit, "--kind", "safeguarding", "--note", note]);
}

#[test]
fn the_council_s_keys_change_and_phones_that_know_the_former_ones_go_on() {
    let mut council = TestCouncil::open();
    council.does(&["import-appointments", &sample("appointments-2026-11-24.csv").display().to_string()]);
    let phone = Phone::of("melton-2", &council, council.address());
    let away = Phone::of("vale-3", &council, council.address());
    let visit = phone.enters("WO-261124-00009");
    flags(&phone, &visit, "Sealed before.");
    let old = HostilePhone::of("vale-1", &council);

    changes_its_keys(&mut council);
    let report = phone.says(&["sync"]);
    assert_eq!((&report["waiting"], &report["set_aside"]), (&json!(0), &json!(0)), "{report}");
    flags(&phone, &visit, "Sealed afterwards.");
    phone.does(&["visit", "leave", &visit, "--outcome", "completed"]);
    let supervisor = ConsoleClient::of("super-1", &council);
    let give = json!({ "action": "reassign", "user": "melton-2" });
    supervisor.does("POST", "/api/appointments/WO-261124-00001", &give);
    assert_eq!(phone.says(&["sync"])["waiting"], 0);
    assert_eq!(notes(&council), ["Sealed before.", "Sealed afterwards."]);
    let given = phone.starts("WO-261124-00001");
    phone.does(&["visit", "no-answer", &given]);
    assert_eq!(phone.says(&["sync"])["waiting"], 0);
    let shown = supervisor.reads(&format!("/api/visits/{given}"));
    assert_eq!(shown["home"], "given", "the council finds its own word for the appointment: {shown}");

    // A phone of version 1 knows one key for ever, and is answered by it. It is offered version 2.
    assert_eq!(old.sends(&MadeUpVisit::new(), Vec::new(), |_| {}), []);
    let mut now = old.in_version_2(&council);
    now.sends(|_| {});
    // Whoever enrols now knows the new key alone.
    let new = Phone::of("melton-3", &council, council.address());
    assert_eq!(new.says(&["sync"])["waiting"], 0);

    // Once the former key is gone, those who have heard of the new one go on. Those who have not
    // are told that this is not the council that they know, and lose nothing.
    let refused = away.starts("WO-261124-00032");
    away.does(&["visit", "no-answer", &refused]);
    let former = council.data().join("keys/council-former-1.key");
    let kept = fs::read(&former).unwrap();
    council.kill();
    fs::remove_file(&former).unwrap();
    council.start();
    flags(&phone, &given, "Later still.");
    assert_eq!(phone.says(&["sync"])["waiting"], 0);
    assert!(!away.tries(&["sync"]).status.success());
    assert!(away.says(&["status"])["unsent"].as_u64().unwrap() > 0);
    council.kill();
    fs::write(&former, kept).unwrap();
    changes_its_keys(&mut council);
    assert_eq!(away.says(&["sync"])["waiting"], 0, "two keys later");
    // The first one was stolen: a phone that knows the second goes on without it.
    council.kill();
    fs::remove_file(&former).unwrap();
    council.start();
    assert_eq!(new.says(&["sync"])["waiting"], 0);
    assert_eq!(phone.says(&["sync"])["waiting"], 0);
    assert_eq!(notes(&council).len(), 3);
    let checked = council.does(&["check-records"]);
    assert!(!checked.is_empty());
    let log = council.export("audit");
    assert_eq!(log.iter().filter(|line| line["action"] == "key_changed").count(), 4);
}

#[test]
fn a_restored_council_has_all_its_keys_and_the_same_people() {
    let mut council = TestCouncil::open();
    council.does(&["import-appointments", &sample("appointments-2026-11-24.csv").display().to_string()]);
    let phone = Phone::of("melton-2", &council, council.address());
    let visit = phone.enters("WO-261124-00009");
    flags(&phone, &visit, "Sealed before.");
    phone.does(&["sync"]);
    changes_its_keys(&mut council);
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    let recipient = council.runs(&["backup-key", "--out", &path("backup.key")]);
    council.does(&["backup", "--recipient", recipient.trim(), "--out", &path("backup")]);
    let table = "user,display_name,organisation,organisation_kind,role,position,email\n\
                 melton-9,New Officer,Melton Borough Council,council,officer,Officer,\n";
    fs::write(path("people.csv"), table).unwrap();
    council.does(&["import-people", &path("people.csv")]);
    let since = HandPhone::of("melton-9", &council);

    let mut restored = TestCouncil::empty(None);
    restored.does(&["restore", "--identity", &path("backup.key"), &path("backup")]);
    restored.start_at(council.stopped());
    assert_eq!(phone.says(&["sync"])["waiting"], 0, "it knows the former key");
    assert_eq!(notes(&restored), ["Sealed before."]);
    // Whoever came since the backup comes back with the table, under the same id.
    restored.does(&["import-people", &path("people.csv")]);
    let found = HandPhone::of("melton-9", &restored);
    assert_eq!(found.user, since.user);
}

/// Somebody who sets a council up again after it broke off goes on with the keys that are there.
#[test]
fn a_council_that_was_half_set_up_is_set_up_by_the_same_command() {
    let council = TestCouncil::empty(None);
    let password = council.data().with_file_name("password");
    fs::write(&password, PASSWORD).unwrap();
    let password = password.display().to_string();
    let init = ["init", "--name", "Melton", "--admin-user", "admin", "--admin-password-file", &password];
    council.does(&init);
    let keys = council.data().join("keys");
    let signs = fs::read(keys.join("council.key")).unwrap();
    let others = fs::read_dir(&keys).unwrap().flatten().map(|entry| entry.path());
    for gone in others.filter(|path| !path.ends_with("council.key")) {
        fs::remove_file(gone).unwrap();
    }
    for gone in ["council.db", "council.db-wal", "council.db-shm"] {
        let _there_may_be_none = fs::remove_file(council.data().join(gone));
    }
    council.does(&init);
    assert_eq!(fs::read(keys.join("council.key")).unwrap(), signs);
    council.does(&["check-records"]);
    let again = council.tries(&init);
    assert!(!again.status.success(), "it is a council by now");
}
