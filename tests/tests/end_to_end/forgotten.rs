//! What leaves a phone, and when: what the council has in a backup that restores, and what it has
//! erased. And what was erased, which never comes back.

use std::fs::File;
use std::sync::{Arc, Mutex};

use doorstep_core::{App, AppError};
use doorstep_council::desk::Actor;
use doorstep_council::records::backup::{self, BackupKey};
use doorstep_council::records::subject_access::{self, Subject};
use doorstep_council::records::{restore, verify};
use doorstep_council::{DatabaseAt, PhotosAt, Service};
use doorstep_domain::VisitId;
use doorstep_domain::conduct::{About, Command, Concern, Event};
use doorstep_domain::ledger::{Body, Hash, encode_body};
use doorstep_domain::protocol::{Council, NoAnswer};
use doorstep_domain::v2::{Exchange, HeadClass, ReceiptVerdict};
use doorstep_tests::desk::ConsoleClient;
use doorstep_tests::harness::TestCouncil;
use serde_json::{Value, json};

use crate::boundary::on_both_databases;
use crate::personal_data::close_every_case;
use crate::scene::{Scene, Tapped};
use crate::version_2::{checked, with_its_day};

const HOME: &str = "042307689879";
const APPOINTMENT: &str = "WO-261124-00009";
/// A word that is in nothing else.
const CANARY: &str = "chrysanthemum";

const DAY: i64 = 24;

fn complaint() -> Event {
    let noticed_at = chrono::Utc::now();
    Event::ConcernRaised(Concern {
        about: About::Complaint { put_right: None, told_of_process: true },
        words: CANARY.into(),
        noticed_at,
    })
}

/// A phone with one whole visit, with a photo, that the council has received.
fn with_a_visit(scene: &Scene, app: &App) -> VisitId {
    let visit = app.start_visit(&APPOINTMENT.parse().unwrap()).unwrap().visit.visit.visit;
    app.act(visit, Command::NoAnswer).unwrap();
    let file = doorstep_tests::sample::photo(600);
    app.add_photo(visit, doorstep_domain::conduct::PhotoPurpose::Damage, &file).unwrap();
    comes_home(app);
    assert_eq!(verify::check(&scene.service).unwrap().photos, 1);
    visit
}

/// The phone reaches the council, until there is nothing more to say.
fn comes_home(app: &App) {
    for _ in 0..3 {
        let report = app.sync_with_photos().unwrap();
        assert_eq!((report.waiting, report.photos_waiting), (0, 0));
    }
}

fn is_here(app: &App, visit: VisitId) -> bool {
    let listed = app.visits().unwrap().iter().any(|listed| listed.visit == visit);
    let is_shown = app.visit(visit).is_ok_and(|shown| shown.visit.ending.is_some());
    let journal = app.verify().unwrap();
    assert!(journal.is_ok(), "{journal:?}");
    assert_eq!(listed, is_shown);
    listed
}

/// Makes a backup, and gives its name.
fn backed_up(service: &Service, key: &BackupKey, to: &std::path::Path) -> String {
    let mut file = File::create(to).unwrap();
    backup::back_up(service, &Actor::command_line(), &key.recipient, &mut file).unwrap().id
}

fn drilled(scene: &Scene, service: &Service, key: &BackupKey, name: &str) {
    let to = scene.folder.path().join(name);
    let id = backed_up(service, key, &to);
    let scratch = scene.folder.path().join("scratch");
    let at = DatabaseAt::InTheDataFolder;
    let found =
        restore::check_backup(&scratch, &at, scene.of_the_council(), &key.identity, File::open(&to).unwrap()).unwrap();
    assert_eq!((found.held.id.as_str(), found.checked.faults.len()), (id.as_str(), 0), "{:?}", found.checked.faults);
    backup::note_verified(service, &Actor::command_line(), &id).unwrap();
}

