//! The subcommands of `visit` that record one thing in a visit.

use chrono::NaiveDate;
use clap::{Subcommand, ValueEnum};
use doorstep_domain::VisitId;
use doorstep_domain::conduct::{ConsentBy, LawfulGround, RefusalReason, Step};

use super::{dated, named};

#[derive(Subcommand)]
pub(crate) enum SayArguments {
    /// "I am safe" (clause 6.1).
    Safe {
        /// The visit's id, as `visits` prints it.
        visit: VisitId,
    },
    /// The tenant took back their consent to you being there (clause 3.1).
    WithdrawConsent {
        /// The visit's id, as `visits` prints it.
        visit: VisitId,
        /// Who took it back.
        #[arg(long, value_parser = named::<ConsentBy>)]
        by: ConsentBy,
        /// What they said.
        #[arg(long, value_name = "TEXT")]
        words: Option<String>,
    },
    /// What would make the next visit work (clause 3.1).
    NextTime {
        /// The visit's id, as `visits` prints it.
        visit: VisitId,
        /// Who should be there, when, how to knock.
        #[arg(long, value_name = "TEXT")]
        needs: String,
    },
    /// Whether a card was left at a door that nobody opened.
    Card {
        /// The visit's id, as `visits` prints it.
        visit: VisitId,
        /// Say this if no card was left.
        #[arg(long)]
        not_left: bool,
    },
    /// Whether something seems wrong at a home where nobody gets in (clause 6.2).
    Welfare {
        /// The visit's id, as `visits` prints it.
        visit: VisitId,
        /// Something seems wrong.
        #[arg(long)]
        worried: bool,
        /// Why, in words that anybody at the council may read.
        #[arg(long, value_name = "TEXT")]
        words: Option<String>,
    },
    /// What happens next, when the work is not finished (clause 4.1).
    FollowUp {
        /// The visit's id, as `visits` prints it.
        visit: VisitId,
        /// What is still to be done.
        #[arg(long, value_name = "TEXT")]
        what: String,
        /// Who does it.
        #[arg(long, value_name = "NAME")]
        who: String,
        /// The proposed date.
        #[arg(long, value_name = "DATE", value_parser = dated::<NaiveDate>)]
        when: Option<NaiveDate>,
        /// This was not explained to the tenant.
        #[arg(long)]
        tenant_not_told: bool,
    },
    /// Records a step of the checklist.
    Step {
        /// The visit's id, as `visits` prints it.
        visit: VisitId,
        /// The step of the checklist, such as id-shown.
        #[arg(value_parser = named::<Step>)]
        step: Step,
        /// Whether it was done.
        said: StepSaid,
        /// Why, when it was not done.
        #[arg(long, value_name = "TEXT")]
        reason: Option<String>,
    },
    /// Goes in, with consent or where the law allows it without (clause 3.1).
    Enter {
        /// The visit's id, as `visits` prints it.
        visit: VisitId,
        /// Who gave consent to enter.
        #[arg(long, conflicts_with = "lawful", value_parser = named::<ConsentBy>)]
        consent_by: Option<ConsentBy>,
        /// What allows entry without consent.
        #[arg(long, value_name = "BASIS", value_parser = named::<LawfulGround>)]
        lawful: Option<LawfulGround>,
        /// Who authorised a lawful entry.
        #[arg(long, value_name = "NAME")]
        authorised_by: Option<String>,
        /// The number of the warrant, order or job.
        #[arg(long, value_name = "TEXT")]
        reference: Option<String>,
        /// Who else was there at a lawful entry.
        #[arg(long, value_name = "NAME")]
        witness: Option<String>,
        /// If you left out something that comes first, say why. It is recorded as a breach.
        #[arg(long, value_name = "TEXT")]
        admit_breach: Option<String>,
    },
    /// The tenant refused entry.
    Refuse {
        /// The visit's id, as `visits` prints it.
        visit: VisitId,
        /// Why.
        #[arg(long, value_parser = named::<RefusalReason>)]
        reason: RefusalReason,
        /// The tenant's own words.
        #[arg(long, value_name = "TEXT")]
        words: Option<String>,
    },
    /// Nobody answered the door.
    NoAnswer {
        /// The visit's id, as `visits` prints it.
        visit: VisitId,
    },
    /// The tenant signs, if they wish to: their name, typed.
    Sign {
        /// The visit's id, as `visits` prints it.
        visit: VisitId,
        /// Who signs.
        #[arg(long, value_name = "NAME")]
        name: String,
    },
    /// Leaves the home. This ends the visit.
    Leave {
        /// The visit's id, as `visits` prints it.
        visit: VisitId,
        /// Whether the work is done.
        #[arg(long)]
        outcome: LeaveOutcome,
    },
}

#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum StepSaid {
    Done,
    NotDone,
    NotApplicable,
}

#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum LeaveOutcome {
    Completed,
    FurtherVisitNeeded,
}
