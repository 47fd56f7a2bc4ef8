//! A world in one thread: a council, phones, and a line between them that fails in every way that
//! lines fail. Clocks jump, disks fail, and backups are put back. A model remembers what was saved,
//! and at the end every promise is checked against it. The same seed gives the same world.

mod camera;
mod forged;
mod line;
mod model;
mod outside;
mod world;

pub(crate) use outside::Chance;
pub use outside::FaultyDisk;
pub use world::{Outcome, run, run_on};
