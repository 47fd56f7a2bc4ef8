//! Whole worlds, and worlds with a bug in them.

use std::sync::Arc;

use doorstep_core::planted::Bug as PhoneBug;
use doorstep_council::planted::Bug as CouncilBug;
use doorstep_tests::postgres::Postgres;
use doorstep_tests::simulation::{Outcome, Planted, run, run_on};

/// Worlds of the program as it is. `cargo xtask sim` runs more.
fn worlds() -> u64 {
    std::env::var("DOORSTEP_SIM_WORLDS").ok().and_then(|text| text.parse().ok()).unwrap_or(70)
}

#[test]
fn in_every_world_nothing_is_lost_doubled_altered_or_stuck() {
    let (mut days, mut records) = (0, 0);
    for seed in 0..worlds() {
        let Outcome { broken, device_days, records: saved, trace } = run(seed, Planted::None);
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

/// The same worlds, with the council's database at a server.
#[test]
fn in_every_world_with_a_database_server_nothing_is_lost_doubled_altered_or_stuck() {
    let server = Arc::new(Postgres::start());
    for seed in 0..worlds().div_ceil(12) {
        let Outcome { broken, trace, records, .. } = run_on(Some(&server), seed, Planted::None);
        assert!(broken.is_empty(), "seed {seed}: {broken:#?}\n{trace:#?}");
        assert_eq!(records, run(seed, Planted::None).records, "seed {seed} is another world");
    }
}

#[test]
fn the_same_seed_is_the_same_world() {
    let (one, other) = (run(7, Planted::None), run(7, Planted::None));
    assert_eq!(one.trace, other.trace);
    assert_eq!(one.records, other.records);
}

/// A bug that is planted in some world is found in it.
fn is_found(planted: Planted) {
    let found = (0..300).find_map(|seed| {
        let broken = run(seed, planted).broken;
        broken.into_iter().next().map(|first| (seed, first))
    });
    let (seed, first) = found.unwrap_or_else(|| panic!("{planted:?} was not found in 300 worlds"));
    println!("{planted:?} is found in world {seed}: {first}");
}

macro_rules! planted {
    ($($name:ident: $bug:expr;)*) => {
        $(#[test]
        fn $name() {
            is_found($bug);
        })*
    };
}

planted! {
    taking_any_answer_for_a_receipt_is_found: Planted::Phone(PhoneBug::AnyAnswerIsAReceipt);
    not_checking_the_signature_is_found: Planted::Phone(PhoneBug::SignatureNotChecked);
    not_checking_the_nonce_is_found: Planted::Phone(PhoneBug::NonceNotChecked);
    deleting_what_was_sent_is_found: Planted::Phone(PhoneBug::DeletedOnSend);
    ignoring_the_high_water_mark_is_found: Planted::Phone(PhoneBug::HighWaterIgnored);
    moving_the_cursor_before_the_data_is_found: Planted::Phone(PhoneBug::CursorBeforeData);
    sending_a_poisoned_record_for_ever_is_found: Planted::Phone(PhoneBug::PoisonBlocks);
    keeping_the_epoch_after_a_restore_is_found: Planted::Phone(PhoneBug::EpochKeptAfterRestore);
    forgetting_to_issue_again_is_found: Planted::Phone(PhoneBug::ReissueForgotten);
    taking_the_last_piece_for_the_whole_photo_is_found: Planted::Phone(PhoneBug::LastPieceIsTheWhole);
    taking_a_photo_without_looking_at_its_hash_is_found: Planted::Council(CouncilBug::PhotoNotHashed);
    a_receipt_before_the_commit_is_found: Planted::Council(CouncilBug::ReceiptBeforeCommit);
    dropping_a_record_on_a_clash_is_found: Planted::Council(CouncilBug::DroppedOnClash);
    a_high_water_mark_over_gaps_is_found: Planted::Council(CouncilBug::GapsNotSeen);
    failing_a_batch_for_one_record_is_found: Planted::Council(CouncilBug::BatchFailsWhole);
    taking_an_altered_body_is_found: Planted::Council(CouncilBug::BodyNotChecked);
}
