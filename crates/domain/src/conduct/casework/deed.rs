//! What somebody at the council can do about a case, and why they sometimes can't. These rules are
//! checked here and nowhere else.

use serde::Deserialize;

use super::kind::{CaseKind, CaseOutcome, CaseStep};
use crate::StableName;
use crate::conduct::TextKind;

/// What somebody does about a case.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, serde::Serialize, ts_rs::TS, schemars::JsonSchema)]
#[serde(rename_all = "snake_case", tag = "action")]
pub enum CaseDeed {
    /// Gives the case to somebody.
    Assign {
        /// The user name of the new owner.
        owner: String,
    },
    /// Adds a note.
    Note {
        /// The text of the note.
        words: String,
    },
    /// Records that a step was done.
    Done {
        /// The step that was done. It must be one that is still to be done.
        step: CaseStep,
        /// How it was done, in words.
        words: String,
    },
    /// Closes an open case, with an outcome that its kind allows.
    Close {
        /// How the case ended.
        outcome: CaseOutcome,
        /// Why, in words.
        words: String,
    },
    /// Opens a closed case again.
    Reopen {
        /// Why, in words.
        words: String,
    },
    /// The tenant is not satisfied with the answer to their complaint: stage 2 begins. Clause 8.1.
    Escalate {
        /// What the tenant says.
        words: String,
    },
}

/// A kind of [`CaseDeed`], for what a screen offers.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Deserialize,
    serde::Serialize,
    strum::VariantArray,
    ts_rs::TS,
    schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum CaseMove {
    /// [`CaseDeed::Assign`].
    Assign,
    /// [`CaseDeed::Note`].
    Note,
    /// [`CaseDeed::Done`], with one of the steps that are left.
    Done,
    /// [`CaseDeed::Close`], with one of the kind's outcomes.
    Close,
    /// [`CaseDeed::Reopen`].
    Reopen,
    /// [`CaseDeed::Escalate`].
    Escalate,
}

/// Why somebody can't do something about a case. Nothing was changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error, strum::IntoStaticStr)]
#[strum(serialize_all = "kebab-case")]
pub enum CaseRefused {
    /// The deed has no words. Every deed needs some, except giving the case to somebody.
    #[error("Say what was done, or why. Nothing was changed.")]
    NoWords,
    /// The words are too long.
    #[error("That is longer than {} characters. Nothing was changed.", TextKind::Words.most())]
    TooManyWords,
    /// The case is closed, and the deed is for an open case.
    #[error("The case is closed. Open it again first.")]
    Closed,
    /// The case is open, so it can't be opened again.
    #[error("The case is open.")]
    Open,
    /// The step was done already, or a case of this kind does not have it.
    #[error("That step is done already, or this case does not need it.")]
    NotAskedFor,
    /// A case of this kind can't have this outcome.
    #[error("A case of this kind can't be closed like that.")]
    OtherOutcome,
    /// The case is not a complaint, so it has no second stage.
    #[error("Only a complaint has a second stage.")]
    NoComplaint,
}

/// The facts of a case that the rules look at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CaseState<'a> {
    /// What it is about.
    pub kind: CaseKind,
    /// Whether it is closed.
    pub closed: bool,
    /// The steps that are still to be done.
    pub steps_left: &'a [CaseStep],
}

impl CaseDeed {
    /// The words of the deed; `None` for giving the case to somebody, which has none.
    #[must_use]
    pub fn words(&self) -> Option<&str> {
        match self {
            Self::Assign { .. } => None,
            Self::Note { words }
            | Self::Done { words, .. }
            | Self::Close { words, .. }
            | Self::Reopen { words }
            | Self::Escalate { words } => Some(words),
        }
    }
}

