//! The world, its days, and the check at its end.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use doorstep_core::keys::{KeyStore, MemoryKeyStore};
use doorstep_core::{App, AppError, Environment, SignIn, VisitView};
use doorstep_council::import::Taking;
use doorstep_council::{Office, TimeSource};
use doorstep_domain::VisitId;
use doorstep_domain::conduct::{Basis, ConsentBy, RefusalReason, Step, StepState};

use super::line::{Line, OneLine};
use super::model::Model;
use super::outside::{Chance, FaultyDisk, VirtualClock};

const PHONES: usize = 3;
const STEPS: usize = 260;
/// Tries after the trouble has ended, within which everything must be with the council.
const BOUND: usize = 8;
/// 24 November 2026, 8:00.
const MORNING_MS: i64 = 1_795_507_200_000;

/// A bug on one side, or none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Planted {
    /// The program as it is.
    None,
    /// In the phone.
    Phone(doorstep_core::planted::Bug),
    /// In the council.
    Council(doorstep_council::planted::Bug),
}

/// What a world came to.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// Broken promises, in words. None is what is wanted.
    pub broken: Vec<String>,
    /// Days that the phones lived, together.
    pub device_days: i64,
    /// Records that were saved.
    pub records: usize,
    /// A summary of all that happened: the same seed gives the same.
    pub trace: Vec<String>,
}

struct Phone {
    user: &'static str,
    folder: PathBuf,
    app: Option<App>,
    environment: Environment,
    keys: Arc<MemoryKeyStore>,
    clock: Arc<VirtualClock>,
    disk: Arc<FaultyDisk>,
    line: Arc<Line>,
    model: Model,
    /// A copy of the folder, and the truth of that moment.
    copy: Option<(PathBuf, Model)>,
    open_visits: Vec<VisitId>,
    set_aside_expected: bool,
}

struct World {
    folder: tempfile::TempDir,
    chance: Arc<Chance>,
    truth: Arc<AtomicI64>,
    council_disk: Arc<FaultyDisk>,
    council_environment: doorstep_council::Environment,
    office: Office,
    council_copy: Option<PathBuf>,
    phones: Vec<Phone>,
    appointments: Vec<(usize, usize)>,
    broken: Vec<String>,
    trace: Vec<String>,
    notes: usize,
}

const USERS: [&str; PHONES] = ["harriet", "pete", "gareth"];

/// Runs a world.
///
/// # Panics
/// When the world itself can't be built.
#[must_use]
pub fn run(seed: u64, planted: Planted) -> Outcome {
    match planted {
        Planted::None => {}
        Planted::Phone(bug) => doorstep_core::planted::plant(Some(bug)),
        Planted::Council(bug) => doorstep_council::planted::plant(Some(bug)),
    }
    let mut world = World::new(seed);
    for step in 0..STEPS {
        world.step(step);
        if !world.broken.is_empty() {
            break;
        }
    }
    world.quiesce();
    doorstep_core::planted::plant(None);
    doorstep_council::planted::plant(None);
    let days = (world.truth.load(Ordering::SeqCst) - MORNING_MS) / 86_400_000;
    Outcome {
        broken: world.broken,
        device_days: days * i64::try_from(PHONES).unwrap_or(0),
        records: world.phones.iter().map(|phone| phone.model.records()).sum(),
        trace: world.trace,
    }
}

/// A fast place for files that need not outlive the world.
fn scratch() -> tempfile::TempDir {
    let memory = Path::new("/dev/shm");
    let made = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() };
    made.expect("a world needs a folder")
}

impl World {
    fn new(seed: u64) -> Self {
        let folder = scratch();
        let chance = Arc::new(Chance::new(seed));
        let truth = Arc::new(AtomicI64::new(MORNING_MS));
        let council_disk = Arc::new(FaultyDisk::default());
        let council_clock = Arc::new(VirtualClock::new(Arc::clone(&truth)));
        let council_environment = doorstep_council::Environment {
            clock: Arc::clone(&council_clock) as Arc<dyn TimeSource>,
            randomness: Arc::clone(&chance) as Arc<dyn doorstep_council::Randomness>,
            disk: Arc::clone(&council_disk) as Arc<dyn doorstep_council::Disk>,
        };
        let data = folder.path().join("council");
        let office = Office::init(&data, "Melton", "admin", "correct horse battery", council_environment.clone())
            .expect("the council is made");
        let people = USERS.iter().fold(
            "user,display_name,organisation,organisation_kind,role,position,email\n".to_owned(),
            |table, user| format!("{table}{user},{user},Melton,council,officer,Officer,\n"),
        );
        office.import_people(people.as_bytes(), Taking::AllOrNothing).expect("people are imported");
        let mut world = Self {
            folder,
            chance,
            truth,
            council_disk,
            council_environment,
            office,
            council_copy: None,
            phones: Vec::new(),
            appointments: Vec::new(),
            broken: Vec::new(),
            trace: Vec::new(),
            notes: 0,
        };
        world.appointments = (0..12).map(|number| (number, number % PHONES)).collect();
        world.import();
        for user in USERS {
            let phone = world.phone(user);
            world.phones.push(phone);
        }
        world
    }

