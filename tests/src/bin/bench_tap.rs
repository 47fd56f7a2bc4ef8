//! What `cargo xtask bench` measures of one tap in the core: the command, its records, the lists
//! and the journal, until all of it is on disk. Beside it, in the same run and one after the other,
//! the same rows are written with nothing but SQLCipher; and the same tap is made on a phone whose
//! journal takes nothing, which shows what the journal costs.

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use doorstep_core::http::HttpConnect;
use doorstep_core::keys::{KeyStore, MemoryKeyStore};
use doorstep_core::{App, Disk, DiskFault, Environment, OsRandomness, RealDisk, SignIn, SystemClock, Unplanned};
use doorstep_domain::VisitId;
use doorstep_domain::conduct::{Command, Signing, Step, StepState, VisitKind};
use doorstep_tests::harness::{TestCouncil, copy};
use rusqlite::types::Value;
use rusqlite::{Connection, params_from_iter};

/// How many visits are tapped in, and how often in each.
const VISITS: usize = 40;
const TAPS: usize = 20;
/// The first taps only warm everything up.
const WARM_UP: usize = 60;

/// A disk on which no journal can be added to.
struct NoJournal;

impl Disk for NoJournal {
    fn before_write(&self) -> Result<(), DiskFault> {
        Ok(())
    }

    fn before_append(&self) -> Result<(), DiskFault> {
        Err(DiskFault::Failed)
    }

    fn free(&self, folder: &Path) -> Option<u64> {
        RealDisk.free(folder)
    }
}

struct Phone {
    app: App,
    keys: Arc<MemoryKeyStore>,
    visits: Vec<VisitId>,
}

/// A phone in so many visits, as they are before anything is tapped.
fn phone(council: &TestCouncil, folder: &Path, user: &str, disk: Arc<dyn Disk>) -> Phone {
    let keys = Arc::new(MemoryKeyStore::default());
    let environment = Environment {
        clock: Arc::new(SystemClock),
        randomness: Arc::new(OsRandomness),
        keys: Arc::clone(&keys) as Arc<dyn KeyStore>,
        disk,
        connect: Arc::new(HttpConnect),
        sign_in: SignIn::ByKeyStore,
    };
    let app = App::open(folder, environment).expect("a phone opens");
    app.enrol(&format!("http://{}", council.address()), &council.code_for(user), "bench").expect("it enrols");
    app.sync().expect("it asks");
    let code = app.code(None).expect("there is a Code").hash;
    app.acknowledge(&code, user, Signing::Typed(user.to_owned())).expect("it is signed");
    let start = || {
        let unplanned = Unplanned {
            uprn: None,
            visit_kind: VisitKind::ResponsiveRepair,
            address: Some("1 High Street".to_owned()),
            purpose: "The tap drips".to_owned(),
        };
        app.start_unplanned(unplanned).expect("a visit starts").visit.visit.visit
    };
    let visits = std::iter::repeat_with(start).take(VISITS).collect();
    Phone { app, keys, visits }
}

fn tap(phone: &Phone, number: usize) -> f64 {
    let steps = [Step::IdWorn, Step::Introduced, Step::ReasonStated, Step::IdShown, Step::AdultPresent];
    let command = Command::RecordStep { step: steps[number % steps.len()], state: StepState::Done };
    let before = Instant::now();
    phone.app.act(phone.visits[number / TAPS], command).expect("a tap is saved");
    micros(before)
}

fn micros(since: Instant) -> f64 {
    since.elapsed().as_secs_f64() * 1_000_000.0
}

/// The phone's database, without Doorstep.
fn bare(store: &Path, keys: &MemoryKeyStore) -> Connection {
    let key = keys.get("database-key").expect("the keys can be read").expect("there is a key");
    let hex: String = key.expose().iter().map(|byte| format!("{byte:02x}")).collect();
    let database = Connection::open(store.join("doorstep.db")).expect("it opens");
    database.pragma_update(None, "key", format!("x'{hex}'")).expect("the key fits");
    for (name, value) in [("journal_mode", "WAL"), ("synchronous", "FULL"), ("foreign_keys", "ON")] {
        database.pragma_update(None, name, value).expect("it is set");
    }
    database
}

