//! Gives a person a copy of their data (UK GDPR, article 15), or erases it (article 17). A tenant
//! is found by their home and the time that they lived there. A visitor or a user of the console is
//! found by their user name.

use std::path::Path;

use chrono::NaiveDate;
use doorstep_domain::{StableName, VisitId};
use serde::Serialize;
use serde_json::json;

use super::retention::{erase_sealed, erase_visits};
use crate::access::actor::Actor;
use crate::error::CouncilError;
use crate::machine::{private_file, times};
use crate::refused::Refused;
use crate::service::Service;
use crate::storage::{AuditFilter, Audited, Person, Reading, RegisterFilter, Sought, VisitRow};

/// The person whose data it is.
#[derive(Debug, Clone)]
pub enum Subject {
    /// A tenant: their home, and the first and last day that they lived there.
    Home {
        /// Unique Property Reference Number.
        uprn: String,
        /// The first day, inclusive; `None` for no limit.
        from: Option<NaiveDate>,
        /// The last day, inclusive; `None` for today.
        to: Option<NaiveDate>,
    },
    /// A visitor or a user of the console, by their user name.
    User(String),
}

/// How much is held about a person.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct HeldCounts {
    /// Visits to their home, or visits that they made.
    pub visits: u64,
    /// Past appointments at their home that had no visit. Always 0 for a user name.
    pub appointments: u64,
    /// Complete photos of these visits.
    pub photos: u64,
    /// Their signatures under the Code.
    pub acknowledgements: u64,
    /// Visits with an open case.
    pub open_cases: u64,
    /// Sealed files that their phones sent: what is in them may be somebody else's. Always 0 for a
    /// home, for nobody here can look into them.
    pub sealed_files: u64,
}

/// The `READ-ME.txt` in the folder, for the person who checks the data before it is given out.
const READ_ME: &str = "\
This folder holds what Doorstep holds about one person. Read it before you give it to anybody:

- It also names other people: visitors, neighbours, members of the household.
  Take out what is only about them, unless they agree.
- Take out what would harm somebody if it became known
  (Data Protection Act 2018, schedules 2 to 4).
- Safeguarding notes are not in this folder. Only a safeguarding lead can say whether there are
  any: ask them whether there is something to add.
- You must answer within one month of the request.

visits.json        for a tenant: each visit as its records tell it, with its appointment, cases
                   and concerns
                   for a visitor: each visit's id, start and outcome
appointments.json  for a tenant: past appointments that had no visit
set-aside.json     for a tenant: what phones said that the council has not taken, if anything
photos/            for a tenant: the photos taken on the visits
person.json        for a visitor or a user of the console: who they are, how many phones they
                   have, what they signed, and their lines in the audit log
";

struct FoundData {
    visits: Vec<VisitId>,
    appointments: Vec<String>,
    person: Option<Person>,
}

fn count<T>(items: &[T]) -> u64 {
    u64::try_from(items.len()).unwrap_or(u64::MAX)
}

/// Counts what is held about a person.
///
/// # Errors
/// [`Refused::NoSuchUser`], or the database can't be read.
pub fn held_of(service: &Service, subject: &Subject) -> Result<HeldCounts, CouncilError> {
    service.storage.read(|reading| {
        let found = find(service, reading, subject)?;
        let mut held = HeldCounts {
            visits: count(&found.visits),
            appointments: count(&found.appointments),
            ..HeldCounts::default()
        };
        for visit in &found.visits {
            let whole = reading.photos_of(*visit)?.iter().filter(|photo| photo.complete).count();
            held.photos += u64::try_from(whole).unwrap_or(0);
            held.open_cases += u64::from(reading.cases_of(*visit)?.iter().any(|case| case.closed_ms.is_none()));
        }
        if let Some(person) = &found.person {
            held.acknowledgements = count(&reading.acknowledgements_by(person.id)?);
            held.sealed_files = count(&reading.sealed_files_of(person.id)?);
        }
        Ok(held)
    })
}

