//! Runs the simulation's worlds and checks that no promise is broken.

use std::sync::Arc;

use doorstep_tests::postgres::Postgres;
use doorstep_tests::simulation::{Outcome, run, run_on};

/// How many worlds to run. `cargo xtask sim` sets more.
fn worlds() -> u64 {
    std::env::var("DOORSTEP_SIM_WORLDS").ok().and_then(|text| text.parse().ok()).unwrap_or(50)
}

#[test]
fn in_every_world_nothing_is_lost_doubled_altered_or_stuck() {
    let (mut days, mut records) = (0, 0);
    // One world can be looked at alone.
    let first = std::env::var("DOORSTEP_SIM_FIRST").ok().and_then(|text| text.parse().ok()).unwrap_or(0);
    for seed in first..first + worlds() {
        let Outcome { broken, device_days, records: saved, trace } = run(seed);
        assert!(broken.is_empty(), "seed {seed}: {broken:#?}\n{trace:#?}");
        days += device_days;
        records += saved;
    }
    println!("{} worlds, {days} device-days, {records} records", worlds());
    assert!(
        records > 90 * worlds() as usize && days > 25 * worlds() as i64,
        "the worlds were too quiet to prove anything: {records} records, {days} days"
    );
}

/// Some of the same worlds, with the council's database on PostgreSQL.
#[test]
fn in_every_world_with_a_database_server_nothing_is_lost_doubled_altered_or_stuck() {
    let server = Arc::new(Postgres::start());
    for seed in 0..worlds().div_ceil(12) {
        let world = run_on(Some(&server), seed);
        assert!(world.broken.is_empty(), "seed {seed}: {:#?}\n{:#?}", world.broken, world.trace);
        assert_same(&world, &run(seed));
    }
}

/// Says where two worlds of one seed begin to differ.
fn assert_same(one: &Outcome, other: &Outcome) {
    let differ = one.trace.iter().zip(&other.trace).position(|(one, other)| one != other);
    if let Some(at) = differ {
        let (one, other) = (one.trace.get(at - at.min(5)..=at), other.trace.get(at - at.min(5)..=at));
        panic!("it is another world: {one:#?} is not {other:#?}");
    }
    assert_eq!(one.trace.len(), other.trace.len(), "one world ended before the other");
    assert_eq!(one.records, other.records);
}

#[test]
fn the_same_seed_is_the_same_world() {
    assert_same(&run(7), &run(7));
}
