//! Reads from `use` lines which files of a crate import which. If a `mod.rs` or `lib.rs` only
//! re-exports a name, the name counts as imported from the file that it comes from.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

/// The files of a crate by their paths below `src`, each with the files that it imports from.
pub type Imports = BTreeMap<String, BTreeSet<String>>;

/// Modules from the crate's root down, perhaps followed by the name of an item.
type Names = Vec<String>;

struct Crate {
    files: BTreeMap<String, String>,
    /// For each file, the names that it re-exports and where they come from.
    handed_on: BTreeMap<String, BTreeMap<String, Names>>,
}

/// Reads the imports of the crate whose sources are in `src`.
///
/// # Panics
/// When the folder can't be read.
#[must_use]
pub fn of(src: &Path) -> Imports {
    let mut files = BTreeMap::new();
    collect(src, src, &mut files);
    let mut whole = Crate { files, handed_on: BTreeMap::new() };
    let mut used: BTreeMap<String, Vec<Names>> = BTreeMap::new();
    for (file, text) in &whole.files {
        let mut handed_on = BTreeMap::new();
        for (is_public, path) in use_lines(text) {
            let Some(names) = whole.seen_from_root(file, &path) else { continue };
            match (is_public, names.last()) {
                (true, Some(name)) => drop(handed_on.insert(name.clone(), names)),
                _ => used.entry(file.clone()).or_default().push(names),
            }
        }
        whole.handed_on.insert(file.clone(), handed_on);
    }
    let of_file = |file: &String| {
        let names = used.get(file).map(Vec::as_slice).unwrap_or_default();
        names.iter().filter_map(|names| whole.home(names, 0)).filter(|home| home != file).collect()
    };
    whole.files.keys().map(|file| (file.clone(), of_file(file))).collect()
}

/// A circle of files, each of which imports the next; `None` when there is none.
#[must_use]
pub fn circle(imports: &Imports) -> Option<Vec<String>> {
    fn walk(file: &str, imports: &Imports, on_the_way: &mut Vec<String>, done: &mut BTreeSet<String>) -> bool {
        if let Some(at) = on_the_way.iter().position(|before| before == file) {
            on_the_way.drain(..at);
            return true;
        }
        if !done.insert(file.to_owned()) {
            return false;
        }
        on_the_way.push(file.to_owned());
        let found = imports.get(file).is_some_and(|next| next.iter().any(|next| walk(next, imports, on_the_way, done)));
        if !found {
            on_the_way.pop();
        }
        found
    }
    let (mut on_the_way, mut done) = (Vec::new(), BTreeSet::new());
    imports.keys().any(|file| walk(file, imports, &mut on_the_way, &mut done)).then_some(on_the_way)
}

fn collect(src: &Path, folder: &Path, files: &mut BTreeMap<String, String>) {
    for entry in fs::read_dir(folder).expect("the folder can be read").flatten() {
        let path = entry.path();
        if path.is_dir() {
            collect(src, &path, files);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            let name = path.strip_prefix(src).expect("it is below").to_string_lossy().replace('\\', "/");
            files.insert(name, fs::read_to_string(&path).expect("the file can be read"));
        }
    }
}

/// Each path in a file's `use` lines, and whether the file re-exports it. Imports of its module
/// `tests` do not count.
fn use_lines(text: &str) -> Vec<(bool, String)> {
    let code = text.split("#[cfg(test)]\nmod tests").next().unwrap_or_default();
    let code: String = code.lines().map(|line| format!("{}\n", line.split("//").next().unwrap_or_default())).collect();
    let mut found = Vec::new();
    for statement in code.split(';') {
        let last = statement.rsplit(['}', '{']).next().unwrap_or_default();
        let whole = if statement.contains("use ") { statement } else { last };
        let Some(at) = whole.find("use ").filter(|at| whole[..*at].trim_end().lines().last().is_none_or(begins)) else {
            continue;
        };
        let before = whole[..at].trim_end().lines().last().unwrap_or_default();
        let path = whole[at + 4..].split_whitespace().collect::<Vec<_>>().join(" ");
        let mut paths = Vec::new();
        unfold("", &path, &mut paths);
        found.extend(paths.into_iter().map(|path| (before.trim_start().starts_with("pub"), path)));
    }
    found
}

