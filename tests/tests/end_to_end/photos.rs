//! Photos from the camera to the council, and files that are not photos.

use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use doorstep_core::{App, AppError, Network, PhotoState};
use doorstep_council::Service;
use doorstep_council::desk::{self, Actor};
use doorstep_council::records::subject_access::{self, Subject};
use doorstep_council::records::verify;
use doorstep_domain::VisitId;
use doorstep_domain::conduct::{Command, PhotoPurpose};
use doorstep_domain::ledger::Hash;
use doorstep_domain::protocol::{Council, NoAnswer};
use doorstep_domain::v2::{Attested, Exchange, PhotoRequest};
use doorstep_tests::bucket::{KEY, ObjectStore};
use doorstep_tests::desk::ConsoleClient;
use doorstep_tests::harness::{Phone, TestCouncil, json, sample};
use doorstep_tests::sample::{bomb, photo};

use crate::scene::Scene;

fn written(folder: &Path, name: &str, bytes: &[u8]) -> String {
    let path = folder.join(name);
    fs::write(&path, bytes).unwrap();
    path.display().to_string()
}

fn files_below(folder: &Path) -> Vec<PathBuf> {
    fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()).fold(Vec::new(), |mut all, path| {
        if path.is_dir() {
            all.extend(files_below(&path))
        } else {
            all.push(path)
        }
        all
    })
}

fn council() -> TestCouncil {
    let council = TestCouncil::open();
    council.does(&["import-appointments", &sample("appointments-2026-11-24.csv").display().to_string()]);
    council
}

#[test]
fn a_photo_reaches_the_council_without_the_place_that_the_camera_wrote_into_it() {
    let council = council();
    let folder = tempfile::tempdir().unwrap();
    let camera = photo(300);
    assert!(camera.windows(3).any(|part| part == b"GPS"));
    let file = written(folder.path(), "IMG_0001.jpg", &camera);
    let phone = Phone::of("melton-2", &council, council.address());
    let visit = phone.enters("WO-261124-00009");
    phone.does(&["visit", "photo", &visit, "--purpose", "before", &file]);
    let shown =
        phone.says(&["visit", "photo", &visit, "--purpose", "after", &written(folder.path(), "2.jpg", &photo(64))]);
    assert_eq!(shown["custody"]["photos"], json("[{\"state\":\"waiting\"},{\"state\":\"waiting\"}]"));
    let on_the_phone: Vec<u8> = files_below(&phone.store()).iter().flat_map(|file| fs::read(file).unwrap()).collect();
    assert!(!on_the_phone.windows(4).any(|part| part == b"JFIF"), "a picture lies on the phone in plain bytes");

    let report = phone.says(&["sync"]);
    assert_eq!((&report["photos"], &report["photos_waiting"]), (&json("2"), &json("0")));
    let row = &council.export("visits")[0];
    assert_eq!((row["photos_taken"].as_str(), row["photos_held"].as_str()), ("2", "2"));
    let held = files_below(&council.data().join("photos"));
    assert_eq!(held.len(), 2);
    for file in held {
        let bytes = fs::read(&file).unwrap();
        assert!(image::load_from_memory(&bytes).is_ok() && !bytes.windows(3).any(|part| part == b"GPS"));
        assert_eq!(file.file_stem().unwrap().to_str().unwrap(), Hash::of_file(&bytes).to_string());
    }
}

#[test]
fn what_is_no_photo_is_refused_with_a_message_and_nothing_is_recorded() {
    let council = council();
    let folder = tempfile::tempdir().unwrap();
    let phone = Phone::of("melton-2", &council, council.address());
    let visit = phone.enters("WO-261124-00009");
    let before = phone.says(&["status"])["records"].clone();
    for (name, bytes, code) in [
        ("claims.jpg", b"#!/bin/sh\nrm -rf /\n".to_vec(), "not-a-picture"),
        ("empty.jpg", Vec::new(), "not-a-picture"),
        ("torn.jpg", photo(300).split_off(900), "not-a-picture"),
        ("bomb.jpg", bomb(), "too-many-pixels"),
        ("long.jpg", [photo(16), vec![0; 21 * 1024 * 1024]].concat(), "photo-too-large"),
    ] {
        let file = written(folder.path(), name, &bytes);
        let tried = phone.tries(&["visit", "photo", &visit, "--purpose", "before", &file, "--json"]);
        assert_eq!(tried.status.code(), Some(1), "{name}");
        assert_eq!(json(&String::from_utf8(tried.stdout).unwrap())["error"]["code"], code, "{name}");
        assert!(String::from_utf8(tried.stderr).unwrap().contains("No photo was added"), "{name}");
    }
    assert_eq!(phone.says(&["status"])["records"], before);
    assert_eq!(phone.says(&["visit", "show", &visit])["photos"], json("[]"));
}

