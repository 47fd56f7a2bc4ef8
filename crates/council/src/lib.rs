#![doc = include_str!("../README.md")]

pub mod access;
pub mod desk;
mod device;
mod error;
pub mod export;
mod http;
pub mod import;
mod machine;
pub mod notify;
pub mod planted;
pub mod records;
mod service;
mod storage;

pub use access::seats::{Opens, Seat};
pub use desk::office::{EnrolmentOffer, Office};
pub use error::CouncilError;
#[cfg(feature = "typescript")]
pub use http::declarations;
pub use http::routes::{RouteRow, router, routes};
pub use machine::environment::{Disk, Environment, OsRandomness, Randomness, RealDisk, SystemClock, TimeSource};
pub use records::verify::Checked;
pub use service::Service;
pub use storage::photo_store::PhotosAt;
pub use storage::{DatabaseAt, Holding, Holdings};
