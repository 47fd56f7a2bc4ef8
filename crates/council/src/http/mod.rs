//! What each URL does, and nothing more: a handler reads the request, asks the desk off the
//! runtime's threads, and words the answer.

mod assets;
mod authorize;
mod blocking;
mod console;
mod cookies;
mod declarations;
mod devices;
mod extract;
mod openapi;
mod operations;
mod problem;
pub(crate) mod routes;
mod systems;

pub use declarations::declarations;

/// Rows on a page of a list.
const PAGE: usize = 50;
