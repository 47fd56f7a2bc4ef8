//! Bugs that the simulation plants, to prove that it would find them. Without the feature
//! `planted-bugs` the question is answered at compile time, and no bug is part of the program.

/// A mistake that sync engines make in the field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bug {
    /// Any answer at all is taken for a receipt of all that was sent.
    AnyAnswerIsAReceipt,
    /// An answer's signature is not looked at.
    SignatureNotChecked,
    /// An answer's nonce is not looked at: an old answer stands for a new one.
    NonceNotChecked,
    /// What is sent is deleted at once.
    DeletedOnSend,
    /// The council's high-water mark is not looked at: what a restored council lost is never sent
    /// again.
    HighWaterIgnored,
    /// The cursor moves although what was pulled is not stored.
    CursorBeforeData,
    /// A record that was set aside is sent for ever, ahead of the others.
    PoisonBlocks,
    /// A restored device goes on in its old epoch, and uses numbers twice.
    EpochKeptAfterRestore,
    /// Something came back for the last piece of a photo, so the photo is taken to be there whole.
    LastPieceIsTheWhole,
    /// Whatever waited when a new epoch began is not issued again.
    ReissueForgotten,
}

#[cfg(feature = "planted-bugs")]
mod switch {
    use std::cell::Cell;

    use super::Bug;

    thread_local! {
        static PLANTED: Cell<Option<Bug>> = const { Cell::new(None) };
    }

    /// Plants one bug, or none, in what this thread runs.
    pub fn plant(bug: Option<Bug>) {
        PLANTED.set(bug);
    }

    pub(crate) fn is(bug: Bug) -> bool {
        PLANTED.get() == Some(bug)
    }
}

#[cfg(feature = "planted-bugs")]
pub use switch::plant;

#[cfg(feature = "planted-bugs")]
pub(crate) use switch::is;

#[cfg(not(feature = "planted-bugs"))]
pub(crate) const fn is(_: Bug) -> bool {
    false
}
