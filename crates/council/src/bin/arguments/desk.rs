//! What can be done at the desk, by hand: the same deeds as in the console.

use clap::Subcommand;
use doorstep_council::desk::appointments::AppointmentChange;
use doorstep_council::desk::people::PersonChange;
use doorstep_domain::conduct::{CaseDeed, CaseOutcome, CaseStep};

use super::stable;

/// What is done about a case.
#[derive(Subcommand)]
pub(crate) enum CaseCommand {
    /// Shows it: what is due, what is left to do, and what was done.
    Show,
    /// Gives it to one of the council's supervisors.
    Assign {
        /// Their user name.
        #[arg(long)]
        owner: String,
    },
    /// Writes something down.
    Note {
        /// What.
        #[arg(long)]
        words: String,
    },
    /// Says that a step was done.
    Done {
        /// Which.
        #[arg(long, value_parser = stable::<CaseStep>())]
        step: CaseStep,
        /// How, in words.
        #[arg(long)]
        words: String,
    },
    /// Closes it.
    Close {
        /// What came of it.
        #[arg(long, value_parser = stable::<CaseOutcome>())]
        outcome: CaseOutcome,
        /// Why, in words.
        #[arg(long)]
        words: String,
    },
    /// Opens it again.
    Reopen {
        /// Why, in words.
        #[arg(long)]
        words: String,
    },
    /// Begins the second stage of a complaint. Clause 8.1.
    Escalate {
        /// What the tenant says.
        #[arg(long)]
        words: String,
    },
}

impl CaseCommand {
    /// What is done; `None` where it is only shown.
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

/// What is changed about an appointment.
#[derive(Subcommand)]
pub(crate) enum AppointmentCommand {
    /// Gives it to somebody else.
    Reassign {
        /// Their user name.
        #[arg(long)]
        user: String,
    },
    /// Calls it off. Telling the tenant is clause 3.2's.
    Cancel {
        /// Why, in words.
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

/// What is changed about a person. A password is set by `set-password`, which reads it from a file.
#[derive(Clone, Copy, Subcommand)]
pub(crate) enum PersonCommand {
    /// They left: they sign in no more, and their phones are revoked.
    Leave,
    /// They are back.
    Return,
    /// Ends their sessions.
    EndSessions,
    /// They lost their authenticator: they set up another at their next sign-in.
    ForgetSecondFactor,
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
