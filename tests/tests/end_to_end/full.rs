//! A full phone: photos stop first, and the visit under way is finished and sent.

use std::process::{Command as Process, Output};

use doorstep_core::{App, AppError, Environment, SaidLocked, SignIn};
use doorstep_council::records::verify;
use doorstep_domain::VisitId;
use doorstep_domain::conduct::{Command, PhotoPurpose, Step, StepState};
use doorstep_tests::harness::{Phone, TestCouncil, program, sample};
use doorstep_tests::sample::photo;

use crate::scene::Scene;

const APPOINTMENT: &str = "WO-261124-00009";

fn shows(step: Step) -> Command {
    Command::RecordStep { step, state: StepState::Done }
}

fn code(refused: Result<impl Sized, AppError>) -> Option<&'static str> {
    refused.err().map(|error| error.code())
}

#[test]
fn a_full_phone_finishes_its_visit_and_sends_it_and_takes_no_photo_until_there_is_room() {
    let scene = Scene::new();
    let app = scene.enrolled();
    let visit = app.start_visit(&APPOINTMENT.parse().unwrap()).unwrap().visit.visit.visit;
    assert!(!app.status().unwrap().is_full);
    scene.disk.fill();
    let door = || app.add_photo(visit, PhotoPurpose::Door, &photo(600));
    // A photo takes none of the room that is kept back.
    assert_eq!(code(door()), Some("device-full"));
    assert!(!app.status().unwrap().is_full);
    let told = app.act(visit, shows(Step::IdShown)).expect("the checklist goes on").status;
    assert!(told.is_full, "the tap that needed the room says so");
    assert_eq!(code(door()), Some("device-full"));
    app.act(visit, Command::NoAnswer).expect("the visit ends");
    let report = app.sync().expect("it is sent");
    assert_eq!((report.waiting, report.set_aside), (0, 0));
    assert_eq!(verify::counts(&scene.service).unwrap(), (app.status().unwrap().records, 0));
    drop(app);
    let app = scene.open().expect("it opens on a full disk");
    assert!(app.status().unwrap().is_full);
    assert!(app.verify().unwrap().is_ok());
    // With room again, nothing has to be told to it.
    scene.disk.empty();
    app.sync().unwrap();
    assert!(!app.status().unwrap().is_full);
    app.add_photo(visit, PhotoPurpose::Door, &photo(600)).expect("there is room for a photo again");
}

#[test]
fn what_did_not_go_on_a_full_phone_is_done_once_when_it_goes() {
    let scene = Scene::new();
    let app = scene.enrolled();
    let visit = app.start_visit(&APPOINTMENT.parse().unwrap()).unwrap().visit.visit.visit;
    let before = app.status().unwrap().records;
    scene.disk.fill();
    app.act(visit, shows(Step::IdShown)).unwrap();
    assert_eq!(app.status().unwrap().records, before + 1);
    // There is an end to it, and then it is said.
    let refused = (0..1000).find_map(|_| code(app.act(visit, shows(Step::IdWorn))));
    assert_eq!(refused, Some("device-full"));
    scene.disk.empty();
    let records = app.status().unwrap().records;
    app.act(visit, Command::NoAnswer).unwrap();
    assert_eq!(app.status().unwrap().records, records + 1);
    app.sync().unwrap();
    assert_eq!(verify::counts(&scene.service).unwrap(), (records + 1, 0));
}

#[test]
fn whoever_is_locked_out_of_a_full_phone_can_still_leave() {
    let scene = Scene::new();
    drop(scene.enrolled());
    let open = || App::open(&scene.store(), Environment { sign_in: SignIn::WithPin, ..scene.environment() }).unwrap();
    let app = open();
    app.set_pin("493817").unwrap();
    app.start_visit(&APPOINTMENT.parse().unwrap()).unwrap();
    app.lock().unwrap();
    scene.disk.fill();
    app.say_locked(SaidLocked::LeaveNow).expect("it is kept");
    assert_eq!(app.sync().expect("it is sent").waiting, 0);
    app.sign_in("493817").expect("it opens");
    assert!(app.status().unwrap().under_way.is_none());
    assert!(app.verify().unwrap().is_ok());
}

