//! A phone that the council has revoked, and one that was long without contact: what they still
//! show, and that nothing which waits is lost by it.

use std::sync::{Arc, Mutex};

use doorstep_core::keys::KeyStore;
use doorstep_core::{App, AppError, Clock, DeviceStanding, Environment, Moment, SystemClock, Unplanned};
use doorstep_council::desk::{self, Actor};
use doorstep_council::records::verify;
use doorstep_domain::conduct::{Command, PhotoPurpose, VisitKind};
use doorstep_domain::{AppointmentRef, VisitId};

use crate::scene::Scene;

const HOUR_MS: u64 = 60 * 60 * 1000;

fn reference(number: u8) -> AppointmentRef {
    format!("WO-261124-000{number:02}").parse().unwrap()
}

fn emergency(kind: VisitKind) -> Unplanned {
    Unplanned {
        visit_kind: kind,
        purpose: "Water through the ceiling".to_owned(),
        uprn: None,
        address: Some("1 Quarry Lane".to_owned()),
    }
}

/// What a phone without tenants shows and begins: the visit under way alone.
fn shows_only(app: &App, under_way: VisitId, over: VisitId, refused: fn(&AppError) -> bool) {
    let today = app.today().unwrap();
    let shown: Vec<VisitId> = today.appointments.iter().map(|shown| shown.visit.as_ref().unwrap().visit).collect();
    assert_eq!(shown, [under_way]);
    assert!(today.later.is_empty() && today.earlier.is_empty() && today.to_do.is_empty());
    assert_eq!(app.appointments().unwrap().len(), 1);
    assert_eq!(app.visits().unwrap().iter().map(|visit| visit.visit).collect::<Vec<_>>(), [under_way]);
    assert!(app.visit(under_way).is_ok());
    assert!(refused(&app.visit(over).unwrap_err()));
    assert!(refused(&app.act(over, Command::AddRefusalWords { words: "And more.".to_owned() }).unwrap_err()));
    assert!(refused(&app.start_visit(&reference(1)).unwrap_err()));
    assert!(refused(&app.open_visit(&reference(1)).unwrap_err()));
    assert!(refused(&app.start_unplanned(emergency(VisitKind::Inspection)).unwrap_err()));
    for group in app.outbox().unwrap().waiting {
        assert_eq!(group.address.is_some(), group.visit == under_way, "where others live is not shown");
    }
}

/// A clock that a test sets.
struct SetClock(Mutex<Moment>);

impl Clock for SetClock {
    fn now(&self) -> Moment {
        *self.0.lock().unwrap()
    }
}

/// A clock that shows the time of the machine until a test puts it forward, and a phone with it.
fn with_a_clock(scene: &Scene) -> (Arc<SetClock>, impl Fn() -> App) {
    let clock = Arc::new(SetClock(Mutex::new(SystemClock.now())));
    let environment = Environment { clock: Arc::clone(&clock) as Arc<dyn Clock>, ..scene.environment() };
    let folder = scene.store();
    (clock, move || App::open(&folder, environment.clone()).unwrap())
}

