#![doc = include_str!("../README.md")]

mod album;
mod assets;
pub mod backup;
mod environment;
mod error;
pub mod export;
pub mod import;
mod ingest;
mod keys;
mod ledger_check;
pub mod messenger;
mod numbers;
mod office;
mod openapi;
pub mod openid;
mod outward;
mod photos;
pub mod planted;
pub mod retention;
mod routes;
mod service;
mod storage;
pub mod subject;
mod times;
mod web;

pub use album::PhotosAt;
pub use environment::{Disk, Environment, OsRandomness, Randomness, RealDisk, SystemClock, TimeSource};
pub use error::CouncilError;
pub use ledger_check::Checked;
pub use office::{EnrolmentOffer, Office};
pub use routes::{RouteRow, router, routes};
pub use service::Service;
pub use storage::{DatabaseAt, Holding, Holdings};
#[cfg(feature = "typescript")]
pub use web::declarations;
pub use web::{Opens, Seat};
