//! Whole journeys through real processes: the command line, the council, and a line between them.

use std::collections::BTreeMap;
use std::time::Duration;

use doorstep_tests::harness::{Line, LineState, Phone, TestCouncil, json, sample};

fn sample_day(council: &TestCouncil) {
    council.does(&["import-appointments", &sample("appointments-2026-11-24.csv").display().to_string()]);
}

#[test]
fn ten_visits_worked_offline_come_out_in_the_export_as_they_were_done_name_by_name() {
    let council = TestCouncil::open();
    sample_day(&council);
    let line = Line::to(council.address());
    let dafydd = Phone::of("melton-2", &council, line.address());
    let kofi = Phone::of("vale-3", &council, line.address());
    let tom = Phone::of("melton-4", &council, line.address());
    line.set(LineState::Cut);

    let mut done: BTreeMap<String, (&str, &str)> = BTreeMap::new();
    // A visitor does every step at the door, goes in with consent, and leaves.
    for (phone, reference, tenant) in [
        (&dafydd, "WO-261124-00009", "Иван Patel"),
        (&dafydd, "WO-261124-00015", "José María Whitfield"),
        (&kofi, "WO-261124-00032", "Siân O'Connor"),
    ] {
        let visit = phone.enters(reference);
        phone.does(&["visit", "step", &visit, "shoe_covers", "not-done", "--reason", "tenant said no need"]);
        phone.does(&["visit", "leave", &visit, "--outcome", "completed"]);
        done.insert(visit, ("completed", tenant));
    }
    let visit = dafydd.enters("WO-261124-00026");
    dafydd.does(&["visit", "flag", &visit, "--kind", "safeguarding", "--note", "No food in the house"]);
    dafydd.does(&["visit", "leave", &visit, "--outcome", "further-visit-needed"]);
    done.insert(visit, ("further_visit_needed", "美玲 Whitfield"));
    for (phone, reference, tenant, reason, outcome) in [
        (&dafydd, "WO-261124-00014", "Jean-Luc Wójcik", "support-needs", "entry_refused"),
        (&dafydd, "WO-261124-00033", "Grażyna Nowak", "no-suitable-adult", "no_suitable_adult"),
        (&tom, "WO-261124-00024", "O'Shea O'Connor", "no-identification", "entry_refused"),
        (&tom, "WO-261124-00041", "Björn Þórsson", "other", "entry_refused"),
    ] {
        let visit = phone.starts(reference);
        phone.does(&["visit", "refuse", &visit, "--reason", reason, "--words", "=SUM(A1) not today"]);
        done.insert(visit, (outcome, tenant));
    }
    let visit = tom.starts("WO-261124-00017");
    tom.does(&["visit", "no-answer", &visit]);
    done.insert(visit, ("no_answer", "Dorothy Nowak"));
    let visit = dafydd.starts("WO-261124-00006");
    let lawful = ["--lawful", "emergency-repair", "--authorised-by", "Joan Pickering", "--reference", "G-1"];
    dafydd.does(&[&["visit", "enter", &visit], &lawful[..]].concat());
    dafydd.does(&["visit", "leave", &visit, "--outcome", "completed"]);
    done.insert(visit, ("completed", "Élodie Patel"));
    assert_eq!(done.len(), 10);

    for phone in [&dafydd, &kofi, &tom] {
        let offline = phone.tries(&["sync"]);
        assert_eq!(offline.status.code(), Some(1));
        assert!(String::from_utf8_lossy(&offline.stderr).contains("Everything is saved on this device"));
    }
    assert!(council.export("visits").is_empty());
    line.set(LineState::Whole);
    for phone in [&dafydd, &kofi, &tom] {
        assert_eq!(phone.says(&["sync"])["waiting"], 0);
        phone.does(&["verify"]);
        let status = phone.says(&["status"]);
        assert_eq!((&status["unsent"], &status["oldest_unsent"]), (&json("0"), &json("null")));
    }

    let rows = council.export("visits");
    let exported: BTreeMap<String, (&str, &str)> =
        rows.iter().map(|row| (row["visit"].clone(), (row["outcome"].as_str(), row["tenant_name"].as_str()))).collect();
    assert_eq!(exported, done);
    for row in &rows {
        let all = row.values().cloned().collect::<Vec<_>>().join(" ").to_lowercase();
        assert!(!all.contains("safeguard") && !all.contains("food"), "the export tells of a concern: {all}");
        if row["outcome"] == "entry_refused" {
            assert_eq!(row["refusal_words"], "'=SUM(A1) not today", "a spreadsheet would run it");
        }
        if row["entry_basis"] == "lawful" {
            assert_eq!((row["authorised_by"].as_str(), row["lawful_reference"].as_str()), ("Joan Pickering", "G-1"));
        }
    }
    let steps = council.export("steps");
    assert_eq!(steps.len(), 3 * 6 + 5, "one row a step");
    assert!(steps.iter().any(|step| step["step"] == "shoe_covers" && step["reason"] == "tenant said no need"));
}

