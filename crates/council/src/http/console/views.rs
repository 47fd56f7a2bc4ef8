//! What the console is given. Plain data; types for TypeScript are generated from here.

use chrono::{DateTime, NaiveDate, Utc};
use doorstep_domain::conduct::{
    Acknowledgement, Appointment, Clause, CodeSection, Concern, ConcernKind, TakenPhoto, Visit,
};
use doorstep_domain::{StableName, VisitId};
use serde::Serialize;

use crate::error::CouncilError;
use crate::machine::times;
use crate::service::NAME;
use crate::service::Service;
use crate::storage::{AsideCount, AuditLine, ConcernRow, Missing, Person, PhotoRow, RegisterRow, Role, VisitRow};

/// Who has signed in.
#[derive(Debug, Serialize, schemars::JsonSchema)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub(crate) struct SessionView {
    /// The user name.
    pub(crate) user: String,
    /// The person's name.
    pub(crate) display_name: String,
    /// The person's organisation.
    pub(crate) organisation: String,
    /// What they are.
    pub(crate) role: Role,
    /// Whether they are of the council itself, and see all firms.
    pub(crate) of_the_council: bool,
    /// The council.
    pub(crate) council_name: String,
}

impl SessionView {
    pub(crate) fn of(service: &Service, person: &Person) -> Result<Self, CouncilError> {
        Ok(Self {
            user: person.user_name.clone(),
            display_name: person.display_name.clone(),
            organisation: person.organisation.name.clone(),
            role: person.role,
            of_the_council: person.organisation.kind == "council",
            council_name: service.storage.read(|reading| reading.meta(NAME))?,
        })
    }
}

/// A visit in a list.
#[derive(Debug, Serialize, schemars::JsonSchema)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub(crate) struct VisitListRow {
    /// The visit.
    pub(crate) visit: VisitId,
    /// Its appointment.
    pub(crate) appointment_ref: Option<String>,
    /// When it started, by the device's clock.
    pub(crate) started_at: DateTime<Utc>,
    /// Where.
    pub(crate) address: String,
    /// The tenant.
    pub(crate) tenant_name: String,
    /// Why somebody came, by kind.
    pub(crate) visit_kind: Option<String>,
    /// Who came.
    pub(crate) visitor_name: String,
    /// For whom.
    pub(crate) organisation: String,
    /// What came of it, as a stable name; `open` while it goes on.
    pub(crate) outcome: String,
    /// Whether they went in by a lawful basis, without consent.
    pub(crate) lawful_entry: bool,
    /// How many findings there are.
    pub(crate) findings: usize,
}

impl From<&VisitRow> for VisitListRow {
    fn from(row: &VisitRow) -> Self {
        let visit = &row.visit;
        let lawful = |entry: &doorstep_domain::conduct::Entry| {
            matches!(entry.basis, doorstep_domain::conduct::Basis::Lawful { .. })
        };
        Self {
            visit: visit.visit,
            appointment_ref: visit.appointment.as_ref().map(ToString::to_string),
            started_at: times::from_ms(row.started_ms),
            address: row.address(),
            tenant_name: row
                .appointment
                .as_ref()
                .map(|appointment| appointment.tenant_name.clone())
                .unwrap_or_default(),
            visit_kind: visit.visit_kind.map(|kind| kind.name().to_owned()),
            visitor_name: row.visitor_name.clone(),
            organisation: row.organisation.clone(),
            outcome: visit.ending.as_ref().map_or("open", |ending| ending.outcome.name()).to_owned(),
            lawful_entry: visit.entry.as_ref().is_some_and(lawful),
            findings: visit.findings.len(),
        }
    }
}

/// A page of visits.
#[derive(Debug, Serialize, schemars::JsonSchema)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub(crate) struct VisitList {
    /// The rows.
    pub(crate) visits: Vec<VisitListRow>,
    /// Records that phones have and the council has not: there may be visits in them.
    pub(crate) missing: Vec<MissingRecords>,
    /// What to ask for to get the next page; `null` on the last.
    pub(crate) next: Option<String>,
    /// The council's clock when this was read.
    pub(crate) as_of: DateTime<Utc>,
}