#[test]
fn a_visit_leaves_the_phone_once_a_backup_that_restores_has_it_and_three_days_have_passed() {
    let scene = Scene::new();
    let app = scene.enrolled();
    let visit = with_a_visit(&scene, &app);
    let key = BackupKey::new();
    scene.hours_pass(1);
    let unproven = scene.folder.path().join("unproven");
    backed_up(&scene.service, &key, &unproven);
    scene.hours_pass(4 * DAY);
    comes_home(&app);
    assert!(is_here(&app, visit), "a backup that nobody has restored is none");

    drilled(&scene, &scene.service, &key, "proven");
    scene.hours_pass(DAY + 1);
    comes_home(&app);
    assert!(!is_here(&app, visit));
    let today = app.today().unwrap();
    assert!(!format!("{today:?}").contains(APPOINTMENT), "nor does it stand there as still to do");
    assert_eq!(app.status().unwrap().unsent, 0);
    assert_eq!(verify::check(&scene.service).unwrap().content_holds, 4, "the council holds all of it");

    // Neither a new start of the app nor all that the council gives brings it back.
    drop(app);
    scene.service.begin_epoch().unwrap();
    let app = scene.open().unwrap();
    comes_home(&app);
    assert!(!is_here(&app, visit) && !format!("{:?}", app.today().unwrap()).contains(APPOINTMENT));
    assert_eq!(verify::check(&scene.service).unwrap().faults, Vec::<String>::new());
}

#[test]
fn a_visit_that_was_received_today_stays_and_so_does_one_that_waits() {
    let scene = Scene::new();
    let app = scene.enrolled();
    let visit = with_a_visit(&scene, &app);
    let waiting = app.start_visit(&"WO-261124-00015".parse().unwrap()).unwrap().visit.visit.visit;
    app.act(waiting, Command::NoAnswer).unwrap();
    scene.hours_pass(1);
    drilled(&scene, &scene.service, &BackupKey::new(), "proven");
    comes_home(&app);
    assert!(is_here(&app, visit) && is_here(&app, waiting), "three days have not passed");
    // Nothing arrives, for a year.
    app.act(visit, Command::LeaveCard { left: true }).unwrap();
    scene.clock_is_set(365 * DAY);
    assert!(is_here(&app, visit));
    let gone: Arc<dyn Council> = Arc::new(Tapped::default());
    drop(app);
    let app = App::open(&scene.store(), scene.environment_through(gone)).unwrap();
    assert!(matches!(app.sync(), Err(AppError::NoAnswer(_))));
    assert!(is_here(&app, visit), "without its receipt nothing leaves");
}

#[test]
fn without_a_backup_a_visit_leaves_after_thirty_days_and_the_council_is_told() {
    let scene = Scene::new();
    let app = scene.enrolled();
    let visit = with_a_visit(&scene, &app);
    scene.hours_pass(29 * DAY);
    comes_home(&app);
    assert!(is_here(&app, visit));
    scene.hours_pass(2 * DAY);
    comes_home(&app);
    assert!(!is_here(&app, visit));
    let found = doorstep_council::desk::audit::list(
        &scene.service,
        &Actor::command_line(),
        serde_json::from_value(json!({})).unwrap(),
    );
    let lines = serde_json::to_value(found.unwrap()).unwrap();
    let told: Vec<&Value> =
        lines["lines"].as_array().unwrap().iter().filter(|line| line["action"] == "phone_forgot").collect();
    assert_eq!(told.len(), 1, "{told:?}");
}

/// Whichever council is there now.
struct Either(Mutex<Service>);

impl Either {
    fn now(&self) -> Service {
        self.0.lock().unwrap().clone()
    }
}

impl Council for Either {
    fn enrol(&self, request: &[u8]) -> Result<Vec<u8>, NoAnswer> {
        self.now().enrol(request)
    }

    fn sync(&self, request: &[u8]) -> Result<Vec<u8>, NoAnswer> {
        self.now().sync(request)
    }

    fn put_blob(&self, sha256: Hash, request: &[u8]) -> Result<Vec<u8>, NoAnswer> {
        self.now().put_blob(sha256, request)
    }

    fn ask(&self, exchange: Exchange, request: &[u8]) -> Result<Vec<u8>, NoAnswer> {
        self.now().ask(exchange, request)
    }
}

