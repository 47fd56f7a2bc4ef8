//! Files and folders that only their owner can read, whatever the umask. A file is replaced as a
//! whole or not at all.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Keeps all files and folders that this process makes from now on to their owner, whatever it was
/// started with. A database makes files of its own, which no other function here can reach.
pub fn keep_new_files_to_owner() {
    #[cfg(unix)]
    rustix::process::umask(rustix::fs::Mode::RWXG | rustix::fs::Mode::RWXO);
}

/// Keeps a folder that is there already, and the files in it, to their owner. An earlier version
/// may have made it for everybody to read.
///
/// # Errors
/// An error from the disk.
pub fn keep_folder_to_owner(folder: &Path) -> io::Result<()> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let of_owner = |path: &Path, mode| {
            let held = fs::metadata(path)?.permissions().mode() & 0o7777;
            if held & 0o077 == 0 { Ok(()) } else { fs::set_permissions(path, fs::Permissions::from_mode(held & mode)) }
        };
        of_owner(folder, 0o700)?;
        for entry in fs::read_dir(folder)?.flatten() {
            // Nobody else reaches the files in a folder that only its owner can enter.
            let mode = if entry.path().is_dir() { 0o700 } else { 0o600 };
            match of_owner(&entry.path(), mode) {
                // The database's own files come and go.
                Err(gone) if gone.kind() == io::ErrorKind::NotFound => {}
                done => done?,
            }
        }
    }
    #[cfg(not(unix))]
    let _its_owner_decides = folder;
    Ok(())
}

/// Creates a file and opens it for writing.
///
/// # Errors
/// [`io::ErrorKind::AlreadyExists`] when the file exists, or another error from the disk.
pub fn create_new(path: &Path) -> io::Result<File> {
    owner_only(OpenOptions::new().write(true).create_new(true)).open(path)
}

/// Writes a file where there is none, and flushes it to the disk. It is there whole or not at all,
/// even if the program is killed meanwhile.
///
/// # Errors
/// As [`create_new`].
pub fn write_new(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = folder_of(path);
    // Only its owner can read it, and it goes if anything fails.
    let mut file = tempfile::Builder::new().prefix(".new-").tempfile_in(folder)?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    file.persist_noclobber(path)?;
    flush_folder(folder)
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Flushes the names of the files in a folder.
fn flush_folder(folder: &Path) -> io::Result<()> {
    #[cfg(unix)]
    File::open(folder)?.sync_all()?;
    #[cfg(not(unix))]
    let _flushed_with_its_files = folder;
    Ok(())
}

/// Makes a folder.
///
/// # Errors
/// [`io::ErrorKind::AlreadyExists`] when the folder exists, or another error from the disk.
pub fn make_folder(path: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

/// Writes a file under a temporary name, flushes it, and then renames it into place. If that fails
/// or is killed, the old file stays as it was. `write` may also read the file.
///
/// # Errors
/// An error from `write` or from the disk. The temporary file is removed.
pub fn replace<T, E: From<io::Error>>(path: &Path, write: impl FnOnce(&mut File) -> Result<T, E>) -> Result<T, E> {
    // A device or a link is not a file that can be replaced.
    if fs::symlink_metadata(path).is_ok_and(|there| !there.is_file()) {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "a folder, a link or a device has that name").into());
    }
    let beside = beside(path);
    let written = (|| {
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(true);
        let mut file = owner_only(&mut options).open(&beside)?;
        let written = write(&mut file)?;
        file.sync_all()?;
        fs::rename(&beside, path)?;
        // The new name is only safe once the folder is flushed too.
        flush_folder(folder_of(path))?;
        Ok(written)
    })();
    if written.is_err() {
        let _there_may_be_none = fs::remove_file(&beside);
    }
    written
}

/// The temporary name: the whole file name with `.part` after it, so that `visits.csv` and
/// `visits.xlsx` don't share one.
fn beside(path: &Path) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".part");
    path.with_file_name(name)
}

fn owner_only(options: &mut OpenOptions) -> &mut OpenOptions {
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
    options
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_fails_leaves_the_old_file_and_nothing_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("visits.csv");
        replace(&path, |file| file.write_all(b"old")).unwrap();
        let failed: io::Result<()> = replace(&path, |file| {
            file.write_all(b"half")?;
            Err(io::Error::other("the disk is full"))
        });
        assert!(failed.is_err());
        assert_eq!(fs::read(&path).unwrap(), b"old");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        assert_ne!(beside(&path), beside(&folder.path().join("visits.xlsx")));
    }

    #[cfg(unix)]
    #[test]
    fn a_link_or_a_device_is_not_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let (file, link) = (folder.path().join("file"), folder.path().join("link"));
        fs::write(&file, b"old").unwrap();
        std::os::unix::fs::symlink(&file, &link).unwrap();
        assert!(replace(&link, |out| out.write_all(b"new")).is_err());
        assert_eq!(fs::read(&file).unwrap(), b"old");
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    }

    #[cfg(unix)]
    #[test]
    fn only_the_owner_can_read_it() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        write_new(&path, b"secret").unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(write_new(&path, b"other").unwrap_err().kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(fs::read(&path).unwrap(), b"secret");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is left beside it");
        make_folder(&folder.path().join("keys")).unwrap();
        assert_eq!(fs::metadata(folder.path().join("keys")).unwrap().permissions().mode() & 0o777, 0o700);
    }
}
