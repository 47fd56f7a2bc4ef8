//! One row for each signature under the Code, for training records.

use doorstep_domain::conduct::Signing;

use super::columns::ColumnKind::{Id, Moment, Text};
use super::columns::{Drawn, column, moment_ms};
use crate::storage::RegisterRow;

pub(super) const COLUMNS: &[Drawn<RegisterRow>] = &[
    column("record", Id, "The record's id", |row| row.kept.record.to_string()),
    column("user", Text, "User name", |row| row.user_name.clone()),
    column("name", Text, "The name under the signature", |row| row.kept.acknowledgement.name.clone()),
    column("position", Text, "Position", |row| row.kept.acknowledgement.position.clone()),
    column("organisation", Text, "Firm or council", |row| row.kept.acknowledgement.organisation.clone()),
    column("code_label", Text, "The version of the Code", |row| row.kept.acknowledgement.label.clone()),
    column("code_sha256", Text, "The SHA-256 of the exact text, in hexadecimal", |row| {
        row.kept.acknowledgement.code.clone()
    }),
    column("signed_at", Moment, "When it was signed, by the phone's clock", |row| {
        moment_ms(Some(row.kept.recorded_ms))
    }),
    column("signed_by", Text, "Drawn by hand, or typed with the name as it was typed", signed_by),
    column("received_at", Moment, "By the council's clock", |row| moment_ms(Some(row.kept.received_ms))),
];

fn signed_by(row: &RegisterRow) -> String {
    match &row.kept.acknowledgement.signed {
        Signing::Typed(name) => format!("typed: {name}"),
        Signing::Drawn(_) => "drawn by hand".to_owned(),
    }
}
