//! Tables to take away. Each export is itself in the audit log.

use axum::extract::{Path, Query, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};

use super::sessions::SignedIn;
use super::visits::Wanted;
use super::{WebProblem, ask};
use crate::export::{Encoding, What, write_csv};
use crate::{Service, times};

/// One of the tables, by its name in the address.
pub(crate) async fn table(
    state: State<Service>,
    person: SignedIn,
    Path(name): Path<String>,
    wanted: Query<Wanted>,
) -> Result<Response, WebProblem> {
    let tables = [What::Visits, What::Steps, What::NoAccess, What::Concerns, What::Acknowledgements];
    let what = tables.into_iter().find(|what| name.strip_suffix(".csv") == Some(what.name()));
    export(state, person, wanted, what.ok_or(WebProblem::NotFound)?).await
}

async fn export(
    State(service): State<Service>,
    person: SignedIn,
    Query(wanted): Query<Wanted>,
    what: What,
) -> Result<Response, WebProblem> {
    let filter = wanted.filter(&person)?;
    let name = what.name();
    let user_name = person.0.user_name.clone();
    let (file, day) = ask(service, move |service| {
        let mut file = Vec::new();
        let rows = write_csv(service, &filter, what, Encoding::Utf8ForExcel, &mut file)?;
        let now_ms = service.environment.clock.now_ms();
        let detail = serde_json::json!({ "what": name, "rows": rows });
        service
            .storage
            .transact(&service.environment, |writing| writing.audit(now_ms, &user_name, "exported", &detail))?;
        let day = times::from_ms(now_ms).with_timezone(&chrono_tz::Europe::London).format("%Y-%m-%d").to_string();
        Ok((file, day))
    })
    .await?;
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8; header=present".to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"doorstep-{name}-{day}.csv\"")),
        (header::CACHE_CONTROL, "no-store".to_owned()),
    ];
    Ok((headers, file).into_response())
}
