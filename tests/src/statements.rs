//! Reads the council's SQL statements from its source: every string that begins like SQL. If
//! `format!` fills a statement in, the value is a constant of the same file or is in [`FILLED`].

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use proc_macro2::{Delimiter, TokenStream, TokenTree};

use crate::harness::root;

/// What to put in the `{}` of statements that `format!` puts together, by the text of the argument.
/// Filters are left empty, which gives the whole list: the test of lists asks for each of them.
const FILLED: [(&str, &str); 20] = [
    ("which.text()", ""),
    ("which_lines", ""),
    ("conditions", ""),
    ("found", ""),
    ("way", "DESC"),
    ("most", "1"),
    ("filter.order()", ""),
    ("order", " ORDER BY started_ms"),
    ("table", "session"),
    ("log", "audit"),
    ("told", "told_due_ms"),
    ("whose", "IS NOT NULL"),
    ("hash", "NULL"),
    ("what", "visit.outcome"),
    ("answer", "visit.outcome"),
    // Placeholders for keys: a statement has as many as there are keys.
    ("", "?1"),
    ("NEWEST_FIRST", ""),
    ("OVER", ""),
    ("SELECT", ""),
    ("LINES", ""),
];

/// Files to leave out. Some build their statements from the list of tables or from other
/// statements, and the tests `tables` and `lists` run those on both databases. The others are for
/// one database.
const LEFT_OUT: [&str; 5] = ["batch.rs", "copying.rs", "order.rs", "postgres.rs", "sqlite.rs"];

/// A statement and the file that it is in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// The file's name, without its folder.
    pub file: String,
    /// As SQL, with placeholders `?1`.
    pub sql: String,
}

/// Every statement of the council's storage.
///
/// # Panics
/// When a statement has a `{}` that is neither a constant nor in [`FILLED`].
#[must_use]
pub fn of_the_council() -> Vec<Statement> {
    let mut files = Vec::new();
    rust_files(&root().join("crates/council/src/storage"), &mut files);
    files.sort();
    let mut found = Vec::new();
    for file in files {
        let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let text = fs::read_to_string(&file).expect("a file can be read");
        let tokens: Vec<TokenTree> = text.parse::<TokenStream>().expect("it is Rust").into_iter().collect();
        let constants = constants(&tokens);
        if !LEFT_OUT.contains(&name.as_str()) {
            statements(&tokens, &mut |literal, arguments| {
                if let Some(sql) = filled(literal, arguments, &constants, &name) {
                    found.push(Statement { file: name.clone(), sql });
                }
            });
        }
    }
    found
}

fn rust_files(folder: &Path, files: &mut Vec<std::path::PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder can be read").flatten() {
        let path = entry.path();
        if path.is_dir() {
            rust_files(&path, files);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            files.push(path);
        }
    }
}

/// `const NAME: &str = "..."`, by name.
fn constants(tokens: &[TokenTree]) -> BTreeMap<String, String> {
    let mut constants = BTreeMap::new();
    for (at, token) in tokens.iter().enumerate() {
        let (TokenTree::Ident(word), Some(TokenTree::Ident(name))) = (token, tokens.get(at + 1)) else { continue };
        if word != "const" {
            continue;
        }
        let value = tokens[at..].iter().take_while(|token| !is_punct(token, ';')).find_map(text_of);
        constants.extend(value.map(|value| (name.to_string(), value)));
    }
    constants
}

fn is_punct(token: &TokenTree, of: char) -> bool {
    matches!(token, TokenTree::Punct(punct) if punct.as_char() == of)
}

fn text_of(token: &TokenTree) -> Option<String> {
    let TokenTree::Literal(literal) = token else { return None };
    syn::parse_str::<syn::LitStr>(&literal.to_string()).ok().map(|text| text.value())
}

/// Calls `each` for every string, with the arguments of its `format!`, or with `None` if it is not
/// in a `format!`. Stops at code that is compiled for tests only.
fn statements(tokens: &[TokenTree], each: &mut dyn FnMut(&str, Option<&[String]>)) {
    let mut at = 0;
    while let Some(token) = tokens.get(at) {
        if let TokenTree::Group(group) = token {
            let inside: Vec<TokenTree> = group.stream().into_iter().collect();
            if group.delimiter() == Delimiter::Bracket && group.stream().to_string().contains("cfg (test)") {
                return;
            }
            let is_format = at >= 2
                && is_punct(&tokens[at - 1], '!')
                && matches!(&tokens[at - 2], TokenTree::Ident(name) if name == "format");
            if is_format {
                let mut arguments = inside
                    .split(|token| is_punct(token, ','))
                    .map(|argument| argument.iter().cloned().collect::<TokenStream>().to_string().replace(' ', ""));
                let _text = arguments.next();
                let arguments: Vec<String> = arguments.filter(|argument| !argument.is_empty()).collect();
                if let Some(text) = inside.first().and_then(text_of) {
                    each(&text, Some(&arguments));
                }
            } else {
                statements(&inside, each);
            }
        } else if let Some(text) = text_of(token) {
            each(&text, None);
        }
        at += 1;
    }
}

/// The statement with every `{}` filled in, or `None` if the text is not SQL.
fn filled(
    text: &str,
    arguments: Option<&[String]>,
    constants: &BTreeMap<String, String>,
    file: &str,
) -> Option<String> {
    let begins =
        |sql: &str| ["SELECT ", "INSERT ", "UPDATE ", "DELETE ", "WITH "].iter().any(|verb| sql.starts_with(verb));
    let known = |name: &str| {
        let listed = FILLED.iter().find(|(hole, _)| *hole == name).map(|(_, filling)| (*filling).to_owned());
        constants.get(name).cloned().or(listed)
    };
    let mut positional = arguments.unwrap_or_default().iter();
    let mut sql = String::new();
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once('{') {
        sql.push_str(before);
        let (hole, behind) = match behind.strip_prefix('{') {
            // `{{}}` in a `format!` stays as `{}`, which stands for placeholders for keys.
            Some(behind) => ("", behind.strip_prefix("}}")?),
            None => behind.split_once('}')?,
        };
        let name = match (hole, arguments) {
            ("", Some(_)) if !text[..text.len() - behind.len()].ends_with("{{}}") => positional.next()?.as_str(),
            (hole, _) => hole,
        };
        if !(begins(&sql) || sql.is_empty() && constants.contains_key(name)) {
            return None;
        }
        sql.push_str(
            &known(name).unwrap_or_else(|| panic!("{file}: say in FILLED what stands for {{{name}}} in {text}")),
        );
        rest = behind;
    }
    sql.push_str(rest);
    begins(&sql).then_some(sql)
}
