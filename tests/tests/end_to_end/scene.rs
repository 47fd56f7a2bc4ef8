//! A council and a phone in the test's own process, with a disk that can be made to fail.

use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};

use doorstep_core::keys::{KeyStore, MemoryKeyStore};
use doorstep_core::{
    App, AppError, BadAddress, Clock, Connect, Environment, Moment, OsRandomness, SignIn, SystemClock,
};
use doorstep_council::desk::{self, Actor};
use doorstep_council::import::{self, ImportMode};
use doorstep_council::{DatabaseAt, Service, TimeSource};
use doorstep_domain::conduct::Signing;
use doorstep_domain::ledger::Hash;
use doorstep_domain::protocol::{Council, NoAnswer};
use doorstep_domain::v2::Exchange;
use doorstep_tests::harness::{copy, sample};
use doorstep_tests::simulation::FaultyDisk;

/// Connects every address to one council.
struct To(Arc<dyn Council>);

impl Connect for To {
    fn connect(&self, _: &str) -> Result<Arc<dyn Council>, BadAddress> {
        Ok(Arc::clone(&self.0))
    }
}

impl Clock for Ahead {
    fn now(&self) -> Moment {
        let (now, ahead_ms) = (SystemClock.now(), self.0.load(Ordering::SeqCst));
        let monotonic_ms = now.monotonic_ms.saturating_add_signed(ahead_ms);
        Moment { unix_ms: now.unix_ms + ahead_ms, monotonic_ms, ..now }
    }
}

/// A line that keeps the last request and never answers.
#[derive(Default)]
pub(crate) struct Tapped(pub(crate) Mutex<Vec<u8>>);

impl Council for Tapped {
    fn enrol(&self, _: &[u8]) -> Result<Vec<u8>, NoAnswer> {
        Err(NoAnswer::Unreachable)
    }

    fn sync(&self, _: &[u8]) -> Result<Vec<u8>, NoAnswer> {
        Err(NoAnswer::Unreachable)
    }

    fn put_blob(&self, _: Hash, _: &[u8]) -> Result<Vec<u8>, NoAnswer> {
        Err(NoAnswer::Unreachable)
    }

    fn ask(&self, _: Exchange, request: &[u8]) -> Result<Vec<u8>, NoAnswer> {
        *self.0.lock().unwrap() = request.to_vec();
        Err(NoAnswer::Unreachable)
    }
}

/// The machine's clock, so many milliseconds ahead.
#[derive(Default)]
pub(crate) struct Ahead(AtomicI64);

impl TimeSource for Ahead {
    fn now_ms(&self) -> i64 {
        doorstep_council::SystemClock.now_ms() + self.0.load(Ordering::SeqCst)
    }
}

/// A council with sample data, and what a phone beside it needs.
pub(crate) struct Scene {
    /// The council's clock.
    clock: Arc<Ahead>,
    phone_clock: Arc<Ahead>,
    pub(crate) folder: tempfile::TempDir,
    pub(crate) service: Service,
    pub(crate) disk: Arc<FaultyDisk>,
    pub(crate) keys: Arc<MemoryKeyStore>,
}

