//! The phone's program, broken off in taps, when it sends, when it is enrolled again, and when it
//! opens what an earlier program left.

use std::collections::BTreeMap;
use std::fs;

use super::Begin;
use super::at_each_call::{AtEachCall, Run};
use super::strace::{Ended, Tracer};
use crate::harness::{Phone, TestCouncil, json, sample};

pub(super) fn jobs() -> Vec<Begin> {
    vec![
        ("tap: a step", |settings| AtEachCall::of(Tap::before_entry(&["step", "id_shown", "done"]), settings)),
        ("tap: a note", |settings| {
            AtEachCall::of(Tap::before_entry(&["flag", "--kind", "safeguarding", "--note", "She is afraid"]), settings)
        }),
        ("tap: leaving", |settings| AtEachCall::of(Tap::inside(&["leave", "--outcome", "completed"]), settings)),
        ("tap: a photo", |settings| AtEachCall::of(Tap::photo(), settings)),
        ("send", |settings| AtEachCall::of(Sending::new(), settings)),
        ("enrol again", |settings| AtEachCall::of(EnrolAgain(Sending::new()), settings)),
        ("update: a phone", |settings| AtEachCall::of(Update::new(), settings)),
    ]
}

/// How many records a phone holds, if its chain holds too.
///
/// # Errors
/// What is wrong, in words.
pub(super) fn holds(phone: &Phone) -> Result<u64, String> {
    let verified = said(phone, &["verify", "--json"])?;
    json(&verified)["records"].as_u64().ok_or_else(|| format!("no number of records: {verified}"))
}

fn said(phone: &Phone, words: &[&str]) -> Result<String, String> {
    let output = phone.tries(words);
    match output.status.success() {
        true => Ok(String::from_utf8_lossy(&output.stdout).into_owned()),
        false => Err(format!("{words:?}: {}", String::from_utf8_lossy(&output.stderr).trim())),
    }
}

/// A tap on a phone that is a copy each time, so that each run begins alike.
struct Tap {
    /// Holds the photo, if it is one.
    _folder: Option<tempfile::TempDir>,
    base: Phone,
    visit: String,
    words: Vec<String>,
    before: u64,
    /// How many records the tap makes, once that is known.
    makes: Option<u64>,
    phone: Phone,
}

impl Tap {
    fn before_entry(words: &[&str]) -> Self {
        Self::with(|phone| phone.starts("WO-261124-00009"), words, None)
    }

    fn inside(words: &[&str]) -> Self {
        Self::with(|phone| phone.enters("WO-261124-00009"), words, None)
    }

    fn photo() -> Self {
        let folder = tempfile::tempdir().expect("a photo needs a folder");
        let photo = folder.path().join("photo.jpg");
        fs::write(&photo, crate::sample::photo(600)).expect("a photo can be written");
        let words = ["photo", "--purpose", "before", &photo.display().to_string()];
        Self::with(|phone| phone.enters("WO-261124-00009"), &words, Some(folder))
    }

    fn with(arrives: fn(&Phone) -> String, words: &[&str], folder: Option<tempfile::TempDir>) -> Self {
        let council = TestCouncil::open();
        council.does(&["import-appointments", &sample("appointments-2026-11-24.csv").display().to_string()]);
        let base = Phone::of("melton-2", &council, council.address());
        let visit = arrives(&base);
        let before = holds(&base).expect("a phone that nothing befell holds its records");
        let words = words.iter().map(|word| (*word).to_owned()).collect();
        Self { _folder: folder, phone: base.cloned(), base, visit, words, before, makes: None }
    }
}

impl Run for Tap {
    fn prepare(&mut self) {
        self.phone = self.base.cloned();
    }

    fn run(&mut self, tracer: &Tracer) -> Ended {
        let (what, rest) = self.words.split_first().expect("a tap has a name");
        let mut words = vec!["visit", what, &self.visit];
        words.extend(rest.iter().map(String::as_str));
        tracer.runs(&self.phone.command(&words))
    }

