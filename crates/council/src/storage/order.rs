//! How a list is sorted, and where a page of it begins. A page begins after the last row of the
//! page before. That row is found by its own values, not by counting rows.

use data_encoding::HEXLOWER;

use super::database::{Conditions, Row, Value};
use super::transaction::Reading;
use crate::error::CouncilError;
use crate::refused::Refused;

/// A column by which a list can be sorted.
#[derive(Debug)]
pub(crate) struct SortColumn {
    /// Its name in the address of a page.
    pub(crate) name: &'static str,
    /// The SQL expression to sort by, over the columns of the list's statement. It is never null.
    pub(crate) sql: &'static str,
    /// Whether its values are text; otherwise they are numbers.
    pub(crate) text: bool,
}

/// A list that can be sorted.
#[derive(Debug)]
pub(crate) struct Sortable {
    /// The columns by which it can be sorted.
    pub(crate) columns: &'static [SortColumn],
    /// The column with the rows' id, which puts rows with equal values into a fixed order.
    pub(crate) id: &'static str,
    /// Whether the id is text; otherwise it is bytes.
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
    /// Where the next page begins; `None` on the last page.
    pub(crate) next: Option<String>,
}

impl Order {
    /// Whether rows are sorted by this column.
    pub(crate) fn is_by(&self, column: &str) -> bool {
        self.column.name == column
    }
}

impl Sortable {
    /// Reads the order from an address: `owner`, or `-owner` for descending, or `otherwise` if
    /// `sort` is empty; and the place where the page begins ([`Page::next`] of the page before).
    ///
    /// # Errors
    /// [`Refused::NoSuchPage`] if the column or the place does not exist.
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

/// A place in the list, as text for an address.
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
    /// One page of the rows that the statement `listed` gives. `values` holds the values of its
    /// placeholders.
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
            // Without a place, the rest of the list would go missing unnoticed.
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
