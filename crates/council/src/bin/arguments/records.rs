//! Commands that work on everything that the council holds.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use doorstep_council::desk::council::KeyKind;
use doorstep_domain::ledger::Hash;

use super::{Data, date, stable};

/// The person whose data is meant.
#[derive(Args)]
#[group(required = true, multiple = true)]
pub(crate) struct Subject {
    /// A tenant's home, by its UPRN. Use --from and --to for the time that they lived there.
    #[arg(long, value_name = "NUMBER", conflicts_with = "user")]
    pub(crate) uprn: Option<String>,
    /// The first day that they lived there.
    #[arg(long, value_name = "DATE", value_parser = date, requires = "uprn")]
    pub(crate) from: Option<chrono::NaiveDate>,
    /// The last day that they lived there.
    #[arg(long, value_name = "DATE", value_parser = date, requires = "uprn")]
    pub(crate) to: Option<chrono::NaiveDate>,
    /// A visitor, or a person who uses the console, by their user name.
    #[arg(long, value_name = "NAME")]
    pub(crate) user: Option<String>,
}

/// Moving, backing up, checking and erasing.
#[derive(Subcommand)]
pub(crate) enum RecordsCommand {
    /// Copies the embedded database to PostgreSQL, and checks that both hold the same. Stop the
    /// service first.
    MigrateStorage {
        /// The folder with the council's keys, its photos and its embedded database.
        #[arg(long, value_name = "DIR")]
        data: PathBuf,
        /// An empty PostgreSQL database, `postgres://user:password@host/name`.
        #[arg(long, value_name = "URL", env = "DOORSTEP_DATABASE", hide_env_values = true)]
        to: String,
        /// Print what each table holds as JSON.
        #[arg(long)]
        json: bool,
    },
    /// Makes another signing key, or another key for safeguarding notes. Start the service again
    /// afterwards. Phones learn of it at their next contact; what the key until now has signed or
    /// sealed stays good.
    ChangeKey {
        #[command(flatten)]
        data: Data,
        /// Which key.
        #[arg(value_parser = stable::<KeyKind>())]
        key: KeyKind,
    },
    /// Makes a key for backups. Prints the public half, and writes the secret half to a file. Keep
    /// that file in a safe.
    BackupKey {
        /// The file to write the secret half to, which opens backups. It must not exist.
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
    },
    /// Makes a recovery key. Prints the public half, and writes the secret half to a file. It needs
    /// no council: do it on a machine that is on no network, and keep the file in a safe.
    RecoveryKey {
        /// The file to write the secret half to. It must not exist.
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
    },
    /// Names the public half of the recovery key to the phones. What a phone holds that has lost
    /// its keys then opens with the other half: see `doorstep salvage`.
    PublishRecoveryKey {
        #[command(flatten)]
        data: Data,
        /// The public half, `age1...`.
        #[arg(required_unless_present = "none")]
        key: Option<String>,
        /// Have none any more.
        #[arg(long, conflicts_with = "key")]
        none: bool,
    },
    /// Lists the files of visits that phones could not open any more and sent here, sealed. With
    /// --take, writes one out: it opens with `doorstep salvage FILE --recovery-key`, on a machine
    /// that is on no network. With --erase, erases one.
    SealedFiles {
        #[command(flatten)]
        data: Data,
        /// Write this file out. It stays here as well.
        #[arg(long, value_name = "NAME", requires = "out", conflicts_with = "erase")]
        take: Option<Hash>,
        /// The file to write. It must not exist.
        #[arg(long, value_name = "FILE", requires = "take")]
        out: Option<PathBuf>,
        /// Erase this file here.
        #[arg(long, value_name = "NAME")]
        erase: Option<Hash>,
        /// Print the list as JSON.
        #[arg(long)]
        json: bool,
    },
    /// Writes all tables, photos and keys into one encrypted file. The service can go on running.
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
    /// A drill: restores a backup into a scratch folder, checks every record and photo of it, and
    /// takes it away again. Changes nothing else.
    CheckBackup {
        /// The file with the half of the key that opens backups.
        #[arg(long, value_name = "FILE")]
        identity: PathBuf,
        /// The scratch folder, which must not exist yet. Without it, one in the system's own.
        #[arg(long, value_name = "DIR")]
        scratch: Option<PathBuf>,
        /// An empty PostgreSQL database to restore into. Without it, the embedded one in the
        /// scratch folder.
        #[arg(long, value_name = "URL")]
        database: Option<String>,
        /// The address of the council that made it, to tell it that the backup restores. Phones may
        /// then forget what is in it.
        #[arg(long, value_name = "URL", requires = "token_file", env = "DOORSTEP_TELL")]
        tell: Option<String>,
        /// The file with the token for that: `api-token --may backups`.
        #[arg(long, value_name = "FILE", requires = "tell", env = "DOORSTEP_TELL_TOKEN_FILE")]
        token_file: Option<PathBuf>,
        /// The backup.
        file: PathBuf,
    },
    /// Notes that a backup restores, by the name that `check-backup` gives it on the machine that
    /// holds its key. Phones may then forget what is in it.
    BackupVerified {
        #[command(flatten)]
        data: Data,
        /// The backup's name, 32 characters.
        name: String,
    },
    /// Restores a backup into an empty folder and an empty database. Phones then send again what
    /// they still hold.
    Restore {
        #[command(flatten)]
        data: Data,
        /// The file with the half of the key that opens backups.
        #[arg(long, value_name = "FILE")]
        identity: PathBuf,
        /// The backup.
        file: PathBuf,
    },
    /// Counts what has been kept longer than its rule allows. With --apply, erases it. Envelopes of
    /// records stay.
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
    /// Writes what is held about one person into a new folder. Check it before you give it to them.
    SubjectAccess {
        #[command(flatten)]
        data: Data,
        #[command(flatten)]
        subject: Subject,
        /// The folder to make.
        #[arg(long, value_name = "DIR")]
        out: PathBuf,
    },
    /// Counts what is held about one person. With --apply, erases it. Envelopes of records and
    /// sealed notes stay.
    Erase {
        #[command(flatten)]
        data: Data,
        #[command(flatten)]
        subject: Subject,
        /// The reason, for the audit log. Do not name anybody.
        #[arg(long, value_name = "WORDS")]
        because: String,
        /// Erase it. Without this word nothing is changed.
        #[arg(long)]
        apply: bool,
    },
    /// Checks every record: that its content is what its device committed to, and that it follows
    /// the record before it.
    CheckRecords {
        #[command(flatten)]
        data: Data,
        /// Print the result as JSON.
        #[arg(long)]
        json: bool,
    },
    /// Says that the database was put back from an older copy without `restore`, such as a snapshot
    /// of the machine. Phones then send again what it lacks.
    PutBack {
        #[command(flatten)]
        data: Data,
    },
    /// Tells the administrators by mail, and the council's other systems, that the nightly backup
    /// or check failed. The nightly unit runs it when that happens.
    NightlyFailed {
        #[command(flatten)]
        data: Data,
    },
    /// Makes the rows of lists again from the records, where an older version of the program made
    /// them.
    Refold {
        #[command(flatten)]
        data: Data,
        /// Make all rows again, not only those from an older version.
        #[arg(long)]
        all: bool,
    },
    /// Prints how many records are held, and how many were set aside.
    Counts {
        #[command(flatten)]
        data: Data,
        /// Print them as JSON.
        #[arg(long)]
        json: bool,
    },
}
