//! The rules and the ledger, as a person would check them.

mod cast;
mod conduct_by_example;
mod conduct_by_property;
mod ledger;
mod messages;
