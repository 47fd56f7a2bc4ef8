//! Bugs that the simulation plants, to prove that it would find them. Without the feature
//! `planted-bugs` the question is answered at compile time, and no bug is part of the program.

/// A mistake that servers of field apps make.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bug {
    /// A receipt is signed although the transaction was not committed.
    ReceiptBeforeCommit,
    /// A second record at the same place is dropped in silence, and said to be held.
    DroppedOnClash,
    /// The high-water mark is the largest number seen, gaps or not.
    GapsNotSeen,
    /// One bad record fails the whole batch.
    BatchFailsWhole,
    /// A photo is taken without comparing it with its name.
    PhotoNotHashed,
    /// A body is taken without comparing it with what its record committed to.
    BodyNotChecked,
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
