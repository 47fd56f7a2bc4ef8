//! Backups: made while the council runs, whole or refused, restored into either database.

use std::fs;
use std::path::Path;

use doorstep_domain::conduct::Event;
use doorstep_domain::ledger::{Epoch, SigningKey};
use doorstep_domain::v2::{Attested, Certificate, HeadClass};
use doorstep_tests::desk::ConsoleClient;
use doorstep_tests::hand_phone::HandPhone;
use doorstep_tests::harness::{Phone, TestCouncil, sample};
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