/// A visit whole.
#[derive(Debug, Serialize, schemars::JsonSchema)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub(crate) struct VisitDetail {
    /// What is known of it.
    pub(crate) visit: Visit,
    /// Its appointment.
    pub(crate) appointment: Option<Appointment>,
    /// Who came.
    pub(crate) visitor_name: String,
    /// For whom.
    pub(crate) organisation: String,
    /// The council's clock when it had the last of the records shown.
    pub(crate) received_at: DateTime<Utc>,
    /// Its photos. The visit is complete when all of them are held.
    pub(crate) photos: Vec<PhotoOfVisit>,
}

impl VisitDetail {
    /// A visit with the photos that are held of it.
    pub(crate) fn of(row: VisitRow, photos: &[PhotoRow]) -> Self {
        Self {
            photos: row.visit.photos.iter().map(|taken| PhotoOfVisit::of(taken, photos)).collect(),
            visitor_name: row.visitor_name,
            organisation: row.organisation,
            received_at: times::from_ms(row.received_ms),
            appointment: row.appointment,
            visit: row.visit,
        }
    }

    /// Where, on one line.
    pub(crate) fn address(&self) -> String {
        let given = || self.visit.address.clone().unwrap_or_default();
        self.appointment.as_ref().map_or_else(given, Appointment::address_line)
    }
}

/// A photo of a visit, held or still on its way.
#[derive(Debug, Serialize, schemars::JsonSchema)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub(crate) struct PhotoOfVisit {
    /// What its record says.
    #[serde(flatten)]
    pub(crate) taken: TakenPhoto,
    /// Whether its picture is here, whole.
    pub(crate) held: bool,
    /// Why what came under its name was not taken, as a stable code.
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

/// A page of the audit log, last line first where nothing else was asked for.
#[derive(Debug, Serialize, schemars::JsonSchema)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub(crate) struct AuditList {
    /// The lines.
    pub(crate) lines: Vec<AuditEntry>,
    /// Behind what line the next page goes on; `null` at the end.
    #[cfg_attr(feature = "typescript", ts(type = "number | null"))]
    pub(crate) next: Option<i64>,
    /// What was ever done, by stable name: to filter by.
    pub(crate) actions: Vec<String>,
}

/// A line of the audit log.
#[derive(Debug, Serialize, schemars::JsonSchema)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub(crate) struct AuditEntry {
    /// The council's clock.
    pub(crate) at: DateTime<Utc>,
    /// Who: a user name, or `command line`; empty for a failed sign-in.
    pub(crate) user: String,
    /// What, by stable name.
    pub(crate) action: String,
    /// To what. Never personal data.
    #[cfg_attr(feature = "typescript", ts(type = "Record<string, unknown>"))]
    pub(crate) detail: serde_json::Value,
}

impl AuditEntry {
    pub(crate) fn of(line: &AuditLine) -> Result<Self, CouncilError> {
        Ok(Self {
            at: times::from_ms(line.at_ms),
            user: line.user_name.clone(),
            action: line.action.clone(),
            detail: serde_json::from_str(&line.detail).map_err(|_| CouncilError::Unreadable("audit"))?,
        })
    }
}

/// A table that can be taken away, and what its columns mean.
#[derive(Debug, Serialize, schemars::JsonSchema)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub(crate) struct TableMeaning {
    /// The table's stable name.
    pub(crate) table: &'static str,
    /// Its columns, in their order.
    pub(crate) columns: Vec<TableColumn>,
}

/// A column, and what it means.
#[derive(Debug, Serialize, schemars::JsonSchema)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub(crate) struct TableColumn {
    /// The stable name.
    pub(crate) name: &'static str,
    /// What it means.
    pub(crate) meaning: &'static str,
}

/// A number that can be clicked.
#[derive(Debug, Serialize, schemars::JsonSchema)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub(crate) struct OutcomeCount {
    /// The outcome, or `open`.
    pub(crate) outcome: String,
    /// How many visits.
    #[cfg_attr(feature = "typescript", ts(type = "number"))]
    pub(crate) visits: u64,
}

