//! Many keys and many rows in few statements: a server that is asked for each by itself spends its time on the way there.

use super::database::Row;
use super::database::Value;
use super::transaction::{Reading, Writing};
use crate::error::CouncilError;

/// How many keys or rows one statement may have. They are few, so that each is prepared once.
const SIZES: [usize; 4] = [64, 16, 4, 1];

impl Reading<'_> {
    /// The rows of many keys, in no order. `{}` in the statement stands for the keys.
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

impl Writing<'_> {
    /// Writes many rows: `into` names the table and its columns, `otherwise` says what happens to a row that is there.
    pub(super) fn write_rows<const COLUMNS: usize>(
        &self,
        into: &str,
        rows: Vec<[Value; COLUMNS]>,
        otherwise: &str,
    ) -> Result<(), CouncilError> {
        let values: Vec<Value> = rows.into_iter().flatten().collect();
        for values in in_sizes(&values, COLUMNS) {
            let rows: Vec<_> =
                (0..values.len() / COLUMNS).map(|row| format!("({})", placeholders(row * COLUMNS, COLUMNS))).collect();
            self.write(&format!("INSERT INTO {into} VALUES {} {otherwise}", rows.join(", ")), values)?;
        }
        Ok(())
    }
}

/// `?4, ?5`: two placeholders after the first three.
fn placeholders(before: usize, count: usize) -> String {
    let numbers: Vec<_> = (before + 1..=before + count).map(|number| format!("?{number}")).collect();
    numbers.join(", ")
}

/// The values in pieces of which each holds as many rows as one of the sizes.
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
}
