//! Runs commands as steps. A step prints its name, and how long it took.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail};

/// The repository's root.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap_or_else(|_| PathBuf::from("."))
}

/// Prints a line at once.
pub(crate) fn say(line: &str) {
    let mut out = std::io::stdout();
    let _gone = writeln!(out, "{line}").and_then(|()| out.flush());
}

/// Runs one command as a step.
pub(crate) fn step(name: &str, command: &mut Command) -> Result<()> {
    say(&format!("\n== {name}"));
    let started = now();
    let status =
        command.current_dir_if_unset().status().with_context(|| format!("{name}: {command:?} does not start"))?;
    let took = now().saturating_sub(started);
    if !status.success() {
        bail!("{name} failed after {}: {command:?}", seconds(took));
    }
    say(&format!("== {name}: done in {}", seconds(took)));
    Ok(())
}

/// Runs cargo as a step.
pub(crate) fn cargo(name: &str, words: &[&str]) -> Result<()> {
    step(name, Command::new(env!("CARGO")).args(words))
}

/// Runs cargo and prints nothing else, so that its output can be read by a script.
pub(crate) fn quietly(words: &[&str]) -> Result<()> {
    let status = Command::new(env!("CARGO")).args(words).current_dir(root()).status()?;
    if status.success() { Ok(()) } else { bail!("this check failed: see above") }
}

/// Runs an npm script of the UI as a step.
pub(crate) fn npm(name: &str, script: &str) -> Result<()> {
    step(name, Command::new("npm").args(["run", "--silent", script]).current_dir(root().join("ui")))
}

/// Runs a command without showing its output. Gives whether it succeeded.
pub(crate) fn succeeds(program: &str, words: &[&str]) -> bool {
    Command::new(program).args(words).output().is_ok_and(|output| output.status.success())
}

/// Today's date, as in 2026-11-25, in UTC.
pub(crate) fn today() -> String {
    chrono::DateTime::UNIX_EPOCH
        .checked_add_signed(chrono::TimeDelta::from_std(now()).unwrap_or_default())
        .map_or_else(String::new, |now| now.format("%F").to_string())
}

/// The time, to say how long a step took.
#[expect(clippy::disallowed_methods, reason = "a build's own clock: nothing that is tested reads it")]
fn now() -> Duration {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default()
}

fn seconds(took: Duration) -> String {
    format!("{} min {:02} s", took.as_secs() / 60, took.as_secs() % 60)
}

trait FromRoot {
    fn current_dir_if_unset(&mut self) -> &mut Self;
}

impl FromRoot for Command {
    fn current_dir_if_unset(&mut self) -> &mut Self {
        if self.get_current_dir().is_none() { self.current_dir(root()) } else { self }
    }
}