    fn phone(&self, user: &'static str) -> Phone {
        let clock = Arc::new(VirtualClock::new(Arc::clone(&self.truth)));
        let disk = Arc::new(FaultyDisk::default());
        let keys = Arc::new(MemoryKeyStore::default());
        let line = Arc::new(Line::new(self.office.service(), Arc::clone(&self.chance)));
        let environment = Environment {
            clock: Arc::clone(&clock) as Arc<dyn doorstep_core::Clock>,
            randomness: Arc::clone(&self.chance) as Arc<dyn doorstep_core::Randomness>,
            keys: Arc::clone(&keys) as Arc<dyn KeyStore>,
            disk: Arc::clone(&disk) as Arc<dyn doorstep_core::Disk>,
            connect: Arc::new(OneLine(Arc::clone(&line))),
            sign_in: SignIn::ByKeyStore,
        };
        let folder = self.folder.path().join(user);
        let app = App::open(&folder, environment.clone()).expect("a new phone opens");
        let offer = self.office.offer_enrolment(user, None).expect("the council offers a code");
        app.enrol("sim", &offer.code, user).expect("a phone enrols");
        app.sync().expect("a phone pulls");
        Phone {
            user,
            folder,
            app: Some(app),
            environment,
            keys,
            clock,
            disk,
            line,
            model: Model::default(),
            copy: None,
            open_visits: Vec::new(),
            set_aside_expected: false,
        }
    }

    /// Imports the appointments as they are now assigned.
    fn import(&mut self) {
        let header = "appointment_ref,uprn,address_line_1,address_line_2,town,postcode,tenant_name,tenant_phone,visit_kind,purpose,window_start,window_end,organisation,assigned_to,notice_given_at,notice_method,told_who_and_why,support_needs,hazard_note\n";
        let table = self.appointments.iter().fold(header.to_owned(), |table, (number, user)| {
            let user = USERS.get(*user).copied().unwrap_or("harriet");
            format!(
                "{table}WO-{number},1{number:03},{number} High St,,Melton,LE13 9ZZ,Tenant {number},,other,Visit,2026-11-24T09:00,2026-11-24T10:00,Melton,{user},,,yes,,\n"
            )
        });
        self.council_disk.mend();
        if let Err(error) = self.office.import_appointments(table.as_bytes(), Taking::AllOrNothing) {
            self.broken.push(format!("appointments could not be imported: {error}"));
        }
    }

    fn step(&mut self, step: usize) {
        self.truth.fetch_add(i64::try_from(self.chance.below(2 * 3_600_000)).unwrap_or(0), Ordering::SeqCst);
        let which = self.chance.below(PHONES);
        let what = self.chance.below(100);
        self.trace.push(format!("{step}: phone {which}, {what}"));
        match what {
            0..=54 => self.tap(which),
            55..=77 => self.sync(which),
            78..=80 => self.kill(which),
            81..=83 => self.clock_jumps(which),
            84..=86 => self.copy_phone(which),
            87..=88 => self.put_phone_back(which),
            89..=90 => self.rot(which),
            91..=92 => self.reassign(),
            93..=94 => self.council_copy(),
            95 => self.put_council_back(),
            96..=97 => self.council_disk.fail_after(u64::try_from(self.chance.below(2)).unwrap_or(0)),
            _ => self.restart_council(),
        }
    }

