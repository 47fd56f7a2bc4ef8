//! What each URL does. A handler reads the request, asks the service off the runtime's threads, and words the answer.

pub(crate) mod appointments;
pub(crate) mod audit;
pub(crate) mod cases;
pub(crate) mod codes;
pub(crate) mod concerns;
pub(crate) mod devices;
pub(crate) mod exports;
mod extract;
pub(crate) mod numbers;
pub(crate) mod odata;
pub(crate) mod openid;
pub(crate) mod operation;
pub(crate) mod own_sessions;
pub(crate) mod pages;
pub(crate) mod people;
pub(crate) mod phones;
mod problems;
pub(crate) mod reports;
pub(crate) mod safeguarding;
pub(crate) mod seats;
mod second_factor;
pub(crate) mod sessions;
pub(crate) mod views;
pub(crate) mod visits;

pub(crate) use problems::WebProblem;
pub use seats::{Opens, Seat};
pub(crate) use sessions::token_hash;

use crate::{CouncilError, Service};

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
    views::declarations()
}
