//! The pages of the console that `show` prints.

use clap::{Args, Subcommand};
use doorstep_council::desk::cases::CaseId;
use doorstep_domain::{DeviceId, Uprn, VisitId};

/// A page of the console.
#[derive(Subcommand)]
pub(crate) enum PageCommand {
    /// The council's day.
    Today,
    /// The list of visits.
    Visits(Filters),
    /// One visit, with its appointment and its photos.
    Visit {
        /// The visit's id.
        visit: VisitId,
    },
    /// Homes where nobody got in.
    NoAccess(Filters),
    /// The evidence about a home where nobody got in.
    Evidence {
        /// The home's UPRN.
        #[arg(value_parser = |text: &str| Uprn::try_from(text.to_owned()))]
        uprn: Uprn,
    },
    /// How many visits ended how, and why entry was refused.
    Reports(Filters),
    /// Concerns that are not safeguarding notes.
    Concerns(Filters),
    /// The queue of cases.
    Cases(Filters),
    /// One case, with its log.
    Case {
        /// The case's id.
        case: CaseId,
    },
    /// The list of appointments.
    Appointments(Filters),
    /// The list of phones, with what they have not sent and what was set aside.
    Phones(Filters),
    /// What was set aside, and what phones leave open.
    SetAside,
    /// Changes to accounts that wait until somebody agrees.
    Accounts,
    /// The records of one phone that were set aside.
    SetAsideOf {
        /// The phone's id, from `phones`.
        device: DeviceId,
    },
    /// The list of people.
    People(Filters),
    /// Who has signed the Code, and who has not.
    Register(Filters),
    /// The versions of the Code.
    Codes,
    /// The numbers that the council owns.
    Numbers,
    /// What the columns of the exported tables mean.
    Dictionary,
    /// The names of all organisations.
    Organisations,
    /// The audit log.
    Audit(Filters),
    /// Whether the audit log is whole. `--filter link=...` looks for a fingerprint that was mailed.
    AuditLinks(Filters),
}

/// The filters of a list.
#[derive(Args)]
pub(crate) struct Filters {
    /// A filter, as the address of the console's page has it, such as `organisation=Brightwork`.
    /// Can be given several times. `after` gives the next page.
    #[arg(long = "filter", value_name = "NAME=VALUE", value_parser = filter)]
    pub(crate) filters: Vec<(String, String)>,
}

fn filter(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("is not a filter. Write it like organisation=Brightwork")?;
    Ok((name.to_owned(), value.to_owned()))
}
