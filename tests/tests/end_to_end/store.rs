//! The device's store: killed between any two writes, opened with a wrong key, damaged, or from a
//! newer app.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use doorstep_core::keys::{KeyStore, Secret};
use doorstep_core::{App, AppError, Clock, Environment, Moment, Opening, SaidLocked, SignIn, SystemClock};
use doorstep_council::records::verify;
use doorstep_domain::conduct::{About, Command, Concern, Hazard, Severity, Step, StepState};
use doorstep_domain::protocol::Council;
use doorstep_domain::v2::Exchange;
use doorstep_tests::safeguarding;

use crate::scene::{Scene, Tapped};

#[test]
fn killed_between_any_two_writes_the_last_saved_tap_is_there_and_the_half_done_one_is_not() {
    let scene = Scene::new();
    let mut app = scene.enrolled();
    let visit = app.start_visit(&"WO-261124-00009".parse().unwrap()).unwrap().visit.visit.visit;
    let mut before = app.visit(visit).unwrap().visit;
    let mut points = 0;
    for writes in 0.. {
        scene.disk.fail_after(writes);
        let tapped = app.act(visit, Command::RecordStep { step: Step::IdShown, state: StepState::Done });
        if scene.disk.mend() {
            tapped.expect("the disk held, so the tap was saved");
            break;
        }
        points += 1;
        assert!(matches!(tapped, Err(AppError::Store(_))), "a tap on a failed disk was called saved: {tapped:?}");
        drop(app);
        app = scene.open().expect("it opens again");
        assert_eq!(app.visit(visit).unwrap().visit, before, "after {writes} writes");
        assert!(app.verify().unwrap().is_ok());
        before = app.visit(visit).unwrap().visit;
    }
    assert!(points >= 4, "record, chain, list and commit are points of their own; there were {points}");
}

#[test]
fn killed_between_any_two_writes_of_a_sync_nothing_is_lost_and_the_next_one_goes_through() {
    let scene = Scene::new();
    let mut app = scene.enrolled();
    let mut points = 0;
    for writes in 0.. {
        let visit = app.start_visit(&"WO-261124-00009".parse().unwrap()).unwrap().visit.visit.visit;
        app.act(visit, Command::NoAnswer).unwrap();
        let records = app.status().unwrap().records;
        scene.disk.fail_after(writes);
        let synced = app.sync();
        let held = scene.disk.mend();
        drop(app);
        app = scene.open().expect("it opens again");
        assert_eq!(app.status().unwrap().records, records);
        assert_eq!(app.sync().unwrap().waiting, 0);
        assert!(app.verify().unwrap().is_ok());
        if held {
            assert_eq!(synced.unwrap().received, 2);
            break;
        }
        points += 1;
    }
    assert!(points >= 4, "there were {points}");
    assert_eq!(verify::counts(&scene.service).unwrap(), (app.status().unwrap().records, 0));
}

#[test]
fn a_full_disk_says_so_and_keeps_what_was_saved() {
    let scene = Scene::new();
    let app = scene.enrolled();
    let visit = app.start_visit(&"WO-261124-00009".parse().unwrap()).unwrap().visit.visit.visit;
    scene.disk.fail_after(0);
    let error = app.act(visit, Command::NoAnswer).unwrap_err();
    assert!(error.to_string().contains("Everything before it was"), "{error}");
    assert_eq!(app.status().unwrap().records, 2, "the signature under the Code, and the start");
    app.act(visit, Command::NoAnswer).expect("with room again it works");
    drop(app);
    scene.disk.fail_after(0);
    let app = scene.open().expect("it opens on a full disk too");
    assert_eq!(app.status().unwrap().records, 3);
    scene.disk.mend();
}

fn bytes(store: &Path) -> Vec<u8> {
    fs::read(store.join("doorstep.db")).unwrap()
}

#[test]
fn a_wrong_key_opens_nothing_touches_nothing_and_is_said() {
    let scene = Scene::new();
    drop(scene.enrolled());
    let before = bytes(&scene.store());
    scene.keys.set("database-key", &Secret::new(&[7; 32])).unwrap();
    let error = scene.open().unwrap_err();
    assert!(matches!(error, AppError::Opening(Opening::WrongKey(_))), "{error}");
    assert!(error.to_string().contains("still there"));
    assert_eq!(bytes(&scene.store()), before);
}

