//! What a disk may hold after a power cut: all that was flushed, and any part of what was not.
//! It is made of a record of every byte that a program wrote, as [`super::strace`] takes it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use crate::simulation::Chance;

/// A disk writes a sector of this many bytes whole or not at all.
const SECTOR: usize = 512;

/// A file, whatever its name is at a time.
type File = usize;

/// A change of what a file holds.
#[derive(Debug, Clone)]
enum Content {
    Bytes { at: usize, bytes: Vec<u8> },
    Length(usize),
}

/// A change of names. A file system keeps these in their order.
#[derive(Debug, Clone)]
enum Name {
    Made(PathBuf, File),
    Folder(PathBuf),
    Moved(PathBuf, PathBuf),
    Gone(PathBuf),
}

impl Name {
    /// The path that is changed, the new one of two.
    fn path(&self) -> &Path {
        match self {
            Self::Made(path, _) | Self::Folder(path) | Self::Moved(_, path) | Self::Gone(path) => path,
        }
    }
}

#[derive(Debug, Clone)]
enum Change {
    Content(File, Content),
    Name(Name),
    Flushed(File),
    FlushedFolder(PathBuf),
}

/// The files of a folder, as they are by names and contents.
#[derive(Debug, Clone, Default)]
struct Files {
    names: BTreeMap<PathBuf, File>,
    folders: BTreeSet<PathBuf>,
    contents: Vec<Vec<u8>>,
}

impl Files {
    fn content(&mut self, file: File, change: &Content) {
        let content = &mut self.contents[file];
        match change {
            Content::Bytes { at, bytes } => {
                let end = at + bytes.len();
                content.resize(content.len().max(end), 0);
                content[*at..end].copy_from_slice(bytes);
            }
            Content::Length(length) => content.resize(*length, 0),
        }
    }

    fn name(&mut self, change: &Name) {
        match change {
            Name::Made(path, file) => drop(self.names.insert(path.clone(), *file)),
            Name::Folder(path) => drop(self.folders.insert(path.clone())),
            Name::Gone(path) => {
                self.names.remove(path);
                self.folders.remove(path);
            }
            Name::Moved(from, to) => {
                if let Some(file) = self.names.remove(from) {
                    self.names.insert(to.clone(), file);
                    return;
                }
                let moved = |path: &Path| path.strip_prefix(from).map(|rest| to.join(rest)).ok();
                self.names = std::mem::take(&mut self.names)
                    .into_iter()
                    .map(|(path, file)| (moved(&path).unwrap_or(path), file))
                    .collect();
                self.folders =
                    std::mem::take(&mut self.folders).into_iter().map(|path| moved(&path).unwrap_or(path)).collect();
            }
        }
    }
}

/// A folder as it was, and everything that was done to it since, in its order.
#[derive(Debug)]
pub(super) struct Record {
    folder: PathBuf,
    before: Files,
    now: Files,
    changes: Vec<Change>,
    /// How much of the trace had been written when each change was made, in bytes.
    lengths: Vec<usize>,
    /// Where the next byte goes in a file that is written without saying where.
    positions: BTreeMap<File, usize>,
    appended: BTreeSet<File>,
}

impl Record {
    /// The folder as it is now: all of it counts as flushed.
    ///
    /// # Panics
    /// When it can't be read.
    pub(super) fn of(folder: &Path) -> Self {
        let mut before = Files::default();
        let mut left = vec![folder.to_owned()];
        while let Some(next) = left.pop() {
            for entry in fs::read_dir(&next).expect("the folder can be read").flatten() {
                let path = entry.path();
                if path.is_dir() {
                    left.push(path);
                } else if path.is_file() {
                    before.names.insert(path.clone(), before.contents.len());
                    before.contents.push(fs::read(&path).expect("the file can be read"));
                }
            }
            before.folders.insert(next);
        }
        let now = before.clone();
        Self {
            folder: folder.to_owned(),
            before,
            now,
            changes: Vec::new(),
            lengths: Vec::new(),
            positions: BTreeMap::new(),
            appended: BTreeSet::new(),
        }
    }

    /// How many changes there were.
    pub(super) fn changes(&self) -> usize {
        self.changes.len()
    }

    /// How many changes had been made when the trace was this long, in bytes.
    pub(super) fn changes_until(&self, length: usize) -> usize {
        self.lengths.partition_point(|at| *at <= length)
    }

