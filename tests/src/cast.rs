//! A council as a real process, phones as real processes, and a line between them that can be cut.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::thread;
use std::time::Duration;

use serde_json::Value;

/// The password of everybody in the council's console.
pub const PASSWORD: &str = "correct horse battery";

/// The repository's root.
#[must_use]
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").canonicalize().expect("the repository is there")
}

/// The folder of the programs that were built.
#[must_use]
pub fn programs() -> PathBuf {
    let this = std::env::current_exe().expect("a program knows where it is");
    let folder = this.parent().expect("a program is in a folder");
    if folder.ends_with("deps") { folder.parent().expect("deps is in a folder").to_owned() } else { folder.to_owned() }
}

/// One of the project's programs; the command-line ones are built if need be.
#[must_use]
pub fn program(name: &str) -> PathBuf {
    static BUILT: OnceLock<()> = OnceLock::new();
    BUILT.get_or_init(|| {
        if std::env::var_os("DOORSTEP_PROGRAMS_ARE_BUILT").is_none() {
            let packages = ["build", "--quiet", "-p", "doorstep-cli", "-p", "doorstep-council"];
            let built = Command::new(env!("CARGO")).args(packages).current_dir(root()).status();
            assert!(built.is_ok_and(|status| status.success()), "the programs can't be built");
        }
    });
    programs().join(name)
}

/// The sample data: the project's own, or the one beside it.
#[must_use]
pub fn sample(name: &str) -> PathBuf {
    root().join("tests/data").join(name)
}

/// A council with people, as a running service.
#[derive(Debug)]
pub struct Town {
    folder: tempfile::TempDir,
    database: Option<String>,
    second_factor: bool,
    settings: Vec<(String, String)>,
    service: Option<Child>,
    address: SocketAddr,
}

impl Town {
    /// A council with the sample people, running on its embedded database.
    #[must_use]
    pub fn open() -> Self {
        Self::open_on(None)
    }

    /// A council with the sample people, running on PostgreSQL.
    #[must_use]
    pub fn open_on_postgres(database: &str) -> Self {
        Self::open_on(Some(database.to_owned()))
    }

    /// A council as an earlier program left it, running under this one: a copy of a folder of `tests/databases`.
    ///
    /// # Panics
    /// When it can't be copied or does not come up.
    #[must_use]
    pub fn frozen(name: &str) -> Self {
        let folder = tempfile::tempdir().expect("a council needs a folder");
        copy(&root().join("tests/databases").join(name), &folder.path().join("data"));
        let mut town = Self {
            folder,
            database: None,
            second_factor: false,
            settings: Vec::new(),
            service: None,
            address: ([127, 0, 0, 1], 0).into(),
        };
        town.start();
        town
    }

    /// A place for a council, with nothing in it.
    ///
    /// # Panics
    /// When there is no place.
    #[must_use]
    pub fn empty(database: Option<String>) -> Self {
        let folder = tempfile::tempdir().expect("a council needs a folder");
        Self {
            folder,
            database,
            second_factor: false,
            settings: Vec::new(),
            service: None,
            address: ([127, 0, 0, 1], 0).into(),
        }
    }

    /// Stops for good: where it listened.
    #[must_use]
    pub fn stopped(mut self) -> SocketAddr {
        self.kill();
        self.address
    }

    /// Starts where another listened before.
    pub fn start_at(&mut self, address: SocketAddr) {
        self.address = address;
        self.start();
    }

    fn open_on(database: Option<String>) -> Self {
        let folder = tempfile::tempdir().expect("a council needs a folder");
        fs::write(folder.path().join("password"), PASSWORD).expect("a password can be written");
        let mut town = Self {
            folder,
            database,
            second_factor: false,
            settings: Vec::new(),
            service: None,
            address: ([127, 0, 0, 1], 0).into(),
        };
        let password = town.folder.path().join("password").display().to_string();
        town.does(&[
            "init",
            "--name",
            "Melton Borough Council",
            "--admin-user",
            "admin",
            "--admin-password-file",
            &password,
        ]);
        town.does(&["import-people", &sample("people.csv").display().to_string()]);
        for user in ["super-1", "vale-super", "lead-1", "audit-1"] {
            town.does(&["set-password", "--user", user, "--password-file", &password]);
        }
        town.start();
        town
    }

    /// From its next start on, signing in to the console asks for a second factor, as it does by itself outside of tests.
    pub fn asks_for_second_factor(&mut self) {
        self.second_factor = true;
    }

