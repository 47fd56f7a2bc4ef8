//! The words that work a visit.

use chrono::{DateTime, NaiveDate, Utc};
use clap::{Subcommand, ValueEnum};
use doorstep_domain::conduct::{
    CancelReason, CancelledBy, ConcernKind, ConsentBy, LawfulGround, NoticeMethod, RefusalReason, Step, VisitKind,
    WithdrawalReason,
};
use doorstep_domain::{AppointmentRef, RecordId, VisitId};

use super::{ConcernSaid, Which, dated, named};

#[derive(Subcommand)]
pub(crate) enum Visiting {
    /// Shows the notice that the tenant had, and records that they were told, or agreed to short notice (clause 3.1).
    Notice {
        #[command(flatten)]
        which: Which,
        /// Who agreed to the visit at short notice.
        #[arg(long, value_name = "WHO", value_parser = named::<ConsentBy>)]
        agreed_by: Option<ConsentBy>,
        /// How they were asked.
        #[arg(long, value_name = "MEANS", default_value = "in-person", value_parser = named::<NoticeMethod>)]
        asked: NoticeMethod,
        /// The tenant was told who comes and why, by this means.
        #[arg(long, value_name = "MEANS", value_parser = named::<NoticeMethod>)]
        told: Option<NoticeMethod>,
    },
    /// "I know this tenant" (clause 5.3).
    KnowsTenant {
        #[command(flatten)]
        which: Which,
        /// How you know each other.
        #[arg(long, value_name = "TEXT")]
        relation: String,
        /// The line manager who was told.
        #[arg(long, value_name = "NAME")]
        line_manager: String,
        /// The contact at the council who was told.
        #[arg(long, value_name = "NAME")]
        council_contact: String,
        /// Somebody else should take the visit.
        #[arg(long)]
        hand_over: bool,
    },
    /// Works alone (clause 6.1).
    Alone {
        #[command(flatten)]
        which: Which,
        /// The lone-worker device is off.
        #[arg(long)]
        device_off: bool,
        /// When you expect to be out again, such as 2026-11-24T11:00:00Z.
        #[arg(long, value_name = "TIME", value_parser = dated::<DateTime<Utc>>)]
        expected_end: DateTime<Utc>,
    },
    /// "I am safe" (clause 6.1).
    Safe {
        /// The visit.
        visit: VisitId,
    },
    /// Calls a visit off (clause 3.2), or records that the tenant was told so.
    Cancel {
        #[command(flatten)]
        which: Which,
        /// Who called it off.
        #[arg(long, value_parser = named::<CancelledBy>)]
        by: Option<CancelledBy>,
        /// Why.
        #[arg(long, value_parser = named::<CancelReason>)]
        reason: Option<CancelReason>,
        /// Why, in words.
        #[arg(long, value_name = "TEXT")]
        words: Option<String>,
        /// The tenant was told, by this means.
        #[arg(long, value_name = "MEANS", value_parser = named::<NoticeMethod>)]
        told: Option<NoticeMethod>,
        /// Somebody said sorry.
        #[arg(long, requires = "told")]
        apologised: bool,
        /// The new time that was offered.
        #[arg(long, value_name = "TEXT", requires = "told")]
        new_time: Option<String>,
    },
    /// Starts a visit that nobody planned, by UPRN or address.
    StartUnplanned {
        /// Why somebody comes, by kind.
        #[arg(long, value_parser = named::<VisitKind>)]
        kind: VisitKind,
        /// Why somebody comes, in words.
        #[arg(long, value_name = "TEXT")]
        purpose: String,
        /// The home's UPRN.
        #[arg(long)]
        uprn: Option<String>,
        /// The address.
        #[arg(long, value_name = "TEXT")]
        address: Option<String>,
    },
    /// The tenant took back their consent to you being there (clause 3.1).
    WithdrawConsent {
        /// The visit.
        visit: VisitId,
        /// Who.
        #[arg(long, value_parser = named::<ConsentBy>)]
        by: ConsentBy,
        /// Their words.
        #[arg(long, value_name = "TEXT")]
        words: Option<String>,
    },
    /// What would make the next visit work (clause 3.1).
    NextTime {
        /// The visit.
        visit: VisitId,
        /// Who should be there, when, how to knock.
        #[arg(long, value_name = "TEXT")]
        needs: String,
    },
    /// Whether a card was left at a door that nobody opened.
    Card {
        /// The visit.
        visit: VisitId,
        /// None was left.
        #[arg(long)]
        not_left: bool,
    },
    /// Whether something seems wrong at a home where nobody gets in (clause 6.2).
    Welfare {
        /// The visit.
        visit: VisitId,
        /// Something seems wrong.
        #[arg(long)]
        worried: bool,
        /// Why, in words that anybody at the council may read.
        #[arg(long, value_name = "TEXT")]
        words: Option<String>,
    },
    /// Raises a concern (clauses 5.3, 6.1, 6.2, 7, 8.1, 8.2).
    Concern {
        /// The visit.
        visit: VisitId,
        #[command(flatten)]
        concern: ConcernSaid,
    },
    /// What comes next, where the work is not finished (clause 4.1).
    FollowUp {
        /// The visit.
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
    /// Leaves at once (clause 7). Why can be said now, or later by the same command.
    LeaveNow {
        /// The visit.
        visit: VisitId,
        /// Why.
        #[arg(long, value_parser = named::<WithdrawalReason>)]
        reason: Option<WithdrawalReason>,
        /// What happened.
        #[arg(long, value_name = "TEXT", requires = "reason")]
        words: Option<String>,
    },
    /// Strikes out something that was recorded by mistake. Both stay.
    Correct {
        /// The record that was a mistake, as `visit show --json` names it.
        record: RecordId,
        /// Why.
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
    /// Starts the visit of an appointment.
    Start {
        /// The appointment's reference.
        #[arg(long, value_name = "REF")]
        appointment: AppointmentRef,
    },
    /// Shows a visit.
    Show {
        /// The visit.
        visit: VisitId,
    },
    /// Records a step of the arrival checklist.
    Step {
        /// The visit.
        visit: VisitId,
        /// The step.
        #[arg(value_parser = named::<Step>)]
        step: Step,
        /// What is said of it.
        said: StepSaid,
        /// Why, when it was not done.
        #[arg(long, value_name = "TEXT")]
        reason: Option<String>,
    },
    /// Goes in, with consent or on a lawful basis (clause 3.1).
    Enter {
        /// The visit.
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
        /// What comes first was left out: say why. It is recorded as a breach.
        #[arg(long, value_name = "TEXT")]
        admit_breach: Option<String>,
    },
    /// The tenant refused entry.
    Refuse {
        /// The visit.
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
        /// The visit.
        visit: VisitId,
    },
    /// Raises a concern.
    Flag {
        /// The visit.
        visit: VisitId,
        /// What it is about.
        #[arg(long, value_parser = named::<ConcernKind>)]
        kind: ConcernKind,
        /// What was seen and heard.
        #[arg(long, value_name = "TEXT")]
        note: String,
    },
    /// Leaves.
    Leave {
        /// The visit.
        visit: VisitId,
        /// What came of it.
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
