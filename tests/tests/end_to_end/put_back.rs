//! What phones bring back to a council that was put back from an older copy, after trouble of their
//! own, and when they ask what it still holds.

use std::fs::{self, File};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use doorstep_core::{App, AppError};
use doorstep_council::desk::{self, Actor};
use doorstep_council::import::{self, ImportMode};
use doorstep_council::records::backup::{self, BackupKey};
use doorstep_council::records::subject_access::{self, Subject};
use doorstep_council::records::{restore, verify};
use doorstep_council::{DatabaseAt, PhotosAt, Service};
use doorstep_domain::VisitId;
use doorstep_domain::conduct::{Command, PhotoPurpose, Step, StepState};
use doorstep_domain::ledger::Hash;
use doorstep_domain::protocol::{Council, NoAnswer};
use doorstep_domain::v2::Exchange;
use doorstep_tests::harness::{copy, sample};
use doorstep_tests::sample::photo;

use crate::scene::{Cut, Scene};

/// Whichever council is there now, as far as it answers in each version.
struct Line {
    council: Mutex<Service>,
    first_version: AtomicBool,
    second_version: AtomicBool,
    /// How many requests are answered until the signal is gone.
    answers_left: AtomicUsize,
    /// What happens on the phone after the next request, before the answer is there.
    before_the_answer: Mutex<Option<Box<dyn FnOnce() + Send>>>,
}

impl Line {
    fn to(scene: &Scene) -> Arc<Self> {
        let [first_version, second_version] = [true, true].map(AtomicBool::new);
        let council = Mutex::new(scene.service.clone());
        let answers_left = AtomicUsize::new(usize::MAX);
        Arc::new(Self { council, first_version, second_version, answers_left, before_the_answer: Mutex::default() })
    }

    fn open(self: &Arc<Self>, scene: &Scene) -> App {
        let line = Arc::clone(self) as Arc<dyn Council>;
        App::open(&scene.store(), scene.environment_through(line)).expect("it opens")
    }

    fn now(&self, answers: &AtomicBool) -> Result<Service, NoAnswer> {
        let has_signal =
            || self.answers_left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1));
        match answers.load(Ordering::SeqCst) && has_signal().is_ok() {
            true => {
                if let Some(happens) = self.before_the_answer.lock().unwrap().take() {
                    happens();
                }
                Ok(self.council.lock().unwrap().clone())
            }
            false => Err(NoAnswer::NotTheCouncil),
        }
    }
}

impl Council for Line {
    fn enrol(&self, request: &[u8]) -> Result<Vec<u8>, NoAnswer> {
        self.now(&self.first_version)?.enrol(request)
    }

    fn sync(&self, request: &[u8]) -> Result<Vec<u8>, NoAnswer> {
        self.now(&self.first_version)?.sync(request)
    }

    fn put_blob(&self, sha256: Hash, request: &[u8]) -> Result<Vec<u8>, NoAnswer> {
        self.now(&self.first_version)?.put_blob(sha256, request)
    }

    fn ask(&self, exchange: Exchange, request: &[u8]) -> Result<Vec<u8>, NoAnswer> {
        self.now(&self.second_version)?.ask(exchange, request)
    }
}

/// A backup of the council as it was.
struct Backup {
    key: BackupKey,
    file: std::path::PathBuf,
}

impl Backup {
    fn of(scene: &Scene) -> Self {
        let (key, file) = (BackupKey::new(), scene.folder.path().join("old"));
        let by = Actor::command_line();
        backup::back_up(&scene.service, &by, &key.recipient, &mut File::create(&file).unwrap()).unwrap();
        Self { key, file }
    }

    /// Another council, as it was then.
    fn restored(&self, scene: &Scene) -> Service {
        let folder = scene.folder.path().join("restored");
        let (database, photos) = (DatabaseAt::InTheDataFolder, PhotosAt::InTheDataFolder);
        let file = File::open(&self.file).unwrap();
        let restored = restore::restore(&folder, &database, &photos, scene.of_the_council(), &self.key.identity, file);
        restored.unwrap().0
    }
}

/// An enrolled phone, the line that it has, and a backup of its council as it was then.
fn with_a_backup() -> (Scene, Arc<Line>, App, Backup) {
    let scene = Scene::new();
    let line = Line::to(&scene);
    let app = line.open(&scene);
    scene.enrol(&app);
    let backup = Backup::of(&scene);
    (scene, line, app, backup)
}

fn no_answer(app: &App) -> VisitId {
    let visit = app.start_visit(&"WO-261124-00009".parse().unwrap()).unwrap().visit.visit.visit;
    app.act(visit, Command::NoAnswer).unwrap();
    visit
}

fn lost_database(scene: &Scene) {
    for file in ["doorstep.db", "doorstep.db-wal", "doorstep.db-shm"] {
        let _there_may_be_none = fs::remove_file(scene.store().join(file));
    }
}

