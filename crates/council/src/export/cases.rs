//! One row a case: what a visit asked of the council, by when, and what came of it.

use doorstep_domain::StableName;

use super::Column;
use crate::machine::times::{from_ms, written};
use crate::storage::CaseRow;

pub(super) const COLUMNS: [Column; 14] = [
    Column("case", "The case's id"),
    Column("kind", "What it is about, such as complaint or emergency_hazard"),
    Column("clause", "The clause behind it"),
    Column("visit", "The visit's id, or that of a file of its own"),
    Column("record", "The id of the record that it comes from"),
    Column("opened_at", "When it was said or seen, by the phone's clock: its own clock runs from here"),
    Column("received_at", "When the council heard of it"),
    Column("address", "The address"),
    Column("organisation", "Firm or council of the visitor"),
    Column("owner", "User name of whoever has it"),
    Column("due_step", "What is to be done next"),
    Column("due_at", "By when; empty where nothing is due, or nobody can tell"),
    Column("closed_at", "When it was closed"),
    Column("outcome", "What came of it"),
];

pub(super) fn row(case: &CaseRow) -> Vec<String> {
    let moment = |ms: Option<i64>| ms.map(|ms| written(from_ms(ms))).unwrap_or_default();
    vec![
        case.id.to_string(),
        case.kind.name().to_owned(),
        case.kind.clause().to_string(),
        case.visit.to_string(),
        case.record.to_string(),
        written(from_ms(case.opened_ms)),
        written(from_ms(case.received_ms)),
        case.address.clone(),
        case.organisation.clone(),
        case.owner.clone().unwrap_or_default(),
        case.due_step.map(|step| step.name().to_owned()).unwrap_or_default(),
        moment(case.due_ms()),
        moment(case.closed_ms),
        case.outcome.clone().unwrap_or_default(),
    ]
}