    /// Adds what a trace tells.
    ///
    /// # Panics
    /// When it tells of something that this does not know.
    pub(super) fn adds(&mut self, trace: &str) {
        let mut begun: BTreeMap<&str, String> = BTreeMap::new();
        let mut length = 0;
        for line in trace.split_inclusive('\n') {
            length += line.len();
            let Some((thread, call)) = line.trim_end().split_once(' ') else { continue };
            let call = call.trim_start();
            if let Some(part) = call.strip_suffix("<unfinished ...>") {
                begun.insert(thread, part.to_owned());
                continue;
            }
            let whole = match call.split_once(" resumed>") {
                Some((_, rest)) => begun.remove(thread).unwrap_or_default() + rest,
                None => call.to_owned(),
            };
            self.adds_call(&whole);
            self.lengths.resize(self.changes.len(), length);
        }
    }

    fn adds_call(&mut self, call: &str) {
        let Some((call, result)) = call.rsplit_once(" = ") else { return };
        let Some((name, arguments)) = call.trim_end().trim_end_matches(')').split_once('(') else { return };
        let result = result.split(['<', ' ']).next().and_then(|number| number.parse::<i64>().ok());
        // What failed changed nothing.
        let Some(result) = result.and_then(|result| usize::try_from(result).ok()) else { return };
        let arguments: Vec<&str> = arguments.split(", ").collect();
        match name {
            "openat" => self.opened(&text(arguments[1]), arguments[2]),
            "lseek" => {
                if let Some(file) = self.file(arguments[0]) {
                    self.positions.insert(file, result);
                }
            }
            "write" | "writev" | "pwrite64" => self.written(name, &arguments, result),
            "copy_file_range" => {
                if let Some(bytes) = self.file(arguments[0]).map(|file| self.now.contents[file][..result].to_vec()) {
                    self.bytes(arguments[2], None, bytes);
                }
            }
            "ftruncate" => {
                if let Some(file) = self.file(arguments[0]) {
                    self.changed(Change::Content(file, Content::Length(number(arguments[1]))));
                }
            }
            "fallocate" => {
                if let Some(file) = self.file(arguments[0]) {
                    let length = (number(arguments[2]) + number(arguments[3])).max(self.now.contents[file].len());
                    self.changed(Change::Content(file, Content::Length(length)));
                }
            }
            "fsync" | "fdatasync" => match self.file(arguments[0]) {
                Some(file) => self.changed(Change::Flushed(file)),
                None => self.changed(Change::FlushedFolder(path_of(arguments[0]).unwrap_or_default())),
            },
            "rename" => self.renamed(Name::Moved(text(arguments[0]).into(), text(arguments[1]).into())),
            "renameat" | "renameat2" => self.renamed(Name::Moved(text(arguments[1]).into(), text(arguments[3]).into())),
            "unlink" | "rmdir" => self.renamed(Name::Gone(text(arguments[0]).into())),
            "mkdir" => self.renamed(Name::Folder(text(arguments[0]).into())),
            other => panic!("a record of the disk does not know {other}"),
        }
    }

    fn opened(&mut self, path: &str, how: &str) {
        let path = PathBuf::from(path);
        if !path.starts_with(&self.folder) {
            return;
        }
        if how.contains("O_CREAT") && !self.now.names.contains_key(&path) {
            self.now.contents.push(Vec::new());
            self.before.contents.push(Vec::new());
            self.changed(Change::Name(Name::Made(path.clone(), self.now.contents.len() - 1)));
        }
        let Some(file) = self.now.names.get(&path).copied() else { return };
        if how.contains("O_TRUNC") && !self.now.contents[file].is_empty() {
            self.changed(Change::Content(file, Content::Length(0)));
        }
        self.positions.insert(file, 0);
        if how.contains("O_APPEND") {
            self.appended.insert(file);
        } else {
            self.appended.remove(&file);
        }
    }

    fn written(&mut self, name: &str, arguments: &[&str], result: usize) {
        let mut bytes: Vec<u8> = arguments[1..].iter().flat_map(|argument| quoted(argument)).collect();
        bytes.truncate(result);
        let at = (name == "pwrite64").then(|| number(arguments[3]));
        self.bytes(arguments[0], at, bytes);
    }

