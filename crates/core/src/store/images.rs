//! Images of rows: what the journal keeps of each transaction, and how it is put back. An image is
//! the whole row as it was after the transaction, so that putting it back twice does no harm.

use std::collections::BTreeSet;

use minicbor::{Decode, Encode};
use rusqlite::{Connection, params_from_iter};

use super::kinds::{KINDS, Kind, Update};
use super::transaction::{StoreError, Writing};
use super::values::{Value, value};

/// How many bytes of pictures that the council has a journal that is written anew keeps, the newest
/// first: a council that is put back from a copy may ask for them again.
const RECEIVED_PICTURES: u64 = 16 * 1024 * 1024;

/// What the journal keeps of one transaction.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub(super) struct Batch {
    /// The number of the transaction in the database that it was made in.
    #[n(0)]
    pub(super) number: u64,
    /// During which time of being locked it was made: then only the journal has it. `None` for one
    /// that the database had first.
    #[n(1)]
    pub(super) session: Option<String>,
    /// The rows, in the order in which they were first touched.
    #[n(2)]
    pub(super) rows: Vec<Image>,
}

/// A row of a table as it is now.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub(super) struct Image {
    /// The number of its kind in [`KINDS`].
    #[n(0)]
    kind: u8,
    /// The columns of its key, then the others. A row that is gone has no others.
    #[n(1)]
    values: Vec<Value>,
}

/// SQL that makes the connection note which rows each transaction touches, as often as it does. The
/// notes are in memory and go with the transaction.
pub(super) fn noting() -> String {
    let mut sql = "PRAGMA temp_store = MEMORY;
        CREATE TEMP TABLE touched (kind INTEGER NOT NULL, a NOT NULL, b NOT NULL);"
        .to_owned();
    for (number, kind) in KINDS.iter().enumerate() {
        for event in kind.on {
            let row = if *event == "DELETE" { "old" } else { "new" };
            let only =
                kind.only.map(|only| format!("WHEN {}", only.replace("row.", &format!("{row}.")))).unwrap_or_default();
            let key = |place: usize| match kind.key.get(place) {
                Some(column) => format!("{row}.{column}"),
                None => "0".to_owned(),
            };
            sql += &format!(
                "CREATE TEMP TRIGGER note_{number}_{event} AFTER {event} ON main.{table} {only} BEGIN
                     INSERT INTO touched (kind, a, b) VALUES ({number}, {a}, {b});
                 END;",
                table = kind.table,
                a = key(0),
                b = key(1),
            );
        }
    }
    sql
}

/// The images of the rows that this transaction has touched so far, in the order in which they were
/// touched, and forgets which they were.
pub(super) fn touched(transaction: &Connection) -> Result<Vec<Image>, StoreError> {
    let mut notes = transaction.prepare_cached("SELECT kind, a, b FROM temp.touched ORDER BY rowid")?;
    let notes =
        notes.query_map([], |row| Ok((row.get::<_, u8>(0)?, value(row.get_ref(1)?), value(row.get_ref(2)?))))?;
    let notes = notes.collect::<Result<Vec<_>, _>>()?;
    if notes.is_empty() {
        return Ok(Vec::new());
    }
    let mut images = Vec::with_capacity(notes.len());
    let mut seen = BTreeSet::new();
    for (number, a, b) in notes {
        if !seen.insert((number, a.clone(), b.clone())) {
            continue;
        }
        let Some(kind) = KINDS.get(usize::from(number)) else { continue };
        let mut key = vec![a, b];
        key.truncate(kind.key.len());
        let found = images_where(transaction, number, &kind.is_key(), &key)?;
        let gone = || Image { kind: number, values: key.clone() };
        // Part of a row that is gone is told by the row.
        if found.is_empty() && kind.update != Update::PartOfARow {
            images.push(gone());
        }
        images.extend(found);
    }
    transaction.prepare_cached("DELETE FROM temp.touched")?.execute([])?;
    Ok(images)
}

