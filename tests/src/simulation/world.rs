//! A world, from its first day to the check at its end.

mod check;
mod council;
mod phones;
mod promises;
mod taps;
mod trouble;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use doorstep_core::keys::MemoryKeyStore;
use doorstep_core::{App, Environment};
use doorstep_council::desk::{self, Actor};
use doorstep_council::import::{self, ImportMode};
use doorstep_council::records::backup::BackupKey;
use doorstep_council::{DatabaseAt, Service, TimeSource};
use doorstep_domain::{DeviceId, VisitId};

use super::line::Line;
use super::model::Model;
use super::outside::{Chance, FaultyDisk, VirtualClock};
use crate::postgres::Postgres;

const PHONES: usize = 3;
const STEPS: usize = 272;
/// In every other world, the step at which the council is updated to version 2.
const UPDATED_AT: usize = 130;
/// How many times a phone may sync, once nothing fails any more, until the council has everything.
const BOUND: usize = 8;
const DAY_MS: i64 = 24 * 3_600_000;
/// When each world begins: 24 November 2026, 8:00 UTC, in milliseconds since 1970.
const MORNING_MS: i64 = 1_795_507_200_000;

/// The result of a world.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// Broken promises, in words. Empty when the world went well.
    pub broken: Vec<String>,
    /// Simulated days, added up over the phones.
    pub device_days: i64,
    /// How many records were saved.
    pub records: usize,
    /// What happened, step by step. The same seed gives the same trace.
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
    /// A copy of the phone's folder, and the model as it was then.
    copy: Option<(PathBuf, Model)>,
    /// Whether it was put back from a copy.
    was_put_back: bool,
    open_visits: Vec<VisitId>,
    set_aside_expected: bool,
    /// Whether a PIN keeps it.
    has_pin: bool,
    /// Visits in which something was said while the phone was locked, and is not seen yet.
    said_locked: Vec<VisitId>,
    /// Whether its journal lacks something, because its disk failed: it goes in with the next sync
    /// or start. A power cut before that, with a ruined database, may take it.
    journal_lacks: bool,
    /// Whether its journal was damaged while there was no room to write it anew: that is done at
    /// the next start with room.
    journal_has_hole: bool,
    /// Whether that ever was so: a copy of its files may still have it.
    had_a_hole: bool,
    /// How many records the stores of its former enrolments had, if it was enrolled again.
    left_behind: Option<usize>,
}

/// What the council can be put back from.
#[derive(Clone)]
enum CouncilCopy {
    /// A snapshot of its folder and its database.
    Snapshot(PathBuf, DatabaseAt),
    /// A backup that restores, as the council knows.
    Backup(PathBuf),
}

struct World {
    folder: tempfile::TempDir,
    chance: Arc<Chance>,
    truth: Arc<AtomicI64>,
    council_disk: Arc<FaultyDisk>,
    council_clock: Arc<VirtualClock>,
    council_environment: doorstep_council::Environment,
    council: Service,
    /// A second process of the council on the same database, in every other pair of worlds.
    second: Option<Service>,
    has_two: bool,
    /// The PostgreSQL server of the council's database; `None` if it is the embedded one.
    server: Option<Arc<Postgres>>,
    database: DatabaseAt,
    council_copy: Option<CouncilCopy>,
    backup_key: BackupKey,
    phones: Vec<Phone>,
    appointments: Vec<(usize, usize)>,
    /// The enrolments that were revoked.
    revoked: Vec<DeviceId>,
    broken: Vec<String>,
    trace: Vec<String>,
    notes: usize,
    /// To which phone something happened in the last step.
    touched: usize,
    /// The day of the last step, since 1970, UTC.
    day: i64,
    /// The step before which the council speaks version 1 alone; 0 in every other world.
    updated_at: usize,
    /// Whether the council speaks version 2 by now.
    speaks_version_2: bool,
}

const USERS: [&str; PHONES] = ["harriet", "pete", "gareth"];
/// The user name of the safeguarding lead.
const LEAD: &str = "lead";

/// Runs the world of a seed, with the council on its embedded database.
///
/// # Panics
/// When the world itself can't be built.
#[must_use]
pub fn run(seed: u64) -> Outcome {
    run_on(None, seed)
}

