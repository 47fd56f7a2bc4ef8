//! Why a request got no answer that a device can believe.

use serde::{Deserialize, Serialize};

/// What went wrong, as a stable code. Each screen has its own words for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ProblemCode {
    /// The message can't be read.
    Unreadable,
    /// The message is too large.
    TooLarge,
    /// The enrolment code is wrong, used or too old.
    CodeNotValid,
    /// The council does not know this device.
    DeviceNotKnown,
    /// The request is not signed by the device that it names.
    NotSigned,
    /// The council can't take anything just now.
    Busy,
    /// Something is wrong at the council.
    Internal,
}

/// Why the council refused a request: the body of an HTTP error (RFC 9457).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// A URI for the kind of problem: `urn:doorstep:code-not-valid`.
    #[serde(rename = "type")]
    pub kind: String,
    /// What went wrong, in one English sentence.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// The stable code.
    pub code: ProblemCode,
}

/// There was no answer that the device can believe. Neither side has lost anything.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoAnswer {
    /// There is no connection.
    #[error("no connection")]
    Unreachable,
    /// The device connected, but the answer took too long.
    #[error("the connection is too slow")]
    TimedOut,
    /// Something other than the council answered: a Wi-Fi sign-in page, a proxy, another server.
    #[error("something answered that is not the council")]
    NotTheCouncil,
    /// The council is busy, and asks the device to wait.
    #[error("the council is busy")]
    Busy {
        /// Seconds to wait before the next try.
        retry_after: u64,
    },
    /// The council refused the request.
    #[error("the council refused the request: {}", .0.code())]
    Refused(ProblemCode),
}

impl ProblemCode {
    /// The stable code as text.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Unreadable => "unreadable",
            Self::TooLarge => "too-large",
            Self::CodeNotValid => "code-not-valid",
            Self::DeviceNotKnown => "device-not-known",
            Self::NotSigned => "not-signed",
            Self::Busy => "busy",
            Self::Internal => "internal",
        }
    }

    /// The HTTP status that goes with it.
    #[must_use]
    pub fn status(self) -> u16 {
        match self {
            Self::Unreadable => 400,
            Self::TooLarge => 413,
            Self::CodeNotValid | Self::DeviceNotKnown | Self::NotSigned => 403,
            Self::Busy => 503,
            Self::Internal => 500,
        }
    }

    /// One sentence for a person who reads the answer.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Unreadable => "The message can't be read.",
            Self::TooLarge => "The message is too large.",
            Self::CodeNotValid => "The enrolment code is wrong, was used before, or is older than 10 minutes.",
            Self::DeviceNotKnown => "The council does not know this device.",
            Self::NotSigned => "The request is not signed by the device that it names.",
            Self::Busy => "The council can't take anything just now.",
            Self::Internal => "Something is wrong at the council.",
        }
    }
}

impl Problem {
    /// The problem as the body of an HTTP error.
    #[must_use]
    pub fn new(code: ProblemCode) -> Self {
        Self {
            kind: format!("urn:doorstep:{}", code.code()),
            title: code.title().to_owned(),
            status: code.status(),
            code,
        }
    }
}