#[test]
fn photos_wait_for_wifi_if_the_visitor_wishes_and_records_do_not() {
    let council = council();
    let folder = tempfile::tempdir().unwrap();
    let phone = Phone::of("melton-2", &council, council.address());
    phone.does(&["photos", "--over", "wifi-only"]);
    let visit = phone.starts("WO-261124-00009");
    phone.does(&["visit", "no-answer", &visit]);
    phone.does(&["visit", "photo", &visit, "--purpose", "door", &written(folder.path(), "d.jpg", &photo(64))]);
    let report = phone.says(&["sync"]);
    assert_eq!((&report["waiting"], &report["photos_waiting"]), (&json("0"), &json("1")));
    let row = &council.export("visits")[0];
    assert_eq!((row["photos_taken"].as_str(), row["photos_held"].as_str()), ("1", "0"));
    assert!(phone.does(&["outbox"]).contains("1 photos wait"));
    assert_eq!(phone.says(&["sync", "--photos-now"])["photos"], 1);
    assert_eq!(council.export("visits")[0]["photos_held"], "1");
}

/// A line that fails after a number of pieces, and notes the offset of each piece.
struct GoesDead {
    council: Service,
    pieces: Mutex<(usize, Vec<u64>)>,
}

impl Council for GoesDead {
    fn enrol(&self, request: &[u8]) -> Result<Vec<u8>, NoAnswer> {
        self.council.enrol(request)
    }

    fn sync(&self, request: &[u8]) -> Result<Vec<u8>, NoAnswer> {
        self.council.sync(request)
    }

    fn put_blob(&self, sha256: Hash, request: &[u8]) -> Result<Vec<u8>, NoAnswer> {
        self.council.put_blob(sha256, request)
    }

    fn ask(&self, exchange: Exchange, request: &[u8]) -> Result<Vec<u8>, NoAnswer> {
        if let Exchange::Photo(_) = exchange {
            let mut pieces = self.pieces.lock().unwrap();
            if pieces.0 == 0 {
                return Err(NoAnswer::Unreachable);
            }
            pieces.0 -= 1;
            let asked = Attested::<PhotoRequest>::from_bytes(request).unwrap().peek().unwrap();
            pieces.1.push(asked.offset);
        }
        self.council.ask(exchange, request)
    }
}

fn at_a_door(scene: &Scene, app: &App) -> VisitId {
    assert!(scene.store().exists());
    app.start_visit(&"WO-261124-00009".parse().unwrap()).unwrap().visit.visit.visit
}

#[test]
fn a_large_photo_goes_on_where_it_stopped() {
    let scene = Scene::new();
    drop(scene.enrolled());
    let line = Arc::new(GoesDead { council: scene.service.clone(), pieces: Mutex::new((2, Vec::new())) });
    let environment = || scene.environment_through(Arc::clone(&line) as Arc<dyn Council>);
    let app = App::open(&scene.store(), environment()).unwrap();
    let visit = at_a_door(&scene, &app);
    let view = app.add_photo(visit, PhotoPurpose::Door, &photo(1400)).unwrap().visit;
    let size = u64::from(view.visit.photos[0].photo.bytes);
    assert!(size > 3 * 256 * 1024, "it takes more pieces than go through: {size} bytes");

    assert!(matches!(app.sync(), Err(AppError::NoAnswer(NoAnswer::Unreachable))));
    assert_eq!(app.visit(visit).unwrap().custody.photos, [PhotoState::Waiting]);
    drop(app);
    line.pieces.lock().unwrap().0 = usize::MAX;
    // Switch the phone off and on.
    let app = App::open(&scene.store(), environment()).unwrap();
    assert_eq!(app.sync().unwrap().photos, 1);
    assert_eq!(app.visit(visit).unwrap().custody.photos, [PhotoState::Complete]);
    let offsets = line.pieces.lock().unwrap().1.clone();
    let pieces = usize::try_from(size.div_ceil(256 * 1024)).unwrap();
    let expected: Vec<u64> = (0..pieces as u64).map(|piece| piece * 256 * 1024).collect();
    assert_eq!(offsets, expected, "each piece went once");
    let held = verify::picture(&scene.service, view.visit.photos[0].photo.sha256).unwrap().unwrap();
    assert_eq!(Some(held), app.photo(view.visit.photos[0].photo.sha256).ok());
}

