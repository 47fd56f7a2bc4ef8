//! Blocking work, such as reading the database, away from the threads that serve requests.

use super::problem::WebProblem;
use crate::error::CouncilError;
use crate::service::Service;

/// Runs blocking work on a thread where blocking is allowed. A panic there is
/// [`WebProblem::Internal`].
pub(crate) async fn ask<T: Send + 'static>(
    service: Service,
    work: impl FnOnce(&Service) -> Result<T, CouncilError> + Send + 'static,
) -> Result<T, WebProblem> {
    match tokio::task::spawn_blocking(move || work(&service)).await {
        Ok(done) => Ok(done?),
        Err(_) => Err(WebProblem::Internal),
    }
}
