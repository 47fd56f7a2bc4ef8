//! `cargo xtask bench`: measures times, and compares them within one run. No test checks them,
//! because other programs use the machine too.

use std::process::Command;

use anyhow::Result;

use crate::setup;
use crate::steps::{cargo, npm, root, step};

/// Builds with the profile `bench-app`, which is optimised like a release but quicker to build, and
/// measures.
pub(crate) fn run() -> Result<()> {
    setup::everything()?;
    npm("Building the UI", "build")?;
    let built = [
        "build",
        "--locked",
        "--profile",
        "bench-app",
        "-p",
        "doorstep-app",
        "-p",
        "doorstep-cli",
        "-p",
        "doorstep-council",
        "-p",
        "doorstep-tests",
        "--features",
        "doorstep-app/custom-protocol",
    ];
    cargo("Building the app and the council, optimised", &built)?;
    for (what, program) in [
        ("Asking the council", "bench_council"),
        ("Flooding the council", "bench_floods"),
        ("Tapping in the core", "bench_tap"),
        ("Tapping in the real window", "bench"),
    ] {
        let program = root().join("target/bench-app").join(program);
        step(what, Command::new(program).env("DOORSTEP_PROGRAMS_ARE_BUILT", "1"))?;
    }
    Ok(())
}
