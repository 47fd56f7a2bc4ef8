//! Backups: made while the council runs, whole or refused, restored into either database.

use std::fs;
use std::path::Path;

use doorstep_domain::conduct::Event;
use doorstep_domain::ledger::{Epoch, SigningKey};
use doorstep_domain::v2::{Attested, Certificate, HeadClass};
use doorstep_tests::desk::ConsoleClient;
use doorstep_tests::hand_phone::HandPhone;
use doorstep_tests::harness::{Phone, TestCouncil, copy, program, sample};
use doorstep_tests::postgres::Postgres;
use serde_json::json;

fn refused(council: &TestCouncil, words: &[&str], why: &str) {
    let output = council.tries(words);
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success() && error.contains(why), "{words:?}: {error}");
}

fn text(path: &Path) -> String {
    path.display().to_string()
}

fn a_backup_is_made_while_phones_send_and_is_restored(council: TestCouncil, into: Option<String>) {
    council.does(&["import-appointments", &sample("appointments-2026-11-24.csv").display().to_string()]);
    let folder = tempfile::tempdir().unwrap();
    let (identity, backup) = (folder.path().join("backup.key"), folder.path().join("council.backup"));
    let key = council.runs(&["backup-key", "--out", &text(&identity)]);
    let phone = Phone::of("melton-2", &council, council.address());
    let before = phone.enters("WO-261124-00009");
    let photo = folder.path().join("photo.jpg");
    std::fs::write(&photo, doorstep_tests::sample::photo(600)).unwrap();
    phone.does(&["visit", "photo", &before, "--purpose", "before", &text(&photo)]);
    phone.does(&["visit", "flag", &before, "--kind", "safeguarding", "--note", "The boy said he sleeps in the shed."]);
    phone.does(&["visit", "leave", &before, "--outcome", "completed"]);
    phone.does(&["sync"]);
    phone.does(&["sync"]);
    council.does(&["backup", "--recipient", key.trim(), "--out", &text(&backup)]);
    let exported = council.export("visits");
    // The phone still has what it sent after the backup, and sends it again.
    let after = phone.starts("WO-261124-00015");
    phone.does(&["visit", "no-answer", &after]);
    phone.does(&["sync"]);
    let exported_after = council.export("visits");

    let bytes = std::fs::read(&backup).unwrap();
    assert!(!bytes.windows(5).any(|part| part == b"Eyebr" || part == b"Patel"), "an address is readable in it");
    let mut bent = bytes.clone();
    let middle = bent.len() / 2;
    bent[middle] ^= 1;
    let (bad, cut) = (folder.path().join("bent"), folder.path().join("cut"));
    std::fs::write(&bad, bent).unwrap();
    std::fs::write(&cut, &bytes[..bytes.len() - 1000]).unwrap();
    let other_key = folder.path().join("other.key");
    let _public_half = council.runs(&["backup-key", "--out", &text(&other_key)]);
    let scratch = folder.path().join("scratch");
    let drilled =
        council.runs(&["check-backup", "--identity", &text(&identity), "--scratch", &text(&scratch), &text(&backup)]);
    assert!(drilled.contains("1 photos were checked, 0 faults"), "{drilled}");
    assert!(!scratch.exists(), "it held the council's keys");
    it_is_told_of_the_drill(&council, &drilled, &identity, &backup);
    for (file, key, why) in
        [(&bad, &identity, "can't be used"), (&cut, &identity, "can't be used"), (&backup, &other_key, "another key")]
    {
        let said = council.fails(&["check-backup", "--identity", &text(key), &text(file)]);
        assert!(said.contains(why), "{said}");
    }

    refused(&council, &["restore", "--identity", &text(&identity), &text(&backup)], "already holds a council");
    let mut restored = TestCouncil::empty(into);
    refused(&restored, &["restore", "--identity", &text(&identity), &text(&bad)], "can't be used");
    restored.does(&["restore", "--identity", &text(&identity), &text(&backup)]);
    restored.start_at(council.stopped());
    assert_eq!(restored.export("visits"), exported, "as it was at the backup");
    phone.does(&["sync"]);
    phone.does(&["sync"]);
    assert_eq!(restored.export("no-access").len(), 1, "what came after the backup is sent again");
    let visits = restored.export("visits");
    assert_eq!(visits, exported_after, "and counts as received when it was: the phone has shown its receipt");
    phone.does(&["verify"]);
}

