//! What a visit asks of the council: which cases it opens, what is to be done about each and by
//! when, and what can be done about it. Clauses 3.1, 5.3, 6.1, 7 and 8.

mod deadlines;
mod deed;
mod kind;
mod opened;

pub use deadlines::{Due, Progress, deadlines};
pub use deed::{CaseDeed, CaseRefused, CaseState};
pub use kind::{CaseKind, CaseOutcome, CaseStep};
pub use opened::CaseOpened;
