//! What `cargo xtask torture` runs. Prints one JSON object for each job, and fails if anything was
//! lost, doubled, altered or stuck.

use std::process::ExitCode;
use std::time::Duration;

use doorstep_tests::torture::{Settings, run};

/// The words that were given: minutes, seed, and the beginning of the names of jobs, or "".
fn settings() -> Option<Settings> {
    let mut words = std::env::args().skip(1);
    let minutes: u64 = words.next()?.parse().ok()?;
    let seed = words.next()?.parse().ok()?;
    let only = words.next().filter(|only| !only.is_empty());
    let at_most = Duration::from_secs(60 * minutes);
    Some(Settings { seed, at_most, calls: 300, rounds: 20_000, only })
}

fn main() -> ExitCode {
    let Some(settings) = settings() else {
        eprintln!("torture MINUTES SEED ONLY");
        return ExitCode::FAILURE;
    };
    let tallies = run(&settings);
    for tally in &tallies {
        println!("{}", serde_json::to_string(tally).expect("a tally is plain"));
    }
    match tallies.iter().all(|tally| tally.broken.is_empty() && tally.happened > 0) {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    }
}