    /// One tap, on a disk that may fail in the middle of it.
    fn tap(&mut self, which: usize) {
        let failing = self.chance.percent(8);
        let writes = u64::try_from(self.chance.below(8)).unwrap_or(0);
        let choice = self.chance.below(12);
        self.notes += 1;
        let note = format!("note {}", self.notes);
        let Some(phone) = self.phones.get_mut(which) else { return };
        let Some(app) = &phone.app else { return };
        if failing {
            phone.disk.fail_after(writes);
        }
        let visit = phone.open_visits.get(self.chance.below(phone.open_visits.len())).copied();
        let tapped = match (choice, visit) {
            (0..=2, _) | (_, None) => start(app, &self.chance),
            (3, Some(visit)) => {
                app.record_step(visit, Step::ShoeCovers, StepState::NotDone { reason: "none left".into() })
            }
            (4..=6, Some(visit)) => {
                let step = Step::ALL.get(self.chance.below(6)).copied().unwrap_or(Step::IdWorn);
                app.record_step(visit, step, StepState::Done)
            }
            (7, Some(visit)) => app.enter(visit, Some(Basis::Consented { by: ConsentBy::Tenant }), None),
            (8, Some(visit)) => app.refuse_entry(visit, RefusalReason::SupportNeeds, Some("not today".into())),
            (9, Some(visit)) => app.no_answer(visit),
            (10, Some(visit)) => app.flag_safeguarding(visit, &note),
            (_, Some(visit)) => app.leave(visit, false),
        };
        let failed = failing && !phone.disk.mend();
        match tapped {
            Ok(_) if failed => self.broken.push("a tap was called saved on a disk that failed".into()),
            Ok(view) => {
                phone.model.saved(&view);
                if choice == 10 && visit.is_some() {
                    phone.model.notes.insert(note);
                }
                let open = view.visit.ending.is_none();
                phone.open_visits.retain(|open| *open != view.visit.visit);
                if open {
                    phone.open_visits.push(view.visit.visit);
                }
            }
            Err(AppError::Refused(_) | AppError::NoSuchAppointment(_)) => {}
            Err(AppError::Store(_)) if failed => {}
            Err(error) => self.broken.push(format!("a tap failed: {error}")),
        }
        self.nothing_left_the_phone(which);
    }

    fn sync(&mut self, which: usize) {
        let trouble = self.chance.below(90);
        let Some(phone) = self.phones.get_mut(which) else { return };
        let Some(app) = &phone.app else { return };
        phone.line.set_trouble(trouble);
        let synced = app.sync();
        let dishonest = phone.line.was_dishonest();
        match synced {
            Ok(_) if dishonest => self.broken.push("an answer that is not the council's was believed".into()),
            Ok(report) if report.waiting == 0 => {
                // The phone says that all is with the council: then it is, at this very moment.
                let differences = phone.model.differences(&self.office);
                self.broken
                    .extend(differences.into_iter().map(|difference| format!("said to be received, and {difference}")));
            }
            Ok(_) | Err(AppError::NoAnswer(_)) => {}
            Err(error) => self.broken.push(format!("a sync failed: {error}")),
        }
        self.nothing_left_the_phone(which);
    }

    /// Promise: what was saved stays on the phone.
    fn nothing_left_the_phone(&mut self, which: usize) {
        let Some(phone) = self.phones.get(which) else { return };
        let Some(app) = &phone.app else { return };
        let there = app.status().map(|status| status.records).unwrap_or(0);
        // After a phone was put back, the council may hold what the phone has lost.
        if phone.copy.is_none() && there < u64::try_from(phone.model.records()).unwrap_or(u64::MAX) {
            self.broken.push(format!("the phone of {} has {there} records of {}", phone.user, phone.model.records()));
        }
    }

    /// The phone dies, perhaps in the middle of a sync, and starts again.
    fn kill(&mut self, which: usize) {
        let in_a_sync = self.chance.percent(60);
        let writes = u64::try_from(self.chance.below(12)).unwrap_or(0);
        let Some(phone) = self.phones.get_mut(which) else { return };
        if let Some(app) = phone.app.take()
            && in_a_sync
        {
            phone.line.set_trouble(0);
            phone.disk.fail_after(writes);
            let _it_dies_in_here = app.sync();
            phone.disk.mend();
        }
        phone.clock.boot.fetch_add(1, Ordering::SeqCst);
        phone.clock.started.store(self.truth.load(Ordering::SeqCst), Ordering::SeqCst);
        self.reopen(which);
    }

    fn reopen(&mut self, which: usize) {
        let Some(phone) = self.phones.get_mut(which) else { return };
        match App::open(&phone.folder, phone.environment.clone()) {
            Ok(app) => {
                match app.verify() {
                    Ok(Ok(_)) => {}
                    Ok(Err(_)) if !phone.model.rotten.is_empty() => {}
                    other => self.broken.push(format!("after a restart the chain does not hold: {other:?}")),
                }
                phone.app = Some(app);
            }
            Err(error) => self.broken.push(format!("a phone does not open: {error}")),
        }
        self.nothing_left_the_phone(which);
    }

