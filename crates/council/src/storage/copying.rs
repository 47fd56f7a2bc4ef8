//! Copies everything from one database to another, and checks that both hold the same.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::database::{Connection, Value};
use super::tables::{TABLES, Table};
use super::transaction::{Reading, Storage, Writing};
use crate::error::CouncilError;
use crate::machine::environment::Environment;

/// What a table holds: how many rows, and a digest of them all that does not depend on their order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holding {
    /// How many rows it has.
    pub rows: u64,
    /// The sum of the SHA-256 of every row, modulo 2^256, in hexadecimal.
    pub digest: String,
}

/// What each table holds, by its name.
pub type Holdings = BTreeMap<String, Holding>;

/// Copies everything from one database into another, empty one in one transaction, then reads both
/// again to compare them.
///
/// # Errors
/// [`CouncilError::DatabaseInUse`] when the other database is not empty,
/// [`CouncilError::NotTheSame`] when they differ. The other database then stays as it was.
pub(crate) fn move_all(from: &Storage, to: &Storage, environment: &Environment) -> Result<Holdings, CouncilError> {
    // Read at one moment and write in one transaction, so that nobody sees half of the copy.
    from.read_at_length(|reading| {
        to.transact(environment, |writing| {
            for table in TABLES {
                if !table.is_empty(writing)? {
                    return Err(CouncilError::DatabaseInUse);
                }
                table.copy(reading, writing)?;
            }
            writing.go_on_numbering()?;
            let holdings = holdings(reading.connection)?;
            if holdings == self::holdings(writing.connection)? { Ok(holdings) } else { Err(CouncilError::NotTheSame) }
        })
    })
}

/// What each table of a database holds.
fn holdings(connection: &dyn Connection) -> Result<Holdings, CouncilError> {
    TABLES.iter().map(|table| Ok((table.name.to_owned(), table.holding(connection)?))).collect()
}

impl Table {
    fn is_empty(&self, reading: &Reading<'_>) -> Result<bool, CouncilError> {
        let any = reading.one(&format!("SELECT 1 FROM {} LIMIT 1", self.name), &[], |_| Ok(()))?;
        Ok(any.is_none())
    }

    fn each_row(
        &self,
        connection: &dyn Connection,
        mut each: impl FnMut(Vec<Value>) -> Result<(), CouncilError>,
    ) -> Result<(), CouncilError> {
        let sql = format!("SELECT {} FROM {}", self.column_names().join(", "), self.name);
        connection.query_at_length(&sql, &[], &mut |row| {
            each(self.columns.iter().map(|column| row.value(column.name)).collect::<Result<_, _>>()?)?;
            Ok(true)
        })
    }

    fn insert(&self) -> String {
        let places: Vec<String> = (1..=self.columns.len()).map(|number| format!("?{number}")).collect();
        format!("INSERT INTO {} ({}) VALUES ({})", self.name, self.column_names().join(", "), places.join(", "))
    }

    fn copy(&self, reading: &Reading<'_>, writing: &Writing<'_>) -> Result<(), CouncilError> {
        let sql = self.insert();
        self.each_row(reading.connection, |row| writing.write(&sql, &row).map(drop))
    }

    fn holding(&self, connection: &dyn Connection) -> Result<Holding, CouncilError> {
        let (mut rows, mut sum) = (0, [0_u8; 32]);
        self.each_row(connection, |row| {
            rows += 1;
            add(&mut sum, &digest(&row));
            Ok(())
        })?;
        Ok(Holding { rows, digest: data_encoding::HEXLOWER.encode(&sum) })
    }
}

/// A row as bytes. Each value has its kind and its length before it, so that two different rows
/// never give the same bytes.
pub(crate) fn written(row: &[Value]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for value in row {
        let (kind, value): (u8, &[u8]) = match value {
            Value::Null => (0, &[]),
            Value::Integer(number) => (1, &number.to_be_bytes()),
            Value::Text(text) => (2, text.as_bytes()),
            Value::Bytes(bytes) => (3, bytes),
        };
        bytes.push(kind);
        bytes.extend(u64::try_from(value.len()).unwrap_or(u64::MAX).to_be_bytes());
        bytes.extend(value);
    }
    bytes
}