/// An appointment of today that nobody has started.
#[derive(Debug, Serialize, schemars::JsonSchema)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub(crate) struct Planned {
    /// The reference.
    pub(crate) reference: String,
    /// When.
    pub(crate) window_start: DateTime<Utc>,
    /// Until when.
    pub(crate) window_end: DateTime<Utc>,
    /// Where.
    pub(crate) address: String,
    /// Who goes.
    pub(crate) assigned_to: String,
    /// Why, by kind.
    pub(crate) visit_kind: String,
    /// Whether its window is over.
    pub(crate) late: bool,
}

/// Records that a phone has and the council has not.
#[derive(Debug, Serialize, schemars::JsonSchema)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub(crate) struct MissingRecords {
    /// Whose phone.
    pub(crate) visitor_name: String,
    /// Which.
    pub(crate) device: String,
    /// The first number.
    #[cfg_attr(feature = "typescript", ts(type = "number"))]
    pub(crate) first: u64,
    /// The last number.
    #[cfg_attr(feature = "typescript", ts(type = "number"))]
    pub(crate) last: u64,
    /// When the phone said so.
    pub(crate) said_at: DateTime<Utc>,
}

impl From<Missing> for MissingRecords {
    fn from(missing: Missing) -> Self {
        let Missing { visitor_name, device, first, last, said_ms } = missing;
        Self { visitor_name, device, first, last, said_at: times::from_ms(said_ms) }
    }
}

/// Records of a phone that the council could not take, and keeps apart.
#[derive(Debug, Serialize, schemars::JsonSchema)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub(crate) struct AsideRecords {
    /// Whose phone.
    pub(crate) visitor_name: String,
    /// Which.
    pub(crate) device: String,
    /// Why, as a stable code.
    pub(crate) reason: String,
    /// How many.
    #[cfg_attr(feature = "typescript", ts(type = "number"))]
    pub(crate) records: u64,
    /// When the last of them came.
    pub(crate) last_at: DateTime<Utc>,
}

impl From<AsideCount> for AsideRecords {
    fn from(aside: AsideCount) -> Self {
        let AsideCount { visitor_name, device, reason, records, last_ms } = aside;
        Self { visitor_name, device, reason, records, last_at: times::from_ms(last_ms) }
    }
}

/// The council's day.
#[derive(Debug, Serialize, schemars::JsonSchema)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub(crate) struct TodayBoard {
    /// The day in England, `2026-11-24`.
    pub(crate) day: String,
    /// Visits of today by outcome.
    pub(crate) outcomes: Vec<OutcomeCount>,
    /// Appointments of today that nobody has started.
    pub(crate) planned: Vec<Planned>,
    /// Visits under way.
    pub(crate) under_way: Vec<VisitListRow>,
    /// Visits of today to look at: refused, entered by a lawful basis, or with findings.
    pub(crate) to_look_at: Vec<VisitListRow>,
    /// Records that phones have and the council has not.
    pub(crate) missing: Vec<MissingRecords>,
    /// Records that the council could not take, and keeps apart.
    pub(crate) set_aside: Vec<AsideRecords>,
    /// Cases that are open.
    #[cfg_attr(feature = "typescript", ts(type = "number"))]
    pub(crate) cases_open: u64,
    /// Cases that are open and past their deadline.
    #[cfg_attr(feature = "typescript", ts(type = "number"))]
    pub(crate) cases_late: u64,
    /// The council's clock when this was read.
    pub(crate) as_of: DateTime<Utc>,
}

/// A page of safeguarding notes, newest first.
#[derive(Debug, Serialize, schemars::JsonSchema)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub(crate) struct SafeguardingList {
    /// The notes.
    pub(crate) notes: Vec<SafeguardingRow>,
    /// What to ask for to get the next page; `null` on the last.
    pub(crate) next: Option<String>,
}

/// A safeguarding note in the lead's list.
#[derive(Debug, Serialize, schemars::JsonSchema)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub(crate) struct SafeguardingRow {
    /// The record.
    pub(crate) record: String,
    /// The visit.
    pub(crate) visit: VisitId,
    /// When it was seen or heard, by the device's clock.
    pub(crate) recorded_at: DateTime<Utc>,
    /// When the council had it.
    pub(crate) received_at: DateTime<Utc>,
    /// Where, as far as the visit is here.
    pub(crate) address: String,
    /// Who wrote it.
    pub(crate) visitor_name: String,
    /// Who read it, first to last.
    pub(crate) read: Vec<NoteRead>,
}