/// Runs the world of a seed, with the council on the PostgreSQL server if one is given.
///
/// # Panics
/// When the world itself can't be built.
#[must_use]
pub fn run_on(server: Option<&Arc<Postgres>>, seed: u64) -> Outcome {
    let mut world = World::new(seed, server.cloned());
    for step in 0..STEPS {
        world.step(step);
        world.keeps_its_promises();
        let saved: Vec<usize> = world.phones.iter().map(|phone| phone.model.records()).collect();
        world.trace.push(format!("{step}: saved so far: {saved:?}"));
        if !world.broken.is_empty() {
            break;
        }
    }
    world.quiesce();
    let days = (world.truth.load(Ordering::SeqCst) - MORNING_MS) / 86_400_000;
    Outcome {
        broken: world.broken,
        device_days: days * i64::try_from(PHONES).unwrap_or(0),
        records: world.phones.iter().map(|phone| phone.model.records()).sum(),
        trace: world.trace,
    }
}

/// A folder for the world's files, in memory where possible.
fn scratch() -> tempfile::TempDir {
    let memory = Path::new("/dev/shm");
    let made = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() };
    made.expect("a world needs a folder")
}

impl World {
    fn new(seed: u64, server: Option<Arc<Postgres>>) -> Self {
        let folder = scratch();
        let chance = Arc::new(Chance::new(seed));
        let truth = Arc::new(AtomicI64::new(MORNING_MS));
        let council_disk = Arc::new(FaultyDisk::default());
        let council_clock = Arc::new(VirtualClock::new(Arc::clone(&truth), 0));
        let council_environment = doorstep_council::Environment {
            clock: Arc::clone(&council_clock) as Arc<dyn TimeSource>,
            // Its own: how often a database asks for random numbers changes nothing of the world.
            randomness: Arc::new(Chance::new(!seed)),
            disk: Arc::clone(&council_disk) as Arc<dyn doorstep_council::Disk>,
        };
        let data = folder.path().join("council");
        let database =
            server.as_ref().map_or(DatabaseAt::InTheDataFolder, |server| DatabaseAt::Server(server.database()));
        let council = desk::council::init(
            &data,
            &database,
            "Melton",
            "admin",
            "correct horse battery",
            council_environment.clone(),
        )
        .expect("the council is made");
        let people = USERS.iter().fold(
            "user,display_name,organisation,organisation_kind,role,position,email\n".to_owned(),
            |table, user| format!("{table}{user},{user},Melton,council,officer,Officer,\n"),
        );
        let people = format!("{people}{LEAD},{LEAD},Melton,council,safeguarding_lead,Lead,\n");
        import::people(&council, &Actor::command_line(), people.as_bytes(), ImportMode::AllOrNothing)
            .expect("people are imported");
        let mut world = Self {
            folder,
            chance,
            truth,
            council_disk,
            council_clock,
            council_environment,
            council,
            second: None,
            has_two: seed % 4 >= 2,
            server,
            database,
            council_copy: None,
            backup_key: BackupKey::new(),
            phones: Vec::new(),
            appointments: Vec::new(),
            revoked: Vec::new(),
            broken: Vec::new(),
            trace: Vec::new(),
            notes: 0,
            touched: 0,
            day: MORNING_MS / DAY_MS,
            speaks_version_2: false,
            updated_at: if seed % 2 == 1 { UPDATED_AT } else { 0 },
        };
        world.appointments = (0..15).map(|number| (number, number % PHONES)).collect();
        world.import();
        world.second = world.starts_another();
        for (user, has_pin) in USERS.into_iter().zip([!seed.is_multiple_of(3), seed % 3 == 1, true]) {
            let phone = world.phone(user, has_pin);
            world.phones.push(phone);
        }
        world
    }

    fn step(&mut self, step: usize) {
        self.truth.fetch_add(i64::try_from(self.chance.below(2 * 3_600_000)).unwrap_or(0), Ordering::SeqCst);
        if step == self.updated_at {
            self.speaks_version_2 = true;
            self.phones.iter().for_each(|phone| phone.line.speak_version_2(true));
        }
        self.make_room();
        let which = self.chance.below(PHONES);
        self.touched = which;
        let what = self.chance.below(100);
        self.trace.push(format!("{step}: phone {which}, {what}"));
        match what {
            0..=51 => self.tap(which),
            52..=72 => self.sync(which),
            73..=75 => self.kill(which),
            76..=77 => self.clock_jumps(which),
            78..=80 => self.copy_phone(which),
            81..=82 => self.put_phone_back(which),
            83..=84 => self.rot(which),
            85..=86 => self.reassign(),
            87..=88 => self.council_copy(),
            89 => self.put_council_back(),
            90..=91 => self.lock(which),
            92..=94 => self.power_cut(which),
            95 => self.new_code(which),
            98 => self.erase_a_home(),
            96 => self.fill(which),
            97 => self.council_disk.fail_after(u64::try_from(self.chance.below(2)).unwrap_or(0)),
            _ => self.restart_with_another_clock(),
        }
    }
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