/// Reads a row from the bytes that [`written`] made; `None` if they are not a row.
fn read_back(mut bytes: &[u8]) -> Option<Vec<Value>> {
    let mut row = Vec::new();
    while let Some((kind, rest)) = bytes.split_first() {
        let (length, rest) = rest.split_first_chunk::<8>()?;
        let (value, rest) = rest.split_at_checked(usize::try_from(u64::from_be_bytes(*length)).ok()?)?;
        row.push(match kind {
            0 => Value::Null,
            1 => Value::Integer(i64::from_be_bytes(value.try_into().ok()?)),
            2 => Value::Text(String::from_utf8(value.to_vec()).ok()?),
            3 => Value::Bytes(value.to_vec()),
            _ => return None,
        });
        bytes = rest;
    }
    Some(row)
}

fn digest(row: &[Value]) -> [u8; 32] {
    Sha256::digest(written(row)).into()
}

impl Reading<'_> {
    /// Calls `each` for every row of every table, with the table's place in [`TABLES`] and the row
    /// as bytes. Returns what each table holds.
    pub(crate) fn each_row_of_all(
        &self,
        mut each: impl FnMut(u8, &[u8]) -> Result<(), CouncilError>,
    ) -> Result<Holdings, CouncilError> {
        for (number, table) in (0..).zip(TABLES) {
            table.each_row(self.connection, |row| each(number, &written(&row)))?;
        }
        holdings(self.connection)
    }
}

impl Writing<'_> {
    /// Whether all tables are empty.
    pub(crate) fn holds_nothing(&self) -> Result<bool, CouncilError> {
        for table in TABLES {
            if !table.is_empty(self)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Restores a row to the table with this place in [`TABLES`].
    pub(crate) fn put_back(&self, table: u8, row: &[u8]) -> Result<(), CouncilError> {
        let unreadable = || CouncilError::BadBackup("a row in it can't be read");
        let table = TABLES.get(usize::from(table)).ok_or_else(unreadable)?;
        let row = read_back(row).filter(|row| row.len() == table.columns.len()).ok_or_else(unreadable)?;
        self.write(&table.insert(), &row).map(drop)
    }

    /// Ends a restore, after all rows are back. Returns what each table now holds.
    pub(crate) fn all_is_back(&self) -> Result<Holdings, CouncilError> {
        self.go_on_numbering()?;
        holdings(self.connection)
    }
}

/// Adds two 256-bit numbers modulo 2^256.
fn add(sum: &mut [u8; 32], more: &[u8; 32]) {
    let mut carry = 0;
    for (byte, more) in sum.iter_mut().zip(more).rev() {
        let added = u16::from(*byte) + u16::from(*more) + carry;
        carry = added >> 8;
        *byte = added.to_be_bytes()[1];
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_does_not_depend_on_the_order_of_rows_and_depends_on_everything_else() {
        let of = |rows: &[&[Value]]| {
            let mut sum = [0; 32];
            rows.iter().for_each(|row| add(&mut sum, &digest(row)));
            sum
        };
        let (one, other) = ([Value::from("a"), Value::from("bc")], [Value::from("ab"), Value::from("c")]);
        assert_eq!(of(&[&one, &other]), of(&[&other, &one]));
        assert_ne!(of(&[&one]), of(&[&other]), "where a value ends matters");
        assert_ne!(of(&[&one, &one]), of(&[&one]), "how often a row is there matters");
        for row in [&one[..], &other[..], &[Value::Null, Value::from(-7_i64), Value::from([1_u8, 2])]] {
            assert_eq!(read_back(&written(row)).as_deref(), Some(row));
        }
        assert_eq!(read_back(&[2, 0, 0, 0, 0, 0, 0, 0, 9, 65]), None, "cut off");
        assert_ne!(digest(&[Value::Null]), digest(&[Value::from("")]));
        assert_ne!(digest(&[Value::from(1_i64)]), digest(&[Value::from("1")]));
    }
}
