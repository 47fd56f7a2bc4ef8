//! The phone's files in trouble: a damaged, cut off or lost database, a torn journal, and a key
//! that is gone. What was saved is there, or comes back, and it is said.

use std::sync::Arc;

use doorstep_core::keys::{KeyStore, MemoryKeyStore};
use doorstep_core::{App, AppError, Environment};
use doorstep_council::records::verify;
use doorstep_domain::VisitId;
use doorstep_domain::conduct::{Command, Step, StepState};
use doorstep_tests::harness::copy;
use std::fs;
use std::path::Path;

use crate::scene::{Cut, Scene, overwritten};

const STEPS: [Step; 4] = [Step::IdWorn, Step::Introduced, Step::ReasonStated, Step::IdShown];

/// A phone with six records that wait: a visit that has started, and five of its steps.
fn in_a_visit(scene: &Scene) -> (App, VisitId) {
    let app = scene.enrolled();
    let visit = app.start_visit(&"WO-261124-00009".parse().unwrap()).unwrap().visit.visit.visit;
    for step in STEPS {
        app.act(visit, Command::RecordStep { step, state: StepState::Done }).unwrap();
    }
    (app, visit)
}

/// Opens the phone, and checks that every step is there, that the chains hold, and that the council
/// gets everything once.
#[track_caller]
fn has_everything(app: &App, visit: VisitId, scene: &Scene, what: &str) {
    let steps = app.visit(visit).unwrap_or_else(|error| panic!("{what}: {error}")).visit.steps;
    assert!(STEPS.iter().all(|step| steps.contains_key(step)), "{what}: {steps:?}");
    assert!(app.verify().unwrap().is_ok(), "{what}");
    app.act(visit, Command::NoAnswer).unwrap_or_else(|error| panic!("{what}: {error}"));
    assert_eq!(app.sync().unwrap_or_else(|error| panic!("{what}: {error}")).waiting, 0, "{what}");
    assert_eq!(app.status().unwrap().set_aside, 0, "{what}");
    let (held, set_aside) = verify::counts(&scene.service).unwrap();
    assert_eq!((held, set_aside), (7, 0), "{what}: the signature, the start, four steps and the end");
}

#[test]
fn a_log_that_is_cut_lost_or_rotten_loses_no_tap() {
    type Damage = fn(&Path);
    let damages: [(&str, Damage); 4] = [
        ("the log is gone", |wal| fs::remove_file(wal).unwrap()),
        ("the log is empty", |wal| fs::write(wal, []).unwrap()),
        ("the log is cut in its middle", |wal| {
            let bytes = fs::read(wal).unwrap();
            fs::write(wal, &bytes[..bytes.len() / 2]).unwrap();
        }),
        ("the log has a wrong bit", |wal| overwritten(wal, 3_000, 3_001)),
    ];
    for (what, damage) in damages {
        let scene = Scene::new();
        let (app, visit) = in_a_visit(&scene);
        let cut = Cut::of(&scene);
        drop(app);
        damage(&cut.file("doorstep.db-wal"));
        has_everything(&cut.open().expect(what), visit, &scene, what);
    }
}

#[test]
fn a_damaged_or_lost_database_is_set_aside_whole_and_what_waited_comes_back() {
    type Damage = fn(&Path);
    let damages: [(&str, Damage); 4] = [
        ("its first page is damaged", |db| overwritten(db, 0, 4096)),
        ("it is cut off", |db| fs::write(db, &fs::read(db).unwrap()[..5000]).unwrap()),
        ("it is empty", |db| fs::write(db, []).unwrap()),
        ("it is gone", |db| fs::remove_file(db).unwrap()),
    ];
    for (what, damage) in damages {
        let scene = Scene::new();
        let (app, visit) = in_a_visit(&scene);
        drop(app);
        let file = scene.store().join("doorstep.db");
        damage(&file);
        let damaged = fs::read(&file).ok();
        let app = scene.open().expect(what);
        let salvaged = app.status().unwrap().salvaged.unwrap_or_else(|| panic!("{what}: it is not said"));
        assert!(salvaged.records >= 5, "{what}: {salvaged:?}");
        assert_eq!(fs::read(Path::new(&salvaged.kept).join("doorstep.db")).ok(), damaged, "{what}: byte for byte");
        has_everything(&app, visit, &scene, what);
        assert!(!app.appointments().unwrap().is_empty(), "{what}: the council has given them again");
        app.read_salvaged().unwrap();
        drop(app);
        assert_eq!(scene.open().unwrap().status().unwrap().salvaged, None, "{what}");
    }
}