fn find(service: &Service, reading: &Reading<'_>, subject: &Subject) -> Result<FoundData, CouncilError> {
    match subject {
        Subject::Home { uprn, from, to } => {
            let start = |day: NaiveDate| times::start_of(&day.to_string());
            let (from_ms, to_ms) = (from.and_then(start), to.and_then(|day| start(day.succ_opt()?)));
            let before_ms = to_ms.unwrap_or_else(|| service.now_ms());
            Ok(FoundData {
                visits: reading.visits_at(uprn, from_ms, to_ms)?,
                appointments: reading.appointments_over_before(before_ms, Some(uprn))?,
                person: None,
            })
        }
        Subject::User(name) => {
            let person = reading.person_by_name(name)?.ok_or_else(|| Refused::NoSuchUser(name.clone()))?;
            Ok(FoundData { visits: reading.visits_by(person.id)?, appointments: Vec::new(), person: Some(person) })
        }
    }
}

/// Writes what is held about a person into a new folder. Safeguarding notes are left out.
///
/// # Errors
/// [`CouncilError`] when the database can't be read, or the folder exists or can't be written.
pub fn give_access(
    service: &Service,
    by: &Actor,
    subject: &Subject,
    folder: &Path,
) -> Result<HeldCounts, CouncilError> {
    let held = held_of(service, subject)?;
    let failed = |source| CouncilError::File { path: folder.to_owned(), source };
    private_file::make_folder(folder).map_err(failed)?;
    private_file::make_folder(&folder.join("photos")).map_err(failed)?;
    let (visits, aside, appointments, person) = service.storage.read(|reading| {
        let found = find(service, reading, subject)?;
        let of_home = found.person.is_none();
        let (mut visits, mut aside) = (Vec::new(), Vec::new());
        for visit in &found.visits {
            let said = if of_home { reading.aside_events(*visit)? } else { Vec::new() };
            if !said.is_empty() {
                aside.push(json!({ "visit": visit, "said": said }));
            }
            if let Some(row) = reading.visit(*visit, None)? {
                visits.push(told(reading, &row, of_home)?);
            }
        }
        let mut appointments = Vec::new();
        for reference in &found.appointments {
            appointments.extend(reading.appointment_text(reference)?);
        }
        let person = found.person.as_ref().map(|person| told_of_person(reading, person)).transpose()?;
        Ok((visits, aside, appointments, person))
    })?;
    let write = |name: &str, value: &serde_json::Value| {
        let text = serde_json::to_vec_pretty(value).map_err(|_| CouncilError::Unreadable("visit"))?;
        private_file::write_new(&folder.join(name), &text).map_err(failed)
    };
    private_file::write_new(&folder.join("READ-ME.txt"), READ_ME.as_bytes()).map_err(failed)?;
    match person {
        Some(person) => write("person.json", &person)?,
        None => write("appointments.json", &json!(appointments))?,
    }
    write("visits.json", &json!(visits))?;
    if !aside.is_empty() {
        write("set-aside.json", &json!(aside))?;
    }
    if matches!(subject, Subject::Home { .. }) {
        write_photos(service, subject, folder)?;
    }
    audit(service, by, &Audited::SubjectAccess(json!(held)))?;
    Ok(held)
}

fn write_photos(service: &Service, subject: &Subject, folder: &Path) -> Result<(), CouncilError> {
    let visits = service.storage.read(|reading| Ok(find(service, reading, subject)?.visits))?;
    for visit in visits {
        for photo in service.storage.read(|reading| reading.photos_of(visit))? {
            if let Some(file) = service.photos.read(photo.sha256)?.filter(|_| photo.complete) {
                let path = folder.join("photos").join(format!("{}.jpg", photo.sha256));
                private_file::write_new(&path, &file).map_err(|source| CouncilError::File { path, source })?;
            }
        }
    }
    Ok(())
}

/// Erases what is held about a person. The records' envelopes stay, to prove that nothing else was
/// altered; they hold no names and nothing that was said. Sealed notes stay too. For a user name,
/// the visits stay, without the name.
///
/// # Errors
/// [`Refused::CasesAreOpen`] when a visit to the home has an open case, [`Refused::StillThere`]
/// when the person has not left.
pub fn erase(service: &Service, by: &Actor, subject: &Subject, because: &str) -> Result<HeldCounts, CouncilError> {
    let held = held_of(service, subject)?;
    let found = service.storage.read(|reading| find(service, reading, subject))?;
    match &found.person {
        None if held.open_cases > 0 => return Err(Refused::CasesAreOpen.into()),
        None => {
            forget_searches(service, &found)?;
            erase_visits(service, &found.visits, "on request")?;
            service.transact(|writing| {
                found.appointments.iter().try_for_each(|reference| writing.erase_appointment(reference))
            })?;
        }
        Some(person) => erase_person(service, by, person, &found.visits)?,
    }
    audit(service, by, &Audited::ErasedOnRequest { held: json!(held), because })?;
    service.storage.leave_no_trace()?;
    Ok(held)
}

