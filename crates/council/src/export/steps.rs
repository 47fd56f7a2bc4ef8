//! One row a step of a visit.

use crate::storage::VisitRow;
use crate::times::written;

pub(super) const HEADER: [&str; 12] = [
    "visit",
    "appointment_ref",
    "uprn",
    "organisation",
    "visitor",
    "visitor_name",
    "step",
    "clause",
    "state",
    "reason",
    "recorded_at",
    "record",
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