/// The machine that restores backups tells the council, by its token alone; so does somebody at the
/// council's own machine.
fn it_is_told_of_the_drill(council: &TestCouncil, drilled: &str, identity: &Path, backup: &Path) {
    let graphs = council.does(&["api-token", "--name", "graphs", "--may", "metrics"]);
    let mark = || {
        let metrics = ConsoleClient::with_token(graphs.trim(), council).asks("GET", "/metrics").text().unwrap();
        let line = metrics.lines().find(|line| line.starts_with("doorstep_last_verified_backup_seconds")).unwrap();
        line.rsplit(' ').next().unwrap().parse::<f64>().unwrap()
    };
    assert!(mark() < 1.0, "nobody has said so yet");
    let name = drilled.split("backup-verified ").nth(1).unwrap().split('`').next().unwrap();
    refused(council, &["backup-verified", &"0".repeat(32)], "nothing with that name");
    let folder = tempfile::tempdir().unwrap();
    let token = folder.path().join("token");
    let server = format!("http://{}", council.address());
    let scratch = text(&folder.path().join("scratch"));
    let tell = |token_is: &str| {
        fs::write(&token, token_is).unwrap();
        std::process::Command::new(program("doorstep-council"))
            .args(["check-backup", "--identity", &text(identity), "--scratch", &scratch])
            .args(["--tell", &server, "--token-file", &text(&token), &text(backup)])
            .output()
            .unwrap()
    };
    let of_another = council.does(&["api-token", "--name", "feed", "--may", "feed"]);
    let output = tell(&of_another);
    assert!(!output.status.success() && String::from_utf8_lossy(&output.stderr).contains("token"), "{output:?}");
    assert!(mark() < 1.0);
    let output = tell(&council.does(&["api-token", "--name", "drill", "--may", "backups"]));
    assert!(output.status.success(), "{output:?}");
    assert!(mark() > 1_000_000.0);
    council.does(&["backup-verified", name]);
}

#[test]
fn a_backup_is_made_while_phones_send_and_restored_into_either_database() {
    let server = Postgres::start();
    a_backup_is_made_while_phones_send_and_is_restored(TestCouncil::open(), Some(server.database()));
    a_backup_is_made_while_phones_send_and_is_restored(TestCouncil::open_on_postgres(&server.database()), None);
}

/// A council with one visit and two photos, the folder of those, and a key for backups.
fn with_two_photos(folder: &Path) -> (TestCouncil, Phone, Vec<std::path::PathBuf>, String) {
    let council = TestCouncil::open();
    council.does(&["import-appointments", &sample("appointments-2026-11-24.csv").display().to_string()]);
    let key = council.runs(&["backup-key", "--out", &text(&folder.join("identity"))]);
    let phone = Phone::of("melton-2", &council, council.address());
    let visit = phone.enters("WO-261124-00009");
    for (number, width) in [600, 700].into_iter().enumerate() {
        let photo = folder.join(format!("{number}.jpg"));
        fs::write(&photo, doorstep_tests::sample::photo(width)).unwrap();
        phone.does(&["visit", "photo", &visit, "--purpose", "before", &text(&photo)]);
    }
    phone.does(&["visit", "leave", &visit, "--outcome", "completed"]);
    phone.does(&["sync"]);
    phone.does(&["sync"]);
    let shelves = fs::read_dir(council.data().join("photos")).unwrap().flatten().map(|shelf| shelf.path());
    let photos = shelves.filter(|shelf| shelf.is_dir()).flat_map(|shelf| fs::read_dir(shelf).unwrap().flatten());
    let photos: Vec<_> = photos.map(|photo| photo.path()).collect();
    assert_eq!(photos.len(), 2);
    (council, phone, photos, key.trim().to_owned())
}

