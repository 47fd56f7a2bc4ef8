//! Installs what a new Debian or Ubuntu machine with Rust and Node is missing.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Result, bail};

use crate::steps::{root, say, step, succeeds};

/// The Debian packages that building, opening a window and testing need.
const PACKAGES: [&str; 19] = [
    "build-essential",
    "pkg-config",
    "libssl-dev",
    "libwebkit2gtk-4.1-dev",
    "libgtk-3-dev",
    "librsvg2-dev",
    "webkit2gtk-driver",
    "xvfb",
    "xauth",
    "dbus",
    "gnome-keyring",
    "dunst",
    "postgresql",
    "procps",
    "strace",
    "python3-venv",
    "fonts-dejavu-core",
    "fonts-noto-cjk",
    "chromium",
];

/// Ubuntu's name for the package `chromium`.
const UBUNTU_CHROMIUM: &str = "chromium-browser";

const TAURI_DRIVER: &str = "2.1.0";
const CARGO_DENY: &str = "0.20.2";
const SCHEMATHESIS: &str = "4.32.5";

/// Installs everything that is missing.
pub(crate) fn everything() -> Result<()> {
    debian_packages()?;
    ui_packages()?;
    schemathesis()?;
    tool("tauri-driver", TAURI_DRIVER)
}

/// Installs schemathesis, which tests the service against its API description, into the target
/// folder.
fn schemathesis() -> Result<()> {
    let folder = root().join("target/tools/schemathesis");
    let python = folder.join("bin/python");
    let known = Command::new(folder.join("bin/schemathesis")).arg("--version").output();
    if known.is_ok_and(|output| String::from_utf8_lossy(&output.stdout).trim().ends_with(SCHEMATHESIS)) {
        return Ok(());
    }
    step("Making a place for schemathesis", Command::new("python3").args(["-m", "venv"]).arg(&folder))?;
    let package = format!("schemathesis=={SCHEMATHESIS}");
    let words = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", &package];
    step("Installing schemathesis", Command::new(python).args(words))
}

/// Installs the Debian packages that are missing, with apt-get.
pub(crate) fn debian_packages() -> Result<()> {
    let missing: Vec<&str> = PACKAGES.into_iter().filter(|package| !is_installed(package)).collect();
    if missing.is_empty() {
        return Ok(());
    }
    if !succeeds("apt-get", &["--version"]) {
        bail!("these are missing, and this machine has no apt-get to install them: {}", missing.join(", "));
    }
    say(&format!("Missing on this machine: {}. They are installed now; it takes a few minutes.", missing.join(", ")));
    let root_user = succeeds("sh", &["-c", "test \"$(id -u)\" = 0"]);
    let apt = |words: &[&str]| {
        let mut command = if root_user { Command::new("apt-get") } else { Command::new("sudo") };
        if !root_user {
            command.arg("apt-get");
        }
        command.args(words).env("DEBIAN_FRONTEND", "noninteractive");
        command
    };
    step("Asking for the list of packages", &mut apt(&["update", "-qq"]))?;
    let mut words = vec!["install", "-y", "-qq", "--no-install-recommends"];
    words.extend(&missing);
    step("Installing packages", &mut apt(&words))
}

fn is_installed(package: &str) -> bool {
    let installed = |name: &str| {
        Command::new("dpkg-query")
            .args(["-W", "-f=${Status}", name])
            .output()
            .is_ok_and(|output| String::from_utf8_lossy(&output.stdout).contains("install ok installed"))
    };
    installed(package) || (package == "chromium" && installed(UBUNTU_CHROMIUM))
}

/// Installs the UI's packages, in the versions of the lock file.
pub(crate) fn ui_packages() -> Result<()> {
    let ui = root().join("ui");
    let marker = ui.join("node_modules/.package-lock.json");
    if is_newer(&marker, &ui.join("package-lock.json")) {
        return Ok(());
    }
    step("Installing the UI's packages", Command::new("npm").args(["ci", "--no-audit", "--no-fund"]).current_dir(ui))
}

fn is_newer(one: &Path, other: &Path) -> bool {
    let changed = |file: &Path| fs::metadata(file).and_then(|metadata| metadata.modified()).ok();
    changed(one).zip(changed(other)).is_some_and(|(one, other)| one >= other)
}

/// Installs a tool from crates.io into the target folder.
pub(crate) fn tool(name: &str, version: &str) -> Result<()> {
    let tools = root().join("target/tools");
    let known = fs::read_to_string(tools.join(".crates.toml")).unwrap_or_default();
    if known.contains(&format!("\"{name} {version} ")) && tools.join("bin").join(name).exists() {
        return Ok(());
    }
    let mut command = Command::new(env!("CARGO"));
    // Built without optimisation, which would take minutes longer for a tool that runs for seconds.
    command.args(["install", name, "--version", version, "--locked", "--debug", "--root"]).arg(&tools);
    step(&format!("Installing {name}"), &mut command)
}

/// Installs cargo-deny, which checks licences, sources and banned crates.
pub(crate) fn cargo_deny() -> Result<()> {
    tool("cargo-deny", CARGO_DENY)
}
