//! One row a concern that is not sealed.

use doorstep_domain::conduct::About;

use super::no_access::yes_or_no;
use crate::storage::ConcernRow;
use crate::times::{from_ms, written};

pub(super) const HEADER: [&str; 16] = [
    "record",
    "visit",
    "kind",
    "clause",
    "noticed_at",
    "recorded_at",
    "received_at",
    "address",
    "organisation",
    "visitor_name",
    "severity",
    "hazard",
    "tenant_told_of_process",
    "gift_accepted",
    "words",
    "struck_out_because",
];

pub(super) fn row(row: &ConcernRow) -> Vec<String> {
    let plain = &row.plain;
    let kind = plain.concern.kind();
    let (mut severity, mut hazard, mut told, mut accepted) = <(String, String, String, String)>::default();
    match &plain.concern.about {
        About::UnsafeCondition { hazard: what, severity: how } => {
            (severity, hazard) = (how.name().to_owned(), what.name().to_owned());
        }
        About::Complaint { told_of_process, .. } => told = yes_or_no(*told_of_process),
        About::Gift { accepted: taken } => accepted = yes_or_no(*taken),
        About::Aggression { .. } | About::Breach | About::Conflict => {}
    }
    vec![
        plain.record.to_string(),
        plain.visit.to_string(),
        kind.name().to_owned(),
        kind.clause().to_string(),
        written(plain.concern.noticed_at),
        written(from_ms(plain.recorded_ms)),
        written(from_ms(plain.received_ms)),
        row.address.clone(),
        row.organisation.clone(),
        row.visitor_name.clone(),
        severity,
        hazard,
        told,
        accepted,
        plain.concern.words.clone(),
        row.struck.clone().unwrap_or_default(),
    ]
}