/// The names of the files and folders in a phone's store.
fn names(scene: &Scene) -> Vec<String> {
    let mut names: Vec<String> = std::fs::read_dir(scene.store())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| !name.ends_with("-wal") && !name.ends_with("-shm"))
        .collect();
    names.sort();
    names
}

/// A phone in a visit, whose journal was cut in the middle of a piece.
fn with_a_torn_journal(scene: &Scene) -> VisitId {
    let app = scene.enrolled();
    let visit = app.start_visit(&APPOINTMENT.parse().unwrap()).unwrap().visit.visit.visit;
    app.act(visit, shows(Step::IdShown)).unwrap();
    drop(app);
    let journal = std::fs::File::options().write(true).open(scene.store().join("doorstep.journal")).unwrap();
    journal.set_len(journal.metadata().unwrap().len() - 9).unwrap();
    visit
}

#[test]
fn a_torn_journal_keeps_no_full_phone_from_opening_and_takes_none_of_its_room() {
    let scene = Scene::new();
    let visit = with_a_torn_journal(&scene);
    let (before, journal) = (names(&scene), std::fs::read(scene.store().join("doorstep.journal")).unwrap());
    scene.disk.fill();
    for _ in 0..3 {
        let app = scene.open().expect("it opens");
        assert!(!app.status().unwrap().is_full, "what is kept back is for the visit");
        drop(app);
        assert_eq!(names(&scene), before, "no copy takes the room");
        let now = std::fs::read(scene.store().join("doorstep.journal")).unwrap();
        assert!(now.starts_with(&journal), "what was found is still there");
    }
    let app = scene.open().unwrap();
    app.act(visit, Command::NoAnswer).expect("the visit ends");
    assert_eq!(app.sync().expect("it is sent").waiting, 0);
    drop(app);
    // With room again, the damaged one is kept beside, once.
    scene.disk.empty();
    for _ in 0..2 {
        drop(scene.open().unwrap());
        assert_eq!(std::fs::read_dir(scene.store().join("set-aside")).unwrap().count(), 1);
    }
}

/// A phone in a visit, whose database lost its second half. Three records wait.
fn with_half_a_database(scene: &Scene) -> VisitId {
    let app = scene.enrolled();
    let visit = app.start_visit(&APPOINTMENT.parse().unwrap()).unwrap().visit.visit.visit;
    app.act(visit, shows(Step::IdShown)).unwrap();
    drop(app);
    let database = std::fs::File::options().write(true).open(scene.store().join("doorstep.db")).unwrap();
    database.set_len(database.metadata().unwrap().len() / 2).unwrap();
    visit
}

#[test]
fn a_damaged_database_on_a_full_phone_is_set_aside_once_and_what_waits_is_shown() {
    let scene = Scene::new();
    let visit = with_half_a_database(&scene);
    scene.disk.fill_beyond_the_reserve();
    let mut seen = None;
    for _ in 0..3 {
        let app = scene.open().expect("what the journal has is shown");
        assert!(app.status().unwrap().is_full);
        assert!(app.visit(visit).unwrap().visit.steps.contains_key(&Step::IdShown));
        assert_eq!(code(app.start_visit(&"WO-261124-00010".parse().unwrap())), Some("device-full"));
        assert_eq!(code(app.act(visit, Command::NoAnswer)), Some("device-full"), "nothing can be written");
        assert_eq!(code(app.sync()), Some("device-full"), "not even a seal");
        assert_eq!(code(app.verify()), Some("device-full"), "and not: enter a PIN");
        drop(app);
        let aside = std::fs::read_dir(scene.store().join("set-aside")).unwrap().count();
        assert_eq!(aside, 1, "the damaged file is set aside once");
        let now = names(&scene);
        assert_eq!(seen.get_or_insert(now.clone()), &now, "nothing is left over");
    }
    scene.disk.empty();
    let app = scene.open().expect("with room it opens");
    assert_eq!(app.status().unwrap().records, 3, "what waited is back");
    assert!(app.status().unwrap().salvaged.is_some_and(|salvaged| salvaged.kept.contains("set-aside")));
    app.act(visit, Command::NoAnswer).unwrap();
    assert_eq!(app.sync().unwrap().waiting, 0);
}

