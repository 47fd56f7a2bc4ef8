//! The list of visits, one visit, and its photos.

use chrono::{DateTime, Utc};
use doorstep_domain::conduct::{Appointment, Basis, Entry, EntryBasis, TakenPhoto, Visit};
use doorstep_domain::ledger::Hash;
use doorstep_domain::protocol::encode;
use doorstep_domain::{StableName, VisitId};
use serde::{Deserialize, Serialize};

use super::not_received::{MissingRecords, missing};
use super::{Actor, PAGE, reason};
use crate::access::roles::SUPERVISORS;
use crate::error::CouncilError;
use crate::export::ListQuery;
use crate::machine::times;
use crate::refused::Refused;
use crate::service::Service;
pub use crate::storage::VisitDecision;
use crate::storage::{
    Audited, FoldedVisit, HomeStanding, MadeDecision, OPEN, Page, PhotoRow, Reading, TimesStanding, VISITS,
    VisitColumns, VisitRow, Writing,
};

/// A visit in a list. [`VisitDetail`] is the whole of it.
#[derive(Debug, Serialize, schemars::JsonSchema, ts_rs::TS)]
pub struct VisitListRow {
    /// The visit's id.
    pub(crate) visit: VisitId,
    /// The reference of its appointment; `null` for a visit without one.
    pub(crate) appointment_ref: Option<String>,
    /// When it started, by the device's clock.
    pub(crate) started_at: DateTime<Utc>,
    /// The address of the home.
    pub(crate) address: String,
    /// The tenant's name; empty for a visit without an appointment.
    pub(crate) tenant_name: String,
    /// The kind of visit, as a stable name; `null` when it is not known.
    pub(crate) visit_kind: Option<String>,
    /// The visitor's name; empty if it is not known.
    pub(crate) visitor_name: String,
    /// The organisation that the visitor works for.
    pub(crate) organisation: String,
    /// The visit's outcome, as a stable name; `open` while it goes on.
    pub(crate) outcome: String,
    /// Whether the visitor went in without consent, on another lawful basis.
    pub(crate) lawful_entry: bool,
    /// How many findings there are.
    pub(crate) findings: usize,
    /// Whether its row can't be read, because a newer version of Doorstep wrote it or it is
    /// damaged. Then only what lists are sorted and filtered by is shown.
    pub(crate) unreadable: bool,
}

impl From<FoldedVisit> for VisitListRow {
    fn from(found: FoldedVisit) -> Self {
        let columns = found.columns.clone();
        found.unfolded().map_or_else(|_| Self::of_columns(columns), |row| Self::from(&row))
    }
}

impl VisitListRow {
    /// A visit of which only the columns can be read.
    fn of_columns(columns: VisitColumns) -> Self {
        Self {
            visit: columns.visit,
            appointment_ref: columns.appointment,
            started_at: times::from_ms(columns.started_ms),
            address: String::new(),
            tenant_name: String::new(),
            visit_kind: columns.visit_kind,
            visitor_name: columns.visitor_name,
            organisation: columns.organisation,
            outcome: columns.outcome.unwrap_or_else(|| OPEN.to_owned()),
            lawful_entry: columns.entry.as_deref() == Some(EntryBasis::Lawful.name()),
            findings: 0,
            unreadable: true,
        }
    }
}

impl From<&VisitRow> for VisitListRow {
    fn from(row: &VisitRow) -> Self {
        let visit = &row.visit;
        let lawful = |entry: &Entry| matches!(entry.basis, Basis::Lawful { .. });
        Self {
            visit: visit.visit,
            appointment_ref: visit.appointment.as_ref().map(ToString::to_string),
            started_at: times::from_ms(row.columns.started_ms),
            address: row.address(),
            tenant_name: row
                .appointment
                .as_ref()
                .map(|appointment| appointment.tenant_name.clone())
                .unwrap_or_default(),
            visit_kind: visit.visit_kind.map(|kind| kind.name().to_owned()),
            visitor_name: row.columns.visitor_name.clone(),
            organisation: row.columns.organisation.clone(),
            outcome: visit.ending.as_ref().map_or(OPEN, |ending| ending.outcome.name()).to_owned(),
            lawful_entry: visit.entry.as_ref().is_some_and(lawful),
            findings: visit.findings.len(),
            unreadable: false,
        }
    }
}

/// A page of visits.
#[derive(Debug, Serialize, schemars::JsonSchema, ts_rs::TS)]
pub struct VisitList {
    /// The visits on this page.
    pub(crate) visits: Vec<VisitListRow>,
    /// Records that phones have and the council has not: there may be visits in them.
    pub(crate) missing: Vec<MissingRecords>,
    /// What to ask for to get the next page; `null` on the last.
    pub(crate) next: Option<String>,
    /// The council's clock when this was read.
    pub(crate) as_of: DateTime<Utc>,
}

