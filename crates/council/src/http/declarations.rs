//! The TypeScript declarations of the types that the console sends and receives.

use super::console::appointments::{AppointmentList, AppointmentListRow, Visitor};
use super::console::audit::{AuditEntry, AuditList};
use super::console::cases::{CaseDetail, CaseList, CaseListRow, CaseLogLine, CaseOwner};
use super::console::code::{CodeList, CodeVersion, NotSignedRow, Register, RegisterEntry};
use super::console::concerns::{ConcernList, ConcernListRow};
use super::console::exports::{TableColumn, TableMeaning};
use super::console::no_access::{EvidencePack, NoAccessAttempt, NoAccessHome, NoAccessList};
use super::console::not_received::{AsideRecords, MissingRecords};
use super::console::openid::WaysIn;
use super::console::own_sessions::OwnSession;
use super::console::people::{PersonList, PersonListRow};
use super::console::phones::{PhoneList, PhoneOffer};
use super::console::reports::{ReportCount, Reports};
use super::console::safeguarding::{NoteRead, OpenedNote, SafeguardingList, SafeguardingRow};
use super::console::settings::{CouncilNumber, NumberList, NumberValue};
use super::console::sign_in::{SessionView, SignInAnswer};
use super::console::today::{OutcomeCount, Planned, TodayBoard};
use super::console::visits::{PhotoOfVisit, VisitDetail, VisitList, VisitListRow};
use crate::access::roles::Role;
use crate::access::second_factor::SetUp;
use crate::desk::appointments::AppointmentChange;
use crate::desk::people::PersonChange;
use crate::desk::phones::PhoneRow;
use crate::import::{Imported, RowFault};
use crate::storage::settings::NumberGroup;
use crate::storage::{AssignedRole, AuditAction};

/// The name and the text of each declaration, for `ui/shared/generated/types.ts`.
#[must_use]
pub fn declarations() -> Vec<(String, String)> {
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
        AssignedRole,
        SessionView,
        VisitListRow,
        VisitList,
        VisitDetail,
        PhotoOfVisit,
        AuditAction,
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
        Role
    ]
}
