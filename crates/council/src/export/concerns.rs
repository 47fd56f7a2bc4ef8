//! One row for each concern that is not sealed.

use doorstep_domain::StableName;
use doorstep_domain::conduct::{About, ConcernKind, Hazard, Severity};

use super::columns::ColumnKind::{Id, Moment, OneOf, Text, YesNo};
use super::columns::{ColumnKind, Drawn, column, moment, moment_ms, name, text, yes_no};
use crate::storage::ConcernRow;

pub(super) const COLUMNS: &[Drawn<ConcernRow>] = &[
    column("record", Id, "The record's id", |row| row.plain.record.to_string()),
    column("visit", Id, "The visit's id, or that of a file of its own", |row| row.plain.visit.to_string()),
    column("kind", OneOf(plain_kinds), "What it is about", |row| row.plain.concern.kind().name().to_owned()),
    column("clause", Text, "The clause behind it", |row| row.plain.concern.kind().clause().to_string()),
    column("noticed_at", Moment, "When it was said or seen: legal clocks run from here", |row| {
        moment(Some(row.plain.concern.noticed_at))
    }),
    column("recorded_at", Moment, "When it was recorded, by the phone's clock", |row| {
        moment_ms(Some(row.plain.recorded_ms))
    }),
    column("received_at", Moment, "By the council's clock", |row| moment_ms(Some(row.plain.received_ms))),
    column("address", Text, "The address", |row| row.address.clone()),
    column("organisation", Text, "Firm or council", |row| row.organisation.clone()),
    column("visitor_name", Text, "Who raised it", |row| row.visitor_name.clone()),
    column("severity", ColumnKind::one_of::<Severity>(), "For unsafe conditions: how bad they are", |row| {
        name(match row.plain.concern.about {
            About::UnsafeCondition { severity, .. } => Some(severity),
            _ => None,
        })
    }),
    column("hazard", ColumnKind::one_of::<Hazard>(), "What is not safe", |row| {
        name(match row.plain.concern.about {
            About::UnsafeCondition { hazard, .. } => Some(hazard),
            _ => None,
        })
    }),
    column("tenant_told_of_process", YesNo, "For a complaint: whether the tenant was told what happens next", |row| {
        yes_no(match row.plain.concern.about {
            About::Complaint { told_of_process, .. } => Some(told_of_process),
            _ => None,
        })
    }),
    column("gift_accepted", YesNo, "Of a gift: whether it was taken", |row| {
        yes_no(match row.plain.concern.about {
            About::Gift { accepted } => Some(accepted),
            _ => None,
        })
    }),
    column("words", Text, "What was seen, heard or said", |row| row.plain.concern.words.clone()),
    column("struck_out_because", Text, "Why it was struck out, if it was", |row| text(row.struck.as_ref())),
    column("injured", YesNo, "Of aggression: whether somebody was hurt", |row| {
        yes_no(match row.plain.concern.about {
            About::Aggression { injured, .. } => Some(injured),
            _ => None,
        })
    }),
    column("police_reference", Text, "Of aggression: the police's reference", |row| {
        text(match &row.plain.concern.about {
            About::Aggression { police_reference, .. } => police_reference.as_ref(),
            _ => None,
        })
    }),
    column("put_right", Text, "Of a complaint: what was put right at once", |row| {
        text(match &row.plain.concern.about {
            About::Complaint { put_right, .. } => put_right.as_ref(),
            _ => None,
        })
    }),
];

/// The kinds that exports show: all except safeguarding, which is sealed.
fn plain_kinds() -> Vec<&'static str> {
    ConcernKind::all().filter(|kind| *kind != ConcernKind::Safeguarding).map(ConcernKind::name).collect()
}
