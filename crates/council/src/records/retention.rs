//! How long things are kept, and erasing what has been kept long enough. The periods are numbers
//! that the council can change. Nothing is erased until an administrator asks for it; they can look
//! first.

use chrono::{Months, NaiveDate};
use doorstep_domain::conduct::CouncilNumbers;
use doorstep_domain::ledger::Hash;
use doorstep_domain::{DeviceId, StableName, VisitId, england};
use serde::{Deserialize, Serialize};

use crate::access::actor::Actor;
use crate::error::CouncilError;
use crate::machine::times;
use crate::service::Service;
use crate::storage::{Audited, Reading, Writing, settings};

/// How many visits, or pictures, are erased in one transaction.
const AT_ONCE: usize = 50;

/// The source shown for a rule without a period, so that its things are kept for ever.
const NOBODY_HAS_SAID: &str = "Nobody has entered how long to keep these: see Numbers in the console";

/// What a rule is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, strum::VariantArray)]
#[serde(rename_all = "snake_case")]
pub enum RetainedKind {
    /// What the records of visits say, their cases and their photos. Time runs from the end of the
    /// visit, or from when its last case was closed.
    Visits,
    /// Photos of visits that have no case.
    Photos,
    /// Sealed notes, for the safeguarding leads.
    SafeguardingNotes,
    /// Signatures under the Code that were replaced, or whose owner left.
    Acknowledgements,
    /// Appointments that had no visit.
    Appointments,
    /// Lines of the audit log.
    AuditLog,
}

/// A retention rule, as it holds on a day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Rule {
    /// What it is about.
    pub kind: RetainedKind,
    /// How many years things are kept; `None` for ever, until somebody enters a period.
    pub keep_years: Option<u32>,
    /// The first day on which the rule holds.
    pub from: Option<NaiveDate>,
    /// Where the period comes from: a law, a clause, a decision of the council.
    pub source: String,
}

/// What a rule would erase on a day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Due {
    /// The rule that would erase them. Its fields stand beside the others in JSON.
    #[serde(flatten)]
    pub rule: Rule,
    /// Things older than this day are erased; `None` if nothing is.
    pub before: Option<NaiveDate>,
    /// How many things are older than that; `None` for safeguarding notes, which are counted
    /// nowhere.
    pub items: Option<u64>,
}

/// The rules that hold on a day.
fn in_force(own: &CouncilNumbers, day: NaiveDate) -> impl Iterator<Item = Rule> {
    RetainedKind::all().map(move |kind| match settings::of_the_desk(kind.number(), day, own) {
        Some(years) => Rule { kind, keep_years: Some(years.value), from: Some(years.from), source: years.source },
        None => Rule { kind, keep_years: None, from: None, source: NOBODY_HAS_SAID.to_owned() },
    })
}

impl RetainedKind {
    /// The stable name of the number that holds the years.
    fn number(self) -> &'static str {
        match self {
            Self::Visits => "keep_visits",
            Self::Photos => "keep_photos",
            Self::SafeguardingNotes => "keep_safeguarding_notes",
            Self::Acknowledgements => "keep_acknowledgements",
            Self::Appointments => "keep_appointments",
            Self::AuditLog => "keep_audit_log",
        }
    }
}

impl Rule {
    fn before(&self, today: NaiveDate) -> Option<NaiveDate> {
        today.checked_sub_months(Months::new(self.keep_years?.checked_mul(12)?))
    }

    fn count(&self, reading: &Reading<'_>, before_ms: i64, now_ms: i64) -> Result<u64, CouncilError> {
        let items = match self.kind {
            RetainedKind::Visits => {
                reading.visits_over_before(before_ms)?.len() + reading.sealed_files_before(before_ms)?.len()
            }
            RetainedKind::Photos => reading.pictures_over_before(before_ms, now_ms)?.len(),
            RetainedKind::SafeguardingNotes => reading.notes_before(before_ms)?.len(),
            RetainedKind::Acknowledgements => reading.acknowledgements_over_before(before_ms)?.len(),
            RetainedKind::Appointments => reading.appointments_over_before(before_ms, None)?.len(),
            RetainedKind::AuditLog => return reading.audit_lines_before(before_ms),
        };
        Ok(u64::try_from(items).unwrap_or(u64::MAX))
    }

    /// The text noted with everything that the rule erased.
    fn name(&self) -> String {
        let years = self.keep_years.unwrap_or(0);
        let from = self.from.map(|from| from.to_string()).unwrap_or_default();
        format!("{}, {years} years, rule of {from}", self.kind.number())
    }
}

/// Erases visits, a few in each transaction. Their pictures are erased before the transaction, so
/// that nobody waits for the database while the object store works. If this breaks off, the next
/// run erases the rest.
pub(super) fn erase_visits(service: &Service, visits: &[VisitId], rule: &str) -> Result<(), CouncilError> {
    let now_ms = service.now_ms();
    pictures_are_there(service)?;
    for some in visits.chunks(AT_ONCE) {
        for visit in some {
            let pictures = service.storage.read(|reading| reading.pictures_of_no_other(*visit))?;
            pictures.into_iter().try_for_each(|picture| service.photos.erase(picture))?;
        }
        service.transact(|writing| some.iter().try_for_each(|visit| writing.erase_visit(*visit, now_ms, rule)))?;
    }
    Ok(())
}