/// Takes what people looked for out of the audit log, where it would have found what is erased.
fn forget_searches(service: &Service, found: &FoundData) -> Result<(), CouncilError> {
    service.transact(|writing| {
        let sought = writing.sought_of(&found.visits, &found.appointments)?;
        writing.forget_searches_for(&sought)
    })
}

fn erase_person(service: &Service, by: &Actor, person: &Person, visits: &[VisitId]) -> Result<(), CouncilError> {
    let now_ms = service.now_ms();
    let id = person.id.to_string();
    let name = format!("erased-{}", id.rsplit('-').next().unwrap_or(&id));
    service.transact(|writing| {
        let row = writing.person_row(person.id)?;
        if row.is_none_or(|row| row.left_ms.is_none()) {
            return Err(Refused::StillThere.into());
        }
        for record in writing.acknowledgements_by(person.id)? {
            writing.erase_acknowledgement(record, now_ms, "on request")?;
        }
        let email = writing.person_row(person.id)?.map(|row| row.email).unwrap_or_default();
        let names = [person.user_name.as_str(), &person.display_name, &email].join(" ");
        writing.forget_searches_for(&[Sought { names, also: String::new() }])?;
        erase_sealed(writing, by, writing.sealed_files_of(person.id)?, now_ms)?;
        writing.erase_person(person.id, &person.user_name, &name)?;
        // The search text of visits holds the visitor's name, so write it again.
        for visit in visits {
            if let Some(row) = writing.visit(*visit, None)? {
                writing.save_visits(&[(row.visit, row.columns.received_ms)], None)?;
            }
        }
        Ok(())
    })
}

fn audit(service: &Service, by: &Actor, what: &Audited<'_>) -> Result<(), CouncilError> {
    let now_ms = service.now_ms();
    service.transact(|writing| writing.audit(now_ms, by.name(), what))
}

/// What is given out about a visit. A tenant gets all of it. A visitor gets only its id, start and
/// outcome.
fn told(reading: &Reading<'_>, row: &VisitRow, of_home: bool) -> Result<serde_json::Value, CouncilError> {
    let mut cases = Vec::new();
    for case in reading.cases_of(row.visit.visit)? {
        cases.push(json!({
            "kind": case.kind.name(),
            "opened_at": times::from_ms(case.opened_ms),
            "closed_at": case.closed_ms.map(times::from_ms),
            "outcome": case.outcome,
        }));
    }
    Ok(if of_home {
        json!({ "visit": row.visit, "appointment": row.appointment, "visitor": row.columns.visitor_name,
                "organisation": row.columns.organisation, "cases": cases })
    } else {
        json!({ "visit": row.visit.visit, "started_at": times::from_ms(row.columns.started_ms),
                "outcome": row.visit.ending.as_ref().map(|ending| ending.outcome.name()) })
    })
}

fn told_of_person(reading: &Reading<'_>, person: &Person) -> Result<serde_json::Value, CouncilError> {
    let row = reading.person_row(person.id)?;
    let mut signed = Vec::new();
    let theirs = RegisterFilter { user: Some(person.id), ..RegisterFilter::default() };
    reading.each_acknowledgement(&theirs, |row| {
        signed.push(row.kept.acknowledgement);
        Ok(())
    })?;
    let mut done = Vec::new();
    let by_them = AuditFilter { user_name: Some(person.user_name.clone()), ..AuditFilter::default() };
    reading.each_audit_line(&by_them, |line| {
        done.push(json!({ "at": times::from_ms(line.at_ms), "action": line.action, "detail": line.detail }));
        Ok(())
    })?;
    Ok(json!({
        "user": person.user_name,
        "name": person.display_name,
        "organisation": person.organisation.name,
        "role": person.role,
        "position": person.position,
        "email": row.as_ref().map(|row| row.email.clone()),
        "left_at": row.as_ref().and_then(|row| row.left_ms).map(times::from_ms),
        "passkeys": reading.passkeys_of(person.id)?.into_iter().map(|passkey| passkey.name).collect::<Vec<_>>(),
        "phones": row.as_ref().map(|row| row.phones),
        "signed": signed,
        "done": done,
    }))
}