#[test]
fn each_damaged_page_is_found_said_and_mended() {
    let scene = Scene::new();
    let (app, visit) = in_a_visit(&scene);
    drop(app);
    let whole = tempfile::tempdir().unwrap();
    copy(&scene.store(), whole.path());
    let pages = fs::metadata(scene.store().join("doorstep.db")).unwrap().len() / 4096;
    assert!(pages > 30, "there are {pages}");
    for page in (0..usize::try_from(pages).unwrap()).step_by(3) {
        let folder = tempfile::tempdir().unwrap();
        copy(whole.path(), folder.path());
        overwritten(&folder.path().join("doorstep.db"), page * 4096 + 100, page * 4096 + 200);
        let keys: Arc<MemoryKeyStore> = Arc::new(scene.keys.copy());
        let environment = Environment { keys: keys as Arc<dyn KeyStore>, ..scene.environment() };
        let app = App::open(folder.path(), environment).unwrap_or_else(|error| panic!("page {page}: {error:?}"));
        app.look_over().unwrap_or_else(|error| panic!("page {page}: {error}"));
        assert!(app.status().unwrap().salvaged.is_some(), "page {page}: it is not said");
        let steps = app.visit(visit).unwrap_or_else(|error| panic!("page {page}: {error}")).visit.steps;
        assert!(STEPS.iter().all(|step| steps.contains_key(step)), "page {page}: {steps:?}");
        assert_eq!(app.sync().unwrap_or_else(|error| panic!("page {page}: {error}")).waiting, 0, "page {page}");
    }
}

#[test]
fn a_torn_or_rotten_journal_loses_nothing_that_the_database_has() {
    type Damage = fn(&Path);
    let damages: [(&str, Damage); 5] = [
        ("the journal is gone", |journal| fs::remove_file(journal).unwrap()),
        ("the journal is empty", |journal| fs::write(journal, []).unwrap()),
        ("its end is torn", |journal| {
            let bytes = fs::read(journal).unwrap();
            fs::write(journal, &bytes[..bytes.len() - 100]).unwrap();
        }),
        ("its middle is rotten", |journal| overwritten(journal, 900, 950)),
        ("its beginning is rotten", |journal| overwritten(journal, 0, 30)),
    ];
    for (what, damage) in damages {
        let scene = Scene::new();
        let (app, visit) = in_a_visit(&scene);
        drop(app);
        let journal = scene.store().join("doorstep.journal");
        damage(&journal);
        let app = scene.open().expect(what);
        // The journal was written anew, so a database that is lost now comes back whole.
        drop(app);
        fs::remove_file(scene.store().join("doorstep.db")).unwrap();
        has_everything(&scene.open().expect(what), visit, &scene, what);
    }
}

#[test]
fn whichever_piece_of_the_journal_is_lost_with_the_database_the_rest_opens_and_goes_on() {
    let scene = Scene::new();
    let (app, visit) = in_a_visit(&scene);
    app.sync().unwrap();
    app.act(visit, Command::NoAnswer).unwrap();
    app.sync().unwrap();
    drop(app);
    let without = Cut::without_each_piece(&scene);
    assert!(without.len() > 12, "one for each tap, and more for each answer; there are {}", without.len());
    for (at, cut) in without.iter().enumerate() {
        let app = cut.open().unwrap_or_else(|error| panic!("without piece {at}: {error:?}"));
        let synced = app.sync();
        assert!(matches!(synced, Ok(_) | Err(AppError::NotEnrolled)), "without piece {at}: {synced:?}");
    }
}

#[test]
fn a_key_or_a_mark_without_any_file_is_no_first_start_and_is_said() {
    let scene = Scene::new();
    drop(in_a_visit(&scene));
    for entry in fs::read_dir(scene.store()).unwrap().flatten().filter(|entry| entry.path().is_file()) {
        fs::remove_file(entry.path()).unwrap();
    }
    let app = scene.open().unwrap();
    let status = app.status().unwrap();
    assert_eq!(status.salvaged.expect("it is said").records, 0);
    assert!(status.enrolled.is_none());
}

#[test]
fn a_key_check_that_is_empty_or_wrong_keeps_nobody_out_whose_key_fits() {
    for left in [b"".as_slice(), b"something else"] {
        let scene = Scene::new();
        let (app, visit) = in_a_visit(&scene);
        drop(app);
        fs::write(scene.store().join("doorstep.key-check"), left).unwrap();
        has_everything(&scene.open().expect("the key fits"), visit, &scene, "the note of the key was damaged");
        assert_eq!(fs::read(scene.store().join("doorstep.key-check")).unwrap().len(), 32, "it was written anew");
    }
}

#[test]
fn a_signing_key_that_is_gone_is_said_and_none_is_made_in_its_place() {
    let scene = Scene::new();
    let (app, visit) = in_a_visit(&scene);
    scene.keys.remove("signing-key").unwrap();
    let error = app.sync().unwrap_err();
    assert!(matches!(error, AppError::SigningKeyGone), "{error}");
    assert!(error.to_string().contains("new enrolment code"), "{error}");
    app.act(visit, Command::NoAnswer).expect("a tap needs no signature");
    assert!(scene.keys.get("signing-key").unwrap().is_none());
}