#[test]
fn after_a_restore_nothing_leaves_before_a_backup_has_what_came_again() {
    let scene = Scene::new();
    let key = BackupKey::new();
    drop(scene.enrolled());
    let old = scene.folder.path().join("old");
    backed_up(&scene.service, &key, &old);
    let line = Arc::new(Either(Mutex::new(scene.service.clone())));
    let environment = scene.environment_through(Arc::clone(&line) as Arc<dyn Council>);
    let app = App::open(&scene.store(), environment).unwrap();
    let visit = with_a_visit(&scene, &app);
    scene.hours_pass(4 * DAY);

    let (restored, _) = restore::restore(
        &scene.folder.path().join("restored"),
        &DatabaseAt::InTheDataFolder,
        &PhotosAt::InTheDataFolder,
        scene.of_the_council(),
        &key.identity,
        File::open(&old).unwrap(),
    )
    .unwrap();
    // This one has not got the visit, and its mark is later than the visit's receipt.
    scene.hours_pass(1);
    drilled(&scene, &restored, &key, "without");
    *line.0.lock().unwrap() = restored.clone();
    comes_home(&app);
    let checked = verify::check(&restored).unwrap();
    assert_eq!((checked.content_holds, checked.photos), (4, 1), "it came again");
    assert!(is_here(&app, visit), "no backup has it");
    scene.hours_pass(1);
    comes_home(&app);
    assert!(is_here(&app, visit), "nor now");

    drilled(&scene, &restored, &key, "with");
    scene.hours_pass(3 * DAY);
    comes_home(&app);
    assert!(!is_here(&app, visit));
}

#[test]
fn what_the_council_erased_leaves_the_phone_that_has_it() {
    let scene = Scene::new();
    let app = scene.enrolled();
    let visit = with_a_visit(&scene, &app);
    let other = app.start_visit(&"WO-261124-00015".parse().unwrap()).unwrap().visit.visit.visit;
    app.act(other, Command::NoAnswer).unwrap();
    comes_home(&app);
    let home = Subject::Home { uprn: HOME.into(), from: None, to: None };
    subject_access::erase(&scene.service, &Actor::command_line(), &home, "Asked for").unwrap();
    scene.hours_pass(DAY + 1);
    comes_home(&app);
    assert!(!is_here(&app, visit) && is_here(&app, other));
    assert!(!format!("{:?}", app.today().unwrap()).contains(APPOINTMENT));
    drop(app);
    let app = scene.open().unwrap();
    assert!(!is_here(&app, visit) && is_here(&app, other));
    comes_home(&app);
    assert!(verify::check(&scene.service).unwrap().faults.is_empty());
}

#[test]
fn a_photo_whose_file_the_council_has_lost_is_sent_again_by_its_phone() {
    let scene = Scene::new();
    let app = scene.enrolled();
    with_a_visit(&scene, &app);
    let photos = scene.folder.path().join("council").join("photos");
    let shelf = std::fs::read_dir(&photos).unwrap().flatten().find(|entry| entry.path().is_dir()).unwrap();
    let photo = std::fs::read_dir(shelf.path()).unwrap().flatten().next().unwrap().path();
    for trouble in ["gone", "rotten"] {
        if trouble == "gone" {
            std::fs::remove_file(&photo).unwrap();
        } else {
            std::fs::write(&photo, b"another picture").unwrap();
        }
        for (faults, lost) in [(1, 0), (0, 1)] {
            let checked = verify::check(&scene.service).unwrap();
            let found = (checked.photos, checked.faults.len(), checked.lost_photos.len());
            assert_eq!(found, (0, faults, lost), "{trouble}: it is a fault once, and lost from then on");
        }
        scene.hours_pass(DAY + 1);
        comes_home(&app);
        let checked = verify::check(&scene.service).unwrap();
        assert_eq!((checked.photos, checked.faults, checked.lost_photos), (1, vec![], vec![]), "{trouble}");
    }
}

#[test]
fn a_store_of_photos_that_is_away_for_a_moment_has_lost_nothing() {
    let scene = Scene::new();
    let app = scene.enrolled();
    with_a_visit(&scene, &app);
    let (photos, away) = (scene.folder.path().join("council/photos"), scene.folder.path().join("away"));
    std::fs::rename(&photos, &away).unwrap();
    let checked = verify::check(&scene.service).unwrap();
    assert_eq!((checked.faults.len(), checked.lost_photos.len()), (1, 0), "{:?}", checked.faults);
    // It is mounted without its files, and then with them.
    std::fs::create_dir(&photos).unwrap();
    assert_eq!(verify::check(&scene.service).unwrap().faults.len(), 1);
    std::fs::remove_dir(&photos).unwrap();
    std::fs::rename(&away, &photos).unwrap();
    let checked = verify::check(&scene.service).unwrap();
    assert_eq!((checked.faults, checked.lost_photos), (vec![], vec![]), "it is found again without any phone");
    assert_eq!(verify::check(&scene.service).unwrap().photos, 1);
}

