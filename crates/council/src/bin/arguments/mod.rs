//! The arguments of the command line. An argument that can also come from the environment is a
//! setting, and can be in the settings file under the same name: see `configuration.rs`.

mod deciding;
pub(crate) mod desk;
pub(crate) mod records;
mod rows;
mod serving;
pub(crate) mod show;

use std::path::PathBuf;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, Parser, Subcommand, ValueEnum};
use doorstep_council::desk::cases::CaseId;
use doorstep_council::export::ExportTable;
use doorstep_council::{DatabaseAt, PhotosAt, Scope};
use doorstep_domain::ledger::Hash;
use doorstep_domain::{AppointmentRef, DeviceId, StableName, VisitId};

pub(crate) use self::deciding::DecidingCommand;
pub(crate) use self::records::{RecordsCommand, Subject};
pub(crate) use self::rows::RowsToTake;
pub(crate) use self::serving::ServeSettings;

/// The council's service for Doorstep: receives visit records, stores them, shows and exports them.
#[derive(Parser)]
#[command(version, args_override_self = true)]
pub(crate) struct Arguments {
    /// A file of settings, TOML. The command line and the environment override it.
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// The format of the log on standard error. The log holds ids, never a name or an address.
    #[arg(long, global = true, default_value = "text", env = "DOORSTEP_LOG")]
    pub(crate) log: Log,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum Log {
    Text,
    Json,
}

#[derive(Args)]
pub(crate) struct Data {
    /// The folder with the council's keys, its photos and, unless --database is given, its
    /// database.
    #[arg(long, value_name = "DIR", env = "DOORSTEP_DATA")]
    pub(crate) data: PathBuf,
    /// The address of a PostgreSQL database, `postgres://user:password@host/name`. If it is on
    /// another machine, the address must ask for TLS, with `?sslmode=require`.
    #[arg(long, value_name = "URL", env = "DOORSTEP_DATABASE", hide_env_values = true)]
    pub(crate) database: Option<String>,
    /// Where photos are, if not in the data folder:
    /// `s3://bucket/prefix?endpoint=https://host&region=name`. The key for the bucket comes from
    /// `AWS_ACCESS_KEY_ID` and `AWS_SECRET_ACCESS_KEY`.
    #[arg(long, value_name = "URL", env = "DOORSTEP_PHOTOS")]
    pub(crate) photos: Option<String>,
}

impl Data {
    pub(crate) fn photos(&self) -> PhotosAt {
        self.photos.clone().map_or(PhotosAt::InTheDataFolder, PhotosAt::Bucket)
    }

