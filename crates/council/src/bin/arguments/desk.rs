//! Commands for what people do at the desk. They do the same as the console.

use clap::Subcommand;
use doorstep_council::desk::appointments::AppointmentChange;
use doorstep_council::desk::people::PersonChange;
use doorstep_domain::conduct::{CaseDeed, CaseOutcome, CaseStep};

use super::stable;

/// What is done about a case.
#[derive(Subcommand)]
pub(crate) enum CaseCommand {
    /// Shows the case: what is due, what is left to do, and what was done.
    Show,
    /// Gives the case to one of the council's supervisors.
    Assign {
        /// The supervisor's user name.
        #[arg(long)]
        owner: String,
    },
    /// Adds a note to the case.
    Note {
        /// The text of the note.
        #[arg(long)]
        words: String,
    },
    /// Marks a step of the case as done.
    Done {
        /// The step that was done.
        #[arg(long, value_parser = stable::<CaseStep>())]
        step: CaseStep,
        /// How it was done, in words.
        #[arg(long)]
        words: String,
    },
    /// Closes the case. It must be open, and can be opened again later.
    Close {
        /// How the case ended. Each kind of case allows only some of the outcomes.
        #[arg(long, value_parser = stable::<CaseOutcome>())]
        outcome: CaseOutcome,
        /// The reason, in words.
        #[arg(long)]
        words: String,
    },
    /// Opens the case again.
    Reopen {
        /// The reason, in words.
        #[arg(long)]
        words: String,
    },
    /// Opens a case for the second stage of a complaint. Clause 8.1.
    Escalate {
        /// Why the tenant is not satisfied, in words.
        #[arg(long)]
        words: String,
    },
}

impl CaseCommand {
    /// The deed to do. `None` when the case is only shown.
    pub(crate) fn deed(self) -> Option<CaseDeed> {
        Some(match self {
            Self::Show => return None,
            Self::Assign { owner } => CaseDeed::Assign { owner },
            Self::Note { words } => CaseDeed::Note { words },
            Self::Done { step, words } => CaseDeed::Done { step, words },
            Self::Close { outcome, words } => CaseDeed::Close { outcome, words },
            Self::Reopen { words } => CaseDeed::Reopen { words },
            Self::Escalate { words } => CaseDeed::Escalate { words },
        })
    }
}

/// A change to an appointment.
#[derive(Subcommand)]
pub(crate) enum AppointmentCommand {
    /// Gives the appointment to another visitor.
    Reassign {
        /// The visitor's user name.
        #[arg(long)]
        user: String,
    },
    /// Calls the appointment off. This does not tell the tenant, which clause 3.2 asks for.
    Cancel {
        /// The reason, in up to 500 characters.
        #[arg(long)]
        because: String,
    },
}

impl From<AppointmentCommand> for AppointmentChange {
    fn from(command: AppointmentCommand) -> Self {
        match command {
            AppointmentCommand::Reassign { user } => Self::Reassign { user },
            AppointmentCommand::Cancel { because } => Self::Cancel { because },
        }
    }
}

/// A change to a person. To set a password, use `set-password`, which reads it from a file.
#[derive(Clone, Copy, Subcommand)]
pub(crate) enum PersonCommand {
    /// Marks the person as having left. They can't sign in any more, and their phones are revoked.
    Leave,
    /// Marks the person as being back. They can sign in again, but their phones stay revoked.
    Return,
    /// Ends all the person's sessions.
    EndSessions,
    /// Forgets the authenticator of a person who lost it. They set up a new one the next time they
    /// sign in.
    ForgetSecondFactor,
}

/// What an organisation is.
#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum OrganisationIs {
    /// The council itself.
    Council,
    /// A firm.
    Contractor,
}

impl From<PersonCommand> for PersonChange {
    fn from(command: PersonCommand) -> Self {
        match command {
            PersonCommand::Leave => Self::Leave,
            PersonCommand::Return => Self::Return,
            PersonCommand::EndSessions => Self::EndSessions,
            PersonCommand::ForgetSecondFactor => Self::ForgetSecondFactor,
        }
    }
}