    fn bytes(&mut self, descriptor: &str, at: Option<usize>, bytes: Vec<u8>) {
        let Some(file) = self.file(descriptor) else { return };
        let position = match self.appended.contains(&file) {
            true => self.now.contents[file].len(),
            false => self.positions.get(&file).copied().unwrap_or(0),
        };
        if at.is_none() {
            self.positions.insert(file, position + bytes.len());
        }
        self.changed(Change::Content(file, Content::Bytes { at: at.unwrap_or(position), bytes }));
    }

    fn renamed(&mut self, change: Name) {
        if change.path().starts_with(&self.folder) {
            self.changed(Change::Name(change));
        }
    }

    fn changed(&mut self, change: Change) {
        match &change {
            Change::Content(file, content) => self.now.content(*file, content),
            Change::Name(name) => self.now.name(name),
            Change::Flushed(_) | Change::FlushedFolder(_) => {}
        }
        self.changes.push(change);
    }

    /// The file that a descriptor of the trace is, if it is one of the folder's.
    fn file(&self, descriptor: &str) -> Option<File> {
        self.now.names.get(&path_of(descriptor)?).copied()
    }

    /// Writes a folder as it may be found after a power cut at this change.
    ///
    /// # Panics
    /// When it can't be written.
    pub(super) fn image(&self, cut: usize, chance: &Chance, into: &Path) {
        let mut files = self.before.clone();
        let names_kept = self.names_kept(cut, chance);
        let flushed: BTreeMap<File, usize> = (self.changes[..cut].iter().enumerate())
            .filter_map(|(at, change)| if let Change::Flushed(file) = change { Some((*file, at)) } else { None })
            .collect();
        // Nothing of what was not flushed is there, all of it, part of it, or part of its sectors.
        let how = chance.below(4);
        for (at, change) in self.changes[..cut].iter().enumerate() {
            match change {
                Change::Name(name) if at < names_kept => files.name(name),
                Change::Content(file, content) => {
                    let is_flushed = flushed.get(file).is_some_and(|last| at < *last);
                    match (is_flushed || how == 1, how, content) {
                        (true, ..) => files.content(*file, content),
                        (false, 2, _) if chance.percent(50) => files.content(*file, content),
                        (false, 3, Content::Bytes { at, bytes }) => torn(&mut files, *file, *at, bytes, chance),
                        _ => {}
                    }
                }
                Change::Name(_) | Change::Flushed(_) | Change::FlushedFolder(_) => {}
            }
        }
        let place = |path: &Path| into.join(path.strip_prefix(&self.folder).expect("all of it is in the folder"));
        for folder in &files.folders {
            fs::create_dir_all(place(folder)).expect("a folder can be made");
        }
        for (path, file) in &files.names {
            let path = place(path);
            fs::create_dir_all(path.parent().expect("a file is in a folder")).expect("a folder can be made");
            fs::write(&path, &files.contents[*file]).expect("a file can be written");
        }
    }

    /// Up to which change names are kept: those that were flushed with their folder, and by chance
    /// more, in their order.
    fn names_kept(&self, cut: usize, chance: &Chance) -> usize {
        let changes = || self.changes[..cut].iter().enumerate();
        let flushed: BTreeMap<&Path, usize> = changes()
            .filter_map(|(at, change)| match change {
                Change::FlushedFolder(folder) => Some((folder.as_path(), at)),
                _ => None,
            })
            .collect();
        let is_flushed = |at: usize, name: &Name| {
            name.path().parent().and_then(|folder| flushed.get(folder)).is_some_and(|last| at < *last)
        };
        let kept = changes().filter_map(|(at, change)| match change {
            Change::Name(name) if is_flushed(at, name) => Some(at + 1),
            _ => None,
        });
        let flushed = kept.max().unwrap_or(0);
        flushed + chance.below(cut - flushed + 1)
    }
}

/// Writes some of the sectors that a write touches.
fn torn(files: &mut Files, file: File, at: usize, bytes: &[u8], chance: &Chance) {
    let mut done = 0;
    while done < bytes.len() {
        let next = (SECTOR - (at + done) % SECTOR).min(bytes.len() - done);
        if chance.percent(50) {
            let part = bytes[done..done + next].to_vec();
            files.content(file, &Content::Bytes { at: at + done, bytes: part });
        }
        done += next;
    }
}

