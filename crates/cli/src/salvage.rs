//! Opening what a store that does not open had to send, for a person to read.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow, bail};
use doorstep_core::{Environment, NotSalvaged, OpenedWith, SalvagedJournal, journals_in, salvage, salvage_sealed};
use serde_json::{Value, json};

/// What came of it, for scripts and for people.
pub(crate) struct Salvaged {
    pub(crate) counted: Value,
    pub(crate) told: String,
}

/// Reads the journal in `folder`, and writes what it holds into `out`, a new folder that its owner
/// alone can read.
pub(crate) fn run(
    folder: &Path,
    environment: &Environment,
    recovery_key: Option<&Path>,
    out: &Path,
) -> Result<Salvaged> {
    // The names of keys follow from the whole path.
    let whole = folder.canonicalize().with_context(|| format!("there is no folder {}", folder.display()))?;
    let folder = whole.as_path();
    let parent = out.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if parent.canonicalize().is_ok_and(|parent| parent.starts_with(folder)) {
        bail!("name a folder for --out that is not in {}: nothing is written there", folder.display());
    }
    let identity = match recovery_key {
        Some(file) => Some(
            fs::read_to_string(file).with_context(|| format!("the recovery key {} can't be read", file.display()))?,
        ),
        None => None,
    };
    let with = identity.as_deref().map_or(OpenedWith::KeyStore(&*environment.keys), OpenedWith::RecoveryKey);
    if folder.is_file() && identity.is_none() {
        bail!(
            "{} is a file that a phone sent to its council: name the recovery key, with --recovery-key",
            folder.display()
        );
    }
    let read = match identity.as_deref().filter(|_| folder.is_file()) {
        // One that a phone sent to its council.
        Some(identity) => salvage_sealed(&fs::read(folder)?, identity, environment),
        None => salvage(folder, with, environment),
    };
    let salvaged = read.map_err(|error| match error {
        NotSalvaged::NoJournal => anyhow!("{error}{}", not_read(folder)),
        other => other.into(),
    })?;
    let unwritten = || format!("{} can't be written. Name a folder that does not exist", out.display());
    make_folder(out).with_context(unwritten)?;
    write(&salvaged, out)
        .with_context(|| format!("not all of it could be written: remove {} and try again", out.display()))?;
    let counted = json!({
        "enrolled": salvaged.enrolled,
        "is_damaged": salvaged.is_damaged,
        "visits": salvaged.visits.len(),
        "photos": salvaged.pictures.len(),
        "breaches": salvaged.breaches.len(),
        "waiting": salvaged.waiting,
        "not_read": others_in(folder),
    });
    Ok(Salvaged { counted, told: told(&salvaged, out) + &not_read(folder) })
}

fn write(salvaged: &SalvagedJournal, out: &Path) -> Result<()> {
    fs::write(out.join("visits.json"), serde_json::to_vec_pretty(salvaged)?)?;
    if !salvaged.breaches.is_empty() {
        let breaches: Vec<_> = salvaged
            .breaches
            .iter()
            .map(|(visit, breach)| json!({ "visit": visit, "at": breach.at, "record": breach.record, "event": breach.event }))
            .collect();
        fs::write(out.join("breaches.json"), serde_json::to_vec_pretty(&breaches)?)?;
    }
    if !salvaged.pictures.is_empty() {
        make_folder(&out.join("photos"))?;
    }
    for (sha256, picture) in &salvaged.pictures {
        fs::write(out.join("photos").join(format!("{sha256}.jpg")), picture)?;
    }
    fs::write(out.join("notes.age"), &salvaged.for_the_leads)?;
    Ok(())
}

/// Which other journals there are below a folder.
fn not_read(folder: &Path) -> String {
    let others: Vec<String> = others_in(folder).iter().map(|other| format!("  {}\n", other.display())).collect();
    if others.is_empty() {
        return String::new();
    }
    format!("There is more in other folders of this phone, which were not read. Name each:\n{}", others.concat())
}

fn others_in(folder: &Path) -> Vec<PathBuf> {
    journals_in(folder).into_iter().filter(|other| other != folder).collect()
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
    let breaches = match salvaged.breaches.len() {
        0 => String::new(),
        some => format!(
            " {} in \"breaches.json\", for the council alone: the visitor's firm does not see it.",
            counted(some, "reported breach of the Code is", "reported breaches of the Code are")
        ),
    };
    format!(
        "{whose}{damaged}{} and {} are in {}. {} never reached the council.{breaches} What was said to the safeguarding lead \
         alone, if anything, is sealed to them: give them \"notes.age\".\nThe rest is in the clear: erase that folder when \
         you are done. It is what the files say, and nothing proves it: ask the visitor.\n",
        counted(salvaged.visits.len(), "visit", "visits"),
        counted(salvaged.pictures.len(), "photo", "photos"),
        out.display(),
        counted(salvaged.waiting, "record", "records"),
    )
}

fn counted(number: usize, one: &str, more: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { more })
}
