//! Room that a store keeps back on the device. When the storage is full it is given up: the visit
//! under way is finished and sent in it. Photos don't get it.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;

use crate::environment::{Disk, Environment};

const FILE: &str = "doorstep.reserve";

/// All files of a reserve.
pub(super) const FILES: [&str; 1] = [FILE];

/// How many bytes are kept back. A visit takes less; and the database's log, which is written into
/// the database after about as many, has room to grow until then.
const BYTES: u64 = 4 * 1024 * 1024;

/// How many bytes must be free before some are kept back: as many stay for everybody else.
const LEAST_FREE: u64 = 2 * BYTES;

/// Whether room is kept back in this folder. If not, the device is full: it has no room for it, or
/// had none a while ago.
pub(super) fn is_kept(folder: &Path) -> bool {
    fs::metadata(folder.join(FILE)).is_ok_and(|file| file.len() == BYTES)
}

/// Keeps room back, unless that was done before or there is not enough. Gives whether it is kept.
pub(super) fn keep(folder: &Path, environment: &Environment) -> bool {
    if is_kept(folder) {
        return true;
    }
    if environment.disk.free(folder).is_some_and(|free| free < LEAST_FREE) {
        return false;
    }
    let kept = take(&folder.join(FILE), environment);
    if kept.is_err() {
        let _there_was_less_than_it_seemed = fs::remove_file(folder.join(FILE));
    }
    kept.is_ok()
}

/// Whether there is room for a copy of so many bytes that can also be done without, beside what is
/// kept back or would be.
pub(super) fn has_room_for(bytes: usize, folder: &Path, environment: &Environment) -> bool {
    let needed = u64::try_from(bytes).unwrap_or(u64::MAX).saturating_add(LEAST_FREE);
    environment.disk.free(folder).is_none_or(|free| free >= needed)
}

/// Gives up what is kept back in this folder, and gives whether anything was.
pub(super) fn give_up(folder: &Path, disk: &dyn Disk) -> bool {
    let is_given_up = fs::remove_file(folder.join(FILE)).is_ok();
    if is_given_up {
        disk.room_was_made(BYTES);
    }
    is_given_up
}

fn take(path: &Path, environment: &Environment) -> io::Result<()> {
    let mut file = File::create(path)?;
    match allocate(&file) {
        Err(error) if error.kind() != io::ErrorKind::StorageFull => {
            // A file system that can't allocate may compress, so it gets what can't be compressed.
            let mut bytes = vec![0; usize::try_from(BYTES).unwrap_or(0)];
            environment.randomness.fill(&mut bytes);
            file.write_all(&bytes)
        }
        allocated => allocated,
    }
}

#[cfg(unix)]
fn allocate(file: &File) -> io::Result<()> {
    Ok(rustix::fs::fallocate(file, rustix::fs::FallocateFlags::empty(), 0, BYTES)?)
}

#[cfg(not(unix))]
fn allocate(file: &File) -> io::Result<()> {
    file.set_len(BYTES)
}
