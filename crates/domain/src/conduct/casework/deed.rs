//! What somebody at the council can do about a case, and what stands in the way. The only place
//! where these rules are checked.

use serde::Deserialize;

use super::kind::{CaseKind, CaseOutcome, CaseStep};

/// Characters that the words beside a deed can have.
const LONGEST_WORDS: usize = 4_000;

/// What somebody does about a case.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, serde::Serialize, ts_rs::TS, schemars::JsonSchema)]
#[serde(rename_all = "snake_case", tag = "action")]
pub enum CaseDeed {
    /// Gives it to somebody.
    Assign {
        /// Their user name.
        owner: String,
    },
    /// Writes something down.
    Note {
        /// What.
        words: String,
    },
    /// Has done a step.
    Done {
        /// Which.
        step: CaseStep,
        /// How, in words.
        words: String,
    },
    /// Closes it.
    Close {
        /// What came of it.
        outcome: CaseOutcome,
        /// Why, in words.
        words: String,
    },
    /// Opens it again.
    Reopen {
        /// Why, in words.
        words: String,
    },
    /// The tenant is not satisfied with the answer to their complaint: stage 2 begins. Clause 8.1.
    Escalate {
        /// What they say.
        words: String,
    },
}

/// Why something can't be done about a case. Nothing was changed then.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CaseRefused {
    /// Nothing is done without a word.
    #[error("Say what was done, or why. Nothing was changed.")]
    NoWords,
    /// The words are too many.
    #[error("That is longer than 4,000 characters. Nothing was changed.")]
    TooManyWords,
    /// It is over.
    #[error("The case is closed. Open it again first.")]
    Closed,
    /// It goes on.
    #[error("The case is open.")]
    Open,
    /// The step is not to be done, or was done.
    #[error("That is done already, or is not asked for here.")]
    NotAskedFor,
    /// The outcome is one of other kinds of cases.
    #[error("A case of this kind can't be closed like that.")]
    OtherOutcome,
    /// Stage 2 is of complaints.
    #[error("Only a complaint has a second stage.")]
    NoComplaint,
}

/// What the rules look at, of a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CaseState<'a> {
    /// What it is about.
    pub kind: CaseKind,
    /// Whether it is closed.
    pub closed: bool,
    /// What is still to be done.
    pub steps_left: &'a [CaseStep],
}

impl CaseDeed {
    /// The words beside it; a case is given to somebody without any.
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
    /// Whether a deed can be done as things stand. Nothing is closed without saying why.
    ///
    /// # Errors
    /// [`CaseRefused`] says what stands in the way.
    pub fn allows(&self, deed: &CaseDeed) -> Result<(), CaseRefused> {
        if let Some(words) = deed.words() {
            if words.chars().count() > LONGEST_WORDS {
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
