//! Tables to take away. Each export is itself in the audit log.

use axum::extract::{Query, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};

use super::sessions::SignedIn;
use super::visits::Wanted;
use super::{WebProblem, ask};
use crate::export::{Encoding, What, write_csv};
use crate::{Service, times};

pub(crate) async fn visits(
    state: State<Service>,
    person: SignedIn,
    wanted: Query<Wanted>,
) -> Result<Response, WebProblem> {
    export(state, person, wanted, What::Visits, "visits").await
}

pub(crate) async fn steps(
    state: State<Service>,
    person: SignedIn,
    wanted: Query<Wanted>,
) -> Result<Response, WebProblem> {
    export(state, person, wanted, What::Steps, "steps").await
}

async fn export(
    State(service): State<Service>,
    person: SignedIn,
    Query(wanted): Query<Wanted>,
    what: What,
    name: &'static str,
) -> Result<Response, WebProblem> {
    let filter = wanted.filter(&person)?;
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
