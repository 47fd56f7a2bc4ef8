//! Real programs, broken off at each call with which they change disk or line; images of what a
//! power cut would leave; and a database server that is stopped under load. Nothing may be lost,
//! and everything goes on once the trouble is over. `cargo xtask torture` runs it for an hour.

mod at_each_call;
mod council;
mod cut_line;
mod images;
mod load;
mod phone;
mod power;
mod strace;

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread;
use std::time::{Duration, Instant};

use serde::Serialize;

/// How much is tried.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The same seed chooses the same faults and images.
    pub seed: u64,
    /// No job begins another try after this time. Real time, not a clock's.
    pub at_most: Duration,
    /// How many calls of each run are tried from its beginning on, and how many more by seed.
    pub calls: usize,
    /// How many images of a power cut, and how many rounds under load.
    pub rounds: usize,
    /// Only jobs whose name begins with this.
    pub only: Option<String>,
}

/// What one job came to.
#[derive(Debug, Default, Clone, Serialize)]
pub struct Tally {
    /// What was done.
    pub job: String,
    /// How many faults there are to try.
    pub faults: usize,
    /// How many were tried.
    pub tried: usize,
    /// How many of those came to pass: a call that a run did not come to breaks nothing.
    pub happened: usize,
    /// How often the program was killed.
    pub killed: usize,
    /// What was lost, doubled, altered or stuck, with the fault.
    pub broken: Vec<String>,
}

/// Something that is done over and over, with a trouble each time.
trait Job: Send {
    /// Does it once more. Returns whether there is more to try.
    fn goes_on(&mut self, tally: &mut Tally) -> bool;
}

/// How a job begins: setting it up takes a while, so it is done by the thread that runs it.
type Begin = (&'static str, fn(&Settings) -> Box<dyn Job>);

/// After this many, a job that breaks is not tried any more.
const ENOUGH: usize = 5;

fn jobs() -> Vec<Begin> {
    let mut jobs = phone::jobs();
    jobs.extend(council::jobs());
    jobs.extend(cut_line::jobs());
    jobs.extend(power::jobs());
    jobs.extend(load::jobs());
    jobs
}

/// Tries everything that the settings ask for, on two threads, and returns what each job came to. A
/// job that can't be begun or go on, for instance because `strace` is not there, counts as broken.
///
/// # Panics
/// Never: each job is on its own.
#[must_use]
pub fn run(settings: &Settings) -> Vec<Tally> {
    let chosen = |name: &str| settings.only.as_deref().is_none_or(|only| name.starts_with(only));
    let jobs: Vec<Begin> = jobs().into_iter().filter(|(name, _)| chosen(name)).collect();
    let until = Instant::now() + settings.at_most;
    let shares = [jobs.iter().copied().step_by(2).collect(), jobs.iter().copied().skip(1).step_by(2).collect()];
    thread::scope(|scope| {
        let running = shares.map(|share: Vec<Begin>| scope.spawn(move || run_some(&share, settings, until)));
        running.into_iter().flat_map(|thread| thread.join().expect("no panic leaves a job")).collect()
    })
}

struct Running {
    job: Option<Box<dyn Job>>,
    tally: Tally,
    took: Duration,
}

impl Running {
    fn begin((name, begin): Begin, settings: &Settings) -> Self {
        let mut tally = Tally { job: name.to_owned(), ..Tally::default() };
        let begun = catch_unwind(|| begin(settings)).map_err(|panic| tally.broken.push(said(&*panic)));
        Self { job: begun.ok(), tally, took: Duration::ZERO }
    }

    fn goes_on(&mut self) {
        let begun = Instant::now();
        let Self { job: Some(job), tally, .. } = self else { return };
        let went = catch_unwind(AssertUnwindSafe(|| job.goes_on(tally)));
        let there_is_more = went.unwrap_or_else(|panic| {
            tally.broken.push(said(&*panic));
            false
        });
        if !there_is_more || tally.broken.len() >= ENOUGH {
            self.job = None;
        }
        self.took += begun.elapsed();
    }
}

/// What a panic said.
fn said(panic: &(dyn Any + Send)) -> String {
    let words = panic.downcast_ref::<String>().map(String::as_str);
    words.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("it panicked").to_owned()
}

/// Gives each job the same time, one try after the other.
fn run_some(jobs: &[Begin], settings: &Settings, until: Instant) -> Vec<Tally> {
    let mut running: Vec<Running> = jobs.iter().map(|job| Running::begin(*job, settings)).collect();
    while Instant::now() < until {
        let Some(next) = running.iter_mut().filter(|job| job.job.is_some()).min_by_key(|job| job.took) else { break };
        next.goes_on();
    }
    running.into_iter().map(|job| job.tally).collect()
}
