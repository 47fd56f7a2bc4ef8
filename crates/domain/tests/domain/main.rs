//! The rules and the ledger, as a person would check them.

#![expect(clippy::unwrap_used, reason = "what a test stands on may fail the test")]

mod cast;
mod code;
mod conduct_by_example;
mod conduct_by_property;
mod keys;
mod ledger;
mod made;
mod messages;
mod notice;
mod photos;
mod version_2;
mod whole_code;
