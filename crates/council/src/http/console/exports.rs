//! Exporting tables. Each export is written to the audit log.

use std::fs::File;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use bytes::{Bytes, BytesMut};
use doorstep_domain::StableName;
use futures_util::stream::try_unfold;
use tokio::io::AsyncReadExt;
use tokio::sync::watch;

use crate::access::actor::Actor;
use crate::desk::exports::{self, TableMeaning};
use crate::error::CouncilError;
use crate::export::{Encoding, Export, ExportTable, Format, Growth, ListQuery, StreamedFile};
use crate::http::authorize::By;
use crate::http::blocking::ask;
use crate::http::extract::{Json, Path, Query};
use crate::http::problem::WebProblem;
use crate::machine::times;
use crate::service::Service;

/// What each column means, for the tables that this person may export.
pub(crate) async fn dictionary(By(by): By) -> Json<Vec<TableMeaning>> {
    Json(exports::dictionary(&by))
}

/// Exports the table that the address names with its format, such as `visits.xlsx`. Any refusal
/// comes before the first byte.
pub(crate) async fn table(
    State(service): State<Service>,
    By(by): By,
    Path(file_name): Path<String>,
    Query(query): Query<ListQuery>,
) -> Result<Response, WebProblem> {
    let (name, ending) = file_name.rsplit_once('.').ok_or(WebProblem::NotFound)?;
    let forms = [Format::Csv(Encoding::Utf8ForExcel), Format::Xlsx, Format::JsonLines];
    let format = forms.into_iter().find(|form| form.name() == ending).ok_or(WebProblem::NotFound)?;
    let what = exports::tables_for(&by).find(|what| what.name() == name).ok_or(WebProblem::NotFound)?;
    let file_name = format!("doorstep-{name}-{}.{ending}", times::day(service.now_ms()));
    let follower = Follower::begin(service, by, what, format, query).await?;
    Ok((headers(format, &file_name, &follower), Body::from_stream(try_unfold(follower, Follower::next)))
        .into_response())
}

fn headers(format: Format, file_name: &str, file: &Follower) -> HeaderMap {
    let mut headers = HeaderMap::new();
    let mut say = |name, value: &str| headers.insert(name, HeaderValue::from_str(value).unwrap_or(NOTHING));
    say(header::CONTENT_TYPE, format.media_type());
    say(header::CONTENT_DISPOSITION, &format!("attachment; filename=\"{file_name}\""));
    say(header::CACHE_CONTROL, "no-store");
    let so_far = *file.growth.borrow();
    if so_far.whole {
        say(header::CONTENT_LENGTH, &so_far.readable.to_string());
    }
    headers
}

/// After how many seconds to try again when too many tables are being exported.
const TRY_AGAIN_SECONDS: u64 = 10;

const NOTHING: HeaderValue = HeaderValue::from_static("");

/// The most bytes that are read and sent at a time.
const PIECE: usize = 64 * 1024;

/// A temporary file, as one handle to write and one to read. It has no name on disk, and goes away
/// when both are closed.
fn without_a_name() -> io::Result<(File, File)> {
    let named = tempfile::NamedTempFile::new()?;
    let reader = named.reopen()?;
    Ok((named.into_file(), reader))
}

/// Sends a file as it grows.
struct Follower {
    file: tokio::fs::File,
    at: u64,
    growth: watch::Receiver<Growth>,
    /// Dropped with this, which tells the writer that nobody waits any more.
    _waits: StillWaiting,
}

impl Follower {
    /// Begins to write a table, and returns when its first bytes can be read. The file is sent
    /// while it is being written, except for a workbook, which must be complete first.
    async fn begin(
        service: Service,
        by: Actor,
        what: ExportTable,
        format: Format,
        query: ListQuery,
    ) -> Result<Self, WebProblem> {
        let turn = Arc::clone(&service.exports).try_acquire_owned();
        let turn = turn.map_err(|_| WebProblem::Busy { seconds: TRY_AGAIN_SECONDS })?;
        let waits = StillWaiting::default();
        let (tell, mut growth) = watch::channel(Growth::default());
        // The file is on disk, so that the database does not wait for a slow connection and memory
        // stays small.
        let (mut file, reader) = ask(service.clone(), |_| without_a_name().map_err(CouncilError::Write)).await?;
        let still_waits = Arc::clone(&waits.0);
        let mut writing = tokio::task::spawn_blocking(move || {
            let export = Export { service: &service, what, format, query: &query, by: &by };
            let mut streamed_file = StreamedFile::new(&mut file, |growth| tell.send_modify(|told| *told = growth));
            let written = export.write(&mut streamed_file, || still_waits.load(Ordering::Relaxed));
            if let Err(error) = &written {
                tracing::info!(%error, "An export was not written whole.");
            }
            drop(turn);
            written.map(drop)
        });
        tokio::select! {
            written = &mut writing => written.map_err(|_| WebProblem::Internal)??,
            // If the writer ends before the first byte, the branch above returns its error.
            Ok(_) = growth.wait_for(|growth| growth.readable > 0) => {}
        }
        Ok(Self { file: tokio::fs::File::from_std(reader), at: 0, growth, _waits: waits })
    }

    /// The next piece. `None` at the end of a complete file. An error when writing failed, so that
    /// nobody takes the file to be complete.
    async fn next(mut self) -> io::Result<Option<(Bytes, Self)>> {
        loop {
            let Growth { readable, whole } = *self.growth.borrow_and_update();
            if self.at < readable {
                let wanted = usize::try_from(readable - self.at).unwrap_or(PIECE).min(PIECE);
                let mut piece = BytesMut::with_capacity(wanted);
                let read = (&mut self.file).take(readable - self.at).read_buf(&mut piece).await?;
                if read == 0 {
                    return Err(io::ErrorKind::UnexpectedEof.into());
                }
                self.at += u64::try_from(read).unwrap_or(0);
                return Ok(Some((piece.freeze(), self)));
            }
            if whole {
                return Ok(None);
            }
            if self.growth.changed().await.is_err() && !self.growth.borrow().whole {
                return Err(io::Error::other("the export failed before it was complete"));
            }
        }
    }
}

/// Whether the browser still waits for the answer. It becomes `false` when this is dropped, which
/// happens when the browser goes away.
struct StillWaiting(Arc<AtomicBool>);

impl Default for StillWaiting {
    fn default() -> Self {
        Self(Arc::new(AtomicBool::new(true)))
    }
}

impl Drop for StillWaiting {
    fn drop(&mut self) {
        self.0.store(false, Ordering::Relaxed);
    }
}