impl CaseState<'_> {
    /// What can be done now: every kind of deed that [`CaseState::allows`] allows.
    pub fn next(&self) -> impl Iterator<Item = CaseMove> {
        CaseMove::all().filter(|next| self.sample(*next).is_some_and(|deed| self.allows(&deed).is_ok()))
    }

    /// A deed of a kind, with whatever makes it allowed. `None` if it would need a step or an
    /// outcome, and there is none.
    fn sample(&self, of: CaseMove) -> Option<CaseDeed> {
        let words = "said".to_owned();
        Some(match of {
            CaseMove::Assign => CaseDeed::Assign { owner: words },
            CaseMove::Note => CaseDeed::Note { words },
            CaseMove::Done => CaseDeed::Done { step: *self.steps_left.first()?, words },
            CaseMove::Close => CaseDeed::Close { outcome: *self.kind.outcomes().first()?, words },
            CaseMove::Reopen => CaseDeed::Reopen { words },
            CaseMove::Escalate => CaseDeed::Escalate { words },
        })
    }

    /// Checks whether a deed is allowed now.
    ///
    /// # Errors
    /// [`CaseRefused`] says why it is not.
    pub fn allows(&self, deed: &CaseDeed) -> Result<(), CaseRefused> {
        if let Some(words) = deed.words() {
            if TextKind::Words.check(words).is_err() {
                return Err(CaseRefused::TooManyWords);
            }
            if words.trim().is_empty() {
                return Err(CaseRefused::NoWords);
            }
        }
        match deed {
            CaseDeed::Note { .. } => Ok(()),
            CaseDeed::Escalate { .. } if self.kind == CaseKind::Complaint => Ok(()),
            CaseDeed::Escalate { .. } => Err(CaseRefused::NoComplaint),
            CaseDeed::Reopen { .. } if self.closed => Ok(()),
            CaseDeed::Reopen { .. } => Err(CaseRefused::Open),
            _ if self.closed => Err(CaseRefused::Closed),
            CaseDeed::Assign { .. } => Ok(()),
            CaseDeed::Done { step, .. } if self.steps_left.contains(step) => Ok(()),
            CaseDeed::Done { .. } => Err(CaseRefused::NotAskedFor),
            CaseDeed::Close { outcome, .. } if self.kind.outcomes().contains(outcome) => Ok(()),
            CaseDeed::Close { .. } => Err(CaseRefused::OtherOutcome),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OPEN: CaseState<'_> =
        CaseState { kind: CaseKind::Complaint, closed: false, steps_left: &[CaseStep::Acknowledge] };

    fn close(outcome: CaseOutcome) -> CaseDeed {
        CaseDeed::Close { outcome, words: "Boiler replaced".into() }
    }

    #[test]
    fn what_is_offered_is_what_is_allowed() {
        use CaseMove::{Assign, Close, Done, Escalate, Note, Reopen};
        assert_eq!(OPEN.next().collect::<Vec<_>>(), [Assign, Note, Done, Close, Escalate]);
        let closed = CaseState { closed: true, ..OPEN };
        assert_eq!(closed.next().collect::<Vec<_>>(), [Note, Reopen, Escalate]);
        let gift = CaseState { kind: CaseKind::Gift, closed: false, steps_left: &[] };
        assert_eq!(gift.next().collect::<Vec<_>>(), [Assign, Note, Close]);
    }

    #[test]
    fn nothing_is_done_without_a_word_and_nothing_in_a_closed_case_but_a_note() {
        let closed = CaseState { closed: true, ..OPEN };
        let note = |words: &str| CaseDeed::Note { words: words.into() };
        assert_eq!(OPEN.allows(&note("  ")), Err(CaseRefused::NoWords));
        assert_eq!(OPEN.allows(&note(&"é".repeat(4_000))), Ok(()));
        assert_eq!(OPEN.allows(&note(&"é".repeat(4_001))), Err(CaseRefused::TooManyWords));
        assert_eq!(closed.allows(&note("Rang again")), Ok(()));
        assert_eq!(closed.allows(&close(CaseOutcome::Upheld)), Err(CaseRefused::Closed));
        assert_eq!(closed.allows(&CaseDeed::Reopen { words: "By mistake".into() }), Ok(()));
        assert_eq!(OPEN.allows(&CaseDeed::Reopen { words: "By mistake".into() }), Err(CaseRefused::Open));
    }

    #[test]
    fn a_step_is_done_once_and_a_case_is_closed_with_an_outcome_of_its_kind() {
        let done = |step| CaseDeed::Done { step, words: "Rang them".into() };
        assert_eq!(OPEN.allows(&done(CaseStep::Acknowledge)), Ok(()));
        assert_eq!(OPEN.allows(&done(CaseStep::Answer)), Err(CaseRefused::NotAskedFor));
        assert_eq!(OPEN.allows(&close(CaseOutcome::Upheld)), Ok(()));
        assert_eq!(OPEN.allows(&close(CaseOutcome::Apology)), Err(CaseRefused::OtherOutcome));
        assert_eq!(OPEN.allows(&close(CaseOutcome::TakenBack)), Err(CaseRefused::OtherOutcome), "no desk's to say");
    }

    #[test]
    fn only_a_complaint_has_a_second_stage_closed_or_open() {
        let on = CaseDeed::Escalate { words: "They do not agree".into() };
        assert_eq!(OPEN.allows(&on), Ok(()));
        assert_eq!(CaseState { closed: true, ..OPEN }.allows(&on), Ok(()));
        assert_eq!(CaseState { kind: CaseKind::Breach, ..OPEN }.allows(&on), Err(CaseRefused::NoComplaint));
    }
}
