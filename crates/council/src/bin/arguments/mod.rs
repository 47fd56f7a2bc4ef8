//! The words of the command line. A word that the environment can say too is a setting, and can stand in the file of settings by
//! the same name: see `configuration.rs`.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use doorstep_council::export::Selection;
use doorstep_council::{DatabaseAt, PhotosAt, Scope};

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
    /// The folder that holds the council's keys, its photos and, where no server is named, its database.
    #[arg(long, value_name = "DIR", env = "DOORSTEP_DATA")]
    pub(crate) data: PathBuf,
    /// A PostgreSQL database, `postgres://user:password@host/name`. On another machine it has to ask for TLS, with
    /// `?sslmode=require`.
    #[arg(long, value_name = "URL", env = "DOORSTEP_DATABASE", hide_env_values = true)]
    pub(crate) database: Option<String>,
    /// Where photos are, if not in the data folder: `s3://bucket/prefix?endpoint=https://host&region=name`. Who may use the bucket
    /// is said by `AWS_ACCESS_KEY_ID` and `AWS_SECRET_ACCESS_KEY`.
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

/// How the service is reached, and whom it reaches.
#[derive(Args)]
pub(crate) struct ServeSettings {
    /// Address and port; port 0 takes a free one.
    #[arg(long, default_value = "127.0.0.1:8470", env = "DOORSTEP_LISTEN")]
    pub(crate) listen: SocketAddr,
    /// The address at which people and phones reach the service, `https://doorstep.example.gov.uk`. Links in mail begin with it.
    #[arg(long, value_name = "URL", env = "DOORSTEP_PUBLIC_ADDRESS")]
    pub(crate) public_address: Option<String>,
    /// The service's certificate with its chain, PEM. It is read anew while the service runs, once it changes.
    #[arg(long, value_name = "FILE", requires = "tls_key", env = "DOORSTEP_TLS_CERTIFICATE")]
    pub(crate) tls_certificate: Option<PathBuf>,
    /// The private key of the certificate, PEM.
    #[arg(long, value_name = "FILE", requires = "tls_certificate", env = "DOORSTEP_TLS_KEY")]
    pub(crate) tls_key: Option<PathBuf>,
    /// Whether a proxy in front ends TLS. Without TLS, and without this, the service listens to its own machine alone.
    #[arg(long, value_name = "on|off", default_value = "off", env = "DOORSTEP_BEHIND_PROXY")]
    pub(crate) behind_proxy: Switch,
    /// Whether signing in to the console asks for a code from an authenticator beside the password.
    #[arg(long, value_name = "on|off", default_value = "on", env = "DOORSTEP_SECOND_FACTOR")]
    pub(crate) second_factor: Switch,
    /// The mail server: `smtp://host:587`, which must offer STARTTLS, or `smtps://host:465`.
    #[arg(long, value_name = "URL", requires = "mail_from", requires = "public_address", env = "DOORSTEP_MAIL_SERVER")]
    pub(crate) mail_server: Option<String>,
    /// Whom mail comes from, `Doorstep <doorstep@example.gov.uk>`.
    #[arg(long, value_name = "ADDRESS", env = "DOORSTEP_MAIL_FROM")]
    pub(crate) mail_from: Option<String>,
    /// The name by which the service signs in to the mail server.
    #[arg(long, value_name = "NAME", requires = "mail_password_file", env = "DOORSTEP_MAIL_USER")]
    pub(crate) mail_user: Option<String>,
    /// A file with the password for it.
    #[arg(long, value_name = "FILE", env = "DOORSTEP_MAIL_PASSWORD_FILE")]
    pub(crate) mail_password_file: Option<PathBuf>,
    /// The certificate of the authority that vouches for the mail server, PEM, where this machine does not know it.
    #[arg(long, value_name = "FILE", env = "DOORSTEP_MAIL_AUTHORITY")]
    pub(crate) mail_authority: Option<PathBuf>,
    /// Where the council's own systems are told of cases, `https://...`.
    #[arg(long, value_name = "URL", requires = "webhook_secret_file", env = "DOORSTEP_WEBHOOK")]
    pub(crate) webhook: Option<String>,
    /// A file with the secret that signs what they are told: `whsec_` and 24 to 64 bytes in Base64.
    #[arg(long, value_name = "FILE", env = "DOORSTEP_WEBHOOK_SECRET_FILE")]
    pub(crate) webhook_secret_file: Option<PathBuf>,
    /// The provider with which the council's people sign in, by OpenID Connect: its issuer, `https://...`.
    #[arg(
        long,
        value_name = "URL",
        requires_all = ["openid_client", "openid_secret_file", "public_address"],
        env = "DOORSTEP_OPENID_ISSUER"
    )]
    pub(crate) openid_issuer: Option<String>,
    /// What the provider calls this service.
    #[arg(long, value_name = "ID", env = "DOORSTEP_OPENID_CLIENT")]
    pub(crate) openid_client: Option<String>,
    /// A file with the secret that the provider knows this service by.
    #[arg(long, value_name = "FILE", env = "DOORSTEP_OPENID_SECRET_FILE")]
    pub(crate) openid_secret_file: Option<PathBuf>,
    /// What people call the provider: "Sign in with ...".
    #[arg(long, value_name = "NAME", default_value = "your council account", env = "DOORSTEP_OPENID_NAME")]
    pub(crate) openid_name: String,
    /// Whether the provider's word for an e-mail address is enough, without its saying that it verified it. Entra ID never says so.
    #[arg(long, value_name = "on|off", default_value = "off", env = "DOORSTEP_OPENID_TRUSTS_EMAIL")]
    pub(crate) openid_trusts_email: Switch,
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
    /// Imports appointments. Each fault is named by row and column; with a fault nothing is taken, unless --only-good.
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
        #[arg(long, required = true, value_delimiter = ',')]
        may: Vec<TokenScope>,
    },
    /// Runs the service and the console until it is stopped.
    Serve {
        #[command(flatten)]
        data: Data,
        #[command(flatten)]
        settings: Box<ServeSettings>,
        /// Reads the settings and the files that they name, says what is wrong with them, and serves nothing.
        #[arg(long)]
        check_config: bool,
    },
    /// Publishes a version of the Code of conduct: a text with its numbered clauses. Everybody is asked to sign it.
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
    /// Enters a number that the council owns, from a day that has not begun, as the console does under Numbers.
    EnterNumber {
        #[command(flatten)]
        data: Data,
        /// The number, by its stable name, such as `attempts_before_letter` or `complaint.acknowledge`.
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
    /// Moves the embedded database to PostgreSQL, and proves that both hold the same. Stop the service first.
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
    /// Makes a key for backups: its public half is printed, the other half goes to a file that belongs in a safe.
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
    /// Puts a backup into an empty folder, and an empty database. Phones then send again what they still hold.
    Restore {
        #[command(flatten)]
        data: Data,
        /// The file with the half of the key that opens backups.
        #[arg(long, value_name = "FILE")]
        identity: PathBuf,
        /// The backup.
        file: PathBuf,
    },
    /// Says what is kept longer than its rule allows, and erases it where that is asked for. Envelopes of records stay.
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
    /// Says what is held of one person, and erases it where that is asked for. Envelopes of records, and sealed notes, stay.
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
    /// Reads every record that is held through: that each is what its device committed to, and follows the one before it.
    CheckRecords {
        #[command(flatten)]
        data: Data,
        /// Print the result as JSON.
        #[arg(long)]
        json: bool,
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
        #[arg(long)]
        what: Table,
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

#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum Table {
    Visits,
    Steps,
    NoAccess,
    Concerns,
    Acknowledgements,
    Cases,
    Reports,
    Audit,
}

#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum TokenScope {
    Appointments,
    Metrics,
    Feed,
}

