//! Visits as lists and exports show them. Each row is folded from the visit's records and stored.

use std::collections::HashMap;

use doorstep_domain::StableName;
use doorstep_domain::conduct::{Appointment, CouncilNumbers, Numbers, Visit};
use doorstep_domain::{AppointmentRef, OrganisationId, Uprn, VisitId, england};

use super::batch::{IfThere, NamedRow, named};
use super::database::{Conditions, Row, Value, params};
use super::devices::Device;
use super::order::{Order, Page, SortColumn, Sortable};
use super::people::Person;
use super::reports::ReportFilter;
use super::tables::Table;
use super::transaction::{Reading, Writing};
use super::{reports, search_text};
use crate::error::CouncilError;
use crate::refused::Refused;

/// Which visits to list. Every part that is set must hold.
#[derive(Debug, Clone, Default)]
pub(crate) struct Filter {
    /// Only visits by this organisation. For a firm, this is always its own name.
    pub(crate) organisation: Option<String>,
    /// The outcome's stable name; `open` for visits that have not ended.
    pub(crate) outcome: Option<String>,
    /// How the visitor went in: `consent`, or `lawful` for entry without consent.
    pub(crate) entry: Option<String>,
    /// Visits that started at or after this, in UTC milliseconds.
    pub(crate) from_ms: Option<i64>,
    /// Visits that started before this, in UTC milliseconds.
    pub(crate) to_ms: Option<i64>,
    /// Words to search for in the reference, UPRN, address, tenant's name and visitor's name.
    pub(crate) words: Option<String>,
    /// Whether the oldest comes first; otherwise the newest does.
    pub(crate) oldest_first: bool,
    /// The list continues after this visit, the last of the page before: its start and id.
    pub(crate) after: Option<(i64, VisitId)>,
}

/// A visit's columns in the database. They can be read without reading the folded visit.
#[derive(Debug, Clone)]
pub(crate) struct VisitColumns {
    pub(crate) visit: VisitId,
    /// When the visit started or, if that is not recorded, was opened or received. UTC
    /// milliseconds.
    pub(crate) started_ms: i64,
    pub(crate) ended_ms: Option<i64>,
    pub(crate) received_ms: i64,
    pub(crate) appointment: Option<String>,
    pub(crate) uprn: Option<String>,
    /// This and the next four are stable names; `None` if not recorded.
    pub(crate) visit_kind: Option<String>,
    pub(crate) outcome: Option<String>,
    pub(crate) entry: Option<String>,
    pub(crate) refusal_reason: Option<String>,
    pub(crate) notice_standing: Option<String>,
    pub(crate) organisation: String,
    pub(crate) visitor: String,
    pub(crate) visitor_name: String,
    /// How many of its photos the council holds complete.
    pub(crate) photos_held: u64,
    /// Whether the home is that of an appointment which the council gave the visitor. Otherwise
    /// only the phone names it.
    pub(crate) home_given: bool,
    /// What a supervisor decided about the home, as a stable name; `None` if nobody has.
    pub(crate) home_decision: Option<String>,
    /// The records whose times a supervisor has accepted, although they are in doubt; see
    /// [`super::decisions::in_doubt`].
    pub(crate) times_accepted: Option<String>,
}

/// One visit, with its columns and its appointment, as its visitor was given it.
#[derive(Debug, Clone)]
pub(crate) struct VisitRow {
    pub(crate) columns: VisitColumns,
    pub(crate) visit: Visit,
    pub(crate) appointment: Option<Appointment>,
}

/// The condition for visits of one organisation. It compares ids, because the list's index begins
/// with the id.
pub(super) const OF_ORGANISATION: &str =
    "visit.organisation_id = (SELECT organisation_id FROM organisation WHERE name = ?)";

/// How a visit that has not ended stands among the outcomes of lists, filters and tables. The
/// statements below name it too.
pub(crate) const OPEN: &str = "open";

const NEWEST_FIRST: &str = " ORDER BY visit.started_ms DESC, visit.visit_id DESC";
pub(super) const OLDEST_FIRST: &str = " ORDER BY visit.started_ms, visit.visit_id";

/// The version of folding. Raise it whenever the same records would give a different row.
/// `doorstep-council refold` makes the rows of older versions again.
pub(crate) const FOLD_VERSION: i64 = 2;