#[test]
fn a_revoked_phone_finishes_its_visit_sends_everything_and_then_keeps_nothing() {
    let scene = Scene::new();
    drop(scene.enrolled());
    let (clock, opens) = with_a_clock(&scene);
    let app = opens();
    let over = app.start_visit(&reference(9)).unwrap().visit.visit.visit;
    app.act(over, Command::NoAnswer).unwrap();
    app.sync().unwrap();
    let under_way = app.start_visit(&reference(33)).unwrap().visit.visit.visit;
    app.send_photos_on_wifi_only(true).unwrap();
    app.add_photo(under_way, PhotoPurpose::Before, &doorstep_tests::sample::photo(600)).unwrap();
    let device = app.status().unwrap().enrolled.unwrap().device.parse().unwrap();
    desk::phones::revoke(&scene.service, &Actor::command_line(), device).unwrap();
    let key = |name: &str| scene.keys.get(name).unwrap().map(|secret| secret.expose().to_vec());
    let keys = ["signing-key", "database-key"].map(key);
    let files = std::fs::read(scene.store().join("doorstep.db")).unwrap();

    app.sync().unwrap();
    assert_eq!(app.status().unwrap().standing, DeviceStanding::Revoked);
    shows_only(&app, under_way, over, |error| matches!(error, AppError::Revoked));
    assert!(matches!(app.start_unplanned(emergency(VisitKind::EmergencyRepair)), Err(AppError::Revoked)));

    // While something waits, its keys stay, over a new start too.
    app.act(under_way, Command::NoAnswer).unwrap();
    app.sync().unwrap();
    assert_eq!(app.status().unwrap().photos_waiting, 1);
    drop(app);
    let app = opens();
    assert_eq!(
        (app.status().unwrap().standing, ["signing-key", "database-key"].map(key)),
        (DeviceStanding::Revoked, keys.clone())
    );
    assert!(app.today().unwrap().appointments.is_empty(), "the visit is over");

    // All is sent, and somebody may still be writing down how it ended.
    app.sync_with_photos().unwrap();
    assert_eq!((app.status().unwrap().unsent, app.status().unwrap().photos_waiting), (0, 0));
    assert!(app.visit(under_way).is_ok() && key("signing-key").is_some());
    app.flag_safeguarding(Some(under_way), "They are afraid of somebody.").unwrap();
    app.sync().unwrap();

    // Then nothing is left.
    {
        let mut now = clock.0.lock().unwrap();
        (now.unix_ms, now.monotonic_ms) = (now.unix_ms + 660_000, now.monotonic_ms + 660_000);
    }
    assert!(matches!(app.visit(under_way), Err(AppError::Revoked)));
    app.sync().unwrap();
    let status = app.status().unwrap();
    assert!(status.enrolled.is_none() && status.records == 0, "it is as new");
    assert_eq!(status.ended_by.as_deref(), Some("Melton Borough Council"));
    let (kept, aside) = verify::counts(&scene.service).unwrap();
    assert!(kept > 0 && aside > 0, "the council has it: {kept}, {aside}");
    assert_eq!(key("signing-key"), None);
    assert_ne!(key("database-key"), keys[1]);
    let after = std::fs::read(scene.store().join("doorstep.db")).unwrap();
    assert!(!files.chunks(64).skip(64).any(|piece| after.windows(piece.len()).any(|window| window == piece)));

    // A code makes it somebody's phone again.
    drop(app);
    let app = scene.enrolled();
    assert_eq!(app.status().unwrap().standing, DeviceStanding::Open);
    assert!(!app.appointments().unwrap().is_empty());

    // It is killed before its files are gone, and starts again.
    drop(app);
    std::fs::write(scene.store().join("doorstep.ended"), "").unwrap();
    let app = scene.open().unwrap();
    assert!(app.status().unwrap().enrolled.is_none());
    assert!(!scene.store().join("doorstep.ended").exists());
}

#[test]
fn a_phone_that_was_long_without_contact_shows_no_tenants_and_a_clock_set_forward_changes_nothing() {
    let scene = Scene::new();
    let (clock, opens) = with_a_clock(&scene);
    let passes = |hours: u64| clock.0.lock().unwrap().monotonic_ms += hours * HOUR_MS;
    drop(scene.enrolled());
    let app = opens();
    app.sync().unwrap();
    let over = app.start_visit(&reference(9)).unwrap().visit.visit.visit;
    app.act(over, Command::NoAnswer).unwrap();
    clock.0.lock().unwrap().unix_ms += 1_000;
    let under_way = app.start_visit(&reference(33)).unwrap().visit.visit.visit;
    let standing = |app: &App| app.status().unwrap().standing;

    let is = clock.now().unix_ms;
    for days in [400, -400] {
        clock.0.lock().unwrap().unix_ms = is + days * 24 * i64::try_from(HOUR_MS).unwrap();
        assert_eq!(standing(&app), DeviceStanding::Open, "a clock that is {days} days off");
        assert!(app.visit(over).is_ok());
    }
    clock.0.lock().unwrap().unix_ms = is;
    passes(71);
    assert_eq!(standing(&app), DeviceStanding::Open);

    // It is off for a night, which nothing but its clock could tell, and starts again.
    drop(app);
    let app = opens();
    {
        let mut now = clock.0.lock().unwrap();
        (now.boot, now.monotonic_ms) = (now.boot.wrapping_add(1), HOUR_MS / 2);
    }
    assert_eq!(standing(&app), DeviceStanding::Open);
    passes(2);
    assert_eq!(standing(&app), DeviceStanding::LongWithoutContact);
    shows_only(&app, under_way, over, |error| matches!(error, AppError::ContactFirst));

    // The visit goes on, an emergency begins, and what somebody has to say is heard.
    app.act(under_way, Command::NoAnswer).unwrap();
    assert!(app.start_unplanned(emergency(VisitKind::EmergencyRepair)).is_ok());
    assert!(app.flag_safeguarding(None, "They are afraid of somebody.").is_ok());
    app.sync().unwrap();
    assert_eq!((standing(&app), app.status().unwrap().unsent), (DeviceStanding::Open, 0));
    assert!(app.visit(over).is_ok() && app.start_visit(&reference(1)).is_ok());
    assert_eq!(verify::counts(&scene.service).unwrap().1, 0, "and nothing of it was set aside");
}
