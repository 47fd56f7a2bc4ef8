//! The word of the machine on which backups are restored in a drill.

use axum::extract::State;

use crate::http::authorize::By;
use crate::http::blocking::ask;
use crate::http::extract::Path;
use crate::http::problem::WebProblem;
use crate::records::backup;
use crate::service::Service;

/// Notes that a backup was restored in a drill and found whole.
pub(crate) async fn verified(
    State(service): State<Service>,
    By(by): By,
    Path(id): Path<String>,
) -> Result<(), WebProblem> {
    ask(service, move |service| backup::note_verified(service, &by, &id)).await
}