impl Scene {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock: Arc<Ahead> = Arc::default();
        let ahead = doorstep_council::Environment {
            clock: Arc::clone(&clock) as Arc<dyn TimeSource>,
            ..doorstep_council::Environment::real()
        };
        let service = desk::council::init(
            &folder.path().join("council"),
            &DatabaseAt::InTheDataFolder,
            "Melton Borough Council",
            "admin",
            "correct horse battery",
            ahead,
        )
        .unwrap();
        for (file, people) in [("people.csv", true), ("appointments-2026-11-24.csv", false)] {
            let table = fs::read(sample(file)).unwrap();
            let imported = if people {
                import::people(&service, &Actor::command_line(), &table, ImportMode::AllOrNothing)
            } else {
                import::appointments(&service, &Actor::command_line(), &table, ImportMode::AllOrNothing)
            };
            assert!(imported.unwrap().faults.is_empty());
        }
        Self { clock, phone_clock: Arc::default(), folder, service, disk: Arc::default(), keys: Arc::default() }
    }

    /// Lets so many hours pass.
    pub(crate) fn hours_pass(&self, hours: i64) {
        self.clock_is_set(hours);
        self.phone_clock.0.fetch_add(hours * 60 * 60 * 1000, Ordering::SeqCst);
    }

    /// Sets the council's clock so many hours ahead, or back, of what it shows.
    pub(crate) fn clock_is_set(&self, hours: i64) {
        self.clock.0.fetch_add(hours * 60 * 60 * 1000, Ordering::SeqCst);
    }

    /// An environment for another council process, with the same clock.
    pub(crate) fn of_the_council(&self) -> doorstep_council::Environment {
        doorstep_council::Environment {
            clock: Arc::clone(&self.clock) as Arc<dyn TimeSource>,
            ..doorstep_council::Environment::real()
        }
    }

    /// The phone's environment, connected directly to the council.
    pub(crate) fn environment(&self) -> Environment {
        self.environment_through(Arc::new(self.service.clone()))
    }

    /// The phone's environment, connected to another implementation of `Council`.
    pub(crate) fn environment_through(&self, line: Arc<dyn Council>) -> Environment {
        Environment {
            clock: Arc::clone(&self.phone_clock) as Arc<dyn Clock>,
            randomness: Arc::new(OsRandomness),
            keys: Arc::clone(&self.keys) as Arc<dyn KeyStore>,
            disk: Arc::clone(&self.disk) as Arc<dyn doorstep_core::Disk>,
            connect: Arc::new(To(line)),
            sign_in: SignIn::ByKeyStore,
        }
    }

    pub(crate) fn store(&self) -> std::path::PathBuf {
        self.folder.path().join("store")
    }

    pub(crate) fn open(&self) -> Result<App, AppError> {
        App::open(&self.store(), self.environment())
    }

    pub(crate) fn enrolled(&self) -> App {
        let app = self.open().unwrap();
        self.enrol(&app);
        app
    }

    /// Enrols a phone, and signs the Code on it.
    pub(crate) fn enrol(&self, app: &App) {
        let code = desk::phones::offer(&self.service, &Actor::command_line(), "melton-2", None).unwrap().code;
        app.enrol("here", &code, "test").unwrap();
        app.sync().unwrap();
        let code = app.code(None).unwrap().hash;
        app.acknowledge(&code, "Dafydd Ó Briain", Signing::Typed("Dafydd Ó Briain".into())).unwrap();
        app.sync().unwrap();
    }
}

/// What begins each piece of a journal.
const PIECE: [u8; 4] = [0xD0, 0x0E, 0x57, 0xE9];

/// A copy of the phone as it is now, as a power cut would leave it: with the same keys, and files
/// that nobody has closed.
pub(crate) struct Cut {
    folder: tempfile::TempDir,
    environment: Environment,
}

impl Cut {
    pub(crate) fn of(scene: &Scene) -> Self {
        let folder = tempfile::tempdir().unwrap();
        copy(&scene.store(), folder.path());
        let keys: Arc<MemoryKeyStore> = Arc::new(scene.keys.copy());
        Self { folder, environment: Environment { keys: keys as Arc<dyn KeyStore>, ..scene.environment() } }
    }

    /// For each piece of the phone's journal, a copy of the phone without it and without its
    /// database.
    pub(crate) fn without_each_piece(scene: &Scene) -> Vec<Self> {
        let journal = fs::read(scene.store().join("doorstep.journal")).unwrap();
        let begins = journal.windows(PIECE.len()).enumerate().filter(|(_, bytes)| *bytes == PIECE);
        let without = begins.map(|(at, _)| {
            let cut = Self::of(scene);
            overwritten(&cut.file("doorstep.journal"), at, at + PIECE.len());
            for file in ["doorstep.db", "doorstep.db-wal", "doorstep.db-shm"] {
                let _there_may_be_none = fs::remove_file(cut.file(file));
            }
            cut
        });
        without.collect()
    }

    pub(crate) fn file(&self, name: &str) -> std::path::PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn open(&self) -> Result<App, AppError> {
        App::open(self.folder.path(), self.environment.clone())
    }

    /// Opens it, connected to another implementation of `Council`.
    pub(crate) fn open_through(&self, line: Arc<dyn Council>) -> Result<App, AppError> {
        let environment = Environment { connect: Arc::new(To(line)), ..self.environment.clone() };
        App::open(self.folder.path(), environment)
    }
}

/// Changes these bytes of a file.
pub(crate) fn overwritten(file: &Path, from: usize, to: usize) {
    let mut bytes = fs::read(file).unwrap();
    let end = to.min(bytes.len());
    bytes[from.min(end)..end].iter_mut().for_each(|byte| *byte ^= 0x5a);
    fs::write(file, bytes).unwrap();
}
