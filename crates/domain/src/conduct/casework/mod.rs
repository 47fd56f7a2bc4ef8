//! Cases: which ones a visit opens, their steps and deadlines, and what people at the council can
//! do about them. Clauses 3.1, 5.3, 6.1, 7 and 8.

mod deadlines;
mod deed;
mod kind;
mod opened;

pub use deadlines::{Due, Progress, deadlines};
pub use deed::{CaseDeed, CaseMove, CaseRefused, CaseState};
pub use kind::{CaseKind, CaseOutcome, CaseStep};
pub use opened::CaseOpened;
