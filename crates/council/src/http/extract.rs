//! Reading the parts of a request. If a part can't be read, the answer is a [`WebProblem`] like any
//! other refusal (RFC 9457).

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::rejection::{BytesRejection, FailedToBufferBody, JsonRejection, PathRejection, QueryRejection};
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::sync::OwnedSemaphorePermit;

use super::problem::WebProblem;
use crate::service::Service;

/// After how many seconds somebody tries again whose table found no place.
const BUSY_SECONDS: u64 = 5;

/// The variable parts of an address.
pub(crate) struct Path<T>(pub(crate) T);

/// The query of an address.
pub(crate) struct Query<T>(pub(crate) T);

/// A table to import: the bytes of a CSV file. A few are in memory at a time.
pub(crate) struct Table {
    pub(crate) bytes: Bytes,
    /// Its place among those few.
    _turn: OwnedSemaphorePermit,
}

/// The JSON body of a request or an answer.
#[derive(Debug)]
pub(crate) struct Json<T>(pub(crate) T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Path<T> {
    type Rejection = WebProblem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, WebProblem> {
        let axum::extract::Path(said) = axum::extract::Path::from_request_parts(parts, state)
            .await
            .map_err(|_: PathRejection| WebProblem::NotFound)?;
        Ok(Self(said))
    }
}

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Query<T> {
    type Rejection = WebProblem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, WebProblem> {
        let axum::extract::Query(said) = axum::extract::Query::from_request_parts(parts, state)
            .await
            .map_err(|_: QueryRejection| WebProblem::UnreadableQuery)?;
        Ok(Self(said))
    }
}

impl FromRequest<Service> for Table {
    type Rejection = WebProblem;

    async fn from_request(request: Request, service: &Service) -> Result<Self, WebProblem> {
        let turn = Arc::clone(&service.imports).try_acquire_owned();
        let turn = turn.map_err(|_| WebProblem::Busy { seconds: BUSY_SECONDS })?;
        let bytes = Bytes::from_request(request, service).await.map_err(|why| not_received(&why))?;
        Ok(Self { bytes, _turn: turn })
    }
}

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Json<T> {
    type Rejection = WebProblem;

    async fn from_request(request: Request, state: &S) -> Result<Self, WebProblem> {
        let axum::Json(said) = axum::Json::from_request(request, state).await.map_err(|error| match error {
            JsonRejection::MissingJsonContentType(_) => WebProblem::OtherMediaType,
            JsonRejection::BytesRejection(why) => not_received(&why),
            _ => WebProblem::UnreadableJson,
        })?;
        Ok(Self(said))
    }
}

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        axum::Json(self.0).into_response()
    }
}

/// Why a body could not be received.
fn not_received(why: &BytesRejection) -> WebProblem {
    match why {
        BytesRejection::FailedToBufferBody(FailedToBufferBody::LengthLimitError(_)) => WebProblem::TooLarge,
        _ => WebProblem::BrokenOff,
    }
}
