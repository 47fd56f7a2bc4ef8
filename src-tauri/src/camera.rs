//! The plain files that a webview's camera leaves behind.
//!
//! On Android the camera writes a file `JPEG_*.jpg` into the app's own folder of pictures, and the
//! webview does not delete it. Doorstep keeps the photo encrypted. It deletes such files as soon as
//! a photo was read, and whenever the app starts.

use std::path::Path;
use std::{fs, io};

use tauri::AppHandle;

/// Deletes what the camera left behind.
pub(crate) fn purge(handle: &AppHandle) {
    let Some(folder) = folder(handle) else { return };
    if let Err(error) = purge_folder(&folder) {
        eprintln!("doorstep: a plain photo may be left on this device: {error}");
    }
}

#[cfg(target_os = "android")]
fn folder(handle: &AppHandle) -> Option<std::path::PathBuf> {
    tauri::Manager::path(handle).picture_dir().ok()
}

/// On other systems the file belongs to the user, and Doorstep does not delete it.
#[cfg(not(target_os = "android"))]
fn folder(_: &AppHandle) -> Option<std::path::PathBuf> {
    None
}

fn purge_folder(folder: &Path) -> io::Result<usize> {
    let mut purged = 0;
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name();
        let is_left_behind = name.to_str().is_some_and(|name| name.starts_with("JPEG_") && name.ends_with(".jpg"));
        if is_left_behind && entry.file_type()?.is_file() {
            fs::remove_file(entry.path())?;
            purged += 1;
        }
    }
    Ok(purged)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_camera_left_behind_goes_and_nothing_else() -> io::Result<()> {
        let folder = std::env::temp_dir().join(format!("doorstep-camera-{}", std::process::id()));
        fs::create_dir_all(folder.join("JPEG_folder.jpg"))?;
        for name in ["JPEG_20261124_101500_1.jpg", "JPEG_2.jpg", "holiday.jpg", "JPEG_note.txt"] {
            fs::write(folder.join(name), "x")?;
        }
        let purged = purge_folder(&folder)?;
        let mut left: Vec<_> =
            fs::read_dir(&folder)?.flatten().filter_map(|entry| entry.file_name().into_string().ok()).collect();
        left.sort();
        fs::remove_dir_all(&folder)?;
        assert_eq!(purged, 2);
        assert_eq!(left, ["JPEG_folder.jpg", "JPEG_note.txt", "holiday.jpg"]);
        Ok(())
    }
}
