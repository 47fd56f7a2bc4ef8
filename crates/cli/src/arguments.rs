//! The words of the command line. Scripts rely on them: a word that was released stays.

use std::path::PathBuf;

use clap::{Parser, Subcommand, ValueEnum};
use doorstep_domain::conduct::{ConsentBy, LawfulGround, RefusalReason, Step};
use doorstep_domain::{AppointmentRef, VisitId};

/// Doorstep without a window: the visits on this device, and sending them to the council.
#[derive(Parser)]
#[command(version)]
pub(crate) struct Arguments {
    /// The folder that holds this device's visits.
    #[arg(long, value_name = "DIR", global = true, default_value = "doorstep-store")]
    pub(crate) store: PathBuf,
    /// Where this machine has no key store: keep the keys in this file, under the passphrase.
    #[arg(long, value_name = "FILE", global = true, requires = "passphrase_file")]
    pub(crate) key_file: Option<PathBuf>,
    /// A file with the passphrase of the key file.
    #[arg(long, value_name = "FILE", global = true, requires = "key_file")]
    pub(crate) passphrase_file: Option<PathBuf>,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Enrols this device by a one-time code from the council.
    Enrol {
        /// The council's address.
        #[arg(long, value_name = "URL")]
        server: String,
        /// The one-time code.
        #[arg(long)]
        code: String,
        /// What the council calls this device.
        #[arg(long, default_value = "command line")]
        device_name: String,
        /// Print the result as JSON.
        #[arg(long)]
        json: bool,
    },
    /// Lists the appointments on this device.
    Appointments {
        /// Print them as JSON.
        #[arg(long)]
        json: bool,
    },
    /// Lists the visits of the last 30 days.
    Visits {
        /// Print them as JSON.
        #[arg(long)]
        json: bool,
    },
    /// Works a visit.
    #[command(subcommand)]
    Visit(Visiting),
    /// Shows what waits to be sent.
    Outbox {
        /// Print it as JSON.
        #[arg(long)]
        json: bool,
    },
    /// Sends what waits, and asks the council for changes.
    Sync {
        /// Print the result as JSON.
        #[arg(long)]
        json: bool,
    },
    /// Says how this device stands.
    Status {
        /// Print it as JSON.
        #[arg(long)]
        json: bool,
    },
    /// Checks the whole local chain; exit code 1 and the first fault if it does not hold.
    Verify {
        /// Print the result as JSON.
        #[arg(long)]
        json: bool,
    },
    /// Moves visits that will not open into a folder of their own, whole, so that the device can be enrolled afresh.
    SetAside,
}

