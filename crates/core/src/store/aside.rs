//! Files of a store that do not open: they are moved into a folder of their own, as they are.

use std::fs;
use std::path::{Path, PathBuf};

use super::journal::{self, flush_folder};
use super::{recovery_key, reserve};
use crate::environment::Environment;

pub(super) const DATABASE: &str = "doorstep.db";
/// The file with a hash of the key. It tells a wrong key from a damaged database.
pub(super) const KEY_CHECK: &str = "doorstep.key-check";

/// The database, in the order in which it goes: the keys are gone by then.
pub(super) const FILES: [&str; 4] = [DATABASE, "doorstep.db-wal", "doorstep.db-shm", KEY_CHECK];

/// Moves the files of a database that does not open into a folder of their own, unchanged, with a
/// copy of its journal. Gives the path of that folder. `now_ms`, milliseconds since 1970, is part
/// of its name.
///
/// # Errors
/// A file can't be moved. No file is lost, but some may be in the new folder already.
pub fn set_aside(folder: &Path, now_ms: i64) -> std::io::Result<PathBuf> {
    let kept = new_folder(folder, now_ms)?;
    copy_journal(folder, &kept)?;
    move_database(folder, &kept)?;
    Ok(kept)
}

/// As [`set_aside`], and copies the journal only where there is room for it: it stays where it is.
pub(super) fn set_aside_with(folder: &Path, now_ms: i64, environment: &Environment) -> std::io::Result<PathBuf> {
    let kept = new_folder(folder, now_ms)?;
    if has_room_for_journal(folder, environment) {
        let _it_is_still_in_use = copy_journal(folder, &kept);
    }
    move_database(folder, &kept)?;
    Ok(kept)
}

/// The folder that was made last for files that were set aside.
pub(super) fn last_set_aside(folder: &Path) -> Option<PathBuf> {
    let kept = fs::read_dir(folder.join("set-aside")).ok()?;
    kept.flatten().map(|entry| entry.path()).max()
}

fn has_room_for_journal(folder: &Path, environment: &Environment) -> bool {
    let length = fs::metadata(folder.join(journal::file_name())).map_or(0, |file| file.len());
    // It is copied, and then written anew.
    reserve::has_room_for(usize::try_from(length.saturating_mul(2)).unwrap_or(usize::MAX), folder, environment)
}

fn move_database(folder: &Path, kept: &Path) -> std::io::Result<()> {
    for file in FILES {
        let from = folder.join(file);
        if from.exists() {
            fs::rename(&from, kept.join(file))?;
        }
    }
    flush_folder(kept)?;
    flush_folder(folder)
}

/// Copies a journal and what opens it.
fn copy_journal(from: &Path, to: &Path) -> std::io::Result<()> {
    let files = [journal::file_name(), recovery_key::file_name()];
    for file in files.into_iter().filter(|file| from.join(file).exists()) {
        fs::copy(from.join(file), to.join(file))?;
    }
    Ok(())
}

/// Keeps a copy of a journal of which some can't be read, if there is room. Gives whether it did.
pub(super) fn keep_a_copy(folder: &Path, environment: &Environment) -> bool {
    if !has_room_for_journal(folder, environment) {
        return false;
    }
    let Ok(kept) = new_folder(folder, environment.clock.now().unix_ms) else { return false };
    let copied = copy_journal(folder, &kept).and_then(|()| flush_folder(&kept));
    if copied.is_err() {
        let _it_takes_no_room = fs::remove_dir_all(&kept);
    }
    copied.is_ok()
}

fn new_folder(folder: &Path, now_ms: i64) -> std::io::Result<PathBuf> {
    let kept = (0..)
        .map(|number: u32| folder.join("set-aside").join(format!("{now_ms}-{number}")))
        .find(|candidate| !candidate.exists())
        .unwrap_or_else(|| folder.join("set-aside"));
    fs::create_dir_all(&kept)?;
    Ok(kept)
}
