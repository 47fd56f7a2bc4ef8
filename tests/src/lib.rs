//! End to end: a harness with a real council, real devices, and a line that can be cut.
//!
//! The tests themselves are one binary, `tests/end_to_end`. This crate holds what they share.

pub mod browser;
pub mod bucket;
pub mod bulk_data;
pub mod clauses;
pub mod desk;
pub mod exports;
pub mod hand_phone;
pub mod harness;
pub mod hostile;
pub mod imports;
pub mod outside;
pub mod postgres;
pub mod protocol;
pub mod roles;
pub mod safeguarding;
pub mod sample;
pub mod simulation;
pub mod statements;
pub mod torture;
pub mod typescript;
pub mod weighed;
pub mod window;

mod chance;
