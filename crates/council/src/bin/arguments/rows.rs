//! The options of `export` that choose rows.

use clap::Args;
use doorstep_council::export::ListQuery;

/// The rows of a table to export. Each option narrows them down; without one, all are exported.
#[derive(Debug, Args)]
pub(crate) struct RowsToTake {
    /// Only visits with this outcome, such as `entry_refused`, or `open` for visits under way.
    #[arg(long, value_name = "NAME")]
    outcome: Option<String>,
    /// Only visits in which somebody went in by consent, or on a lawful basis without it.
    #[arg(long, value_name = "consent|lawful")]
    entry: Option<String>,
    /// Only rows of this organisation, which can be a firm or the council.
    #[arg(long, value_name = "NAME")]
    organisation: Option<String>,
    /// Only visits that started on this day or later.
    #[arg(long, value_name = "DATE")]
    from: Option<String>,
    /// Only visits that started on this day or earlier.
    #[arg(long, value_name = "DATE")]
    to: Option<String>,
    /// Only visits with these words in their reference, address, tenant or visitor.
    #[arg(long, value_name = "WORDS")]
    words: Option<String>,
    /// Only concerns, cases or answers of this kind.
    #[arg(long, value_name = "NAME")]
    kind: Option<String>,
    /// Only cases in this state.
    #[arg(long, value_name = "open|closed")]
    state: Option<String>,
    /// Only cases of this owner, or `nobody` for cases without one.
    #[arg(long, value_name = "USER")]
    owner: Option<String>,
    /// Only lines of the audit log by this user.
    #[arg(long, value_name = "USER")]
    user: Option<String>,
    /// Only lines of the audit log with this action, such as `exported`.
    #[arg(long, value_name = "NAME")]
    action: Option<String>,
}

impl From<RowsToTake> for ListQuery {
    fn from(rows: RowsToTake) -> Self {
        let RowsToTake { outcome, entry, organisation, from, to, words, kind, state, owner, user, action } = rows;
        Self {
            outcome,
            entry,
            organisation,
            from,
            to,
            q: words,
            kind,
            state,
            owner,
            user,
            action,
            sort: None,
            after: None,
        }
    }
}