fn number(word: &str) -> usize {
    word.trim_end_matches(')').parse().unwrap_or_else(|_| panic!("{word} is no number"))
}

/// The path of a descriptor, as in `3<\x2f\x61>`.
fn path_of(descriptor: &str) -> Option<PathBuf> {
    let (_, path) = descriptor.split_once('<')?;
    Some(unescaped(path.split('>').next()?).into())
}

/// What stands in quotes.
fn text(word: &str) -> String {
    String::from_utf8_lossy(&quoted(word)).into_owned()
}

/// The bytes of everything that stands in quotes.
fn quoted(word: &str) -> Vec<u8> {
    word.split('"').skip(1).step_by(2).flat_map(bytes).collect()
}

fn unescaped(word: &str) -> String {
    String::from_utf8_lossy(&bytes(word)).into_owned()
}

/// The bytes that `\x2f\x61` stands for. Other letters stand for themselves.
fn bytes(word: &str) -> Vec<u8> {
    let mut found = Vec::with_capacity(word.len() / 4);
    let mut rest = word.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let hex = (*first == b'\\' && after.first() == Some(&b'x')).then(|| after.get(1..3)).flatten();
        let byte = hex.and_then(|hex| std::str::from_utf8(hex).ok()).and_then(|hex| u8::from_str_radix(hex, 16).ok());
        found.push(byte.unwrap_or(*first));
        rest = if byte.is_some() { &after[3..] } else { after };
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As `strace -y -xx` writes a word.
    fn hex(word: &str) -> String {
        word.bytes().map(|byte| format!("\\x{byte:02x}")).collect()
    }

    /// The images at the end of a trace, by what each file holds.
    fn images(trace: &dyn Fn(&str) -> String) -> BTreeSet<BTreeMap<String, String>> {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("old"), "before").unwrap();
        let mut record = Record::of(folder.path());
        record.adds(&trace(&folder.path().display().to_string()));
        let found = |seed| {
            let into = tempfile::tempdir().unwrap();
            record.image(record.changes(), &Chance::new(seed), into.path());
            let files = fs::read_dir(into.path()).unwrap().flatten();
            let name = |file: &fs::DirEntry| file.file_name().to_string_lossy().into_owned();
            files.map(|file| (name(&file), fs::read_to_string(file.path()).unwrap())).collect()
        };
        (0..200).map(found).collect()
    }

    /// Writes a new file under another name, and puts it in the place of the old one.
    fn replaces(folder: &str, flushes: bool, flushes_names: bool) -> String {
        let (old, new) = (hex(&format!("{folder}/old")), hex(&format!("{folder}/new")));
        let flush = |wanted: bool, of: &str| if wanted { format!("7 fsync(4<{of}>) = 0\n") } else { String::new() };
        [
            format!(
                "7 openat(AT_FDCWD<{}>, \"{new}\", O_WRONLY|O_CREAT|O_TRUNC|O_CLOEXEC, 0600) = 4<{new}>\n",
                hex("/")
            ),
            format!("7 write(4<{new}>, \"{}\", 5 <unfinished ...>\n8 fsync(9<{}>) = 0\n", hex("after"), hex("/else")),
            "7 <... write resumed>) = 5\n".to_owned(),
            flush(flushes, &new),
            format!(
                "7 rename(\"{new}\", \"{old}\") = 0\n7 unlink(\"{new}\") = -1 ENOENT (No such file or directory)\n"
            ),
            flush(flushes_names, &hex(folder)),
        ]
        .concat()
    }

    #[test]
    fn what_was_flushed_is_there_and_what_was_not_may_be_lost() {
        let only = |name: &str, content: &str| BTreeMap::from([(name.to_owned(), content.to_owned())]);
        let images_of = |flushes, names| images(&|folder| replaces(folder, flushes, names));
        assert_eq!(images_of(true, true), BTreeSet::from([only("old", "after")]));
        let without_names = images_of(true, false);
        assert!(without_names.contains(&only("old", "before")), "{without_names:?}");
        assert!(without_names.iter().all(|files| !files["old"].is_empty()), "{without_names:?}");
        let without_content = images_of(false, true);
        assert!(without_content.contains(&only("old", "")), "{without_content:?}");
        assert!(without_content.contains(&only("old", "after")), "{without_content:?}");
    }
}
