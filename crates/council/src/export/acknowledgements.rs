//! One row a signature under the Code: for training files.

use doorstep_domain::conduct::Signing;

use crate::storage::RegisterRow;
use crate::times::{from_ms, written};

pub(super) const HEADER: [&str; 10] = [
    "record",
    "user",
    "name",
    "position",
    "organisation",
    "code_label",
    "code_sha256",
    "signed_at",
    "signed_by",
    "received_at",
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