    /// From its next start on these settings hold, which its environment says.
    pub fn is_told(&mut self, settings: &[(&str, &str)]) {
        self.settings.extend(settings.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
    }

    /// From its next start on the council's database is at a server.
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

    /// One more process of the council, beside the one that runs, and where it listens.
    ///
    /// # Panics
    /// When it does not come up.
    #[must_use]
    pub fn serves(&self, listen: SocketAddr) -> (Child, SocketAddr) {
        let mut service = self
            .council(&["serve", "--listen", &listen.to_string()])
            .stdout(Stdio::piped())
            .spawn()
            .expect("the council starts");
        let mut line = String::new();
        let out = service.stdout.take().expect("the council has an output");
        BufReader::new(out).read_line(&mut line).expect("the council says where it listens");
        let address = line.trim().strip_prefix("Listening on http://").map(str::parse);
        let address = address.and_then(Result::ok).unwrap_or_else(|| panic!("the council said {line:?}"));
        (service, address)
    }

    /// What the service holds of the machine's memory, in KiB; 0 where the system does not tell.
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

    /// Runs the council's program on the council's data.
    #[must_use]
    pub fn tries(&self, words: &[&str]) -> Output {
        self.council(words).output().expect("the council's program runs")
    }

    fn council(&self, words: &[&str]) -> Command {
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

    /// Runs the council's program, which must do it, and returns what it printed.
    ///
    /// # Panics
    /// When it fails.
    pub fn does(&self, words: &[&str]) -> String {
        let output = self.tries(words);
        assert!(output.status.success(), "{words:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("the council prints text")
    }

    /// Runs the council's program on no council's data, which must do it, and returns what it printed.
    ///
    /// # Panics
    /// When it fails.
    #[must_use]
    pub fn runs(&self, words: &[&str]) -> String {
        let output =
            Command::new(program("doorstep-council")).args(words).output().expect("the council's program runs");
        assert!(output.status.success(), "{words:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("the council prints text")
    }

    /// Runs the council's program on no council's data, which must refuse, and returns what it said.
    ///
    /// # Panics
    /// When it does not refuse.
    #[must_use]
    pub fn fails(&self, words: &[&str]) -> String {
        let output =
            Command::new(program("doorstep-council")).args(words).output().expect("the council's program runs");
        assert!(!output.status.success(), "{words:?} was done");
        String::from_utf8_lossy(&output.stderr).into_owned()
    }

    /// A one-time code for somebody's phone.
    #[must_use]
    pub fn code_for(&self, user: &str) -> String {
        json(&self.does(&["enrol", "--user", user, "--json"]))["code"].as_str().expect("an offer has a code").to_owned()
    }

    /// Publishes a Code: Doorstep's own plain words, as a council that has no text of its own would.
    pub fn publishes_code(&self) {
        let file = self.folder.path().join("code.txt");
        fs::write(&file, doorstep_domain::conduct::PublishedCode::own_words().text).expect("a Code can be written");
        let file = file.display().to_string();
        self.does(&["publish-code", "--label", "Version 1", "--from", "2025-06-02", &file]);
    }

    /// An export, read back: each row by its columns.
    #[must_use]
    pub fn export(&self, what: &str) -> Vec<std::collections::BTreeMap<String, String>> {
        let file = self.folder.path().join(format!("{what}.csv"));
        self.does(&["export", "--what", what, "--format", "csv", "--out", &file.display().to_string()]);
        let mut reader = csv::Reader::from_path(file).expect("an export can be read");
        reader.deserialize().map(|row| row.expect("each row has its columns")).collect()
    }
}

impl Drop for Town {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Copies all that is in a folder into another.
fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder can be made");
    let copied = Command::new("cp").arg("-a").arg(from.join(".")).arg(to).status();
    assert!(copied.is_ok_and(|status| status.success()), "{} can't be copied", from.display());
}

/// Reads JSON.
///
/// # Panics
/// When it is none.
#[must_use]
pub fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

/// A phone without a window: the command line over a store of its own.
#[derive(Debug)]
pub struct Phone {
    folder: tempfile::TempDir,
}

impl Phone {
    /// A phone that has never been used.
    #[must_use]
    pub fn new() -> Self {
        let folder = tempfile::tempdir().expect("a phone needs a folder");
        fs::write(folder.path().join("passphrase"), "a passphrase for a test").expect("a passphrase can be written");
        Self { folder }
    }

    /// A phone that is enrolled for somebody, has pulled their appointments, and on which they have signed the Code.
    #[must_use]
    pub fn of(user: &str, town: &Town, server: SocketAddr) -> Self {
        let phone = Self::unsigned(user, town, server);
        phone.does(&["acknowledge", "--name", user]);
        phone.does(&["sync"]);
        phone
    }

    /// A phone that is enrolled for somebody who has not signed the Code yet.
    #[must_use]
    pub fn unsigned(user: &str, town: &Town, server: SocketAddr) -> Self {
        let phone = Self::new();
        phone.does(&["enrol", "--server", &format!("http://{server}"), "--code", &town.code_for(user)]);
        phone.does(&["sync"]);
        phone
    }

    /// A copy of the phone, keys and all, as it is now.
    #[must_use]
    pub fn cloned(&self) -> Self {
        let other = Self::new();
        copy(self.folder.path(), other.folder.path());
        other
    }

    /// A phone as an earlier program left it: a copy of a folder of `tests/databases`.
    #[must_use]
    pub fn frozen(name: &str) -> Self {
        let phone = Self::new();
        copy(&root().join("tests/databases").join(name), phone.folder.path());
        phone
    }

    /// The folder of the store.
    #[must_use]
    pub fn store(&self) -> PathBuf {
        self.folder.path().join("store")
    }

    /// The command, ready to run.
    #[must_use]
    pub fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(program("doorstep"));
        command
            .arg("--store")
            .arg(self.store())
            .arg("--key-file")
            .arg(self.folder.path().join("keys"))
            .arg("--passphrase-file")
            .arg(self.folder.path().join("passphrase"))
            .args(words);
        command
    }

    /// Runs a command.
    #[must_use]
    pub fn tries(&self, words: &[&str]) -> Output {
        self.command(words).output().expect("doorstep runs")
    }

    /// Runs a command, which must do it, and returns what it printed.
    ///
    /// # Panics
    /// When it fails.
    pub fn does(&self, words: &[&str]) -> String {
        let output = self.tries(words);
        assert!(output.status.success(), "{words:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("doorstep prints text")
    }

    /// Runs a command with `--json`, which must do it, and reads what it printed.
    pub fn says(&self, words: &[&str]) -> Value {
        json(&self.does(&[words, &["--json"]].concat()))
    }

    /// Starts a visit and returns its id.
    #[must_use]
    pub fn starts(&self, appointment: &str) -> String {
        let started = self.says(&["visit", "start", "--appointment", appointment]);
        started["visit"].as_str().expect("a visit has an id").to_owned()
    }

    /// Starts a visit, does all at the door, and goes in with the tenant's consent.
    #[must_use]
    pub fn enters(&self, appointment: &str) -> String {
        let visit = self.starts(appointment);
        for step in ["id_worn", "introduced", "reason_stated", "id_shown", "adult_present"] {
            self.does(&["visit", "step", &visit, step, "done"]);
        }
        self.does(&["visit", "enter", &visit, "--consent-by", "tenant"]);
        visit
    }
}

impl Default for Phone {
    fn default() -> Self {
        Self::new()
    }
}

/// What a line does with a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LineState {
    /// Carries it.
    Whole,
    /// There is no signal.
    Cut,
    /// A Wi-Fi that wants somebody to sign in answers every call with a page, and with 200.
    CaptivePortal,
    /// Carries the request, and loses the answer.
    AnswerLost,
}

/// A line to the council that can be cut.
#[derive(Debug)]
pub struct Line {
    address: SocketAddr,
    state: Arc<AtomicU8>,
    council: Arc<Mutex<SocketAddr>>,
}

impl Line {
    /// A whole line to an address.
    #[must_use]
    pub fn to(council: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a line has a near end");
        let address = listener.local_addr().expect("a line has an address");
        let state = Arc::new(AtomicU8::new(LineState::Whole as u8));
        let council = Arc::new(Mutex::new(council));
        let (of_calls, to) = (Arc::clone(&state), Arc::clone(&council));
        thread::spawn(move || {
            for call in listener.incoming().flatten() {
                let state = Arc::clone(&of_calls);
                let council = *to.lock().unwrap_or_else(PoisonError::into_inner);
                thread::spawn(move || carry(call, council, &state));
            }
        });
        Self { address, state, council }
    }

    /// Leads to another process of the council from the next call on.
    pub fn leads_to(&self, council: SocketAddr) {
        *self.council.lock().unwrap_or_else(PoisonError::into_inner) = council;
    }

    /// The near end, at which a phone calls.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Changes what the line does.
    pub fn set(&self, state: LineState) {
        self.state.store(state as u8, Ordering::SeqCst);
    }
}

fn carry(mut call: TcpStream, council: SocketAddr, state: &AtomicU8) {
    let is = |wanted: LineState| state.load(Ordering::SeqCst) == wanted as u8;
    if is(LineState::Cut) {
        return;
    }
    if is(LineState::CaptivePortal) {
        let mut ignored = [0; 1024];
        let _whatever_it_says = call.read(&mut ignored);
        let page = "<html><title>Free Wi-Fi</title>Sign in to go on</html>";
        let _gone =
            write!(call, "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: {}\r\n\r\n{page}", page.len());
        return;
    }
    let Ok(mut far) = TcpStream::connect(council) else { return };
    let (Ok(mut near_in), Ok(mut far_out)) = (call.try_clone(), far.try_clone()) else { return };
    let forth = thread::spawn(move || {
        let _ended = std::io::copy(&mut near_in, &mut far_out);
    });
    let mut buffer = [0; 16 * 1024];
    while let Ok(read @ 1..) = far.read(&mut buffer) {
        if is(LineState::Cut) || is(LineState::AnswerLost) {
            let _cut = call.shutdown(std::net::Shutdown::Both);
            let _cut = far.shutdown(std::net::Shutdown::Both);
            break;
        }
        if call.write_all(&buffer[..read]).is_err() {
            break;
        }
    }
    let _cut = call.shutdown(std::net::Shutdown::Both);
    let _ended = forth.join();
}

/// Waits for something that happens by itself, and fails with its name if it does not.
///
/// # Panics
/// When it does not happen within half a minute.
pub fn eventually(what: &str, mut happened: impl FnMut() -> bool) {
    for _ in 0..300 {
        if happened() {
            return;
        }
        thread::sleep(Duration::from_millis(100));
    }
    panic!("{what} did not happen within half a minute");
}