#[test]
fn a_picture_that_is_away_is_not_said_to_be_erased_nor_asked_for_again() {
    let scene = Scene::new();
    let app = scene.enrolled();
    let visit = with_a_visit(&scene, &app);
    let (photos, away) = (scene.folder.path().join("council/photos"), scene.folder.path().join("away"));
    std::fs::rename(&photos, &away).unwrap();
    let home = Subject::Home { uprn: HOME.into(), from: None, to: None };
    assert!(subject_access::erase(&scene.service, &Actor::command_line(), &home, "Asked for").is_err());
    assert!(verify::listed_visit(&scene.service, visit).unwrap().is_some(), "nothing was erased");
    std::fs::rename(&away, &photos).unwrap();
    subject_access::erase(&scene.service, &Actor::command_line(), &home, "Asked for").unwrap();
    let shelves = std::fs::read_dir(&photos).unwrap().flatten().filter(|entry| entry.path().is_dir());
    assert_eq!(shelves.flat_map(|shelf| std::fs::read_dir(shelf.path()).unwrap()).count(), 0);
}

#[test]
fn a_phone_that_lies_about_what_it_forgot_fills_no_log_and_changes_nothing() {
    on_both_databases(|council| {
        let mut honest = with_its_day("vale-1", council);
        let chain = honest.starts("WO-261124-00038");
        honest.says(chain, Event::NoAnswer, |_| {});
        honest.sends(|_| {});
        let before = (checked(council), council.export("visits"));
        let mut liar = with_its_day("melton-2", council);
        for lie in [u64::MAX, 0, 7, 1, 3, 9, u64::MAX] {
            liar.sends(|request| request.forgotten = Some(lie));
        }
        assert_eq!((checked(council), council.export("visits")), before);
        let audit = ConsoleClient::of("audit-1", council).reads("/api/audit");
        let lines = audit["lines"].as_array().unwrap();
        let told: Vec<&Value> = lines.iter().filter(|line| line["action"] == "phone_forgot").collect();
        assert_eq!(told.len(), 2, "an honest one says it once a day: {told:?}");
        assert!(told.iter().all(|line| line["detail"]["device"] == liar.enrolment.to_string().as_str()), "{told:?}");
        // Chains that are not its own tell it nothing.
        let answer = liar.sends(|request| request.chains.push(chain));
        assert_eq!((answer.erased, answer.lost_photos), (None, None));
    });
}

#[test]
fn a_clock_of_the_council_that_is_set_makes_nothing_old() {
    let scene = Scene::new();
    let app = scene.enrolled();
    let visit = with_a_visit(&scene, &app);
    scene.clock_is_set(60 * DAY);
    comes_home(&app);
    scene.hours_pass(DAY + 1);
    comes_home(&app);
    assert!(is_here(&app, visit), "it was received yesterday");
    // A backup of that time says nothing once the clock is right again.
    drilled(&scene, &scene.service, &BackupKey::new(), "ahead");
    scene.clock_is_set(-60 * DAY);
    for _ in 0..4 {
        scene.hours_pass(DAY + 1);
        comes_home(&app);
    }
    assert!(is_here(&app, visit), "no backup has been made since, as far as anybody can say");
    drilled(&scene, &scene.service, &BackupKey::new(), "right");
    scene.hours_pass(DAY + 1);
    comes_home(&app);
    assert!(!is_here(&app, visit));
}

