//! Opening what a store that does not open had to send, for a person to read.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use doorstep_core::{Environment, OpenedWith, SalvagedJournal, salvage};

/// Reads the journal in `folder`, and writes what it holds into `out`, a new folder that its owner
/// alone can read.
pub(crate) fn run(folder: &Path, environment: &Environment, recovery_key: Option<&Path>, out: &Path) -> Result<String> {
    let identity = match recovery_key {
        Some(file) => Some(
            fs::read_to_string(file).with_context(|| format!("the recovery key {} can't be read", file.display()))?,
        ),
        None => None,
    };
    let with = identity.as_deref().map_or(OpenedWith::KeyStore(&*environment.keys), OpenedWith::RecoveryKey);
    let salvaged = salvage(folder, with, environment)?;
    let unwritten = || format!("{} can't be written. Name a folder that does not exist", out.display());
    make_folder(out).with_context(unwritten)?;
    write(&salvaged, out)
        .with_context(|| format!("not all of it could be written: remove {} and try again", out.display()))?;
    Ok(told(&salvaged, out))
}

fn write(salvaged: &SalvagedJournal, out: &Path) -> Result<()> {
    fs::write(out.join("visits.json"), serde_json::to_vec_pretty(salvaged)?)?;
    if !salvaged.pictures.is_empty() {
        make_folder(&out.join("photos"))?;
    }
    for (sha256, picture) in &salvaged.pictures {
        fs::write(out.join("photos").join(format!("{sha256}.jpg")), picture)?;
    }
    fs::write(out.join("notes.age"), &salvaged.for_the_leads)?;
    Ok(())
}

fn make_folder(folder: &Path) -> std::io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

fn told(salvaged: &SalvagedJournal, out: &Path) -> String {
    let whose = match &salvaged.enrolled {
        Some(who) => {
            format!("{} ({}) at {}, enrolment {}.\n", who.display_name, who.user_name, who.council_name, who.device)
        }
        None => "It does not say whose it is.\n".to_owned(),
    };
    let damaged = if salvaged.is_damaged { "A part of the journal is damaged and could not be read.\n" } else { "" };
    format!(
        "{whose}{damaged}{} and {} are in {}. {} never reached the council. What was said to the safeguarding lead \
         alone, if anything, is sealed to them: give them \"notes.age\".\nThe rest is in the clear: erase that folder when \
         you are done.\n",
        counted(salvaged.visits.len(), "visit", "visits"),
        counted(salvaged.pictures.len(), "photo", "photos"),
        out.display(),
        counted(salvaged.waiting, "record", "records"),
    )
}

fn counted(number: usize, one: &str, more: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { more })
}
