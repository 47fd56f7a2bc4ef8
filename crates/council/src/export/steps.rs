//! One row for each step of a visit.

use std::rc::Rc;

use doorstep_domain::StableName;
use doorstep_domain::conduct::{Step, StepState, StepTaken};

use super::columns::ColumnKind::{Id, Moment, OneOf, Text};
use super::columns::{ColumnKind, Drawn, column, moment, text};
use super::visits::uprn;
use crate::storage::VisitRow;

/// A step, and the visit in which it was recorded.
pub(super) struct StepRow {
    of: Rc<VisitRow>,
    step: Step,
    taken: StepTaken,
}

pub(super) const COLUMNS: &[Drawn<StepRow>] = &[
    column("visit", Id, "The visit's id", |row| row.of.visit.visit.to_string()),
    column("appointment_ref", Text, "The appointment's reference", |row| text(row.of.visit.appointment.as_ref())),
    column("uprn", Text, "The home's UPRN", |row| uprn(&row.of.columns)),
    column("organisation", Text, "Who came: firm or council", |row| row.of.columns.organisation.clone()),
    column("visitor", Text, "Who came: user name", |row| row.of.columns.visitor.clone()),
    column("visitor_name", Text, "Who came: name", |row| row.of.columns.visitor_name.clone()),
    column("step", ColumnKind::one_of::<Step>(), "The step", |row| row.step.name().to_owned()),
    column("clause", Text, "The clause behind it", |row| row.step.clause().to_string()),
    column("state", OneOf(|| StepState::names().to_vec()), "How it stands", |row| row.taken.state.name().to_owned()),
    column("reason", Text, "Why not", |row| text(row.taken.state.reason())),
    column("recorded_at", Moment, "By the phone's clock", |row| moment(Some(row.taken.at))),
    column("record", Id, "The record's id", |row| row.taken.record.to_string()),
];

pub(super) fn rows(row: VisitRow) -> Vec<StepRow> {
    let steps = row.visit.steps.clone();
    let of = Rc::new(row);
    steps.into_iter().map(|(step, taken)| StepRow { of: Rc::clone(&of), step, taken }).collect()
}
