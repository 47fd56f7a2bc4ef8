//! The commands and options of the command line. Scripts rely on them, so a released one stays.

mod say;
mod visit;

use std::path::PathBuf;
use std::str::FromStr;

use chrono::{DateTime, Utc};
use clap::{Args, Parser, Subcommand, ValueEnum};
use doorstep_domain::conduct::{About, ConcernKind, Hazard, Severity};
use doorstep_domain::{AppointmentRef, VisitId};
use serde::de::DeserializeOwned;
use serde::de::value::{Error, StrDeserializer};

pub(crate) use say::{LeaveOutcome, SayArguments, StepSaid};
pub(crate) use visit::VisitArguments;

/// Reads a value by its stable name, written with hyphens or underscores.
fn named<T: DeserializeOwned>(word: &str) -> Result<T, String> {
    let name = word.replace('-', "_");
    let known: Result<T, Error> = T::deserialize(StrDeserializer::new(&name));
    known.map_err(|error| error.to_string().replace('_', "-"))
}

/// Reads a date or a time.
fn dated<T: FromStr>(text: &str) -> Result<T, String> {
    text.parse().map_err(|_| "write it like 2026-11-24, or like 2026-11-24T10:02:00Z".to_owned())
}

/// Doorstep without a window: work with the visits on this device, and send them to the council.
#[derive(Parser)]
#[command(version)]
pub(crate) struct Arguments {
    /// The folder that holds this device's visits.
    #[arg(long, value_name = "DIR", global = true, default_value = "doorstep-store")]
    pub(crate) store: PathBuf,
    /// Keep the keys in this file, encrypted with the passphrase. For machines without a key store.
    #[arg(long, value_name = "FILE", global = true, requires = "passphrase_file")]
    pub(crate) key_file: Option<PathBuf>,
    /// A file with the passphrase of the key file.
    #[arg(long, value_name = "FILE", global = true, requires = "key_file")]
    pub(crate) passphrase_file: Option<PathBuf>,
    /// Print JSON, for scripts.
    #[arg(long, global = true)]
    pub(crate) json: bool,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Enrols this device with a one-time code from the council.
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
    },
    /// Lists the appointments on this device.
    Appointments,
    /// Lists open visits and those of the last days (30, unless the council has changed that).
    Visits,
    /// Records what happens in a visit, or shows it.
    #[command(subcommand)]
    Visit(VisitArguments),
    /// Raises a concern that belongs to no visit (clauses 5.3, 6.1, 6.2, 7, 8.1, 8.2).
    Concern {
        #[command(flatten)]
        concern: ConcernArguments,
    },
    /// Shows what is still owed to tenants.
    ToDo,
    /// Shows or searches the Code of conduct.
    #[command(subcommand)]
    Code(Code),
    /// Signs the Code that is in force (clause 9, Acknowledgement).
    Acknowledge {
        /// The name, typed as a signature.
        #[arg(long, value_name = "NAME")]
        name: String,
    },
    /// Shows what waits to be sent.
    Outbox,
    /// Sends what waits, and asks the council for changes.
    Sync {
        /// Send photos too, even if they are set to wait for Wi-Fi.
        #[arg(long)]
        photos_now: bool,
    },
    /// Sets on which network photos are sent. Records are sent on any network.
    Photos {
        /// The network. This program does not know what a network costs. So with `wifi-only`,
        /// photos wait until you run `sync --photos-now`.
        #[arg(long, value_name = "NETWORK")]
        over: PhotosOver,
    },
    /// Shows the state of this device.
    Status,
    /// Checks the whole chain on this device. If it does not hold, shows the first fault and exits
    /// with code 1.
    Verify,
    /// Moves visits that do not open into a folder of their own, unchanged. Then you can enrol this
    /// device again.
    SetAside,
    /// Opens what a store had to send that does not open any more, for a person to read. Changes
    /// nothing in it.
    Salvage {
        /// The folder that holds the journal: one of visits, or one that was set aside. Or a file
        /// that a phone sent to its council: `doorstep-council sealed-files`. Without it, the
        /// folder of --store.
        folder: Option<PathBuf>,
        /// A file with the secret half of the council's recovery key. Without it, the phone's own
        /// keys are used.
        #[arg(long, value_name = "FILE")]
        recovery_key: Option<PathBuf>,
        /// The folder to write the visits, photos and sealed notes to. It must not exist.
        #[arg(long, value_name = "DIR")]
        out: PathBuf,
    },
}

