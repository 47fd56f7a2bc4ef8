//! Mutants: bugs that are put into a copy of the project, to prove that the tests find them. Each
//! one is a patch in `tests/mutants`. Above its diff, the patch says in one sentence what the bug
//! is, and which test finds it.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};

use crate::steps::{root, say, step, today};

/// How many worlds the simulation runs to find a bug.
const WORLDS: &str = "300";
/// How many worlds the simulation must pass as it is, before a bug is planted.
const WORLDS_AS_IT_IS: &str = "30";
const WORLDS_TEST: [&str; 3] =
    ["doorstep-tests", "end_to_end", "simulation::in_every_world_nothing_is_lost_doubled_altered_or_stuck"];

/// The most characters of a test's output that are shown.
const LONGEST_WORDS: usize = 120;

const PAGE: &str = "docs/simulation.md";
const TABLE_BEGINS: &str = "| bug | found by | what the test said |\n| --- | --- | --- |\n";

/// A patch.
struct Mutant {
    name: String,
    patch: PathBuf,
    /// The bug, in a sentence.
    bug: String,
    found_by: Test,
}

/// The test that finds a bug: its package, its target and its name.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Test([String; 3]);

impl Test {
    fn read(said: &str) -> Result<Self> {
        if said == "simulation" {
            return Ok(Self(WORLDS_TEST.map(str::to_owned)));
        }
        let words: Vec<String> = said.split_whitespace().map(str::to_owned).collect();
        let words = words.try_into().ok().context("found by: give package, target and test")?;
        Ok(Self(words))
    }

    fn name(&self) -> &str {
        &self.0[2]
    }

    fn words(&self) -> String {
        if self.0 == WORLDS_TEST { "the simulation".to_owned() } else { format!("`{}`", self.name()) }
    }

    /// Runs the test in the copy. Gives what it printed if it failed; `None` if it passed.
    fn run(&self, copy: &Path, worlds: &str) -> Result<Option<String>> {
        let [package, target, name] = &self.0;
        let cargo = |last: &[&str]| {
            let mut command = Command::new(env!("CARGO"));
            command.args(["test", "--locked", "--quiet", "-p", package, "--test", target]).args(last);
            command.current_dir(copy).env("CARGO_TARGET_DIR", copy.with_file_name("build"));
            command.env("DOORSTEP_SIM_WORLDS", worlds);
            command
        };
        step("Building", &mut cargo(&["--no-run"]))?;
        let done = cargo(&[name, "--", "--exact", "--nocapture"]).output()?;
        let out = String::from_utf8_lossy(&done.stdout).into_owned() + &String::from_utf8_lossy(&done.stderr);
        ensure!(out.contains("running 1 test"), "there is no test {name}:\n{out}");
        if done.status.success() {
            return Ok(None);
        }
        ensure!(out.contains("panicked at"), "{name} did not fail by an assertion:\n{out}");
        Ok(Some(out))
    }
}

/// `cargo xtask mutants`: checks that a test fails for each bug, or for each of the named ones.
pub(crate) fn run(only: &[String]) -> Result<()> {
    let mutants = all()?;
    let unknown = only.iter().find(|name| mutants.iter().all(|mutant| mutant.name != **name));
    ensure!(unknown.is_none(), "there is no mutant {:?}", unknown.map_or("", String::as_str));
    let chosen: Vec<&Mutant> = mutants.iter().filter(|mutant| only.is_empty() || only.contains(&mutant.name)).collect();
    let copy = copy_of_the_project()?;

    let tests: BTreeSet<&Test> = chosen.iter().map(|mutant| &mutant.found_by).collect();
    for test in tests {
        say(&format!("\n=== The project as it is: {}", test.name()));
        if let Some(out) = test.run(&copy, WORLDS_AS_IT_IS)? {
            bail!("{} fails already, without a bug:\n{out}", test.name());
        }
    }
    let mut rows = Vec::new();
    let mut missed = Vec::new();
    for mutant in &chosen {
        say(&format!("\n=== {}: {}", mutant.name, mutant.bug));
        apply(&copy, &mutant.patch, &[])?;
        let found = mutant.found_by.run(&copy, WORLDS);
        apply(&copy, &mutant.patch, &["--reverse"])?;
        match found.with_context(|| mutant.name.clone())? {
            Some(out) => {
                let words = what_it_said(&out);
                say(&format!("found: {words}"));
                rows.push(format!("| {} | {} | {words} |\n", mutant.bug, mutant.found_by.words()));
            }
            None => missed.push(mutant.name.clone()),
        }
    }
    if !missed.is_empty() {
        bail!("no test found these bugs: {}", missed.join(", "));
    }
    if only.is_empty() { write_down(&rows) } else { Ok(()) }
}

