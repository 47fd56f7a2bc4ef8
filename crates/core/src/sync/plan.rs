//! Works out what to change after an answer. The plan depends only on what the device holds and
//! what the council says.

use std::collections::{BTreeMap, BTreeSet};

use doorstep_domain::ledger::{Epoch, Hash};
use doorstep_domain::protocol::{DeviceState, SyncAnswer, Verdict};

/// The part of what the device holds that a plan depends on.
pub(super) struct Held {
    /// The records in this request: their epoch, number and hash.
    pub(super) sent: BTreeMap<(Epoch, u64), Hash>,
    /// The numbers of the records above the council's own mark that the device believes the council
    /// holds, by epoch.
    pub(super) believed: BTreeMap<Epoch, Vec<u64>>,
    /// The council's epoch at the last contact.
    pub(super) council_epoch: Epoch,
    /// The end of the chain when the request was made: epoch and number.
    pub(super) head: (Epoch, u64),
}

/// The changes to make, in one transaction.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Plan {
    /// Records that the council holds.
    pub(super) received: Vec<(Epoch, u64)>,
    /// Records that the council set aside, and why.
    pub(super) set_aside: Vec<(Epoch, u64, String)>,
    /// Records that the council does not hold, although the device believed so.
    pub(super) send_again: Vec<(Epoch, u64)>,
    /// The device was cloned or restored: it goes on in a new epoch.
    pub(super) begin_epoch: bool,
    /// The council was restored: what was pulled is asked for anew.
    pub(super) pull_anew: bool,
}

/// Compares the council's answer with what the device holds. Changes nothing itself.
pub(super) fn plan(answer: &SyncAnswer, held: &Held) -> Plan {
    let mut plan = Plan {
        begin_epoch: answer.device_state == DeviceState::Forked || council_holds_beyond(answer, held.head),
        pull_anew: answer.council_epoch != held.council_epoch,
        ..Plan::default()
    };
    let mut answered = BTreeSet::new();
    for receipt in &answer.receipts {
        let place = (receipt.epoch, receipt.sequence);
        let held_here = held.sent.get(&place);
        // A receipt for a hash that this request did not send is ignored.
        if held_here != Some(&receipt.hash) {
            continue;
        }
        answered.insert(place);
        match &receipt.verdict {
            Verdict::Stored | Verdict::Duplicate | Verdict::StoredNotUnderstood => plan.received.push(place),
            Verdict::SetAside(reason) => plan.set_aside.push((receipt.epoch, receipt.sequence, reason.clone())),
        }
    }
    for (epoch, sequences) in &held.believed {
        let lost = sequences.iter().filter(|sequence| !council_holds(answer, *epoch, **sequence));
        plan.send_again.extend(lost.map(|sequence| (*epoch, *sequence)).filter(|place| !answered.contains(place)));
    }
    plan
}

/// Whether the council holds a later record of this epoch than the device has. Then the device was
/// restored from a copy.
fn council_holds_beyond(answer: &SyncAnswer, (epoch, sequence): (Epoch, u64)) -> bool {
    answer
        .high_water
        .iter()
        .filter(|mark| mark.epoch == epoch)
        .any(|mark| mark.sequence > sequence || mark.above.iter().any(|(_, last)| *last > sequence))
}

/// Whether the council says that it holds a record.
fn council_holds(answer: &SyncAnswer, epoch: Epoch, sequence: u64) -> bool {
    answer.high_water.iter().filter(|mark| mark.epoch == epoch).any(|mark| {
        sequence <= mark.sequence || mark.above.iter().any(|(first, last)| (*first..=*last).contains(&sequence))
    })
}

#[cfg(test)]
mod tests {
    use doorstep_domain::DeviceId;
    use doorstep_domain::protocol::{Bytes, Changes, HighWater, Receipt};

    use super::*;

    fn epoch() -> Epoch {
        Epoch::from_bytes([1; 16])
    }

    fn hash(of: u8) -> Hash {
        Hash::of("test", &[&[of]])
    }

    fn held() -> Held {
        Held {
            sent: [((epoch(), 4), hash(4)), ((epoch(), 5), hash(5))].into(),
            believed: [(epoch(), vec![1, 2, 3])].into(),
            council_epoch: Epoch::from_bytes([9; 16]),
            head: (epoch(), 5),
        }
    }

    fn answer(receipts: Vec<Receipt>, sequence: u64, above: Vec<(u64, u64)>) -> SyncAnswer {
        SyncAnswer {
            protocol: 1,
            device: DeviceId::from_bytes([2; 16]),
            nonce: Bytes(vec![]),
            council_epoch: Epoch::from_bytes([9; 16]),
            council_time_ms: 0,
            receipts,
            high_water: vec![HighWater { epoch: epoch(), sequence, above }],
            backup_mark: None,
            device_state: DeviceState::Active,
            changes: Changes {
                snapshot: false,
                appointments: vec![],
                safeguarding_keys: vec![],
                code: None,
                numbers: None,
                cursor: 0,
                more: false,
            },
        }
    }

    fn stored(sequence: u64, hash: Hash) -> Receipt {
        Receipt { epoch: epoch(), sequence, hash, verdict: Verdict::Stored }
    }

    #[test]
    fn a_receipt_counts_for_the_hash_that_it_names() {
        let plan = plan(&answer(vec![stored(4, hash(4)), stored(5, hash(99))], 5, vec![]), &held());
        assert_eq!(plan.received, [(epoch(), 4)]);
    }

    #[test]
    fn what_a_restored_council_no_longer_holds_is_sent_again() {
        let plan = plan(&answer(vec![], 1, vec![(3, 3)]), &held());
        assert_eq!(plan.send_again, [(epoch(), 2)], "1 is below the mark, 3 is held above it");
    }

    #[test]
    fn a_bad_record_is_set_aside_and_the_others_are_received() {
        let bad = Receipt { verdict: Verdict::SetAside("unreadable".into()), ..stored(4, hash(4)) };
        let plan = plan(&answer(vec![bad, stored(5, hash(5))], 5, vec![]), &held());
        assert_eq!(plan.set_aside, [(epoch(), 4, "unreadable".to_owned())]);
        assert_eq!(plan.received, [(epoch(), 5)]);
    }

    #[test]
    fn a_council_that_holds_more_than_was_written_means_that_this_device_was_restored() {
        assert!(plan(&answer(vec![], 7, vec![]), &held()).begin_epoch);
        assert!(plan(&answer(vec![], 3, vec![(6, 6)]), &held()).begin_epoch);
        assert!(!plan(&answer(vec![], 5, vec![]), &held()).begin_epoch);
    }

    #[test]
    fn an_answer_without_receipts_receives_nothing() {
        assert_eq!(plan(&answer(vec![], 5, vec![]), &held()), Plan::default());
    }
}