/// That somebody read a safeguarding note.
#[derive(Debug, Serialize, schemars::JsonSchema)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub(crate) struct NoteRead {
    /// The user name.
    pub(crate) user: String,
    /// The council's clock.
    pub(crate) at: DateTime<Utc>,
}

/// A safeguarding note, opened.
#[derive(Debug, Serialize, schemars::JsonSchema)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub(crate) struct OpenedNote {
    /// The note; `null` when it was sealed to other keys.
    pub(crate) note: Option<String>,
}

/// A page of concerns that are not sealed, newest first.
#[derive(Debug, Serialize, schemars::JsonSchema)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub(crate) struct ConcernList {
    /// The rows.
    pub(crate) concerns: Vec<ConcernListRow>,
    /// What to ask for to get the next page; `null` on the last.
    pub(crate) next: Option<String>,
}

/// A concern in the list.
#[derive(Debug, Serialize, schemars::JsonSchema)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub(crate) struct ConcernListRow {
    /// The record.
    pub(crate) record: String,
    /// The visit, or the file of its own.
    pub(crate) visit: VisitId,
    /// What it is about.
    pub(crate) kind: ConcernKind,
    /// The clause behind it.
    pub(crate) clause: Clause,
    /// What it says.
    pub(crate) concern: Concern,
    /// When the council had it.
    pub(crate) received_at: DateTime<Utc>,
    /// Where, as far as it is known.
    pub(crate) address: String,
    /// Who raised it.
    pub(crate) visitor_name: String,
    /// For whom they work.
    pub(crate) organisation: String,
    /// Why the visitor struck it out, if they did.
    pub(crate) struck: Option<String>,
}

impl From<ConcernRow> for ConcernListRow {
    fn from(row: ConcernRow) -> Self {
        let kind = row.plain.concern.kind();
        Self {
            record: row.plain.record.to_string(),
            visit: row.plain.visit,
            kind,
            clause: kind.clause(),
            received_at: times::from_ms(row.plain.received_ms),
            concern: row.plain.concern,
            address: row.address,
            visitor_name: row.visitor_name,
            organisation: row.organisation,
            struck: row.struck,
        }
    }
}

/// Versions of the Code.
#[derive(Debug, Serialize, schemars::JsonSchema)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub(crate) struct CodeList {
    /// All of them, newest first.
    pub(crate) versions: Vec<CodeVersion>,
    /// Whether this person may publish one.
    pub(crate) may_publish: bool,
}

/// A version of the Code.
#[derive(Debug, Serialize, schemars::JsonSchema)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub(crate) struct CodeVersion {
    /// The SHA-256 of the exact text, in hexadecimal.
    pub(crate) hash: String,
    /// What people call it.
    pub(crate) label: String,
    /// The first day on which it binds.
    #[cfg_attr(feature = "typescript", ts(type = "string"))]
    pub(crate) from: NaiveDate,
    /// Whether it binds today.
    pub(crate) in_force: bool,
    /// When it was published.
    pub(crate) published_at: DateTime<Utc>,
    /// By whom.
    pub(crate) published_by: String,
    /// How many people have signed it.
    #[cfg_attr(feature = "typescript", ts(type = "number"))]
    pub(crate) signed_by: u64,
    /// Its sections.
    pub(crate) sections: Vec<CodeSection>,
}

/// Who has signed the Code, and who has not.
#[derive(Debug, Serialize, schemars::JsonSchema)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub(crate) struct Register {
    /// What people call the version that binds today.
    pub(crate) binding: String,
    /// Whether the council has published it; before that, Doorstep's own plain words bind.
    pub(crate) published: bool,
    /// How many of those who visit have signed the version that binds today.
    #[cfg_attr(feature = "typescript", ts(type = "number"))]
    pub(crate) have_signed: u64,
    /// How many of those who visit have not.
    #[cfg_attr(feature = "typescript", ts(type = "number"))]
    pub(crate) have_not_signed: u64,
    /// A page of signatures, under any version; empty where those were asked for who have not signed.
    pub(crate) signed: Vec<RegisterEntry>,
    /// A page of those who have not signed the version that binds today; empty where signatures were asked for.
    pub(crate) not_signed: Vec<NotSignedRow>,
    /// Records that phones have and the council has not: there may be signatures in them.
    pub(crate) missing: Vec<MissingRecords>,
    /// What to ask for to get the next page; `null` on the last.
    pub(crate) next: Option<String>,
    /// The council's clock when this was read.
    pub(crate) as_of: DateTime<Utc>,
}