    fn check(&mut self, ended: &Ended) -> Result<(), String> {
        let held = holds(&self.phone)?;
        let whole = self.before + *self.makes.get_or_insert(held - self.before);
        if ended.done && held != whole {
            return Err(format!("it said \"saved\", and {held} records are there instead of {whole}"));
        }
        if held != whole && held != self.before {
            return Err(format!("{held} records are there: neither {whole} nor {}", self.before));
        }
        said(&self.phone, &["visit", "concern", &self.visit, "--kind", "complaint", "--words", "They came late"])?;
        match holds(&self.phone)? {
            after if after > held => Ok(()),
            after => Err(format!("after another tap, {after} records are there; before it {held} were")),
        }
    }
}

/// A phone with which somebody works on.
pub(super) struct Worker {
    pub(super) phone: Phone,
    folder: tempfile::TempDir,
    pub(super) visits: usize,
}

impl Worker {
    pub(super) fn with(phone: Phone) -> Self {
        Self { phone, folder: tempfile::tempdir().expect("a photo needs a folder"), visits: 0 }
    }

    /// The words that begin the next visit, at an address of its own.
    fn next_visit(&mut self) -> Vec<String> {
        self.visits += 1;
        let address = format!("{} High Street", self.visits);
        let words = ["visit", "start-unplanned", "--kind", "inspection", "--purpose", "A look", "--address", &address];
        words.map(str::to_owned).into()
    }

    /// A photo that no other visit has.
    fn photo(&self) -> String {
        let photo = self.folder.path().join(format!("{}.jpg", self.visits));
        let width = 300 + u32::try_from(self.visits).unwrap_or(0);
        fs::write(&photo, crate::sample::photo(width)).expect("a photo can be written");
        photo.display().to_string()
    }

    /// One more visit, at whose door nobody answers.
    ///
    /// # Panics
    /// When a tap fails.
    pub(super) fn works(&mut self) {
        self.works_with(|phone, words| phone.does(words));
    }

    /// The same, with something that runs each command and returns what it printed.
    pub(super) fn works_with(&mut self, mut does: impl FnMut(&Phone, &[&str]) -> String) {
        let mut words = self.next_visit();
        words.push("--json".into());
        let started = does(&self.phone, &words.iter().map(String::as_str).collect::<Vec<_>>());
        let visit = json(&started)["visit"].as_str().expect("a visit has an id").to_owned();
        does(&self.phone, &["visit", "photo", &visit, "--purpose", "door", &self.photo()]);
        does(&self.phone, &["visit", "no-answer", &visit]);
    }

    /// Sends, until nothing waits any more.
    ///
    /// # Errors
    /// What waits after a few tries, in words.
    pub(super) fn sends_everything(&self) -> Result<(), String> {
        let mut wrong = String::new();
        for _ in 0..4 {
            match said(&self.phone, &["sync"]).and_then(|_| said(&self.phone, &["status", "--json"])) {
                Ok(status) => {
                    let status = json(&status);
                    if status["set_aside"] != 0 {
                        return Err(format!("the council set something aside: {status}"));
                    }
                    let waits = ["unsent", "photos_waiting", "left_by_others"].map(|what| status[what].as_u64());
                    if waits == [Some(0); 3] {
                        return holds(&self.phone).map(drop);
                    }
                    wrong = format!("{waits:?} records, photos and records of earlier enrolments wait");
                }
                Err(error) => wrong = error,
            }
        }
        Err(format!("stuck: {wrong}"))
    }
}

