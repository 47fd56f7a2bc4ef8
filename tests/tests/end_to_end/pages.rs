//! What the pages of docs say is held by a test is held by one.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use doorstep_domain::StableName;
use doorstep_domain::conduct::{NoticeMethod, VisitKind};
use doorstep_tests::desk::ConsoleClient;
use doorstep_tests::harness::{TestCouncil, root};
use serde_json::Value;

/// The files under a folder whose name ends so. What is built and what is fetched is left out.
fn files(folder: &Path, ends: &[&str], found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let (path, name) = (entry.path(), entry.file_name().to_string_lossy().into_owned());
        if path.is_dir() && !["target", "node_modules", "gen", "build"].contains(&name.as_str()) {
            files(&path, ends, found);
        } else if ends.iter().any(|end| name.ends_with(end)) {
            found.push(path);
        }
    }
}

fn text_of(folders: &[&str], ends: &[&str]) -> Vec<String> {
    let mut found = Vec::new();
    for folder in folders {
        files(&root().join(folder), ends, &mut found);
    }
    found.iter().map(|path| fs::read_to_string(path).unwrap()).collect()
}

/// The names of all tests in Rust.
fn tests_in_rust() -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for text in text_of(&["crates", "src-tauri", "tests"], &[".rs"]) {
        for behind in text.split("#[test]").skip(1) {
            let name = behind.split_once("fn ").and_then(|(_, rest)| rest.split_once('('));
            names.extend(name.map(|(name, _)| name.to_owned()));
        }
    }
    names
}

/// What the tests in a browser and of the screens are called.
fn tests_on_screen() -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for text in text_of(&["ui"], &[".spec.ts", ".test.ts"]) {
        for begin in ["test(", "it("] {
            for behind in text.split(begin).skip(1) {
                let behind = behind.trim_start();
                let Some(quote) = behind.chars().next().filter(|quote| ['\'', '"', '`'].contains(quote)) else {
                    continue;
                };
                names.extend(behind[1..].split_once(quote).map(|(name, _)| name.to_owned()));
            }
        }
    }
    names
}

/// What stands between backticks on a page, on one line each.
fn names_on(page: &str) -> Vec<String> {
    let text = fs::read_to_string(root().join("docs").join(page)).unwrap();
    let text: Vec<&str> = text.split("```").step_by(2).collect();
    let words = |code: &str| code.split_whitespace().collect::<Vec<_>>().join(" ");
    text.join("").split('`').skip(1).step_by(2).map(words).collect()
}

#[test]
fn what_a_page_says_is_held_by_a_test_is_held_by_one() {
    let (in_rust, on_screen) = (tests_in_rust(), tests_on_screen());
    assert!(in_rust.len() > 300 && on_screen.len() > 50, "the tests are found");
    for page in ["security.md", "boundary.md"] {
        let (mut held, mut missing) = (0, Vec::new());
        for name in names_on(page) {
            let is_test = |text: &str| {
                text.matches('_').count() > 3
                    && text.chars().all(|c| c.is_ascii_lowercase() || c == '_' || c.is_ascii_digit())
            };
            let is_file = ["crates/", "deploy/", "docs/", "src-tauri/", "tests/", "ui/", ".github/"]
                .iter()
                .any(|begin| name.starts_with(begin));
            let is_there = match name.strip_prefix('"').and_then(|name| name.strip_suffix('"')) {
                Some(words) => on_screen.contains(words),
                None if is_test(&name) => in_rust.contains(&name),
                None if is_file => root().join(&name).exists(),
                None => continue,
            };
            held += usize::from(!is_file);
            if !is_there {
                missing.push(name);
            }
        }
        assert_eq!(missing, Vec::<String>::new(), "{page}: there is no such test or file");
        assert!(held > 40, "{page} names {held} tests");
    }
}

#[test]
fn each_row_of_the_standards_stands_on_the_page_once() {
    let text = fs::read_to_string(root().join("docs/security.md")).unwrap();
    let rows: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("| ")?.split(" | ").next()).collect();
    let of_asvs: Vec<&&str> = rows.iter().filter(|row| row.starts_with(|c: char| c.is_ascii_digit())).collect();
    let of_masvs: Vec<&&str> = rows.iter().filter(|row| row.starts_with(|c: char| c.is_ascii_uppercase())).collect();
    // ASVS 5.0.0 has 253 requirements at levels 1 and 2, MASVS 2.1 has 24 controls.
    assert_eq!((of_asvs.len(), of_masvs.len()), (253, 24));
    assert_eq!(rows.iter().filter(|row| **row != "row" && **row != "---").collect::<BTreeSet<_>>().len(), 253 + 24);
}

#[test]
fn the_page_of_tables_names_each_column_and_each_word_that_is_taken() {
    let page = fs::read_to_string(root().join("docs/tables.md")).unwrap();
    let (people, appointments) = page.split_once("## Appointments").unwrap();
    let council = TestCouncil::open();
    let missing = |user: &str, path: &str| {
        let said: Value = ConsoleClient::of(user, &council).sends_table(path, "nothing\n").json().unwrap();
        let faults = said["faults"].as_array().unwrap().clone();
        faults.into_iter().map(|fault| fault["column"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let of_people = missing("admin", "/api/people?only_look=true");
    let of_appointments = missing("super-1", "/api/appointments?only_look=true");
    assert_eq!((of_people.len(), of_appointments.len()), (7, 19));
    for (part, columns) in [(people, of_people), (appointments, of_appointments)] {
        for column in columns {
            let named = part.lines().filter(|line| line.starts_with("| ") && line.contains(&format!("`{column}`")));
            assert!(named.count() > 0, "{column} has no row");
        }
    }
    // The roles that the page names are taken, and no other.
    let roles = people.lines().find(|line| line.starts_with("| `role`")).unwrap();
    let roles: Vec<&str> = roles.split('`').skip(3).step_by(2).collect();
    assert_eq!(roles.len(), 6, "{roles:?}");
    let header = "user,display_name,organisation,organisation_kind,role,position,email";
    let faults = |role: &str| {
        let table = format!("{header}\nx-1,X,Melton Borough Council,council,{role},Officer,\n");
        let admin = ConsoleClient::of("admin", &council);
        let said: Value = admin.sends_table("/api/people?only_look=true", &table).json().unwrap();
        said["faults"].as_array().unwrap().len()
    };
    assert!(roles.iter().all(|role| faults(role) == 0) && faults("manager") == 1);
    for word in VisitKind::all().map(VisitKind::name).chain(NoticeMethod::all().map(NoticeMethod::name)) {
        assert!(appointments.contains(&format!("`{word}`")), "{word}");
    }
}

#[test]
fn the_file_of_settings_has_each_setting_of_the_service() {
    let file = fs::read_to_string(root().join("deploy/council.toml")).unwrap();
    let named: BTreeSet<&str> =
        file.lines().filter_map(|line| line.trim_start_matches("# ").split_once(" = ")).map(|(name, _)| name).collect();
    let help = TestCouncil::open().runs(&["serve", "--help"]);
    let settings: BTreeSet<&str> = help
        .lines()
        .filter_map(|line| line.trim_start().strip_prefix("--")?.split(' ').next())
        .filter(|name| !["config", "check-config"].contains(name))
        .collect();
    assert!(settings.len() > 20, "{settings:?}");
    assert_eq!(settings.difference(&named).collect::<Vec<_>>(), Vec::<&&str>::new());
}
