//! Finds the placeholders in a statement. It reads the statement as SQL, so a question mark inside
//! a text, a name or a comment does not count.

/// Replaces each placeholder in a statement. `of` is given the number after the question mark, if
/// there is one, and returns the replacement.
pub(super) fn rewrite(sql: &str, mut of: impl FnMut(Option<usize>) -> String) -> String {
    let mut written = String::with_capacity(sql.len() + 8);
    let mut rest = sql;
    while let Some(next) = rest.chars().next() {
        let length = match next {
            '\'' | '"' => quoted(rest, next),
            '-' if rest.starts_with("--") => rest.find('\n').unwrap_or(rest.len()),
            '/' if rest.starts_with("/*") => rest.find("*/").map_or(rest.len(), |end| end + 2),
            '?' => {
                let digits = rest.bytes().skip(1).take_while(u8::is_ascii_digit).count();
                let number = rest.get(1..=digits).and_then(|number| number.parse().ok());
                written.push_str(&of(number));
                rest = rest.get(1 + digits..).unwrap_or_default();
                continue;
            }
            other => other.len_utf8(),
        };
        let (same, behind) = rest.split_at_checked(length).unwrap_or((rest, ""));
        written.push_str(same);
        rest = behind;
    }
    written
}

/// How long a quoted text or name is, both quotes included; a quote in it is written twice.
fn quoted(sql: &str, quote: char) -> usize {
    let mut inside = sql.char_indices().skip(1).peekable();
    while let Some((at, character)) = inside.next() {
        if character == quote && inside.next_if(|(_, next)| *next == quote).is_none() {
            return at + 1;
        }
    }
    sql.len()
}

/// A statement with PostgreSQL's placeholders: `$1` for `?1`.
#[must_use]
pub fn for_postgres(sql: &str) -> String {
    rewrite(sql, |number| number.map_or_else(|| "?".to_owned(), |number| format!("${number}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_mark_is_a_placeholder_nowhere_but_in_the_statement_itself() {
        for (sql, postgres) in [
            ("SELECT ?1, ?12", "SELECT $1, $12"),
            ("SELECT 'why?1', ?1", "SELECT 'why?1', $1"),
            ("SELECT 'it''s ?1' || ?2", "SELECT 'it''s ?1' || $2"),
            ("SELECT \"odd?1\" FROM t -- really?1\nWHERE a = ?1", "SELECT \"odd?1\" FROM t -- really?1\nWHERE a = $1"),
            ("/* ?1 */ SELECT ?1 -- ?2", "/* ?1 */ SELECT $1 -- ?2"),
            ("SELECT 'Иван?1' WHERE a = ?3", "SELECT 'Иван?1' WHERE a = $3"),
            ("SELECT 'left open ?1", "SELECT 'left open ?1"),
        ] {
            assert_eq!(for_postgres(sql), postgres);
        }
    }
}
