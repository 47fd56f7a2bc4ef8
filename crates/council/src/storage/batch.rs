//! Reads and writes many rows in few statements, because one round trip to the server for each row
//! would take too long.

use super::database::Row;
use super::database::Value;
use super::tables::Table;
use super::transaction::{Reading, Writing};
use crate::error::CouncilError;

/// How many keys or rows one statement may have. There are only a few sizes, so that each statement
/// is prepared once.
const SIZES: [usize; 4] = [64, 16, 4, 1];

impl Reading<'_> {
    /// The rows with any of these keys, in no particular order. `{}` in the statement stands for
    /// the keys.
    pub(super) fn among<K: Into<Value>, T>(
        &self,
        sql: &str,
        keys: impl IntoIterator<Item = K>,
        mut row: impl FnMut(&Row<'_>) -> Result<T, CouncilError>,
    ) -> Result<Vec<T>, CouncilError> {
        let keys: Vec<Value> = keys.into_iter().map(Into::into).collect();
        let mut rows = Vec::new();
        for keys in in_sizes(&keys, 1) {
            let sql = sql.replace("{}", &placeholders(0, keys.len()));
            self.connection.query(&sql, keys, &mut |found| {
                rows.push(row(found)?);
                Ok(())
            })?;
        }
        Ok(rows)
    }
}

/// A row to be written: each column with its value.
pub(super) type NamedRow = Vec<(&'static str, Value)>;

/// A row by its columns: `named! { "visit_id" => visit.as_bytes(), ... }`.
macro_rules! named {
    ($($column:literal => $value:expr),* $(,)?) => {
        vec![$(($column, $crate::storage::database::Value::from($value))),*]
    };
}
pub(super) use named;

/// What to do if a row with the same key exists already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum IfThere {
    /// The new row's columns replace the old ones; other columns stay.
    Replace,
    /// As [`Self::Replace`], but these columns stay too.
    ReplaceBut(&'static [&'static str]),
    /// The old row stays as it is.
    Keep,
    /// It is an error.
    Fail,
}

impl Writing<'_> {
    /// Writes many rows, all with the same columns in the same order.
    pub(super) fn write_rows(&self, table: &Table, rows: Vec<NamedRow>, if_there: IfThere) -> Result<(), CouncilError> {
        let Some(first) = rows.first() else { return Ok(()) };
        let columns: Vec<&'static str> = first.iter().map(|(column, _)| *column).collect();
        let into = format!("INSERT INTO {} ({}) VALUES", table.name, columns.join(", "));
        let otherwise = otherwise(table, &columns, if_there);
        let mut values: Vec<Value> = Vec::with_capacity(rows.len() * columns.len());
        for row in rows {
            if !row.iter().map(|(column, _)| *column).eq(columns.iter().copied()) {
                return Err(CouncilError::Unreadable(table.name));
            }
            values.extend(row.into_iter().map(|(_, value)| value));
        }
        for values in in_sizes(&values, columns.len()) {
            let rows: Vec<_> = (0..values.len() / columns.len())
                .map(|row| format!("({})", placeholders(row * columns.len(), columns.len())))
                .collect();
            self.write(&format!("{into} {}{otherwise}", rows.join(", ")), values)?;
        }
        Ok(())
    }
}

impl Writing<'_> {
    /// Updates an existing row. The values must include its key.
    pub(super) fn update_row(&self, table: &Table, row: NamedRow) -> Result<(), CouncilError> {
        let place = |number: usize, column: &str| format!("{column} = ?{}", number + 1);
        let (mut set, mut which, mut values) = (Vec::new(), Vec::new(), Vec::new());
        for (number, (column, value)) in row.into_iter().enumerate() {
            let to = if table.key.contains(&column) { &mut which } else { &mut set };
            to.push(place(number, column));
            values.push(value);
        }
        let sql = format!("UPDATE {} SET {} WHERE {}", table.name, set.join(", "), which.join(" AND "));
        self.write(&sql, &values).map(drop)
    }
}

fn otherwise(table: &Table, columns: &[&str], if_there: IfThere) -> String {
    let key = table.key.join(", ");
    match if_there {
        IfThere::Fail => String::new(),
        IfThere::Keep => format!(" ON CONFLICT ({key}) DO NOTHING"),
        IfThere::Replace => otherwise(table, columns, IfThere::ReplaceBut(&[])),
        IfThere::ReplaceBut(kept) => {
            let others = columns.iter().filter(|column| !table.key.contains(column) && !kept.contains(column));
            let set: Vec<String> = others.map(|column| format!("{column} = excluded.{column}")).collect();
            format!(" ON CONFLICT ({key}) DO UPDATE SET {}", set.join(", "))
        }
    }
}

/// `?4, ?5`: two placeholders after the first three.
fn placeholders(before: usize, count: usize) -> String {
    let numbers: Vec<_> = (before + 1..=before + count).map(|number| format!("?{number}")).collect();
    numbers.join(", ")
}

/// Splits the values into pieces. The number of rows in each piece is one of [`SIZES`].
fn in_sizes(mut values: &[Value], columns: usize) -> impl Iterator<Item = &[Value]> {
    std::iter::from_fn(move || {
        let size = SIZES.into_iter().find(|size| size * columns <= values.len())?;
        let (piece, rest) = values.split_at(size * columns);
        values = rest;
        Some(piece)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_go_in_pieces_of_few_sizes_and_none_is_left() {
        for rows in 0..200 {
            let values = vec![Value::Null; rows * 3];
            let pieces: Vec<_> = in_sizes(&values, 3).map(|piece| piece.len() / 3).collect();
            assert_eq!(pieces.iter().sum::<usize>(), rows);
            assert!(pieces.iter().all(|piece| SIZES.contains(piece)), "{pieces:?}");
        }
        assert_eq!(placeholders(3, 2), "?4, ?5");
    }

    #[test]
    fn a_row_that_is_there_is_replaced_in_the_columns_of_the_new_one_alone() {
        let photo = Table::named("photo");
        let replaced = otherwise(photo, &["sha256", "visit_id", "struck"], IfThere::Replace);
        assert_eq!(replaced, " ON CONFLICT (sha256, visit_id) DO UPDATE SET struck = excluded.struck");
        assert_eq!(otherwise(photo, &["sha256"], IfThere::Keep), " ON CONFLICT (sha256, visit_id) DO NOTHING");
        assert_eq!(otherwise(photo, &["sha256"], IfThere::Fail), "");
    }
}
