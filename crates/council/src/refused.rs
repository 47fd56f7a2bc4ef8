//! What the council's desk says no to, and why. It is an answer, not a fault: nothing was changed.

use doorstep_domain::conduct::{CaseRefused, NotACode};

/// Why something that somebody asked for is not done. Its words say what is wrong and what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// There is none, or not for whoever asks.
    #[error("There is nothing of that name.")]
    NotFound,
    /// The place in a list, or a filter of it, is none.
    #[error("That page does not exist.")]
    NoSuchPage,
    /// The text is no day.
    #[error("{0:?} is no date such as 2026-11-24.")]
    NotADate(String),
    /// There is no such person.
    #[error("there is no user {0:?}. Import people first, or look at the name again.")]
    NoSuchUser(String),
    /// The password can't be one.
    #[error("a password has 12 characters or more. Nothing was changed.")]
    WeakPassword,
    /// Nobody is left to undo it.
    #[error("You can't leave by your own hand: another administrator does it.")]
    LeavingOneself,
    /// A rule about cases stands in the way.
    #[error(transparent)]
    Case(#[from] CaseRefused),
    /// Only the council's supervisors are given cases.
    #[error("Nobody of that name can be given a case.")]
    NoSuchOwner,
    /// They don't visit, or work for another firm.
    #[error("Nobody of that name can be sent. Nothing was changed.")]
    NobodyToSend,
    /// An appointment is called off with a reason.
    #[error("Say why, in up to 500 characters. Nothing was changed.")]
    NoReason,
    /// There is no table in the request.
    #[error("There is no table in the request.")]
    NoTable,
    /// A version of the Code has a name.
    #[error("A version has a name of up to 100 characters.")]
    NoLabel,
    /// The text is no Code of conduct.
    #[error("that can't be published as a Code of conduct: {0}. Nothing was changed.")]
    NotACode(NotACode),
    /// There is no setting of that name.
    #[error("There is no number of that name.")]
    NoSuchNumber,
    /// The value makes no sense.
    #[error("Give a number from {least} to {most}.")]
    NumberOutOfRange {
        /// The least that makes sense.
        least: u32,
        /// The most that makes sense.
        most: u32,
    },
    /// What runs keeps its deadline.
    #[error("A number changes from a day that has not begun, within ten years: what runs keeps its deadline.")]
    NumberNotAhead,
    /// A number says where it comes from.
    #[error("Say where the number comes from, in up to 300 characters.")]
    NumberWithoutSource,
    /// It would contradict another number.
    #[error("That can't be: {0}.")]
    NumbersDisagree(doorstep_domain::conduct::BadNumber),
    /// A number that has begun stays.
    #[error("It holds already, and stays: enter another from a later day.")]
    NumberHoldsAlready,
    /// A workbook can't hold it.
    #[error("a workbook holds 1,048,575 rows, and these are more. Take fewer, or take them as CSV.")]
    TooManyRows,
    /// A case about somebody's home is open.
    #[error("a case about that home is open: close it first, or it could not be dealt with. Nothing was erased.")]
    CasesAreOpen,
    /// Somebody has not left.
    #[error("they have not left: an administrator says so under People first. Nothing was erased.")]
    StillThere,
}