/// The network on which photos are sent.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum PhotosOver {
    /// Any network, even one that charges for data.
    AnyNetwork,
    /// Only a network that does not charge for data, such as Wi-Fi.
    WifiOnly,
}

#[derive(Subcommand)]
pub(crate) enum Code {
    /// Shows the Code, or one clause of it.
    Show {
        /// The clause, such as 3.1.
        clause: Option<String>,
    },
    /// Searches the Code for words.
    Search {
        /// The words to search for. Shows the sections that hold all of them.
        words: String,
    },
}

/// Which visit: by its own id, or by its appointment. Opens the appointment's visit if none is
/// open.
#[derive(Args)]
#[group(required = true, multiple = false)]
pub(crate) struct VisitChoice {
    /// The visit's id, as `visits` prints it. Leave it out to name the appointment instead.
    pub(crate) visit: Option<VisitId>,
    /// The appointment's reference.
    #[arg(long, value_name = "REF")]
    pub(crate) appointment: Option<AppointmentRef>,
}

/// A concern. Everybody who can see the visit can read its words, unless it is about safeguarding,
/// which is sealed, or a breach, which the visitor's own firm never sees.
#[derive(Args)]
pub(crate) struct ConcernArguments {
    /// What it is about.
    #[arg(long, value_parser = named::<ConcernKind>)]
    pub(crate) kind: ConcernKind,
    /// What was seen, heard or said.
    #[arg(long, value_name = "TEXT")]
    pub(crate) words: String,
    /// When it was said or seen, if not now: 2026-11-24T10:02:00Z. Legal clocks run from then.
    #[arg(long, value_name = "TIME", value_parser = dated::<DateTime<Utc>>)]
    pub(crate) noticed_at: Option<DateTime<Utc>>,
    /// What is not safe.
    #[arg(long, default_value = "other", value_parser = named::<Hazard>)]
    pub(crate) hazard: Hazard,
    /// How serious it is.
    #[arg(long, default_value = "significant", value_parser = named::<Severity>)]
    pub(crate) severity: Severity,
    /// Somebody was hurt.
    #[arg(long)]
    pub(crate) injured: bool,
    /// The police's reference, if they have given one. For aggression only.
    #[arg(long, value_name = "TEXT")]
    pub(crate) police_reference: Option<String>,
    /// What was put right at once.
    #[arg(long, value_name = "TEXT")]
    pub(crate) put_right: Option<String>,
    /// The tenant was told that a complaint is raised and that an investigating officer will be in
    /// touch.
    #[arg(long)]
    pub(crate) told_of_process: bool,
    /// The gift was taken.
    #[arg(long)]
    pub(crate) accepted: bool,
}

impl ConcernArguments {
    /// A concern with nothing but its words.
    pub(crate) fn of_words(kind: ConcernKind, words: String) -> Self {
        Self {
            kind,
            words,
            noticed_at: None,
            hazard: Hazard::Other,
            severity: Severity::Significant,
            injured: false,
            police_reference: None,
            put_right: None,
            told_of_process: false,
            accepted: false,
        }
    }

    /// What a concern that is not sealed says besides its words; `None` for a safeguarding note.
    pub(crate) fn about(&self) -> Option<About> {
        Some(match self.kind {
            ConcernKind::Safeguarding => return None,
            ConcernKind::UnsafeCondition => About::UnsafeCondition { hazard: self.hazard, severity: self.severity },
            ConcernKind::Aggression => {
                About::Aggression { injured: self.injured, police_reference: self.police_reference.clone() }
            }
            ConcernKind::Complaint => {
                About::Complaint { put_right: self.put_right.clone(), told_of_process: self.told_of_process }
            }
            ConcernKind::Breach => About::Breach,
            ConcernKind::Gift => About::Gift { accepted: self.accepted },
            ConcernKind::Conflict => About::Conflict,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_read_with_hyphens_or_underscores_and_an_unknown_one_names_those_that_there_are() {
        assert_eq!(named::<Hazard>("damp-and-mould"), Ok(Hazard::DampAndMould));
        assert_eq!(named::<Hazard>("damp_and_mould"), Ok(Hazard::DampAndMould));
        let error = named::<Severity>("bad").unwrap_err();
        assert!(error.contains("emergency") && error.contains("minor"), "{error}");
    }

    #[test]
    fn the_words_are_whole() {
        use clap::CommandFactory;
        Arguments::command().debug_assert();
    }
}
