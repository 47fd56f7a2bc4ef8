//! How long what is kept, by whose rule, and erasing what is over. The rules are dated data with their source, and the council's to
//! change. Nothing is erased but by an administrator's word, who can look first.

use chrono::{Months, NaiveDate, TimeZone};
use chrono_tz::Europe::London;
use serde::{Deserialize, Serialize};

use crate::album::Album;
use crate::storage::{Reading, Writing};
use crate::{CouncilError, Office, Service, times};

/// Visits that are erased in one transaction.
const AT_ONCE: usize = 50;

/// What a rule is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kept {
    /// What visits' records say, their cases and their photos; from the end of the visit, or the close of its last case.
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

/// A rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// What it is about.
    pub kind: Kept,
    /// For how many years it is kept; `null` for ever.
    pub keep_years: Option<u32>,
    /// The first day on which the rule holds.
    pub from: NaiveDate,
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

/// The rules that come with the program.
#[must_use]
pub fn shipped_rules() -> Vec<Rule> {
    serde_json::from_str(include_str!("retention_rules.json")).unwrap_or_default()
}

/// Reads rules that the council has made: JSON, as the shipped ones.
///
/// # Errors
/// [`CouncilError::BadRules`] when it is none.
pub fn read_rules(text: &str) -> Result<Vec<Rule>, CouncilError> {
    serde_json::from_str(text).map_err(|error| CouncilError::BadRules(error.to_string()))
}

/// The rules that hold on a day: of each kind the newest.
fn in_force(rules: &[Rule], day: NaiveDate) -> Vec<Rule> {
    let mut held: Vec<Rule> = rules.iter().filter(|rule| rule.from <= day).cloned().collect();
    held.sort_by_key(|rule| (rule.kind, std::cmp::Reverse(rule.from)));
    held.dedup_by_key(|rule| rule.kind);
    held
}

/// The first moment of a day in England.
fn midnight(day: NaiveDate) -> Option<i64> {
    Some(London.from_local_datetime(&day.and_hms_opt(0, 0, 0)?).earliest()?.timestamp_millis())
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
        let kind = serde_json::to_string(&self.kind).unwrap_or_default();
        format!("{}, {} years, rule of {}", kind.trim_matches('"'), self.keep_years.unwrap_or(0), self.from)
    }
}

impl Service {
    /// Erases a few visits in one transaction.
    pub(crate) fn erase_visits(&self, visits: &[doorstep_domain::VisitId], rule: &str) -> Result<(), CouncilError> {
        let now_ms = self.environment.clock.now_ms();
        for some in visits.chunks(AT_ONCE) {
            self.storage.transact(&self.environment, |writing| {
                for visit in some {
                    for picture in writing.erase_visit(*visit, now_ms, rule)? {
                        self.album.erase(picture)?;
                    }
                }
                Ok(())
            })?;
        }
        Ok(())
    }

    fn apply(&self, rule: &Rule, before_ms: i64, now_ms: i64) -> Result<(), CouncilError> {
        let Self { storage, environment, album, .. } = self;
        if rule.kind == Kept::Visits {
            return self.erase_visits(&storage.read(|reading| reading.visits_over_before(before_ms))?, &rule.name());
        }
        storage.transact(environment, |writing| apply_at_once(writing, album, rule, before_ms, now_ms))
    }
}

fn apply_at_once(
    writing: &Writing<'_>,
    album: &Album,
    rule: &Rule,
    before_ms: i64,
    now_ms: i64,
) -> Result<(), CouncilError> {
    let name = rule.name();
    match rule.kind {
        Kept::Visits => Ok(()),
        Kept::Photos => writing.pictures_over_before(before_ms, now_ms)?.into_iter().try_for_each(|picture| {
            writing.erase_picture(picture)?;
            album.erase(picture)
        }),
        Kept::SafeguardingNotes => {
            let notes = writing.notes_before(before_ms)?;
            notes.into_iter().try_for_each(|(record, visit)| writing.erase_note(record, visit, now_ms, &name))
        }
        Kept::Acknowledgements => {
            let signed = writing.acknowledgements_over_before(before_ms)?;
            signed.into_iter().try_for_each(|record| writing.erase_acknowledgement(record, now_ms, &name))
        }
        Kept::Appointments => {
            let over = writing.appointments_over_before(before_ms, None)?;
            over.iter().try_for_each(|reference| writing.erase_appointment(reference))
        }
        Kept::AuditLog => writing.erase_audit_lines(before_ms),
    }
}

impl Office {
    /// What is over by the rules of the day, and how much of each kind; with `apply` it is erased. What was committed to stays
    /// provable: `check_records`.
    ///
    /// # Errors
    /// [`CouncilError`] when the database or a picture can't be changed; what was erased until then stays erased.
    pub fn retain(&self, rules: &[Rule], apply: bool) -> Result<Vec<Due>, CouncilError> {
        let service = &self.service;
        let now_ms = service.environment.clock.now_ms();
        let today = times::day(now_ms);
        let mut dues = Vec::new();
        for rule in in_force(rules, today) {
            let before = rule.before(today);
            let Some(before_ms) = before.and_then(midnight) else {
                dues.push(Due { rule, before, items: 0 });
                continue;
            };
            let items = service.storage.read(|reading| rule.count(reading, before_ms, now_ms))?;
            if apply && items > 0 {
                service.apply(&rule, before_ms, now_ms)?;
                let detail = serde_json::json!({ "rule": rule.kind, "keep_years": rule.keep_years, "items": items });
                service.storage.transact(&service.environment, |writing| {
                    writing.audit(now_ms, "command line", "erased_by_rule", &detail)
                })?;
            }
            dues.push(Due { rule, before, items });
        }
        if apply {
            service.storage.leave_no_trace()?;
        }
        Ok(dues)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_rule_of_a_kind_holds_from_its_day_on() {
        let rules = read_rules(
            r#"[{"kind":"photos","keep_years":2,"from":"2026-01-01","source":"a"},
                {"kind":"photos","keep_years":1,"from":"2026-12-01","source":"b"}]"#,
        )
        .unwrap();
        let years =
            |day: &str| in_force(&rules, day.parse().unwrap()).iter().map(|rule| rule.keep_years).collect::<Vec<_>>();
        assert_eq!(years("2026-11-30"), [Some(2)]);
        assert_eq!(years("2026-12-01"), [Some(1)]);
        assert_eq!(years("2025-12-31"), []);
        assert!(read_rules(r#"[{"kind":"photoes","keep_years":2,"from":"2026-01-01","source":"a"}]"#).is_err());
    }

    #[test]
    fn every_kind_has_a_shipped_rule_with_its_source() {
        let rules = shipped_rules();
        assert_eq!(rules.len(), 6);
        assert!(rules.iter().all(|rule| !rule.source.is_empty()));
        let leap = Rule { keep_years: Some(1), ..rules.into_iter().next().unwrap() };
        assert_eq!(leap.before("2028-02-29".parse().unwrap()).unwrap().to_string(), "2027-02-28");
    }
}