#[test]
fn a_photo_that_was_struck_out_before_it_was_sent_is_gone_from_the_phone_and_never_sent() {
    let scene = Scene::new();
    let app = scene.enrolled();
    let visit = at_a_door(&scene, &app);
    let taken = app.add_photo(visit, PhotoPurpose::Door, &photo(64)).unwrap().visit.visit.photos[0].clone();
    let after = app.strike_out(taken.record, "A neighbour is in it").unwrap().visit;
    assert!(after.visit.photos.is_empty());
    assert!(matches!(app.photo(taken.photo.sha256), Err(AppError::NoSuchPhoto)));
    let report = app.sync().unwrap();
    assert_eq!((report.photos, report.photos_waiting, report.waiting), (0, 0, 0));
    assert_eq!(verify::picture(&scene.service, taken.photo.sha256).unwrap(), None);
}

/// A council of an earlier version: it speaks version 1 alone.
struct OfVersion1(Service);

impl Council for OfVersion1 {
    fn enrol(&self, request: &[u8]) -> Result<Vec<u8>, NoAnswer> {
        self.0.enrol(request)
    }

    fn sync(&self, request: &[u8]) -> Result<Vec<u8>, NoAnswer> {
        self.0.sync(request)
    }

    fn put_blob(&self, sha256: Hash, request: &[u8]) -> Result<Vec<u8>, NoAnswer> {
        self.0.put_blob(sha256, request)
    }

    fn ask(&self, _: Exchange, _: &[u8]) -> Result<Vec<u8>, NoAnswer> {
        Err(NoAnswer::NotTheCouncil)
    }
}

#[test]
fn a_photo_of_version_1_whose_visit_the_council_erased_is_not_offered_for_ever_after_a_restore() {
    let scene = Scene::new();
    let line = Arc::new(OfVersion1(scene.service.clone()));
    let app = App::open(&scene.store(), scene.environment_through(line)).unwrap();
    scene.enrol(&app);
    let visit = app.start_visit(&"WO-261124-00009".parse().unwrap()).unwrap().visit.visit.visit;
    app.act(visit, Command::NoAnswer).unwrap();
    app.add_photo(visit, PhotoPurpose::Damage, &photo(600)).unwrap();
    let report = app.sync_with_photos().unwrap();
    assert_eq!((report.waiting, report.photos, report.photos_waiting), (0, 1, 0));
    let home = Subject::Home { uprn: "042307689879".into(), from: None, to: None };
    subject_access::erase(&scene.service, &Actor::command_line(), &home, "Asked for").unwrap();
    desk::council::put_back(&scene.service, &Actor::command_line()).unwrap();
    // The phone offers it once, hears that nothing names it any more, and leaves it at that.
    for _ in 0..2 {
        app.sync_with_photos().unwrap();
    }
    let photos = app.outbox().unwrap().photos;
    assert_eq!((photos.waiting, photos.refused.len()), (0, 1));
}

#[test]
fn a_photo_of_an_earlier_enrolment_whose_visit_the_council_erased_is_not_offered_for_ever() {
    let scene = Scene::new();
    let app = scene.enrolled();
    let visit = app.start_visit(&"WO-261124-00009".parse().unwrap()).unwrap().visit.visit.visit;
    app.act(visit, Command::NoAnswer).unwrap();
    app.add_photo(visit, PhotoPurpose::Damage, &photo(600)).unwrap();
    assert_eq!(app.sync_with_photos().unwrap().photos, 1);
    scene.enrol(&app);
    let home = Subject::Home { uprn: "042307689879".into(), from: None, to: None };
    subject_access::erase(&scene.service, &Actor::command_line(), &home, "Asked for").unwrap();
    desk::council::put_back(&scene.service, &Actor::command_line()).unwrap();
    scene.hours_pass(25);
    for _ in 0..3 {
        app.sync_with_photos().unwrap();
    }
    assert_eq!(app.status().unwrap().left_by_others, 0);
}

#[test]
fn on_a_network_that_costs_nothing_photos_go_by_themselves() {
    let scene = Scene::new();
    let app = scene.enrolled();
    app.send_photos_on_wifi_only(true).unwrap();
    let visit = at_a_door(&scene, &app);
    app.add_photo(visit, PhotoPurpose::Door, &photo(64)).unwrap();
    app.set_network(Network::MeteredOrUnknown);
    assert_eq!(app.sync().unwrap().photos_waiting, 1);
    app.set_network(Network::Unmetered);
    assert_eq!(app.sync().unwrap().photos, 1);
}

