//! What people can do at the desk, with one file for each kind of thing. Each function takes who
//! does it, and decides, writes and audits in one transaction. The console, the command line and
//! the tests call the same functions.

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
