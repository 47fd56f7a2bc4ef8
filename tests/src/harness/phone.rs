//! A phone without a window, as a real process.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

use super::test_council::TestCouncil;
use super::tools::{copy, json, program, root};

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

    /// A phone that is enrolled for somebody, has pulled their appointments, and on which they have
    /// signed the Code.
    #[must_use]
    pub fn of(user: &str, council: &TestCouncil, server: SocketAddr) -> Self {
        let phone = Self::unsigned(user, council, server);
        phone.does(&["acknowledge", "--name", user]);
        phone.does(&["sync"]);
        phone
    }

    /// A phone that is enrolled for somebody who has not signed the Code yet.
    #[must_use]
    pub fn unsigned(user: &str, council: &TestCouncil, server: SocketAddr) -> Self {
        let phone = Self::new();
        phone.does(&["enrol", "--server", &format!("http://{server}"), "--code", &council.code_for(user)]);
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

    /// Everything of the phone: its store, its keys, and the passphrase of those.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The folder of the store.
    #[must_use]
    pub fn store(&self) -> PathBuf {
        self.folder.path().join("store")
    }

    /// The program `doorstep` with these words and the phone's store and keys, ready to run.
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

    /// Runs a command, which may fail.
    #[must_use]
    pub fn tries(&self, words: &[&str]) -> Output {
        self.command(words).output().expect("doorstep runs")
    }

    /// Runs a command that must succeed, and returns what it printed.
    ///
    /// # Panics
    /// When it fails.
    pub fn does(&self, words: &[&str]) -> String {
        let output = self.tries(words);
        assert!(output.status.success(), "{words:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("doorstep prints text")
    }

    /// Runs a command that must succeed with `--json`, and returns the JSON that it printed.
    pub fn says(&self, words: &[&str]) -> Value {
        json(&self.does(&[words, &["--json"]].concat()))
    }

    /// Starts a visit and returns its id.
    #[must_use]
    pub fn starts(&self, appointment: &str) -> String {
        let started = self.says(&["visit", "start", "--appointment", appointment]);
        started["visit"].as_str().expect("a visit has an id").to_owned()
    }

    /// Starts a visit, does every step before entry, and goes in with the tenant's consent. Returns
    /// the visit's id.
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
