//! Blocking work, such as reading the database, away from the threads that serve requests.

use super::problem::WebProblem;
use crate::error::CouncilError;
use crate::service::Service;

/// Runs blocking work of people and other systems on a thread where blocking is allowed. Only some
/// of these threads are for them, so that phones always find one: see [`Service`]. A panic there is
/// [`WebProblem::Internal`].
pub(crate) async fn ask<T: Send + 'static>(
    service: Service,
    work: impl FnOnce(&Service) -> Result<T, CouncilError> + Send + 'static,
) -> Result<T, WebProblem> {
    let turns = std::sync::Arc::clone(&service.desk_turns);
    let turn = turns.acquire_owned().await.map_err(|_| WebProblem::Internal)?;
    let done = tokio::task::spawn_blocking(move || {
        let done = work(&service);
        drop(turn);
        done
    });
    match done.await {
        Ok(done) => Ok(done?),
        Err(_) => Err(WebProblem::Internal),
    }
}