#[test]
fn a_rule_s_no_has_an_exit_code_a_clause_and_what_is_missing() {
    let council = TestCouncil::open();
    sample_day(&council);
    let phone = Phone::of("melton-2", &council, council.address());
    let visit = phone.starts("WO-261124-00009");
    for step in ["introduced", "reason_stated", "id_shown"] {
        phone.does(&["visit", "step", &visit, step, "done"]);
    }
    let refused = phone.tries(&["visit", "enter", &visit, "--json"]);
    assert_eq!(refused.status.code(), Some(2));
    let said = json(&String::from_utf8(refused.stdout).unwrap());
    assert_eq!(said["refused"]["clause"], "3.1");
    assert_eq!(said["refused"]["missing"], json(r#"["consent"]"#));
    let words = phone.tries(&["visit", "enter", &visit]);
    assert!(String::from_utf8_lossy(&words.stderr).contains("clause 3.1"));
    assert_eq!(phone.says(&["visit", "show", &visit])["entry"], json("null"), "nothing was changed");

    let unknown = phone.tries(&["visit", "start", "--appointment", "WO-NONE", "--json"]);
    assert_eq!(unknown.status.code(), Some(1));
    assert_eq!(json(&String::from_utf8(unknown.stdout).unwrap())["error"]["code"], "no-such-appointment");
}

#[test]
fn a_table_with_faults_names_row_and_column_and_is_taken_not_at_all_or_only_where_it_is_good() {
    let council = TestCouncil::open();
    let table = sample("appointments-with-errors.csv").display().to_string();
    let tried = council.tries(&["import-appointments", "--json", &table]);
    assert_eq!(tried.status.code(), Some(1));
    let said = json(&String::from_utf8(tried.stdout).unwrap());
    let faults: Vec<(u64, &str)> = said["faults"]
        .as_array()
        .unwrap()
        .iter()
        .map(|fault| (fault["row"].as_u64().unwrap(), fault["column"].as_str().unwrap()))
        .collect();
    let expected = [
        (2, "uprn"),
        (3, "window_start"),
        (4, "window_end"),
        (5, "visit_kind"),
        (6, "appointment_ref"),
        (7, "appointment_ref"),
        (9, "purpose"),
        (10, "notice_given_at"),
        (11, "organisation"),
        (12, "purpose"),
        (13, "window_start"),
    ];
    assert_eq!(faults, expected);
    let nothing = Phone::of("vale-4", &council, council.address());
    assert_eq!(nothing.says(&["appointments"]), json("[]"), "half a table was taken");

    let taken = json(&council.does(&["import-appointments", "--json", "--only-good", &table]));
    assert_eq!((taken["added"].as_u64(), taken["faults"].as_array().map(Vec::len)), (Some(1), Some(11)));
    nothing.does(&["sync"]);
    assert_eq!(nothing.says(&["appointments"])[0]["tenant_name"], "=HYPERLINK(\"http://127.0.0.1/\",\"click\")");
    let visit = nothing.starts("WO-261124-00007");
    nothing.does(&["visit", "no-answer", &visit]);
    nothing.does(&["sync"]);
    assert!(council.export("visits")[0]["tenant_name"].starts_with("'=HYPERLINK"), "a spreadsheet would run it");
}

#[test]
fn a_captive_portal_and_a_lost_answer_change_nothing_and_the_next_try_is_a_duplicate() {
    let council = TestCouncil::open();
    sample_day(&council);
    let line = Line::to(council.address());
    let phone = Phone::of("melton-2", &council, line.address());
    let visit = phone.starts("WO-261124-00009");
    phone.does(&["visit", "no-answer", &visit]);

    line.set(LineState::CaptivePortal);
    let fooled = phone.tries(&["sync", "--json"]);
    assert_eq!(fooled.status.code(), Some(1));
    assert_eq!(json(&String::from_utf8(fooled.stdout).unwrap())["error"]["code"], "not-the-council");
    assert_eq!(phone.says(&["status"])["unsent"], 2);

    line.set(LineState::AnswerLost);
    assert_eq!(phone.tries(&["sync"]).status.code(), Some(1));
    assert_eq!(phone.says(&["status"])["unsent"], 2, "a lost answer is no receipt");
    assert_eq!(council.export("visits").len(), 1, "the council had it already");

    line.set(LineState::Whole);
    assert_eq!(phone.says(&["sync"])["received"], 2);
    assert_eq!(council.export("visits").len(), 1);
    assert_eq!(phone.says(&["sync"])["received"], 0, "nothing is sent twice");
}

#[test]
fn an_enrolment_code_works_once_for_the_council_that_printed_it() {
    let council = TestCouncil::open();
    let other = TestCouncil::another();
    let server = format!("http://{}", council.address());
    let code = council.code_for("melton-1");
    let wrong = Phone::new().tries(&["enrol", "--server", &format!("http://{}", other.address()), "--code", &code]);
    assert_eq!(wrong.status.code(), Some(1));
    Phone::new().does(&["enrol", "--server", &server, "--code", &code]);
    let again = Phone::new().tries(&["enrol", "--server", &server, "--code", &code, "--json"]);
    assert_eq!(json(&String::from_utf8(again.stdout).unwrap())["error"]["code"], "code-not-valid");
    let nonsense = Phone::new().tries(&["enrol", "--server", &server, "--code", "hello", "--json"]);
    assert_eq!(json(&String::from_utf8(nonsense.stdout).unwrap())["error"]["code"], "bad-code");
}

#[test]
fn enrolling_again_loses_nothing_that_waits() {
    let council = TestCouncil::open();
    sample_day(&council);
    let line = Line::to(council.address());
    let phone = Phone::of("melton-2", &council, line.address());
    let visit = phone.starts("WO-261124-00009");
    phone.does(&["visit", "no-answer", &visit]);
    let server = format!("http://{}", line.address());
    phone.does(&["enrol", "--server", &server, "--code", &council.code_for("melton-2")]);
    let status = phone.says(&["status"]);
    assert_eq!((&status["unsent"], &status["left_by_others"]), (&json("0"), &json("2")));
    assert_eq!(phone.says(&["visits"]), json("[]"), "the new enrolment shows nothing of the former one");
    phone.does(&["verify"]);
    phone.does(&["sync"]);
    assert_eq!(phone.says(&["status"])["left_by_others"], 0);
    assert_eq!(council.export("visits")[0]["outcome"], "no_answer");
}

#[test]
fn the_app_and_the_council_killed_at_random_instants_lose_nothing_that_was_saved_or_receipted() {
    let mut council = TestCouncil::open();
    sample_day(&council);
    let phone = Phone::of("melton-2", &council, council.address());
    let visit = phone.starts("WO-261124-00009");
    let mut saved = 1;
    for round in 0..40_u64 {
        let step = ["id_worn", "introduced", "reason_stated", "id_shown", "adult_present"][round as usize % 5];
        let mut tap = phone.command(&["visit", "step", &visit, step, "done"]);
        let mut child = tap.stdout(std::process::Stdio::null()).spawn().unwrap();
        // Kill the command before, during or after its commit.
        std::thread::sleep(Duration::from_millis((round * 37) % 260));
        let _may_be_over = child.kill();
        if child.wait().unwrap().success() {
            saved += 1;
        }
        if round % 8 == 7 {
            let mut sync = phone.command(&["sync"]).stdout(std::process::Stdio::null()).spawn().unwrap();
            std::thread::sleep(Duration::from_millis(100 + (round * 13) % 120));
            council.kill();
            let _either_way = sync.wait();
            council.start();
        }
        let there = phone.says(&["status"])["records"].as_u64().unwrap();
        assert!(there >= saved, "{saved} were called saved, {there} are there");
        phone.does(&["verify"]);
        saved = there;
    }
    phone.does(&["visit", "no-answer", &visit]);
    assert_eq!(phone.says(&["sync"])["waiting"], 0);
    let shown = phone.says(&["visit", "show", &visit]);
    // The visit has every saved record and the last one, but not the signature under the Code.
    assert_eq!(shown["timeline"].as_array().unwrap().len() as u64, saved);
    assert_eq!(council.export("visits")[0]["outcome"], "no_answer");
}

#[test]
fn reassigning_gives_the_visit_to_one_phone_and_takes_its_details_from_the_other() {
    let council = TestCouncil::open();
    sample_day(&council);
    let before = Phone::of("melton-2", &council, council.address());
    let after = Phone::of("melton-1", &council, council.address());
    let table = std::fs::read_to_string(sample("appointments-2026-11-24.csv")).unwrap();
    let header = table.lines().next().unwrap();
    let row = table.lines().find(|line| line.starts_with("WO-261124-00009,")).unwrap().replace("melton-2", "melton-1");
    let file = council.data().join("reassigned.csv");
    std::fs::write(&file, format!("{header}\n{row}\n")).unwrap();
    council.does(&["import-appointments", &file.display().to_string()]);
    let has = |phone: &Phone| phone.does(&["appointments", "--json"]).contains("WO-261124-00009");
    for phone in [&before, &after] {
        phone.does(&["sync"]);
    }
    assert!(!has(&before) && has(&after));
}

#[test]
fn what_somebody_left_unsent_on_a_phone_stays_theirs_when_another_person_enrols_on_it() {
    let council = TestCouncil::open();
    council.does(&["import-appointments", &sample("appointments-2026-11-24.csv").display().to_string()]);
    let phone = Phone::of("vale-1", &council, council.address());
    phone.does(&["sync"]);
    let visit = phone.starts("WO-261124-00038");
    phone.does(&["visit", "no-answer", &visit]);
    let server = format!("http://{}", council.address());
    phone.does(&["enrol", "--server", &server, "--code", &council.code_for("melton-2")]);
    assert_eq!(phone.says(&["sync"])["waiting"], 0);
    let visits = council.export("visits");
    let of = |column: &str| visits.iter().map(|row| row[column].as_str()).collect::<Vec<_>>();
    assert_eq!((of("visitor"), of("organisation")), (vec!["vale-1"], vec!["Vale Property Services Ltd"]));
    assert_eq!(of("appointment_ref"), ["WO-261124-00038"], "and so does its appointment");
    assert_eq!(phone.says(&["status"])["set_aside"], 0);
    phone.does(&["verify"]);
    council.does(&["check-records"]);
}
