//! Power cuts of a phone and of a council's machine.

use super::council::is_in_order;
use super::images::Record;
use super::phone::{Worker, are_at, holds};
use super::strace::Tracer;
use super::{Begin, Job, Settings, Tally};
use crate::harness::{Phone, TestCouncil};
use crate::simulation::Chance;

/// How many visits are recorded, whose images are then made.
const VISITS: usize = 4;

pub(super) fn jobs() -> Vec<Begin> {
    vec![
        ("power cut: a phone", |settings| Box::new(OfAPhone::recorded(settings))),
        ("power cut: a council", |settings| Box::new(OfACouncil::recorded(settings))),
    ]
}

/// How far it had come when that many changes were on their way to the disk.
#[derive(Debug, Clone, Copy)]
struct Known<T> {
    changes: usize,
    held: T,
}

/// What was surely there at a cut, and the most that may be.
fn between<T: Copy>(known: &[Known<T>], cut: usize) -> (T, T) {
    let next = known.partition_point(|known| known.changes <= cut);
    let surely = known[next.saturating_sub(1)].held;
    (surely, known.get(next).map_or(surely, |next| next.held))
}

/// Images of a phone's folder: its store, its journal and its keys.
struct OfAPhone {
    record: Record,
    known: Vec<Known<u64>>,
    chance: Chance,
    rounds: usize,
}

impl OfAPhone {
    /// A phone on which somebody works, and sends in between.
    fn recorded(settings: &Settings) -> Self {
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
        Self { record, known, chance: Chance::new(settings.seed), rounds: settings.rounds }
    }
}

impl Job for OfAPhone {
    fn goes_on(&mut self, tally: &mut Tally) -> bool {
        tally.faults = self.rounds;
        let phone = Phone::new();
        let cut = self.chance.below(self.record.changes() + 1);
        self.record.image(cut, &self.chance, phone.folder());
        tally.tried += 1;
        tally.happened += 1;
        let (surely, at_most) = between(&self.known, cut);
        let wrong = match holds(&phone) {
            Ok(held) if held < surely || held > at_most => {
                Some(format!("{held} records are there; {surely} were saved, and {at_most} begun"))
            }
            Ok(held) => {
                let mut worker = Worker::with(phone);
                worker.works();
                match holds(&worker.phone) {
                    Ok(after) if after > held => None,
                    other => Some(format!("after another visit: {other:?}; before it {held}")),
                }
            }
            Err(wrong) => Some(wrong),
        };
        tally.broken.extend(wrong.map(|wrong| format!("cut at change {cut}: {wrong}")));
        tally.tried < self.rounds
    }
}

/// Images of a council's folder: its embedded database, its photos and its keys.
struct OfACouncil {
    record: Record,
    known: Vec<Known<u64>>,
    worker: Worker,
    at: std::net::SocketAddr,
    chance: Chance,
    rounds: usize,
}

impl OfACouncil {
    /// A council that takes what a phone sends, visit by visit.
    fn recorded(settings: &Settings) -> Self {
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
        let at = council.stopped();
        record.adds(&tracer.trace());
        let known =
            lengths.into_iter().map(|(length, held)| Known { changes: record.changes_until(length), held }).collect();
        Self { record, known, worker, at, chance: Chance::new(!settings.seed), rounds: settings.rounds }
    }

    /// Opens an image, and lets the phone, which has been told that everything is there, send.
    fn opens(&self, cut: usize) -> Result<(), String> {
        let mut council = TestCouncil::empty(None);
        self.record.image(cut, &self.chance, &council.data());
        let counted = council.tries(&["counts", "--json"]);
        if !counted.status.success() {
            return Err(format!("it does not open: {}", String::from_utf8_lossy(&counted.stderr).trim()));
        }
        let counted = crate::harness::json(&String::from_utf8_lossy(&counted.stdout));
        let held = counted["records"].as_u64().unwrap_or(0);
        let (surely, at_most) = between(&self.known, cut);
        if held < surely || held > at_most {
            return Err(format!("{held} records are there; {surely} were receipted, and {at_most} sent"));
        }
        is_in_order(&council)?;
        if surely < self.known.last().map_or(0, |last| last.held) {
            return Ok(());
        }
        council.start_at(self.at);
        let mut worker = Worker::with(self.worker.phone.cloned());
        worker.visits = self.worker.visits;
        worker.works();
        worker.sends_everything()?;
        are_at(&council, worker.visits)
    }
}

impl Job for OfACouncil {
    fn goes_on(&mut self, tally: &mut Tally) -> bool {
        tally.faults = self.rounds;
        // Each third cut is after all was receipted: the phone then goes on.
        let last = self.known.last().map_or(0, |last| last.changes);
        let cut = match tally.tried % 3 {
            0 => last + self.chance.below(self.record.changes() - last + 1),
            _ => self.chance.below(self.record.changes() + 1),
        };
        tally.tried += 1;
        tally.happened += 1;
        if let Err(wrong) = self.opens(cut) {
            tally.broken.push(format!("cut at change {cut}: {wrong}"));
        }
        tally.tried < self.rounds
    }
}
