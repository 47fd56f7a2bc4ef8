//! A phone that a PIN keeps: what it still does while it is locked, what it shows, and a new code
//! for whoever has forgotten the PIN.

use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use chrono::TimeDelta;
use doorstep_core::keys::KeyStore;
use doorstep_core::{App, AppError, Clock, Environment, Moment, PinRefused, SaidLocked, SignIn, SystemClock};
use doorstep_council::desk::{self, Actor};
use doorstep_council::records::verify;
use doorstep_domain::VisitId;
use doorstep_domain::conduct::{About, Command, Concern, Hazard, LoneWorking, Severity, Step, StepState};
use doorstep_tests::safeguarding;

use crate::scene::Scene;

const PIN: &str = "493817";

fn window(scene: &Scene) -> Environment {
    Environment { sign_in: SignIn::WithPin, ..scene.environment() }
}

fn open(scene: &Scene) -> App {
    App::open(&scene.store(), window(scene)).expect("it opens")
}

/// A phone with a PIN, in a visit of somebody who works alone. Four records wait.
fn in_a_visit(scene: &Scene) -> (App, VisitId) {
    drop(scene.enrolled());
    let app = open(scene);
    app.set_pin(PIN).unwrap();
    let visit = app.start_visit(&"WO-261124-00009".parse().unwrap()).unwrap().visit.visit.visit;
    let expected_end = SystemClock.now().utc() + TimeDelta::minutes(30);
    app.act(visit, Command::WorkAlone(LoneWorking { device_on: true, expected_end })).unwrap();
    app.act(visit, Command::RecordStep { step: Step::IdShown, state: StepState::Done }).unwrap();
    (app, visit)
}

fn gas() -> Concern {
    let about = About::UnsafeCondition { hazard: Hazard::Gas, severity: Severity::Emergency };
    Concern { about, words: "a smell on the stairs".into(), noticed_at: SystemClock.now().utc() }
}

#[test]
fn without_the_pin_no_key_on_the_phone_opens_the_database() {
    let scene = Scene::new();
    let (app, visit) = in_a_visit(&scene);
    assert!(scene.keys.get("database-key").unwrap().is_none(), "there is no other copy of the key");
    drop(app);
    let app = open(&scene);
    for (what, refused) in [
        ("today", app.today().map(drop)),
        ("a visit", app.visit(visit).map(drop)),
        ("past visits", app.visits().map(drop)),
        ("what waits", app.outbox().map(drop)),
        ("half-typed texts", app.drafts().map(drop)),
        ("the Code that was signed", app.act(visit, Command::NoAnswer).map(drop)),
    ] {
        assert!(matches!(refused, Err(AppError::SignInFirst)), "{what}: {refused:?}");
    }
    assert!(matches!(app.sign_in("000000"), Err(AppError::Pin(PinRefused::Wrong))));
    assert!(app.visit(visit).is_err());
    app.sign_in(PIN).unwrap();
    assert!(app.visit(visit).unwrap().visit.steps.contains_key(&Step::IdShown));
    assert!(app.verify().unwrap().is_ok());
}

#[test]
fn a_locked_phone_sends_leaves_says_safe_and_takes_a_concern() {
    let scene = Scene::new();
    let (app, visit) = in_a_visit(&scene);
    app.lock().unwrap();
    let status = app.status().unwrap();
    assert!(!status.signed_in);
    assert_eq!((status.unsent, status.under_way), (3, Some(visit)));
    assert!(status.remind_at.is_some(), "the reminder goes on");
    app.say_locked(SaidLocked::LeaveNow).unwrap();
    assert!(matches!(app.say_locked(SaidLocked::LeaveNow), Err(AppError::NothingUnderWay)));
    app.raise_concern_locked(gas()).unwrap();
    app.flag_safeguarding_locked("CANARY in the note").unwrap();
    assert!(app.status().unwrap().unsent >= 6);
    // The battery dies, and nobody enters the PIN.
    drop(app);
    let app = open(&scene);
    app.say_locked(SaidLocked::Safe).unwrap();
    assert_eq!(app.status().unwrap().remind_at, None);
    assert_eq!(app.sync().unwrap().waiting, 0);
    let (held, set_aside) = verify::counts(&scene.service).unwrap();
    assert_eq!((held, set_aside), (7, 0), "the signature, three of the visit, leaving, the gas, and being safe");
    assert_eq!(safeguarding::notes(&scene.service, "lead-1"), ["CANARY in the note"]);

    app.sign_in(PIN).unwrap();
    let visit = app.visit(visit).unwrap().visit;
    assert!(visit.ending.is_some() && visit.before.safe_at.is_some() && visit.steps.contains_key(&Step::IdShown));
    assert!(app.verify().unwrap().is_ok());
    assert_eq!(app.status().unwrap().unsent, 0, "what was sent while it was locked is not sent again");
    assert_eq!(app.sync().unwrap().received, 0);
    assert!(!app.appointments().unwrap().is_empty());
}

