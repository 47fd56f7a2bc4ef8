//! The errors of the core. Their texts say what happened, what is safe and what to do.

use doorstep_domain::StableName;
use doorstep_domain::conduct::{NotAPhoto, Refused, TooLong};
use doorstep_domain::protocol::{NoAnswer, ProblemCode};
use doorstep_domain::{AppointmentRef, VisitId};

use crate::environment::BadAddress;
use crate::keys::KeyStoreError;
use crate::pin::PinRefused;
use crate::store::StoreError;

/// Why the store on this device could not be opened. Nothing is ever deleted or overwritten.
#[derive(Debug, thiserror::Error)]
pub enum Opening {
    /// The key store can't be used.
    #[error("{0}. Your visits are still on this device, locked. Unlock the key store, then open Doorstep again.")]
    Keys(#[from] KeyStoreError),
    /// There is a database, and no key for it: the key store is locked, or was emptied.
    #[error(
        "the key to the visits on this device is missing. They are still there, locked: {0}. Unlock the key store and open \
         Doorstep again; if it was emptied, keep this device and call support."
    )]
    KeyMissing(String),
    /// The key in the key store does not fit this database.
    #[error(
        "the key on this device does not open the visits on it. They are still there, untouched: {0}. Call support before \
         doing anything else."
    )]
    WrongKey(String),
    /// The file is damaged. It was set aside.
    #[error(
        "the file of visits on this device is damaged. It was set aside, whole, as {0}: give it to support. Enrol again to go on working."
    )]
    Damaged(String),
    /// A newer Doorstep wrote it.
    #[error(
        "the visits on this device were written by a newer Doorstep. They are safe and untouched: {0}. Update Doorstep."
    )]
    Newer(String),
    /// This build can't keep visits safely: it does not encrypt, for example, or its SQLite is
    /// known to lose data.
    #[error("this build of Doorstep can't keep visits safely ({0}), so it does not start. Install it again.")]
    UnsafeBuild(&'static str),
    /// The folder can't be used.
    #[error("the folder of visits can't be used: {0}")]
    Folder(#[source] std::io::Error),
    /// There is no room left on the device.
    #[error(
        "this device is full, so the visits on it can't be opened. They are safe. Free some space, then open Doorstep again."
    )]
    Full,
    /// The database can't be used just now.
    #[error(
        "the visits on this device can't be opened just now. Nothing is lost. Try again; free some space if the device is full."
    )]
    Store(#[source] rusqlite::Error),
}

impl Opening {
    /// Whether there was no room for a file.
    pub(crate) fn is_full(&self) -> bool {
        match self {
            Self::Full => true,
            // On some file systems there is no room for the index of a log that is shared.
            Self::Store(error) => {
                error.sqlite_error_code() == Some(rusqlite::ErrorCode::DiskFull)
                    || error
                        .sqlite_error()
                        .is_some_and(|error| error.extended_code == rusqlite::ffi::SQLITE_IOERR_SHMSIZE)
            }
            Self::Folder(error) => error.kind() == std::io::ErrorKind::StorageFull,
            _ => false,
        }
    }
}

