//! One row a line of the audit log, but for the lines that only safeguarding leads may know of. There is no personal data
//! in it, and no number: a gap would tell that there is a line.

use super::Column;
use crate::machine::times::{from_ms, written};
use crate::storage::AuditLine;

pub(super) const COLUMNS: [Column; 4] = [
    Column("at", "By the council's clock"),
    Column("user", "Who: a user name, or command line; empty for a failed sign-in"),
    Column("action", "What was done, by stable name"),
    Column("detail", "To what, as JSON"),
];

pub(super) fn row(line: &AuditLine) -> Vec<String> {
    vec![written(from_ms(line.at_ms)), line.user_name.clone(), line.action.clone(), line.detail.clone()]
}
