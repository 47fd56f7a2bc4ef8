//! A phone that can't open what an earlier enrolment left sends it to its council, sealed, and the
//! council's recovery key opens it there.

use std::fs;

use doorstep_core::{App, UnopenedStanding, salvage_sealed};
use doorstep_council::desk::{self, Actor, sealed_files};
use doorstep_council::records::backup::BackupKey;
use doorstep_domain::conduct::{Command, PhotoPurpose, Step, StepState};
use doorstep_domain::ledger::Hash;
use doorstep_domain::protocol::Limits;
use doorstep_domain::v2::Held;
use doorstep_tests::hand_phone::HandPhone;
use doorstep_tests::sample::photo;

use crate::boundary::on_both_databases;
use crate::scene::Scene;

const SAID: &str = "a heron on the landing";

/// A phone whose keys are gone, with a visit that was not sent, and a new enrolment beside it. Two
/// pieces hold what it had.
fn with_a_lost_store(scene: &Scene) -> App {
    let app = scene.enrolled();
    app.sync().unwrap();
    let visit = app.start_visit(&"WO-261124-00009".parse().unwrap()).unwrap().visit.visit.visit;
    app.act(visit, Command::RecordStep { step: Step::ShoeCovers, state: StepState::NotDone { reason: SAID.into() } })
        .unwrap();
    app.add_photo(visit, PhotoPurpose::Door, &photo(1900)).unwrap();
    drop(app);
    scene.keys.wipe();
    let code = desk::phones::offer(&scene.service, &Actor::command_line(), "melton-2", None).unwrap().code;
    App::enrol_beside(&scene.store(), scene.environment(), "here", &code, "test").unwrap()
}

fn publish(scene: &Scene) -> BackupKey {
    let key = BackupKey::new();
    desk::council::publish_recovery_key(&scene.service, &Actor::command_line(), Some(&key.recipient)).unwrap();
    key
}

fn files_of(scene: &Scene) -> Vec<sealed_files::SealedFile> {
    sealed_files::list(&scene.service, &Actor::command_line()).unwrap()
}

fn taken(scene: &Scene, file: Hash) -> Vec<u8> {
    let out = scene.folder.path().join("taken");
    let mut to = fs::File::create(&out).unwrap();
    sealed_files::take(&scene.service, &Actor::command_line(), file, &mut to).unwrap();
    fs::read(out).unwrap()
}

/// What the audit log says of sealed files, oldest first.
fn deeds(scene: &Scene) -> Vec<String> {
    let list = desk::audit::list(&scene.service, &Actor::command_line(), serde_json::from_str("{}").unwrap()).unwrap();
    let list = serde_json::to_value(list).unwrap();
    let lines = list["lines"].as_array().unwrap().iter().rev();
    let deeds = lines.map(|line| line["action"].as_str().unwrap().to_owned());
    deeds.filter(|deed| deed.starts_with("sealed_file")).collect()
}

#[test]
fn what_a_phone_can_t_open_reaches_its_council_once_and_opens_with_the_recovery_key_alone() {
    let scene = Scene::new();
    let key = publish(&scene);
    let app = with_a_lost_store(&scene);
    assert_eq!(app.outbox().unwrap().unopened, [UnopenedStanding::Stays], "it knows no recovery key yet");
    app.sync().unwrap();
    assert_eq!(app.outbox().unwrap().unopened, [UnopenedStanding::Sent]);
    let [sealed] = &files_of(&scene)[..] else { panic!("it comes once") };
    assert!(sealed.bytes > 2 * Limits::BLOB_CHUNK as u64 && sealed.taken_at.is_none(), "{sealed:?}");
    let file = taken(&scene, sealed.file);
    assert!(!file.windows(SAID.len()).any(|part| part == SAID.as_bytes()), "nothing is in the clear");
    let other = BackupKey::new();
    assert!(salvage_sealed(&file, &other.identity, &scene.environment()).is_err());
    let salvaged = salvage_sealed(&file, &key.identity, &scene.environment()).unwrap();
    assert_eq!((salvaged.visits.len(), salvaged.pictures.len(), salvaged.waiting), (1, 1, 3));
    assert!(format!("{:?}", salvaged.visits).contains(SAID));
    assert!(files_of(&scene)[0].taken_at.is_some());

    // It is sent once, and stays on the phone as it is.
    app.sync().unwrap();
    sealed_files::erase(&scene.service, &Actor::command_line(), sealed.file).unwrap();
    app.sync().unwrap();
    assert_eq!(files_of(&scene).len(), 1);
    assert!(sealed_files::erase(&scene.service, &Actor::command_line(), sealed.file).is_err(), "it is gone");
    assert_eq!(deeds(&scene), ["sealed_file_received", "sealed_file_taken", "sealed_file_erased"]);
    assert!(scene.store().join("doorstep.journal").exists());
}