/// What a call into [`crate::App`] can fail with.
#[derive(Debug, thiserror::Error)]
pub enum AppError {
    /// The store could not be opened.
    #[error(transparent)]
    Opening(#[from] Opening),
    /// The Code does not allow it now.
    #[error("{0}; nothing was changed")]
    Refused(#[from] Refused),
    /// The device is not enrolled.
    #[error("this device is not enrolled yet. Ask the council for an enrolment code, then enrol.")]
    NotEnrolled,
    /// The key with which the enrolment signs is not in the key store any more.
    #[error(
        "the key with which this phone signs is gone, so it can't send. What was saved is still on it. Ask the council for \
         a new enrolment code."
    )]
    SigningKeyGone,
    /// There is no visit under way.
    #[error("there is no visit under way on this phone, so nothing was saved")]
    NothingUnderWay,
    /// The text is not an enrolment code.
    #[error("that is not an enrolment code. It has 34 letters and digits; check it, or scan the QR code again.")]
    BadCode,
    /// The code is another council's, or something other than the council answered.
    #[error(
        "the server that answered is not the council that gave you this code. Nothing was set up. \
         Check the address and the Wi-Fi, then try again."
    )]
    AnotherCouncil,
    /// The address can't be the address of a council.
    #[error(transparent)]
    BadAddress(#[from] BadAddress),
    /// A fault in Doorstep itself.
    #[error("Doorstep made a mistake, so nothing was saved by that tap. What was saved before is safe. Try again.")]
    Crashed,
    /// There is no answer from the council.
    #[error("{}", no_answer(.0))]
    NoAnswer(NoAnswer),
    /// The council has revoked the device.
    #[error(
        "the council has ended the use of this phone. It shows no visits and begins none; what waits is still sent. \
         Ask the council."
    )]
    Revoked,
    /// The device has not reached the council for long.
    #[error(
        "this phone has not reached the council for days, so it shows no tenants until it has. Find a signal and check \
         for changes. An emergency can be started, and nothing is lost."
    )]
    ContactFirst,
    /// A newer Doorstep wrote what is on this device.
    #[error(
        "a newer Doorstep wrote the visits on this phone. They can be read, and everything is sent; nothing was started.          Update Doorstep. An emergency can be started."
    )]
    OlderApp,
    /// There is no such appointment here.
    #[error("there is no appointment {0} on this device. Check for changes, or look at the reference again.")]
    NoSuchAppointment(AppointmentRef),
    /// There is no such visit here.
    #[error("there is no visit {0} on this device")]
    NoSuchVisit(VisitId),
    /// Text that is too long.
    #[error("{0}. Nothing was saved; shorten it and save again.")]
    TooLong(#[from] TooLong),
    /// There is no signature.
    #[error("there is no signature, so nothing was saved. Draw it, or type your name.")]
    NotSigned,
    /// The text that was read is not the Code that is in force.
    #[error("another version of the Code came in meanwhile, so nothing was signed. Read that one, then sign it.")]
    AnotherCode,
    /// The file can't be kept as a photo.
    #[error(
        "that file can't be added: {0}. No photo was added, and nothing else was changed. Take it again with the camera."
    )]
    NotAPhoto(#[from] NotAPhoto),
    /// There is no such photo here.
    #[error("that photo is not on this device")]
    NoSuchPhoto,
    /// A visit without an appointment needs a place.
    #[error("say where: the UPRN, or the address. Nothing was started.")]
    NoHome,
    /// The PIN was not accepted.
    #[error(transparent)]
    Pin(#[from] PinRefused),
    /// Somebody has to sign in first.
    #[error("enter your PIN first")]
    SignInFirst,
    /// The note could not be sealed: the council has given no key to seal it to.
    #[error(
        "the note can't be sealed, because this device has no key of a safeguarding lead. Nothing was saved. Tell the lead by phone now."
    )]
    NoSafeguardingKey,
    /// The store failed.
    #[error("{}", store_words(.0))]
    Store(#[from] StoreError),
    /// The key store failed.
    #[error("{0}. What was saved before is safe.")]
    Keys(#[from] KeyStoreError),
}

impl AppError {
    /// The stable code, by which a screen finds its own words.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Opening(Opening::Keys(_)) => "keys-locked",
            Self::Opening(Opening::KeyMissing(_)) => "key-missing",
            Self::Opening(Opening::WrongKey(_)) => "wrong-key",
            Self::Opening(Opening::Damaged(_)) => "store-damaged",
            Self::Opening(Opening::Newer(_)) => "store-newer",
            Self::Opening(Opening::Full) => "store-full",
            Self::Opening(Opening::UnsafeBuild(_)) => "unsafe-build",
            Self::Opening(Opening::Folder(_) | Opening::Store(_)) => "store-unavailable",
            Self::Refused(refused) => refused.rule.name(),
            Self::NotEnrolled => "not-enrolled",
            Self::SigningKeyGone => "signing-key-gone",
            Self::NothingUnderWay => "nothing-under-way",
            Self::BadCode => "bad-code",
            Self::AnotherCouncil => "another-council",
            Self::BadAddress(_) => "bad-address",
            Self::Crashed => "crashed",
            Self::NoAnswer(NoAnswer::Unreachable) => "no-connection",
            Self::NoAnswer(NoAnswer::TimedOut) => "slow-connection",
            Self::NoAnswer(NoAnswer::NotTheCouncil) => "not-the-council",
            Self::NoAnswer(NoAnswer::Busy { .. }) => "council-busy",
            Self::NoAnswer(NoAnswer::Refused(code)) => code.code(),
            Self::Revoked => "phone-revoked",
            Self::ContactFirst => "contact-first",
            Self::OlderApp => "older-app",
            Self::NoSuchAppointment(_) => "no-such-appointment",
            Self::NoSuchVisit(_) => "no-such-visit",
            Self::TooLong(_) => "too-long",
            Self::NotSigned => "not-signed-by-hand",
            Self::AnotherCode => "another-code",
            Self::NotAPhoto(why) => why.code(),
            Self::NoSuchPhoto => "no-such-photo",
            Self::NoHome => "no-home",
            Self::Pin(_) => "pin-refused",
            Self::SignInFirst => "sign-in-first",
            Self::NoSafeguardingKey => "no-safeguarding-key",
            Self::Store(StoreError::Full) => "device-full",
            Self::Store(StoreError::Damaged) => "store-mended",
            Self::Store(_) => "store-failed",
            Self::Keys(_) => "keys-locked",
        }
    }
}

fn no_answer(no_answer: &NoAnswer) -> String {
    match no_answer {
        NoAnswer::Unreachable => {
            "there is no connection to the council. Everything is saved on this device and will be sent when there is signal.".to_owned()
        }
        NoAnswer::TimedOut => {
            "the connection is too slow just now. Everything is saved on this device and will be sent later.".to_owned()
        }
        NoAnswer::NotTheCouncil => {
            "something answered that is not the council: a Wi-Fi that wants you to sign in, perhaps. Everything is saved on this \
             device. Sign in to the Wi-Fi or turn it off."
                .to_owned()
        }
        NoAnswer::Busy { .. } => "the council is busy. Everything is saved on this device and will be sent shortly.".to_owned(),
        NoAnswer::Refused(ProblemCode::CodeNotValid) => {
            "the code was not accepted: it is wrong, was used before, is older than 10 minutes, or a newer one has taken its place. Ask for a new one.".to_owned()
        }
        NoAnswer::Refused(ProblemCode::DeviceNotKnown) => {
            "the council does not know this device. Everything is saved on it. Ask the council for a new enrolment code.".to_owned()
        }
        NoAnswer::Refused(code) => format!("the council said no ({}). Everything is saved on this device.", code.code()),
    }
}

fn store_words(error: &StoreError) -> &'static str {
    match error {
        StoreError::Full => {
            "this device is full, so the last tap was not saved. Everything before it was. Free some space, then tap again."
        }
        StoreError::Damaged => {
            "the file of visits was damaged and was set aside, so the last tap was not saved. What waited to be sent was \
             brought back. Look at the visit, then tap again."
        }
        StoreError::Failed | StoreError::Sqlite(_) | StoreError::Unreadable(_) => {
            "the last tap could not be saved. Everything before it was. Try again; if it happens again, call support."
        }
    }
}
