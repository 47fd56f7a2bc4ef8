//! A council with the sample people, as a real process.

use std::fs;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::sync::OnceLock;

use super::tools::{PASSWORD, copy, json, pack, program, root, sample, unpack};
use doorstep_council::DatabaseAt;

/// A council with a data folder of its own, and its service while that runs.
#[derive(Debug)]
pub struct TestCouncil {
    folder: tempfile::TempDir,
    database: Option<String>,
    second_factor: bool,
    keeps_log: bool,
    settings: Vec<(String, String)>,
    service: Option<Child>,
    address: SocketAddr,
}

impl TestCouncil {
    /// A council with the sample people, running on its embedded database. It is a copy of one that
    /// is set up once, so all of these have the same keys.
    #[must_use]
    pub fn open() -> Self {
        static SET_UP: OnceLock<Vec<u8>> = OnceLock::new();
        let mut council = Self::empty(None);
        unpack(SET_UP.get_or_init(|| pack(Self::set_up(None).folder.path())), council.folder.path());
        council.start();
        council
    }

    /// A council like that of [`Self::open`], with keys of its own.
    #[must_use]
    pub fn another() -> Self {
        Self::open_on(None)
    }

    /// A council with the sample people, running on PostgreSQL.
    #[must_use]
    pub fn open_on_postgres(database: &str) -> Self {
        Self::open_on(Some(database.to_owned()))
    }

    /// A council as an earlier program left it, running under this one: a copy of a folder of
    /// `tests/databases`.
    ///
    /// # Panics
    /// When it can't be copied or does not come up.
    #[must_use]
    pub fn frozen(name: &str) -> Self {
        let mut council = Self::left_by(name);
        council.start();
        council
    }

    /// A council as an earlier program left it, which this one has not opened yet.
    ///
    /// # Panics
    /// When it can't be copied.
    #[must_use]
    pub fn left_by(name: &str) -> Self {
        let council = Self::empty(None);
        copy(&root().join("tests/databases").join(name), &council.data());
        council
    }

    /// An empty data folder, without a council or a running service.
    ///
    /// # Panics
    /// When no folder can be made.
    #[must_use]
    pub fn empty(database: Option<String>) -> Self {
        let folder = tempfile::tempdir().expect("a council needs a folder");
        Self {
            folder,
            database,
            second_factor: false,
            keeps_log: false,
            settings: Vec::new(),
            service: None,
            address: ([127, 0, 0, 1], 0).into(),
        }
    }

    /// Kills the service for good, and returns the address on which it listened.
    #[must_use]
    pub fn stopped(mut self) -> SocketAddr {
        self.kill();
        self.address
    }

    /// Starts the service at the address of another council that has stopped.
    pub fn start_at(&mut self, address: SocketAddr) {
        self.address = address;
        self.start();
    }

    fn open_on(database: Option<String>) -> Self {
        let mut council = Self::set_up(database);
        council.start();
        council
    }

    /// A council with the sample people, whose service does not run.
    fn set_up(database: Option<String>) -> Self {
        let council = Self::empty(database);
        let password = council.folder.path().join("password");
        fs::write(&password, PASSWORD).expect("a password can be written");
        let password = password.display().to_string();
        council.does(&[
            "init",
            "--name",
            "Melton Borough Council",
            "--admin-user",
            "admin",
            "--admin-password-file",
            &password,
        ]);
        council.does(&["import-people", &sample("people.csv").display().to_string()]);
        for user in ["super-1", "vale-super", "lead-1", "audit-1"] {
            council.does(&["set-password", "--user", user, "--password-file", &password]);
        }
        council
    }

    /// Turns the second factor on from the next start. Tests have it off unless they ask for it.
    pub fn asks_for_second_factor(&mut self) {
        self.second_factor = true;
    }

