//! The council's programs, broken off when the service takes what a phone sends, when a backup is
//! made or restored, and when it opens what an earlier program left.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;

use super::Begin;
use super::at_each_call::{AtEachCall, Run};
use super::phone::{Sending, WAKES_WITH};
use super::strace::{self, Ended, Tracer};
use crate::harness::{PASSWORD, TestCouncil, json};

pub(super) fn jobs() -> Vec<Begin> {
    vec![
        ("set up a council", |settings| AtEachCall::of(SetUp::new(), settings)),
        ("receive", |settings| AtEachCall::of(Receive(Sending::new()), settings)),
        ("backup", |settings| AtEachCall::of(Backup::new(), settings)),
        ("restore", |settings| AtEachCall::of(Restore::new(), settings)),
        ("update: a council", |settings| AtEachCall::of(Update::new(), settings)),
    ]
}

/// An empty folder becomes a council.
struct SetUp {
    folder: tempfile::TempDir,
    council: TestCouncil,
}

impl SetUp {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a password needs a folder");
        fs::write(folder.path().join("password"), PASSWORD).expect("a password can be written");
        Self { folder, council: TestCouncil::empty(None) }
    }

    fn words(&self) -> [String; 7] {
        let password = self.folder.path().join("password").display().to_string();
        ["init", "--name", "Melton", "--admin-user", "admin", "--admin-password-file", &password].map(str::to_owned)
    }
}

impl Run for SetUp {
    fn prepare(&mut self) {
        self.council = TestCouncil::empty(None);
    }

    fn run(&mut self, tracer: &Tracer) -> Ended {
        tracer.runs(&self.council.command(&self.words().each_ref().map(String::as_str)))
    }

    fn check(&mut self, ended: &Ended) -> Result<(), String> {
        let counted = self.council.tries(&["counts"]);
        if ended.done && !counted.status.success() {
            return Err(format!("it was made, and does not open: {}", printed(&counted)));
        }
        if !counted.status.success() {
            let again = self.council.tries(&self.words().each_ref().map(String::as_str));
            if !again.status.success() {
                return Err(format!("it can't be run again: {}", printed(&again)));
            }
        }
        is_in_order(&self.council)
    }
}

/// The service, while a phone sends.
struct Receive(Sending);

impl Run for Receive {
    fn prepare(&mut self) {
        self.0.worker.works();
    }

    fn run(&mut self, tracer: &Tracer) -> Ended {
        let service = self.0.council.pid().expect("the service runs");
        let attached = tracer.attaches(service);
        let sent = strace::run(&mut self.0.worker.phone.command(&["sync"]));
        drop(attached);
        sent
    }

    fn wakes_with(&self) -> &'static [&'static str] {
        WAKES_WITH
    }

    fn check(&mut self, _: &Ended) -> Result<(), String> {
        // A service that is alive has to go on by itself.
        if !self.0.council.is_running() {
            self.0.council.kill();
            self.0.council.start();
        }
        self.0.all_arrived()
    }
}

fn printed(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr)).trim().to_owned()
}

/// Every file and folder in a folder, by its path from there.
fn everything_in(folder: &Path) -> BTreeSet<PathBuf> {
    let mut found = BTreeSet::new();
    let mut left = vec![folder.to_owned()];
    while let Some(next) = left.pop() {
        for entry in fs::read_dir(next).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() {
                left.push(path.clone());
            }
            found.insert(path.strip_prefix(folder).unwrap_or(&path).to_owned());
        }
    }
    found
}

/// A council at rest, with what a few visits left, and a key for backups.
struct Kept {
    council: TestCouncil,
    folder: tempfile::TempDir,
    recipient: String,
}

impl Kept {
    fn new() -> Self {
        let mut sent = Sending::new();
        for _ in 0..3 {
            sent.worker.works();
        }
        sent.all_arrived().expect("nothing befell them");
        let Sending { mut council, .. } = sent;
        council.kill();
        let folder = tempfile::tempdir().expect("backups need a folder");
        let identity = folder.path().join("identity").display().to_string();
        let recipient = council.runs(&["backup-key", "--out", &identity]).trim().to_owned();
        Self { council, folder, recipient }
    }

    fn place(&self, name: &str) -> String {
        self.folder.path().join(name).display().to_string()
    }

    fn restores(&self, backup: &str) -> Output {
        let identity = self.place("identity");
        TestCouncil::asks(&["check-backup", "--identity", &identity, &self.place(backup)])
    }
}

struct Backup {
    kept: Kept,
    /// What is in the council's folder when a backup is over.
    before: BTreeSet<PathBuf>,
}

impl Backup {
    fn new() -> Self {
        let kept = Kept::new();
        // Whatever the first backup leaves beside the data is there from then on.
        kept.council.does(&["backup", "--recipient", &kept.recipient, "--out", &kept.place("first")]);
        let before = everything_in(&kept.council.data());
        Self { kept, before }
    }