/// A visit in full.
#[derive(Debug, Serialize, schemars::JsonSchema, ts_rs::TS)]
pub struct VisitDetail {
    /// The visit, folded from its records.
    pub(crate) visit: Visit,
    /// Its appointment, as its visitor was given it; `null` for a visit without one.
    pub(crate) appointment: Option<Appointment>,
    /// That appointment as it is today, if it was changed since; otherwise `null`. A firm is never
    /// shown it.
    pub(crate) appointment_now: Option<Appointment>,
    /// How the council knows that the visit was at its home.
    pub(crate) home: HomeStanding,
    /// The council's own address of the home that only the phone names; `null` if it has none, and
    /// for a firm.
    pub(crate) known_address: Option<String>,
    /// How the council sees its times.
    pub(crate) times: TimesStanding,
    /// How many of its records had been set aside, and were released by a person.
    #[ts(type = "number")]
    pub(crate) released: u64,
    /// What supervisors have decided about it, the oldest decision first.
    pub(crate) decisions: Vec<VisitDecided>,
    /// The visitor's name; empty if it is not known.
    pub(crate) visitor_name: String,
    /// The organisation that the visitor works for.
    pub(crate) organisation: String,
    /// When the council received the last of the records shown.
    pub(crate) received_at: DateTime<Utc>,
    /// Its photos. The visit is complete when all of them are held.
    pub(crate) photos: Vec<PhotoOfVisit>,
}

/// A decision of a supervisor about a visit.
#[derive(Debug, Serialize, schemars::JsonSchema, ts_rs::TS)]
pub struct VisitDecided {
    /// The decision.
    pub(crate) decision: VisitDecision,
    /// When, by the council's clock.
    pub(crate) at: DateTime<Utc>,
    /// The user name of who decided; `null` for a firm.
    pub(crate) by: Option<String>,
    /// Why; `null` for a firm.
    pub(crate) because: Option<String>,
}

/// A decision about a visit, with its reason, of up to 500 characters.
#[derive(Debug, Deserialize, schemars::JsonSchema, ts_rs::TS)]
pub struct DecideVisit {
    decision: VisitDecision,
    because: String,
}

impl DecideVisit {
    /// A decision, and why.
    #[must_use]
    pub fn new(decision: VisitDecision, because: String) -> Self {
        Self { decision, because }
    }
}

impl VisitDetail {
    /// A visit with its photos, its appointment of today and what was decided about it.
    pub(crate) fn of(reading: &Reading<'_>, by: &Actor, row: VisitRow) -> Result<Self, CouncilError> {
        let visit = row.visit.visit;
        let photos = reading.photos_of(visit)?;
        let (home, times) = (HomeStanding::of(&row.columns), TimesStanding::of(&row));
        let now = match &row.appointment {
            // It may be another firm's today.
            Some(given) if by.firm().is_none() => reading.appointment(&given.reference)?.map(|found| found.appointment),
            _ => None,
        };
        // Why, and by whom, is the council's own.
        let is_own = by.firm().is_none();
        let decisions = reading.decisions_about(visit)?.into_iter().map(|made| VisitDecided {
            decision: made.decision,
            at: times::from_ms(made.at_ms),
            by: is_own.then_some(made.by),
            because: is_own.then_some(made.because),
        });
        let known_address = match &row.visit.uprn {
            Some(uprn) if is_own && home != HomeStanding::Given => reading.address_of_home(uprn)?,
            _ => None,
        };
        Ok(Self {
            photos: row.visit.photos.iter().map(|taken| PhotoOfVisit::of(taken, &photos)).collect(),
            visitor_name: row.columns.visitor_name,
            organisation: row.columns.organisation,
            received_at: times::from_ms(row.columns.received_ms),
            appointment_now: now.filter(|now| row.appointment.as_ref() != Some(now)),
            appointment: row.appointment,
            home,
            known_address,
            times,
            released: reading.released_of(visit)?,
            decisions: decisions.collect(),
            visit: row.visit,
        })
    }
}

/// A photo of a visit, whether or not its picture has arrived.
#[derive(Debug, Serialize, schemars::JsonSchema, ts_rs::TS)]
pub struct PhotoOfVisit {
    /// What the visit's records say about it.
    #[serde(flatten)]
    pub(crate) taken: TakenPhoto,
    /// Whether the council holds its complete picture.
    pub(crate) held: bool,
    /// Why the picture was refused, as a stable code; `null` when it was not.
    pub(crate) refused: Option<String>,
}

impl PhotoOfVisit {
    pub(crate) fn of(taken: &TakenPhoto, photos: &[PhotoRow]) -> Self {
        let row = photos.iter().find(|row| row.sha256 == taken.photo.sha256);
        Self {
            taken: taken.clone(),
            held: row.is_some_and(|row| row.complete),
            refused: row.and_then(|row| row.refused.clone()),
        }
    }
}