/// Makes sure that pictures can be erased, if the council has any.
fn pictures_are_there(service: &Service) -> Result<(), CouncilError> {
    let has_some = service.storage.read(|reading| Ok(!reading.whole_blobs()?.is_empty()))?;
    if has_some { service.photos.is_not_away() } else { Ok(()) }
}

/// Erases pictures, a few in each transaction, as [`erase_visits`] does.
fn erase_pictures(service: &Service, pictures: &[Hash]) -> Result<(), CouncilError> {
    pictures_are_there(service)?;
    for some in pictures.chunks(AT_ONCE) {
        some.iter().try_for_each(|picture| service.photos.erase(*picture))?;
        service.transact(|writing| some.iter().try_for_each(|picture| writing.erase_picture(*picture)))?;
    }
    Ok(())
}

/// Erases sealed files, and notes each.
pub(super) fn erase_sealed(
    writing: &Writing<'_>,
    by: &Actor,
    files: Vec<(DeviceId, Hash)>,
    now_ms: i64,
) -> Result<(), CouncilError> {
    for (device, file) in files {
        writing.erase_salvage(device, file, now_ms)?;
        writing.audit(now_ms, by.name(), &Audited::SealedFileErased { device, file })?;
    }
    Ok(())
}

fn apply(service: &Service, by: &Actor, rule: &Rule, before_ms: i64, now_ms: i64) -> Result<(), CouncilError> {
    let (storage, name) = (&service.storage, rule.name());
    let at_once =
        |work: &mut dyn FnMut(&Writing<'_>) -> Result<(), CouncilError>| service.transact(|writing| work(writing));
    match rule.kind {
        RetainedKind::Visits => {
            erase_visits(service, &storage.read(|reading| reading.visits_over_before(before_ms))?, &name)?;
            at_once(&mut |writing| {
                erase_sealed(writing, by, writing.sealed_files_before(before_ms)?, now_ms)?;
                writing.erase_unreadable_aside(before_ms)
            })
        }
        RetainedKind::Photos => {
            erase_pictures(service, &storage.read(|reading| reading.pictures_over_before(before_ms, now_ms))?)
        }
        RetainedKind::SafeguardingNotes => at_once(&mut |writing| {
            let notes = writing.notes_before(before_ms)?;
            notes.into_iter().try_for_each(|(record, visit)| writing.erase_note(record, visit, now_ms, &name))?;
            writing.erase_aside_notes(before_ms)
        }),
        RetainedKind::Acknowledgements => at_once(&mut |writing| {
            let signed = writing.acknowledgements_over_before(before_ms)?;
            signed.into_iter().try_for_each(|record| writing.erase_acknowledgement(record, now_ms, &name))
        }),
        RetainedKind::Appointments => at_once(&mut |writing| {
            let over = writing.appointments_over_before(before_ms, None)?;
            over.iter().try_for_each(|reference| writing.erase_appointment(reference))
        }),
        RetainedKind::AuditLog => {
            at_once(&mut |writing| writing.erase_audit_lines(&service.environment, before_ms, service.now_ms()))
        }
    }
}

/// Counts what today's rules say is to be erased, and with `apply_rules` erases it. The records can
/// still be checked afterwards: [`super::verify::check`].
///
/// # Errors
/// [`CouncilError`] when the database or a picture can't be changed. What was erased before that
/// stays erased.
pub fn retain(service: &Service, by: &Actor, apply_rules: bool) -> Result<Vec<Due>, CouncilError> {
    let now_ms = service.now_ms();
    let today = times::day(now_ms);
    let mut dues = Vec::new();
    let own = service.storage.read(|reading| reading.council_numbers())?;
    for rule in in_force(&own, today) {
        let before = rule.before(today);
        let Some(before_ms) = before.map(|day| england::start_of(day).timestamp_millis()) else {
            let items = (rule.kind != RetainedKind::SafeguardingNotes).then_some(0);
            dues.push(Due { rule, before, items });
            continue;
        };
        let items = service.storage.read(|reading| rule.count(reading, before_ms, now_ms))?;
        if apply_rules {
            apply(service, by, &rule, before_ms, now_ms)?;
        }
        // How many notes there are, or that there were any, is told nowhere (clause 6.2).
        let items = (rule.kind != RetainedKind::SafeguardingNotes).then_some(items);
        if let Some(items) = items.filter(|items| apply_rules && *items > 0) {
            let audited = Audited::ErasedByRule { rule: rule.kind.name(), keep_years: rule.keep_years, items };
            service.transact(|writing| writing.audit(now_ms, by.name(), &audited))?;
        }
        dues.push(Due { rule, before, items });
    }
    if apply_rules {
        service.storage.leave_no_trace()?;
    }
    Ok(dues)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nobody_has_said_anything_of_is_kept_for_ever() {
        let rules: Vec<Rule> = in_force(&CouncilNumbers::default(), "2026-11-24".parse().unwrap()).collect();
        let kept = |kind| rules.iter().find(|rule| rule.kind == kind).unwrap().keep_years;
        assert_eq!((kept(RetainedKind::Visits), kept(RetainedKind::SafeguardingNotes)), (Some(6), None));
        let leap = Rule { keep_years: Some(1), ..rules.into_iter().next().unwrap() };
        assert_eq!(leap.before("2028-02-29".parse().unwrap()).unwrap().to_string(), "2027-02-28");
    }
}
