//! How the source is kept: no file too long to read, and no line of prose too wide.

use std::fs;
use std::path::PathBuf;

use doorstep_tests::harness::root;

/// The most lines of a file that is written by hand.
const LONGEST: usize = 450;
/// The most characters of a line of prose.
const WIDEST: usize = 100;

/// Folders whose files are built, downloaded or generated.
const NOT_OURS: [&str; 8] =
    ["target", "node_modules", ".git", ".svelte-kit", "dist", "gen", "generated", "playwright-report"];

/// The files of the project that end like this and are written by hand, with their text.
fn files(endings: &[&str]) -> Vec<(PathBuf, String)> {
    let mut folders = vec![root()];
    let mut found = Vec::new();
    while let Some(folder) = folders.pop() {
        for path in fs::read_dir(folder).unwrap().flatten().map(|entry| entry.path()) {
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            if path.is_dir() {
                if !NOT_OURS.contains(&name.as_str()) {
                    folders.push(path);
                }
            } else if endings.iter().any(|ending| name.ends_with(ending)) {
                let text = fs::read_to_string(&path).unwrap();
                found.push((path, text));
            }
        }
    }
    found
}

#[test]
fn no_file_is_longer_than_somebody_reads_at_once() {
    let mut looked_at = 0;
    for (file, text) in files(&[".rs", ".ts", ".svelte", ".js"]) {
        looked_at += 1;
        let lines = text.lines().count();
        assert!(lines <= LONGEST, "{} has {lines} lines", file.display());
    }
    assert!(looked_at > 300, "the files are found");
}

#[test]
fn lines_of_prose_are_wrapped() {
    let is_comment = |line: &&str| line.trim_start().starts_with("//");
    for (file, text) in files(&[".rs"]) {
        for line in text.lines().filter(is_comment) {
            assert!(line.chars().count() <= WIDEST, "{}: {line}", file.display());
        }
    }
    for (file, text) in files(&[".md"]) {
        let mut in_code = false;
        for line in text.lines() {
            in_code ^= line.starts_with("```");
            // Tables, code and addresses can't be wrapped.
            let is_prose = !in_code && !["|", "    ", "<", "!["].iter().any(|begin| line.starts_with(begin));
            let is_wide = line.chars().count() > WIDEST && !line.contains("](");
            assert!(!is_prose || !is_wide, "{}: {line}", file.display());
        }
    }
}

#[test]
fn rows_of_tables_are_whole() {
    let cells = |line: &str| line.replace("\\|", "").matches('|').count();
    for (file, text) in files(&[".md"]) {
        let mut header = None;
        for line in text.lines() {
            header = line.starts_with('|').then(|| header.unwrap_or_else(|| cells(line)));
            let is_whole = header.is_none_or(|header| cells(line) == header && line.ends_with('|'));
            assert!(is_whole, "{}: {line}", file.display());
        }
    }
}
