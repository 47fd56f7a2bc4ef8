//! The Code of conduct as rules. A [`Visit`] decides what a [`Command`] leads to: events, or a
//! [`Refused`] that cites its clause. [`fold()`] makes a visit out of its events again. Only
//! the device decides. The device and the council fold with the same code.

mod apply;
mod appointment;
mod arrival;
mod attempt;
mod before;
mod casework;
mod clauses;
mod code;
mod command;
mod concern;
mod decide;
mod ending;
mod entry;
mod event;
mod fold;
mod leaving;
mod next;
mod notice;
pub mod numbers;
mod photo;
mod possible;
mod refusal;
pub mod telephone;
mod text;
mod visit;
mod visit_kind;
pub mod working_days;

pub use appointment::Appointment;
pub use arrival::{LikelyReason, Phase, Step, StepState, Weight};
pub use attempt::{Attempt, Counting, attempts};
pub use before::{CancelReason, Cancellation, CancelledBy, Declaration, LoneWorking, ToldOfCancellation};
pub use casework::{
    CaseDeed, CaseKind, CaseMove, CaseOpened, CaseOutcome, CaseRefused, CaseState, CaseStep, Due, Progress, deadlines,
};
pub use clauses::{CLAUSES, Clause, ClauseRow};
pub use code::{Acknowledgement, CodeSection, NotACode, NotSigned, PublishedCode, Signing};
pub use command::{CodeSigned, Command};
pub use concern::{About, Concern, ConcernKind, Hazard, SealedNote, Severity};
pub use ending::{Ending, Finding, Outcome, Owed, RefusedEntry};
pub use entry::{Admission, Basis, ConsentBy, EntryBasis, LawfulGround};
pub use event::{Event, EventKind, Started};
pub use fold::{Happened, fold};
pub use leaving::{FollowUp, Leaving, TenantSignature, WithdrawalReason};
pub use next::NextStep;
pub use notice::{Notice, NoticeAgreement, NoticeMethod, NoticeStanding};
pub use numbers::{BadNumber, CouncilNumbers, DatedNumber, NumberKind, NumberUnit, Numbers};
pub use photo::{NotAPhoto, Photo, PhotoPurpose, PlainJpeg, TakenPhoto};
pub use possible::PossibleSpan;
pub use refusal::{RefusalReason, Refused, Rule, Validity};
pub use text::{TextKind, TooLong};
pub use visit::{After, Before, Entry, Line, RaisedConcern, StepTaken, Strike, Visit, Welfare, Withdrawal};
pub use visit_kind::VisitKind;
