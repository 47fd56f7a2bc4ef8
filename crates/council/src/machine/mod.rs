//! What the machine gives: the clock, random numbers, keys in files, threads, a way out to the
//! network.

pub(crate) mod blocking_runtime;
pub(crate) mod environment;
pub(crate) mod http_client;
pub(crate) mod keys;
pub(crate) mod local_address;
pub mod private_file;
pub(crate) mod times;
