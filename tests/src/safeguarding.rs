//! Safeguarding notes, read as a lead reads them.

use doorstep_council::Service;
use doorstep_council::desk::{Actor, safeguarding};

/// Reads every note that the council holds, as a lead, oldest first. Each reading is noted, as at
/// the desk.
///
/// # Panics
/// When there is no such lead, or the database fails.
#[must_use]
pub fn notes(service: &Service, lead: &str) -> Vec<String> {
    let lead = Actor::of(service, lead).expect("the council knows its lead");
    let records = safeguarding::records(service, &lead).expect("notes are listed");
    let note = |record| safeguarding::open(service, &lead, record).expect("a note is opened").note;
    records.into_iter().filter_map(note).collect()
}