#[test]
fn a_council_that_was_put_back_is_given_what_it_lost_and_one_lost_store_stops_no_other() {
    let scene = Scene::new();
    publish(&scene);
    drop(with_a_lost_store(&scene));
    // What the first one had can't be read any more; the second enrolment loses its keys, too.
    scene.keys.wipe();
    let code = desk::phones::offer(&scene.service, &Actor::command_line(), "melton-2", None).unwrap().code;
    let app = App::enrol_beside(&scene.store(), scene.environment(), "here", &code, "test").unwrap();
    app.sync().unwrap();
    scene.keys.wipe();
    let code = desk::phones::offer(&scene.service, &Actor::command_line(), "melton-2", None).unwrap().code;
    drop(app);
    let journal = scene.store().join("doorstep.journal");
    fs::remove_file(&journal).unwrap();
    fs::create_dir(&journal).unwrap();
    let app = App::enrol_beside(&scene.store(), scene.environment(), "here", &code, "test").unwrap();
    app.sync().unwrap();
    let mut unopened = app.outbox().unwrap().unopened;
    unopened.sort_by_key(|standing| format!("{standing:?}"));
    assert!(unopened.contains(&UnopenedStanding::Sent), "{unopened:?}");
    assert!(unopened.contains(&UnopenedStanding::Stays), "what can't be read is not said to go: {unopened:?}");
    let before = files_of(&scene).len();

    // The same database without the file, as after a restore of an older backup.
    let database = rusqlite::Connection::open(scene.folder.path().join("council/council.db")).unwrap();
    database.execute_batch("DELETE FROM salvage_piece; DELETE FROM salvage;").unwrap();
    desk::council::put_back(&scene.service, &Actor::command_line()).unwrap();
    app.sync().unwrap();
    app.sync().unwrap();
    assert!(before > 0 && !files_of(&scene).is_empty(), "it comes again");
}

#[test]
fn a_phone_that_dies_while_it_sends_goes_on_with_the_next_piece() {
    let scene = Scene::new();
    publish(&scene);
    let app = with_a_lost_store(&scene);
    for writes in 0..40 {
        scene.disk.fail_after(writes);
        let _it_dies_in_here = app.sync();
        scene.disk.mend();
    }
    app.sync().unwrap();
    assert_eq!(app.outbox().unwrap().unopened, [UnopenedStanding::Sent]);
    assert_eq!(files_of(&scene).len(), 1);
}

#[test]
fn what_is_sealed_to_another_council_s_key_stays_on_the_phone() {
    let scene = Scene::new();
    publish(&scene);
    let app = with_a_lost_store(&scene);
    publish(&scene);
    app.sync().unwrap();
    app.sync().unwrap();
    assert_eq!(app.outbox().unwrap().unopened, [UnopenedStanding::Stays]);
    assert!(files_of(&scene).is_empty());
}

#[test]
fn a_phone_that_lies_about_a_sealed_file_fills_no_disk_and_takes_nobody_s_place() {
    on_both_databases(|council| {
        let phone = HandPhone::of("melton-2", council);
        let file = vec![7_u8; 300 * 1024];
        let name = Hash::of_file(&file);
        let says = |size: u64, offset: usize, piece: &[u8]| {
            let answer = phone.sends_sealed(name, size, offset as u64, piece);
            (answer.state, answer.held)
        };
        let whole = file.len() as u64;
        let (first, rest) = file.split_at(Limits::BLOB_CHUNK);
        assert_eq!(says(Limits::SALVAGE_BYTES + 1, 0, first).0, Held::REFUSED, "too long");
        assert_eq!(says(0, 0, &[]).0, Held::REFUSED);
        assert_eq!(says(whole, 5, first), (Held::PART, 0), "another place");
        assert_eq!(says(10, 0, first), (Held::PART, 0), "more than it said");
        // Something else under that name is thrown away, and the right one is taken afterwards.
        assert_eq!(says(whole, 0, first), (Held::PART, first.len() as u64));
        assert_eq!(says(whole, first.len(), &vec![8; rest.len()]), (Held::PART, 0));
        assert_eq!(says(whole, 0, first), (Held::PART, first.len() as u64));
        assert_eq!(says(whole, first.len(), rest).0, Held::WHOLE);
        assert_eq!(says(whole, 0, &[9]).0, Held::WHOLE, "nothing takes its place");
        // What did not come whole is not held, nor is it after an erasure.
        let other = vec![3_u8; 300 * 1024];
        let half = phone.sends_sealed(Hash::of_file(&other), whole, 0, &other[..Limits::BLOB_CHUNK]);
        assert_eq!(half.state, Held::PART);
        // So much, and no more, whatever it is called.
        let another = |byte: u8| phone.sends_sealed(Hash::of_file(&[byte]), Limits::SALVAGE_BYTES, 0, &[byte]).state;
        assert_eq!((another(1), another(2)), (Held::PART, Held::REFUSED));
        assert_eq!(HandPhone::of("vale-1", council).sends_sealed(name, whole, 0, &[]).state, Held::WHOLE);

        let listed = council.does(&["sealed-files", "--json"]);
        let listed: serde_json::Value = serde_json::from_str(&listed).unwrap();
        let files = listed.as_array().unwrap();
        assert_eq!((files.len(), files[0]["bytes"].as_u64()), (1, Some(whole)));
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path().join("sealed");
        let told = council.does(&["sealed-files", "--take", &name.to_string(), "--out", &out.display().to_string()]);
        assert!(told.contains("no network"), "{told}");
        assert_eq!(fs::read(&out).unwrap(), file);
        // Whoever leaves and is erased takes along what their phone sent.
        council.does(&["person", "melton-2", "leave"]);
        let erase = ["erase", "--user", "melton-2", "--because", "Asked for", "--apply"];
        assert!(council.does(&erase[..5]).contains("3 sealed files"), "they are counted first");
        council.does(&erase);
        assert!(council.does(&["sealed-files"]).contains("erased on"));
        let again = HandPhone::of("vale-1", council).sends_sealed(Hash::of_file(&other), whole, 0, &[]);
        assert_eq!((again.state, again.held), (Held::PART, 0));
        let told = council.does(&["sealed-files", "--json"]);
        assert_eq!(told.matches("received_at").count(), 1, "{told}");
    });
}