#[test]
fn a_phone_that_is_put_back_from_a_copy_sends_nothing_again_that_was_received_by_then() {
    let scene = Scene::new();
    let app = scene.enrolled();
    let visit = app.start_visit(&"WO-261124-00009".parse().unwrap()).unwrap().visit.visit.visit;
    assert_eq!(app.sync().unwrap().waiting, 0);
    drop(app);
    let before = tempfile::tempdir().unwrap();
    copy(scene.folder.path(), before.path());
    let app = scene.open().unwrap();
    app.act(visit, Command::RecordStep { step: Step::IdShown, state: StepState::Done }).unwrap();
    assert_eq!(app.sync().unwrap().waiting, 0);
    drop(app);
    fs::remove_dir_all(scene.folder.path()).unwrap();
    copy(before.path(), scene.folder.path());
    let app = scene.open().unwrap();
    app.act(visit, Command::NoAnswer).unwrap();
    assert_eq!(app.sync().unwrap().waiting, 0);
    assert_eq!(
        verify::counts(&scene.service).unwrap(),
        (4, 0),
        "the signature under the Code, the start, the step that the phone has lost, and the end"
    );
    let held = verify::listed_visit(&scene.service, visit).unwrap().unwrap();
    assert_eq!(held.timeline.len(), 3);
}

#[test]
fn a_former_enrolment_that_is_killed_while_it_asks_about_version_1_asks_again() {
    let scene = Scene::new();
    let line = Line::to(&scene);
    line.second_version.store(false, Ordering::SeqCst);
    let app = line.open(&scene);
    scene.enrol(&app);
    let backup = Backup::of(&scene);
    let visit = no_answer(&app);
    assert_eq!(app.sync().unwrap().waiting, 0);
    line.second_version.store(true, Ordering::SeqCst);
    scene.enrol(&app);
    // The former enrolment goes on in version 2, with the certificate that it is given.
    scene.hours_pass(25);
    app.sync().unwrap();

    let restored = backup.restored(&scene);
    *line.council.lock().unwrap() = restored.clone();
    // It learns of the restore, is not answered in version 1, and dies.
    line.first_version.store(false, Ordering::SeqCst);
    scene.hours_pass(25);
    app.sync().unwrap();
    drop(app);
    line.first_version.store(true, Ordering::SeqCst);
    let app = line.open(&scene);
    for _ in 0..3 {
        scene.hours_pass(25);
        app.sync().unwrap();
    }
    let held = verify::listed_visit(&restored, visit).unwrap().expect("it came again");
    assert_eq!(held.timeline.len(), 2);
}

/// The daily question goes in several requests. What was answered days ago is not what holds today.
#[test]
fn a_question_that_was_broken_off_days_ago_is_asked_again_from_its_beginning() {
    let scene = Scene::new();
    let line = Line::to(&scene);
    let app = line.open(&scene);
    scene.enrol(&app);
    let visit = no_answer(&app);
    for _ in 0..2 {
        app.sync().unwrap();
    }
    scene.hours_pass(25);
    app.sync().unwrap();
    // The first request of the question is answered, and then the signal is gone.
    line.answers_left.store(1, Ordering::SeqCst);
    let _broken_off = app.sync();
    let home = Subject::Home { uprn: "042307689879".into(), from: None, to: None };
    subject_access::erase(&scene.service, &Actor::command_line(), &home, "Asked for").unwrap();
    assert!(verify::listed_visit(&scene.service, visit).unwrap().is_none());
    scene.hours_pass(72);
    line.answers_left.store(usize::MAX, Ordering::SeqCst);
    for _ in 0..3 {
        app.sync().unwrap();
    }
    assert!(app.visit(visit).is_err(), "it knows what was erased");
}

/// Gives one of the sample homes to a colleague.
fn given_away(council: &Service, reference: &str) {
    let table = fs::read_to_string(sample("appointments-2026-11-24.csv")).unwrap();
    let row = table.lines().find(|line| line.starts_with(reference)).unwrap().replace("melton-2", "melton-1");
    let table = format!("{}\n{row}\n", table.lines().next().unwrap());
    let by = Actor::command_line();
    let imported = import::appointments(council, &by, table.as_bytes(), ImportMode::AllOrNothing).unwrap();
    assert!(imported.faults.is_empty());
}

/// A phone that can't reckon the council's time is given its homes with the second answer.
#[test]
fn a_phone_that_learns_of_a_restore_before_it_is_given_homes_is_given_all_of_them_anew() {
    let (scene, line, app, backup) = with_a_backup();
    let has = |reference: &str| {
        let homes = app.appointments().unwrap();
        homes.iter().any(|view| view.appointment.reference.to_string() == reference)
    };
    given_away(&scene.service, "WO-261124-00009");
    app.sync().unwrap();
    assert!(!has("WO-261124-00009") && has("WO-261124-00015"));

    let restored = backup.restored(&scene);
    // In its numbering, this is as new as what the phone has seen.
    given_away(&restored, "WO-261124-00015");
    *line.council.lock().unwrap() = restored;
    scene.clock_is_set(1);
    for _ in 0..3 {
        app.sync().unwrap();
    }
    assert!(has("WO-261124-00009") && !has("WO-261124-00015"));
}

