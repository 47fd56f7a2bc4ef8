//! The earliest moment at which a record can have been made, whatever the phone's clock showed.

use std::collections::{BTreeMap, HashMap};

use doorstep_domain::ledger::Hash;
use doorstep_domain::v2::{AnyEnvelope, FRESH_MS, SyncRequest};

use super::arrived::Arrived;

/// Of how many milliseconds that a phone says it ran one may be too many, because no clock runs
/// true. A phone's is some fifty in a million off.
const ONE_IN: i64 = 1_000;

/// The earliest moment of each record of a batch, in UTC milliseconds, by the record's hash.
///
/// It is the latest of these: the contact with the council that the record names; the first
/// enrolment of the phone or its person, `first_ms`, because what was recorded under one enrolment
/// may come under the next; how long ago the phone made it when it sent it; and the earliest moment
/// of a record before it, with what the phone has run since. The last two only if it was not
/// started anew in between.
pub(super) fn of_batch(first_ms: i64, arrived: &[Arrived<'_>]) -> HashMap<Hash, i64> {
    let mut earliest: HashMap<Hash, i64> =
        arrived.iter().map(|record| (record.hash, named_ms(first_ms, record))).collect();
    let mut runs: BTreeMap<u64, Vec<(&AnyEnvelope, &Arrived<'_>)>> = BTreeMap::new();
    for record in arrived {
        if let Some(envelope) = record.envelope.as_ref().filter(|envelope| envelope.version == 2) {
            runs.entry(envelope.boot).or_default().push((envelope, record));
        }
    }
    for run in runs.values_mut() {
        run.sort_by_key(|(envelope, _)| envelope.order);
        // The latest of the earliest moments so far, and how long the phone had run by then.
        let mut before: Option<(i64, u64)> = None;
        for (envelope, record) in run {
            let since = before.and_then(|(moment, ran)| {
                let ran_on = i64::try_from(envelope.monotonic_ms.checked_sub(ran)?).ok()?;
                moment.checked_add(ran_on - ran_on / ONE_IN)
            });
            let named = earliest.entry(record.hash).or_insert(record.received_ms);
            let moment = [since, record.reckoned_ms].into_iter().flatten().fold(*named, i64::max);
            *named = moment.min(record.received_ms);
            before = Some((*named, envelope.monotonic_ms));
        }
    }
    earliest
}

/// Reckons when the records of a request were made, by how long ago that was when the phone sent
/// it. A request that does not show when that was may be an old one: nothing is reckoned by it.
pub(super) fn reckon(request: &SyncRequest, arrived: &mut [Arrived<'_>], now_ms: i64) {
    let sent_ms = request.reckoned_ms.filter(|said| now_ms.abs_diff(*said) <= FRESH_MS);
    let Some((sent_ms, running)) = sent_ms.zip(request.running) else { return };
    for record in arrived {
        let envelope =
            record.envelope.as_ref().filter(|envelope| envelope.version == 2 && envelope.boot == running.boot);
        record.reckoned_ms = envelope.and_then(|envelope| {
            let ago_ms = i64::try_from(running.monotonic_ms.checked_sub(envelope.monotonic_ms)?).ok()?;
            sent_ms.min(now_ms).checked_sub(ago_ms.checked_add(ago_ms / ONE_IN)?)
        });
    }
}

/// The contact that a record names, in UTC milliseconds, or else the first enrolment.
fn named_ms(first_ms: i64, arrived: &Arrived<'_>) -> i64 {
    let contact_ms = arrived.envelope.as_ref().and_then(|envelope| envelope.council_contact_ms);
    let contact_ms = contact_ms.filter(|contact| *contact <= arrived.received_ms);
    contact_ms.unwrap_or(first_ms).max(first_ms).min(arrived.received_ms)
}
