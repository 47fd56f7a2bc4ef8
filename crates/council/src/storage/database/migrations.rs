//! The migrations of the schema, read from their folders: `NNNN_what_it_does.sql`. They only go
//! forward, and one that was released is never edited. A migration has the same number in both
//! databases.

use std::borrow::Cow;

use rust_embed::RustEmbed;

#[derive(RustEmbed)]
#[folder = "migrations/sqlite"]
struct SqliteMigrations;

#[derive(RustEmbed)]
#[folder = "migrations/postgres"]
struct PostgresMigrations;

/// One step.
pub(super) struct Migration {
    /// The schema's number after this step.
    pub(super) number: i64,
    /// What it does.
    pub(super) sql: Cow<'static, str>,
}

/// The steps of the embedded database, in order.
pub(super) fn of_sqlite() -> Vec<Migration> {
    read::<SqliteMigrations>()
}

/// The steps of PostgreSQL, in order. The first is number 4, and creates everything that the first
/// 4 steps of the embedded database create.
pub(super) fn of_postgres() -> Vec<Migration> {
    read::<PostgresMigrations>()
}

#[expect(clippy::expect_used, reason = "the files are part of the program, and a test reads them")]
fn read<F: RustEmbed>() -> Vec<Migration> {
    let mut migrations: Vec<Migration> = F::iter()
        .map(|name| {
            let number = name.split('_').next().and_then(|number| number.parse().ok());
            let sql = match F::get(&name).expect("a file that is listed is there").data {
                Cow::Borrowed(bytes) => std::str::from_utf8(bytes).map(Cow::Borrowed),
                Cow::Owned(bytes) => Ok(Cow::Owned(String::from_utf8_lossy(&bytes).into_owned())),
            };
            Migration {
                number: number.expect("a migration's name begins with its number"),
                sql: sql.expect("a migration is text"),
            }
        })
        .collect();
    migrations.sort_by_key(|migration| migration.number);
    migrations
}

/// The number of the newest step, in both databases.
pub(crate) fn newest() -> i64 {
    of_sqlite().last().map_or(0, |migration| migration.number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_step_has_one_number_and_is_there_for_both_databases() {
        let numbers = |migrations: Vec<Migration>| -> Vec<i64> {
            migrations.into_iter().map(|migration| migration.number).collect()
        };
        let (sqlite, postgres) = (numbers(of_sqlite()), numbers(of_postgres()));
        assert_eq!(sqlite, (1..=newest()).collect::<Vec<_>>(), "none is missing, and none is there twice");
        assert_eq!(postgres, (4..=newest()).collect::<Vec<_>>());
    }
}
