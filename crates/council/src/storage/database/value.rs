//! Values on their way into a database, and out of a row.

use bytes::BytesMut;
use rusqlite::types::{ToSqlOutput, ValueRef};
use tokio_postgres::types::{FromSql, IsNull, ToSql, Type, to_sql_checked};

use crate::error::CouncilError;

/// A value that both databases can hold.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Value {
    /// Nothing.
    Null,
    /// A whole number, or a yes or no as 1 or 0.
    Integer(i64),
    /// Text. A NUL in it is replaced by U+FFFD, because PostgreSQL can't store one.
    Text(String),
    /// Bytes, such as an id, a hash or an envelope: BLOB in SQLite, BYTEA in PostgreSQL.
    Bytes(Vec<u8>),
}

macro_rules! from {
    ($($type:ty, $value:ident => $into:expr;)*) => {
        $(impl From<$type> for Value { fn from($value: $type) -> Self { $into } })*
    };
}

from! {
    i64, value => Self::Integer(value);
    u64, value => Self::Integer(i64::try_from(value).unwrap_or(i64::MAX));
    usize, value => Self::Integer(i64::try_from(value).unwrap_or(i64::MAX));
    bool, value => Self::Integer(i64::from(value));
    String, value => Self::Text(if value.contains('\0') { value.replace('\0', "\u{FFFD}") } else { value });
    &str, value => Self::from(value.to_owned());
    &String, value => Self::from(value.clone());
    Vec<u8>, value => Self::Bytes(value);
    &Vec<u8>, value => Self::Bytes(value.clone());
    &[u8], value => Self::Bytes(value.to_vec());
}

impl<const N: usize> From<[u8; N]> for Value {
    fn from(value: [u8; N]) -> Self {
        Self::Bytes(value.to_vec())
    }
}

impl<const N: usize> From<&[u8; N]> for Value {
    fn from(value: &[u8; N]) -> Self {
        Self::Bytes(value.to_vec())
    }
}

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

impl rusqlite::ToSql for Value {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Self::Null => ValueRef::Null,
            Self::Integer(number) => ValueRef::Integer(*number),
            Self::Text(text) => ValueRef::Text(text.as_bytes()),
            Self::Bytes(bytes) => ValueRef::Blob(bytes),
        }))
    }
}

impl ToSql for Value {
    fn to_sql(&self, kind: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn std::error::Error + Sync + Send>> {
        match self {
            Self::Null => Ok(IsNull::Yes),
            Self::Integer(number) if *kind == Type::INT4 => i32::try_from(*number)?.to_sql(kind, out),
            Self::Integer(number) => number.to_sql(&Type::INT8, out),
            Self::Text(text) => text.to_sql(kind, out),
            Self::Bytes(bytes) => bytes.to_sql(kind, out),
        }
    }

    fn accepts(kind: &Type) -> bool {
        [Type::INT4, Type::INT8, Type::TEXT, Type::VARCHAR, Type::BYTEA].contains(kind)
    }

    to_sql_checked!();
}

/// Reads a PostgreSQL column of one of the types that the schema uses.
impl<'a> FromSql<'a> for Value {
    fn from_sql(kind: &Type, raw: &'a [u8]) -> Result<Self, Box<dyn std::error::Error + Sync + Send>> {
        Ok(match *kind {
            Type::BOOL => Self::Integer(i64::from(bool::from_sql(kind, raw)?)),
            Type::INT4 => Self::Integer(i64::from(i32::from_sql(kind, raw)?)),
            Type::INT8 => Self::Integer(i64::from_sql(kind, raw)?),
            Type::BYTEA => Self::Bytes(raw.to_vec()),
            _ => Self::Text(String::from_sql(kind, raw)?),
        })
    }

    fn from_sql_null(_: &Type) -> Result<Self, Box<dyn std::error::Error + Sync + Send>> {
        Ok(Self::Null)
    }

    fn accepts(kind: &Type) -> bool {
        [Type::BOOL, Type::INT4, Type::INT8, Type::TEXT, Type::VARCHAR, Type::BYTEA].contains(kind)
    }
}

/// One row of an answer.
pub(crate) enum Row<'a> {
    Sqlite(&'a rusqlite::Row<'a>),
    Postgres(&'a tokio_postgres::Row),
}

impl Row<'_> {
    /// The value of a column, as type `T`.
    ///
    /// # Errors
    /// [`CouncilError`] when there is no such column, or its value is of another type.
    pub(crate) fn get<T: FromValue>(&self, column: &'static str) -> Result<T, CouncilError> {
        T::from_value(self.value(column)?).ok_or(CouncilError::Unreadable(column))
    }

    /// The value of a column, whatever its type.
    ///
    /// # Errors
    /// [`CouncilError`] when there is no such column.
    pub(crate) fn value(&self, column: &'static str) -> Result<Value, CouncilError> {
        Ok(match self {
            Self::Sqlite(row) => match row.get_ref(column)? {
                ValueRef::Null => Value::Null,
                ValueRef::Integer(number) => Value::Integer(number),
                ValueRef::Text(text) => Value::Text(match std::str::from_utf8(text) {
                    Ok(text) => text.to_owned(),
                    Err(_) => String::from_utf8_lossy(text).into_owned(),
                }),
                ValueRef::Blob(bytes) => Value::Bytes(bytes.to_vec()),
                ValueRef::Real(_) => return Err(CouncilError::Unreadable(column)),
            },
            Self::Postgres(row) => row.try_get(column)?,
        })
    }
}

/// What can be read from a column.
pub(crate) trait FromValue: Sized {
    /// Reads the value; `None` if it is of another type.
    fn from_value(value: Value) -> Option<Self>;
}

impl FromValue for i64 {
    fn from_value(value: Value) -> Option<Self> {
        if let Value::Integer(number) = value { Some(number) } else { None }
    }
}

impl FromValue for u64 {
    fn from_value(value: Value) -> Option<Self> {
        i64::from_value(value).and_then(|number| number.try_into().ok())
    }
}

impl FromValue for bool {
    fn from_value(value: Value) -> Option<Self> {
        i64::from_value(value).map(|number| number != 0)
    }
}

impl FromValue for String {
    fn from_value(value: Value) -> Option<Self> {
        if let Value::Text(text) = value { Some(text) } else { None }
    }
}

impl FromValue for Vec<u8> {
    fn from_value(value: Value) -> Option<Self> {
        if let Value::Bytes(bytes) = value { Some(bytes) } else { None }
    }
}

impl<const N: usize> FromValue for [u8; N] {
    fn from_value(value: Value) -> Option<Self> {
        Vec::from_value(value).and_then(|bytes| bytes.try_into().ok())
    }
}

impl<T: FromValue> FromValue for Option<T> {
    fn from_value(value: Value) -> Option<Self> {
        if value == Value::Null { Some(None) } else { T::from_value(value).map(Some) }
    }
}
