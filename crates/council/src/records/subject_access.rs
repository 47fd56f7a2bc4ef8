//! One person's own data: what is held of them, to give to them (UK GDPR, article 15), and erasing
//! it (article 17). A tenant is found by their home and the time that they lived there; somebody
//! who visits, by their user name.

use std::path::Path;

use chrono::NaiveDate;
use doorstep_domain::{StableName, VisitId};
use serde::Serialize;
use serde_json::json;

use super::retention::erase_visits;
use crate::access::actor::Actor;
use crate::error::CouncilError;
use crate::machine::{private_file, times};
use crate::refused::Refused;
use crate::service::Service;
use crate::storage::{AuditFilter, Audited, Person, Reading, RegisterFilter, VisitRow};

/// Whose data.
#[derive(Debug, Clone)]
pub enum Subject {
    /// A tenant: a home by its UPRN, from a day on and until one, both included.
    Home {
        /// Unique Property Reference Number.
        uprn: String,
        /// The first day; from the beginning where there is none.
        from: Option<NaiveDate>,
        /// The last day; until now where there is none.
        to: Option<NaiveDate>,
    },
    /// Somebody who visits, or has a desk, by their user name.
    User(String),
}

/// How much is held of somebody.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct HeldOf {
    /// Visits to their home, or that they made.
    pub visits: u64,
    /// Appointments that no visit came of.
    pub appointments: u64,
    /// Photos that are here, whole.
    pub photos: u64,
    /// Signatures under the Code.
    pub acknowledgements: u64,
    /// Visits of which a case is open.
    pub open_cases: u64,
}

/// What is laid beside an answer, in the words of whoever has to check it.
const READ_ME: &str = "\
What is in this folder is what Doorstep holds of one person. Read it before you give it to anybody:

- Others are in it too: visitors, neighbours, members of the household. What is about them alone is taken out, unless they agree.
- What would harm somebody if it were known is held back (Data Protection Act 2018, schedules 2 to 4). Safeguarding notes are not in
  this folder, and nobody but a safeguarding lead can say whether there are any: ask them whether there is something to add.
- The time limit is one month from the request.

visits.json        each visit as its records tell it, with cases and concerns
appointments.json  appointments that no visit came of
photos/            the pictures that visits name
person.json        of somebody who visits or has a desk: who they are, their phones, what they signed and did
";

struct Found {
    visits: Vec<VisitId>,
    appointments: Vec<String>,
    person: Option<Person>,
}

fn count<T>(items: &[T]) -> u64 {
    u64::try_from(items.len()).unwrap_or(u64::MAX)
}

/// How much is held of somebody.
///
/// # Errors
/// [`Refused::NoSuchUser`], or the database can't be read.
pub fn held_of(service: &Service, subject: &Subject) -> Result<HeldOf, CouncilError> {
    service.storage.read(|reading| {
        let found = find(service, reading, subject)?;
        let mut held =
            HeldOf { visits: count(&found.visits), appointments: count(&found.appointments), ..HeldOf::default() };
        for visit in &found.visits {
            let whole = reading.photos_of(*visit)?.iter().filter(|photo| photo.complete).count();
            held.photos += u64::try_from(whole).unwrap_or(0);
            held.open_cases += u64::from(reading.cases_of(*visit)?.iter().any(|case| case.closed_ms.is_none()));
        }
        if let Some(person) = &found.person {
            held.acknowledgements = count(&reading.acknowledgements_by(person.id)?);
        }
        Ok(held)
    })
}

fn find(service: &Service, reading: &Reading<'_>, subject: &Subject) -> Result<Found, CouncilError> {
    match subject {
        Subject::Home { uprn, from, to } => {
            let start = |day: NaiveDate| times::start_of(&day.to_string());
            let (from_ms, to_ms) = (from.and_then(start), to.and_then(|day| start(day.succ_opt()?)));
            let before_ms = to_ms.unwrap_or_else(|| service.now_ms());
            Ok(Found {
                visits: reading.visits_at(uprn, from_ms, to_ms)?,
                appointments: reading.appointments_over_before(before_ms, Some(uprn))?,
                person: None,
            })
        }
        Subject::User(name) => {
            let person = reading.person_by_name(name)?.ok_or_else(|| Refused::NoSuchUser(name.clone()))?;
            Ok(Found { visits: reading.visits_by(person.id)?, appointments: Vec::new(), person: Some(person) })
        }
    }
}

/// Writes what is held of somebody into a folder that is not there yet. Safeguarding notes are not
/// in it.
///
/// # Errors
/// [`CouncilError`] when the database can't be read, or the folder is there or can't be written.
pub fn give_access(service: &Service, by: &Actor, subject: &Subject, folder: &Path) -> Result<HeldOf, CouncilError> {
    let held = held_of(service, subject)?;
    let failed = |source| CouncilError::File { path: folder.to_owned(), source };
    private_file::make_folder(folder).map_err(failed)?;
    private_file::make_folder(&folder.join("photos")).map_err(failed)?;
    let (visits, appointments, person) = service.storage.read(|reading| {
        let found = find(service, reading, subject)?;
        let of_home = found.person.is_none();
        let mut visits = Vec::new();
        for visit in &found.visits {
            if let Some(row) = reading.visit(*visit, None)? {
                visits.push(told(reading, &row, of_home)?);
            }
        }
        let mut appointments = Vec::new();
        for reference in &found.appointments {
            appointments.extend(reading.appointment_text(reference)?);
        }
        let person = found.person.as_ref().map(|person| told_of_person(reading, person)).transpose()?;
        Ok((visits, appointments, person))
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

/// Erases what is held of somebody. Envelopes of records stay, which hold no name and nothing that
/// was said: so it can still be proved that nothing else was altered. Sealed notes are the
/// safeguarding leads' and stay.
///
/// # Errors
/// [`Refused::CasesAreOpen`] when a case of theirs is open, [`Refused::StillThere`] when they have
/// not left.
pub fn erase(service: &Service, by: &Actor, subject: &Subject, because: &str) -> Result<HeldOf, CouncilError> {
    let held = held_of(service, subject)?;
    let found = service.storage.read(|reading| find(service, reading, subject))?;
    match &found.person {
        None if held.open_cases > 0 => return Err(Refused::CasesAreOpen.into()),
        None => {
            erase_visits(service, &found.visits, "on request")?;
            service.transact(|writing| {
                found.appointments.iter().try_for_each(|reference| writing.erase_appointment(reference))
            })?;
        }
        Some(person) => erase_person(service, person, &found.visits)?,
    }
    audit(service, by, &Audited::ErasedOnRequest { held: json!(held), because })?;
    service.storage.leave_no_trace()?;
    Ok(held)
}

fn erase_person(service: &Service, person: &Person, visits: &[VisitId]) -> Result<(), CouncilError> {
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
        writing.erase_person(person.id, &person.user_name, &name)?;
        // What visits are found by holds the visitor's name.
        for visit in visits {
            if let Some(row) = writing.visit(*visit, None)? {
                writing.save_visits(&[(row.visit, row.columns.received_ms)])?;
            }
        }
        Ok(())
    })
}

fn audit(service: &Service, by: &Actor, what: &Audited<'_>) -> Result<(), CouncilError> {
    let now_ms = service.now_ms();
    service.transact(|writing| writing.audit(now_ms, by.name(), what))
}

/// A visit: to its tenant all of it; to its visitor what they did, and not the tenant's name.
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
        "phones": row.as_ref().map(|row| row.phones),
        "signed": signed,
        "done": done,
    }))
}