/// A signature under the Code.
#[derive(Debug, Serialize, schemars::JsonSchema)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub(crate) struct RegisterEntry {
    /// The record.
    pub(crate) record: String,
    /// What was signed, and how.
    pub(crate) acknowledgement: Acknowledgement,
    /// When, by the device's clock.
    pub(crate) signed_at: DateTime<Utc>,
    /// When the council had it.
    pub(crate) received_at: DateTime<Utc>,
}

impl From<RegisterRow> for RegisterEntry {
    fn from(row: RegisterRow) -> Self {
        Self {
            record: row.kept.record.to_string(),
            acknowledgement: row.kept.acknowledgement,
            signed_at: times::from_ms(row.kept.recorded_ms),
            received_at: times::from_ms(row.kept.received_ms),
        }
    }
}

/// Somebody who has not signed.
#[derive(Debug, Serialize, schemars::JsonSchema)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub(crate) struct NotSignedRow {
    /// Their name.
    pub(crate) name: String,
    /// Their organisation.
    pub(crate) organisation: String,
}

#[cfg(feature = "typescript")]
pub(crate) fn declarations() -> Vec<(String, String)> {
    use crate::access::seats::Seat;
    use crate::access::second_factor::SetUp;
    use crate::http::console::appointments::{AppointmentChange, AppointmentList, AppointmentListRow, Visitor};
    use crate::http::console::cases::{CaseDeed, CaseDetail, CaseList, CaseListRow, CaseLogLine, CaseOwner};
    use crate::http::console::openid::WaysIn;
    use crate::http::console::own_sessions::OwnSession;
    use crate::http::console::people::{PersonChange, PersonList, PersonListRow};
    use crate::http::console::phones::{PhoneList, PhoneOffer, PhoneRow};
    use crate::http::console::reports::{
        EvidencePack, NoAccessAttempt, NoAccessHome, NoAccessList, ReportCount, Reports,
    };
    use crate::http::console::settings::{CouncilNumber, NumberList, NumberValue};
    use crate::http::console::sign_in::SignInAnswer;
    use crate::import::{Imported, RowFault};
    use crate::storage::settings::NumberGroup;
    let config = ts_rs::Config::new();
    macro_rules! of {
        ($($view:ty),*) => { vec![$((<$view as ts_rs::TS>::name(&config), <$view as ts_rs::TS>::decl(&config))),*] };
    }
    of![
        EvidencePack,
        NumberGroup,
        NumberValue,
        CouncilNumber,
        NumberList,
        Role,
        SessionView,
        VisitListRow,
        VisitList,
        VisitDetail,
        PhotoOfVisit,
        AuditList,
        AuditEntry,
        TableMeaning,
        TableColumn,
        OutcomeCount,
        Planned,
        MissingRecords,
        AsideRecords,
        TodayBoard,
        SafeguardingList,
        SafeguardingRow,
        NoteRead,
        OpenedNote,
        ConcernListRow,
        ConcernList,
        CodeList,
        CodeVersion,
        Register,
        RegisterEntry,
        NotSignedRow,
        CaseListRow,
        CaseOwner,
        CaseList,
        CaseLogLine,
        CaseDetail,
        CaseDeed,
        AppointmentListRow,
        AppointmentList,
        AppointmentChange,
        Visitor,
        Imported,
        RowFault,
        PhoneRow,
        PhoneList,
        PhoneOffer,
        PersonList,
        PersonListRow,
        PersonChange,
        NoAccessAttempt,
        NoAccessHome,
        NoAccessList,
        ReportCount,
        Reports,
        SetUp,
        SignInAnswer,
        WaysIn,
        OwnSession,
        Seat
    ]
}