/// A page of visits. People at a firm see only their firm's.
///
/// # Errors
/// A [`Refused`] when a filter, the order or the place can't be read.
pub fn list(service: &Service, by: &Actor, query: &ListQuery) -> Result<VisitList, CouncilError> {
    let order = VISITS.order(query.sort.as_deref(), "-when", query.after.as_deref())?;
    let filter = query.checked(by.firm())?.filter;
    by.looked_for(service, "visits", filter.words.as_deref())?;
    service.storage.read(|reading| {
        let Page { rows, next } = reading.page_of_visits(&filter, &order, PAGE)?;
        Ok(VisitList {
            visits: rows.into_iter().map(VisitListRow::from).collect(),
            missing: missing(reading, by)?,
            next,
            as_of: times::from_ms(service.now_ms()),
        })
    })
}

/// A visit in full. The reading is written to the audit log. Clause 5.2.
///
/// # Errors
/// [`Refused::NotFound`] when there is no such visit, or this person may not see it.
pub fn read(service: &Service, by: &Actor, visit: VisitId) -> Result<VisitDetail, CouncilError> {
    let now_ms = service.now_ms();
    service.transact(|writing| {
        let row = writing.visit(visit, by.firm())?.ok_or(Refused::NotFound)?;
        writing.audit(now_ms, by.name(), &Audited::VisitRead { visit })?;
        VisitDetail::of(writing, by, row)
    })
}

/// Links a visit to the appointment that it names, as if the council had given it to the visitor.
fn link(service: &Service, writing: &Writing<'_>, row: &VisitRow) -> Result<(), CouncilError> {
    let named = row.visit.appointment.as_ref().filter(|_| row.appointment.is_none()).ok_or(Refused::NotFound)?;
    let appointment = writing.appointment(named)?.ok_or(Refused::NotFound)?.appointment;
    // The visit alone: its visitor was not given the appointment for any other.
    let versions = vec![(named.clone(), encode(&appointment))];
    for version in writing.versions_of(versions, &service.environment)? {
        writing.visit_was_given(row.visit.visit, version.hash)?;
    }
    writing.refold_visit(&row.visit)
}

/// Decides about the home, the times or the appointment of a visit, and shows the visit as it is
/// afterwards. Phones with later appointments at that home are told of an attempt that counts now.
///
/// # Errors
/// [`Refused::NotFound`] when there is no such visit, or no appointment that it could be linked to;
/// or [`Refused::NoReason`].
pub fn decide(
    service: &Service,
    by: &Actor,
    visit: VisitId,
    request: &DecideVisit,
) -> Result<VisitDetail, CouncilError> {
    by.only(SUPERVISORS)?;
    let now_ms = service.now_ms();
    service.transact(|writing| {
        let because = reason(&request.because)?;
        let row = writing.visit(visit, None)?.ok_or(Refused::NotFound)?;
        let made = MadeDecision {
            decision: request.decision,
            at_ms: now_ms,
            by: by.name().to_owned(),
            because: because.to_owned(),
        };
        writing.decide_about(&row.visit, &made)?;
        if request.decision == VisitDecision::Linked {
            link(service, writing, &row)?;
        }
        writing.tell_of_home(&row.visit)?;
        let decision = request.decision.name();
        writing.audit(now_ms, by.name(), &Audited::VisitDecided { visit, decision, because })?;
        VisitDetail::of(writing, by, writing.visit(visit, None)?.ok_or(Refused::NotFound)?)
    })
}

/// The JPEG file of a photo, for people who may see its visit. The reading is written to the audit
/// log.
///
/// # Errors
/// [`Refused::NotFound`] when there is no such photo, it has not arrived in full, or this person
/// may not see it.
pub fn photo(service: &Service, by: &Actor, visit: VisitId, sha256: Hash) -> Result<Vec<u8>, CouncilError> {
    let now_ms = service.now_ms();
    service.transact(|writing| {
        let theirs = writing.visit(visit, by.firm())?.is_some();
        let here = |photo: &PhotoRow| photo.sha256 == sha256 && photo.complete;
        if !theirs || !writing.photos_of(visit)?.iter().any(here) {
            return Err(Refused::NotFound.into());
        }
        writing.audit(now_ms, by.name(), &Audited::PhotoOpened { visit, photo: sha256 })
    })?;
    Ok(service.photos.read(sha256)?.ok_or(Refused::NotFound)?)
}

/// The names of all organisations, by which lists can be filtered. People at a firm get only their
/// own.
///
/// # Errors
/// [`CouncilError`] when the database fails.
pub fn organisations(service: &Service, by: &Actor) -> Result<Vec<String>, CouncilError> {
    match by.firm() {
        Some(own) => Ok(vec![own.to_owned()]),
        None => service.storage.read(|reading| reading.organisation_names()),
    }
}
