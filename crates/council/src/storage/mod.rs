//! Stores what the council holds, in an embedded SQLite or in PostgreSQL. Both use the same
//! statements.

mod accounts;
mod alone_aside;
mod appointments;
mod at_rest;
mod audit;
mod audit_links;
mod backups;
mod batch;
mod case_id;
mod cases;
mod chain;
mod code;
mod concerns;
mod copying;
mod database;
mod decisions;
mod devices;
mod erased;
mod erasing;
mod erasing_aside;
mod erasing_audit;
mod leads_log;
mod login_attempts;
mod no_access;
mod not_received;
mod notices;
mod order;
mod passkeys;
mod people;
pub(crate) mod photo_store;
mod photos;
mod receipts;
mod reports;
mod salvage;
mod seals;
mod search_text;
mod second_factor;
mod sessions;
mod set_aside;
pub(crate) mod settings;
mod tables;
mod tokens;
mod transaction;
mod versions;
mod visits;

pub(crate) use accounts::{AccountChange, AccountMatter, WaitingChange};
pub(crate) use alone_aside::AloneAside;
pub(crate) use appointments::{APPOINTMENTS, AppointmentFilter, AppointmentRow, ImportEffect};
pub use at_rest::Matter;
pub(crate) use at_rest::{AtRest, PhoneMatter};
pub(crate) use audit::AuditAction;
pub(crate) use audit::{AuditFilter, AuditLine, Audited, SignedInBy};
pub(crate) use audit_links::{AuditLinks, AuditPlace, OF_ITSELF};
pub use case_id::{BadCaseId, CaseId};
pub(crate) use cases::{CASES, CaseAction, CaseFilter, CaseLine, CaseLineAction, CaseRow};
pub(crate) use chain::{KeptAt, NewRecord, Place, RawRecord};
pub(crate) use code::{Acknowledged, CodeRow, NOT_SIGNED, REGISTER, RegisterFilter, RegisterRow};
pub(crate) use concerns::{ConcernFilter, ConcernRow, NOTES, NoteReading, PlainConcern, SealedConcern, SealedRow};
pub(crate) use copying::move_all;
pub use copying::{Holding, Holdings};
pub(crate) use erasing_audit::Sought;

pub use decisions::VisitDecision;
pub(crate) use decisions::{HomeStanding, MadeDecision, TimesStanding};
pub(crate) use devices::{DEVICES, Device, DeviceRow, Enrolment, NewDevice};
pub(crate) use erasing::LedgerRow;
pub(crate) use leads_log::{LeadsDeed, LeadsLine};
pub(crate) use no_access::{HOMES, NoAccessRow};
pub(crate) use not_received::Missing;
pub(crate) use notices::{About, LogsEnd, Notice};
pub(crate) use order::{Order, Page};
pub(crate) use passkeys::{Ceremony, Passkey};
pub(crate) use people::{AssignedRole, Organisation, OrganisationKind, PEOPLE, PeopleFilter, Person};
pub(crate) use photos::{Blob, NamedPhoto, PhotoRow};
pub(crate) use receipts::NewReceipts;
pub(crate) use reports::{Count, Question};
pub(crate) use salvage::SealedFileRow;
pub(crate) use seals::HeldSeal;
pub(crate) use visits::{FOLD_VERSION, Filter, FoldedVisit, OPEN, VISITS, VisitColumns, VisitRow};

pub use database::for_postgres;
pub(crate) use database::schema_version;
pub(crate) use sessions::Session;
pub(crate) use set_aside::{
    AsideDecided, AsideDecision, AsideFilter, AsideRecord, SetAside, SetAsideAt, SetAsideCount,
};
use tables::TABLES;
pub use tables::{Column, OF_NOTES, Table};
pub use transaction::DatabaseAt;
pub(crate) use transaction::{Reading, Storage, Writing};

/// Every table of the database, with its columns.
#[must_use]
pub fn tables() -> &'static [Table] {
    TABLES
}
