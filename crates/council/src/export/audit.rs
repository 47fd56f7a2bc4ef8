//! One row for each line of the audit log, except lines that only safeguarding leads may know of.
//! The only personal data is user names, and the reason given for erasing on request. The lines
//! have no numbers, because a gap would show that a line is left out.

use super::columns::ColumnKind::{Moment, Text};
use super::columns::{Drawn, column, moment_ms};
use crate::storage::AuditLine;

pub(super) const COLUMNS: &[Drawn<AuditLine>] = &[
    column("at", Moment, "When it was done, by the council's clock", |line| moment_ms(Some(line.at_ms))),
    column("user", Text, "Who: a user name, or command line; empty for a failed sign-in", |line| {
        line.user_name.clone()
    }),
    column("action", Text, "What was done, by stable name", |line| line.action.clone()),
    column("detail", Text, "What it was done to, as JSON", |line| line.detail.clone()),
];