    fn words(&self, name: &str) -> [String; 5] {
        ["backup".into(), "--recipient".into(), self.kept.recipient.clone(), "--out".into(), self.kept.place(name)]
    }
}

impl Run for Backup {
    fn prepare(&mut self) {
        let _there_may_be_none = fs::remove_file(self.kept.place("backup"));
    }

    fn run(&mut self, tracer: &Tracer) -> Ended {
        let words = self.words("backup");
        let command = self.kept.council.command(&words.each_ref().map(String::as_str));
        tracer.runs(&command)
    }

    fn check(&mut self, ended: &Ended) -> Result<(), String> {
        let checked = self.kept.restores("backup");
        if ended.done && !checked.status.success() {
            return Err(format!("a backup that was made does not restore: {}", printed(&checked)));
        }
        // Whatever was left must not be in the way of the next.
        let words = self.words("again");
        let again = self.kept.council.tries(&words.each_ref().map(String::as_str));
        if !again.status.success() {
            return Err(format!("the next backup fails: {}", printed(&again)));
        }
        let again = self.kept.restores("again");
        let _tidied = fs::remove_file(self.kept.place("again"));
        if !again.status.success() {
            return Err(format!("the next backup does not restore: {}", printed(&again)));
        }
        let now = everything_in(&self.kept.council.data());
        match now.difference(&self.before).next() {
            Some(left) => Err(format!("this is left in the council's folder: {}", left.display())),
            None => Ok(()),
        }
    }
}

struct Restore {
    kept: Kept,
    restored: TestCouncil,
    counted: String,
    visits: Vec<std::collections::BTreeMap<String, String>>,
}

impl Restore {
    fn new() -> Self {
        let kept = Kept::new();
        kept.council.does(&["backup", "--recipient", &kept.recipient, "--out", &kept.place("backup")]);
        let counted = kept.council.does(&["counts", "--json"]);
        let visits = kept.council.export("visits");
        Self { kept, restored: TestCouncil::empty(None), counted, visits }
    }

    fn words(&self) -> [String; 4] {
        ["restore".into(), "--identity".into(), self.kept.place("identity"), self.kept.place("backup")]
    }
}

impl Run for Restore {
    fn prepare(&mut self) {
        self.restored = TestCouncil::empty(None);
    }

    fn run(&mut self, tracer: &Tracer) -> Ended {
        let command = self.restored.command(&self.words().each_ref().map(String::as_str));
        tracer.runs(&command)
    }

    fn check(&mut self, ended: &Ended) -> Result<(), String> {
        let mut counted = self.restored.tries(&["counts", "--json"]);
        if ended.done && !counted.status.success() {
            return Err(format!("it was restored, and does not open: {}", printed(&counted)));
        }
        if !counted.status.success() {
            let again = self.restored.tries(&self.words().each_ref().map(String::as_str));
            if !again.status.success() {
                return Err(format!("it can't be run again: {}", printed(&again)));
            }
            counted = self.restored.tries(&["counts", "--json"]);
        }
        if String::from_utf8_lossy(&counted.stdout) != self.counted {
            return Err(format!("{} was restored of {}", printed(&counted), self.counted.trim()));
        }
        if self.restored.export("visits") != self.visits {
            return Err("the visits are not the same".into());
        }
        is_in_order(&self.restored)
    }
}

/// Whether the council's own check of all that it holds finds nothing.
///
/// # Errors
/// What it found.
pub(super) fn is_in_order(council: &TestCouncil) -> Result<(), String> {
    let checked = council.tries(&["check-records"]);
    if checked.status.success() { Ok(()) } else { Err(format!("check-records: {}", printed(&checked))) }
}

/// A council of an earlier program is opened by this one.
struct Update {
    council: TestCouncil,
    counted: Option<String>,
}

impl Update {
    fn new() -> Self {
        Self { council: TestCouncil::left_by("council-schema-3"), counted: None }
    }
}

impl Run for Update {
    fn prepare(&mut self) {
        self.council = TestCouncil::left_by("council-schema-3");
    }

    fn run(&mut self, tracer: &Tracer) -> Ended {
        tracer.runs(&self.council.command(&["counts"]))
    }

    fn check(&mut self, _: &Ended) -> Result<(), String> {
        let counted = self.council.tries(&["counts", "--json"]);
        if !counted.status.success() {
            return Err(printed(&counted));
        }
        let counted = json(&String::from_utf8_lossy(&counted.stdout)).to_string();
        if *self.counted.get_or_insert_with(|| counted.clone()) != counted {
            return Err(format!("{counted} is there of {:?}", self.counted));
        }
        match self.council.export("visits").len() {
            2 => is_in_order(&self.council),
            visits => Err(format!("{visits} visits are listed of 2")),
        }
    }
}
