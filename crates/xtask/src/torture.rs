//! `cargo xtask torture`: real programs, broken off wherever they change disk or line.

use std::process::Command;

use anyhow::Result;

use crate::setup;
use crate::steps::{cargo, root, step};

/// Builds the programs, and runs all jobs or those whose name begins with `only`.
pub(crate) fn run(minutes: u64, seed: u64, only: &str) -> Result<()> {
    setup::debian_packages()?;
    let built = ["build", "--locked", "-p", "doorstep-cli", "-p", "doorstep-council", "-p", "doorstep-tests"];
    cargo("Building the programs", &built)?;
    step(
        &format!("Torture, for {minutes} minutes at most"),
        Command::new(root().join("target/debug/torture"))
            .args([minutes.to_string(), seed.to_string(), only.to_owned()])
            .env("DOORSTEP_PROGRAMS_ARE_BUILT", "1"),
    )
}
