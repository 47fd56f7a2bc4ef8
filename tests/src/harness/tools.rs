//! The project's folders, programs and sample data, for the harness.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::thread;
use std::time::Duration;

use serde_json::Value;

/// The password with which everybody in the tests signs in to the console.
pub const PASSWORD: &str = "correct horse battery";

/// The repository's root.
#[must_use]
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").canonicalize().expect("the repository is there")
}

/// The folder of the programs that were built.
#[must_use]
pub fn programs() -> PathBuf {
    let this = std::env::current_exe().expect("a program knows where it is");
    let folder = this.parent().expect("a program is in a folder");
    if folder.ends_with("deps") { folder.parent().expect("deps is in a folder").to_owned() } else { folder.to_owned() }
}

/// The path of one of the project's programs. The first call builds `doorstep` and
/// `doorstep-council`, unless `DOORSTEP_PROGRAMS_ARE_BUILT` is set.
#[must_use]
pub fn program(name: &str) -> PathBuf {
    static BUILT: OnceLock<()> = OnceLock::new();
    BUILT.get_or_init(|| {
        if std::env::var_os("DOORSTEP_PROGRAMS_ARE_BUILT").is_none() {
            let packages = ["build", "--quiet", "-p", "doorstep-cli", "-p", "doorstep-council"];
            let built = Command::new(env!("CARGO")).args(packages).current_dir(root()).status();
            assert!(built.is_ok_and(|status| status.success()), "the programs can't be built");
        }
    });
    programs().join(name)
}

/// The path of a file in `tests/data`.
#[must_use]
pub fn sample(name: &str) -> PathBuf {
    root().join("tests/data").join(name)
}

/// Copies all that is in a folder into another.
///
/// # Panics
/// When it can't be copied.
pub fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder can be made");
    let copied = Command::new("cp").arg("-a").arg(from.join(".")).arg(to).status();
    assert!(copied.is_ok_and(|status| status.success()), "{} can't be copied", from.display());
}

/// Everything in a folder, with the rights of each file.
pub(super) fn pack(folder: &Path) -> Vec<u8> {
    let packed = Command::new("tar").args(["-c", "."]).current_dir(folder).output().expect("tar runs");
    assert!(packed.status.success(), "{} can't be packed", folder.display());
    packed.stdout
}

/// Puts what [`pack`] returned into a folder.
pub(super) fn unpack(packed: &[u8], folder: &Path) {
    let tar = Command::new("tar").args(["-x", "-p"]).current_dir(folder).stdin(Stdio::piped()).spawn();
    let mut tar = tar.expect("tar runs");
    tar.stdin.take().expect("tar reads").write_all(packed).expect("tar takes it");
    assert!(tar.wait().is_ok_and(|status| status.success()), "{} can't be filled", folder.display());
}

/// Parses JSON.
///
/// # Panics
/// When the text is not JSON.
#[must_use]
pub fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

/// Waits until `happened` returns true.
///
/// # Panics
/// When it does not happen within half a minute. The panic names `what`.
pub fn eventually(what: &str, mut happened: impl FnMut() -> bool) {
    for _ in 0..300 {
        if happened() {
            return;
        }
        thread::sleep(Duration::from_millis(100));
    }
    panic!("{what} did not happen within half a minute");
}
