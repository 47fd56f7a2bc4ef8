//! One row a step of a visit.

use doorstep_domain::StableName;

use super::Column;
use crate::machine::times::written;
use crate::storage::VisitRow;

pub(super) const COLUMNS: [Column; 12] = [
    Column("visit", "The visit's id"),
    Column("appointment_ref", "The appointment's reference"),
    Column("uprn", "The home's UPRN"),
    Column("organisation", "Firm or council"),
    Column("visitor", "User name"),
    Column("visitor_name", "Name"),
    Column("step", "The step, by stable name"),
    Column("clause", "The clause behind it"),
    Column("state", "done, not_done or not_applicable"),
    Column("reason", "Why not"),
    Column("recorded_at", "By the phone's clock"),
    Column("record", "The record's id"),
];

pub(super) fn rows(row: &VisitRow) -> Vec<Vec<String>> {
    let visit = &row.visit;
    visit
        .steps
        .iter()
        .map(|(step, taken)| {
            vec![
                visit.visit.to_string(),
                visit.appointment.as_ref().map(ToString::to_string).unwrap_or_default(),
                visit.uprn.as_ref().map(ToString::to_string).unwrap_or_default(),
                row.organisation.clone(),
                row.visitor.clone(),
                row.visitor_name.clone(),
                step.name().to_owned(),
                step.clause().to_string(),
                taken.state.name().to_owned(),
                taken.state.reason().unwrap_or_default().to_owned(),
                written(taken.at),
                taken.record.to_string(),
            ]
        })
        .collect()
}
