//! Power cuts of a phone and of a council's machine.

use std::net::SocketAddr;

use super::council::is_in_order;
use super::images::Record;
use super::phone::{Worker, are_at, holds};
use super::strace::Tracer;
use super::{Begin, Job, Settings, Tally};
use crate::harness::{Phone, TestCouncil, json};
use crate::simulation::Chance;

/// How many visits are recorded, whose images are then made.
const VISITS: usize = 4;

pub(super) fn jobs() -> Vec<Begin> {
    vec![
        ("power cut: a phone", |settings| PowerCuts::of(OfAPhone, OfAPhone::recorded(), settings)),
        ("power cut: a council", |settings| {
            let (council, recorded) = OfACouncil::recorded();
            PowerCuts::of(council, recorded, settings)
        }),
    ]
}

/// How many records there were when that many changes were on their way to the disk.
#[derive(Debug, Clone, Copy)]
struct Known {
    changes: usize,
    held: u64,
}

/// What was written, and how far it had come at some of the changes.
struct Recorded {
    record: Record,
    known: Vec<Known>,
}

/// What has an image at a cut.
struct Cut<'a> {
    recorded: &'a Recorded,
    at: usize,
    chance: &'a Chance,
}

impl Cut<'_> {
    fn image(&self, into: &std::path::Path) {
        self.recorded.record.image(self.at, self.chance, into);
    }

    /// Whether so many records may be there: all that was surely saved, and no more than was begun.
    fn may_hold(&self, held: u64) -> Result<(), String> {
        let known = &self.recorded.known;
        let next = known.partition_point(|known| known.changes <= self.at);
        let surely = known[next.saturating_sub(1)].held;
        let at_most = known.get(next).map_or(surely, |next| next.held);
        match (surely..=at_most).contains(&held) {
            true => Ok(()),
            false => Err(format!("{held} records are there; {surely} were promised, and {at_most} begun")),
        }
    }

    /// Whether it comes after the last thing that is known.
    fn is_after_all(&self) -> bool {
        self.recorded.known.last().is_some_and(|last| last.changes <= self.at)
    }
}

/// What is opened after a power cut.
trait Machine: Send {
    /// Opens an image, looks for what was promised, and goes on.
    ///
    /// # Errors
    /// What is wrong, in words.
    fn opens(&self, cut: &Cut<'_>) -> Result<(), String>;
}

/// Images of a folder, by seed.
struct PowerCuts<M> {
    machine: M,
    recorded: Recorded,
    chance: Chance,
    rounds: usize,
}

impl<M: Machine + 'static> PowerCuts<M> {
    fn of(machine: M, recorded: Recorded, settings: &Settings) -> Box<dyn Job> {
        Box::new(Self { machine, recorded, chance: Chance::new(settings.seed), rounds: settings.rounds })
    }
}

impl<M: Machine> Job for PowerCuts<M> {
    fn goes_on(&mut self, tally: &mut Tally) -> bool {
        tally.faults = self.rounds;
        // Each third cut is after everything: whoever was told so goes on then.
        let (changes, last) =
            (self.recorded.record.changes(), self.recorded.known.last().map_or(0, |last| last.changes));
        let from = if tally.tried.is_multiple_of(3) { last } else { 0 };
        let at = from + self.chance.below(changes - from + 1);
        tally.tried += 1;
        tally.happened += 1;
        let cut = Cut { recorded: &self.recorded, at, chance: &self.chance };
        if let Err(wrong) = self.machine.opens(&cut) {
            tally.broken.push(format!("cut at change {at}: {wrong}"));
        }
        tally.tried < self.rounds
    }
}

/// A phone's folder: its store, its journal and its keys.
struct OfAPhone;

impl OfAPhone {
    /// A phone on which somebody works, and sends in between.
    fn recorded() -> Recorded {
        let council = TestCouncil::open();
        let phone = Phone::of("melton-2", &council, council.address());
        let mut record = Record::of(phone.folder());
        let mut known = vec![Known { changes: 0, held: holds(&phone).expect("nothing befell it") }];
        let mut worker = Worker::with(phone);
        for visit in 0..VISITS {
            let mut recorded = |phone: &Phone, words: &[&str]| {
                let tracer = Tracer::records();
                let output = tracer.around(&phone.command(words)).output().expect("strace runs");
                assert!(output.status.success(), "{words:?}: {}", String::from_utf8_lossy(&output.stderr));
                record.adds(&tracer.trace());
                known.push(Known { changes: record.changes(), held: holds(phone).expect("nothing befell it") });
                String::from_utf8(output.stdout).expect("doorstep prints text")
            };
            if visit == VISITS / 2 {
                recorded(&worker.phone, &["sync"]);
            }
            worker.works_with(recorded);
        }
        Recorded { record, known }
    }
}

impl Machine for OfAPhone {
    fn opens(&self, cut: &Cut<'_>) -> Result<(), String> {
        let phone = Phone::new();
        cut.image(phone.folder());
        let held = holds(&phone)?;
        cut.may_hold(held)?;
        let mut worker = Worker::with(phone);
        worker.works();
        match holds(&worker.phone)? {
            after if after > held => Ok(()),
            after => Err(format!("after another visit, {after} records are there; before it {held} were")),
        }
    }
}

/// A council's folder: its embedded database, its photos and its keys.
struct OfACouncil {
    /// A phone that has been told that everything is there.
    worker: Worker,
    address: SocketAddr,
}

impl OfACouncil {
    /// A council that takes what a phone sends, visit by visit.
    fn recorded() -> (Self, Recorded) {
        let council = TestCouncil::open();
        let phone = Phone::of("melton-2", &council, council.address());
        let mut record = Record::of(&council.data());
        let mut lengths = vec![(0, holds(&phone).expect("nothing befell it"))];
        let mut worker = Worker::with(phone);
        let tracer = Tracer::records();
        let attached = tracer.attaches(council.pid().expect("the service runs"));
        for _ in 0..VISITS {
            worker.works();
            worker.sends_everything().expect("nothing befell it");
            lengths.push((tracer.length(), holds(&worker.phone).expect("nothing befell it")));
        }
        drop(attached);
        let address = council.stopped();
        record.adds(&tracer.trace());
        let known = |(length, held)| Known { changes: record.changes_until(length), held };
        let known = lengths.into_iter().map(known).collect();
        (Self { worker, address }, Recorded { record, known })
    }
}

impl Machine for OfACouncil {
    fn opens(&self, cut: &Cut<'_>) -> Result<(), String> {
        let mut council = TestCouncil::empty(None);
        cut.image(&council.data());
        let counted = council.tries(&["counts", "--json"]);
        if !counted.status.success() {
            return Err(format!("it does not open: {}", String::from_utf8_lossy(&counted.stderr).trim()));
        }
        let counted = json(&String::from_utf8_lossy(&counted.stdout));
        cut.may_hold(counted["records"].as_u64().unwrap_or(0))?;
        is_in_order(&council)?;
        if !cut.is_after_all() {
            return Ok(());
        }
        council.start_at(self.address);
        let mut worker = Worker::with(self.worker.phone.cloned());
        worker.visits = self.worker.visits;
        worker.works();
        worker.sends_everything()?;
        are_at(&council, worker.visits)
    }
}
