//! A world in one thread: a council, phones, a line between them that does everything that lines
//! do, clocks that jump, disks that fail, backups that are put back. Beside it a model that knows
//! what was saved, and after it a check of every promise. A seed gives the same world again.

mod camera;
mod line;
mod model;
mod outside;
mod world;

pub use outside::FaultyDisk;
pub use world::{Outcome, run, run_on};
