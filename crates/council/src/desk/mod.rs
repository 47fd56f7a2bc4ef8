//! What people can do at the desk, one file a noun: plain functions that take who does it, decide,
//! write and audit in one transaction. The console, the command line and the tests call the same
//! ones.

pub mod appointments;
pub mod cases;
pub mod code;
pub mod council;
pub mod overdue;
pub mod people;
pub mod phones;
pub mod reading;
pub mod settings;

pub use crate::access::actor::Actor;
