//! What can be wrong with a table, a row or a value.

use doorstep_domain::conduct::TextKind;
use doorstep_domain::{BadAppointmentRef, BadUprn};

use crate::machine::times::BadTime;

/// The most rows in a table, without its header.
pub(super) const MOST_ROWS: usize = 100_000;

/// What is wrong. The message follows the name of the column, and the variant's name is the stable
/// code.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, strum::IntoStaticStr)]
#[strum(serialize_all = "kebab-case")]
pub(super) enum Wrong {
    #[error("the file is not a table in UTF-8; save it as CSV UTF-8")]
    NotATable,
    #[error("the column is missing")]
    NoColumn,
    #[error("there are more than {} rows: import them in parts", MOST_ROWS)]
    TooManyRows,
    #[error("is not text in UTF-8")]
    NotUtf8,
    #[error("has {has} columns, where the header has {header}")]
    OtherColumns { has: usize, header: usize },
    #[error("is missing")]
    Missing,
    #[error("is longer than {} characters", TextKind::Short.most())]
    TooLong,
    #[error("has a character that can't be seen: type it anew")]
    Invisible,
    #[error("is no e-mail address")]
    NoEmail,
    #[error("is also in {0}")]
    Repeated(String),
    #[error("is in row {0} already")]
    SeenBefore(usize),
    #[error(transparent)]
    Reference(#[from] BadAppointmentRef),
    #[error(transparent)]
    Uprn(#[from] BadUprn),
    #[error(transparent)]
    Time(#[from] BadTime),
    #[error("is not after window_start")]
    EndsBeforeItStarts,
    #[error("is after the visit")]
    NoticeAfterTheVisit,
    #[error("is missing, though notice was given")]
    NoNoticeMethod,
    #[error("is not a kind of visit")]
    NoVisitKind,
    #[error("is not a way to give notice")]
    OtherNoticeMethod,
    #[error("must be yes or no")]
    NotYesOrNo,
    #[error("is not known; import people first")]
    NotKnown,
    #[error("belongs to another organisation")]
    OtherOrganisation,
    #[error("has characters that a user name can't have")]
    BadUserName,
    #[error("is what Doorstep calls itself in the log: choose another")]
    Reserved,
    #[error("must be either council or contractor")]
    NoOrganisationKind,
    #[error("is almost {0:?}, which is known already: write it in the same way")]
    SpeltOtherwise(String),
    #[error("is not what this organisation is known as: {0}. Whoever runs the council's machine can change that")]
    OtherKind(&'static str),
    #[error("is not a role")]
    NoRole,
}