#[test]
fn a_rotten_and_a_missing_photo_are_named_and_keep_nothing_else_from_a_backup() {
    let folder = tempfile::tempdir().unwrap();
    let place = |name: &str| text(&folder.path().join(name));
    let (council, _, photos, key) = with_two_photos(folder.path());
    let name = |photo: &Path| photo.file_stem().unwrap().to_string_lossy().into_owned();
    let mut rotten = fs::read(&photos[0]).unwrap();
    rotten[500] ^= 1;
    fs::write(&photos[0], rotten).unwrap();
    let made = council.tries(&["backup", "--recipient", &key, "--out", &place("rotten")]);
    let said = String::from_utf8_lossy(&made.stdout);
    assert!(
        !made.status.success() && said.contains(&format!("photo {}: its file was altered", name(&photos[0]))),
        "{said}"
    );
    fs::remove_file(&photos[1]).unwrap();
    let made = council.tries(&["backup", "--recipient", &key, "--out", &place("backup")]);
    let said = String::from_utf8_lossy(&made.stdout);
    assert!(
        !made.status.success() && said.contains(&format!("photo {}: its file is missing", name(&photos[1]))),
        "{said}"
    );
    // Both are known to be lost from then on: they count as not received, and are waited for.
    let said = council.does(&["check-records"]);
    for photo in &photos {
        assert!(said.contains(&format!("photo {}: it was lost", name(photo))), "{said}");
    }
    assert_eq!(council.export("visits")[0]["photos_held"], "0");

    for (backup, photos_in_it, bad) in [("rotten", 1, &photos[0]), ("backup", 0, &photos[1])] {
        let drilled = std::process::Command::new(program("doorstep-council"))
            .args(["check-backup", "--identity", &place("identity"), "--scratch", &place("scratch"), &place(backup)])
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&drilled.stdout);
        assert!(!drilled.status.success() && said.contains(&name(bad)), "{said}");
        let mut restored = TestCouncil::empty(None);
        let output = restored.tries(&["restore", "--identity", &place("identity"), &place(backup)]);
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(!output.status.success() && said.contains(&name(bad)), "{said}");
        assert!(said.contains(&format!("{photos_in_it} photos are back")), "{said}");
        restored.start();
        let mut expected = council.export("visits");
        expected[0].insert("photos_held".to_owned(), photos_in_it.to_string());
        assert_eq!(restored.export("visits"), expected, "the rest is restored");
    }
}

#[test]
fn a_restore_that_was_killed_anywhere_serves_nothing_and_goes_on_when_it_is_run_again() {
    let folder = tempfile::tempdir().unwrap();
    let place = |name: &str| text(&folder.path().join(name));
    let (council, _, _, key) = with_two_photos(folder.path());
    council.does(&["backup", "--recipient", &key, "--out", &place("backup")]);
    let visits = council.export("visits");
    let restore = ["restore", "--identity", &place("identity"), &place("backup")];
    let mut killed = 0;
    for delay in [0, 5, 15, 30, 60, 90, 120, 160, 220, 300] {
        let restored = TestCouncil::empty(None);
        let mut child = restored.command(&restore).stdout(std::process::Stdio::null()).spawn().unwrap();
        std::thread::sleep(std::time::Duration::from_millis(delay));
        let _may_be_over = child.kill();
        if child.wait().unwrap().success() {
            continue;
        }
        killed += 1;
        // It may have been killed behind its last step.
        if !restored.tries(&["counts"]).status.success() {
            restored.does(&restore);
        }
        assert_eq!(restored.export("visits"), visits, "after {delay} ms");
    }
    assert!(killed > 2, "it was killed {killed} times");

    // Killed between its last two steps, and with its keys half written.
    for gone in [None, Some("keys/council.key")] {
        let restored = TestCouncil::empty(None);
        restored.does(&restore);
        let epoch = |restored: &TestCouncil| -> String {
            let database = rusqlite::Connection::open(restored.data().join("council.db")).unwrap();
            database.query_row("SELECT value FROM meta WHERE name = 'council_epoch'", [], |row| row.get(0)).unwrap()
        };
        let database = rusqlite::Connection::open(restored.data().join("council.db")).unwrap();
        let by: String =
            database.query_row("SELECT value FROM meta WHERE name = 'restored_by'", [], |row| row.get(0)).unwrap();
        drop(database);
        fs::write(restored.data().join("restoring"), by).unwrap();
        if let Some(gone) = gone {
            fs::remove_file(restored.data().join(gone)).unwrap();
        }
        let before = epoch(&restored);
        refused(&restored, &["counts"], "did not come to its end");
        restored.does(&restore);
        assert_eq!(epoch(&restored), before, "one restore, one epoch");
        assert_eq!(restored.export("visits"), visits);
    }
}