#[test]
fn a_key_store_that_was_emptied_is_no_first_start() {
    let scene = Scene::new();
    drop(scene.enrolled());
    let before = bytes(&scene.store());
    scene.keys.wipe();
    let error = scene.open().unwrap_err();
    assert!(matches!(error, AppError::Opening(Opening::KeyMissing(_))), "{error}");
    assert_eq!(bytes(&scene.store()), before);
    assert!(scene.keys.get("database-key").unwrap().is_none(), "no new key was made over the old database");
}

/// Opens the phone's database directly, without Doorstep.
fn behind_the_scene(scene: &Scene) -> rusqlite::Connection {
    let key = scene.keys.get("database-key").unwrap().unwrap();
    let hex: String = key.expose().iter().map(|byte| format!("{byte:02x}")).collect();
    let database = rusqlite::Connection::open(scene.store().join("doorstep.db")).unwrap();
    database.pragma_update(None, "key", format!("x'{hex}'")).unwrap();
    database
}

#[test]
fn each_visit_and_each_note_has_a_key_of_its_own_so_that_each_can_be_erased_alone() {
    let scene = Scene::new();
    let app = scene.enrolled();
    let visit = app.start_visit(&"WO-261124-00009".parse().unwrap()).unwrap().visit.visit.visit;
    app.flag_safeguarding(Some(visit), "bruises").unwrap();
    app.flag_safeguarding(Some(visit), "and a cut").unwrap();
    app.act(visit, Command::NoAnswer).unwrap();
    app.start_visit(&"WO-261124-00009".parse().unwrap()).unwrap();
    let counted = "SELECT (SELECT count(DISTINCT said_visit_id) FROM visit_chain), count(DISTINCT key) FROM visit_key";
    let (told_apart, keys): (u64, u64) =
        behind_the_scene(&scene).query_row(counted, [], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
    assert_eq!((told_apart, keys), (5, 5), "two visits, two notes, and the signature under the Code");
}

#[test]
fn whoever_holds_the_key_and_changes_a_record_is_found_out_by_verify() {
    for (tampering, named) in [
        ("UPDATE record SET body = X'a1656576656e74696e6f5f616e73776572' WHERE sequence = 2", "content of record 2"),
        (
            "UPDATE record SET envelope = (SELECT envelope FROM record WHERE sequence = 2) WHERE sequence = 3",
            "record 3",
        ),
        ("DELETE FROM record WHERE sequence = 2", "expected record 2, found 3"),
        ("DELETE FROM visit_key", "content of record 1"),
        ("DELETE FROM record WHERE sequence = 3", "record 3 can't be read"),
    ] {
        let scene = Scene::new();
        let app = scene.enrolled();
        let visit = app.start_visit(&"WO-261124-00009".parse().unwrap()).unwrap().visit.visit.visit;
        app.act(visit, Command::RecordStep { step: Step::IdShown, state: StepState::Done }).unwrap();
        app.act(visit, Command::NoAnswer).unwrap();
        assert_eq!(app.verify().unwrap().unwrap().records, 4, "the signature under the Code, and three of the visit");
        behind_the_scene(&scene).execute(tampering, []).unwrap();
        let fault = app.verify().unwrap().expect_err(tampering);
        assert!(fault.to_string().contains(named), "{tampering}: {fault}");
    }
}

/// Makes the phone's file look as if a newer app wrote it.
fn by_a_newer_app(scene: &Scene, changes: &str) {
    let database = behind_the_scene(scene);
    database.execute_batch(changes).unwrap();
    database.pragma_update(None, "user_version", 99).unwrap();
    // What is in the log goes into the file, as when an app ends.
    database.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).unwrap();
}

