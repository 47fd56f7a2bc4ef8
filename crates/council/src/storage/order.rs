//! How a list is sorted, and where a page of it begins: behind the last row of the page before, by
//! that row's own values, and never by counting rows.

use data_encoding::HEXLOWER;

use super::database::{Conditions, Row, Value};
use super::transaction::Reading;
use crate::error::CouncilError;
use crate::refused::Refused;

/// What a column of a list is sorted by: an expression over what the list's statement gives.
#[derive(Debug)]
pub(crate) struct SortColumn {
    /// Its name in addresses.
    pub(crate) name: &'static str,
    /// The expression. It is never null.
    pub(crate) sql: &'static str,
    /// Whether that is text, and not a number.
    pub(crate) text: bool,
}

/// A list that can be sorted.
#[derive(Debug)]
pub(crate) struct Sortable {
    /// By what; the first where nothing is said.
    pub(crate) columns: &'static [SortColumn],
    /// The rows' id, which tells two of them apart whose values are the same.
    pub(crate) id: &'static str,
    /// Whether the id is text, and not bytes.
    pub(crate) text_id: bool,
}

/// How a list is sorted, and where its page begins.
#[derive(Debug, Clone)]
pub(crate) struct Order {
    of: &'static Sortable,
    column: &'static SortColumn,
    down: bool,
    after: Option<[Value; 2]>,
}

/// A page of a list.
#[derive(Debug)]
pub(crate) struct Page<T> {
    pub(crate) rows: Vec<T>,
    /// Where the next begins; `None` on the last.
    pub(crate) next: Option<String>,
}

impl Order {
    /// Whether rows are sorted by this column.
    pub(crate) fn is_by(&self, column: &str) -> bool {
        self.column.name == column
    }
}

impl Sortable {
    /// The order that an address asks for: `owner`, or `-owner` for the other way round, and the
    /// place that a page before gave.
    ///
    /// # Errors
    /// [`Refused::NoSuchPage`] for a column or a place that is none.
    pub(crate) fn order(
        &'static self,
        sort: Option<&str>,
        otherwise: &str,
        after: Option<&str>,
    ) -> Result<Order, CouncilError> {
        let sort = sort.filter(|sort| !sort.is_empty()).unwrap_or(otherwise);
        let name = sort.strip_prefix('-').unwrap_or(sort);
        let column = self.columns.iter().find(|column| column.name == name).ok_or(Refused::NoSuchPage)?;
        let after = after.filter(|after| !after.is_empty());
        let after = after.map(|place| self.place(column, place).ok_or(Refused::NoSuchPage)).transpose()?;
        Ok(Order { of: self, column, down: name != sort, after })
    }

    fn place(&self, column: &SortColumn, place: &str) -> Option<[Value; 2]> {
        let (id, value) = place.split_once('~')?;
        let id = HEXLOWER.decode(id.as_bytes()).ok()?;
        let id = if self.text_id { Value::from(String::from_utf8(id).ok()?) } else { Value::from(id) };
        let value = if column.text { Value::from(value) } else { Value::from(value.parse::<i64>().ok()?) };
        Some([value, id])
    }
}

/// A place as an address holds it.
fn written(value: &Value, id: &Value) -> Option<String> {
    let id = match id {
        Value::Text(text) => HEXLOWER.encode(text.as_bytes()),
        Value::Bytes(bytes) => HEXLOWER.encode(bytes),
        Value::Integer(_) | Value::Null => return None,
    };
    match value {
        Value::Integer(number) => Some(format!("{id}~{number}")),
        Value::Text(text) => Some(format!("{id}~{text}")),
        Value::Bytes(_) | Value::Null => None,
    }
}

impl Reading<'_> {
    /// A page of what a statement lists, with the values of its placeholders.
    pub(crate) fn page<T>(
        &self,
        listed: &str,
        mut values: Conditions,
        order: &Order,
        most: usize,
        read: impl Fn(&Row<'_>) -> Result<T, CouncilError>,
    ) -> Result<Page<T>, CouncilError> {
        let Order { of: Sortable { id, .. }, column: SortColumn { sql, .. }, down, after } = order;
        let (way, behind) = if *down { ("DESC", "<") } else { ("ASC", ">") };
        let begin = match after {
            None => String::new(),
            Some(place) => {
                let [value, id_value] = place.clone().map(|value| values.placeholder(value));
                format!(" WHERE ({sql}, {id}) {behind} ({value}, {id_value})")
            }
        };
        // One more than fits, to know whether there is another page.
        let limit = values.placeholder(most + 1);
        let sql = format!(
            "SELECT listed.*, {sql} AS sort_value FROM ({listed}) AS listed{begin} ORDER BY {sql} {way}, {id} {way} LIMIT {limit}"
        );
        let mut rows = self
            .many(&sql, values.values(), |row| Ok((read(row)?, written(&row.value("sort_value")?, &row.value(id)?))))?;
        let more = rows.len() > most;
        rows.truncate(most);
        let next = match rows.last().filter(|_| more) {
            // A list is never cut without a word.
            Some((_, place)) => Some(place.clone().ok_or(CouncilError::Unreadable("place in a list"))?),
            None => None,
        };
        Ok(Page { rows: rows.into_iter().map(|(row, _)| row).collect(), next })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    static LIST: Sortable = Sortable {
        columns: &[
            SortColumn { name: "due", sql: "due_ms", text: false },
            SortColumn { name: "owner", sql: "owner", text: true },
        ],
        id: "case_id",
        text_id: false,
    };

    #[test]
    fn a_place_is_read_as_it_was_written_and_nothing_else_is_one() {
        let (value, id) = (Value::from("O'Connor ~ Иван"), Value::from([7_u8; 4]));
        let place = written(&value, &id).unwrap();
        let order = LIST.order(Some("-owner"), "due", Some(&place)).unwrap();
        assert_eq!((order.down, order.after), (true, Some([value, id])));
        for (sort, after) in [("due", "07~x"), ("due", "7"), ("due", "0g~1"), ("rent", ""), ("--due", "")] {
            assert!(LIST.order(Some(sort), "due", Some(after)).is_err(), "{sort} {after}");
        }
        assert!(!LIST.order(Some(""), "due", None).unwrap().down);
    }
}
