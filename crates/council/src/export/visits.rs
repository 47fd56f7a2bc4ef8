//! One row a visit.

use doorstep_domain::StableName;
use doorstep_domain::conduct::{Basis, Finding, Step, Visit};

use super::Column;
use super::no_access::yes_or_no;
use crate::machine::times::written;
use crate::storage::VisitRow;

pub(super) const COLUMNS: [Column; 55] = [
    Column("visit", "The visit's id"),
    Column("appointment_ref", "The appointment's reference"),
    Column("uprn", "The home's UPRN"),
    Column("address", "The address"),
    Column("postcode", "The postcode"),
    Column("tenant_name", "The tenant, from the appointment"),
    Column(
        "visit_kind",
        "responsive_repair, planned_work, emergency_repair, safety_check, tenancy_investigation, inspection, other",
    ),
    Column("purpose", "Why somebody came"),
    Column("organisation", "Who came: firm or council"),
    Column("visitor", "Who came: user name"),
    Column("visitor_name", "Who came: name"),
    Column("started_at", "By the phone's clock"),
    Column("entered_at", "By the phone's clock; empty when nobody went in"),
    Column("ended_at", "By the phone's clock; empty while it is open"),
    Column(
        "outcome",
        "completed, further_visit_needed, entry_refused, no_answer, no_suitable_adult, withdrawn (left at once), cancelled, or open",
    ),
    Column("entry_basis", "consent or lawful; empty when nobody went in"),
    Column("consent_by", "tenant, household_adult, trusted_adult"),
    Column("lawful_ground", "What allowed entry without consent"),
    Column("authorised_by", "Who authorised entry without consent"),
    Column("lawful_reference", "Its number, such as a warrant's"),
    Column(
        "refusal_reason",
        "support_needs, no_suitable_adult, no_identification, short_notice, illness, faith_or_time, animal, not_convenient, dispute, other",
    ),
    Column("refusal_validity", "valid (named by the Code), not_valid or supervisor_decides"),
    Column("refusal_words", "The tenant's own words"),
    Column("id_worn", "done, not_done, not_applicable or not_recorded. Clause 3.2"),
    Column("introduced", "As id_worn"),
    Column("reason_stated", "As id_worn"),
    Column("id_shown", "As id_worn"),
    Column("adult_present", "As id_worn. Clause 3.1"),
    Column("shoe_covers", "As id_worn. Clause 3.3"),
    Column("findings", "Breaches and contradictions, by stable name, separated by semicolons"),
    Column("received_at", "The council's clock when it had the last record"),
    // What came with the whole Code stands behind what was there, so that no column of a released table ever moves.
    Column("dust_sheets", "As id_worn. Clause 3.3"),
    Column("belongings_with_permission", "As id_worn. Clause 3.3"),
    Column("area_tidy", "As id_worn. Clause 3.3"),
    Column("rubbish_removed", "As id_worn. Clause 3.3"),
    Column("left_as_found", "As id_worn. Clause 3.3"),
    Column("kept_to_conduct", "As id_worn. Clause 5.1"),
    Column(
        "notice_standing",
        "good, meets_minimum, short, not_given, exempt_emergency, exempt_investigation; empty without an appointment",
    ),
    Column("notice_minutes", "Minutes that passed from the notice to the window"),
    Column("notice_method", "How the notice was given"),
    Column("notice_in_writing", "yes when it was in writing, 24 hours or more before"),
    Column("short_notice_agreed_by", "Who agreed to short notice"),
    Column("told_who_and_why", "Whether the tenant knew who comes and why"),
    Column(
        "knows_tenant",
        "Whether the visitor declared that they know the tenant; what they said of it is in no table",
    ),
    Column("witness", "Who else was there, at an entry without consent"),
    Column("consent_withdrawn_at", "When consent was taken back"),
    Column("withdrawal_reason", "Why the visitor left at once"),
    Column("cancelled_by", "Who called the visit off"),
    Column("cancel_reason", "Why it was called off"),
    Column("tenant_told_of_cancellation", "Whether the tenant was told that it is off"),
    Column("next_visit_needs", "What would make the next visit work"),
    Column("follow_up", "What comes next, and who does it"),
    Column("follow_up_on", "The proposed date of what comes next"),
    Column("photos_taken", "Photos that the records name and that were not struck out"),
    Column("photos_held", "How many of their pictures are here"),
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
    values.push(written(crate::machine::times::from_ms(row.received_ms)));
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
