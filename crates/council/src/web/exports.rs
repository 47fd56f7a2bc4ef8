//! Tables to take away. Each export is itself in the audit log.

use std::fs::File;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::body::Body;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use tokio_util::io::ReaderStream;

use super::extract::{Json, Path, Query};
use super::seats::Seat;
use super::sessions::SignedIn;
use super::views::{TableColumn, TableMeaning};
use super::{WebProblem, ask};
use crate::export::{Encoding, Export, Format, Selection, What};
use crate::{Service, times};

/// One of the tables, by its name and its form in the address, such as `visits.xlsx`.
pub(crate) async fn table(
    State(service): State<Service>,
    person: SignedIn,
    Path(file_name): Path<String>,
    Query(selection): Query<Selection>,
) -> Result<Response, WebProblem> {
    let (name, ending) = file_name.rsplit_once('.').ok_or(WebProblem::NotFound)?;
    let forms = [Format::Csv(Encoding::Utf8ForExcel), Format::Xlsx, Format::JsonLines];
    let format = forms.into_iter().find(|form| form.name() == ending).ok_or(WebProblem::NotFound)?;
    let what = tables_for(&person).find(|what| what.name() == name).ok_or(WebProblem::NotFound)?;
    let waits = Waits::default();
    let still_waits = Arc::clone(&waits.0);
    let (file, day) = ask(service, move |service| {
        // On disk, not in memory, and gone when it is closed: it has no name.
        let mut file = tempfile::tempfile()?;
        let bound_to = person.bound_to();
        let export = Export { service, what, format, selection: &selection, by: &person.0.user_name, bound_to };
        export.write(&mut file, || still_waits.load(Ordering::Relaxed))?;
        Ok((file, times::day(service.environment.clock.now_ms())))
    })
    .await?;
    let headers = [
        (header::CONTENT_TYPE, format.media_type().to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"doorstep-{name}-{day}.{ending}\"")),
        (header::CACHE_CONTROL, "no-store".to_owned()),
    ];
    Ok((headers, streamed(file)).into_response())
}

/// What each column of each table means, for whoever may take the table.
pub(crate) async fn dictionary(person: SignedIn) -> Json<Vec<TableMeaning>> {
    let meaning = |what: What| TableMeaning {
        table: what.name(),
        columns: what.columns().iter().map(|column| TableColumn { name: column.0, meaning: column.1 }).collect(),
    };
    Json(tables_for(&person).map(meaning).collect())
}

/// The tables that somebody may take.
fn tables_for(person: &SignedIn) -> impl Iterator<Item = What> {
    let seat = person.seat();
    What::ALL.into_iter().filter(move |what| match what {
        What::Audit => matches!(seat, Seat::Auditor | Seat::Administrator),
        What::Cases => matches!(seat, Seat::Supervisor | Seat::SafeguardingLead | Seat::Auditor),
        _ => true,
    })
}

fn streamed(file: File) -> Body {
    Body::from_stream(ReaderStream::new(tokio::fs::File::from_std(file)))
}

/// Whether somebody still waits for the answer. A browser that goes away drops it.
struct Waits(Arc<AtomicBool>);

impl Default for Waits {
    fn default() -> Self {
        Self(Arc::new(AtomicBool::new(true)))
    }
}

impl Drop for Waits {
    fn drop(&mut self) {
        self.0.store(false, Ordering::Relaxed);
    }
}
