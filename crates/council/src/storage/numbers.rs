//! The numbers that the council has entered, each from a day on.

use chrono::NaiveDate;
use doorstep_domain::conduct::{CouncilNumbers, DatedNumber};

use super::database::{Row, params};
use super::{Reading, Writing};
use crate::error::CouncilError;

/// A number that the council has entered, by whom and when.
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

    /// The council's own numbers, to decide by.
    pub(crate) fn council_numbers(&self) -> Result<CouncilNumbers, CouncilError> {
        Ok(CouncilNumbers::new(self.entered_numbers()?.into_iter().map(|entered| entered.number).collect()))
    }
}

impl Writing<'_> {
    /// Keeps a number, in place of one of the same name and day.
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

    /// Takes a number back; whether there was one.
    pub(crate) fn withdraw_number(&self, name: &str, from: NaiveDate) -> Result<bool, CouncilError> {
        let sql = "DELETE FROM council_number WHERE name = ?1 AND from_day = ?2";
        Ok(self.write(sql, params![name, from.to_string()])? > 0)
    }
}
