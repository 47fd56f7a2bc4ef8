//! Who can read the council's files.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use doorstep_tests::harness::{PASSWORD, TestCouncil, program, sample};

/// Everything in a folder, with the folder itself.
fn all_in(folder: &Path) -> Vec<PathBuf> {
    let mut found = vec![folder.to_owned()];
    for entry in fs::read_dir(folder).unwrap().flatten() {
        if entry.path().is_dir() { found.extend(all_in(&entry.path())) } else { found.push(entry.path()) }
    }
    found
}

fn open_to_others(folder: &Path) -> Vec<PathBuf> {
    let open = |path: &PathBuf| fs::metadata(path).unwrap().permissions().mode() & 0o077 != 0;
    all_in(folder).into_iter().filter(open).collect()
}

#[test]
fn the_council_s_files_are_for_their_owner_alone_whatever_the_umask() {
    let council = TestCouncil::empty(None);
    let data = council.data();
    let password = data.with_file_name("password");
    fs::write(&password, PASSWORD).unwrap();
    // Everything that this shell starts would be open to everybody.
    let runs = |words: &[&str]| {
        let done = Command::new("sh")
            .args(["-c", "umask 000; exec \"$@\"", "sh"])
            .arg(program("doorstep-council"))
            .args(words)
            .args(["--data", &data.display().to_string()])
            .output()
            .unwrap();
        assert!(done.status.success(), "{words:?}: {}", String::from_utf8_lossy(&done.stderr));
    };
    let password = password.display().to_string();
    runs(&["init", "--name", "Melton", "--admin-user", "admin", "--admin-password-file", &password]);
    runs(&["import-people", &sample("people.csv").display().to_string()]);
    assert_eq!(open_to_others(&data), [] as [PathBuf; 0]);
    assert!(all_in(&data).len() > 3, "keys and a database were made");

    // What an earlier version left open is closed by the next command.
    for path in all_in(&data) {
        let everybody = if path.is_dir() { 0o755 } else { 0o644 };
        fs::set_permissions(&path, fs::Permissions::from_mode(everybody)).unwrap();
    }
    runs(&["counts"]);
    let open = open_to_others(&data);
    let within = |path: &Path| path.parent() == Some(&data) && !path.is_dir();
    assert!(!open.contains(&data) && !open.iter().any(|path| within(path)), "{open:?}");
}
