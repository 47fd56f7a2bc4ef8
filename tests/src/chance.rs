//! Random bytes and the time, for phones that are made by hand.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use doorstep_domain::ledger::Hash;

/// Bytes that no other call returns. They need not be secret.
pub(crate) fn random<const N: usize>() -> [u8; N] {
    static CALLS: AtomicU64 = AtomicU64::new(0);
    let call = CALLS.fetch_add(1, Ordering::Relaxed);
    let hash = Hash::of(
        "doorstep-by-hand",
        &[&call.to_be_bytes(), &now_ms().to_be_bytes(), &std::process::id().to_be_bytes()],
    );
    std::array::from_fn(|at| hash.as_bytes()[at % 32])
}

/// This machine's clock: milliseconds since 1970, UTC.
pub(crate) fn now_ms() -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("it is after 1970");
    i64::try_from(now.as_millis()).expect("it is before the year 292 million")
}