impl VisitRow {
    /// The address on one line: see [`address_of`].
    pub(crate) fn address(&self) -> String {
        address_of(&self.visit, self.appointment.as_ref()).unwrap_or_default()
    }
}

/// The address of a visit's home on one line: the appointment's if the phone names no other home,
/// and else the one that the visitor gave.
fn address_of(visit: &Visit, given: Option<&Appointment>) -> Option<String> {
    let is_there = |given: &&Appointment| visit.uprn.as_ref().is_none_or(|uprn| *uprn == given.uprn);
    given.filter(is_there).map(Appointment::address_line).or_else(|| visit.address.clone())
}

/// How visits can be sorted: the columns of their list.
pub(crate) static VISITS: Sortable = Sortable {
    columns: &[
        SortColumn { name: "when", sql: "started_ms", text: false },
        SortColumn { name: "where", sql: "lower(address)", text: true },
        SortColumn { name: "who", sql: "lower(visitor_name)", text: true },
        SortColumn { name: "outcome", sql: "outcome", text: true },
    ],
    id: "visit_id",
    text_id: false,
};

/// Selects only what visits are sorted by, so that rows stay short.
const PLACES: &str = "
    SELECT visit.visit_id, visit.started_ms, coalesce(visit.address, '') AS address,
           coalesce(person.display_name, '') AS visitor_name, coalesce(visit.outcome, 'open') AS outcome
    FROM visit
    LEFT JOIN person ON person.user_id = visit.user_id";

pub(super) const SELECT: &str = "
    SELECT visit.visit_id, visit.started_ms, visit.ended_ms, visit.received_ms, visit.appointment_ref, visit.uprn,
           visit.visit_kind, visit.outcome, visit.entry, visit.refusal_reason, visit.notice_standing,
           (SELECT decision FROM visit_decision WHERE visit_decision.visit_id = visit.visit_id AND about = 'home'
                AND seen = visit.uprn) AS home_decision,
           (SELECT seen FROM visit_decision WHERE visit_decision.visit_id = visit.visit_id AND about = 'times') AS times_accepted,
           visit.folded, visit.given, visit.home_given, organisation.name AS organisation, person.user_name AS visitor, person.display_name AS visitor_name,
           (SELECT count(*) FROM photo JOIN blob USING (sha256, organisation_id)
            WHERE photo.visit_id = visit.visit_id AND struck = 0 AND aside = 0 AND complete_ms IS NOT NULL) AS photos_held
    FROM visit
    LEFT JOIN person ON person.user_id = visit.user_id
    LEFT JOIN organisation ON organisation.organisation_id = visit.organisation_id";

/// A visit's row: its columns, and the folded visit as JSON that has not been read yet. Reading it
/// takes as long as finding it. So it is read only if the columns are not enough, and not on the
/// database's thread.
pub(crate) struct FoldedVisit {
    pub(crate) columns: VisitColumns,
    visit: String,
    appointment: Option<String>,
}

impl VisitColumns {
    fn from_row(row: &Row<'_>) -> Result<Self, CouncilError> {
        Ok(Self {
            visit: VisitId::from_bytes(row.get("visit_id")?),
            started_ms: row.get("started_ms")?,
            ended_ms: row.get("ended_ms")?,
            received_ms: row.get("received_ms")?,
            appointment: row.get("appointment_ref")?,
            uprn: row.get("uprn")?,
            visit_kind: row.get("visit_kind")?,
            outcome: row.get("outcome")?,
            entry: row.get("entry")?,
            refusal_reason: row.get("refusal_reason")?,
            notice_standing: row.get("notice_standing")?,
            organisation: row.get::<Option<_>>("organisation")?.unwrap_or_default(),
            visitor: row.get::<Option<_>>("visitor")?.unwrap_or_default(),
            visitor_name: row.get::<Option<_>>("visitor_name")?.unwrap_or_default(),
            photos_held: row.get("photos_held")?,
            home_given: row.get("home_given")?,
            home_decision: row.get("home_decision")?,
            times_accepted: row.get("times_accepted")?,
        })
    }
}

impl FoldedVisit {
    pub(super) fn from_row(row: &Row<'_>) -> Result<Self, CouncilError> {
        Ok(Self { columns: VisitColumns::from_row(row)?, visit: row.get("folded")?, appointment: row.get("given")? })
    }

