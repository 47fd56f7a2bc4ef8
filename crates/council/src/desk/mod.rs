//! What people can do at the desk, with one file for each kind of thing. Each function takes who
//! does it, and decides, writes and audits in one transaction, or reads what a page shows. The
//! console, the command line and the tests call the same functions.

pub mod accounts;
pub mod appointments;
pub mod audit;
pub mod cases;
pub mod code;
pub mod concerns;
pub mod council;
pub mod exports;
pub mod feed;
pub(crate) mod health;
pub mod no_access;
pub mod not_received;
pub mod overdue;
pub(crate) mod passkeys;
pub mod people;
pub mod phones;
pub mod register;
pub mod reports;
pub mod safeguarding;
pub mod sealed_files;
pub mod set_aside;
pub mod settings;
pub mod today;
pub mod visits;

use doorstep_domain::conduct::TextKind;

pub use crate::access::actor::Actor;
use crate::refused::Refused;

/// How many rows are on a page of a list.
const PAGE: usize = 50;

/// A reason in words, which has to be there.
fn reason(because: &str) -> Result<&str, Refused> {
    let because = because.trim();
    if because.is_empty() || TextKind::Short.check(because).is_err() { Err(Refused::NoReason) } else { Ok(because) }
}

/// The value of a filter. An empty filter is `None`.
fn said(text: Option<String>) -> Option<String> {
    text.filter(|text| !text.is_empty())
}
