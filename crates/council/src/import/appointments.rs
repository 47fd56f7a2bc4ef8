//! Imports appointments from the housing system.

use std::collections::{BTreeMap, BTreeSet};

use doorstep_domain::StableName;
use doorstep_domain::conduct::{Appointment, NoticeMethod, VisitKind};
use doorstep_domain::{AppointmentRef, Uprn, UserId};

use super::wrong::Wrong;
use super::{ImportMode, Imported, RowFault, TableRow, read_table};
use crate::access::actor::Actor;
use crate::error::CouncilError;
use crate::machine::times;
use crate::refused::Refused;
use crate::service::Service;
use crate::storage::{Audited, ImportEffect, Person, Reading};

const COLUMNS: [&str; 19] = [
    "appointment_ref",
    "uprn",
    "address_line_1",
    "address_line_2",
    "town",
    "postcode",
    "tenant_name",
    "tenant_phone",
    "visit_kind",
    "purpose",
    "window_start",
    "window_end",
    "organisation",
    "assigned_to",
    "notice_given_at",
    "notice_method",
    "told_who_and_why",
    "support_needs",
    "hazard_note",
];

/// A good row: the appointment, and the person it is assigned to.
type GoodRow = (Appointment, UserId);

/// The people and organisations in a table that the council knows.
#[derive(Default)]
struct Known {
    people: BTreeMap<String, Person>,
    organisations: BTreeSet<String>,
}

impl Known {
    fn learn(&mut self, reading: &Reading<'_>, user_name: &str, organisation: &str) -> Result<(), CouncilError> {
        if !self.people.contains_key(user_name)
            && let Some(person) = reading.person_by_name(user_name)?
        {
            self.people.insert(user_name.to_owned(), person);
        }
        if !self.organisations.contains(organisation) && reading.organisation(organisation)?.is_some() {
            self.organisations.insert(organisation.to_owned());
        }
        Ok(())
    }
}

/// Imports appointments. Those whose reference is known are updated.
///
/// # Errors
/// [`Refused::NoTable`] if the table is empty, or [`CouncilError`] when the database fails. Faults
/// in the table are in the result.
pub fn import(service: &Service, by: &Actor, table: &[u8], mode: ImportMode) -> Result<Imported, CouncilError> {
    if table.is_empty() {
        return Err(Refused::NoTable.into());
    }
    let known = service.storage.read(|reading| known_of(reading, table))?;
    let (mut good, mut faults) = read_table(table, &COLUMNS, |row| appointment(row, &known));
    set_repeats_apart(&mut good, &mut faults);
    faults.sort_by_key(|fault| fault.row);
    let mut imported = Imported { faults, ..Imported::default() };
    if mode == ImportMode::Preview {
        let counted = service.storage.read(|reading| {
            let kept = good.iter().map(|(_, (appointment, user))| reading.would_keep(appointment, *user));
            kept.collect::<Result<Vec<_>, _>>()
        })?;
        imported.count(&counted);
        return Ok(imported);
    }
    if !imported.faults.is_empty() && mode == ImportMode::AllOrNothing {
        return Ok(imported);
    }
    let now_ms = service.now_ms();
    let kept = service.transact(|writing| {
        let kept = good.iter().map(|(_, (appointment, user))| writing.keep_appointment(appointment, *user));
        let kept = kept.collect::<Result<Vec<_>, _>>()?;
        let mut counted = Imported::default();
        counted.count(&kept);
        let audited = Audited::AppointmentsImported { added: counted.added, updated: counted.updated };
        writing.audit(now_ms, by.name(), &audited)?;
        Ok(kept)
    })?;
    imported.count(&kept);
    Ok(imported)
}

/// Adds or updates one appointment from a housing system. `values` has the columns of the table.
/// The inner `Err` says what is wrong with the appointment.
pub(crate) fn put_appointment(
    service: &Service,
    by: &Actor,
    reference: &str,
    values: &BTreeMap<String, String>,
) -> Result<Result<ImportEffect, Vec<RowFault>>, CouncilError> {
    let of = |column: &str| values.get(column).map(|text| text.trim()).unwrap_or_default();
    let mut known = Known::default();
    service.storage.read(|reading| known.learn(reading, of("assigned_to"), of("organisation")))?;
    let values = COLUMNS.iter().map(|column| (*column, of(column)));
    let values = values.chain([("appointment_ref", reference)]).collect();
    let mut row = TableRow { number: 1, values, faults: Vec::new() };
    let read = appointment(&mut row, &known);
    let (Some((appointment, user)), true) = (read, row.faults.is_empty()) else { return Ok(Err(row.faults)) };
    let now_ms = service.now_ms();
    let kept = service.transact(|writing| {
        let kept = writing.keep_appointment(&appointment, user)?;
        writing.audit(now_ms, by.name(), &Audited::AppointmentPut { appointment: reference })?;
        Ok(kept)
    })?;
    Ok(Ok(kept))
}