/// Two processes of the council share a bucket. While it is down, photos stay on the phone.
#[test]
fn photos_are_kept_in_a_bucket_and_wait_on_the_phone_while_it_is_gone() {
    let mut council = TestCouncil::open();
    let mut store = ObjectStore::start();
    council.kill();
    council.is_told(&[
        ("DOORSTEP_PHOTOS", &store.photos()),
        ("AWS_ACCESS_KEY_ID", KEY.0),
        ("AWS_SECRET_ACCESS_KEY", KEY.1),
    ]);
    council.start();
    council.does(&["import-appointments", &sample("appointments-2026-11-24.csv").display().to_string()]);
    let phone = Phone::of("melton-2", &council, council.address());
    let visit = phone.enters("WO-261124-00009");
    let folder = tempfile::tempdir().unwrap();
    let takes = |side: u32| {
        let file = folder.path().join("photo.jpg");
        std::fs::write(&file, doorstep_tests::sample::photo(side)).unwrap();
        phone.does(&["visit", "photo", &visit, "--purpose", "before", &file.display().to_string()]);
    };
    takes(600);
    phone.does(&["sync"]);
    assert_eq!(
        (store.files(), council.data().join("photos").exists()),
        (1, false),
        "it is in the bucket and nowhere else"
    );

    store.goes_away();
    takes(500);
    let _refused = phone.tries(&["sync"]);
    let waiting = |phone: &Phone| phone.says(&["status"])["photos_waiting"].clone();
    assert_eq!(waiting(&phone), 1, "what the council could not keep is still on the phone");
    store.comes_back();
    phone.does(&["sync"]);
    assert_eq!((waiting(&phone), store.files()), (serde_json::json!(0), 2));

    // Another process shows a photo that the first one took in.
    let (mut other, address) = council.serves(([127, 0, 0, 1], 0).into());
    let photo = phone.says(&["visit", "show", &visit])["photos"][0]["photo"]["sha256"].as_str().unwrap().to_owned();
    let supervisor = ConsoleClient::at("super-1", address);
    let shown = supervisor.asks("GET", &format!("/api/visits/{visit}/photos/{photo}"));
    assert_eq!((shown.status().as_u16(), shown.headers()["content-type"].to_str().unwrap()), (200, "image/jpeg"));
    other.kill().and_then(|()| other.wait()).unwrap();

    // A backup holds the photos, and can be restored into a folder.
    let (identity, backup) = (folder.path().join("backup.key"), folder.path().join("council.backup"));
    let path = |path: &std::path::Path| path.display().to_string();
    let key = council.runs(&["backup-key", "--out", &path(&identity)]);
    council.does(&["backup", "--recipient", key.trim(), "--out", &path(&backup)]);
    let again = TestCouncil::empty(None);
    let restored = again.does(&["restore", "--identity", &path(&identity), &path(&backup)]);
    assert!(restored.contains("and 2 photos") && again.data().join("photos").exists(), "{restored}");

    // Erasing removes the photos from the bucket.
    phone.does(&["visit", "leave", &visit, "--outcome", "completed"]);
    phone.does(&["sync"]);
    council.does(&["erase", "--uprn", "042307689879", "--because", "Asked for", "--apply"]);
    assert_eq!(store.files(), 0);
}

#[test]
fn while_a_bucket_takes_its_time_with_a_picture_others_records_are_taken() {
    let mut council = TestCouncil::open();
    let bucket = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("s3://photos/visits?endpoint=http://{}&region=local", bucket.local_addr().unwrap());
    council.kill();
    council.is_told(&[("DOORSTEP_PHOTOS", &address), ("AWS_ACCESS_KEY_ID", KEY.0), ("AWS_SECRET_ACCESS_KEY", KEY.1)]);
    council.start();
    council.does(&["import-appointments", &sample("appointments-2026-11-24.csv").display().to_string()]);
    let [phone, other] = ["melton-2", "vale-3"].map(|user| Phone::of(user, &council, council.address()));
    let folder = tempfile::tempdir().unwrap();
    let file = written(folder.path(), "photo.jpg", &doorstep_tests::sample::photo(600));
    let visit = phone.enters("WO-261124-00009");
    phone.does(&["visit", "photo", &visit, "--purpose", "before", &file]);
    let visit = other.starts("WO-261124-00032");
    other.does(&["visit", "no-answer", &visit]);
    std::thread::scope(|scope| {
        let sending = scope.spawn(|| phone.tries(&["sync"]));
        let (asked, _) = bucket.accept().unwrap();
        other.does(&["sync"]);
        assert!(!sending.is_finished(), "the picture was taken by nobody");
        assert_eq!(other.says(&["status"])["unsent"], 0);
        drop((asked, bucket));
    });
    assert_eq!(phone.says(&["status"])["photos_waiting"], 1);
}
