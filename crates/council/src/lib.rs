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
pub mod records;
mod refused;
mod service;
mod storage;

pub use access::roles::{Role, Scope};
pub use error::CouncilError;
pub use http::connections::{Connections, HEADER_BYTES, HEADER_TIME};
pub use http::declarations;
pub use http::routes::{RouteRow, router, routes};
pub use machine::environment::{Disk, Environment, OsRandomness, Randomness, RealDisk, SystemClock, TimeSource};
pub use machine::local_address::is_safe_address;
pub use machine::private_file;
pub use refused::{LEAST_PASSWORD, Refused};
pub use service::Service;
pub use storage::photo_store::PhotosAt;
pub use storage::{Column, DatabaseAt, Holding, Holdings, OF_NOTES, Table, for_postgres, tables};
