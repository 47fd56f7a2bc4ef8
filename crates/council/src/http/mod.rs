//! What each URL does. A handler reads the request, asks the service off the runtime's threads, and words the answer.

mod assets;
pub(crate) mod console;
mod devices;
mod extract;
mod openapi;
mod operations;
mod problem;
pub(crate) mod routes;
mod systems;

pub(crate) use problem::WebProblem;

use crate::error::CouncilError;
use crate::service::Service;

/// Asks the service on a thread where waiting is allowed.
pub(crate) async fn ask<T: Send + 'static>(
    service: Service,
    work: impl FnOnce(&Service) -> Result<T, CouncilError> + Send + 'static,
) -> Result<T, WebProblem> {
    match tokio::task::spawn_blocking(move || work(&service)).await {
        Ok(done) => Ok(done?),
        Err(_) => Err(WebProblem::Internal),
    }
}

/// The TypeScript declarations of what the console is given: name and text.
#[cfg(feature = "typescript")]
#[must_use]
pub fn declarations() -> Vec<(String, String)> {
    console::views::declarations()
}
