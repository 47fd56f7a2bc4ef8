//! The words of the command line. A word that the environment can say too is a setting, and can
//! stand in the file of settings by the same name: see `configuration.rs`.

pub(crate) mod desk;
mod rows;
mod serving;

use std::path::PathBuf;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, Parser, Subcommand, ValueEnum};
use doorstep_council::desk::cases::CaseId;
use doorstep_council::export::ExportTable;
use doorstep_council::{DatabaseAt, PhotosAt, Scope};
use doorstep_domain::{AppointmentRef, DeviceId, StableName};

pub(crate) use self::rows::RowsToTake;
pub(crate) use self::serving::ServeSettings;

/// The council's service for Doorstep: takes in visit records, keeps them, shows and exports them.
#[derive(Parser)]
#[command(version, args_override_self = true)]
pub(crate) struct Arguments {
    /// A file of settings, TOML. What the command line or the environment says holds before it.
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// How the log is written, on standard error. It holds ids, and never a name or an address.
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
    /// The folder that holds the council's keys, its photos and, where no server is named, its
    /// database.
    #[arg(long, value_name = "DIR", env = "DOORSTEP_DATA")]
    pub(crate) data: PathBuf,
    /// A PostgreSQL database, `postgres://user:password@host/name`. On another machine it has to
    /// ask for TLS, with `?sslmode=require`.
    #[arg(long, value_name = "URL", env = "DOORSTEP_DATABASE", hide_env_values = true)]
    pub(crate) database: Option<String>,
    /// Where photos are, if not in the data folder:
    /// `s3://bucket/prefix?endpoint=https://host&region=name`. Who may use the bucket is said by
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

/// Whose data.
#[derive(Args)]
#[group(required = true, multiple = true)]
pub(crate) struct Subject {
    /// A tenant's home, by its UPRN. Say with --from and --to when they lived there.
    #[arg(long, value_name = "NUMBER", conflicts_with = "user")]
    pub(crate) uprn: Option<String>,
    /// The first day that they lived there.
    #[arg(long, value_name = "DATE", value_parser = date, requires = "uprn")]
    pub(crate) from: Option<chrono::NaiveDate>,
    /// The last day that they lived there.
    #[arg(long, value_name = "DATE", value_parser = date, requires = "uprn")]
    pub(crate) to: Option<chrono::NaiveDate>,
    /// Somebody who visits, or has a desk, by their user name.
    #[arg(long, value_name = "NAME")]
    pub(crate) user: Option<String>,
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
    /// Imports organisations and people.
    ImportPeople {
        #[command(flatten)]
        data: Data,
        /// The table, CSV in UTF-8.
        file: PathBuf,
        /// Print the result as JSON.
        #[arg(long)]
        json: bool,
    },
    /// Imports appointments. Each fault is named by row and column; with a fault nothing is taken,
    /// unless --only-good.
    ImportAppointments {
        #[command(flatten)]
        data: Data,
        /// Take the good rows and leave the others.
        #[arg(long)]
        only_good: bool,
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
    },
    /// Prints a one-time code, and its QR image, that enrols one phone within 10 minutes.
    Enrol {
        #[command(flatten)]
        data: Data,
        /// Whose phone it will be.
        #[arg(long)]
        user: String,
        /// The address at which phones reach this council, to put into the QR image.
        #[arg(long, value_name = "URL")]
        server: Option<String>,
        /// Also write the QR image to this file, as SVG.
        #[arg(long, value_name = "FILE")]
        qr: Option<PathBuf>,
        /// Print the offer as JSON.
        #[arg(long)]
        json: bool,
    },
    /// Prints a token by which another system comes in. An earlier one of that name holds no more.
    ApiToken {
        #[command(flatten)]
        data: Data,
        /// What the system is called, as the audit log names it.
        #[arg(long)]
        name: String,
        /// What it opens: putting appointments, the service's metrics, or a feed of every visit.
        #[arg(long, required = true, value_delimiter = ',', value_parser = stable::<Scope>())]
        may: Vec<Scope>,
    },
    /// Runs the service and the console until it is stopped.
    Serve {
        #[command(flatten)]
        data: Data,
        #[command(flatten)]
        settings: Box<ServeSettings>,
        /// Reads the settings and the files that they name, says what is wrong with them, and
        /// serves nothing.
        #[arg(long)]
        check_config: bool,
    },
    /// Publishes a version of the Code of conduct: a text with its numbered clauses. Everybody is
    /// asked to sign it.
    PublishCode {
        #[command(flatten)]
        data: Data,
        /// What people call the version; the file's name where nothing is said.
        #[arg(long, value_name = "TEXT")]
        label: Option<String>,
        /// The first day on which it binds, such as 2025-06-02; today where nothing is said.
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
    /// Gives an appointment to somebody else, or calls it off. Its phone learns of it at its next
    /// contact.
    Appointment {
        #[command(flatten)]
        data: Data,
        /// The housing system's reference.
        reference: AppointmentRef,
        #[command(subcommand)]
        change: desk::AppointmentCommand,
    },
    /// Changes something about a person: whether they are still there, their sessions, their
    /// authenticator.
    Person {
        #[command(flatten)]
        data: Data,
        /// The user name.
        user: String,
        #[command(subcommand)]
        change: desk::PersonCommand,
    },
    /// Revokes a phone that is lost. It may still send what it holds, and is given nothing more.
    RevokePhone {
        #[command(flatten)]
        data: Data,
        /// The phone's id, as the console's list of phones has it.
        device: DeviceId,
    },
    /// Takes a number back that has not begun.
    WithdrawNumber {
        #[command(flatten)]
        data: Data,
        /// Its stable name.
        #[arg(long)]
        name: String,
        /// The day from which it was to hold.
        #[arg(long, value_name = "DATE", value_parser = date)]
        from: chrono::NaiveDate,
    },
    /// Enters a number that the council owns, from a day that has not begun, as the console does
    /// under Numbers.
    EnterNumber {
        #[command(flatten)]
        data: Data,
        /// The number, by its stable name, such as `attempts_before_letter` or
        /// `complaint.acknowledge`.
        name: String,
        /// The value, in the number's own unit.
        value: u32,
        /// The first day on which it holds, such as 2026-12-01.
        #[arg(long, value_name = "DATE", value_parser = date)]
        from: chrono::NaiveDate,
        /// Where it comes from: a decision, a law, a clause.
        #[arg(long, value_name = "TEXT")]
        source: String,
    },
    /// Moves the embedded database to PostgreSQL, and proves that both hold the same. Stop the
    /// service first.
    MigrateStorage {
        /// The folder that holds the council's keys, its photos and its embedded database.
        #[arg(long, value_name = "DIR")]
        data: PathBuf,
        /// An empty PostgreSQL database, `postgres://user:password@host/name`.
        #[arg(long, value_name = "URL", env = "DOORSTEP_DATABASE", hide_env_values = true)]
        to: String,
        /// Print what each table holds as JSON.
        #[arg(long)]
        json: bool,
    },
    /// Makes a key for backups: its public half is printed, the other half goes to a file that
    /// belongs in a safe.
    BackupKey {
        /// The file for the half that opens backups. It must not exist.
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
    },
    /// Writes everything into one encrypted file, while the service runs: tables, photos and keys.
    Backup {
        #[command(flatten)]
        data: Data,
        /// The public half of the key for backups, `age1...`.
        #[arg(long, value_name = "KEY", env = "DOORSTEP_BACKUP_RECIPIENT")]
        recipient: String,
        /// The file to write.
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
    },
    /// Reads a backup through, and says whether it is whole. Nothing is changed.
    CheckBackup {
        /// The file with the half of the key that opens backups.
        #[arg(long, value_name = "FILE")]
        identity: PathBuf,
        /// The backup.
        file: PathBuf,
    },
    /// Puts a backup into an empty folder, and an empty database. Phones then send again what they
    /// still hold.
    Restore {
        #[command(flatten)]
        data: Data,
        /// The file with the half of the key that opens backups.
        #[arg(long, value_name = "FILE")]
        identity: PathBuf,
        /// The backup.
        file: PathBuf,
    },
    /// Says what is kept longer than its rule allows, and erases it where that is asked for.
    /// Envelopes of records stay.
    Retention {
        #[command(flatten)]
        data: Data,
        /// Erase it. Without this word nothing is changed.
        #[arg(long)]
        apply: bool,
        /// Print the result as JSON.
        #[arg(long)]
        json: bool,
    },
    /// Writes what is held of one person into a new folder, to be checked and given to them.
    SubjectAccess {
        #[command(flatten)]
        data: Data,
        #[command(flatten)]
        subject: Subject,
        /// The folder to make.
        #[arg(long, value_name = "DIR")]
        out: PathBuf,
    },
    /// Says what is held of one person, and erases it where that is asked for. Envelopes of
    /// records, and sealed notes, stay.
    Erase {
        #[command(flatten)]
        data: Data,
        #[command(flatten)]
        subject: Subject,
        /// Why, for the audit log: without anybody's name.
        #[arg(long, value_name = "WORDS")]
        because: String,
        /// Erase it. Without this word nothing is changed.
        #[arg(long)]
        apply: bool,
    },
    /// Reads every record that is held through: that each is what its device committed to, and
    /// follows the one before it.
    CheckRecords {
        #[command(flatten)]
        data: Data,
        /// Print the result as JSON.
        #[arg(long)]
        json: bool,
    },
    /// Makes the rows of lists anew from the records, where an older version of the program made
    /// them.
    Refold {
        #[command(flatten)]
        data: Data,
        /// All of them, and not only those of an older version.
        #[arg(long)]
        all: bool,
    },
    /// Says how many records are held, and how many were set aside.
    Counts {
        #[command(flatten)]
        data: Data,
        /// Print them as JSON.
        #[arg(long)]
        json: bool,
    },
    /// Writes a whole table.
    Export {
        #[command(flatten)]
        data: Data,
        /// Which table.
        #[arg(long, value_parser = stable::<ExportTable>())]
        what: ExportTable,
        /// In which form.
        #[arg(long, default_value = "csv")]
        format: Form,
        /// Begin with a byte order mark, for Excel.
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

/// Reads a stable name, and offers those that there are.
fn stable<T: StableName + Send + Sync + 'static>() -> impl TypedValueParser<Value = T> {
    PossibleValuesParser::new(T::all().map(StableName::name))
        .try_map(|name| T::from_name(&name).ok_or_else(|| format!("{name} is none of them")))
}

/// Reads a day.
pub(crate) fn date(text: &str) -> Result<chrono::NaiveDate, String> {
    text.parse().map_err(|_| "is no date such as 2026-11-24".to_owned())
}