/// Looks up the people and the organisations that the table names.
fn known_of(reading: &Reading<'_>, table: &[u8]) -> Result<Known, CouncilError> {
    let mut known = Known::default();
    let named =
        |row: &mut TableRow<'_>| Some((row.text("assigned_to").to_owned(), row.text("organisation").to_owned()));
    for (_, (user_name, organisation)) in read_table(table, &["assigned_to", "organisation"], named).0 {
        known.learn(reading, &user_name, &organisation)?;
    }
    Ok(known)
}

fn appointment(row: &mut TableRow<'_>, known: &Known) -> Option<GoodRow> {
    let reference = row.read("appointment_ref", |text| text.parse::<AppointmentRef>());
    let uprn = row.read("uprn", |text| Uprn::try_from(text.to_owned()));
    let visit_kind = row.read("visit_kind", |text| VisitKind::from_name(text).ok_or(Wrong::NoVisitKind));
    let window_start = row.read("window_start", times::read);
    let window_end = row.read("window_end", times::read);
    if let (Some(start), Some(end)) = (window_start, window_end)
        && end <= start
    {
        row.fault("window_end", &Wrong::EndsBeforeItStarts);
    }
    let notice_given_at = match row.text("notice_given_at") {
        "" => None,
        _ => row.read("notice_given_at", times::read),
    };
    if let (Some(given), Some(start)) = (notice_given_at, window_start)
        && given > start
    {
        row.fault("notice_given_at", &Wrong::NoticeAfterTheVisit);
    }
    let notice_method = match row.text("notice_method") {
        "" => None,
        _ => row.read("notice_method", |text| NoticeMethod::from_name(text).ok_or(Wrong::OtherNoticeMethod)),
    };
    if notice_given_at.is_some() && row.text("notice_method").is_empty() {
        row.fault("notice_method", &Wrong::NoNoticeMethod);
    }
    let told = row.read("told_who_and_why", |text| match text {
        "yes" => Ok(true),
        "no" => Ok(false),
        _ => Err(Wrong::NotYesOrNo),
    });
    let organisation = row.required("organisation");
    let organisation_is_known = known.organisations.contains(&organisation);
    if !organisation.is_empty() && !organisation_is_known {
        row.fault("organisation", &Wrong::NotKnown);
    }
    let assigned_to = row.required("assigned_to");
    let person = known.people.get(&assigned_to);
    match person {
        None if !assigned_to.is_empty() => row.fault("assigned_to", &Wrong::NotKnown),
        Some(person) if organisation_is_known && person.organisation.name != organisation => {
            row.fault("assigned_to", &Wrong::OtherOrganisation);
        }
        _ => {}
    }
    let tenant_name = row.required("tenant_name");
    let purpose = row.required("purpose");
    let first_line = row.required("address_line_1");
    let address = [first_line, row.text("address_line_2").to_owned(), row.text("town").to_owned()];
    Some((
        Appointment {
            reference: reference?,
            uprn: uprn?,
            address: address.into_iter().filter(|line| !line.is_empty()).collect(),
            postcode: row.text("postcode").to_owned(),
            tenant_name,
            tenant_phone: row.optional("tenant_phone"),
            visit_kind: visit_kind?,
            purpose,
            window_start: window_start?,
            window_end: window_end?,
            organisation,
            assigned_to,
            notice_given_at,
            notice_method,
            told_who_and_why: told?,
            support_needs: row.optional("support_needs"),
            hazard_note: row.optional("hazard_note"),
            known_attempts: Vec::new(),
        },
        person?.id,
    ))
}

/// Moves rows with the same reference from the good rows to the faults, because it is not clear
/// which one is right.
fn set_repeats_apart(good: &mut Vec<(usize, GoodRow)>, faults: &mut Vec<RowFault>) {
    let mut rows: BTreeMap<AppointmentRef, Vec<usize>> = BTreeMap::new();
    for (number, (appointment, _)) in good.iter() {
        rows.entry(appointment.reference.clone()).or_default().push(*number);
    }
    for (reference, numbers) in rows.into_iter().filter(|(_, numbers)| numbers.len() > 1) {
        for number in &numbers {
            let others: Vec<String> =
                numbers.iter().filter(|other| *other != number).map(|other| format!("row {other}")).collect();
            let wrong = Wrong::Repeated(others.join(", "));
            faults.push(RowFault::new(*number, "appointment_ref", reference.as_str(), &wrong));
        }
        good.retain(|(_, (appointment, _))| appointment.reference != reference);
    }
}
