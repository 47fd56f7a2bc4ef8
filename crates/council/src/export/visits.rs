//! One row a visit.

use doorstep_domain::conduct::{Basis, Finding, Step, Visit};

use super::no_access::yes_or_no;
use crate::storage::VisitRow;
use crate::times::written;

pub(super) const HEADER: [&str; 55] = [
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
    // What came with the whole Code stands behind what was there, so that no column of a released table ever moves.
    "dust_sheets",
    "belongings_with_permission",
    "area_tidy",
    "rubbish_removed",
    "left_as_found",
    "kept_to_conduct",
    "notice_standing",
    "notice_minutes",
    "notice_method",
    "notice_in_writing",
    "short_notice_agreed_by",
    "told_who_and_why",
    "knows_tenant",
    "witness",
    "consent_withdrawn_at",
    "withdrawal_reason",
    "cancelled_by",
    "cancel_reason",
    "tenant_told_of_cancellation",
    "next_visit_needs",
    "follow_up",
    "follow_up_on",
    "photos_taken",
    "photos_held",
];

/// The steps whose columns stand among the first.
const FIRST_STEPS: usize = 6;

pub(super) fn row(row: &VisitRow) -> Vec<String> {
    let visit = &row.visit;
    let appointment = row.appointment.as_ref();
    let of = |read: fn(&doorstep_domain::conduct::Appointment) -> String| appointment.map(read).unwrap_or_default();
    let entry = visit.entry.as_ref();
    let (basis, consent_by, ground, authorised_by, reference) = match entry.map(|entry| &entry.basis) {
        None => ("", "", "", String::new(), String::new()),
        Some(Basis::Consented { by }) => ("consent", by.name(), "", String::new(), String::new()),
        Some(Basis::Lawful { ground, authorised_by, reference, .. }) => {
            ("lawful", "", ground.name(), authorised_by.clone(), reference.clone().unwrap_or_default())
        }
    };
    let refusal = visit.ending.as_ref().and_then(|ending| ending.refusal.as_ref());
    let mut values = vec![
        visit.visit.to_string(),
        visit.appointment.as_ref().map(ToString::to_string).unwrap_or_default(),
        visit.uprn.as_ref().map(ToString::to_string).unwrap_or_default(),
        appointment
            .map_or_else(|| visit.address.clone().unwrap_or_default(), |appointment| appointment.address.join(", ")),
        of(|appointment| appointment.postcode.clone()),
        of(|appointment| appointment.tenant_name.clone()),
        visit.visit_kind.map(|kind| kind.name().to_owned()).unwrap_or_default(),
        appointment
            .map_or_else(|| visit.purpose.clone().unwrap_or_default(), |appointment| appointment.purpose.clone()),
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
    let state = |step: &Step| {
        visit.steps.get(step).map_or_else(|| "not_recorded".to_owned(), |taken| taken.state.name().to_owned())
    };
    values.extend(Step::ALL.iter().take(FIRST_STEPS).map(state));
    values.push(visit.findings.iter().map(Finding::name).collect::<Vec<_>>().join("; "));
    values.push(written(crate::times::from_ms(row.received_ms)));
    values.extend(Step::ALL.iter().skip(FIRST_STEPS).map(state));
    values.extend(before(visit));
    values.extend(after(visit));
    values.push(visit.photos.len().to_string());
    values.push(row.photos_held.to_string());
    values
}

fn before(visit: &Visit) -> [String; 8] {
    let notice = visit.notice.as_ref();
    let witness = visit.entry.as_ref().and_then(|entry| match &entry.basis {
        Basis::Lawful { witness, .. } => witness.clone(),
        Basis::Consented { .. } => None,
    });
    let told = notice.is_some_and(|notice| notice.told_who_and_why) || visit.before.told.is_some();
    [
        notice.map(|notice| notice.standing.name().to_owned()).unwrap_or_default(),
        notice.and_then(|notice| notice.minutes).map(|minutes| minutes.to_string()).unwrap_or_default(),
        notice.and_then(|notice| notice.method).map(|method| method.name().to_owned()).unwrap_or_default(),
        notice.map(|notice| yes_or_no(notice.written)).unwrap_or_default(),
        visit.before.agreement.as_ref().map(|agreement| agreement.by.name().to_owned()).unwrap_or_default(),
        notice.map(|_| yes_or_no(told)).unwrap_or_default(),
        // That there is a declaration; what it says is for the line manager and the contact at the council. Clause 5.3.
        yes_or_no(visit.before.knows_tenant.is_some()),
        witness.unwrap_or_default(),
    ]
}

fn after(visit: &Visit) -> [String; 8] {
    let after = &visit.after;
    let cancellation = after.cancellation.as_ref();
    let follow_up = after.follow_up.as_ref();
    [
        visit.consent_withdrawn_at.map(written).unwrap_or_default(),
        after.withdrawal.as_ref().map(|withdrawal| withdrawal.reason.name().to_owned()).unwrap_or_default(),
        cancellation.map(|cancellation| cancellation.by.name().to_owned()).unwrap_or_default(),
        cancellation.map(|cancellation| cancellation.reason.name().to_owned()).unwrap_or_default(),
        cancellation.map(|_| yes_or_no(!visit.tenant_not_told())).unwrap_or_default(),
        after.next_visit_needs.clone().unwrap_or_default(),
        follow_up.map(|follow_up| format!("{} ({})", follow_up.what, follow_up.who)).unwrap_or_default(),
        follow_up.and_then(|follow_up| follow_up.when).map(|day| day.to_string()).unwrap_or_default(),
    ]
}
