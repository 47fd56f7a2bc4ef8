//! The TypeScript declarations of the types that the console sends and receives.

use super::console::openid::WaysIn;
use super::console::own_sessions::OwnSession;
use super::console::phones::PhoneOffer;
use super::console::sign_in::{SessionView, SignInAnswer};
use crate::access::passkey::PasskeyAsked;
use crate::access::roles::Role;
use crate::access::second_factor::SetUp;
use crate::desk::accounts::{AccountDecide, AccountList, AccountRow};
use crate::desk::appointments::{AppointmentChange, AppointmentList, AppointmentListRow, Visitor};
use crate::desk::audit::{AuditCheck, AuditEnd, AuditEntry, AuditList};
use crate::desk::cases::{CaseDetail, CaseList, CaseListRow, CaseLogLine, CaseOwner, SaidPlace};
use crate::desk::code::{CodeList, CodeVersion};
use crate::desk::concerns::{ConcernList, ConcernListRow};
use crate::desk::exports::{TableColumn, TableMeaning};
use crate::desk::no_access::{EvidencePack, NoAccessAttempt, NoAccessHome, NoAccessList};
use crate::desk::not_received::{AsideRecords, MissingRecords};
use crate::desk::passkeys::{OwnPasskey, OwnPasskeys};
use crate::desk::people::{PersonChange, PersonChanged, PersonList, PersonListRow};
use crate::desk::phones::{PhoneList, PhoneRow};
use crate::desk::register::{NotSignedRow, Register, RegisterEntry};
use crate::desk::reports::{ReportCount, Reports};
use crate::desk::safeguarding::{LeadsLog, LeadsLogLine, NoteRead, OpenedNote, SafeguardingList, SafeguardingRow};
use crate::desk::set_aside::{
    AsideDecide, AsideDecidedRow, AsideDeed, AsideList, AsideOfPhone, AsideRow, MatterRow, RestRequest,
};
use crate::desk::settings::{CouncilNumber, NumberList, NumberValue};
use crate::desk::today::{OutcomeCount, Planned, TodayBoard};
use crate::desk::visits::{DecideVisit, PhotoOfVisit, VisitDecided, VisitDetail, VisitList, VisitListRow};
use crate::import::{Imported, RowFault};
use crate::storage::settings::NumberGroup;
use crate::storage::{
    AccountMatter, AsideDecision, AssignedRole, AuditAction, CaseLineAction, HomeStanding, LeadsDeed, Matter,
    TimesStanding, VisitDecision,
};

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
        VisitDecided,
        DecideVisit,
        VisitDecision,
        HomeStanding,
        TimesStanding,
        PhotoOfVisit,
        AuditAction,
        AuditList,
        AuditEntry,
        AuditCheck,
        AuditEnd,
        TableMeaning,
        TableColumn,
        OutcomeCount,
        Planned,
        MissingRecords,
        AsideRecords,
        Matter,
        MatterRow,
        AsideDecision,
        AsideDecidedRow,
        AsideRow,
        AsideOfPhone,
        AsideDeed,
        AsideDecide,
        AsideList,
        RestRequest,
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
        CaseLineAction,
        CaseDetail,
        SaidPlace,
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
        PersonChanged,
        AccountMatter,
        AccountRow,
        AccountList,
        AccountDecide,
        LeadsDeed,
        LeadsLog,
        LeadsLogLine,
        NoAccessAttempt,
        NoAccessHome,
        NoAccessList,
        ReportCount,
        Reports,
        SetUp,
        SignInAnswer,
        PasskeyAsked,
        OwnPasskey,
        OwnPasskeys,
        WaysIn,
        OwnSession,
        Role
    ]
}
