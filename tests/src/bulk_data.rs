//! Fills a council with many visits, as if it had run for years. Each is a copy of a visit that it
//! holds, and each starts a minute before the one made before it.

use std::path::Path;

use crate::postgres::Postgres;

/// The columns that a copy takes over unchanged.
const SAME: &str = "appointment_ref, uprn, visit_kind, user_id, organisation_id, outcome, ended_ms, received_ms, words, address, entry, \
                    alone_until_ms, day, refusal_reason, notice_standing, id_shown, given, given_uprn, home_given";

/// Makes `{copies}` copies, going round the visits that are there.
const IN_SQLITE: &str = "
    WITH RECURSIVE copy (number) AS (SELECT 1 UNION ALL SELECT number + 1 FROM copy WHERE number < {copies}),
         original AS (SELECT *, row_number() OVER (ORDER BY visit_id) - 1 AS place, count(*) OVER () AS others, lower(hex(visit_id)) AS hex FROM visit)
    INSERT INTO visit (visit_id, started_ms, folded, {same})
    SELECT unhex('ffffffffffff7000a000' || printf('%012x', number)), started_ms - number * 60000,
           replace(folded, substr(hex, 1, 8) || '-' || substr(hex, 9, 4) || '-' || substr(hex, 13, 4) || '-' || substr(hex, 17, 4) || '-' || substr(hex, 21),
                   'ffffffff-ffff-7000-a000-' || printf('%012x', number)), {same}
    FROM copy JOIN original ON place = number % others;";

const IN_POSTGRES: &str = "
    INSERT INTO visit (visit_id, started_ms, folded, {same})
    SELECT decode('ffffffffffff7000a000' || lpad(to_hex(number), 12, '0'), 'hex'), started_ms - number::bigint * 60000,
           replace(folded, encode(visit_id, 'hex')::uuid::text, 'ffffffff-ffff-7000-a000-' || lpad(to_hex(number), 12, '0')), {same}
    FROM generate_series(1, {copies}) AS number
    JOIN (SELECT *, row_number() OVER (ORDER BY visit_id) - 1 AS place, count(*) OVER () AS others FROM visit) AS original
      ON place = number % others;
    ANALYZE;";

fn statement(of: &str, copies: usize) -> String {
    of.replace("{same}", SAME).replace("{copies}", &copies.to_string())
}

/// Adds this many visits to the embedded database of a data folder. The service may be running.
///
/// # Panics
/// When the database can't be written.
pub fn in_the_data_folder(data: &Path, copies: usize) {
    let database = rusqlite::Connection::open(data.join("council.db")).expect("the database opens");
    database.busy_timeout(std::time::Duration::from_secs(60)).expect("it waits");
    database.execute_batch(&statement(IN_SQLITE, copies)).expect("visits are copied");
}

/// Adds this many visits to a PostgreSQL database.
pub fn at(server: &Postgres, database: &str, copies: usize) {
    server.asks(database, &statement(IN_POSTGRES, copies));
}