fn row(of: &Connection, sql: &str) -> Vec<Value> {
    let mut statement = of.prepare_cached(sql).expect("it fits");
    let columns = statement.column_count();
    let read = |row: &rusqlite::Row<'_>| (0..columns).map(|at| row.get(at)).collect();
    statement.query_row([], read).expect("a row")
}

/// Writes what the last tap wrote into another copy of the database.
fn again(from: &Connection, into: &mut Connection) -> f64 {
    let record = row(from, "SELECT * FROM record ORDER BY local_id DESC LIMIT 1");
    let chain = row(
        from,
        "SELECT sequence, hash, chain FROM visit_chain
         WHERE chain = (SELECT epoch FROM record ORDER BY local_id DESC LIMIT 1)",
    );
    let visit = row(
        from,
        "SELECT started_at_ms, started, outcome, entered, to_do, expected_end_ms, visit_id FROM visit
         WHERE visit_id = (SELECT visit_id FROM record ORDER BY local_id DESC LIMIT 1)",
    );
    let order = row(from, "SELECT last_order FROM chain");
    let places = vec!["?"; record.len()].join(", ");
    let before = Instant::now();
    let transaction = into.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate).expect("it begins");
    for (sql, row) in [
        (format!("INSERT INTO record VALUES ({places})").as_str(), record),
        ("UPDATE visit_chain SET sequence = ?, hash = ? WHERE chain = ?", chain),
        (
            "UPDATE visit SET started_at_ms = ?, started = ?, outcome = ?, entered = ?, to_do = ?, expected_end_ms = ?
             WHERE visit_id = ?",
            visit,
        ),
        ("UPDATE chain SET last_order = ?", order),
        ("UPDATE written SET number = number + 1", Vec::new()),
    ] {
        let mut statement = transaction.prepare_cached(sql).expect("it fits");
        statement.execute(params_from_iter(row)).expect("it is written");
    }
    transaction.commit().expect("it is on disk");
    micros(before)
}

fn main() {
    let council = TestCouncil::open();
    let folder = tempfile::tempdir().expect("there is room");
    let [real, without, beside] = ["real", "without", "bare"].map(|name| folder.path().join(name));
    let phones = [
        phone(&council, &real, "melton-2", Arc::new(RealDisk)),
        phone(&council, &without, "melton-3", Arc::new(NoJournal)),
    ];
    copy(&real, &beside);
    let from = bare(&real, &phones[0].keys);
    let mut into = bare(&beside, &phones[0].keys);
    let mut times = [Vec::new(), Vec::new(), Vec::new()];
    for number in 0..VISITS * TAPS {
        let now = [tap(&phones[0], number), tap(&phones[1], number), again(&from, &mut into)];
        if number >= WARM_UP {
            times.iter_mut().zip(now).for_each(|(all, one)| all.push(one));
        }
    }
    println!("\none tap in the core, {} taps, microseconds:", times[0].len());
    println!("                              p50      p95      p99");
    for (what, times) in ["a tap", "without its journal", "the rows, SQLCipher"].into_iter().zip(&mut times) {
        times.sort_by(f64::total_cmp);
        let [p50, p95, p99] = [50, 95, 99].map(|percent| times[times.len() * percent / 100]);
        println!("  {what:<20} {p50:>12.0} {p95:>8.0} {p99:>8.0}");
    }
    let middle = |which: usize| times[which][times[which].len() / 2];
    println!(
        "  SQLCipher alone takes {:.2} of a tap; the journal takes {:.2}",
        middle(2) / middle(0),
        1.0 - middle(1) / middle(0)
    );
}