/// Whether a `use` can follow this text on its line: nothing, `pub`, a bracket or a brace.
fn begins(line: &str) -> bool {
    let line = line.trim();
    line.is_empty() || line.starts_with("pub") || line.ends_with(['}', '{', ']'])
}

/// `a::{b, c::{d}}` as `a::b` and `a::c::d`.
fn unfold(before: &str, path: &str, found: &mut Vec<String>) {
    let Some((head, rest)) = path.split_once('{') else {
        let name = path.split(" as ").next().unwrap_or_default().trim();
        // `super::*` in a module inside a file imports from that same file, so it does not count.
        if !name.is_empty() && name != "super::*" {
            found.push(format!("{before}{name}"));
        }
        return;
    };
    let inner = rest.trim_end().strip_suffix('}').unwrap_or(rest);
    let (mut depth, mut start) = (0, 0);
    for (at, character) in inner.char_indices() {
        match character {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                unfold(&format!("{before}{}", head.trim()), inner[start..at].trim(), found);
                start = at + 1;
            }
            _ => {}
        }
    }
    unfold(&format!("{before}{}", head.trim()), inner[start..].trim(), found);
}

impl Crate {
    /// The file of a module, or `None` if the names do not lead to a module with a file.
    fn file_of(&self, modules: &[String]) -> Option<String> {
        if modules.is_empty() {
            return ["lib.rs", "main.rs"].into_iter().find(|root| self.files.contains_key(*root)).map(str::to_owned);
        }
        let path = modules.join("/");
        let candidates = [format!("{path}.rs"), format!("{path}/mod.rs"), format!("{path}/main.rs")];
        candidates.into_iter().find(|file| self.files.contains_key(file))
    }

    /// A path of a file's `use` line from the crate's root, or `None` if it leaves the crate.
    fn seen_from_root(&self, file: &str, path: &str) -> Option<Names> {
        let stem = file.trim_end_matches(".rs").trim_end_matches("/mod").trim_end_matches("/main");
        let own: Names = match stem {
            "lib" | "main" => Vec::new(),
            stem => stem.split('/').map(str::to_owned).collect(),
        };
        let mut names: Names = path.split("::").map(|name| name.trim().to_owned()).collect();
        let mut base = match names.first().map(String::as_str)? {
            // In a program with a folder of its own, `crate` means the program.
            "crate" if self.files.contains_key("bin/main.rs") && file.starts_with("bin/") => vec!["bin".to_owned()],
            "crate" => Vec::new(),
            "self" | "super" => own,
            first => {
                let inside = [own.as_slice(), &[first.to_owned()]].concat();
                self.file_of(&inside)?;
                return Some([own, names].concat());
            }
        };
        while names.first().is_some_and(|name| ["crate", "self", "super"].contains(&name.as_str())) {
            if names.remove(0) == "super" {
                base.pop();
            }
        }
        Some([base, names].concat())
    }

    /// The file that a name comes from. Follows at most 8 re-exports.
    fn home(&self, names: &Names, depth: usize) -> Option<String> {
        let modules = (0..=names.len()).rev().find(|count| self.file_of(&names[..*count]).is_some())?;
        let file = self.file_of(&names[..modules])?;
        let handed_on = names.get(modules).and_then(|name| self.handed_on.get(&file)?.get(name));
        match handed_on {
            Some(from) if depth < 8 => self.home(&[from.as_slice(), &names[modules + 1..]].concat(), depth + 1),
            _ => Some(file),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_circle_is_found_through_a_name_that_is_handed_on_and_nothing_else_is_one() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        write("lib.rs", "mod a;\nmod b;\npub use a::A;\n");
        write(
            "a/mod.rs",
            "//! use crate::b::B;\nmod inner;\n\npub(crate) use inner::{\n    A,\n    Other as Named,\n};\n",
        );
        write("a/inner.rs", "use std::fs;\n\nuse crate::b::{B, C};\n\npub struct A;\n");
        write("b.rs", "pub struct B;\n\n#[cfg(test)]\nmod tests {\n    use crate::a::A;\n}\n");
        let imports = of(folder.path());
        assert_eq!(imports["a/inner.rs"], BTreeSet::from(["b.rs".to_owned()]));
        assert_eq!(circle(&imports), None);
        write("b.rs", "use super::a::A;\npub struct B;\n");
        let found = circle(&of(folder.path())).unwrap();
        assert_eq!(found, ["a/inner.rs", "b.rs"]);
    }
}