#[derive(Subcommand)]
pub(crate) enum Visiting {
    /// Starts the visit of an appointment.
    Start {
        /// The appointment's reference.
        #[arg(long, value_name = "REF")]
        appointment: AppointmentRef,
        /// Print the visit as JSON.
        #[arg(long)]
        json: bool,
    },
    /// Shows a visit.
    Show {
        /// The visit.
        visit: VisitId,
        /// Print it as JSON.
        #[arg(long)]
        json: bool,
    },
    /// Records a step of the arrival checklist.
    Step {
        /// The visit.
        visit: VisitId,
        /// The step.
        step: StepName,
        /// What is said of it.
        said: StepSaid,
        /// Why, when it was not done.
        #[arg(long, value_name = "TEXT")]
        reason: Option<String>,
        /// Print the visit as JSON.
        #[arg(long)]
        json: bool,
    },
    /// Goes in, with consent or on a lawful basis (clause 3.1).
    Enter {
        /// The visit.
        visit: VisitId,
        /// Who gave consent to enter.
        #[arg(long, conflicts_with = "lawful")]
        consent_by: Option<ConsentName>,
        /// What allows entry without consent.
        #[arg(long, value_name = "BASIS")]
        lawful: Option<LawfulName>,
        /// Who authorised a lawful entry.
        #[arg(long, value_name = "NAME")]
        authorised_by: Option<String>,
        /// The number of the warrant, order or job.
        #[arg(long, value_name = "TEXT")]
        reference: Option<String>,
        /// Steps of clause 3.2 were left out: say why. It is recorded as a breach.
        #[arg(long, value_name = "TEXT")]
        admit_breach: Option<String>,
        /// Print the visit as JSON.
        #[arg(long)]
        json: bool,
    },
    /// The tenant refused entry.
    Refuse {
        /// The visit.
        visit: VisitId,
        /// Why.
        #[arg(long)]
        reason: ReasonName,
        /// The tenant's own words.
        #[arg(long, value_name = "TEXT")]
        words: Option<String>,
        /// Print the visit as JSON.
        #[arg(long)]
        json: bool,
    },
    /// Nobody answered the door.
    NoAnswer {
        /// The visit.
        visit: VisitId,
        /// Print the visit as JSON.
        #[arg(long)]
        json: bool,
    },
    /// Raises a concern.
    Flag {
        /// The visit.
        visit: VisitId,
        /// What it is about.
        #[arg(long)]
        kind: FlagKind,
        /// What was seen and heard.
        #[arg(long, value_name = "TEXT")]
        note: String,
        /// Print the result as JSON.
        #[arg(long)]
        json: bool,
    },
    /// Leaves.
    Leave {
        /// The visit.
        visit: VisitId,
        /// What came of it.
        #[arg(long)]
        outcome: LeaveOutcome,
        /// Print the visit as JSON.
        #[arg(long)]
        json: bool,
    },
}

#[derive(Clone, Copy, ValueEnum)]
#[value(rename_all = "snake_case")]
pub(crate) enum StepName {
    IdWorn,
    Introduced,
    ReasonStated,
    IdShown,
    AdultPresent,
    ShoeCovers,
}

#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum StepSaid {
    Done,
    NotDone,
    NotApplicable,
}

#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum ConsentName {
    Tenant,
    HouseholdAdult,
    TrustedAdult,
}

#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum LawfulName {
    EmergencyRepair,
    Warrant,
    CourtOrder,
    Other,
}

#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum ReasonName {
    SupportNeeds,
    NoSuitableAdult,
    NoIdentification,
    Other,
}

#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum FlagKind {
    Safeguarding,
}

#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum LeaveOutcome {
    Completed,
    FurtherVisitNeeded,
}

macro_rules! names {
    ($($from:ident => $to:ident { $($name:ident),* })*) => {
        $(impl From<$from> for $to {
            fn from(name: $from) -> Self {
                match name { $($from::$name => Self::$name),* }
            }
        })*
    };
}

names! {
    StepName => Step { IdWorn, Introduced, ReasonStated, IdShown, AdultPresent, ShoeCovers }
    ConsentName => ConsentBy { Tenant, HouseholdAdult, TrustedAdult }
    LawfulName => LawfulGround { EmergencyRepair, Warrant, CourtOrder, Other }
    ReasonName => RefusalReason { SupportNeeds, NoSuitableAdult, NoIdentification, Other }
}

impl Command {
    /// Whether a script is listening.
    pub(crate) fn wants_json(&self) -> bool {
        match self {
            Self::Enrol { json, .. }
            | Self::Appointments { json }
            | Self::Visits { json }
            | Self::Outbox { json }
            | Self::Sync { json }
            | Self::Status { json }
            | Self::Verify { json }
            | Self::Visit(
                Visiting::Start { json, .. }
                | Visiting::Show { json, .. }
                | Visiting::Step { json, .. }
                | Visiting::Enter { json, .. }
                | Visiting::Refuse { json, .. }
                | Visiting::NoAnswer { json, .. }
                | Visiting::Flag { json, .. }
                | Visiting::Leave { json, .. },
            ) => *json,
            Self::SetAside => false,
        }
    }
}