    /// Adds environment variables with settings, for the next start and all commands.
    pub fn is_told(&mut self, settings: &[(&str, &str)]) {
        self.settings.extend(settings.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
    }

    /// Uses this PostgreSQL database from the next start on.
    pub fn moves_to(&mut self, database: &str) {
        self.database = Some(database.to_owned());
    }

    /// The folder of the council's data.
    #[must_use]
    pub fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// Where the council's service listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Starts the service, on the port that it had before.
    ///
    /// # Panics
    /// When it does not come up.
    pub fn start(&mut self) {
        let service = self.serves(self.address);
        self.address = service.1;
        self.service = Some(service.0);
    }

    /// Starts another process of the council, and returns it with the address on which it listens.
    ///
    /// # Panics
    /// When it does not come up.
    #[must_use]
    pub fn serves(&self, listen: SocketAddr) -> (Child, SocketAddr) {
        let mut command = self.command(&["serve", "--listen", &listen.to_string()]);
        if self.keeps_log {
            let log = fs::OpenOptions::new().create(true).append(true).open(self.log_file());
            command.stderr(log.expect("a log can be written"));
        }
        let mut service = command.stdout(Stdio::piped()).spawn().expect("the council starts");
        let mut line = String::new();
        let out = service.stdout.take().expect("the council has an output");
        BufReader::new(out).read_line(&mut line).expect("the council says where it listens");
        let address = line.trim().strip_prefix("Listening on http://").map(str::parse);
        let address = address.and_then(Result::ok).unwrap_or_else(|| panic!("the council said {line:?}"));
        (service, address)
    }

    /// Keeps what the service writes into its log, from the next start on.
    pub fn keeps_its_log(&mut self) {
        self.keeps_log = true;
    }

    /// What the service has written into its log.
    ///
    /// # Panics
    /// When it is not kept.
    #[must_use]
    pub fn log(&self) -> String {
        fs::read_to_string(self.log_file()).expect("the log is kept")
    }

    fn log_file(&self) -> PathBuf {
        self.folder.path().join("service.log")
    }

    /// Where its database is.
    #[must_use]
    pub fn database(&self) -> DatabaseAt {
        self.database.clone().map_or(DatabaseAt::InTheDataFolder, DatabaseAt::Server)
    }

    /// The process of the service, if it was started.
    #[must_use]
    pub fn pid(&self) -> Option<u32> {
        self.service.as_ref().map(Child::id)
    }

    /// Whether the service was started and has not ended.
    pub fn is_running(&mut self) -> bool {
        self.service.as_mut().is_some_and(|service| service.try_wait().is_ok_and(|ended| ended.is_none()))
    }

    /// The memory that the service uses (resident set), in KiB, or 0 if the system does not say.
    #[must_use]
    pub fn memory_kib(&self) -> u64 {
        let pid = self.service.as_ref().map_or(0, Child::id);
        let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
        let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        resident.and_then(|words| words.trim().trim_end_matches(" kB").parse().ok()).unwrap_or(0)
    }

    /// Kills the service, as a power cut would.
    pub fn kill(&mut self) {
        if let Some(mut service) = self.service.take() {
            let _already_gone = service.kill();
            let _reaped = service.wait();
        }
    }

    /// Runs the council's program on the council's data. It may fail.
    #[must_use]
    pub fn tries(&self, words: &[&str]) -> Output {
        self.command(words).output().expect("the council's program runs")
    }

    /// The council's program with these words and the council's data, ready to run.
    #[must_use]
    pub fn command(&self, words: &[&str]) -> Command {
        let (command, rest) = words.split_first().expect("a command has a word");
        let mut council = Command::new(program("doorstep-council"));
        council.args([*command, "--data", &self.data().display().to_string()]).args(rest).env("RUST_LOG", "warn");
        if !self.second_factor {
            council.env("DOORSTEP_SECOND_FACTOR", "off");
        }
        if let Some(database) = &self.database {
            council.env("DOORSTEP_DATABASE", database);
        }
        council.envs(self.settings.iter().map(|(name, value)| (name, value)));
        council
    }

    /// Runs the council's program on the council's data, and returns what it printed.
    ///
    /// # Panics
    /// When it fails.
    pub fn does(&self, words: &[&str]) -> String {
        let output = self.tries(words);
        assert!(output.status.success(), "{words:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("the council prints text")
    }

    /// Runs the council's program without `--data`, and returns what it printed.
    ///
    /// # Panics
    /// When it fails.
    #[must_use]
    pub fn runs(&self, words: &[&str]) -> String {
        let output = without_data(words);
        assert!(output.status.success(), "{words:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("the council prints text")
    }

    /// Runs the council's program without `--data`. It may fail.
    #[must_use]
    pub fn asks(words: &[&str]) -> Output {
        without_data(words)
    }

    /// Runs the council's program without `--data` where it must fail, and returns its error text.
    ///
    /// # Panics
    /// When it succeeds.
    #[must_use]
    pub fn fails(&self, words: &[&str]) -> String {
        let output = without_data(words);
        assert!(!output.status.success(), "{words:?} was done");
        String::from_utf8_lossy(&output.stderr).into_owned()
    }

    /// Gives somebody the password that everybody has here.
    pub fn gives_a_password(&self, user: &str) {
        let password = self.folder.path().join("password").display().to_string();
        self.does(&["set-password", "--user", user, "--password-file", &password]);
    }

    /// A one-time code for somebody's phone.
    #[must_use]
    pub fn code_for(&self, user: &str) -> String {
        json(&self.does(&["enrol", "--user", user, "--json"]))["code"].as_str().expect("an offer has a code").to_owned()
    }

    /// Publishes a Code: Doorstep's own plain words, as a council that has no text of its own
    /// would.
    pub fn publishes_code(&self) {
        let file = self.folder.path().join("code.txt");
        fs::write(&file, doorstep_domain::conduct::PublishedCode::own_words().text).expect("a Code can be written");
        let file = file.display().to_string();
        self.does(&["publish-code", "--label", "Version 1", "--from", "2025-06-02", &file]);
    }

    /// Exports a table as CSV and reads it back. Each row has its values by column name.
    #[must_use]
    pub fn export(&self, what: &str) -> Vec<std::collections::BTreeMap<String, String>> {
        let file = self.folder.path().join(format!("{what}.csv"));
        self.does(&["export", "--what", what, "--format", "csv", "--out", &file.display().to_string()]);
        let mut reader = csv::Reader::from_path(file).expect("an export can be read");
        reader.deserialize().map(|row| row.expect("each row has its columns")).collect()
    }
}

/// Runs the council's program without `--data`.
fn without_data(words: &[&str]) -> Output {
    Command::new(program("doorstep-council")).args(words).output().expect("the council's program runs")
}

impl Drop for TestCouncil {
    fn drop(&mut self) {
        self.kill();
    }
}
