//! Appointments from the housing system.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use doorstep_domain::conduct::{Appointment, NoticeMethod, VisitKind};
use doorstep_domain::{AppointmentRef, Uprn, UserId};

use super::{Imported, RowFault, TableRow, Taking, read_table};
use crate::storage::{Person, Reading};
use crate::{CouncilError, Office, times};

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

/// Characters of any value.
const LONGEST: usize = 500;

impl Office {
    /// Imports appointments; those that are known by their reference are updated.
    ///
    /// # Errors
    /// [`CouncilError`] when the database fails. Faults in the table are not errors but the answer.
    pub fn import_appointments(&self, table: &[u8], taking: Taking) -> Result<Imported, CouncilError> {
        let people = self.service.storage.read(|reading| people_of(reading, table))?;
        let (mut good, mut faults) = read_table(table, &COLUMNS, |row| appointment(row, &people));
        set_repeats_apart(&mut good, &mut faults);
        faults.sort_by_key(|fault| fault.row);
        let mut imported = Imported { faults, ..Imported::default() };
        if !imported.faults.is_empty() && taking == Taking::AllOrNothing {
            return Ok(imported);
        }
        let environment = &self.service.environment;
        self.service.storage.transact(environment, |writing| {
            // Counted anew, should the transaction have to be done again.
            (imported.added, imported.updated, imported.unchanged) = (0, 0, 0);
            for (_, (appointment, user)) in &good {
                match writing.keep_appointment(appointment, *user)? {
                    crate::storage::Kept::Added => imported.added += 1,
                    crate::storage::Kept::Updated => imported.updated += 1,
                    crate::storage::Kept::Unchanged => imported.unchanged += 1,
                }
            }
            let detail = serde_json::json!({ "added": imported.added, "updated": imported.updated });
            writing.audit(environment.clock.now_ms(), "", "appointments_imported", &detail)
        })?;
        Ok(imported)
    }
}

/// Whom the table names, by user name.
fn people_of(reading: &Reading<'_>, table: &[u8]) -> Result<BTreeMap<String, Option<Person>>, CouncilError> {
    let mut people = BTreeMap::new();
    let (named, _) = read_table(table, &["assigned_to"], |row| Some(row.text("assigned_to").to_owned()));
    for (_, name) in named {
        if let Entry::Vacant(unknown) = people.entry(name) {
            let person = reading.person_by_name(unknown.key())?;
            unknown.insert(person);
        }
    }
    for (_, organisation) in read_table(table, &["organisation"], |row| Some(row.text("organisation").to_owned())).0 {
        // An organisation is kept under a key that no user name can be.
        let key = format!("\u{0}{organisation}");
        if !people.contains_key(&key) && reading.organisation(&organisation)?.is_some() {
            people.insert(key, None);
        }
    }
    Ok(people)
}

fn appointment(row: &mut TableRow<'_>, people: &BTreeMap<String, Option<Person>>) -> Option<(Appointment, UserId)> {
    for column in COLUMNS {
        if row.text(column).chars().count() > LONGEST {
            row.fault(column, "is longer than 500 characters");
        }
    }
    let reference = row.read("appointment_ref", |text| text.parse::<AppointmentRef>());
    let uprn = row.read("uprn", |text| Uprn::try_from(text.to_owned()));
    let visit_kind = row.read("visit_kind", |text| VisitKind::from_name(text).ok_or("is no kind of visit"));
    let window_start = row.read("window_start", times::read);
    let window_end = row.read("window_end", times::read);
    if let (Some(start), Some(end)) = (window_start, window_end)
        && end <= start
    {
        row.fault("window_end", "is not after window_start");
    }
    let notice_given_at = match row.text("notice_given_at") {
        "" => None,
        _ => row.read("notice_given_at", times::read),
    };
    if let (Some(given), Some(start)) = (notice_given_at, window_start)
        && given > start
    {
        row.fault("notice_given_at", "is after the visit");
    }
    let notice_method = match row.text("notice_method") {
        "" => None,
        _ => row.read("notice_method", |text| NoticeMethod::from_name(text).ok_or("is no way to give notice")),
    };
    if notice_given_at.is_some() && row.text("notice_method").is_empty() {
        row.fault("notice_method", "is missing, though notice was given");
    }
    let told = row.read("told_who_and_why", |text| match text {
        "yes" => Ok(true),
        "no" => Ok(false),
        _ => Err("is neither yes nor no"),
    });
    let organisation = row.required("organisation");
    let known = people.contains_key(&format!("\u{0}{organisation}"));
    if !organisation.is_empty() && !known {
        row.fault("organisation", "is not known; import people first");
    }
    let assigned_to = row.required("assigned_to");
    let person = people.get(&assigned_to).and_then(Option::as_ref);
    match person {
        None if !assigned_to.is_empty() => row.fault("assigned_to", "is not known; import people first"),
        Some(person) if known && person.organisation.name != organisation => {
            row.fault("assigned_to", "belongs to another organisation");
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

/// Two rows with one reference: neither can be trusted to be the right one.
fn set_repeats_apart(good: &mut Vec<(usize, (Appointment, UserId))>, faults: &mut Vec<RowFault>) {
    let mut rows: BTreeMap<AppointmentRef, Vec<usize>> = BTreeMap::new();
    for (number, (appointment, _)) in good.iter() {
        rows.entry(appointment.reference.clone()).or_default().push(*number);
    }
    for (reference, numbers) in rows.into_iter().filter(|(_, numbers)| numbers.len() > 1) {
        for number in &numbers {
            let others: Vec<String> =
                numbers.iter().filter(|other| *other != number).map(|other| format!("row {other}")).collect();
            faults.push(RowFault {
                row: *number,
                column: "appointment_ref".to_owned(),
                value: reference.to_string(),
                fault: format!("is also in {}", others.join(", ")),
            });
        }
        good.retain(|(_, (appointment, _))| appointment.reference != reference);
    }
}