    fn clock_jumps(&mut self, which: usize) {
        let years = i64::try_from(self.chance.below(21)).unwrap_or(0) - 10;
        if let Some(phone) = self.phones.get(which) {
            phone.clock.wrong_by.store(years * 365 * 86_400_000, Ordering::SeqCst);
        }
    }

    /// Somebody makes a copy of the phone's files. The key store is not in it.
    fn copy_phone(&mut self, which: usize) {
        let Some(phone) = self.phones.get_mut(which) else { return };
        phone.app = None;
        let copy = self.folder.path().join(format!("{}-copy", phone.user));
        copy_folder(&phone.folder, &copy);
        phone.copy = Some((copy, phone.model.clone()));
        self.reopen(which);
    }

    fn put_phone_back(&mut self, which: usize) {
        let notes: BTreeSet<String> = self.office.safeguarding_notes().unwrap_or_default().into_iter().collect();
        let Some(phone) = self.phones.get_mut(which) else { return };
        let Some((copy, model)) = phone.copy.clone() else { return };
        phone.app = None;
        copy_folder(&copy, &phone.folder);
        phone.model.put_back(&model, &self.office, &notes);
        self.reopen(which);
        let Some(phone) = self.phones.get_mut(which) else { return };
        if let Some(app) = &phone.app {
            phone.open_visits = app
                .visits()
                .unwrap_or_default()
                .into_iter()
                .filter(|visit| visit.outcome.is_none())
                .map(|visit| visit.visit)
                .collect();
        }
        // What was on the phone alone is gone with it; the phone as it is now is what counts from here.
        phone.copy = Some((copy, model));
    }

    /// A bit of one record that waits to be sent turns over on the phone's disk.
    fn rot(&mut self, which: usize) {
        let Some(phone) = self.phones.get_mut(which) else { return };
        if phone.copy.is_some() || !phone.model.rotten.is_empty() {
            return;
        }
        phone.app = None;
        let rotten = rot_one_record(&phone.folder, &phone.keys);
        if let Some(record) = rotten.filter(|record| phone.model.saved.contains_key(record)) {
            phone.model.rotten.insert(record);
            phone.set_aside_expected = true;
        }
        self.reopen(which);
    }

    fn reassign(&mut self) {
        let number = self.chance.below(self.appointments.len() + 1);
        let user = self.chance.below(PHONES);
        match self.appointments.get_mut(number) {
            Some(appointment) => appointment.1 = user,
            None => self.appointments.push((number, user)),
        }
        self.import();
    }

    fn council_data(&self) -> PathBuf {
        self.folder.path().join("council")
    }

    /// The council goes down and comes up, with something done in between.
    fn council_down(&mut self, between: impl FnOnce(&Self)) {
        for phone in &self.phones {
            phone.line.lead_to(None);
        }
        // Nothing holds the database open any more but the office itself, which is opened anew.
        between(self);
        self.council_disk.mend();
        match Office::open(&self.council_data(), self.council_environment.clone()) {
            Ok(office) => self.office = office,
            Err(error) => self.broken.push(format!("the council does not open: {error}")),
        }
        for phone in &self.phones {
            phone.line.lead_to(Some(self.office.service()));
        }
    }

    fn restart_council(&mut self) {
        self.council_down(|_| ());
    }