/// Checks that each patch still applies to the project.
pub(crate) fn check() -> Result<()> {
    let mutants = all()?;
    ensure!(!mutants.is_empty(), "there is no mutant in tests/mutants");
    for mutant in &mutants {
        apply(&root(), &mutant.patch, &["--check"])
            .with_context(|| format!("tests/mutants/{}.patch no longer applies: draw it anew", mutant.name))?;
    }
    say(&format!("{} mutants apply", mutants.len()));
    Ok(())
}

fn all() -> Result<Vec<Mutant>> {
    let mut patches: Vec<PathBuf> =
        fs::read_dir(root().join("tests/mutants"))?.flatten().map(|entry| entry.path()).collect();
    patches.sort();
    patches.into_iter().map(|patch| read(&patch).with_context(|| patch.display().to_string())).collect()
}

fn read(patch: &Path) -> Result<Mutant> {
    let text = fs::read_to_string(patch)?;
    let (head, _) = text.split_once("\ndiff --git ").context("it holds no diff")?;
    let (bug, found_by) = head.split_once("\nFound by: ").context("it does not say which test finds it")?;
    Ok(Mutant {
        name: patch.file_stem().unwrap_or_default().to_string_lossy().into_owned(),
        patch: patch.to_owned(),
        bug: bug.replace('\n', " "),
        found_by: Test::read(found_by.trim())?,
    })
}

fn apply(tree: &Path, patch: &Path, how: &[&str]) -> Result<()> {
    let done = Command::new("git").arg("apply").args(how).arg(patch).current_dir(tree).output()?;
    ensure!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    Ok(())
}

/// Copies the project's files to a folder of their own. A file that has not changed is left alone,
/// so that cargo does not build it again.
fn copy_of_the_project() -> Result<PathBuf> {
    let copy = root().join("target/mutants/copy");
    let listed = Command::new("git")
        .args(["ls-files", "--cached", "--others", "--exclude-standard"])
        .current_dir(root())
        .output()?;
    ensure!(listed.status.success(), "git does not say which files there are");
    let listed = String::from_utf8(listed.stdout)?;
    // The built pages too, because they are compiled into the council's program.
    let pages = files_of(&root().join("ui/dist")).context("the pages are not built: npm run build in ui/")?;
    for from in listed.lines().map(|name| root().join(name)).chain(pages) {
        let to = copy.join(from.strip_prefix(root())?);
        let Ok(text) = fs::read(&from) else { continue };
        if fs::read(&to).ok().as_ref() != Some(&text) {
            fs::create_dir_all(to.parent().unwrap_or(&copy))?;
            fs::write(&to, text)?;
        }
    }
    // The copy is a repository of its own. Otherwise git would apply a patch to the project around
    // it.
    step("A copy of the project", Command::new("git").args(["init", "--quiet"]).current_dir(&copy))?;
    Ok(copy)
}

fn files_of(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() { files.extend(files_of(&path)?) } else { files.push(path) }
    }
    Ok(files)
}

/// The line of a failed test's output that says what was wrong.
fn what_it_said(out: &str) -> String {
    let said = out.lines().skip_while(|line| !line.contains("panicked at")).skip(1);
    let words: Vec<&str> = said.map(str::trim).take(2).collect();
    let words = match words.as_slice() {
        // The simulation prints a world's seed, and in the next line the first promise that it
        // broke.
        [seed, promise] if seed.starts_with("seed ") => {
            format!("{} {}", seed.trim_end_matches(['[', ' ']), promise.trim_matches([',', '"']))
        }
        [first, ..] => (*first).to_owned(),
        [] => String::new(),
    };
    let begins: String = words.chars().take(LONGEST_WORDS).collect();
    let more = if begins.len() < words.len() { " …" } else { "" };
    format!("{begins}{more}").replace('|', "\\|")
}

/// Writes the table at the end of docs/simulation.md.
fn write_down(rows: &[String]) -> Result<()> {
    let page = root().join(PAGE);
    let text = fs::read_to_string(&page)?;
    let (before, _) = text.split_once("Last run: ").context("docs/simulation.md has no last run")?;
    let counted = rows.len();
    let text =
        format!("{before}Last run: {}, {counted} of {counted} found.\n\n{TABLE_BEGINS}{}", today(), rows.concat());
    Ok(fs::write(page, text)?)
}
