//! Safeguarding notes, only for safeguarding leads. For other people they do not exist. Each
//! reading is noted before the note is opened, and only leads see who read a note. Clause 6.2.

use chrono::{DateTime, Utc};
use doorstep_domain::ledger::Hash;
use doorstep_domain::{RecordId, VisitId};
use serde::{Deserialize, Serialize};

use super::{Actor, PAGE};
use crate::access::roles::Role;
use crate::error::CouncilError;
use crate::machine::times;
use crate::refused::Refused;
use crate::service::Service;
use crate::storage::{LeadsDeed, LeadsLine, NOTES, NoteReading, Page, SealedRow};

/// How many lines of the leads' log are shown. All are checked.
const MOST_LINES: usize = 5_000;

/// A page of safeguarding notes, newest first unless another order is asked for.
#[derive(Debug, Serialize, schemars::JsonSchema, ts_rs::TS)]
pub struct SafeguardingList {
    /// The notes on this page, still sealed.
    pub(crate) notes: Vec<SafeguardingRow>,
    /// What to ask for to get the next page; `null` on the last.
    pub(crate) next: Option<String>,
}

/// A safeguarding note in the lead's list.
#[derive(Debug, Serialize, schemars::JsonSchema, ts_rs::TS)]
pub struct SafeguardingRow {
    /// The record's id.
    pub(crate) record: String,
    /// The visit that it belongs to, if that is known before the note is opened. In version 2 only
    /// the note itself says it.
    pub(crate) visit: Option<VisitId>,
    /// When it was recorded, by the device's clock.
    pub(crate) recorded_at: DateTime<Utc>,
    /// When the council received it.
    pub(crate) received_at: DateTime<Utc>,
    /// The address, if the visit is known and its records have arrived.
    pub(crate) address: String,
    /// The name of the visitor who wrote it, or on whose phone it was written.
    pub(crate) visitor_name: String,
    /// Whether its record was set aside, so that nobody has confirmed who wrote it.
    pub(crate) unconfirmed: bool,
    /// Who has read it, oldest reading first.
    pub(crate) read: Vec<NoteRead>,
}

/// One reading of a safeguarding note.
#[derive(Debug, Serialize, schemars::JsonSchema, ts_rs::TS)]
pub struct NoteRead {
    /// The user name of the lead who read it.
    pub(crate) user: String,
    /// When it was read, by the council's clock.
    pub(crate) at: DateTime<Utc>,
}

/// A safeguarding note, opened.
#[derive(Debug, Serialize, schemars::JsonSchema, ts_rs::TS)]
pub struct OpenedNote {
    /// The note; `null` when it was sealed to other keys.
    pub note: Option<String>,
    /// The visit in which it was written; `null` for one that belongs to no visit, or whose visit
    /// is still on its way.
    pub visit: Option<VisitId>,
    /// The address of that visit.
    pub address: String,
}

/// The order, and the place in the list.
#[derive(Debug, Default, Deserialize, schemars::JsonSchema)]
#[serde(default)]
pub struct NoteQuery {
    /// `received` for the oldest first, or `-received` for the newest first.
    sort: Option<String>,
    after: Option<String>,
}

impl SafeguardingRow {
    fn of((row, readings): (SealedRow, Vec<NoteReading>)) -> Self {
        let read = |NoteReading { user_name, at_ms }| NoteRead { user: user_name, at: times::from_ms(at_ms) };
        Self {
            record: row.sealed.record.to_string(),
            visit: row.visit,
            recorded_at: times::from_ms(row.sealed.recorded_ms),
            received_at: times::from_ms(row.sealed.received_ms),
            address: row.address,
            visitor_name: row.visitor_name,
            unconfirmed: row.unconfirmed,
            read: readings.into_iter().map(read).collect(),
        }
    }
}

/// A page of safeguarding notes, still sealed, each with who has read it.
///
/// # Errors
/// [`Refused::NotFound`] for anybody but a lead, so that they don't learn that the list exists.
pub fn list(service: &Service, by: &Actor, query: &NoteQuery) -> Result<SafeguardingList, CouncilError> {
    only_leads(by)?;
    let order = NOTES.order(query.sort.as_deref(), "-received", query.after.as_deref())?;
    service.storage.read(|reading| {
        let Page { rows, next } = reading.sealed_concerns(&order, PAGE)?;
        let with_readings = |row: SealedRow| {
            let readings = reading.readings_of(row.sealed.record)?;
            Ok(SafeguardingRow::of((row, readings)))
        };
        Ok(SafeguardingList { notes: rows.into_iter().map(with_readings).collect::<Result<_, CouncilError>>()?, next })
    })
}

