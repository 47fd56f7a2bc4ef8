//! Draws `docs/protocol/messages.md` from the source of the formats, and
//! `docs/protocol/examples.md` from the golden files, so that neither says anything that the
//! program does not.

use std::fmt::Write as _;
use std::fs;

use crate::harness::root;

/// The files of the formats, in the order of the page, each with its heading.
const FILES: [(&str, &str); 11] = [
    ("envelope.rs", "Records"),
    ("seal.rs", "Seals"),
    ("certificate.rs", "Certificates"),
    ("grant.rs", "Grants"),
    ("receipt.rs", "Receipts"),
    ("run.rs", "Records as they are sent"),
    ("note.rs", "Safeguarding notes"),
    ("enrol.rs", "Enrolling"),
    ("sync.rs", "Sync"),
    ("photo.rs", "Photos"),
    ("salvage.rs", "Sealed files"),
];

/// A thing of the formats: an array with fields, or a number with words for some of its values.
struct Thing {
    name: String,
    about: String,
    /// For each: its place or its value, its name, its type if it has one, and what it is.
    lines: Vec<[String; 4]>,
    is_number: bool,
}

/// The page of messages.
///
/// # Panics
/// When the source can't be read.
#[must_use]
pub fn messages() -> String {
    let mut page = String::from(
        "# What each thing is, field by field\n\nDrawn from the source by `cargo run -p doorstep-tests --bin protocol`. An array has its fields in\n\
         this order. A field that may be absent is `null`, and an array ends with its last field that is not\nabsent.\n",
    );
    for (file, heading) in FILES {
        let source = source(file);
        let _ = write!(page, "\n## {heading}\n");
        for thing in things(&source) {
            page.push_str(&drawn(&thing));
        }
    }
    page.push_str(
        "\n## Names\n\nWhat is hashed or signed begins with one of these.\n\n| name | what for |\n| --- | --- |\n",
    );
    for [name, about] in names(&source("name.rs")) {
        let _ = writeln!(page, "| `{name}` | {about} |");
    }
    page
}

/// The page of examples.
///
/// # Panics
/// When the golden files can't be read.
#[must_use]
pub fn examples() -> String {
    let golden = root().join("crates/domain/tests/domain/golden/version-2.hex");
    let golden = fs::read_to_string(golden).expect("the golden file can be read");
    let mut page = String::from(
        "# Examples\n\nDrawn from the golden files. The council's key is 32 bytes of 1, the phone's 32 bytes of 2, the\n\
         visit's 32 bytes of 5.\n",
    );
    for (name, hex) in golden.lines().filter_map(|line| line.split_once(' ')) {
        let _ = write!(page, "\n## {name}\n\n```\n");
        let digits: Vec<char> = hex.chars().collect();
        for line in digits.chunks(64) {
            let _ = writeln!(page, "{}", line.iter().collect::<String>());
        }
        page.push_str("```\n");
    }
    page
}

fn source(file: &str) -> String {
    fs::read_to_string(root().join("crates/domain/src/v2").join(file)).expect("the source can be read")
}

fn drawn(thing: &Thing) -> String {
    let mut text = format!("\n### {}\n\n{}\n\n", thing.name, wrapped(&thing.about));
    text.push_str(match thing.is_number {
        true => "| value | name | what it says |\n| --- | --- | --- |\n",
        false => "| place | field | type | what it is |\n| --- | --- | --- | --- |\n",
    });
    for [place, name, kind, about] in &thing.lines {
        let _ = match thing.is_number {
            true => writeln!(text, "| {place} | `{name}` | {about} |"),
            false => writeln!(text, "| {place} | `{name}` | {kind} | {about} |"),
        };
    }
    text
}