#[test]
fn a_phone_that_is_too_full_for_a_new_database_ends_its_visit_and_makes_one_once_there_is_room() {
    let scene = Scene::new();
    let visit = with_half_a_database(&scene);
    scene.disk.fill_beyond_the_reserve();
    let app = scene.open().expect("what the journal has is shown");
    // What was begun of a new database is gone, and that is room for the journal.
    scene.disk.leave(800 * 1024);
    app.act(visit, Command::NoAnswer).expect("the visit ends");
    assert_eq!(app.sync().expect("it is sent").waiting, 0);
    assert_eq!(code(app.start_visit(&"WO-261124-00010".parse().unwrap())), Some("device-full"));
    scene.disk.empty();
    app.sync().unwrap();
    let status = app.status().unwrap();
    assert_eq!((status.is_full, status.records, status.unsent), (false, 4, 0));
    app.sync().unwrap();
    assert!(!app.appointments().unwrap().is_empty(), "everything is given again");
    assert!(app.visit(visit).unwrap().visit.ending.is_some());
    drop(app);
    assert!(scene.open().unwrap().verify().unwrap().is_ok());
    assert_eq!(verify::counts(&scene.service).unwrap(), (4, 0));
}

/// Runs a script in which small disks can be made that nobody else sees.
fn with_disks(script: &str, environment: &[(&str, String)]) -> Output {
    let apart = |by: &[&str], script: &str| {
        let mut process = Process::new(by[0]);
        process.args(&by[1..]).args(["--mount", "sh", "-euc", script]);
        process.envs(environment.iter().map(|(name, value)| (name, value))).output()
    };
    let ways: [&[&str]; 3] =
        [&["unshare", "--map-root-user"], &["unshare"], &["sudo", "--non-interactive", "--preserve-env", "unshare"]];
    let works = |by: &&&[&str]| apart(by, "mount -t tmpfs tmpfs /mnt").is_ok_and(|tried| tried.status.success());
    let by = ways.iter().find(works).expect("a small disk can be made here, by `unshare` or `sudo unshare`");
    apart(by, script).unwrap()
}

/// What a phone does on a disk of its own that is filled to the last byte. It prints what became of
/// each step.
const ON_A_FULL_DISK: &str = r#"
mount -t tmpfs -o size=32m tmpfs "$DISK"
cp -a "$PHONE/." "$DISK"
doorstep() {
    "$PROGRAM" --store "$DISK/store" --key-file "$DISK/keys" --passphrase-file "$DISK/passphrase" "$@"
}
does() { if doorstep "$@" >"$OUT" 2>&1; then echo "$1 $2: done"; else echo "$1 $2: $(cat "$OUT")"; fi; }
full() { cat /dev/zero >>"$DISK/filler" 2>/dev/null || true; }
does status --json
full
does visit photo "$VISIT" "$PICTURE" --purpose door
for step in id_worn introduced reason_stated id_shown adult_present; do
    does visit step "$VISIT" "$step" done
done
doorstep status --json | grep -o '"is_full":[a-z]*'
does visit enter "$VISIT" --consent-by tenant
does visit leave "$VISIT" --outcome completed
does sync --json
does verify --json
rm "$DISK/filler"
does sync --json
does visit photo "$VISIT" "$PICTURE" --purpose door
doorstep status --json | grep -o '"is_full":[a-z]*'
"#;

#[test]
fn on_a_disk_that_is_full_to_the_last_byte_the_visit_goes_on_and_is_sent() {
    let council = TestCouncil::open();
    council.does(&["import-appointments", &sample("appointments-2026-11-24.csv").display().to_string()]);
    let phone = Phone::of("melton-2", &council, council.address());
    let visit = phone.starts(APPOINTMENT);
    let folder = tempfile::tempdir().unwrap();
    let [disk, out, picture] = ["disk", "out", "picture.jpg"].map(|name| folder.path().join(name));
    std::fs::create_dir(&disk).unwrap();
    std::fs::write(&picture, photo(600)).unwrap();
    let shown = |path: &std::path::Path| path.display().to_string();
    let output = with_disks(
        ON_A_FULL_DISK,
        &[
            ("DISK", shown(&disk)),
            ("OUT", shown(&out)),
            ("PICTURE", shown(&picture)),
            ("PHONE", shown(phone.store().parent().unwrap())),
            ("PROGRAM", shown(&program("doorstep"))),
            ("VISIT", visit),
        ],
    );
    let said = String::from_utf8(output.stdout).unwrap();
    let told: Vec<_> = said.lines().collect();
    let [status, refused, rest @ ..] = &told[..] else { panic!("{said}{}", String::from_utf8_lossy(&output.stderr)) };
    assert_eq!(*status, "status --json: done");
    assert!(refused.starts_with("visit photo: doorstep: this device is full"), "{refused}");
    let mut expected = vec!["visit step: done"; 5];
    expected.extend(["\"is_full\":true", "visit enter: done", "visit leave: done", "sync --json: done"]);
    expected.extend(["verify --json: done", "sync --json: done", "visit photo: done", "\"is_full\":false"]);
    assert_eq!(rest, expected, "{said}");
    let checked = council.does(&["check-records"]);
    assert!(checked.contains("9 records"), "{checked}");
}