/// What a restored council lacks waits again, beside a receipt that the journal may have lost.
#[test]
fn whichever_piece_of_the_journal_is_lost_after_a_restore_the_phone_opens_and_sends() {
    let (scene, line, app, backup) = with_a_backup();
    let visit = no_answer(&app);
    app.sync().unwrap();
    let restored = backup.restored(&scene);
    *line.council.lock().unwrap() = restored.clone();
    // It learns of the restore, then of what is lost, and then the signal is gone.
    for _ in 0..6 {
        line.answers_left.store(1, Ordering::SeqCst);
        let _broken_off = app.sync();
        if app.status().unwrap().unsent > 0 {
            break;
        }
    }
    assert!(app.status().unwrap().unsent > 0, "it has something to send again");
    line.answers_left.store(usize::MAX, Ordering::SeqCst);
    for (at, cut) in Cut::without_each_piece(&scene).iter().enumerate() {
        let app = cut.open_through(Arc::clone(&line) as Arc<dyn Council>);
        let app = app.unwrap_or_else(|error| panic!("without piece {at}: {error:?}"));
        let synced = app.sync();
        assert!(matches!(synced, Ok(_) | Err(AppError::NotEnrolled)), "without piece {at}: {synced:?}");
    }
    assert_eq!(verify::listed_visit(&restored, visit).unwrap().expect("it came again").timeline.len(), 2);
}

#[test]
fn a_council_that_lost_its_seals_is_given_those_of_an_earlier_chain_of_seals_too() {
    let scene = Scene::new();
    let app = scene.enrolled();
    no_answer(&app);
    app.sync().unwrap();
    app.sync().unwrap();
    drop(app);
    // Without its database, it goes on in another chain of seals.
    lost_database(&scene);
    let app = scene.open().unwrap();
    app.sync().unwrap();
    app.sync().unwrap();
    assert_eq!(verify::check(&scene.service).unwrap().unsealed, 0);
    let database = rusqlite::Connection::open(scene.folder.path().join("council/council.db")).unwrap();
    database.execute_batch("DELETE FROM device_seal").unwrap();
    assert!(verify::check(&scene.service).unwrap().unsealed > 0);
    desk::council::put_back(&scene.service, &Actor::command_line()).unwrap();
    for _ in 0..3 {
        app.sync().unwrap();
    }
    assert_eq!(verify::check(&scene.service).unwrap().unsealed, 0);
}

#[test]
fn a_file_that_is_mended_while_the_council_answers_is_given_everything_again() {
    let scene = Scene::new();
    for first_version in [true, false] {
        let line = Line::to(&scene);
        line.second_version.store(!first_version, Ordering::SeqCst);
        let app = Arc::new(line.open(&scene));
        scene.enrol(&app);
        let given = app.appointments().unwrap().len();
        assert!(given > 0);
        let (store, looks) = (current_store(&scene), Arc::clone(&app));
        *line.before_the_answer.lock().unwrap() = Some(Box::new(move || {
            let database = File::options().write(true).open(store.join("doorstep.db")).unwrap();
            database.set_len(database.metadata().unwrap().len() / 2).unwrap();
            looks.look_over().expect("it is mended");
        }));
        app.sync().unwrap();
        app.sync().unwrap();
        assert!(app.status().unwrap().salvaged.is_some(), "it was mended");
        assert_eq!(app.appointments().unwrap().len(), given, "in version 1: {first_version}");
    }
}

/// The folder of the store that the phone uses now.
fn current_store(scene: &Scene) -> std::path::PathBuf {
    match fs::read_to_string(scene.store().join("doorstep.current")) {
        Ok(name) => scene.store().join("stores").join(name),
        Err(_) => scene.store(),
    }
}

#[test]
fn a_picture_that_the_council_has_outlives_a_torn_journal_and_then_a_lost_database() {
    let scene = Scene::new();
    let app = scene.enrolled();
    let visit = no_answer(&app);
    app.add_photo(visit, PhotoPurpose::Damage, &photo(600)).unwrap();
    let sha256 = app.visit(visit).unwrap().visit.photos[0].photo.sha256;
    assert_eq!(app.sync_with_photos().unwrap().photos, 1);
    drop(app);
    let journal = scene.store().join("doorstep.journal");
    let mut bytes = fs::read(&journal).unwrap();
    let last = bytes.len() - 5;
    bytes[last] ^= 1;
    fs::write(&journal, bytes).unwrap();
    drop(scene.open().expect("the journal is written anew"));
    lost_database(&scene);
    let app = scene.open().expect("what the journal has comes back");
    assert!(app.photo(sha256).is_ok(), "a council that lost it can have it");
}
