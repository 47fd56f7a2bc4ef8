//! The audit log, for auditors and administrators of the council.

use axum::extract::State;
use serde::Deserialize;

use crate::http::console::views::{AuditEntry, AuditList};
use crate::http::extract::{Json, Query};
use crate::http::{WebProblem, ask};
use crate::service::Service;
use crate::storage::AuditFilter;

/// Lines on a page.
const PAGE: usize = 100;

/// Filters as the address bar holds them.
#[derive(Debug, Default, Deserialize, schemars::JsonSchema)]
#[serde(default)]
pub(crate) struct Wanted {
    user: Option<String>,
    action: Option<String>,
    /// `oldest` for the first lines first.
    order: Option<String>,
    /// Behind the line that the page before gave.
    after: Option<i64>,
}

pub(crate) async fn list(
    State(service): State<Service>,
    Query(wanted): Query<Wanted>,
) -> Result<Json<AuditList>, WebProblem> {
    let said = |text: Option<String>| text.filter(|text| !text.is_empty());
    let filter = AuditFilter {
        user_name: said(wanted.user),
        action: said(wanted.action),
        oldest_first: wanted.order.as_deref() == Some("oldest"),
        after: wanted.after,
    };
    ask(service, move |service| {
        service.storage.read(|reading| {
            let mut lines = reading.audit_page(&filter, PAGE + 1)?;
            let more = lines.len() > PAGE;
            lines.truncate(PAGE);
            Ok(AuditList {
                next: lines.last().filter(|_| more).map(|line| line.number),
                lines: lines.iter().map(AuditEntry::of).collect::<Result<_, _>>()?,
                actions: reading.audit_actions()?,
            })
        })
    })
    .await
    .map(Json)
}
