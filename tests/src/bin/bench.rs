//! What `cargo xtask bench` measures on the phone: the time of a tap from the click to the painted
//! screen, with few visits and with many. Both run on the same machine, one right after the other,
//! because their ratio says more than either time.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use doorstep_core::http::HttpConnect;
use doorstep_core::keys::SystemKeyStore;
use doorstep_core::{App, Clock, Environment, Moment, OsRandomness, RealDisk, SignIn, SystemClock, Unplanned};
use doorstep_domain::conduct::{Basis, Command, ConsentBy, Step, StepState, VisitKind};
use doorstep_tests::harness::TestCouncil;
use doorstep_tests::sample::appointments_today;
use doorstep_tests::window::{Desk, Look, Window};

/// How many visits are on the two phones.
const FEW: usize = 10;
const MANY: usize = 10_000;
/// How many visits the filled phone made each day.
const A_DAY: i64 = 10;
/// How many taps are measured on each phone, and how many before them only warm it up.
const TAPS: usize = 400;
const WARM_UP: usize = 20;
/// How many taps a visit gets before the next one starts.
const TAPS_OF_A_VISIT: usize = 20;
/// The limit that docs/architecture.md promises, in milliseconds: the 95th percentile on the phone
/// with many visits.
const PROMISE_MS: f64 = 50.0;

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    if let [_, seed, store, visits] = arguments.as_slice()
        && seed == "seed"
    {
        return fill(Path::new(store), visits.parse().expect("a number of visits"));
    }
    let council = TestCouncil::open();
    let file = council.data().join("today.csv");
    std::fs::write(&file, appointments_today()).expect("sample data can be written");
    council.does(&["import-appointments", &file.display().to_string()]);
    let runtime = tokio::runtime::Runtime::new().expect("the runtime starts");
    let few = runtime.block_on(measured(&council, "melton-2", FEW));
    let many = runtime.block_on(measured(&council, "melton-2", MANY));
    println!("\ntap to painted, {TAPS} taps, milliseconds:");
    println!("  visits on the phone      p50      p95      p99");
    for (visits, times) in [(FEW, &few), (MANY, &many)] {
        let [p50, p95, p99] = [50, 95, 99].map(|percent| percentile(times, percent));
        println!("  {visits:>19} {p50:>8.1} {p95:>8.1} {p99:>8.1}");
    }
    let (before, after) = (percentile(&few, 95), percentile(&many, 95));
    println!("  ratio of the p95: {:.2}", after / before);
    let kept = if after < PROMISE_MS { "kept" } else { "BROKEN" };
    println!("  {PROMISE_MS} ms at the 95th percentile with {MANY} visits: {kept}");
}

/// A clock that runs behind the real one by the milliseconds it holds, less with each visit.
#[derive(Debug)]
struct Past(AtomicI64);

impl Clock for Past {
    fn now(&self) -> Moment {
        let now = SystemClock.now();
        Moment { unix_ms: now.unix_ms - self.0.load(Ordering::SeqCst), ..now }
    }
}

/// Fills a phone with past visits through the core itself, and sends them.
fn fill(store: &Path, visits: usize) {
    const DAY_MS: i64 = 24 * 60 * 60 * 1000;
    let visits = i64::try_from(visits).expect("a number of visits");
    let clock = Arc::new(Past(AtomicI64::new(0)));
    let environment = Environment {
        clock: Arc::clone(&clock) as Arc<dyn Clock>,
        randomness: Arc::new(OsRandomness),
        keys: Arc::new(SystemKeyStore::new(&store.canonicalize().expect("the store is there"))),
        disk: Arc::new(RealDisk),
        connect: Arc::new(HttpConnect),
        sign_in: SignIn::ByKeyStore,
    };
    let app = App::open(store, environment).expect("the store opens");
    for number in 0..visits {
        clock.0.store((visits - number) * DAY_MS / A_DAY, Ordering::SeqCst);
        let address = Some(format!("{number} Long Street, Melton Mowbray"));
        let plan =
            Unplanned { visit_kind: VisitKind::EmergencyRepair, purpose: "A leak".to_owned(), uprn: None, address };
        let visit = app.start_unplanned(plan).expect("a visit starts").visit.visit.visit;
        for step in [Step::IdWorn, Step::Introduced, Step::ReasonStated, Step::IdShown, Step::AdultPresent] {
            app.act(visit, Command::RecordStep { step, state: StepState::Done }).expect("a step is saved");
        }
        let basis = Some(Basis::Consented { by: ConsentBy::Tenant });
        app.act(visit, Command::Enter { basis, admitting: None }).expect("going in is saved");
        app.act(visit, Command::Leave { further_visit_needed: false }).expect("leaving is saved");
    }
    clock.0.store(0, Ordering::SeqCst);
    while app.sync().expect("the council answers").waiting > 0 {}
}

