//! The rules and the ledger, as a person would check them.

#![expect(clippy::unwrap_used, reason = "what a test stands on may fail the test")]

mod cast;
mod conduct_by_example;
mod conduct_by_property;
mod ledger;
mod messages;
