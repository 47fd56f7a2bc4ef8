//! The service's URLs. A handler only reads the request, calls the desk on a thread that may block,
//! and builds the answer.

mod assets;
mod authorize;
mod blocking;
mod bodies;
pub(crate) mod connections;
mod console;
mod cookies;
mod declarations;
mod devices;
mod extract;
mod openapi;
mod operations;
mod problem;
pub(crate) mod routes;
mod sign_in_queue;
mod systems;

pub use declarations::declarations;
