//! The subcommands of `visit`.

use std::path::PathBuf;

use chrono::{DateTime, Utc};
use clap::Subcommand;
use doorstep_domain::conduct::{
    CancelReason, CancelledBy, ConcernKind, ConsentBy, NoticeMethod, PhotoPurpose, VisitKind, WithdrawalReason,
};
use doorstep_domain::{AppointmentRef, RecordId, VisitId};

use super::{ConcernArguments, SayArguments, VisitChoice, dated, named};

#[derive(Subcommand)]
pub(crate) enum VisitArguments {
    /// Shows the notice that the tenant had. Can also record that they were told who comes and why,
    /// or agreed to short notice (clause 3.1).
    Notice {
        #[command(flatten)]
        which: VisitChoice,
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
        which: VisitChoice,
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
    /// Says that you work alone (clause 6.1).
    Alone {
        #[command(flatten)]
        which: VisitChoice,
        /// The lone-worker device is off.
        #[arg(long)]
        device_off: bool,
        /// When you expect to be out again, such as 2026-11-24T11:00:00Z.
        #[arg(long, value_name = "TIME", value_parser = dated::<DateTime<Utc>>)]
        expected_end: DateTime<Utc>,
    },
    /// Calls a visit off, or records that the tenant was told about it (clause 3.2).
    Cancel {
        #[command(flatten)]
        which: VisitChoice,
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
        /// Somebody apologised.
        #[arg(long, requires = "told")]
        apologised: bool,
        /// The new time that was offered.
        #[arg(long, value_name = "TEXT", requires = "told")]
        new_time: Option<String>,
    },
    /// Starts a visit that nobody planned, by UPRN or address.
    StartUnplanned {
        /// The kind of visit, such as emergency-repair.
        #[arg(long, value_parser = named::<VisitKind>)]
        kind: VisitKind,
        /// Why somebody comes, in words.
        #[arg(long, value_name = "TEXT")]
        purpose: String,
        /// The home's UPRN.
        #[arg(long)]
        uprn: Option<String>,
        /// The address. It is needed if there is no UPRN.
        #[arg(long, value_name = "TEXT")]
        address: Option<String>,
    },
    /// Raises a concern (clauses 5.3, 6.1, 6.2, 7, 8.1, 8.2).
    Concern {
        /// The visit's id, as `visits` prints it.
        visit: VisitId,
        #[command(flatten)]
        concern: ConcernArguments,
    },
    /// Leaves at once (clause 7). You can say why now, or later with the same command.
    LeaveNow {
        /// The visit's id, as `visits` prints it.
        visit: VisitId,
        /// Why.
        #[arg(long, value_parser = named::<WithdrawalReason>)]
        reason: Option<WithdrawalReason>,
        /// What happened.
        #[arg(long, value_name = "TEXT", requires = "reason")]
        words: Option<String>,
    },
    /// Adds a photo: of the door, of the work, never of a person (clauses 3.3, 5.2).
    Photo {
        /// The visit's id, as `visits` prints it.
        visit: VisitId,
        /// What it shows.
        #[arg(long, value_parser = named::<PhotoPurpose>)]
        purpose: PhotoPurpose,
        /// A JPEG or PNG file. Only the picture is kept, made smaller: no place and no names.
        file: PathBuf,
    },
    /// Strikes out a record that was a mistake. It stays visible.
    Correct {
        /// The id of the record, which `visit show --json` prints.
        record: RecordId,
        /// Why it was a mistake.
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
    /// Starts the visit of an appointment.
    Start {
        /// The appointment's reference.
        #[arg(long, value_name = "REF")]
        appointment: AppointmentRef,
    },
    /// Shows a visit: its steps, how it went, and where its records are.
    Show {
        /// The visit's id, as `visits` prints it.
        visit: VisitId,
    },
    /// Raises a concern.
    Flag {
        /// The visit's id, as `visits` prints it.
        visit: VisitId,
        /// What it is about.
        #[arg(long, value_parser = named::<ConcernKind>)]
        kind: ConcernKind,
        /// What was seen and heard.
        #[arg(long, value_name = "TEXT")]
        note: String,
    },
    #[command(flatten)]
    Say(SayArguments),
}
