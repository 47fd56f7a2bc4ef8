#![doc = include_str!("../README.md")]

mod app;
mod clock;
mod environment;
mod error;
pub mod http;
pub mod keys;
mod picture;
mod pin;
mod sealing;
mod store;
pub mod sync;
mod verify;
mod view;

pub use app::{App, Network, SaidLocked, Unplanned};
pub use clock::SystemClock;
pub use environment::{
    BadAddress, Clock, Connect, Disk, DiskFault, Environment, Moment, OsRandomness, Randomness, RealDisk, SignIn,
};
pub use error::{AppError, Opening};
pub use pin::{LONGEST_PIN, PinRefused, SHORTEST_PIN};
pub use store::{
    NotSalvaged, OpenedWith, SalvagedEnrolment, SalvagedJournal, SalvagedVisit, UnopenedStanding, journals_in, salvage,
    salvage_sealed, set_aside,
};
pub use verify::{Fault, Verified};
pub use view::{
    Acted, AppointmentView, CodeView, ConcernDescription, Custody, DeviceStanding, EnrolmentView, OutboxGroup,
    OutboxView, Overdue, PhotoState, PhotosView, Problem, SalvagedView, SetAsideView, StatusView, StepDescription,
    ToDo, TodayView, VisitSummary, VisitView, Vocabulary,
};