#[test]
fn what_comes_from_the_council_while_it_is_locked_is_there_when_it_is_unlocked() {
    let scene = Scene::new();
    let (app, _) = in_a_visit(&scene);
    let before = app.appointments().unwrap().len();
    app.lock().unwrap();
    let table = fs::read(doorstep_tests::harness::sample("appointments-2026-11-24.csv")).unwrap();
    let table = String::from_utf8(table).unwrap();
    let header = table.lines().next().unwrap();
    let mine = table.lines().find(|line| line.contains("WO-261124-00009")).unwrap();
    let another = format!("{header}\n{}\n", mine.replace("WO-261124-00009", "WO-261124-77777"));
    let mode = doorstep_council::import::ImportMode::AllOrNothing;
    doorstep_council::import::appointments(&scene.service, &Actor::command_line(), another.as_bytes(), mode).unwrap();
    app.sync().unwrap();
    app.sync().unwrap();
    app.sign_in(PIN).unwrap();
    app.sync().unwrap();
    assert_eq!(app.appointments().unwrap().len(), before + 1);
}

#[test]
fn a_locked_phone_whose_journal_is_damaged_asks_for_the_pin_and_not_for_a_code() {
    let scene = Scene::new();
    drop(in_a_visit(&scene));
    let journal = scene.store().join("doorstep.journal");
    let mut bytes = fs::read(&journal).unwrap();
    bytes.iter_mut().skip(40).for_each(|byte| *byte ^= 0x5a);
    fs::write(&journal, bytes).unwrap();
    let app = open(&scene);
    assert!(matches!(app.sync(), Err(AppError::SignInFirst)));
    assert!(matches!(app.raise_concern_locked(gas()), Err(AppError::SignInFirst)));
    app.sign_in(PIN).expect("the database has everything");
    assert_eq!(app.sync().unwrap().waiting, 0);
    assert_eq!(verify::counts(&scene.service).unwrap(), (4, 0));
}

#[test]
fn a_locked_sync_over_a_journal_that_could_not_be_written_anew_hides_no_appointment() {
    let scene = Scene::new();
    let (app, _) = in_a_visit(&scene);
    let before = app.appointments().unwrap().len();
    drop(app);
    let database = fs::File::options().write(true).open(scene.store().join("doorstep.db")).unwrap();
    database.set_len(database.metadata().unwrap().len() / 2).unwrap();
    let app = open(&scene);
    scene.disk.fail_the_journal();
    app.sign_in(PIN).expect("what waited came from the journal");
    app.lock().unwrap();
    app.sync().unwrap();
    app.sign_in(PIN).unwrap();
    app.sync().unwrap();
    assert_eq!(app.appointments().unwrap().len(), before, "all that the damaged database had is given again");
}