/// What a phone with half a database does on a disk with so many kilobytes left. Each time it has
/// to show the visit, or to say that it is full; with room again, it has lost nothing.
const WITH_HALF_A_DATABASE: &str = r#"
mount -t tmpfs -o size=48m tmpfs "$DISK"
doorstep() {
    "$PROGRAM" --store "$DISK/p/store" --key-file "$DISK/p/keys" --passphrase-file "$DISK/p/passphrase" "$@"
}
for left in 0 300 800; do
    cp -a "$PHONE/." "$DISK/p"
    database="$DISK/p/store/doorstep.db"
    truncate -s $(($(stat -c %s "$database") / 2)) "$database"
    cat /dev/zero >"$DISK/filler" 2>/dev/null || true
    truncate -s $(($(stat -c %s "$DISK/filler") - left * 1024)) "$DISK/filler"
    shown() { doorstep visit show "$VISIT" --json 2>"$OUT" | grep -c '"id_shown"' || true; }
    echo "$left full: $(shown) $(tr '\n' ' ' <"$OUT")"
    echo "$left again: $(shown) $(tr '\n' ' ' <"$OUT")"
    rm "$DISK/filler"
    echo "$left roomy: $(shown)"
    doorstep sync --json >"$OUT" 2>&1 || true
    echo "$left sent: $(grep -o '"waiting":[0-9]*' "$OUT" | head -1) $(doorstep verify --json | grep -c records)"
    rm -r "$DISK/p"
done
"#;

#[test]
fn half_a_database_on_a_disk_with_little_room_is_no_wrong_key_and_comes_back_whole() {
    let council = TestCouncil::open();
    council.does(&["import-appointments", &sample("appointments-2026-11-24.csv").display().to_string()]);
    let phone = Phone::of("melton-2", &council, council.address());
    let visit = phone.starts(APPOINTMENT);
    phone.does(&["visit", "step", &visit, "id_shown", "done"]);
    let folder = tempfile::tempdir().unwrap();
    let [disk, out, picture] = ["disk", "out", "picture.jpg"].map(|name| folder.path().join(name));
    std::fs::create_dir(&disk).unwrap();
    let shown = |path: &std::path::Path| path.display().to_string();
    // Twice as much as it is a little more than what is kept back.
    let mut state = 1_u32;
    let mut noise = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    };
    let noise = image::RgbImage::from_fn(1600, 1600, |_, _| image::Rgb([noise(), noise(), noise()]));
    noise.save(&picture).unwrap();
    phone.does(&["visit", "photo", &visit, &shown(&picture), "--purpose", "door"]);
    let output = with_disks(
        WITH_HALF_A_DATABASE,
        &[
            ("DISK", shown(&disk)),
            ("OUT", shown(&out)),
            ("PHONE", shown(phone.store().parent().unwrap())),
            ("PROGRAM", shown(&program("doorstep"))),
            ("VISIT", visit),
        ],
    );
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    for line in said.lines() {
        let (_, line) = line.split_once(' ').unwrap();
        let may_be = match line.split_once(": ").unwrap() {
            ("full" | "again", told) => told.starts_with('1') || told.starts_with("0 doorstep: this device is full"),
            ("roomy", told) => told == "1",
            (_, told) => told == "\"waiting\":0 1",
        };
        assert!(may_be, "{line}\n{said}");
    }
    assert_eq!(said.lines().count(), 12, "{said}");
    assert!(council.does(&["check-records"]).contains("4 records"), "each once");
}
