//! A council as a real process, phones as real processes, and a line between them that can be cut.

mod line;
mod phone;
mod test_council;
mod tools;

pub use line::{Line, LineState};
pub use phone::Phone;
pub use test_council::TestCouncil;
pub use tools::{PASSWORD, copy, eventually, json, program, programs, root, sample};
