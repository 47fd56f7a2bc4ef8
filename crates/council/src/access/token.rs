//! Random tokens, by which a browser or another system is known again.

use doorstep_domain::ledger::Hash;

/// What is kept of a token: nobody can make the token of it.
pub(crate) fn token_hash(token: &str) -> [u8; 32] {
    *Hash::of("doorstep-session-v1", &[token.as_bytes()]).as_bytes()
}