#[test]
fn killed_while_locked_between_any_two_writes_what_was_said_is_there_or_was_refused() {
    let scene = Scene::new();
    let (app, _) = in_a_visit(&scene);
    app.sync().unwrap();
    drop(app);
    let mut said = 0;
    for writes in 0..40 {
        let app = open(&scene);
        scene.disk.fail_after(writes);
        let concern = app.raise_concern_locked(gas());
        said += u64::from(concern.is_ok());
        if scene.disk.mend() {
            assert!(concern.is_ok(), "{concern:?}");
        }
        drop(app);
        let app = open(&scene);
        assert_eq!(app.status().unwrap().unsent, said, "after {writes} writes");
        if writes % 2 == 0 {
            scene.disk.fail_after(writes);
            let unlocked = app.sign_in(PIN);
            scene.disk.mend();
            drop(app);
            let app = open(&scene);
            app.sign_in(PIN).unwrap_or_else(|error| panic!("{writes} writes, {unlocked:?}: {error}"));
            assert_eq!(app.status().unwrap().unsent, said, "unlocked after {writes} writes");
            assert!(app.verify().unwrap().is_ok());
        }
    }
    let app = open(&scene);
    assert_eq!(app.sync().unwrap().waiting, 0);
    assert!(said > 10);
    assert_eq!(verify::counts(&scene.service).unwrap(), (4 + said, 0));
}

#[test]
fn the_pin_of_an_earlier_app_seals_the_key_at_the_first_unlocking() {
    let scene = Scene::new();
    drop(scene.enrolled());
    let key = scene.keys.get("database-key").unwrap().unwrap();
    let hex: String = key.expose().iter().map(|byte| format!("{byte:02x}")).collect();
    let database = rusqlite::Connection::open(scene.store().join("doorstep.db")).unwrap();
    database.pragma_update(None, "key", format!("x'{hex}'")).unwrap();
    // As version 0.1 of the app kept it: argon2id, with the PIN 493817.
    use argon2::PasswordHasher;
    let hash = argon2::Argon2::default().hash_password_with_salt(PIN.as_bytes(), &[3; 16]).unwrap().to_string();
    let pin = serde_json::json!({ "hash": hash, "wrong_tries": 0, "last_wrong": null });
    database.execute("INSERT INTO setting (name, value) VALUES ('pin', ?1)", [pin.to_string()]).unwrap();
    drop(database);

    let app = open(&scene);
    assert!(app.status().unwrap().pin_set && app.today().is_err());
    assert!(app.sign_in("000000").is_err());
    assert!(scene.keys.get("database-key").unwrap().is_some(), "a wrong PIN changes nothing");
    app.sign_in(PIN).unwrap();
    assert!(scene.keys.get("database-key").unwrap().is_none());
    drop(app);
    let app = open(&scene);
    assert!(app.today().is_err());
    app.sign_in(PIN).unwrap();
    assert!(!app.appointments().unwrap().is_empty());
}

/// A clock that the test puts forward: milliseconds, and the start of the phone.
#[derive(Default)]
struct Forward(AtomicU64, AtomicU64);

impl Clock for Forward {
    fn now(&self) -> Moment {
        let now = SystemClock.now();
        let forward = self.0.load(Ordering::SeqCst);
        Moment { monotonic_ms: now.monotonic_ms + forward, boot: self.1.load(Ordering::SeqCst), ..now }
    }
}

#[test]
fn a_phone_that_nobody_touches_locks_by_itself_after_the_council_s_minutes() {
    let scene = Scene::new();
    drop(scene.enrolled());
    let clock = Arc::new(Forward::default());
    let environment = Environment { clock: Arc::clone(&clock) as Arc<dyn Clock>, ..window(&scene) };
    let app = App::open(&scene.store(), environment).unwrap();
    assert!(!app.lock_if_unused(false).unwrap());
    clock.0.store(10 * 60_000, Ordering::SeqCst);
    assert!(!app.lock_if_unused(false).unwrap(), "without a PIN there is nothing to lock it with");
    app.set_pin(PIN).unwrap();
    app.used();
    let minutes = |minutes: f64| clock.0.store(10 * 60_000 + (minutes * 60_000.0) as u64, Ordering::SeqCst);
    minutes(1.9);
    assert!(!app.lock_if_unused(false).unwrap());
    app.used();
    minutes(3.8);
    assert!(!app.lock_if_unused(false).unwrap(), "a touch begins the minutes anew");
    minutes(6.0);
    assert!(!app.lock_if_unused(true).unwrap(), "somebody takes a photo");
    minutes(7.0);
    assert!(app.lock_if_unused(true).unwrap(), "but not for ever");
    assert!(app.today().is_err());
    app.sign_in(PIN).unwrap();
    assert!(app.today().is_ok());
}

