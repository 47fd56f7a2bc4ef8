//! A few of the faults that `cargo xtask torture` tries for an hour, so that it stays fit.

use std::time::Duration;

use doorstep_tests::torture::{Settings, Tally, run};

#[test]
fn broken_off_at_a_call_cut_from_power_or_without_its_database_nothing_is_lost() {
    let settings = Settings { seed: 1, at_most: Duration::from_secs(600), calls: 1, rounds: 2, only: None };
    let tallies = run(&settings);
    assert!(tallies.len() >= 14, "{tallies:?}");
    for tally in &tallies {
        let Tally { job, faults, tried, happened, broken, .. } = tally;
        assert!(broken.is_empty(), "{job}: {broken:#?}");
        assert!(tried == faults && *happened > 0, "{tally:?}");
    }
}
