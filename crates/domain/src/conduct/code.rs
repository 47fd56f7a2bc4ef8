//! The Code of conduct as text: the versions that the council publishes, and people's signatures
//! under them. Clauses 9 and 10, and the Acknowledgement.

use chrono::NaiveDate;
use data_encoding::HEXLOWER;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// The Code in Doorstep's own plain words. It is used until the council publishes its own text.
const OWN_WORDS: &str = include_str!("code.txt");

/// A version of the Code, as the council published it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublishedCode {
    /// What people call it: `1.0`, `June 2025`.
    pub label: String,
    /// The first day on which it is in force, in Europe/London.
    pub from: NaiveDate,
    /// The exact text.
    pub text: String,
}

/// One part of the text, under its heading.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, schemars::JsonSchema)]
pub struct CodeSection {
    /// Its number as printed: `3.1`; empty for a part without one.
    pub number: String,
    /// Its heading as printed, without the number.
    pub heading: String,
    /// Its paragraphs and points, in their order.
    pub paragraphs: Vec<String>,
}

/// The text can't be a version of the Code.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotACode {
    /// There is no numbered clause in it.
    #[error(
        "there is no numbered clause in it: a heading looks like \"3.1 Prior notice and permission\", on a line of its own"
    )]
    NoClauses,
    /// It is longer than [`PublishedCode::LONGEST`] characters.
    #[error("it is longer than {} characters", PublishedCode::LONGEST)]
    TooLong,
}

/// How somebody signed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Signing {
    /// Their name, typed.
    Typed(String),
    /// Their signature, drawn with a finger. Each stroke is a list of points: across (0 to 1,000)
    /// and down (0 to 400).
    Drawn(Vec<Vec<(u16, u16)>>),
}

/// Somebody's signature under one version of the Code.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, schemars::JsonSchema)]
pub struct Acknowledgement {
    /// The SHA-256 of the exact text, in hexadecimal.
    pub code: String,
    /// What people call that version.
    pub label: String,
    /// The name of the person who signed, as they gave it.
    pub name: String,
    /// Their job title at the time, as the council had it.
    pub position: String,
    /// The name of the organisation that they worked for at the time.
    pub organisation: String,
    /// How they signed.
    pub signed: Signing,
}

/// The name or the signature is missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("there is no signature: draw it, or type your name")]
pub struct NotSigned;

impl PublishedCode {
    /// The longest text, in characters.
    pub const LONGEST: usize = 200_000;

    /// The Code in Doorstep's own plain words.
    #[must_use]
    pub fn own_words() -> Self {
        Self {
            label: "Doorstep's plain words".to_owned(),
            from: NaiveDate::from_ymd_opt(2025, 6, 2).unwrap_or_default(),
            text: OWN_WORDS.to_owned(),
        }
    }

    /// The SHA-256 of the exact text, in hexadecimal, as `sha256sum` prints it.
    #[must_use]
    pub fn hash(&self) -> String {
        HEXLOWER.encode(&Sha256::digest(self.text.as_bytes()))
    }

    /// Splits the text into its sections, in their order.
    ///
    /// # Errors
    /// [`NotACode`] when the text can't be a Code.
    pub fn sections(&self) -> Result<Vec<CodeSection>, NotACode> {
        if self.text.chars().count() > Self::LONGEST {
            return Err(NotACode::TooLong);
        }
        let sections = split(&self.text);
        if sections.iter().any(|section| !section.number.is_empty()) { Ok(sections) } else { Err(NotACode::NoClauses) }
    }
}

impl CodeSection {
    /// Whether the section holds every one of the words. Capital letters make no difference.
    #[must_use]
    pub fn mentions(&self, words: &str) -> bool {
        let text = format!("{} {} {}", self.number, self.heading, self.paragraphs.join(" ")).to_lowercase();
        words.to_lowercase().split_whitespace().all(|word| text.contains(word))
    }
}

impl Signing {
    /// The most points that a drawn signature can have.
    pub const MOST_POINTS: usize = 4_000;

    /// How far the field for a signature goes across and down, in points.
    pub const FIELD: (u16, u16) = (1_000, 400);

    /// A signature under a name: the one that was drawn, or the typed name if nothing was drawn, or
    /// only a dot.
    #[must_use]
    pub fn of(name: &str, strokes: Vec<Vec<(u16, u16)>>) -> Self {
        let drawn = Self::Drawn(strokes);
        if drawn.is_a_signature() { drawn } else { Self::Typed(name.to_owned()) }
    }

    /// Whether this is a signature: a typed name that is not empty, or at least three points, all
    /// within the field.
    #[must_use]
    pub fn is_a_signature(&self) -> bool {
        match self {
            Self::Typed(name) => !name.trim().is_empty(),
            Self::Drawn(strokes) => {
                let points = strokes.iter().map(Vec::len).sum::<usize>();
                (3..=Self::MOST_POINTS).contains(&points)
                    && strokes.iter().flatten().all(|(across, down)| *across <= Self::FIELD.0 && *down <= Self::FIELD.1)
            }
        }
    }
}

impl Acknowledgement {
    /// Checks that there is a signature, and a name to it.
    ///
    /// # Errors
    /// [`NotSigned`].
    pub fn check(&self) -> Result<(), NotSigned> {
        if self.signed.is_a_signature() && !self.name.trim().is_empty() { Ok(()) } else { Err(NotSigned) }
    }
}

/// Splits a text at its headings: lines that begin with a clause's number, and the line
/// `Acknowledgement`. The lines of a table of contents, which end with a page number, are left out.
fn split(text: &str) -> Vec<CodeSection> {
    let mut sections = Vec::new();
    let mut section = CodeSection { number: String::new(), heading: String::new(), paragraphs: Vec::new() };
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
        if is_of_contents(line) {
            continue;
        }
        let Some((number, heading)) = heading(line) else {
            section.paragraphs.push(line.trim_start_matches(['-', '*', '•', '–']).trim().to_owned());
            continue;
        };
        sections.push(std::mem::replace(
            &mut section,
            CodeSection { number: number.to_owned(), heading: heading.to_owned(), paragraphs: Vec::new() },
        ));
    }
    sections.push(section);
    // The text before the first heading is the title page, which is left out.
    sections.retain(|section| !section.heading.is_empty());
    sections
}

fn is_of_contents(line: &str) -> bool {
    line.rsplit_once('\t').is_some_and(|(_, page)| !page.is_empty() && page.chars().all(|c| c.is_ascii_digit()))
}

fn heading(line: &str) -> Option<(&str, &str)> {
    let line = line.trim_start_matches('#').trim_start();
    if line == "Acknowledgement" {
        return Some(("", line));
    }
    let (number, heading) = line.split_once(char::is_whitespace)?;
    let number = number.trim_end_matches('.');
    let is_number = |part: &str| !part.is_empty() && part.len() <= 2 && part.chars().all(|c| c.is_ascii_digit());
    let mut parts = number.split('.');
    let numbered = parts.next().is_some_and(is_number) && parts.next().is_none_or(is_number) && parts.next().is_none();
    let heading = heading.trim();
    // A sentence that begins with a number is not a heading.
    (numbered && heading.chars().count() <= 80 && !heading.ends_with(['.', ';', ','])).then_some((number, heading))
}