/// The images of the rows of a kind for which some SQL holds.
fn images_where(connection: &Connection, number: u8, holds: &str, values: &[Value]) -> Result<Vec<Image>, StoreError> {
    let Some(kind) = KINDS.get(usize::from(number)) else { return Ok(Vec::new()) };
    let columns = kind.all_columns().collect::<Vec<_>>();
    let sql = format!("SELECT {} FROM main.{} WHERE {holds}", columns.join(", "), kind.table);
    let mut statement = connection.prepare_cached(&sql)?;
    let rows = statement.query_map(params_from_iter(values), |row| {
        let values = (0..columns.len()).map(|place| Ok(value(row.get_ref(place)?)));
        Ok(Image { kind: number, values: values.collect::<rusqlite::Result<_>>()? })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// SQL for the records that a council may still ask for: those that were not received, or that it
/// received since a moment of its clock, and those of visits that are not over. They are kept chain
/// by chain, so that each chain can be verified. Of a receipt that many share, each is needed to
/// put it together: the last insertion, whose chains are not kept for their sake.
fn kept(since_ms: i64) -> String {
    format!(
        "CREATE TEMP TABLE kept_chain AS
             SELECT epoch FROM record WHERE state = 'waiting'
             UNION SELECT epoch FROM record WHERE state = 'set_aside'
             UNION SELECT epoch FROM record WHERE visit_id IN
                 (SELECT visit_id FROM visit WHERE outcome IS NULL OR expected_end_ms IS NOT NULL)
             UNION SELECT epoch FROM record WHERE receipt_id IN
                 (SELECT receipt_id FROM receipt WHERE council_time_ms >= {since_ms})
             UNION SELECT chain FROM visit_chain WHERE sealed < sequence;
         CREATE TEMP TABLE kept AS SELECT local_id FROM record WHERE epoch IN (SELECT epoch FROM kept_chain);
         INSERT INTO kept SELECT local_id FROM record WHERE receipt_id IN
             (SELECT receipt_id FROM record JOIN kept USING (local_id) WHERE receipt_place IS NOT NULL)
             AND local_id NOT IN (SELECT local_id FROM kept);"
    )
}

/// Images of everything that a council may still ask for. `since_ms` is a moment of its clock, in
/// milliseconds since 1970, UTC: what it received before, it is not asked to show again.
pub(super) fn to_keep(connection: &Connection, since_ms: i64) -> Result<Vec<Image>, StoreError> {
    connection.execute_batch(&kept(since_ms))?;
    let images = images_of_kept(connection);
    connection.execute_batch("DROP TABLE temp.kept; DROP TABLE temp.kept_chain")?;
    images
}

fn images_of_kept(connection: &Connection) -> Result<Vec<Image>, StoreError> {
    let of_records = |column: &str| format!("(SELECT {column} FROM record JOIN kept USING (local_id))");
    let chains = "chain IN (SELECT epoch FROM kept_chain)";
    let mut images = Vec::new();
    for (number, kind) in (0..).zip(KINDS) {
        let holds = match kind.table {
            "setting" => kind.only.unwrap_or("1").replace("row.", ""),
            "visit_key" => format!(
                "visit_id IN {} OR visit_id IN (SELECT said_visit_id FROM visit_chain WHERE {chains})",
                of_records("visit_id")
            ),
            // Those that are closed come first: of those that are open there is one for a visit.
            "visit_chain" => format!("{chains} ORDER BY is_open, began"),
            "chain_seal" => "waits = 1 OR number > (SELECT max(number) FROM chain_seal AS last
                 WHERE last.epoch = chain_seal.epoch) - 1000 ORDER BY epoch, number"
                .to_owned(),
            "receipt" => format!("receipt_id IN {}", of_records("receipt_id")),
            "record" => "local_id IN (SELECT local_id FROM kept) ORDER BY local_id".to_owned(),
            "photo_file" => format!(
                "photo_id IN (SELECT photo_id FROM photo WHERE state = 'waiting' UNION ALL SELECT photo_id FROM
                 (SELECT photo_id, sum(size) OVER (ORDER BY complete_ms IS NULL DESC, complete_ms DESC, photo_id DESC) AS with_newer
                  FROM photo WHERE state = 'complete') WHERE with_newer <= {RECEIVED_PICTURES})"
            ),
            _ => "1".to_owned(),
        };
        images.extend(images_where(connection, number, &holds, &[])?);
    }
    Ok(images)
}

impl Image {
    /// How many bytes it is, about.
    pub(super) fn size(&self) -> usize {
        let size = |value: &Value| match value {
            Value::Null | Value::Number(_) => 9,
            Value::Text(text) => text.len(),
            Value::Bytes(bytes) => bytes.len(),
        };
        self.values.iter().map(size).sum()
    }

    /// The receipt that it names, if it is of a record that has one.
    pub(super) fn receipt_of_a_record(&self) -> Option<i64> {
        let kind = KINDS.get(usize::from(self.kind)).filter(|kind| kind.table == "record")?;
        let column = kind.columns.iter().position(|column| *column == "receipt_id")?;
        match self.values.get(kind.key.len() + column)? {
            Value::Number(receipt) => Some(*receipt),
            _ => None,
        }
    }
}

impl Writing<'_> {
    /// Puts a row back as its image says. A kind that a newer app has added is passed over.
    pub(super) fn put_back(&self, image: &Image) -> Result<(), StoreError> {
        let Some(kind) = KINDS.get(usize::from(image.kind)) else { return Ok(()) };
        let values = &image.values;
        if values.len() <= kind.key.len() {
            self.write(&format!("DELETE FROM {} WHERE {}", kind.table, kind.is_key()), params_from_iter(values))?;
            return Ok(());
        }
        let given = values.len().min(kind.key.len() + kind.columns.len());
        let values = values.get(..given).unwrap_or_default();
        if kind.table == "visit_chain" {
            self.close_others(values)?;
        }
        let changed = match kind.to_update(given) {
            Some(update) => self.write(&update, params_from_iter(values))?,
            None => usize::from(self.is_there(kind, values)?),
        };
        if changed == 0 && kind.update != Update::PartOfARow {
            self.write(&kind.to_insert(given), params_from_iter(values))?;
        }
        Ok(())
    }

    fn is_there(&self, kind: &Kind, values: &[Value]) -> Result<bool, StoreError> {
        let key = values.get(..kind.key.len()).unwrap_or_default();
        let sql = format!("SELECT 1 FROM {} WHERE {}", kind.table, kind.is_key());
        Ok(self.reading.one(&sql, params_from_iter(key), |_| Ok(()))?.is_some())
    }

    /// Closes the other chains of a visit before one that is open is put back: where the end of
    /// the journal was lost, the database may have begun one that the journal does not know.
    fn close_others(&self, chain: &[Value]) -> Result<(), StoreError> {
        let (Some(name), Some(class), Some(visit), Some(Value::Number(1))) =
            (chain.first(), chain.get(3), chain.get(4), chain.get(12))
        else {
            return Ok(());
        };
        self.write(
            "UPDATE visit_chain SET is_open = 0 WHERE visit_id = ?1 AND class = ?2 AND class <> 2 AND chain <> ?3 AND is_open = 1",
            params_from_iter([visit, class, name]),
        )?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_names_columns_that_its_table_has_and_every_column_that_must_be_kept() {
        let connection = crate::store::database::in_memory().unwrap();
        let columns = |table: &str| -> Vec<String> {
            let mut statement = connection.prepare(&format!("SELECT name FROM pragma_table_info('{table}')")).unwrap();
            statement.query_map([], |row| row.get(0)).unwrap().collect::<Result<_, _>>().unwrap()
        };
        for kind in KINDS {
            let known: Vec<&str> =
                KINDS.iter().filter(|other| other.table == kind.table).flat_map(Kind::all_columns).collect();
            let of_table = columns(kind.table);
            assert!(kind.all_columns().all(|column| of_table.iter().any(|known| known == column)), "{}", kind.table);
            for column in of_table.iter().filter(|column| *column != "local_id") {
                assert!(known.contains(&column.as_str()), "{}.{column} is not in the journal", kind.table);
            }
        }
    }

    #[test]
    fn an_image_reads_back_as_it_was() {
        let values = vec![Value::Null, Value::Number(-7), Value::Text("Ó".into()), Value::Bytes(vec![0, 255])];
        let batch = Batch { number: 3, session: Some("a".into()), rows: vec![Image { kind: 7, values }] };
        let bytes = minicbor::to_vec(&batch).unwrap();
        assert_eq!(minicbor::decode::<Batch>(&bytes).unwrap(), batch);
    }
}
