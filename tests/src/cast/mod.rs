//! A council as a real process, phones as real processes, and a line between them that can be cut.

mod line;
mod phone;
mod tools;
mod town;

pub use line::{Line, LineState};
pub use phone::Phone;
pub use tools::{PASSWORD, eventually, json, program, programs, root, sample};
pub use town::Town;
