//! The numbers that the council owns: those of the door, the deadlines of cases, and the desk's own, among them how long what is
//! kept. A number changes from a day that has not begun, so that nothing that runs is moved; what has begun stays for ever, so that
//! it can be told by which number something was decided.

use std::sync::LazyLock;

use chrono::{Days, NaiveDate};
use doorstep_domain::conduct::numbers::read;
use doorstep_domain::conduct::{CouncilNumbers, DatedNumber, NumberKind, Numbers, deadlines};

use crate::error::CouncilError;
use crate::machine::times;
use crate::service::Service;
use crate::storage::Reading;

/// Characters in a source.
const LONGEST_SOURCE: usize = 300;
/// How far ahead somebody can plan.
const FURTHEST: Days = Days::new(3_653);

#[expect(clippy::expect_used, reason = "the table is compiled in, and a test reads it")]
static OF_THE_DESK: LazyLock<Vec<NumberKind>> =
    LazyLock::new(|| read(include_str!("numbers.json")).expect("numbers.json can be read"));

/// What a number is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, schemars::JsonSchema)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub(crate) enum NumberGroup {
    /// By which phones decide.
    Door,
    /// By when a case is to be dealt with.
    Deadlines,
    /// How long what is kept.
    Retention,
    /// What else the desk goes by.
    Desk,
}

/// Every number that there is.
pub(crate) fn kinds() -> impl Iterator<Item = (NumberGroup, &'static NumberKind)> {
    let of_the_desk = OF_THE_DESK.iter().map(|kind| match kind.name.starts_with("keep_") {
        true => (NumberGroup::Retention, kind),
        false => (NumberGroup::Desk, kind),
    });
    let of_the_door = NumberKind::of_the_door().iter().map(|kind| (NumberGroup::Door, kind));
    of_the_door.chain(deadlines().map(|kind| (NumberGroup::Deadlines, kind))).chain(of_the_desk)
}

/// One of the desk's own numbers.
pub(crate) fn of_the_desk(name: &str, day: NaiveDate, own: &CouncilNumbers) -> Option<DatedNumber> {
    OF_THE_DESK.iter().find(|kind| kind.name == name)?.on(day, own).cloned()
}

/// The numbers of the door as they hold at a moment.
pub(crate) fn of_the_door(reading: &Reading<'_>, now_ms: i64) -> Result<Numbers, CouncilError> {
    Ok(Numbers::on(times::day(now_ms), &reading.council_numbers()?))
}

impl Service {
    /// Enters a number.
    ///
    /// # Errors
    /// [`CouncilError::BadNumber`] says what is wrong with it; nothing has changed then.
    pub(crate) fn enter_number(&self, number: &DatedNumber, by: &str) -> Result<(), CouncilError> {
        let now_ms = self.environment.clock.now_ms();
        let today = times::day(now_ms);
        let refused = |why: &str| Err(CouncilError::BadNumber(why.to_owned()));
        let Some((_, kind)) = kinds().find(|(_, kind)| kind.name == number.name) else {
            return refused("There is no number of that name.");
        };
        if kind.check(number.value).is_err() {
            return refused(&format!("Give a number from {} to {}.", kind.least, kind.most));
        }
        if number.from <= today || today.checked_add_days(FURTHEST).is_some_and(|furthest| number.from > furthest) {
            return refused(
                "A number changes from a day that has not begun, within ten years: what runs keeps its deadline.",
            );
        }
        if number.source.is_empty() || number.source.chars().count() > LONGEST_SOURCE {
            return refused("Say where the number comes from, in up to 300 characters.");
        }
        self.storage.transact(&self.environment, |writing| {
            writing.keep_number(number, now_ms, by)?;
            writing
                .council_numbers()?
                .check()
                .map_err(|why| CouncilError::BadNumber(format!("That can't be: {why}.")))?;
            writing.audit(now_ms, by, "number_entered", &serde_json::json!(number))
        })
    }

    /// Takes a number back that has not begun. Whether there was one.
    ///
    /// # Errors
    /// [`CouncilError::BadNumber`] where it has begun.
    pub(crate) fn withdraw_number(&self, name: &str, from: NaiveDate, by: &str) -> Result<bool, CouncilError> {
        let now_ms = self.environment.clock.now_ms();
        self.storage.transact(&self.environment, |writing| {
            if from <= times::day(now_ms) {
                let why = "It holds already, and stays: enter another from a later day.";
                return Err(CouncilError::BadNumber(why.to_owned()));
            }
            if !writing.withdraw_number(name, from)? {
                return Ok(false);
            }
            writing
                .council_numbers()?
                .check()
                .map_err(|why| CouncilError::BadNumber(format!("That can't be: {why}.")))?;
            writing.audit(now_ms, by, "number_withdrawn", &serde_json::json!({ "name": name, "from": from }))?;
            Ok(true)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_has_one_name_and_what_is_shipped_makes_sense() {
        let mut names: Vec<&str> = kinds().map(|(_, kind)| kind.name.as_str()).collect();
        let all = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), all);
        for (_, kind) in kinds() {
            assert!(kind.shipped.iter().all(|number| kind.check(number.value).is_ok() && !number.source.is_empty()));
        }
    }
}
