//! Backups: made while the council runs, whole or refused, restored into either database.

use std::path::Path;

use doorstep_tests::harness::{Phone, TestCouncil, sample};
use doorstep_tests::postgres::Postgres;

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
    assert!(council.runs(&["check-backup", "--identity", &text(&identity), &text(&backup)]).contains("it is whole"));
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

#[test]
fn a_backup_is_made_while_phones_send_and_restored_into_either_database() {
    let server = Postgres::start();
    a_backup_is_made_while_phones_send_and_is_restored(TestCouncil::open(), Some(server.database()));
    a_backup_is_made_while_phones_send_and_is_restored(TestCouncil::open_on_postgres(&server.database()), None);
}