    fn council_copy(&mut self) {
        let copy = self.folder.path().join("council-copy");
        self.council_down(|world| {
            let opened = rusqlite::Connection::open(world.council_data().join("council.db"));
            let checkpoint = opened.and_then(|db| db.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())));
            drop(checkpoint);
            copy_folder(&world.council_data(), &copy);
        });
        self.council_copy = Some(self.folder.path().join("council-copy"));
    }

    /// The council's database is put back from its copy: what came since is gone there, and the phones bring it again.
    fn put_council_back(&mut self) {
        let Some(copy) = self.council_copy.clone() else { return };
        // A phone that was itself put back may have lost what the council is about to lose: nobody could bring that back.
        if self.phones.iter().any(|phone| phone.copy.is_some()) {
            return;
        }
        self.council_down(|world| copy_folder(&copy, &world.council_data()));
        if let Err(error) = self.office.service().begin_epoch() {
            self.broken.push(format!("the restored council has no new epoch: {error}"));
        }
        self.import();
    }

    /// The trouble ends. Within a bounded number of tries all is well, or a promise was broken.
    fn quiesce(&mut self) {
        if !self.broken.is_empty() {
            return;
        }
        self.restart_council();
        self.import();
        for which in 0..PHONES {
            self.quiesce_phone(which);
        }
        self.check_council();
    }

    fn quiesce_phone(&mut self, which: usize) {
        let Some(phone) = self.phones.get_mut(which) else { return };
        let Some(app) = &phone.app else { return };
        phone.disk.mend();
        phone.line.set_trouble(0);
        let mut left = u64::MAX;
        for _ in 0..BOUND {
            left = app.sync().map_or(left, |report| report.waiting);
            if left == 0 {
                break;
            }
        }
        if left != 0 {
            self.broken.push(format!("stuck: the phone of {} still has {left} records to send", phone.user));
        }
        let set_aside = app.outbox().map(|outbox| outbox.set_aside).unwrap_or_default();
        if !set_aside.is_empty() && !phone.set_aside_expected {
            self.broken.push(format!("set aside without a reason to: {set_aside:?}"));
        }
        // A record may have reached the council whole before it rotted here; otherwise it is set aside.
        if set_aside.is_empty() && phone.model.rotten.iter().any(|record| !phone.model.is_held(*record, &self.office)) {
            self.broken.push("a rotten record was not set aside".into());
        }
        let wanted: BTreeSet<String> = self
            .appointments
            .iter()
            .filter(|(_, user)| USERS.get(*user) == Some(&phone.user))
            .map(|(number, _)| format!("WO-{number}"))
            .collect();
        let views = app.appointments().unwrap_or_default();
        let has: BTreeSet<String> = views.iter().map(|view| view.appointment.reference.to_string()).collect();
        let not_started =
            views.iter().filter(|view| view.visit.is_none()).map(|view| view.appointment.reference.to_string());
        if !wanted.is_subset(&has) {
            self.broken.push(format!("{} was not given {:?}", phone.user, wanted.difference(&has)));
        }
        for kept in not_started.filter(|reference| !wanted.contains(reference)) {
            self.broken.push(format!("{} still has {kept}, which is somebody else's", phone.user));
        }
    }

    fn check_council(&mut self) {
        let held: Vec<String> = self.office.safeguarding_notes().unwrap_or_default();
        let notes: BTreeSet<String> = held.iter().cloned().collect();
        if notes.len() != held.len() {
            self.broken.push("a safeguarding note is held twice".into());
        }
        for phone in &self.phones {
            self.broken.extend(phone.model.differences(&self.office));
            for lost in phone.model.notes.difference(&notes) {
                self.broken.push(format!("lost: {lost} of {}", phone.user));
            }
        }
    }
}

fn start(app: &App, chance: &Chance) -> Result<VisitView, AppError> {
    let appointments = app.appointments()?;
    let which = chance.below(appointments.len());
    let reference = appointments.get(which).map(|view| view.appointment.reference.clone());
    app.start_visit(&reference.unwrap_or_else(|| "none".parse().expect("this is a reference")))
}

fn copy_folder(from: &Path, to: &Path) {
    let _ = fs::remove_dir_all(to);
    fs::create_dir_all(to).expect("a folder can be made");
    for entry in fs::read_dir(from).expect("a folder can be read").flatten() {
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy_folder(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).expect("a file can be copied");
        }
    }
}

/// Turns a bit of one waiting record's body over, past the encryption, as a bad memory cell would before it.
fn rot_one_record(folder: &Path, keys: &MemoryKeyStore) -> Option<doorstep_domain::RecordId> {
    let key = keys.get("database-key").ok().flatten()?;
    let database = rusqlite::Connection::open(folder.join("doorstep.db")).ok()?;
    let hex: String = key.expose().iter().map(|byte| format!("{byte:02x}")).collect();
    database.pragma_update(None, "key", format!("x'{hex}'")).ok()?;
    let (local_id, record, mut body): (i64, [u8; 16], Vec<u8>) = database
        .query_row(
            "SELECT local_id, record_id, body FROM record WHERE state = 'waiting' AND sequence > 1 AND urgent = 0
             AND record_id NOT IN (SELECT record_id FROM record GROUP BY visit_id HAVING local_id = min(local_id))
             ORDER BY local_id LIMIT 1",
            [],
            |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
        )
        .ok()?;
    *body.last_mut()? ^= 1;
    database.execute("UPDATE record SET body = ?1 WHERE local_id = ?2", (body, local_id)).ok()?;
    Some(doorstep_domain::RecordId::from_bytes(record))
}
