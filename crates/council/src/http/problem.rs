//! How refusals and faults are reported to the console and other systems: RFC 9457, with a stable
//! code.

use axum::Json;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use crate::error::CouncilError;
use crate::refused::Refused;

/// Why a request was refused, or failed.
#[derive(Debug)]
pub(crate) enum WebProblem {
    /// Nobody has signed in, or the session is over.
    SignInFirst,
    /// The name or the password is wrong.
    WrongPassword,
    /// The code of the second factor is wrong, or was used before.
    WrongCode,
    /// The passkey is none of theirs, or answers another question.
    WrongPasskey,
    /// The person has to prove again who they are, before something that can't be undone.
    ProveAgain,
    /// There were too many wrong tries for this user name: see `access/sign_in.rs`.
    Wait {
        /// How many seconds to wait before the next try.
        seconds: u64,
    },
    /// Too many people sign in, or too many tables are exported, at this moment.
    Busy {
        /// How many seconds to wait before the next try.
        seconds: u64,
    },
    /// It does not exist, or this person may not see it.
    NotFound,
    /// The request did not come from the console.
    NotFromTheConsole,
    /// The address's query can't be read.
    UnreadableQuery,
    /// The request's JSON does not have the form that the address needs.
    UnreadableJson,
    /// The address does not allow this method.
    OtherMethod,
    /// The request's media type is not JSON.
    OtherMediaType,
    /// The request's body is too long.
    TooLarge,
    /// The request's body broke off, or was silent for too long.
    BrokenOff,
    /// A rule refuses the request.
    NotTaken(Refused),
    /// What was asked for can't be understood.
    NotUnderstood(Refused),
    /// The service failed. Details are only in its log.
    Internal,
}

impl From<CouncilError> for WebProblem {
    fn from(error: CouncilError) -> Self {
        match error {
            CouncilError::Refused(refused) => refused.into(),
            // Whoever asked first has it in the log.
            CouncilError::ProviderWaits => Self::Internal,
            error => {
                tracing::error!(%error, "A request could not be answered.");
                Self::Internal
            }
        }
    }
}

impl From<Refused> for WebProblem {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::NotFound => Self::NotFound,
            Refused::NoSuchPage | Refused::NotADate(_) | Refused::NotALink | Refused::NoTable | Refused::NoLabel => {
                Self::NotUnderstood(refused)
            }
            Refused::NoSuchUser(_)
            | Refused::HasLeft
            | Refused::ShortPassword
            | Refused::WeakPassword
            | Refused::SamePassword
            | Refused::PasswordLapsed
            | Refused::OwnAccount
            | Refused::AgreedAlready
            | Refused::WaitsNoMore
            | Refused::NoSuchOrganisation(_)
            | Refused::NoName
            | Refused::OtherOrganisation
            | Refused::NoDesk
            | Refused::NoPasskeys
            | Refused::NotAPasskey
            | Refused::OtherPassword
            | Refused::WaitFirst { .. }
            | Refused::LeavingOneself
            | Refused::Case(_)
            | Refused::NewerCase
            | Refused::UnreadableVisit
            | Refused::NoSuchOwner
            | Refused::NobodyToSend
            | Refused::NoReason
            | Refused::NotToBeReleased(_)
            | Refused::VisitHasBegun
            | Refused::CalledOff
            | Refused::NotACode(_)
            | Refused::NoSuchNumber
            | Refused::NumberOutOfRange { .. }
            | Refused::NumberNotAhead
            | Refused::NumberWithoutSource
            | Refused::NumbersDisagree(_)
            | Refused::NumberHoldsAlready
            | Refused::TooManyRows
            | Refused::CasesAreOpen
            | Refused::StillThere => Self::NotTaken(refused),
        }
    }
}

/// A refusal or fault, in the form that the caller gets (RFC 9457).
#[derive(Debug, Serialize, schemars::JsonSchema)]
pub(crate) struct Problem<'a> {
    /// `urn:doorstep:` followed by the code.
    r#type: String,
    /// What happened and what to do.
    title: &'a str,
    /// The HTTP status.
    status: u16,
    /// The stable code, such as `not-found`.
    code: &'static str,
    /// Why the desk refused it, as a stable code, such as `weak-password`.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
}

impl IntoResponse for WebProblem {
    fn into_response(self) -> Response {
        let (refused, reason) = match &self {
            Self::NotTaken(refused) | Self::NotUnderstood(refused) => (refused.to_string(), Some(refused.reason())),
            _ => (String::new(), None),
        };
        let bad = |title| (StatusCode::BAD_REQUEST, "bad-request", title);
        let (status, code, title) = match &self {
            Self::SignInFirst => (StatusCode::UNAUTHORIZED, "sign-in-first", "Sign in first."),
            Self::WrongPassword => (StatusCode::FORBIDDEN, "wrong-password", "The user name or the password is wrong."),
            Self::WrongCode => (
                StatusCode::FORBIDDEN,
                "wrong-code",
                "That code is not right, or was used already. Wait for the next one.",
            ),
            Self::WrongPasskey => (
                StatusCode::FORBIDDEN,
                "wrong-passkey",
                "That was not your passkey, or it took too long. Sign in again from the start.",
            ),
            Self::ProveAgain => (
                StatusCode::FORBIDDEN,
                "prove-again",
                "Prove again who you are, then do this once more. Nothing was changed.",
            ),
            Self::Wait { .. } => {
                (StatusCode::TOO_MANY_REQUESTS, "wait", "Too many wrong tries. Wait a little, then try again.")
            }
            Self::Busy { .. } => (
                StatusCode::SERVICE_UNAVAILABLE,
                "busy",
                "Too much is asked for at this moment. Wait a few seconds, then try again.",
            ),
            Self::NotFound => (StatusCode::NOT_FOUND, "not-found", "There is nothing at this address."),
            Self::NotFromTheConsole => bad("The request did not come from the console."),
            Self::UnreadableQuery => bad("The address's query can't be read."),
            Self::UnreadableJson => bad("The request's JSON does not have the form that this address needs."),
            Self::OtherMethod => {
                (StatusCode::METHOD_NOT_ALLOWED, "other-method", "That can't be done at this address.")
            }
            Self::OtherMediaType => {
                (StatusCode::UNSUPPORTED_MEDIA_TYPE, "other-media-type", "Send this request as JSON.")
            }
            Self::BrokenOff => (
                StatusCode::REQUEST_TIMEOUT,
                "broken-off",
                "What was sent broke off on the way. Nothing was changed. Send it again.",
            ),
            Self::TooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "too-large", "What was sent is too long."),
            Self::NotUnderstood(_) => (StatusCode::BAD_REQUEST, "bad-request", refused.as_str()),
            Self::NotTaken(_) => (StatusCode::UNPROCESSABLE_ENTITY, "not-taken", refused.as_str()),
            Self::Internal => (
                StatusCode::INTERNAL_SERVER_ERROR,
                "internal",
                "Something is wrong at the council. Nothing was changed.",
            ),
        };
        let body = Problem { r#type: format!("urn:doorstep:{code}"), title, status: status.as_u16(), code, reason };
        let mut response = (status, [(header::CONTENT_TYPE, "application/problem+json")], Json(body)).into_response();
        response
            .headers_mut()
            .insert(header::CONTENT_TYPE, header::HeaderValue::from_static("application/problem+json"));
        if let Self::Wait { seconds } | Self::Busy { seconds } = self {
            response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
        }
        response
    }
}
