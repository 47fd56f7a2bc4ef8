//! Commands that decide about what phones say.

use clap::Subcommand;
use doorstep_council::desk::set_aside::{AsideDeed, Matter};
use doorstep_council::desk::visits::VisitDecision;
use doorstep_domain::ledger::Hash;
use doorstep_domain::{DeviceId, VisitId};

use super::{Data, stable};

/// A decision about what a phone says. Each is written to the audit log, with its reason.
#[derive(Subcommand)]
pub(crate) enum DecidingCommand {
    /// Decides about the home or the times of a visit, as a supervisor does in the console.
    DecideVisit {
        #[command(flatten)]
        data: Data,
        /// The visit's id.
        visit: VisitId,
        /// The decision.
        #[arg(long, value_parser = stable::<VisitDecision>())]
        decision: VisitDecision,
        /// The reason, in up to 500 characters.
        #[arg(long)]
        because: String,
    },
    /// Agrees to a change to an account that waits, or refuses it. On the council's own machine it
    /// is made at once, and leads and administrators are told.
    DecideAccount {
        #[command(flatten)]
        data: Data,
        /// The change, as `doorstep-council show accounts` prints it.
        change: Hash,
        /// Drop the change instead.
        #[arg(long)]
        refuse: bool,
    },
    /// Judges records of a phone again that were set aside, releases them, or puts them to rest.
    DecideSetAside {
        #[command(flatten)]
        data: Data,
        /// The phone's id, as `doorstep-council show set-aside` prints it.
        device: DeviceId,
        /// What is done.
        #[arg(long, value_parser = stable::<AsideDeed>())]
        deed: AsideDeed,
        /// The hash of a record, as `doorstep-council show set-aside-of` prints it. Can be given
        /// several times.
        #[arg(long = "record", value_name = "HASH", required = true)]
        records: Vec<String>,
        /// The reason, in up to 500 characters.
        #[arg(long)]
        because: String,
    },
    /// Puts something about a phone to rest, such as records that it will never send. What comes
    /// later shows again.
    PutToRest {
        #[command(flatten)]
        data: Data,
        /// The phone's id, as `doorstep-council show set-aside` prints it.
        device: DeviceId,
        /// What is put to rest.
        #[arg(long, value_parser = stable::<Matter>())]
        matter: Matter,
        /// The chain, where it is about one.
        #[arg(long)]
        chain: Option<String>,
        /// Up to which record (`last`) or time (`up_to`), as `show set-aside` prints it.
        #[arg(long)]
        up_to: i64,
        /// The reason, in up to 500 characters.
        #[arg(long)]
        because: String,
    },
}