#[test]
fn a_council_that_was_put_back_finds_the_phones_of_since_by_its_own_signature() {
    let council = TestCouncil::open();
    let folder = tempfile::tempdir().unwrap();
    let place = |name: &str| folder.path().join(name).display().to_string();
    let key = council.runs(&["backup-key", "--out", &place("identity")]);
    council.does(&["backup", "--recipient", key.trim(), "--out", &place("backup")]);

    // After the backup, somebody new comes to the firm, and two phones are enrolled.
    let table = "user,display_name,organisation,organisation_kind,role,position,email\n\
                 vale-9,Ana Marsh,Vale Property Services Ltd,contractor,contractor,Plumber,\n";
    fs::write(place("people.csv"), table).unwrap();
    council.does(&["import-people", &place("people.csv")]);
    let visit = |phone: &mut HandPhone| {
        let chain = phone.begins(HeadClass::VISIT);
        phone.says(chain, Event::SafeSaid, |_| {});
        phone.sends(|_| {});
        chain
    };
    let mut known = HandPhone::of("vale-1", &council);
    let mut new = HandPhone::of("vale-9", &council);
    let chains = [visit(&mut known), visit(&mut new)];
    let mut restored = TestCouncil::empty(None);
    restored.does(&["restore", "--identity", &place("identity"), &place("backup")]);
    restored.start_at(council.stopped());

    // Somebody else's key, and a certificate of its own making, are nobody.
    let stranger = SigningKey::from_bytes(&[9; 32]);
    let mut forged = known.request();
    let said = known.certificate.peek().unwrap();
    assert_eq!(known.asks(&Attested::new(&forged, &stranger).to_bytes()).unwrap_err(), 403);
    forged.certificate = Some(Attested::new(&Certificate { key: stranger.public(), ..said }, &stranger));
    assert_eq!(known.asks(&Attested::new(&forged, &stranger).to_bytes()).unwrap_err(), 403);

    let sends_again = |phone: &mut HandPhone, chain: Epoch| {
        phone.chains.get_mut(&chain).unwrap().received = 0;
        phone.begins_seals();
        phone.sends(|_| {});
        assert_eq!(phone.chains[&chain].received, 1, "and what it sent since is there again");
    };
    sends_again(&mut known, chains[0]);
    assert!(known.sends(|_| {}).changes.is_none(), "it may have been revoked since: it is given no homes yet");
    // Whoever came since comes back with the table of people, under the same id.
    let request = new.request();
    assert_eq!(new.asks(&new.signs(&request)).unwrap_err(), 403, "nobody knows them yet");
    restored.does(&["import-people", &place("people.csv")]);
    sends_again(&mut new, chains[1]);
    let list = ConsoleClient::of("super-1", &restored).reads("/api/set-aside");
    let matters: Vec<&str> =
        list["matters"].as_array().unwrap().iter().filter_map(|matter| matter["matter"].as_str()).collect();
    assert_eq!(matters, ["found_again", "found_again"], "somebody confirms each");
    assert_eq!(list["records"], json!([]));
    for matter in list["matters"].as_array().unwrap() {
        let rest = json!({ "matter": "found_again", "device_id": matter["device_id"], "chain": null,
                           "up_to": matter["up_to"], "because": "Seen in the van today" });
        ConsoleClient::of("super-1", &restored).does("POST", "/api/set-aside", &rest);
    }
    assert!(known.sends(|_| {}).changes.is_some(), "somebody has confirmed it");
}

#[test]
fn a_council_that_was_put_back_by_a_snapshot_finds_out_by_its_own_receipts() {
    let mut council = TestCouncil::open();
    council.does(&["import-appointments", &sample("appointments-2026-11-24.csv").display().to_string()]);
    let phone = Phone::of("melton-2", &council, council.address());
    let other = Phone::of("melton-1", &council, council.address());
    let epoch = |council: &TestCouncil| -> String {
        let database = rusqlite::Connection::open(council.data().join("council.db")).unwrap();
        database.query_row("SELECT value FROM meta WHERE name = 'council_epoch'", [], |row| row.get(0)).unwrap()
    };
    let ended_by_the_phone = |reference: &str| {
        let visit = phone.starts(reference);
        phone.does(&["visit", "no-answer", &visit]);
        phone.does(&["sync"]);
    };
    // A snapshot of the machine, and a visit after it.
    council.kill();
    let snapshot = tempfile::tempdir().unwrap();
    copy(&council.data(), snapshot.path());
    council.start();
    ended_by_the_phone("WO-261124-00009");
    let (before, begun) = (council.export("visits"), epoch(&council));
    assert_eq!(before.len(), 1);
    council.kill();
    fs::remove_dir_all(council.data()).unwrap();
    copy(snapshot.path(), &council.data());
    council.start();
    assert!(council.export("visits").is_empty());

    other.does(&["sync"]);
    assert_eq!(epoch(&council), begun, "a phone that lost nothing shows nothing");
    phone.does(&["sync"]);
    assert_eq!(council.export("visits"), before, "it is back, and counts as received when it was");
    let found = epoch(&council);
    assert_ne!(found, begun, "the other phones are told");
    let said = council.export("audit");
    assert_eq!(said.iter().filter(|line| line["action"] == "council_put_back").count(), 1);
    ended_by_the_phone("WO-261124-00015");
    other.does(&["sync"]);
    assert_eq!(epoch(&council), found, "one restore, one epoch");
    assert_eq!(council.export("visits").len(), 2);

    council.kill();
    council.does(&["put-back"]);
    assert_ne!(epoch(&council), found, "and somebody can say so");
}
