//! One row for each case: what a visit asks the council to do, the deadline, and the outcome.

use doorstep_domain::Named;
use doorstep_domain::conduct::{CaseKind, CaseOutcome, CaseStep};

use super::columns::ColumnKind::{Id, Moment, Text, YesNo};
use super::columns::{ColumnKind, Drawn, column, moment_ms, text, yes_no};
use crate::storage::CaseRow;

pub(super) const COLUMNS: &[Drawn<CaseRow>] = &[
    column("case", Id, "The case's id", |row| row.id.to_string()),
    column("kind", ColumnKind::one_of::<CaseKind>(), "What it is about", |row| row.kind.name().to_owned()),
    column("clause", Text, "The clause behind it", |row| text(row.kind.known().map(CaseKind::clause))),
    column("visit", Id, "The visit's id, or that of a file of its own", |row| row.visit.to_string()),
    column("record", Id, "The id of the record that it comes from", |row| row.record.to_string()),
    column(
        "opened_at",
        Moment,
        "When it was said or seen, by the phone's clock: most deadlines run from here",
        |row| moment_ms(Some(row.opened_ms)),
    ),
    column("received_at", Moment, "When the council heard of it", |row| moment_ms(Some(row.received_ms))),
    column("address", Text, "The address", |row| row.address.clone()),
    column("organisation", Text, "Firm or council of the visitor", |row| row.organisation.clone()),
    column("owner", Text, "User name of the owner", |row| text(row.owner.as_ref())),
    column("due_step", ColumnKind::one_of::<CaseStep>(), "What is to be done next", |row| {
        text(row.due_step.as_ref().map(Named::name))
    }),
    column(
        "due_at",
        Moment,
        "When that is due; empty if nothing is due, or if the bank holidays of that year are not known",
        |row| moment_ms(row.due_ms()),
    ),
    column("closed_at", Moment, "When it was closed", |row| moment_ms(row.closed_ms)),
    column("outcome", ColumnKind::one_of::<CaseOutcome>(), "How it was closed", |row| text(row.outcome.as_ref())),
    column("unconfirmed", YesNo, "Whether its record was set aside: nobody has confirmed who said it", |row| {
        yes_no(Some(row.unconfirmed))
    }),
];
