//! The audit log, for auditors and administrators of the council.

use axum::extract::State;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::error::CouncilError;
use crate::http::blocking::ask;
use crate::http::extract::{Json, Query, said};
use crate::http::problem::WebProblem;
use crate::machine::times;
use crate::service::Service;
use crate::storage::{AuditFilter, AuditLine};

/// A page of the audit log, last line first where nothing else was asked for.
#[derive(Debug, Serialize, schemars::JsonSchema, ts_rs::TS)]
pub(crate) struct AuditList {
    /// The lines.
    pub(crate) lines: Vec<AuditEntry>,
    /// Behind what line the next page goes on; `null` at the end.
    #[ts(type = "number | null")]
    pub(crate) next: Option<i64>,
    /// What was ever done, by stable name: to filter by.
    pub(crate) actions: Vec<String>,
}

/// A line of the audit log.
#[derive(Debug, Serialize, schemars::JsonSchema, ts_rs::TS)]
pub(crate) struct AuditEntry {
    /// The council's clock.
    pub(crate) at: DateTime<Utc>,
    /// Who: a user name, or `command line`; empty for a failed sign-in.
    pub(crate) user: String,
    /// What, by stable name.
    pub(crate) action: String,
    /// To what. Never personal data.
    #[ts(type = "Record<string, unknown>")]
    pub(crate) detail: serde_json::Value,
}

impl AuditEntry {
    pub(crate) fn of(line: &AuditLine) -> Result<Self, CouncilError> {
        Ok(Self {
            at: times::from_ms(line.at_ms),
            user: line.user_name.clone(),
            action: line.action.clone(),
            detail: serde_json::from_str(&line.detail).map_err(|_| CouncilError::Unreadable("audit"))?,
        })
    }
}

/// Lines on a page.
const PAGE: usize = 100;

/// Filters as the address bar holds them.
#[derive(Debug, Default, Deserialize, schemars::JsonSchema)]
#[serde(default)]
pub(crate) struct AuditQuery {
    user: Option<String>,
    action: Option<String>,
    /// `oldest` for the first lines first.
    order: Option<String>,
    /// Behind the line that the page before gave.
    after: Option<i64>,
}

pub(crate) async fn list(
    State(service): State<Service>,
    Query(query): Query<AuditQuery>,
) -> Result<Json<AuditList>, WebProblem> {
    let filter = AuditFilter {
        user_name: said(query.user),
        action: said(query.action),
        oldest_first: query.order.as_deref() == Some("oldest"),
        after: query.after,
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
