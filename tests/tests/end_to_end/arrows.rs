//! Which crate, room or file may import which. docs/architecture.md says why.

use std::fs;
use std::path::{Path, PathBuf};

use doorstep_tests::harness::root;
use doorstep_tests::imports;

/// The project's own crates that a manifest depends on.
fn crates_of(folder: &str) -> Vec<String> {
    let manifest = fs::read_to_string(root().join(folder).join("Cargo.toml")).unwrap();
    let mut imports: Vec<String> = manifest
        .lines()
        .filter_map(|line| line.strip_prefix("doorstep-"))
        .filter_map(|rest| rest.split(['.', ' ', '=']).next())
        .map(str::to_owned)
        .collect();
    imports.sort();
    imports.dedup();
    imports
}

#[test]
fn crates_import_one_way_only() {
    assert!(crates_of("crates/domain").is_empty(), "the rules know nobody");
    assert_eq!(crates_of("crates/core"), ["domain"]);
    assert_eq!(crates_of("crates/council"), ["domain"]);
    assert_eq!(crates_of("crates/cli"), ["core", "domain"]);
    assert_eq!(crates_of("src-tauri"), ["core", "domain"]);
}

#[test]
fn the_rules_link_no_database_no_network_no_clock_and_no_randomness() {
    let manifest = fs::read_to_string(root().join("crates/domain/Cargo.toml")).unwrap();
    for heavy in ["rusqlite", "reqwest", "axum", "tokio", "\ngetrandom", "\nrand", "keyring"] {
        assert!(!manifest.contains(heavy), "{heavy}");
    }
    let workspace = fs::read_to_string(root().join("Cargo.toml")).unwrap();
    let line = |name: &str| workspace.lines().find(|line| line.starts_with(&format!("{name} = "))).unwrap().to_owned();
    assert!(!line("chrono").contains("clock") && !line("chrono").contains("now"), "chrono could ask the time");
    assert!(!line("uuid").contains("v4") && !line("uuid").contains("v7"), "uuid could make random ids");
}

#[test]
fn a_fault_of_ours_ends_one_request_and_never_the_program() {
    let workspace = fs::read_to_string(root().join("Cargo.toml")).unwrap();
    assert!(!workspace.contains("panic = \"abort\""), "what ships unwinds, as what is tested does");
}

/// The Rust files below a folder: path and text.
fn sources(folder: &Path) -> Vec<(String, String)> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap().flatten() {
        if entry.path().is_dir() {
            files.extend(sources(&entry.path()));
        } else if entry.path().extension().is_some_and(|ending| ending == "rs") {
            files.push((entry.path().display().to_string(), fs::read_to_string(entry.path()).unwrap()));
        }
    }
    files
}

/// The council's rooms, the highest first. A file may import from its own room or a lower one.
const ROOMS: [&[&str]; 8] = [
    &["bin"],
    &["http", "notify"],
    &["desk"],
    &["device", "import", "export", "records"],
    &["access"],
    &["service.rs"],
    &["storage"],
    &["machine", "error.rs", "refused.rs"],
];

#[test]
fn no_files_import_each_other_in_a_circle() {
    for src in ["crates/domain", "crates/core", "crates/council", "crates/cli", "crates/xtask", "src-tauri", "tests"] {
        let imports = imports::of(&root().join(src).join("src"));
        assert!(imports.len() > 3, "the files of {src} are read");
        assert_eq!(imports::circle(&imports), None, "in {src}");
    }
}

#[test]
fn the_councils_rooms_stand_above_each_other() {
    let floor = |file: &str| {
        let room = file.split('/').next().unwrap_or(file);
        ROOMS.iter().position(|rooms| rooms.contains(&room)).unwrap_or_else(|| panic!("{file} stands in no room"))
    };
    let imports = imports::of(&root().join("crates/council/src"));
    for (file, from) in imports.iter().filter(|(file, _)| *file != "lib.rs") {
        for other in from {
            let room = |file: &String| file.split('/').next().map(str::to_owned);
            let lowest = ROOMS.len() - 1;
            let stays = room(file) == room(other) || (floor(file) == lowest && floor(other) == lowest);
            assert!(stays || floor(file) < floor(other), "{file} imports from {other}, which stands as high or higher");
        }
    }
}

#[test]
fn no_rule_knows_the_ledger_or_the_protocol() {
    let domain = root().join("crates/domain/src");
    for (file, text) in sources(&domain.join("conduct")) {
        assert!(!text.contains("crate::ledger") && !text.contains("crate::protocol"), "{file}");
    }
}

#[test]
fn sql_stays_in_the_rooms_of_the_databases() {
    for (file, text) in sources(&root().join("crates")) {
        let in_storage = file.contains("/store/") || file.contains("/storage/") || file.contains("/xtask/");
        let sql = ["SELECT ", "INSERT INTO", "DELETE FROM"].iter().any(|word| text.contains(word));
        assert!(in_storage || !sql, "{file}");
    }
}

#[test]
fn every_path_that_the_pages_name_exists() {
    let folder = root().join("docs");
    let mut pages: Vec<PathBuf> = [&folder, &folder.join("decisions"), &root()]
        .iter()
        .flat_map(|folder| fs::read_dir(folder).unwrap().flatten().map(|entry| entry.path()))
        .filter(|path| path.extension().is_some_and(|ending| ending == "md"))
        .collect();
    pages.sort();
    let mut named = 0;
    for page in &pages {
        let text = fs::read_to_string(page).unwrap();
        let here = page.parent().unwrap();
        let in_code = text.split('`').skip(1).step_by(2).filter(|path| {
            let first = path.split('/').next().unwrap_or_default();
            ["crates", "ui", "src-tauri", "tests", "docs"].contains(&first) && path.contains('/') && !path.contains(' ')
        });
        let linked =
            text.split("](").skip(1).filter_map(|link| link.split(')').next()).filter(|to| !to.contains("://"));
        let linked = linked.filter_map(|to| to.split('#').next()).filter(|to| !to.is_empty()).map(|to| here.join(to));
        for path in in_code.map(|path| root().join(path.split('{').next().unwrap_or(path))).chain(linked) {
            named += 1;
            assert!(path.exists(), "{} names {}, which is not there", page.display(), path.display());
        }
    }
    assert!(named > 60, "the pages are read: {named} paths");
}
