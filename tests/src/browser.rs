//! The console in Chromium: its stories are Playwright tests in `ui/console/browser`.

use std::process::Command;

use crate::harness::{PASSWORD, TestCouncil, root};

/// Runs the tests of one project of `playwright.config.ts` against a council. `told` is added to
/// their environment.
///
/// # Panics
/// When a test fails. All of them run first, and the panic shows their output.
pub fn goes_through(project: &str, council: &TestCouncil, told: &[(&str, &str)]) {
    let browsed = Command::new("node")
        .args(["../node_modules/@playwright/test/cli.js", "test", "--project", project])
        .current_dir(root().join("ui/console"))
        .env("DOORSTEP_CONSOLE", format!("http://{}", council.address()))
        .env("DOORSTEP_PASSWORD", PASSWORD)
        .env("DOORSTEP_PICTURES", root().join("target/pictures/console"))
        .envs(told.iter().copied())
        .output()
        .expect("node runs");
    let said = String::from_utf8_lossy(&browsed.stdout);
    assert!(browsed.status.success(), "{said}{}", String::from_utf8_lossy(&browsed.stderr));
    println!("{said}");
}