/// The things in a file, in their order.
fn things(source: &str) -> Vec<Thing> {
    let mut things: Vec<Thing> = Vec::new();
    let (mut about, mut place) = (String::new(), String::new());
    let (mut is_array, mut within, mut values_of) = (false, false, None);
    for line in source.lines().map(str::trim) {
        if let Some(text) = line.strip_prefix("///") {
            about = format!("{about} {}", text.trim()).trim().to_owned();
        } else if line == "#[cbor(array)]" {
            is_array = true;
        } else if let Some(number) = line.strip_prefix("#[n(").and_then(|rest| rest.strip_suffix(")]")) {
            place = number.to_owned();
        } else if let Some(rest) = line.strip_prefix("pub struct ") {
            let name = rest.split(['(', ' ', '{']).next().unwrap_or_default().to_owned();
            let is_number = rest.contains("(#[n(0)] pub u");
            if is_array || is_number {
                things.push(Thing { name, about: plain(&about), lines: Vec::new(), is_number });
            }
            within = is_array && !is_number;
            (about, is_array) = (String::new(), false);
        } else if within && line.ends_with(',') && !place.is_empty() {
            let (name, kind) =
                line.trim_end_matches(',').trim_start_matches("pub ").split_once(": ").unwrap_or_default();
            let said = plain(&about);
            if let Some(thing) = things.last_mut() {
                thing.lines.push([place.clone(), name.to_owned(), words_of(kind), said]);
            }
            (about, place) = (String::new(), String::new());
        } else if let Some(name) = line.strip_prefix("impl ").and_then(|rest| rest.strip_suffix(" {")) {
            values_of = Some(name.to_owned());
        } else if let Some((name, value)) =
            line.strip_prefix("pub const ").and_then(|rest| rest.split_once(": Self = Self("))
        {
            let thing = things.iter_mut().find(|thing| Some(&thing.name) == values_of.as_ref());
            if let Some(thing) = thing {
                let value = value.trim_end_matches(");").to_owned();
                thing.lines.push([value, name.to_lowercase(), String::new(), plain(&about)]);
            }
            about.clear();
        } else if line == "}" {
            within = false;
            about.clear();
        } else if !line.starts_with("#[") {
            about.clear();
        }
    }
    things
}

/// The names of what is hashed and signed, each with what it is for.
fn names(source: &str) -> Vec<[String; 2]> {
    let mut abouts: Vec<(String, String)> = Vec::new();
    let mut about = String::new();
    let mut names = Vec::new();
    for line in source.lines().map(str::trim) {
        if let Some(text) = line.strip_prefix("///") {
            about = format!("{about} {}", text.trim()).trim().to_owned();
        } else if let Some((variant, name)) = line.strip_prefix("Self::").and_then(|rest| rest.split_once(" => \"")) {
            let known = abouts.iter().find(|(known, _)| known == variant);
            let said = known.map(|(_, about)| about.clone()).unwrap_or_default();
            names.push([name.trim_end_matches("\",").to_owned(), said]);
        } else {
            if let Some(variant) = line.strip_suffix(',').filter(|word| word.chars().all(char::is_alphanumeric)) {
                abouts.push((variant.to_owned(), plain(&about)));
            }
            about.clear();
        }
    }
    names
}

/// A text in lines of a page.
fn wrapped(text: &str) -> String {
    let mut lines: Vec<String> = vec![String::new()];
    for word in text.split(' ') {
        match lines.last_mut() {
            Some(line) if line.len() + word.len() < 100 => {
                if !line.is_empty() {
                    line.push(' ');
                }
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines.join("\n")
}

/// A doc comment without the links of the source.
fn plain(about: &str) -> String {
    let without = about
        .replace("[`", "`")
        .replace("`]", "`")
        .replace("crate::", "")
        .replace("super::", "")
        .replace("`VERSION`", "2");
    without.replace('|', "\\|")
}

/// A type of the source, as somebody reads it who writes a phone in another language.
fn words_of(kind: &str) -> String {
    let inner = |prefix: &str| kind.strip_prefix(prefix).and_then(|rest| rest.strip_suffix('>'));
    if let Some(of) = inner("Option<") {
        return format!("{}, or absent", words_of(of));
    }
    if let Some(of) = inner("Vec<") {
        return format!("array of: {}", words_of(of));
    }
    if let Some(of) = inner("Attested<") {
        return format!("signed `{of}`");
    }
    match kind.trim_start_matches("crate::bytes::") {
        "u8" | "u16" | "u32" | "u64" | "i16" | "i64" | "RecordKind" => "number".to_owned(),
        "String" | "AppointmentRef" => "text".to_owned(),
        "Bytes" => "bytes".to_owned(),
        "Hash" | "Nonce" | "PublicKey" => "32 bytes".to_owned(),
        "Signature" => "64 bytes".to_owned(),
        "Epoch" | "CouncilId" | "DeviceId" | "PhoneId" | "RecordId" | "UserId" | "OrganisationId" | "VisitId" => {
            "16 bytes".to_owned()
        }
        "(u64, u64)" => "array of two numbers".to_owned(),
        other => format!("`{other}`"),
    }
}