    /// Reads the folded visit.
    ///
    /// # Errors
    /// [`Refused::UnreadableVisit`], or [`CouncilError::Unreadable`] for the appointment.
    pub(crate) fn unfolded(self) -> Result<VisitRow, CouncilError> {
        let appointment = self.appointment.as_deref().map(serde_json::from_str).transpose();
        Ok(VisitRow {
            visit: serde_json::from_str(&self.visit).map_err(|_| Refused::UnreadableVisit)?,
            columns: self.columns,
            appointment: appointment.map_err(|_| CouncilError::Unreadable("appointment"))?,
        })
    }
}

fn visit_row(row: &Row<'_>) -> Result<VisitRow, CouncilError> {
    FoldedVisit::from_row(row)?.unfolded()
}

/// How the database looks for visits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Search {
    /// By the index for the filter.
    ByIndex,
    /// By going through all visits, in the one index that holds every column that is needed.
    LookThrough,
}

impl Filter {
    /// This filter's organisation and dates, to count visits by.
    pub(crate) fn counted(&self) -> ReportFilter {
        ReportFilter { organisation: self.organisation.clone(), from_ms: self.from_ms, to_ms: self.to_ms }
    }

    fn conditions(&self, search: Search) -> Conditions {
        let mut which = Conditions::default();
        match search {
            Search::ByIndex if self.words.is_none() => {
                which.and_if(OF_ORGANISATION, self.organisation.as_deref());
                match self.outcome.as_deref() {
                    Some(OPEN) => which.and_that("visit.outcome IS NULL"),
                    outcome => which.and_if("visit.outcome = ?", outcome),
                }
                which.and_if("visit.entry = ?", self.entry.as_deref());
            }
            // These expressions keep the database from using another index, which would make it
            // read the visits' long rows.
            Search::ByIndex | Search::LookThrough => {
                let of_organisation =
                    OF_ORGANISATION.replace("visit.organisation_id", "coalesce(visit.organisation_id, visit.visit_id)");
                which.and_if(&of_organisation, self.organisation.as_deref());
                which.and_if("coalesce(visit.outcome, 'open') = ?", self.outcome.as_deref());
                which.and_if("coalesce(visit.entry, '') = ?", self.entry.as_deref());
            }
        }
        which.and_if("visit.started_ms >= ?", self.from_ms);
        which.and_if("visit.started_ms < ?", self.to_ms);
        if let Some(pattern) = self.words.as_deref().and_then(search_text::pattern) {
            which.and("visit.words LIKE ? ESCAPE '\\'", [pattern]);
        }
        if let Some((at_ms, id)) = self.after {
            let place = [Value::from(at_ms), Value::from(id.as_bytes())];
            let behind = if self.oldest_first { ">" } else { "<" };
            which.and(&format!("(visit.started_ms, visit.visit_id) {behind} (?, ?)"), place);
        }
        which
    }

    fn order(&self) -> &'static str {
        if self.oldest_first { OLDEST_FIRST } else { NEWEST_FIRST }
    }
}