impl From<TokenScope> for Scope {
    fn from(opens: TokenScope) -> Self {
        match opens {
            TokenScope::Appointments => Self::Appointments,
            TokenScope::Metrics => Self::Metrics,
            TokenScope::Feed => Self::Feed,
        }
    }
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

/// Reads a day.
pub(crate) fn date(text: &str) -> Result<chrono::NaiveDate, String> {
    text.parse().map_err(|_| "is no date such as 2026-11-24".to_owned())
}

/// Which rows of a table to take away.
#[derive(Debug, Args)]
pub(crate) struct RowsToTake {
    /// Only visits with this outcome, such as `entry_refused`; `open` for those under way.
    #[arg(long, value_name = "NAME")]
    outcome: Option<String>,
    /// Only visits in which somebody went in by consent, or on a lawful basis without it.
    #[arg(long, value_name = "consent|lawful")]
    entry: Option<String>,
    /// Only of this firm, or of the council.
    #[arg(long, value_name = "NAME")]
    organisation: Option<String>,
    /// Only visits that started on this day or later.
    #[arg(long, value_name = "DATE")]
    from: Option<String>,
    /// Only visits that started on this day or earlier.
    #[arg(long, value_name = "DATE")]
    to: Option<String>,
    /// Only visits with these words in their reference, address, tenant or visitor.
    #[arg(long, value_name = "WORDS")]
    words: Option<String>,
    /// Only concerns, cases or answers of this kind.
    #[arg(long, value_name = "NAME")]
    kind: Option<String>,
    /// Only cases that are open, or closed.
    #[arg(long, value_name = "open|closed")]
    state: Option<String>,
    /// Only cases of this owner; `nobody` for those without one.
    #[arg(long, value_name = "USER")]
    owner: Option<String>,
    /// Only lines of the audit log by this user.
    #[arg(long, value_name = "USER")]
    user: Option<String>,
    /// Only lines of the audit log with this action, such as `exported`.
    #[arg(long, value_name = "NAME")]
    action: Option<String>,
}

impl From<RowsToTake> for Selection {
    fn from(rows: RowsToTake) -> Self {
        let RowsToTake { outcome, entry, organisation, from, to, words, kind, state, owner, user, action } = rows;
        Self {
            outcome,
            entry,
            organisation,
            from,
            to,
            q: words,
            kind,
            state,
            owner,
            user,
            action,
            sort: None,
            after: None,
        }
    }
}
