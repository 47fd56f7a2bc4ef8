//! One row a signature under the Code: for training files.

use doorstep_domain::conduct::Signing;

use super::Column;
use crate::machine::times::{from_ms, written};
use crate::storage::RegisterRow;

pub(super) const COLUMNS: [Column; 10] = [
    Column("record", "The record's id"),
    Column("user", "User name"),
    Column("name", "The name under the signature"),
    Column("position", "Position"),
    Column("organisation", "Firm or council"),
    Column("code_label", "The version of the Code"),
    Column("code_sha256", "The SHA-256 of the exact text"),
    Column("signed_at", "By the phone's clock"),
    Column("signed_by", "drawn by hand, or the name as typed"),
    Column("received_at", "By the council's clock"),
];

pub(super) fn row(row: &RegisterRow) -> Vec<String> {
    let signature = &row.kept.acknowledgement;
    vec![
        row.kept.record.to_string(),
        row.user_name.clone(),
        signature.name.clone(),
        signature.position.clone(),
        signature.organisation.clone(),
        signature.label.clone(),
        signature.code.clone(),
        written(from_ms(row.kept.recorded_ms)),
        match &signature.signed {
            Signing::Typed(name) => format!("typed: {name}"),
            Signing::Drawn(_) => "drawn by hand".to_owned(),
        },
        written(from_ms(row.kept.received_ms)),
    ]
}
