//! What the machine gives: the clock, random numbers, keys in files, a way out to the network.

pub(crate) mod environment;
pub(crate) mod http_client;
pub(crate) mod keys;
pub(crate) mod times;