    pub(crate) fn database(&self) -> DatabaseAt {
        self.database.clone().map_or(DatabaseAt::InTheDataFolder, DatabaseAt::Server)
    }
}

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Makes a council: its keys, its database, its first administrator.
    Init {
        #[command(flatten)]
        data: Data,
        /// The council's name, as people know it.
        #[arg(long)]
        name: String,
        /// The user name of the first administrator.
        #[arg(long)]
        admin_user: String,
        /// A file with the administrator's password, 12 characters or more.
        #[arg(long, value_name = "FILE")]
        admin_password_file: PathBuf,
    },
    /// Imports organisations and people. If a row has a fault, nothing is imported.
    ImportPeople {
        #[command(flatten)]
        data: Data,
        /// Only look through the table for faults, and import nothing.
        #[arg(long)]
        only_look: bool,
        /// The table, CSV in UTF-8.
        file: PathBuf,
        /// Print the result as JSON.
        #[arg(long)]
        json: bool,
    },
    /// Imports appointments. Names the row and column of each fault. If there is a fault, nothing
    /// is imported, unless --only-good is given.
    ImportAppointments {
        #[command(flatten)]
        data: Data,
        /// Import the good rows and leave out the others.
        #[arg(long, conflicts_with = "only_look")]
        only_good: bool,
        /// Only look through the table for faults, and import nothing.
        #[arg(long)]
        only_look: bool,
        /// Print the result as JSON.
        #[arg(long)]
        json: bool,
        /// The table, CSV in UTF-8.
        file: PathBuf,
    },
    /// Sets the password of somebody who uses the console.
    SetPassword {
        #[command(flatten)]
        data: Data,
        /// The user name.
        #[arg(long)]
        user: String,
        /// A file with the password, 12 characters or more.
        #[arg(long, value_name = "FILE")]
        password_file: PathBuf,
        /// They choose their own at their next sign-in.
        #[arg(long)]
        temporary: bool,
    },
    /// Makes an organisation the council's own, or a firm. Its people then have other roles, and
    /// their sessions end.
    Organisation {
        #[command(flatten)]
        data: Data,
        /// The organisation's name.
        name: String,
        /// What it is: `council` or `contractor`, as in the table of people.
        kind: desk::OrganisationIs,
    },
    /// Prints a one-time code and its QR code, to enrol one phone within 10 minutes.
    Enrol {
        #[command(flatten)]
        data: Data,
        /// The user name of the person whose phone it will be.
        #[arg(long)]
        user: String,
        /// The address at which phones reach this council, to put into the QR code.
        #[arg(long, value_name = "URL")]
        server: Option<String>,
        /// Also write the QR code to this file, as SVG.
        #[arg(long, value_name = "FILE")]
        qr: Option<PathBuf>,
        /// Print the code as JSON.
        #[arg(long)]
        json: bool,
    },
    /// Prints a token for another system. An earlier token of the same name stops working.
    ApiToken {
        #[command(flatten)]
        data: Data,
        /// The system's name, for the audit log.
        #[arg(long)]
        name: String,
        /// What the token allows: adding appointments, reading metrics, reading all visits as a
        /// feed, or saying that a backup was restored in a drill.
        #[arg(long, required = true, value_delimiter = ',', value_parser = stable::<Scope>())]
        may: Vec<Scope>,
    },
    /// Ends the use of another system's token.
    RevokeToken {
        #[command(flatten)]
        data: Data,
        /// The system's name.
        #[arg(long)]
        name: String,
    },
    /// Runs the service and the console until it is stopped.
    Serve {
        #[command(flatten)]
        data: Data,
        #[command(flatten)]
        settings: Box<ServeSettings>,
        /// Check the settings and the files that they name, say what is wrong, and stop.
        #[arg(long)]
        check_config: bool,
    },
    /// Publishes a version of the Code of conduct: a text with numbered clauses. All visitors are
    /// asked to sign it.
    PublishCode {
        #[command(flatten)]
        data: Data,
        /// The version's name. Without it, the file's name is used.
        #[arg(long, value_name = "TEXT")]
        label: Option<String>,
        /// The first day on which it binds, such as 2025-06-02. Without it, today.
        #[arg(long, value_name = "DATE", value_parser = date)]
        from: Option<chrono::NaiveDate>,
        /// Print the result as JSON.
        #[arg(long)]
        json: bool,
        /// The text, UTF-8.
        file: PathBuf,
    },
    /// Does something about a case, as the console does: `case ID close --outcome upheld --words
    /// "Boiler replaced"`.
    Case {
        #[command(flatten)]
        data: Data,
        /// The case's id, as exports and the console's address bar have it.
        case: CaseId,
        #[command(subcommand)]
        deed: desk::CaseCommand,
    },
    /// Gives an appointment to another visitor, or calls it off. Phones learn of it at their next
    /// contact.
    Appointment {
        #[command(flatten)]
        data: Data,
        /// The appointment's reference in the housing system.
        reference: AppointmentRef,
        #[command(subcommand)]
        change: desk::AppointmentCommand,
    },
    /// Changes something about a person: whether they have left, their sessions or their
    /// authenticator.
    Person {
        #[command(flatten)]
        data: Data,
        /// The user name.
        user: String,
        #[command(subcommand)]
        change: desk::PersonCommand,
    },
    /// Prints what a page of the console shows, as JSON. Opening one visit, case or home is written
    /// to the audit log, as in the console; lists are not.
    Show {
        #[command(flatten)]
        data: Data,
        #[command(subcommand)]
        page: show::PageCommand,
    },
    /// Writes a photo of a visit to a file.
    SavePhoto {
        #[command(flatten)]
        data: Data,
        /// The visit's id.
        visit: VisitId,
        /// The photo's SHA-256, as `doorstep-council show visit` prints it.
        sha256: Hash,
        /// The file to write.
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
    },
    /// Lists the phones: whose each is, its id, when it was last heard from, and whether it is
    /// revoked.
    Phones {
        #[command(flatten)]
        data: Data,
        /// Only phones of people whose name or user name contains these words.
        #[arg(long, value_name = "WORDS")]
        search: Option<String>,
        /// Print them as JSON.
        #[arg(long)]
        json: bool,
    },
    /// Revokes a phone that is lost. It can still send what it holds, but gets no more data.
    RevokePhone {
        #[command(flatten)]
        data: Data,
        /// The phone's id, as `doorstep-council phones` prints it.
        device: DeviceId,
    },
    /// Takes back a value of a number, if its first day is after today.
    WithdrawNumber {
        #[command(flatten)]
        data: Data,
        /// The number's stable name, such as `attempts_before_letter`.
        #[arg(long)]
        name: String,
        /// The first day of the value, such as 2026-12-01.
        #[arg(long, value_name = "DATE", value_parser = date)]
        from: chrono::NaiveDate,
    },
    /// Enters a new value for a number that the council owns, from a day after today, as on the
    /// Numbers page of the console.
    EnterNumber {
        #[command(flatten)]
        data: Data,
        /// The number, by its stable name, such as `attempts_before_letter` or
        /// `complaint.acknowledge`.
        name: String,
        /// The value, in the number's own unit.
        value: u32,
        /// The first day on which the value applies, such as 2026-12-01.
        #[arg(long, value_name = "DATE", value_parser = date)]
        from: chrono::NaiveDate,
        /// Where the value comes from, such as a decision, a law or a clause.
        #[arg(long, value_name = "TEXT")]
        source: String,
    },
    #[command(flatten)]
    Deciding(DecidingCommand),
    #[command(flatten)]
    Records(RecordsCommand),
    /// Exports a table to a file: all rows, or those that you choose.
    Export {
        #[command(flatten)]
        data: Data,
        /// The table to export.
        #[arg(long, value_parser = stable::<ExportTable>())]
        what: ExportTable,
        /// The format of the file.
        #[arg(long, default_value = "csv")]
        format: Form,
        /// Begin a CSV file with a byte order mark, for Excel.
        #[arg(long)]
        excel: bool,
        #[command(flatten)]
        rows: Box<RowsToTake>,
        /// The file to write.
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
    },
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Switch {
    On,
    Off,
}

#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum Form {
    Csv,
    Xlsx,
    Jsonl,
}

/// Reads a stable name. The help text lists the possible ones.
fn stable<T: StableName + Send + Sync + 'static>() -> impl TypedValueParser<Value = T> {
    PossibleValuesParser::new(T::all().map(StableName::name))
        .try_map(|name| T::from_name(&name).ok_or_else(|| format!("{name} is none of them")))
}

/// Reads a date.
pub(crate) fn date(text: &str) -> Result<chrono::NaiveDate, String> {
    text.parse().map_err(|_| "is not a date. Write it like 2026-11-24".to_owned())
}