#[test]
fn a_file_that_was_opened_for_a_visit_still_to_come_stays_with_its_appointment() {
    let scene = Scene::new();
    let app = scene.enrolled();
    let opened = app.open_visit(&APPOINTMENT.parse().unwrap()).unwrap().visit.visit.visit;
    app.act(opened, Command::TellWhoAndWhy { means: doorstep_domain::conduct::NoticeMethod::Phone }).unwrap();
    comes_home(&app);
    scene.hours_pass(1);
    drilled(&scene, &scene.service, &BackupKey::new(), "proven");
    scene.hours_pass(4 * DAY);
    comes_home(&app);
    scene.hours_pass(DAY + 1);
    comes_home(&app);
    assert!(app.start_visit(&APPOINTMENT.parse().unwrap()).is_ok(), "the visit is still to come");
}

/// Whether the files of an embedded database hold these words.
fn holds_words(council: &TestCouncil, words: &str) -> bool {
    let files = [council.data().join("council.db"), council.data().join("council.db-wal")];
    files
        .iter()
        .filter_map(|file| std::fs::read(file).ok())
        .any(|bytes| bytes.windows(words.len()).any(|part| part == words.as_bytes()))
}

#[test]
fn what_was_erased_comes_back_in_no_way_and_a_cry_for_help_still_counts() {
    on_both_databases(|council| {
        let mut phone = with_its_day("melton-2", council);
        let chain = phone.starts(APPOINTMENT);
        phone.says(chain, complaint(), |_| {});
        phone.says(chain, Event::NoAnswer, |_| {});
        phone.sends(|_| {});
        let supervisor = ConsoleClient::of("super-1", council);
        close_every_case(council);
        let erase = ["erase", "--uprn", HOME, "--because", "Asked for", "--apply"];
        assert!(council.does(&erase).contains("1 visits"));
        let told = phone.sends(|request| request.chains.push(chain));
        assert_eq!(told.erased, Some(vec![phone.visit(chain)]), "the phone is told");

        // It does not listen, and says everything again in another chain, with more.
        let said = phone.chains[&chain].records.clone();
        let again = phone.goes_on(chain, 2);
        for made in &said {
            phone.says_as(again, made.envelope.record, made.body.clone());
        }
        phone.says(again, Event::CardLeft { left: true }, |_| {});
        // Under the same id it says something else.
        let other = phone.goes_on(chain, 2);
        let record = said[1].envelope.record;
        phone.says_as(other, record, encode_body(&Body { event: complaint() }));
        let answer = phone.sends(|_| {});
        assert_eq!(answer.erased, Some(vec![phone.visit(chain)]));
        let verdicts = |chain| {
            let records = &phone.chains[&chain].records;
            records.iter().map(|made| phone.receipts[&made.hash].verdict).collect::<Vec<_>>()
        };
        assert_eq!(verdicts(again), [ReceiptVerdict::STORED; 4], "each has its receipt");
        assert_eq!(verdicts(other), [ReceiptVerdict::SET_ASIDE]);
        let after = checked(council);
        assert_eq!((&after["faults"], &after["erased"]), (&json!([]), &json!(7)), "{after}");
        assert!(council.export("visits").is_empty() && council.export("concerns").is_empty());
        assert!(council.does(&erase[..5]).contains("Held: 0 visits"), "there is nothing to erase");
        assert!(!holds_words(council, CANARY), "nor is it in a file");
        assert_eq!(supervisor.reads("/api/set-aside")["records"], json!([]), "nobody has to decide about it");
        assert_eq!(supervisor.asks("GET", &format!("/api/visits/{}", phone.visit(chain))).status(), 404);

        // What somebody needs help for, and never came before, is acted on.
        let late = phone.goes_on(chain, 2);
        let gas = About::UnsafeCondition {
            hazard: doorstep_domain::conduct::Hazard::Gas,
            severity: doorstep_domain::conduct::Severity::Emergency,
        };
        let concern = Concern { about: gas, words: "a smell on the stairs".into(), noticed_at: chrono::Utc::now() };
        phone.says(late, Event::ConcernRaised(concern), |_| {});
        phone.sends(|_| {});
        assert_eq!(council.export("concerns").len(), 1);
        let after = checked(council);
        assert_eq!(after["faults"], json!([]), "{after}");
        // An erased visit's phone begins others as before.
        let next = phone.begins(HeadClass::VISIT);
        phone.says(next, Event::SafeSaid, |_| {});
        assert_eq!(phone.sends(|_| {}).erased, None);
    });
}