/// Whether this many visits are at the council, each with its photo, and nothing is set aside.
///
/// # Errors
/// What is wrong, in words.
pub(super) fn are_at(council: &TestCouncil, visits: usize) -> Result<(), String> {
    let counted = json(&council.does(&["counts", "--json"]));
    if counted["set_aside"] != 0 {
        return Err(format!("something was set aside: {counted}"));
    }
    let listed = council.export("visits");
    if listed.len() != visits {
        return Err(format!("{} of {visits} visits are at the council", listed.len()));
    }
    let is_whole = |visit: &BTreeMap<String, String>| visit["outcome"] == "no_answer" && visit["photos_held"] == "1";
    match listed.iter().find(|visit| !is_whole(visit)) {
        Some(visit) => Err(format!("part of a visit is missing: {visit:?}")),
        None => Ok(()),
    }
}

/// A phone that works on and sends, and its council, which goes on too.
pub(super) struct Sending {
    pub(super) council: TestCouncil,
    pub(super) worker: Worker,
}

impl Sending {
    pub(super) fn new() -> Self {
        let council = TestCouncil::open();
        let worker = Worker::with(Phone::of("melton-2", &council, council.address()));
        Self { council, worker }
    }

    /// Whether everything is sent, and at the council once.
    ///
    /// # Errors
    /// What is not, in words.
    pub(super) fn all_arrived(&self) -> Result<(), String> {
        self.worker.sends_everything()?;
        are_at(&self.council, self.worker.visits)
    }
}

/// The threads of whatever speaks HTTP wake each other by writing to something that is no file.
pub(super) const WAKES_WITH: &[&str] = &["write"];

impl Run for Sending {
    fn prepare(&mut self) {
        self.worker.works();
    }

    fn run(&mut self, tracer: &Tracer) -> Ended {
        tracer.runs(&self.worker.phone.command(&["sync"]))
    }

    fn wakes_with(&self) -> &'static [&'static str] {
        WAKES_WITH
    }

    fn check(&mut self, _: &Ended) -> Result<(), String> {
        self.all_arrived()
    }
}

/// The same person gets a new code while something waits.
struct EnrolAgain(Sending);

impl EnrolAgain {
    fn words(&self) -> [String; 5] {
        let server = format!("http://{}", self.0.council.address());
        ["enrol".into(), "--server".into(), server, "--code".into(), self.0.council.code_for("melton-2")]
    }
}

impl Run for EnrolAgain {
    fn prepare(&mut self) {
        self.0.worker.works();
    }

    fn run(&mut self, tracer: &Tracer) -> Ended {
        let words = self.words();
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        tracer.runs(&self.0.worker.phone.command(&words))
    }

    fn wakes_with(&self) -> &'static [&'static str] {
        WAKES_WITH
    }

    fn check(&mut self, ended: &Ended) -> Result<(), String> {
        if !ended.done {
            // The code may be used up although the phone does not know what came of it.
            let words = self.words();
            said(&self.0.worker.phone, &words.each_ref().map(String::as_str))?;
        }
        said(&self.0.worker.phone, &["sync"])?;
        said(&self.0.worker.phone, &["acknowledge", "--name", "Melton Two"])?;
        self.0.all_arrived()
    }
}

/// A phone of an earlier program is opened by this one.
struct Update {
    phone: Phone,
    records: Option<u64>,
}

impl Update {
    fn new() -> Self {
        Self { phone: Phone::frozen("phone-schema-4"), records: None }
    }
}

impl Run for Update {
    fn prepare(&mut self) {
        self.phone = Phone::frozen("phone-schema-4");
    }

    fn run(&mut self, tracer: &Tracer) -> Ended {
        tracer.runs(&self.phone.command(&["status"]))
    }

    fn check(&mut self, _: &Ended) -> Result<(), String> {
        let held = holds(&self.phone)?;
        let unsent = json(&said(&self.phone, &["status", "--json"])?)["unsent"].as_u64();
        match (*self.records.get_or_insert(held) == held, unsent) {
            (true, Some(2)) => Ok(()),
            _ => Err(format!("{held} records are there, and {unsent:?} wait; 2 should")),
        }
    }
}
