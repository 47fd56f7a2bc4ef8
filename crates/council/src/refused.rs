//! Why the council's desk refuses a request. This is an answer, not a fault: nothing was changed.

use doorstep_domain::conduct::{CaseRefused, NotACode, TextKind};

/// The fewest characters that a password can have.
pub const LEAST_PASSWORD: usize = 12;

/// Why a request was refused. The message says what is wrong and what to do, and the variant's name
/// is the stable code of the reason.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, strum::IntoStaticStr)]
#[strum(serialize_all = "kebab-case")]
pub enum Refused {
    /// It does not exist, or this person may not see it.
    #[error("There is nothing with that name.")]
    NotFound,
    /// The place in a list, or a filter, is not a valid one.
    #[error("There is no such page, order or filter.")]
    NoSuchPage,
    /// The text is not a date.
    #[error("{0:?} is not a date. Write it like 2026-11-24.")]
    NotADate(String),
    /// What should be looked for in the audit log is no link.
    #[error("That is no fingerprint of the audit log. It has 64 digits, 0 to 9 and a to f: copy it from the mail.")]
    NotALink,
    /// There is no such person.
    #[error("There is no user {0:?}. Check the name, or import people first.")]
    NoSuchUser(String),
    /// The person has left.
    #[error("They have left. Mark them as being back first. Nothing was changed.")]
    HasLeft,
    /// The password is shorter than [`LEAST_PASSWORD`].
    #[error("That password is too short: it needs {LEAST_PASSWORD} characters or more. Nothing was changed.")]
    ShortPassword,
    /// The password is easy to guess, or can't be hashed.
    #[error(
        "That password is easy to guess: it is a common one, or little but names and words that are tried first. Three \
         or four words that have nothing to do with each other are good. Nothing was changed."
    )]
    WeakPassword,
    /// The new password is the one that they have.
    #[error("That is the password that you have now. Choose another. Nothing was changed.")]
    SamePassword,
    /// The password that somebody was given was not used in time.
    #[error("That password was given to you more than a week ago, and has lapsed. Ask an administrator for another.")]
    PasswordLapsed,
    /// Somebody would agree to a change to their own account.
    #[error("This is about your own account. Somebody else has to agree. Nothing was changed.")]
    OwnAccount,
    /// They agreed already. The change needs another person.
    #[error("You have agreed to this. Now another lead, or another administrator, has to agree.")]
    AgreedAlready,
    /// The change was made, was refused, or another one has taken its place.
    #[error("This change waits no more. Look at the list again. Nothing was changed.")]
    WaitsNoMore,
    /// There are no passkeys here, or the person has as many as they may.
    #[error("There can be no further passkey here. Remove one first, or ask whoever runs the service.")]
    NoPasskeys,
    /// What the browser sent is not the passkey that was asked for.
    #[error("That was not the passkey that was asked for, or it took too long. Try again. Nothing was changed.")]
    NotAPasskey,
    /// The organisation is known to be of the other kind since this was asked for.
    #[error("The organisation is not what it was when this was asked for. Drop the change, and ask again.")]
    OtherOrganisation,
    /// The person has no desk, and so no use for a password.
    #[error("They have a phone and no desk, so they need no password. Nothing was changed.")]
    NoDesk,
    /// There is no organisation of that name.
    #[error("There is no organisation {0:?}. Check the name. Nothing was changed.")]
    NoSuchOrganisation(String),
    /// The password that somebody has until now is another one.
    #[error("That is not your password. Nothing was changed.")]
    OtherPassword,
    /// There were too many wrong passwords.
    #[error("Too many wrong passwords. Wait {seconds} seconds, then try again.")]
    WaitFirst {
        /// How many seconds to wait.
        seconds: i64,
    },
    /// An administrator tried to mark themselves as having left. There might be nobody to undo it.
    #[error("You can't mark yourself as having left. Ask another administrator.")]
    LeavingOneself,
    /// A rule about cases does not allow it. Its own name is the reason.
    #[error(transparent)]
    Case(#[from] CaseRefused),
    /// A newer version of the program opened the case, and only that one knows its rules.
    #[error("A newer version of Doorstep opened this case. Use that version for it. Nothing was changed.")]
    NewerCase,
    /// The visit's row can't be read: a newer version of the program wrote in it, or it is damaged.
    #[error(
        "A visit can't be read: a newer version of Doorstep wrote it, or its row is damaged. Nothing is lost: its \
         records are here, and `doorstep-council refold --all` makes the row again."
    )]
    UnreadableVisit,
    /// The person does not exist or can't own a case: only the council's supervisors can.
    #[error("Nobody with that name can be given a case.")]
    NoSuchOwner,
    /// The person does not exist, does not visit tenants, or works for another firm.
    #[error("Nobody with that name can be sent. Nothing was changed.")]
    NobodyToSend,
    /// The visit to an appointment has begun.
    #[error("The visit to this appointment has begun. Nothing was changed.")]
    VisitHasBegun,
    /// An appointment was called off already.
    #[error("This appointment was called off. The housing system can make it anew. Nothing was changed.")]
    CalledOff,
    /// The reason for doing something is missing or too long.
    #[error("Say why, in up to {} characters. Nothing was changed.", TextKind::Short.most())]
    NoReason,
    /// Some of the records can't be released.
    #[error(
        "{0} of these records can't be released: what they say can't be checked, is here already, or is in the name of \
         somebody whom the council does not know. Judge them again, or put them to rest. Nothing was changed."
    )]
    NotToBeReleased(usize),
    /// The request has no table.
    #[error("There is no table in the request.")]
    NoTable,
    /// The name of a version of the Code is missing or too long.
    #[error("Give the version a name of up to {} characters.", TextKind::Label.most())]
    NoLabel,
    /// What somebody calls a thing of theirs is missing or too long.
    #[error("Give it a name of up to {} characters.", TextKind::Label.most())]
    NoName,
    /// The text can't be read as a Code of conduct.
    #[error("That can't be published as a Code of conduct: {0}. Nothing was changed.")]
    NotACode(NotACode),
    /// There is no setting of that name.
    #[error("There is no number with that name.")]
    NoSuchNumber,
    /// The value is outside the range for its number.
    #[error("Give a number from {least} to {most}.")]
    NumberOutOfRange {
        /// The lowest value allowed.
        least: u32,
        /// The highest value allowed.
        most: u32,
    },
    /// The first day of a new value is today, earlier, or more than ten years ahead. A value that
    /// began in the past would move deadlines that are already running.
    #[error("Choose a day after today, within ten years. Running deadlines do not change.")]
    NumberNotAhead,
    /// The source of a number is missing or too long.
    #[error("Say where the number comes from, in up to {} characters.", TextKind::Source.most())]
    NumberWithoutSource,
    /// The value would contradict another number.
    #[error("That can't be: {0}.")]
    NumbersDisagree(doorstep_domain::conduct::BadNumber),
    /// A value that is already in force can't be taken back.
    #[error("This value is already in force. Enter another one from a later day.")]
    NumberHoldsAlready,
    /// There are too many rows for a workbook.
    #[error("A workbook holds up to 1,048,575 rows. Choose fewer rows, or export them as CSV.")]
    TooManyRows,
    /// A case about somebody's home is open.
    #[error("A case about that home is open. Close the case first. Nothing was erased.")]
    CasesAreOpen,
    /// The person whose data is to be erased has not left.
    #[error("They have not left. Mark them as having left under People first. Nothing was erased.")]
    StillThere,
}

impl Refused {
    /// The reason as a stable code, such as `weak-password`.
    #[must_use]
    pub fn reason(&self) -> &'static str {
        match self {
            Self::Case(refused) => refused.into(),
            refused => refused.into(),
        }
    }
}