impl Reading<'_> {
    /// Visits whose rows an older version folded, or all visits.
    pub(crate) fn visits_to_refold(&self, all: bool) -> Result<Vec<VisitId>, CouncilError> {
        self.many(
            "SELECT visit_id FROM visit WHERE fold_version < ?1 OR 1 = ?2 ORDER BY visit_id",
            params![FOLD_VERSION, all],
            |row| Ok(VisitId::from_bytes(row.get("visit_id")?)),
        )
    }

    /// Calls `each` for every visit that fits the filter, in the filter's order.
    pub(crate) fn each_visit(
        &self,
        filter: &Filter,
        mut each: impl FnMut(FoldedVisit) -> Result<(), CouncilError>,
    ) -> Result<(), CouncilError> {
        let which = filter.conditions(Search::ByIndex);
        let sql = format!("{SELECT}{}{}", which.text(), filter.order());
        self.connection.query_at_length(&sql, which.values(), &mut |row| {
            each(FoldedVisit::from_row(row)?)?;
            Ok(true)
        })
    }

    /// A page of visits. It first finds their ids by the columns they are sorted by, then reads
    /// their rows.
    pub(crate) fn page_of_visits(
        &self,
        filter: &Filter,
        order: &Order,
        most: usize,
    ) -> Result<Page<FoldedVisit>, CouncilError> {
        let search = if order.is_by("when") { Search::ByIndex } else { Search::LookThrough };
        let which = filter.conditions(search);
        let listed = format!("{PLACES}{}", which.text());
        let found = self.page(&listed, which, order, most, |row| row.get::<[u8; 16]>("visit_id"))?;
        let mut visits: HashMap<[u8; 16], FoldedVisit> = self
            .among(&format!("{SELECT} WHERE visit.visit_id IN ({{}})"), found.rows.clone(), FoldedVisit::from_row)?
            .into_iter()
            .map(|row| (*row.columns.visit.as_bytes(), row))
            .collect();
        Ok(Page { rows: found.rows.iter().filter_map(|id| visits.remove(id)).collect(), next: found.next })
    }

    /// The first `most` visits by start time. It first finds their ids in an index, then reads
    /// their rows.
    pub(crate) fn visits(&self, filter: &Filter, most: usize) -> Result<Vec<FoldedVisit>, CouncilError> {
        let mut which = filter.conditions(Search::ByIndex);
        let most = which.placeholder(most);
        let (conditions, order) = (which.text(), filter.order());
        let found = format!("SELECT visit.visit_id FROM visit{conditions}{order} LIMIT {most}");
        let sql = format!("{SELECT} WHERE visit.visit_id IN ({found}){order}");
        self.many(&sql, which.values(), FoldedVisit::from_row)
    }

    /// How many visits fit the filter.
    pub(crate) fn count_visits(&self, filter: &Filter) -> Result<u64, CouncilError> {
        let which = filter.conditions(Search::ByIndex);
        let sql = format!("SELECT count(*) AS visits FROM visit{}", which.text());
        self.one(&sql, which.values(), |row| row.get("visits"))?.ok_or(CouncilError::Unreadable("visit"))
    }

    /// One visit, if the organisation may see it.
    pub(crate) fn visit(&self, visit: VisitId, organisation: Option<&str>) -> Result<Option<VisitRow>, CouncilError> {
        let mut which = Conditions::default();
        which.and("visit.visit_id = ?", [visit.as_bytes()]);
        which.and_if(OF_ORGANISATION, organisation);
        self.one(&format!("{SELECT}{}", which.text()), which.values(), visit_row)
    }

    /// Counts the visits that started in a span by outcome, of one organisation or of all. Gives
    /// each outcome's stable name (or `open`) and the count.
    pub(crate) fn outcomes(
        &self,
        from_ms: i64,
        to_ms: i64,
        organisation: Option<&str>,
    ) -> Result<Vec<(String, u64)>, CouncilError> {
        let mut which = Conditions::default();
        which.and("started_ms >= ? AND started_ms < ?", [from_ms, to_ms]);
        which.and_if(OF_ORGANISATION, organisation);
        let sql = format!(
            "SELECT coalesce(outcome, 'open') AS outcome, count(*) AS visits FROM visit{}
             GROUP BY coalesce(outcome, 'open') ORDER BY coalesce(outcome, 'open')",
            which.text()
        );
        self.many(&sql, which.values(), |row| Ok((row.get("outcome")?, row.get("visits")?)))
    }

    /// The newest visit to an appointment and its outcome, if there is one.
    pub(crate) fn visit_to(
        &self,
        appointment: &AppointmentRef,
    ) -> Result<Option<(VisitId, Option<String>)>, CouncilError> {
        self.one(
            "SELECT visit.visit_id, visit.outcome FROM visit
             WHERE visit.appointment_ref = ?1 AND visit.given IS NOT NULL ORDER BY visit.started_ms DESC LIMIT 1",
            params![appointment.as_str()],
            |row| Ok((VisitId::from_bytes(row.get("visit_id")?), row.get("outcome")?)),
        )
    }
}