#[test]
fn whoever_forgot_the_pin_goes_on_with_a_new_code_and_nothing_that_waited_is_lost() {
    let scene = Scene::new();
    let (app, visit) = in_a_visit(&scene);
    app.lock().unwrap();
    let code = |user: &str| desk::phones::offer(&scene.service, &Actor::command_line(), user, None).unwrap().code;
    let before = app.status().unwrap();
    assert!(app.enrol("here", "0000-0000", "test").is_err());
    let wrong = code("melton-2").replace(['1', '2', '3'], "9");
    let _refused = app.enrol("here", &wrong, "test").unwrap_err();
    assert_eq!(app.status().unwrap().unsent, before.unsent, "a code that is not accepted changes nothing");

    app.enrol("here", &code("melton-2"), "test").unwrap();
    let status = app.status().unwrap();
    assert!(!status.pin_set && status.signed_in);
    assert_eq!((status.unsent, status.left_by_others), (0, 3));
    assert!(app.visits().unwrap().is_empty() && app.visit(visit).is_err(), "the former store shows nothing");
    app.set_pin("271828").unwrap();
    drop(app);
    let app = open(&scene);
    assert!(app.sign_in(PIN).is_err(), "the old PIN is over");
    assert_eq!(app.status().unwrap().left_by_others, 3);
    app.sync().unwrap();
    assert_eq!(app.status().unwrap().left_by_others, 0);
    assert_eq!(verify::counts(&scene.service).unwrap(), (4, 0), "each once, and none set aside");
    app.say_locked(SaidLocked::Safe).expect("the alarm of the former enrolment can be ended");
    app.sync().unwrap();
    app.sign_in("271828").unwrap();
    app.sync().unwrap();
    assert!(!app.appointments().unwrap().is_empty());
    assert!(app.verify().unwrap().is_ok());
}

#[test]
fn another_person_s_code_shows_them_nothing_of_the_first_and_each_record_keeps_its_person() {
    let scene = Scene::new();
    let (app, _) = in_a_visit(&scene);
    let code = desk::phones::offer(&scene.service, &Actor::command_line(), "melton-1", None).unwrap().code;
    app.enrol("here", &code, "test").unwrap();
    assert!(app.visits().unwrap().is_empty() && app.drafts().unwrap().is_empty());
    app.sync().unwrap();
    assert_eq!(app.status().unwrap().left_by_others, 0);
    assert_eq!(verify::counts(&scene.service).unwrap(), (4, 0));
    let database = rusqlite::Connection::open(scene.folder.path().join("council/council.db")).unwrap();
    let mut people = database.prepare("SELECT DISTINCT user_name FROM visit JOIN person USING (user_id)").unwrap();
    let people: Vec<String> = people.query_map([], |row| row.get(0)).unwrap().collect::<Result<_, _>>().unwrap();
    assert_eq!(people, ["melton-2"]);
}

#[test]
fn a_store_whose_key_is_lost_stays_as_it_is_beside_a_new_one() {
    let scene = Scene::new();
    drop(in_a_visit(&scene));
    let before = fs::read(scene.store().join("doorstep.db")).unwrap();
    scene.keys.wipe();
    assert!(App::open(&scene.store(), window(&scene)).is_err());
    let code = desk::phones::offer(&scene.service, &Actor::command_line(), "melton-2", None).unwrap().code;
    let app = App::enrol_beside(&scene.store(), window(&scene), "here", &code, "test").unwrap();
    app.set_pin(PIN).unwrap();
    app.sync().unwrap();
    assert!(!app.appointments().unwrap().is_empty());
    drop(app);
    let app = open(&scene);
    app.sign_in(PIN).unwrap();
    assert_eq!(fs::read(scene.store().join("doorstep.db")).unwrap(), before, "support can look at it");
}
