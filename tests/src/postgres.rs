//! A PostgreSQL server for tests. It stops and is deleted when its value is dropped.

use std::fs;
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Command, Output};
use std::sync::atomic::{AtomicU32, Ordering};

/// A server in a temporary folder.
#[derive(Debug)]
pub struct Postgres {
    folder: tempfile::TempDir,
    port: u16,
    databases: AtomicU32,
}

impl Postgres {
    /// Makes a server and starts it.
    ///
    /// # Panics
    /// When it can't be made or started.
    #[must_use]
    pub fn start() -> Self {
        let folder = tempfile::tempdir().expect("a server needs a folder");
        let port = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
        let port = port.expect("there is a free port").port();
        let server = Self { folder, port, databases: AtomicU32::new(0) };
        if is_root() {
            // PostgreSQL refuses to run as root; its package brings a user for it.
            let given = Command::new("chown").arg("postgres").arg(server.folder.path()).status();
            assert!(given.is_ok_and(|status| status.success()), "there is no user postgres");
        }
        let data = server.data();
        let made = server.run(
            "initdb",
            &["--no-sync", "--auth=trust", "--username=postgres", "--encoding=UTF8", "--locale=C.UTF-8", "-D", &data],
        );
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        server.starts_again();
        server
    }

    /// Starts it, after [`Self::stops_at_once`].
    ///
    /// # Panics
    /// When it does not start.
    pub fn starts_again(&self) {
        let options = format!(
            "-c listen_addresses=127.0.0.1 -c port={} -c unix_socket_directories={}",
            self.port,
            self.folder.path().display()
        );
        let log = self.folder.path().join("log").display().to_string();
        let started = self.run("pg_ctl", &["-D", &self.data(), "-w", "-l", &log, "-o", &options, "start"]);
        assert!(started.status.success(), "{}", fs::read_to_string(&log).unwrap_or_default());
    }

    /// Stops it without ending anything, so that it has to recover when it starts.
    ///
    /// # Panics
    /// When it does not stop.
    pub fn stops_at_once(&self) {
        let stopped = self.run("pg_ctl", &["-D", &self.data(), "-w", "-m", "immediate", "stop"]);
        assert!(stopped.status.success(), "{}", String::from_utf8_lossy(&stopped.stderr));
    }

    /// Makes an empty database and returns its address.
    ///
    /// # Panics
    /// When it can't be made.
    #[must_use]
    pub fn database(&self) -> String {
        self.database_like("template1")
    }

    /// Makes a copy of a database and returns its address. Ends all connections to the original.
    ///
    /// # Panics
    /// When it can't be made.
    #[must_use]
    pub fn copy_of(&self, database: &str) -> String {
        let name = database.rsplit('/').next().unwrap_or_default();
        self.asks(
            &self.address_of("postgres"),
            &format!("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"),
        );
        self.database_like(name)
    }

    fn database_like(&self, template: &str) -> String {
        let name = format!("council_{}", self.databases.fetch_add(1, Ordering::Relaxed));
        let port = self.port.to_string();
        let made = self.run("createdb", &["-h", "127.0.0.1", "-p", &port, "-U", "postgres", "-T", template, &name]);
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        self.address_of(&name)
    }

    fn address_of(&self, name: &str) -> String {
        format!("postgres://postgres@127.0.0.1:{}/{name}", self.port)
    }

    /// Runs SQL on one of its databases with `psql`, and returns what `psql` prints.
    ///
    /// # Panics
    /// When the server refuses it.
    pub fn asks(&self, database: &str, sql: &str) -> Vec<u8> {
        let asked = self.run("psql", &["--quiet", "--no-psqlrc", "-v", "ON_ERROR_STOP=1", "-d", database, "-c", sql]);
        assert!(asked.status.success(), "{}", String::from_utf8_lossy(&asked.stderr));
        asked.stdout
    }

    /// The folder with the files of tables and indexes of all its databases.
    #[must_use]
    pub fn tables_folder(&self) -> PathBuf {
        self.folder.path().join("data/base")
    }

    fn data(&self) -> String {
        self.folder.path().join("data").display().to_string()
    }

    /// Runs one of PostgreSQL's programs, as the user `postgres` if the tests run as root.
    fn run(&self, program: &str, words: &[&str]) -> Output {
        let program = programs().join(program);
        let mut command = if is_root() {
            let mut command = Command::new("runuser");
            command.args(["-u", "postgres", "--"]).arg(program);
            command
        } else {
            Command::new(program)
        };
        command.args(words).current_dir(self.folder.path()).env("LC_ALL", "C.UTF-8");
        command.output().expect("PostgreSQL's programs run; `cargo xtask test` installs them")
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        let _gone = self.run("pg_ctl", &["-D", &self.data(), "-m", "immediate", "stop"]);
    }
}

/// The programs of the newest installed version. Debian has a folder for each version.
fn programs() -> PathBuf {
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let newest = versions.filter_map(|entry| Some((entry.file_name().to_str()?.parse::<u32>().ok()?, entry.path())));
    let newest = newest.max_by_key(|(version, _)| *version);
    newest.map(|(_, folder)| folder.join("bin")).expect("PostgreSQL is installed; `cargo xtask test` installs it")
}

fn is_root() -> bool {
    let id = Command::new("id").arg("-u").output().expect("id runs");
    id.stdout.trim_ascii() == b"0"
}