impl Writing<'_> {
    /// Writes the rows of folded visits, each with when the council last received a record of it. A
    /// visit is the organisation's of the enrolment that it came from first, and stays so.
    pub(crate) fn save_visits(&self, visits: &[(Visit, i64)], from: Option<&Device>) -> Result<(), CouncilError> {
        let visitors = self.people_known(&visits.iter().filter_map(|(visit, _)| visit.actor).collect())?;
        let given = self.given(visits.iter().map(|(visit, _)| visit))?;
        let numbers = self.council_numbers()?;
        let rows = visits.iter().map(|(visit, received_ms)| {
            let visitor = visit.actor.and_then(|actor| visitors.get(&actor));
            let enrolment = from.filter(|device| visit.actor == Some(device.user)).map(|device| device.organisation);
            let organisation = enrolment.or_else(|| visitor.map(|visitor| visitor.organisation.id));
            row_of(visit, *received_ms, visitor, organisation, given.get(&visit.visit), &numbers)
        });
        let rows = rows.collect::<Result<_, _>>()?;
        self.write_rows(Table::named("visit"), rows, IfThere::ReplaceBut(&["organisation_id"]))
    }

    /// Writes a visit's row again, after folding it again. The visitor's organisation at the time
    /// and the time of receipt stay as they are.
    pub(crate) fn refold_visit(&self, visit: &Visit) -> Result<(), CouncilError> {
        let visitor = visit.actor.map(|actor| self.person(actor)).transpose()?.flatten();
        let given = self.given([visit])?;
        let numbers = self.council_numbers()?;
        let mut row = row_of(visit, 0, visitor.as_ref(), None, given.get(&visit.visit), &numbers)?;
        if visit.started_at.or(visit.opened_at).is_none() {
            return Err(CouncilError::Unreadable("visit"));
        }
        row.retain(|(column, _)| !KEPT_BY_REFOLD.contains(column));
        self.update_row(Table::named("visit"), row)
    }
}

/// The columns that refolding never changes: the visitor's organisation at the time, and when the
/// council received the records.
const KEPT_BY_REFOLD: [&str; 2] = ["organisation_id", "received_ms"];

/// The values to store for a folded visit: the visit as JSON, and columns to search and sort by.
fn row_of(
    visit: &Visit,
    received_ms: i64,
    visitor: Option<&Person>,
    organisation: Option<OrganisationId>,
    given: Option<&Appointment>,
    numbers: &CouncilNumbers,
) -> Result<NamedRow, CouncilError> {
    // What notice the tenant had, the council knows itself, from the appointment that it gave.
    let noticed = given.map(|given| {
        let notice = given.notice(&Numbers::on(england::day(given.window_start), numbers));
        Visit { notice: Some(notice), ..visit.clone() }
    });
    let visit = noticed.as_ref().unwrap_or(visit);
    let text = |appointment| serde_json::to_string(appointment).map_err(|_| CouncilError::Unreadable("appointment"));
    let folded = serde_json::to_string(visit).map_err(|_| CouncilError::Unreadable("visit"))?;
    let started_ms = visit.started_at.or(visit.opened_at).map_or(received_ms, |at| at.timestamp_millis());
    let [day, refusal_reason, notice_standing, id_shown] = reports::columns(visit, started_ms);
    let visitor_name = visitor.map(|visitor| visitor.display_name.as_str()).unwrap_or_default();
    Ok(named! {
        "visit_id" => visit.visit.as_bytes(),
        "started_ms" => started_ms,
        "appointment_ref" => visit.appointment.as_ref().map(AppointmentRef::as_str),
        "uprn" => visit.uprn.as_ref().map(Uprn::as_str),
        "visit_kind" => visit.visit_kind.map(doorstep_domain::conduct::VisitKind::name),
        "user_id" => visit.actor.map(|actor| *actor.as_bytes()),
        "organisation_id" => organisation.map(|organisation| *organisation.as_bytes()),
        "outcome" => visit.ending.as_ref().map(|ending| ending.outcome.name()),
        "ended_ms" => visit.ending.as_ref().map(|ending| ending.at.timestamp_millis()),
        "received_ms" => received_ms,
        "folded" => folded,
        "words" => search_text::of_visit(visit, given, visitor_name),
        "address" => address_of(visit, given),
        "entry" => visit.entry.as_ref().map(|entry| entry.basis.kind().name()),
        "alone_until_ms" => visit.alone_until().map(|until| until.timestamp_millis()),
        "day" => day,
        "refusal_reason" => refusal_reason,
        "notice_standing" => notice_standing,
        "id_shown" => id_shown,
        "fold_version" => FOLD_VERSION,
        "given" => given.map(text).transpose()?,
        "given_uprn" => given.map(|given| given.uprn.as_str()),
        "home_given" => given.is_some_and(|given| visit.uprn.as_ref() == Some(&given.uprn)),
    })
}
