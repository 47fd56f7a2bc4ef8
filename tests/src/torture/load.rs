//! A council of three processes on PostgreSQL, whose processes are killed and whose database server
//! is stopped at once, again and again, while phones send.

use std::net::SocketAddr;
use std::process::Child;
use std::thread;
use std::time::Duration;

use super::council::is_in_order;
use super::phone::{Worker, are_at};
use super::{Begin, Job, Settings, Tally};
use crate::harness::{Line, Phone, TestCouncil};
use crate::postgres::Postgres;
use crate::simulation::Chance;

const USERS: [&str; 4] = ["melton-1", "melton-2", "vale-3", "rutland-3"];

pub(super) fn jobs() -> Vec<Begin> {
    vec![("database server under load", |settings| Box::new(Load::begins(settings)))]
}

struct Load {
    server: Postgres,
    council: TestCouncil,
    processes: Vec<(Child, SocketAddr)>,
    workers: Vec<Worker>,
    lines: Vec<Line>,
    chance: Chance,
    rounds: usize,
}

impl Load {
    fn begins(settings: &Settings) -> Self {
        let server = Postgres::start();
        let mut council = TestCouncil::open_on_postgres(&server.database());
        let lines: Vec<Line> = USERS.iter().map(|_| Line::to(council.address())).collect();
        let enrolled = |(user, line): (&&str, &Line)| Worker::with(Phone::of(user, &council, line.address()));
        let workers = USERS.iter().zip(&lines).map(enrolled).collect();
        council.kill();
        let processes = (0..3).map(|_| council.serves(([127, 0, 0, 1], 0).into())).collect();
        let load = Self {
            server,
            council,
            processes,
            workers,
            lines,
            chance: Chance::new(settings.seed),
            rounds: settings.rounds,
        };
        load.changes_lines();
        load
    }

    /// Leads each phone to any of the processes.
    fn changes_lines(&self) {
        for line in &self.lines {
            line.leads_to(self.processes[self.chance.below(self.processes.len())].1);
        }
    }

    /// Each phone makes visits and tries to send, while things break.
    fn round(&mut self, killed: &mut usize) {
        let mut workers = std::mem::take(&mut self.workers);
        thread::scope(|scope| {
            let working = workers.iter_mut().map(|worker| scope.spawn(|| makes_visits(worker)));
            let working: Vec<_> = working.collect();
            while working.iter().any(|worker| !worker.is_finished()) {
                self.breaks();
                *killed += 1;
                thread::sleep(Duration::from_millis(200));
            }
        });
        self.workers = workers;
    }

    /// Kills a process of the council, or stops the database server as a power cut would, and
    /// starts it again.
    fn breaks(&mut self) {
        if self.chance.percent(40) {
            self.server.stops_at_once();
            thread::sleep(Duration::from_millis(300));
            self.server.starts_again();
        } else {
            let which = self.chance.below(self.processes.len());
            let (process, address) = &mut self.processes[which];
            let _already_gone = process.kill();
            let _reaped = process.wait();
            (*process, *address) = self.council.serves(*address);
        }
        self.changes_lines();
    }

    fn all_arrived(&self) -> Result<(), String> {
        for worker in &self.workers {
            worker.sends_everything()?;
        }
        are_at(&self.council, self.workers.iter().map(|worker| worker.visits).sum())?;
        is_in_order(&self.council)
    }
}

fn makes_visits(worker: &mut Worker) {
    for _ in 0..3 {
        worker.works();
        let _whoever_answers_may_just_be_gone = worker.phone.tries(&["sync"]);
    }
}

impl Job for Load {
    fn goes_on(&mut self, tally: &mut Tally) -> bool {
        tally.faults = self.rounds;
        self.round(&mut tally.killed);
        tally.tried += 1;
        tally.happened += 1;
        if let Err(wrong) = self.all_arrived() {
            tally.broken.push(format!("round {}: {wrong}", tally.tried));
        }
        tally.tried < self.rounds
    }
}

impl Drop for Load {
    fn drop(&mut self) {
        for (process, _) in &mut self.processes {
            let _already_gone = process.kill();
            let _reaped = process.wait();
        }
    }
}
