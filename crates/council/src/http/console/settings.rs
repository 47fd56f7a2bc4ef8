//! The council's numbers: the values that apply today, where they come from, the values to come,
//! and changing them.

use axum::extract::State;
use chrono::{DateTime, NaiveDate, Utc};
use doorstep_domain::conduct::{CouncilNumbers, DatedNumber, NumberUnit};
use serde::{Deserialize, Serialize};

use crate::desk;
use crate::http::authorize::{ADMINISTRATORS, By};
use crate::http::blocking::ask;
use crate::http::extract::{Json, Path};
use crate::http::problem::WebProblem;
use crate::machine::times;
use crate::service::Service;
use crate::storage::settings::{NumberGroup, kinds};

/// A value of a number, which applies from a day on.
#[derive(Debug, Serialize, schemars::JsonSchema, ts_rs::TS)]
pub(crate) struct NumberValue {
    /// The value, in the unit of its number.
    pub(crate) value: u32,
    /// The first day on which it applies, in Europe/London.
    pub(crate) from: NaiveDate,
    /// Where it comes from, such as a decision, a law or a clause.
    pub(crate) source: String,
    /// The name in the audit log of who entered it; `null` for a value that Doorstep ships with.
    pub(crate) entered_by: Option<String>,
    /// When it was entered; `null` for a value that Doorstep ships with.
    pub(crate) entered_at: Option<DateTime<Utc>>,
    /// Whether it has not begun yet, and can be taken back.
    pub(crate) to_come: bool,
}

/// A number that the council owns.
#[derive(Debug, Serialize, schemars::JsonSchema, ts_rs::TS)]
pub(crate) struct CouncilNumber {
    /// Its stable name.
    pub(crate) name: String,
    /// What it is for. The console shows the numbers in these groups.
    pub(crate) group: NumberGroup,
    /// What it counts.
    pub(crate) unit: NumberUnit,
    /// The lowest value allowed.
    pub(crate) least: u32,
    /// The highest value allowed.
    pub(crate) most: u32,
    /// The value that applies today; `null` when there is none yet.
    pub(crate) value: Option<u32>,
    /// Where today's value comes from.
    pub(crate) source: Option<String>,
    /// Every value, the newest first.
    pub(crate) values: Vec<NumberValue>,
}

/// All numbers that the council owns.
#[derive(Debug, Serialize, schemars::JsonSchema, ts_rs::TS)]
pub(crate) struct NumberList {
    /// Every kind of number, also those that have no value yet.
    pub(crate) numbers: Vec<CouncilNumber>,
    /// Whether this person may change them.
    pub(crate) may_change: bool,
    /// The earliest first day for a new value: tomorrow in England.
    pub(crate) earliest: NaiveDate,
}

pub(crate) async fn list(State(service): State<Service>, By(by): By) -> Result<Json<NumberList>, WebProblem> {
    let may_change = ADMINISTRATORS.admits(&by);
    ask(service, move |service| {
        let today = times::day(service.now_ms());
        let entered = service.storage.read(|reading| reading.entered_numbers())?;
        let own = CouncilNumbers::new(entered.iter().map(|row| row.number.clone()).collect());
        let numbers = kinds().map(|(group, kind)| {
            let shipped = kind.shipped.iter().map(|number| NumberValue {
                value: number.value,
                from: number.from,
                source: number.source.clone(),
                entered_by: None,
                entered_at: None,
                to_come: false,
            });
            let entered = entered.iter().filter(|row| row.number.name == kind.name).map(|row| NumberValue {
                value: row.number.value,
                from: row.number.from,
                source: row.number.source.clone(),
                entered_by: Some(row.entered_by.clone()),
                entered_at: Some(times::from_ms(row.entered_ms)),
                to_come: row.number.from > today,
            });
            let mut values: Vec<NumberValue> = shipped.chain(entered).collect();
            values.sort_by_key(|value| std::cmp::Reverse(value.from));
            let holds = kind.on(today, &own);
            CouncilNumber {
                name: kind.name.clone(),
                group,
                unit: kind.unit,
                least: kind.least,
                most: kind.most,
                value: holds.map(|number| number.value),
                source: holds.map(|number| number.source.clone()),
                values,
            }
        });
        Ok(NumberList { numbers: numbers.collect(), may_change, earliest: today.succ_opt().unwrap_or(today) })
    })
    .await
    .map(Json)
}

pub(crate) async fn enter(
    State(service): State<Service>,
    By(by): By,
    Json(mut number): Json<DatedNumber>,
) -> Result<(), WebProblem> {
    number.source = number.source.trim().to_owned();
    ask(service, move |service| desk::settings::enter(service, &by, &number)).await
}

/// The number and the first day of the value to take back.
#[derive(Debug, Deserialize)]
pub(crate) struct NumberPath {
    name: String,
    from: NaiveDate,
}

pub(crate) async fn withdraw(
    State(service): State<Service>,
    By(by): By,
    Path(NumberPath { name, from }): Path<NumberPath>,
) -> Result<(), WebProblem> {
    ask(service, move |service| desk::settings::withdraw(service, &by, &name, from)).await
}