#[test]
fn a_file_of_a_newer_app_is_read_and_sent_and_left_as_it_is() {
    let scene = Scene::new();
    let app = scene.enrolled();
    let ended = app.start_visit(&"WO-261124-00006".parse().unwrap()).unwrap().visit.visit.visit;
    app.act(ended, Command::NoAnswer).unwrap();
    let visit = app.start_visit(&"WO-261124-00009".parse().unwrap()).unwrap().visit.visit.visit;
    app.act(visit, Command::RecordStep { step: Step::IdShown, state: StepState::Done }).unwrap();
    drop(app);
    by_a_newer_app(&scene, "ALTER TABLE record ADD COLUMN newer TEXT; CREATE TABLE newer (a TEXT)");
    let before = bytes(&scene.store());

    let app = scene.open().expect("an older app opens it");
    assert!(app.status().unwrap().is_newer);
    assert!(app.today().unwrap().appointments.iter().any(|view| view.visit.is_some()));
    assert!(app.visit(ended).unwrap().visit.ending.is_some(), "it can be read");
    let refused = app.start_visit(&"WO-261124-00010".parse().unwrap()).unwrap_err();
    assert_eq!(refused.code(), "older-app");
    app.act(visit, Command::NoAnswer).expect("the visit under way is finished");
    let report = app.sync().expect("it is sent");
    assert_eq!((report.received, report.waiting), (5, 0));
    drop(app);
    assert_eq!(bytes(&scene.store()), before, "nothing is written to it");
    let app = scene.open().expect("and once more");
    assert!(app.visit(visit).unwrap().visit.ending.is_some(), "the journal kept what was done");
    assert_eq!(app.status().unwrap().unsent, 0);
    drop(app);

    behind_the_scene(&scene).pragma_update(None, "user_version", 7).unwrap();
    let app = scene.open().expect("the app that wrote it opens it");
    assert!(!app.status().unwrap().is_newer);
    assert!(app.visit(visit).unwrap().visit.ending.is_some(), "it takes in what was done meanwhile");
    assert_eq!(app.status().unwrap().unsent, 0);
    assert!(app.verify().unwrap().is_ok());
    app.sync().unwrap();
    assert_eq!(verify::counts(&scene.service).unwrap(), (app.status().unwrap().records, 0));
}

#[test]
fn a_pin_keeps_a_file_of_a_newer_app_too() {
    let scene = Scene::new();
    drop(scene.enrolled());
    let open = || App::open(&scene.store(), Environment { sign_in: SignIn::WithPin, ..scene.environment() }).unwrap();
    let database = behind_the_scene(&scene);
    let app = open();
    app.set_pin("493817").unwrap();
    let visit = app.start_visit(&"WO-261124-00009".parse().unwrap()).unwrap().visit.visit.visit;
    drop(app);
    database.pragma_update(None, "user_version", 99).unwrap();
    drop(database);
    let app = open();
    assert!(matches!(app.visit(visit), Err(AppError::SignInFirst)));
    app.say_locked(SaidLocked::LeaveNow).expect("a locked phone leaves");
    app.sign_in("493817").expect("it opens");
    assert!(app.status().unwrap().is_newer);
    assert!(app.visit(visit).unwrap().visit.ending.is_some());
    app.lock().unwrap();
    assert!(matches!(app.visit(visit), Err(AppError::SignInFirst)), "what was read is closed again");
    assert!(!app.status().unwrap().is_newer);
    app.sign_in("493817").unwrap();
    assert_eq!(app.sync().unwrap().waiting, 0);
    assert!(app.visit(visit).unwrap().visit.ending.is_some());
}

#[test]
fn a_file_that_is_too_new_to_be_read_is_left_as_it_is_and_what_waits_is_sent() {
    let scene = Scene::new();
    let app = scene.enrolled();
    let visit = app.start_visit(&"WO-261124-00009".parse().unwrap()).unwrap().visit.visit.visit;
    app.act(visit, Command::NoAnswer).unwrap();
    drop(app);
    by_a_newer_app(&scene, "ALTER TABLE record RENAME COLUMN state TO standing");
    let before = bytes(&scene.store());
    let app = scene.open().expect("an older app opens it");
    assert!(app.status().unwrap().is_newer);
    assert_eq!(app.sync().expect("it is sent").waiting, 0);
    assert_eq!(verify::counts(&scene.service).unwrap().0, 3);
    drop(app);
    assert_eq!(bytes(&scene.store()), before);
}

/// The system's clock, put forward by this many milliseconds.
#[derive(Default)]
struct PutForward(std::sync::atomic::AtomicI64);

impl Clock for PutForward {
    fn now(&self) -> Moment {
        let now = SystemClock.now();
        Moment { unix_ms: now.unix_ms + self.0.load(std::sync::atomic::Ordering::SeqCst), ..now }
    }
}

