//! Every check and test. The ones that find a mistake soonest run first.

use std::process::Command;

use anyhow::Result;

use crate::mobile::{self, Phone};
use crate::mutants;
use crate::setup;
use crate::steps::{cargo, npm, root, say, step};

/// `cargo xtask test`.
pub(crate) fn run() -> Result<()> {
    setup::everything()?;
    cargo("Formatting of the Rust code", &["fmt", "--all", "--check"])?;
    mutants::check()?;
    npm("Formatting of the UI", "format:check")?;
    npm("Lint of the UI", "lint")?;
    npm("Types of the UI", "check")?;
    npm("Tests of the UI", "test")?;
    npm("Building the UI", "build")?;

    // Checked alone: in a build of the whole workspace, other crates would turn on features of its
    // dependencies, which it must not need.
    cargo("The rules by themselves", &["check", "--locked", "-p", "doorstep-domain"])?;
    let clippy = [
        "clippy",
        "--locked",
        "--workspace",
        "--all-targets",
        "--features",
        "doorstep-app/custom-protocol",
        "--",
        "-D",
        "warnings",
    ];
    cargo("Lint of the Rust code", &clippy)?;
    // One build of everything that ships and everything that tests, so that nothing is compiled
    // twice.
    let built = ["build", "--locked", "--workspace", "--features", "doorstep-app/custom-protocol"];
    cargo("Building the programs", &built)?;
    step(
        "Tests",
        Command::new(env!("CARGO"))
            .args(["test", "--locked", "--workspace", "--features", "doorstep-app/custom-protocol"])
            .env("DOORSTEP_PROGRAMS_ARE_BUILT", "1"),
    )?;
    mobile::check(&[Phone::Android])?;
    cargo("Documentation", &["doc", "--locked", "--no-deps", "--quiet"])?;
    setup::cargo_deny()?;
    let deny = root().join("target/tools/bin/cargo-deny");
    step(
        "Licences, sources and bans",
        Command::new(deny).args([
            "--log-level",
            "error",
            "check",
            "--hide-inclusion-graph",
            "licenses",
            "bans",
            "sources",
        ]),
    )?;
    say("\nAll checks and tests passed.");
    Ok(())
}

/// `cargo xtask sim`.
pub(crate) fn simulate(worlds: u64) -> Result<()> {
    step(
        &format!("{worlds} worlds"),
        Command::new(env!("CARGO"))
            .args([
                "test",
                "--locked",
                "-p",
                "doorstep-tests",
                "--test",
                "end_to_end",
                "in_every_world",
                "--",
                "--nocapture",
            ])
            .env("DOORSTEP_SIM_WORLDS", worlds.to_string()),
    )
}
