//! One row a concern that is not sealed.

use doorstep_domain::StableName;
use doorstep_domain::conduct::About;

use super::Column;
use super::no_access::yes_or_no;
use crate::machine::times::{from_ms, written};
use crate::storage::ConcernRow;

pub(super) const COLUMNS: [Column; 16] = [
    Column("record", "The record's id"),
    Column("visit", "The visit's id, or that of a file of its own"),
    Column("kind", "unsafe_condition, aggression, complaint, breach, gift, conflict"),
    Column("clause", "The clause behind it"),
    Column("noticed_at", "When it was said or seen: legal clocks run from here"),
    Column("recorded_at", "By the phone's clock"),
    Column("received_at", "By the council's clock"),
    Column("address", "The address"),
    Column("organisation", "Firm or council"),
    Column("visitor_name", "Who raised it"),
    Column("severity", "emergency, significant or minor"),
    Column("hazard", "What is not safe"),
    Column("tenant_told_of_process", "Of a complaint: whether the tenant was told how it goes on"),
    Column("gift_accepted", "Of a gift: whether it was taken"),
    Column("words", "What was seen, heard or said"),
    Column("struck_out_because", "Why it was struck out, if it was"),
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
