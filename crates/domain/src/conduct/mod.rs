//! The Code of conduct as rules. A [`Visit`] decides what a [`Command`] leads to (events, or a [`Refused`] that cites its
//! clause), and folds events back into what is known of the visit. The device and the council run the same two functions.

mod appointment;
mod arrival;
mod clauses;
mod command;
mod concern;
mod ending;
mod entry;
pub(crate) mod event;
mod fold;
mod refusal;
mod visit;

pub use appointment::{Appointment, NoticeMethod, VisitKind};
pub use arrival::{Step, StepState, Weight};
pub use clauses::{CLAUSES, Clause, ClauseRow};
pub use command::Command;
pub use concern::{ConcernKind, SealedNote};
pub use ending::{Ending, Finding, Outcome, RefusedEntry};
pub use entry::{Admission, Basis, ConsentBy, LawfulGround};
pub use event::{Event, Leaving, Started};
pub use fold::{Happened, fold};
pub use refusal::{RefusalReason, Refused, Rule, Validity};
pub use visit::{Entry, Line, StepTaken, Strike, Visit};