#[test]
fn something_urgent_that_stays_unsent_for_a_quarter_of_an_hour_is_to_be_phoned_in() {
    let scene = Scene::new();
    let clock = Arc::new(PutForward::default());
    drop(scene.enrolled());
    let environment = Environment { clock: Arc::clone(&clock) as Arc<dyn Clock>, ..scene.environment() };
    let app = App::open(&scene.store(), environment).unwrap();
    let minutes = |minutes: i64| clock.0.store(minutes * 60_000, std::sync::atomic::Ordering::SeqCst);
    let concern = |about| Concern { about, words: "gas".into(), noticed_at: clock.now().utc() };
    app.raise_concern(None, concern(About::Gift { accepted: false })).unwrap();
    minutes(60);
    assert!(app.status().unwrap().phone_it_in.is_none(), "a gift can wait");
    let gas = About::UnsafeCondition { hazard: Hazard::Gas, severity: Severity::Emergency };
    app.raise_concern(None, concern(gas)).unwrap();
    minutes(74);
    assert!(app.status().unwrap().phone_it_in.is_none());
    minutes(76);
    assert!(app.status().unwrap().phone_it_in.is_some());
    app.sync().unwrap();
    assert!(app.status().unwrap().phone_it_in.is_none(), "the council has it");
}

#[test]
fn nothing_that_was_typed_is_readable_in_the_files() {
    let scene = Scene::new();
    let app = scene.enrolled();
    let visit = app.start_visit(&"WO-261124-00009".parse().unwrap()).unwrap().visit.visit.visit;
    app.flag_safeguarding(Some(visit), "CANARY in the note").unwrap();
    app.act(
        visit,
        Command::RecordStep {
            step: Step::ShoeCovers,
            state: StepState::NotDone { reason: "CANARY in the reason".into() },
        },
    )
    .unwrap();
    for entry in fs::read_dir(scene.store()).unwrap().flatten() {
        let content = fs::read(entry.path()).unwrap();
        for canary in ["CANARY", "Иван", "Old Dairy", "SQLite format"] {
            let found = content.windows(canary.len()).any(|window| window == canary.as_bytes());
            assert!(!found, "{canary} is readable in {}", entry.path().display());
        }
    }
    let shown = format!("{:?}", app.visit(visit).unwrap());
    assert!(!shown.contains("CANARY in the note"), "the note can be read on the device");
}

#[test]
fn the_council_s_database_holds_no_note_in_the_clear() {
    let scene = Scene::new();
    let app = scene.enrolled();
    let visit = app.start_visit(&"WO-261124-00009".parse().unwrap()).unwrap().visit.visit.visit;
    app.flag_safeguarding(Some(visit), "CANARY in the note").unwrap();
    app.sync().unwrap();
    assert_eq!(safeguarding::notes(&scene.service, "lead-1"), ["CANARY in the note"], "a lead can read it");
    for entry in
        fs::read_dir(scene.folder.path().join("council")).unwrap().flatten().filter(|entry| entry.path().is_file())
    {
        let content = fs::read(entry.path()).unwrap();
        assert!(!content.windows(6).any(|window| window == b"CANARY"), "{}", entry.path().display());
    }
}

#[test]
fn one_batch_sent_by_fifty_connections_at_once_is_held_once() {
    let scene = Scene::new();
    drop(scene.enrolled());
    let tapped = Arc::new(Tapped::default());
    let environment = scene.environment_through(Arc::clone(&tapped) as Arc<dyn Council>);
    let app = App::open(&scene.store(), environment).unwrap();
    let visit = app.start_visit(&"WO-261124-00009".parse().unwrap()).unwrap().visit.visit.visit;
    app.act(visit, Command::NoAnswer).unwrap();
    assert!(app.sync().is_err(), "nobody answers on this line");
    let request = tapped.0.lock().unwrap().clone();
    let service = scene.service.clone();
    std::thread::scope(|scope| {
        for _ in 0..50 {
            scope.spawn(|| service.ask(Exchange::Send { note: 0 }, &request).expect("each of them is answered"));
        }
    });
    assert_eq!(verify::counts(&scene.service).unwrap(), (3, 0), "the signature was there before");
    drop(app);
    assert_eq!(scene.open().unwrap().sync().unwrap().received, 2, "the phone gets its receipts");
}
