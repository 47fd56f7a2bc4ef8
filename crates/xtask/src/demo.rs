//! `cargo xtask run`: from a clean clone to an open app.

use std::process::Command;

use anyhow::Result;

use crate::setup;
use crate::steps::{cargo, npm, root, say, step};

/// Sets up what is missing, builds, and opens the app.
pub(crate) fn run() -> Result<()> {
    say(
        "Doorstep: setting up, building, and showing one visit. The first time takes about ten minutes, most of it compiling.",
    );
    setup::everything()?;
    npm("Building the UI", "build")?;
    cargo(
        "Building the app, the council and the command line",
        &[
            "build",
            "--locked",
            "-p",
            "doorstep-app",
            "-p",
            "doorstep-council",
            "-p",
            "doorstep-cli",
            "-p",
            "doorstep-tests",
            "--features",
            "doorstep-app/custom-protocol",
        ],
    )?;
    let display = std::env::var_os("DISPLAY").is_some() || std::env::var_os("WAYLAND_DISPLAY").is_some();
    let how = if display { "open" } else { "walk" };
    step(
        if display { "Opening the app" } else { "No display: walking through a visit by itself" },
        Command::new(root().join("target/debug/demo")).arg(how).env("DOORSTEP_PROGRAMS_ARE_BUILT", "1"),
    )
}
