//! The numbers that the council owns: for visits, for the deadlines of cases, for how long things
//! are kept, and for other work of the service. Doorstep ships some; the council can enter its own
//! from a day on.

use std::sync::LazyLock;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use doorstep_domain::conduct::numbers::read;
use doorstep_domain::conduct::{Concern, CouncilNumbers, DatedNumber, NumberKind, Numbers, PossibleSpan, deadlines};

use super::database::{Row, params};
use super::transaction::{Reading, Writing};
use crate::error::CouncilError;
use crate::machine::times;

#[expect(clippy::expect_used, reason = "the table is compiled in, and a test reads it")]
static OF_THE_DESK: LazyLock<Vec<NumberKind>> =
    LazyLock::new(|| read(include_str!("numbers.json")).expect("numbers.json can be read"));

/// What a number is for. The console shows the numbers in these groups.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, schemars::JsonSchema, ts_rs::TS)]
#[serde(rename_all = "snake_case")]
pub(crate) enum NumberGroup {
    /// Rules that phones apply on visits.
    Door,
    /// Deadlines of cases.
    Deadlines,
    /// How long things are kept.
    Retention,
    /// Everything else that the council's service uses.
    Desk,
}

/// Every kind of number, with its group.
pub(crate) fn kinds() -> impl Iterator<Item = (NumberGroup, &'static NumberKind)> {
    let of_the_desk = OF_THE_DESK.iter().map(|kind| match kind.name.starts_with("keep_") {
        true => (NumberGroup::Retention, kind),
        false => (NumberGroup::Desk, kind),
    });
    let of_the_door = NumberKind::of_the_door().iter().map(|kind| (NumberGroup::Door, kind));
    of_the_door.chain(deadlines().map(|kind| (NumberGroup::Deadlines, kind))).chain(of_the_desk)
}

/// The value on a day of a number that only the council's service uses; `None` if there is no such
/// number, or it has no value on that day.
pub(crate) fn of_the_desk(name: &str, day: NaiveDate, own: &CouncilNumbers) -> Option<DatedNumber> {
    OF_THE_DESK.iter().find(|kind| kind.name == name)?.on(day, own).cloned()
}

/// How far the clocks and words of phones are believed.
#[derive(Debug, Clone)]
pub(crate) struct Belief {
    own: CouncilNumbers,
}

impl Belief {
    /// As the council's numbers have it.
    pub(crate) fn of(reading: &Reading<'_>) -> Result<Self, CouncilError> {
        Ok(Self { own: reading.council_numbers()? })
    }

    /// How far a phone's clock may be off, for a record that was received then (UTC milliseconds).
    pub(crate) fn slack(&self, received_ms: i64) -> TimeDelta {
        TimeDelta::minutes(self.number("clock_minutes", received_ms))
    }

    /// How far back the word of a visitor that they noticed something earlier is taken.
    pub(crate) fn back(&self, received_ms: i64) -> TimeDelta {
        TimeDelta::days(self.number("noticed_days", received_ms))
    }

    /// When the clocks of the law run from, for a concern that was recorded and received then (UTC
    /// milliseconds).
    pub(crate) fn start_of(
        &self,
        concern: &Concern,
        recorded_ms: i64,
        earliest_ms: Option<i64>,
        received_ms: i64,
    ) -> DateTime<Utc> {
        let recorded = times::from_ms(recorded_ms);
        let doubt = self.doubt(recorded, earliest_ms, received_ms);
        PossibleSpan::start_of_noticed(doubt.as_ref(), concern.noticed_at, recorded, self.back(received_ms))
    }

    fn number(&self, name: &str, received_ms: i64) -> i64 {
        of_the_desk(name, times::day(received_ms), &self.own).map_or(0, |number| number.value.into())
    }

    /// When a record can have been made, if its phone's clock can't have shown then what it says.
    /// `earliest_ms` is `None` for records from before the council worked it out.
    pub(crate) fn doubt(
        &self,
        said: DateTime<Utc>,
        earliest_ms: Option<i64>,
        received_ms: i64,
    ) -> Option<PossibleSpan> {
        let span = PossibleSpan { from: times::from_ms(earliest_ms?), to: times::from_ms(received_ms) };
        (!span.holds(said, self.slack(received_ms))).then_some(span)
    }
}

/// The numbers that phones use, as they hold on the day of this moment.
pub(crate) fn of_the_door(reading: &Reading<'_>, now_ms: i64) -> Result<Numbers, CouncilError> {
    Ok(Numbers::on(times::day(now_ms), &reading.council_numbers()?))
}

/// A number that the council has entered, when, and who entered it.
#[derive(Debug, Clone)]
pub(crate) struct EnteredNumber {
    pub(crate) number: DatedNumber,
    pub(crate) entered_ms: i64,
    pub(crate) entered_by: String,
}

fn entered(row: &Row<'_>) -> Result<EnteredNumber, CouncilError> {
    let unreadable = || CouncilError::Unreadable("number");
    let number = DatedNumber {
        name: row.get("name")?,
        value: u32::try_from(row.get::<i64>("value")?).map_err(|_| unreadable())?,
        from: row.get::<String>("from_day")?.parse().map_err(|_| unreadable())?,
        source: row.get("source")?,
    };
    Ok(EnteredNumber { number, entered_ms: row.get("entered_ms")?, entered_by: row.get("entered_by")? })
}

impl Reading<'_> {
    /// Every number that the council has entered, the oldest of each name first.
    pub(crate) fn entered_numbers(&self) -> Result<Vec<EnteredNumber>, CouncilError> {
        self.many(
            "SELECT name, from_day, value, source, entered_ms, entered_by FROM council_number ORDER BY name, from_day",
            params![],
            entered,
        )
    }

    /// The numbers that the council has entered, to look up by day.
    pub(crate) fn council_numbers(&self) -> Result<CouncilNumbers, CouncilError> {
        Ok(CouncilNumbers::new(self.entered_numbers()?.into_iter().map(|entered| entered.number).collect()))
    }
}

impl Writing<'_> {
    /// Enters a number, in place of an earlier one with the same name and day.
    pub(crate) fn keep_number(&self, number: &DatedNumber, now_ms: i64, by: &str) -> Result<(), CouncilError> {
        self.write(
            "INSERT INTO council_number (name, from_day, value, source, entered_ms, entered_by)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)
             ON CONFLICT (name, from_day) DO UPDATE SET value = excluded.value, source = excluded.source,
                 entered_ms = excluded.entered_ms, entered_by = excluded.entered_by",
            params![&number.name, number.from.to_string(), i64::from(number.value), &number.source, now_ms, by],
        )?;
        Ok(())
    }

    /// Withdraws a number. `false` if there was none with this name and day.
    pub(crate) fn withdraw_number(&self, name: &str, from: NaiveDate) -> Result<bool, CouncilError> {
        let sql = "DELETE FROM council_number WHERE name = ?1 AND from_day = ?2";
        Ok(self.write(sql, params![name, from.to_string()])? > 0)
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