/// The ids of all safeguarding notes, in the order in which they arrived.
///
/// # Errors
/// As [`open`].
pub fn records(service: &Service, by: &Actor) -> Result<Vec<RecordId>, CouncilError> {
    only_leads(by)?;
    let (mut records, mut after) = (Vec::new(), None);
    loop {
        let order = NOTES.order(None, "received", after.as_deref())?;
        let page = service.storage.read(|reading| reading.sealed_concerns(&order, PAGE))?;
        records.extend(page.rows.iter().map(|row| row.sealed.record));
        after = page.next;
        if after.is_none() {
            return Ok(records);
        }
    }
}

/// Opens a safeguarding note, after the reading is noted.
///
/// # Errors
/// [`Refused::NotFound`] when there is no such note, or the person is not a safeguarding lead.
pub fn open(service: &Service, by: &Actor, record: RecordId) -> Result<OpenedNote, CouncilError> {
    only_leads(by)?;
    let now_ms = service.now_ms();
    let sealed = service.transact(|writing| {
        let sealed = writing.sealed_note(record)?.ok_or(Refused::NotFound)?;
        writing.add_to_leads_log(&service.environment, Some(record), by.name(), LeadsDeed::NoteOpened, now_ms)?;
        Ok(sealed)
    })?;
    let opened = service.keys.open_note(&sealed.sealed);
    let written_in = opened.as_ref().and_then(|note| note.visit);
    let visit = service.storage.read(|reading| {
        let visit = written_in.map_or_else(|| reading.visit_of_note(record), |visit| Ok(Some(visit)))?;
        visit.map(|visit| reading.visit(visit, None)).transpose()
    })?;
    let visit = visit.flatten();
    Ok(OpenedNote {
        note: opened.map(|note| note.words.to_string()),
        visit: visit.as_ref().map(|row| row.columns.visit),
        address: visit.map(|row| row.address()).unwrap_or_default(),
    })
}

/// The leads' own log.
#[derive(Debug, Serialize, schemars::JsonSchema, ts_rs::TS)]
pub struct LeadsLog {
    /// The lines, the newest first.
    pub(crate) lines: Vec<LeadsLogLine>,
    /// The number of the first line that does not follow from the one before it, does not say what
    /// was written, or is not the one with which the log ended when the audit log committed to it:
    /// the log was altered there. `null` if the whole log holds.
    #[ts(type = "number | null")]
    pub(crate) altered_at: Option<i64>,
}

/// A line of the leads' own log.
#[derive(Debug, Serialize, schemars::JsonSchema, ts_rs::TS)]
pub struct LeadsLogLine {
    /// Its number. There are no gaps.
    #[ts(type = "number")]
    pub(crate) number: i64,
    /// When it was written, by the council's clock.
    pub(crate) at: DateTime<Utc>,
    /// The record of the note that was opened.
    pub(crate) record: Option<String>,
    /// Who did it, by user name. `null` where it was erased.
    pub(crate) by: Option<String>,
    /// What was done. `null` where it was erased.
    pub(crate) deed: Option<LeadsDeed>,
}

impl From<LeadsLine> for LeadsLogLine {
    fn from(line: LeadsLine) -> Self {
        let (by, deed) = line.said.unzip();
        let record = line.record.map(|record| record.to_string());
        Self { number: line.number, at: times::from_ms(line.at_ms), record, by, deed }
    }
}

/// The leads' own log, checked from its first line to its last.
///
/// # Errors
/// As [`list`].
pub fn log(service: &Service, by: &Actor) -> Result<LeadsLog, CouncilError> {
    only_leads(by)?;
    let (lines, heads) = service.storage.read(|reading| Ok((reading.leads_log()?, reading.leads_log_heads()?)))?;
    let altered_at = lines.iter().find(|line| !line.holds).map(|line| line.number);
    // Where it ended on some day, by the audit log, it goes on from there.
    let stands = |number: i64, link: Option<Hash>| {
        let line = usize::try_from(number).ok().and_then(|number| lines.get(number.checked_sub(1)?));
        link.is_some_and(|link| number == 0 || line.is_some_and(|line| line.link == link))
    };
    let cut_off_at = heads.into_iter().find(|(number, link)| !stands(*number, *link)).map(|(number, _)| number);
    let altered_at = altered_at.into_iter().chain(cut_off_at).min();
    Ok(LeadsLog { lines: lines.into_iter().rev().take(MOST_LINES).map(LeadsLogLine::from).collect(), altered_at })
}

fn only_leads(by: &Actor) -> Result<(), Refused> {
    if by.is(Role::SafeguardingLead) { Ok(()) } else { Err(Refused::NotFound) }
}
