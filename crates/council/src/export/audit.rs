//! One row a line of the audit log, but for the lines that only safeguarding leads may know of.
//! There is no personal data in it, and no number: a gap would tell that there is a line.

use super::columns::ColumnKind::{Moment, Text};
use super::columns::{Drawn, column, moment_ms};
use crate::storage::AuditLine;

pub(super) const COLUMNS: &[Drawn<AuditLine>] = &[
    column("at", Moment, "By the council's clock", |line| moment_ms(Some(line.at_ms))),
    column("user", Text, "Who: a user name, or command line; empty for a failed sign-in", |line| {
        line.user_name.clone()
    }),
    column("action", Text, "What was done, by stable name", |line| line.action.clone()),
    column("detail", Text, "To what, as JSON", |line| line.detail.clone()),
];
