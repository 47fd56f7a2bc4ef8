//! Real programs under `strace`: which calls they make that change the disk or the line, and what
//! happens when one of those calls kills them or fails.

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::harness::eventually;

/// The calls that change what is on the disk.
const OF_THE_DISK: [&str; 16] = [
    "write",
    "pwrite64",
    "writev",
    "ftruncate",
    "fallocate",
    "copy_file_range",
    "fsync",
    "fdatasync",
    "rename",
    "renameat",
    "renameat2",
    "link",
    "linkat",
    "unlink",
    "mkdir",
    "rmdir",
];

/// The calls that use the line.
const OF_THE_LINE: [&str; 4] = ["connect", "sendto", "sendmsg", "recvfrom"];

/// One call of a run: the first, second or later of its kind in one thread, as `strace` counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Point {
    call: String,
    number: usize,
}

/// How a program ended.
#[derive(Debug)]
pub(super) struct Ended {
    /// It said that it was done.
    pub(super) done: bool,
    /// It did not end.
    pub(super) hangs: bool,
    /// What it complained about, to tell if something is wrong.
    pub(super) said: String,
}

/// What befalls a program at a [`Point`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::EnumIter, strum::AsRefStr, strum::IntoStaticStr)]
#[strum(serialize_all = "kebab-case")]
pub(super) enum Trouble {
    /// It is killed before the call is made.
    Killed,
    /// The disk is full, from this call on. Every further call of the kind fails too.
    DiskFull,
    /// The disk fails this one call.
    DiskFails,
    /// The line breaks at this call.
    LineBreaks,
}

impl Trouble {
    fn can_happen_at(self, point: &Point) -> bool {
        let of_the_line = OF_THE_LINE.contains(&point.call.as_str());
        match self {
            Self::Killed => true,
            Self::DiskFull | Self::DiskFails => !of_the_line,
            Self::LineBreaks => of_the_line,
        }
    }
}

/// A trouble at a point.
#[derive(Debug, Clone)]
pub(super) struct Fault {
    point: Point,
    trouble: Trouble,
}

impl Fault {
    /// Everything that can happen at these points.
    pub(super) fn all(points: &[Point], troubles: &[Trouble]) -> Vec<Self> {
        let at = |point: &Point| {
            let possible = troubles.iter().filter(|trouble| trouble.can_happen_at(point));
            possible.map(|trouble| Self { point: point.clone(), trouble: *trouble }).collect::<Vec<_>>()
        };
        points.iter().flat_map(at).collect()
    }

    pub(super) fn call(&self) -> &str {
        &self.point.call
    }

    pub(super) fn trouble(&self) -> Trouble {
        self.trouble
    }

    /// As `strace` wants it.
    fn injection(&self) -> String {
        let Point { call, number } = &self.point;
        match self.trouble {
            Trouble::Killed => format!("inject={call}:signal=KILL:when={number}"),
            Trouble::DiskFull => format!("inject={call}:error=ENOSPC:when={number}+"),
            Trouble::DiskFails => format!("inject={call}:error=EIO:when={number}"),
            Trouble::LineBreaks => format!("inject={call}:error=ECONNRESET:when={number}"),
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:{}:{}", self.point.call, self.point.number, self.trouble.as_ref())
    }
}

/// A program that is looked at, or that suffers, while it runs.
#[derive(Debug)]
pub(super) struct Tracer {
    folder: tempfile::TempDir,
    words: Vec<String>,
}

impl Tracer {
    /// Only writes down which calls are made.
    pub(super) fn counts() -> Self {
        Self::with(vec![format!("trace={}", [&OF_THE_DISK[..], &OF_THE_LINE].concat().join(","))])
    }

    /// Makes a fault happen.
    pub(super) fn makes(fault: &Fault) -> Self {
        Self::with(vec![format!("trace={}", fault.point.call), fault.injection()])
    }

    /// Writes down every byte that is written, and where, so that [`super::power`] can make images
    /// of the disk from it.
    pub(super) fn records() -> Self {
        let calls = [&OF_THE_DISK[..], &["openat", "lseek"]].concat().join(",");
        let mut tracer = Self::with(vec![format!("trace={calls}")]);
        tracer.words.extend(["-y", "-xx", "-s", "4194304"].map(str::to_owned));
        tracer
    }

    fn with(expressions: Vec<String>) -> Self {
        let folder = tempfile::tempdir().expect("a trace needs a folder");
        let mut words = vec!["-f".to_owned(), "-o".to_owned(), folder.path().join("trace").display().to_string()];
        words.extend(expressions.into_iter().flat_map(|expression| ["-e".to_owned(), expression]));
        Self { folder, words }
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("trace")
    }

    /// Runs a command under `strace`.
    pub(super) fn runs(&self, command: &Command) -> Ended {
        run(&mut self.around(command))
    }

