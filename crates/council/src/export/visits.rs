//! One row a visit.

use doorstep_domain::conduct::{Basis, Finding, Step};

use crate::storage::VisitRow;
use crate::times::written;

pub(super) const HEADER: [&str; 31] = [
    "visit",
    "appointment_ref",
    "uprn",
    "address",
    "postcode",
    "tenant_name",
    "visit_kind",
    "purpose",
    "organisation",
    "visitor",
    "visitor_name",
    "started_at",
    "entered_at",
    "ended_at",
    "outcome",
    "entry_basis",
    "consent_by",
    "lawful_ground",
    "authorised_by",
    "lawful_reference",
    "refusal_reason",
    "refusal_validity",
    "refusal_words",
    "id_worn",
    "introduced",
    "reason_stated",
    "id_shown",
    "adult_present",
    "shoe_covers",
    "findings",
    "received_at",
];

pub(super) fn row(row: &VisitRow) -> Vec<String> {
    let visit = &row.visit;
    let appointment = row.appointment.as_ref();
    let of = |read: fn(&doorstep_domain::conduct::Appointment) -> String| appointment.map(read).unwrap_or_default();
    let entry = visit.entry.as_ref();
    let (basis, consent_by, ground, authorised_by, reference) = match entry.map(|entry| &entry.basis) {
        None => ("", "", "", String::new(), String::new()),
        Some(Basis::Consented { by }) => ("consent", by.name(), "", String::new(), String::new()),
        Some(Basis::Lawful { ground, authorised_by, reference }) => {
            ("lawful", "", ground.name(), authorised_by.clone(), reference.clone().unwrap_or_default())
        }
    };
    let refusal = visit.ending.as_ref().and_then(|ending| ending.refusal.as_ref());
    let mut values = vec![
        visit.visit.to_string(),
        visit.appointment.as_ref().map(ToString::to_string).unwrap_or_default(),
        visit.uprn.as_ref().map(ToString::to_string).unwrap_or_default(),
        of(|appointment| appointment.address.join(", ")),
        of(|appointment| appointment.postcode.clone()),
        of(|appointment| appointment.tenant_name.clone()),
        visit.visit_kind.map(|kind| kind.name().to_owned()).unwrap_or_default(),
        of(|appointment| appointment.purpose.clone()),
        row.organisation.clone(),
        row.visitor.clone(),
        row.visitor_name.clone(),
        visit.started_at.map(written).unwrap_or_default(),
        entry.map(|entry| written(entry.at)).unwrap_or_default(),
        visit.ending.as_ref().map(|ending| written(ending.at)).unwrap_or_default(),
        visit.ending.as_ref().map_or("open", |ending| ending.outcome.name()).to_owned(),
        basis.to_owned(),
        consent_by.to_owned(),
        ground.to_owned(),
        authorised_by,
        reference,
        refusal.map(|refusal| refusal.reason.name().to_owned()).unwrap_or_default(),
        refusal.map(|refusal| refusal.reason.validity().name().to_owned()).unwrap_or_default(),
        refusal.and_then(|refusal| refusal.words.clone()).unwrap_or_default(),
    ];
    values.extend(Step::ALL.iter().map(|step| {
        visit.steps.get(step).map_or_else(|| "not_recorded".to_owned(), |taken| taken.state.name().to_owned())
    }));
    values.push(visit.findings.iter().map(Finding::name).collect::<Vec<_>>().join("; "));
    values.push(written(crate::times::from_ms(row.received_ms)));
    values
}
