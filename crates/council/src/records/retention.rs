//! How long things are kept, by whose rule, and erasing what is over. For how long is a number, and
//! the council's to change. Nothing is erased but by an administrator's word, who can look first.

use chrono::{Months, NaiveDate};
use doorstep_domain::conduct::CouncilNumbers;
use doorstep_domain::ledger::Hash;
use doorstep_domain::{StableName, VisitId, england};
use serde::{Deserialize, Serialize};

use crate::access::actor::Actor;
use crate::error::CouncilError;
use crate::machine::times;
use crate::service::Service;
use crate::storage::{Audited, Reading, Writing, settings};

/// Visits that are erased in one transaction.
const AT_ONCE: usize = 50;

/// Why something is kept for ever.
const NOBODY_HAS_SAID: &str = "Nobody has entered for how long: see Numbers in the console";

/// What a rule is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, strum::VariantArray)]
#[serde(rename_all = "snake_case")]
pub enum Kept {
    /// What visits' records say, their cases and their photos; from the end of the visit, or the
    /// close of its last case.
    Visits,
    /// Pictures of visits that no case came of.
    Photos,
    /// Notes that are sealed to the safeguarding leads.
    SafeguardingNotes,
    /// Signatures under the Code that were replaced, or whose owner left.
    Acknowledgements,
    /// Appointments that no visit came of.
    Appointments,
    /// Lines of the audit log.
    AuditLog,
}

/// A rule, as it holds on a day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Rule {
    /// What it is about.
    pub kind: Kept,
    /// For how many years it is kept; `None` for ever, until somebody says for how long.
    pub keep_years: Option<u32>,
    /// The first day on which the rule holds.
    pub from: Option<NaiveDate>,
    /// Who says so.
    pub source: String,
}

/// What a rule comes to on a day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Due {
    /// The rule.
    #[serde(flatten)]
    pub rule: Rule,
    /// What is older than this day is over; `None` where nothing ever is.
    pub before: Option<NaiveDate>,
    /// How many are over.
    pub items: u64,
}

/// The rules that hold on a day.
fn in_force(own: &CouncilNumbers, day: NaiveDate) -> impl Iterator<Item = Rule> {
    Kept::all().map(move |kind| match settings::of_the_desk(kind.number(), day, own) {
        Some(years) => Rule { kind, keep_years: Some(years.value), from: Some(years.from), source: years.source },
        None => Rule { kind, keep_years: None, from: None, source: NOBODY_HAS_SAID.to_owned() },
    })
}

impl Kept {
    /// The number that says for how many years.
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
            Kept::Visits => reading.visits_over_before(before_ms)?.len(),
            Kept::Photos => reading.pictures_over_before(before_ms, now_ms)?.len(),
            Kept::SafeguardingNotes => reading.notes_before(before_ms)?.len(),
            Kept::Acknowledgements => reading.acknowledgements_over_before(before_ms)?.len(),
            Kept::Appointments => reading.appointments_over_before(before_ms, None)?.len(),
            Kept::AuditLog => return reading.audit_lines_before(before_ms),
        };
        Ok(u64::try_from(items).unwrap_or(u64::MAX))
    }

    /// The name under which what it erased is noted.
    fn name(&self) -> String {
        let years = self.keep_years.unwrap_or(0);
        let from = self.from.map(|from| from.to_string()).unwrap_or_default();
        format!("{}, {years} years, rule of {from}", self.kind.number())
    }
}

/// Erases a few visits in one transaction, and their pictures before it: nobody waits for the
/// database while an object store takes its time, and what was erased half is erased whole the next
/// time.
pub(super) fn erase_visits(service: &Service, visits: &[VisitId], rule: &str) -> Result<(), CouncilError> {
    let now_ms = service.now_ms();
    for some in visits.chunks(AT_ONCE) {
        for visit in some {
            let pictures = service.storage.read(|reading| reading.pictures_of_no_other(*visit))?;
            pictures.into_iter().try_for_each(|picture| service.photos.erase(picture))?;
        }
        service.transact(|writing| some.iter().try_for_each(|visit| writing.erase_visit(*visit, now_ms, rule)))?;
    }
    Ok(())
}

/// Erases pictures, a few in one transaction, as [`erase_visits`] does.
fn erase_pictures(service: &Service, pictures: &[Hash]) -> Result<(), CouncilError> {
    for some in pictures.chunks(AT_ONCE) {
        some.iter().try_for_each(|picture| service.photos.erase(*picture))?;
        service.transact(|writing| some.iter().try_for_each(|picture| writing.erase_picture(*picture)))?;
    }
    Ok(())
}

fn apply(service: &Service, rule: &Rule, before_ms: i64, now_ms: i64) -> Result<(), CouncilError> {
    let (storage, name) = (&service.storage, rule.name());
    let at_once =
        |work: &mut dyn FnMut(&Writing<'_>) -> Result<(), CouncilError>| service.transact(|writing| work(writing));
    match rule.kind {
        Kept::Visits => erase_visits(service, &storage.read(|reading| reading.visits_over_before(before_ms))?, &name),
        Kept::Photos => {
            erase_pictures(service, &storage.read(|reading| reading.pictures_over_before(before_ms, now_ms))?)
        }
        Kept::SafeguardingNotes => at_once(&mut |writing| {
            let notes = writing.notes_before(before_ms)?;
            notes.into_iter().try_for_each(|(record, visit)| writing.erase_note(record, visit, now_ms, &name))
        }),
        Kept::Acknowledgements => at_once(&mut |writing| {
            let signed = writing.acknowledgements_over_before(before_ms)?;
            signed.into_iter().try_for_each(|record| writing.erase_acknowledgement(record, now_ms, &name))
        }),
        Kept::Appointments => at_once(&mut |writing| {
            let over = writing.appointments_over_before(before_ms, None)?;
            over.iter().try_for_each(|reference| writing.erase_appointment(reference))
        }),
        Kept::AuditLog => at_once(&mut |writing| writing.erase_audit_lines(before_ms)),
    }
}

/// What is over by the rules of the day, and how much of each kind; with `apply_rules` it is
/// erased. What was committed to stays provable: [`super::verify::check`].
///
/// # Errors
/// [`CouncilError`] when the database or a picture can't be changed; what was erased until then
/// stays erased.
pub fn retain(service: &Service, by: &Actor, apply_rules: bool) -> Result<Vec<Due>, CouncilError> {
    let now_ms = service.now_ms();
    let today = times::day(now_ms);
    let mut dues = Vec::new();
    let own = service.storage.read(|reading| reading.council_numbers())?;
    for rule in in_force(&own, today) {
        let before = rule.before(today);
        let Some(before_ms) = before.map(|day| england::start_of(day).timestamp_millis()) else {
            dues.push(Due { rule, before, items: 0 });
            continue;
        };
        let items = service.storage.read(|reading| rule.count(reading, before_ms, now_ms))?;
        if apply_rules && items > 0 {
            apply(service, &rule, before_ms, now_ms)?;
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
        assert_eq!((kept(Kept::Visits), kept(Kept::SafeguardingNotes)), (Some(6), None));
        let leap = Rule { keep_years: Some(1), ..rules.into_iter().next().unwrap() };
        assert_eq!(leap.before("2028-02-29".parse().unwrap()).unwrap().to_string(), "2027-02-28");
    }
}