    /// The command that runs this one under `strace`.
    pub(super) fn around(&self, command: &Command) -> Command {
        let mut traced = Command::new("strace");
        traced.args(&self.words).arg("--").arg(command.get_program()).args(command.get_args());
        for (name, value) in command.get_envs() {
            match value {
                Some(value) => traced.env(name, value),
                None => traced.env_remove(name),
            };
        }
        traced
    }

    /// Begins with a program that already runs. Returns once each of its threads is looked at, or
    /// the program has been killed already.
    pub(super) fn attaches(&self, pid: u32) -> Attached {
        let mut strace = Command::new("strace");
        strace.args(&self.words).args(["-p", &pid.to_string()]).stdout(Stdio::null()).stderr(Stdio::null());
        let strace = strace.spawn().expect("strace runs");
        eventually("looking at the service's calls", || {
            let threads = fs::read_dir(format!("/proc/{pid}/task"));
            threads.map_or(true, |threads| threads.flatten().all(|thread| is_traced_or_over(&thread.path())))
        });
        Attached(strace)
    }

    /// The whole trace.
    pub(super) fn trace(&self) -> String {
        String::from_utf8_lossy(&fs::read(self.file()).unwrap_or_default()).into_owned()
    }

    /// How long the trace is, in bytes.
    pub(super) fn length(&self) -> usize {
        fs::metadata(self.file()).map_or(0, |file| usize::try_from(file.len()).unwrap_or(usize::MAX))
    }

    /// The calls that were made, in their order. A call that two threads make is there once.
    pub(super) fn points(&self) -> Vec<Point> {
        let trace = self.trace();
        let mut made: BTreeMap<(&str, &str), usize> = BTreeMap::new();
        let mut most: BTreeMap<&str, usize> = BTreeMap::new();
        let mut points = Vec::new();
        for line in trace.lines() {
            let Some((thread, call)) = line.split_once(' ') else { continue };
            let Some((call, _)) = call.trim_start().split_once('(') else { continue };
            if !call.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_') {
                continue;
            }
            let number = made.entry((thread, call)).or_default();
            *number += 1;
            let before = most.entry(call).or_default();
            if *number > *before {
                *before = *number;
                points.push(Point { call: call.to_owned(), number: *number });
            }
        }
        points
    }

    /// Whether the fault came.
    pub(super) fn has_happened(&self) -> bool {
        let trace = self.trace();
        trace.contains("(INJECTED)") || trace.contains("killed by SIGKILL")
    }
}

fn is_traced_or_over(thread: &Path) -> bool {
    let Ok(status) = fs::read_to_string(thread.join("status")) else { return true };
    let says = |name: &str| status.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default().trim();
    says("TracerPid:") != "0" || says("State:").starts_with(['Z', 'X'])
}

/// `strace`, while it looks at a program that ran before it. When this is dropped, the program goes
/// on by itself.
#[derive(Debug)]
pub(super) struct Attached(Child);

impl Drop for Attached {
    fn drop(&mut self) {
        // It lets go of the program when it is asked to end, and is over with the program. It may
        // also wait for ever for threads that were killed.
        let _may_be_over = Command::new("kill").args(["-INT", &self.0.id().to_string()]).status();
        if ends(&mut self.0, PATIENCE / 10).is_none() {
            let _may_be_over = self.0.kill();
            let _reaped = self.0.wait();
        }
    }
}

/// How long a program may take before it counts as one that hangs.
const PATIENCE: Duration = Duration::from_secs(60);

/// Waits until a program ends. `None` if it does not.
fn ends(program: &mut Child, patience: Duration) -> Option<ExitStatus> {
    let until = Instant::now() + patience;
    while Instant::now() < until {
        if let Ok(Some(ended)) = program.try_wait() {
            return Some(ended);
        }
        thread::sleep(Duration::from_millis(5));
    }
    None
}

/// Runs a program to its end, or until it has hung for long.
pub(super) fn run(command: &mut Command) -> Ended {
    let complaints = tempfile::NamedTempFile::new().expect("a file can be made");
    let into = complaints.reopen().expect("the file is there");
    command.stdout(Stdio::null()).stderr(into).process_group(0);
    let mut program = command.spawn().expect("the program runs");
    let ended = ends(&mut program, PATIENCE);
    if ended.is_none() {
        // And what `strace` runs, which would go on without it.
        let _may_be_over = Command::new("kill").args(["-KILL", "--", &format!("-{}", program.id())]).status();
        let _reaped = program.wait();
    }
    let said = fs::read(complaints.path()).unwrap_or_default();
    let said = String::from_utf8_lossy(&said).into_owned();
    Ended { done: ended.is_some_and(|ended| ended.success()), hangs: ended.is_none(), said }
}
