//! A line that breaks after each byte, there or back, while a phone sends a visit.

use std::sync::Arc;

use doorstep_core::http::HttpConnect;
use doorstep_core::keys::MemoryKeyStore;
use doorstep_core::{App, AppError, Environment, OsRandomness, RealDisk, SignIn, SystemClock, Unplanned};
use doorstep_domain::conduct::{Command, Signing, VisitKind};

use super::council::is_in_order;
use super::{Begin, Job, Settings, Tally};
use crate::harness::{Line, TestCouncil, json};
use crate::simulation::Chance;

/// After so many tries, what the council holds is counted.
const COUNTED_EVERY: usize = 100;
/// Nothing that is sent is as long as this, in bytes.
const WHOLE: usize = usize::MAX / 2;

pub(super) fn jobs() -> Vec<Begin> {
    vec![("line cut at a byte", |settings| Box::new(CutLine::begins(settings)))]
}

struct CutLine {
    council: TestCouncil,
    line: Line,
    app: App,
    /// Goes when the phone has gone.
    _folder: tempfile::TempDir,
    /// The bytes after which the line is still to be cut, in the order of the seed.
    left: Vec<usize>,
    saved: u64,
}

impl CutLine {
    fn begins(settings: &Settings) -> Self {
        let council = TestCouncil::open();
        let line = Line::to(council.address());
        let folder = tempfile::tempdir().expect("a phone needs a folder");
        let environment = Environment {
            clock: Arc::new(SystemClock),
            randomness: Arc::new(OsRandomness),
            keys: Arc::new(MemoryKeyStore::default()),
            disk: Arc::new(RealDisk),
            connect: Arc::new(HttpConnect),
            sign_in: SignIn::ByKeyStore,
        };
        let app = App::open(folder.path(), environment).expect("a phone opens");
        let server = format!("http://{}", line.address());
        app.enrol(&server, &council.code_for("melton-2"), "torture").expect("it enrols");
        app.sync().expect("it asks");
        let code = app.code(None).expect("there is a Code").hash;
        app.acknowledge(&code, "Melton Two", Signing::Typed("Melton Two".into())).expect("it is signed");
        app.sync().expect("it is sent");
        let mut cut = Self { council, line, app, _folder: folder, left: Vec::new(), saved: 1 };
        cut.line.breaks_after(WHOLE);
        cut.makes_a_visit().expect("a tap needs no line");
        cut.app.sync().expect("the line is whole");
        let bytes = WHOLE - cut.line.left();
        let chance = Chance::new(settings.seed);
        cut.left = (0..bytes).collect();
        for at in (1..bytes).rev() {
            cut.left.swap(at, chance.below(at + 1));
        }
        cut.left.truncate(settings.rounds);
        cut
    }

    fn makes_a_visit(&mut self) -> Result<(), AppError> {
        let unplanned = Unplanned {
            uprn: None,
            visit_kind: VisitKind::Inspection,
            address: Some("1 High Street".into()),
            purpose: "A look".into(),
        };
        let visit = self.app.start_unplanned(unplanned)?.visit.visit.visit;
        self.app.act(visit, Command::NoAnswer)?;
        self.saved += 2;
        Ok(())
    }

    fn sends_everything(&self) -> Result<(), String> {
        self.line.breaks_after(usize::MAX);
        for _ in 0..3 {
            if self.app.sync().is_ok_and(|report| report.waiting == 0) {
                return Ok(());
            }
        }
        Err(format!("stuck: {:?}", self.app.sync()))
    }

    fn all_is_there(&self) -> Result<(), String> {
        let counted = json(&self.council.does(&["counts", "--json"]));
        match counted["records"] == self.saved && counted["set_aside"] == 0 {
            true => is_in_order(&self.council),
            false => Err(format!("{counted} of {} records", self.saved)),
        }
    }
}

impl Job for CutLine {
    fn goes_on(&mut self, tally: &mut Tally) -> bool {
        if tally.tried == 0 {
            tally.faults = self.left.len();
        }
        let Some(at) = self.left.pop() else { return false };
        let made = self.makes_a_visit().map_err(|error| error.to_string());
        self.line.breaks_after(at);
        let sent = self.app.sync();
        tally.tried += 1;
        tally.happened += usize::from(sent.is_err());
        let is_counted = self.left.is_empty() || tally.tried.is_multiple_of(COUNTED_EVERY);
        let sent = made.and_then(|()| self.sends_everything());
        let checked = sent.and_then(|()| if is_counted { self.all_is_there() } else { Ok(()) });
        if let Err(wrong) = checked {
            tally.broken.push(format!("cut after {at} bytes: {wrong}"));
        }
        !self.left.is_empty()
    }
}
