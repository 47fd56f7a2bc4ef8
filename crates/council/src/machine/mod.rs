//! What the service needs from the machine it runs on: the clock, random numbers, key files,
//! threads and the network.

pub(crate) mod blocking_runtime;
pub(crate) mod environment;
pub(crate) mod hashing;
pub(crate) mod http_client;
pub(crate) mod keys;
pub(crate) mod local_address;
pub(crate) mod network;
pub mod private_file;
pub(crate) mod rates;
pub(crate) mod readiness;
pub(crate) mod times;