/// Fills a phone and taps in the real window. Returns the times in milliseconds, shortest first.
async fn measured(council: &TestCouncil, user: &str, visits: usize) -> Vec<f64> {
    println!("A phone with {visits} visits: filling it.");
    let desk = Desk::new(390, 844, Look::Light);
    let window = desk.open().await;
    window.types("#code", &council.code_for(user)).await;
    window.types("#server", &format!("http://{}", council.address())).await;
    window.tap("#enrol").await;
    window.sees("h1", "Choose a PIN").await;
    window.types("#pin", "493817").await;
    window.types("#again", "493817").await;
    window.tap("#set-pin").await;
    window.tap("#sign").await;
    window.sees("h1", "Today").await;
    window.close().await;
    let this = std::env::current_exe().expect("a program knows where it is");
    let filled = desk.command(&this).arg("seed").arg(desk.store()).arg(visits.to_string()).status();
    assert!(filled.is_ok_and(|status| status.success()), "the phone can't be filled");

    // Flush what the filling wrote, so that no tap waits for it.
    let flushed = std::process::Command::new("sync").status();
    assert!(flushed.is_ok_and(|status| status.success()), "the disk does not come to rest");
    println!("A phone with {visits} visits: tapping.");
    let window = desk.open().await;
    window.types("#pin", "493817").await;
    window.tap("#sign-in").await;
    window.sees("[data-ref='WO-TODAY-5']", "Start").await;
    let mut times = Vec::with_capacity(TAPS);
    for tap in 0..WARM_UP + TAPS {
        if tap % TAPS_OF_A_VISIT == 0 {
            another_visit(&window, tap / TAPS_OF_A_VISIT).await;
        }
        let took = timed_tap(&window).await;
        if tap >= WARM_UP {
            times.push(took);
        }
        // Tap as fast as a person in a hurry, while the app goes on sending.
        tokio::time::sleep(Duration::from_millis(150)).await;
    }
    window.close().await;
    times.sort_by(f64::total_cmp);
    times
}

/// Starts an unplanned visit.
async fn another_visit(window: &Window, number: usize) {
    if number > 0 {
        window.tap("#back").await;
        window.sees("[data-ref='WO-TODAY-5']", "Start").await;
    }
    window.tap("#unplanned").await;
    window.types("#address", &format!("{number} Short Street")).await;
    window.types("#purpose", "A leak").await;
    window.tap("#start-unplanned").await;
    window.sees("[data-step='introduced']", "Said who I am").await;
}

/// Ticks a step or takes the tick back. Returns the milliseconds until a frame shows it.
async fn timed_tap(window: &Window) -> f64 {
    window
        .measures(
            "const step = document.querySelector(\"[data-step='introduced']\");
             const before = step.dataset.state;
             const button = step.querySelector(before === 'open' ? '.step-main' : '.small');
             const started = performance.now();
             const seen = new MutationObserver(() => {
                 if (document.querySelector(\"[data-step='introduced']\").dataset.state === before) return;
                 seen.disconnect();
                 requestAnimationFrame(() => setTimeout(() => done(performance.now() - started)));
             });
             seen.observe(document.querySelector('main'), { subtree: true, childList: true, attributes: true });
             button.click();",
        )
        .await
}

fn percentile(sorted: &[f64], percent: usize) -> f64 {
    let at = (sorted.len() * percent).div_ceil(100).saturating_sub(1);
    sorted.get(at).copied().unwrap_or(f64::NAN)
}
