//! Both databases prepare every SQL statement of the council. So a statement that no other test
//! runs is known to be valid on both.

use std::fmt::Write;
use std::process::Command;

use doorstep_council::for_postgres;
use doorstep_tests::harness::TestCouncil;
use doorstep_tests::postgres::Postgres;
use doorstep_tests::statements;

#[test]
fn every_statement_is_prepared_by_the_embedded_database() {
    let council = TestCouncil::open();
    let database = rusqlite::Connection::open(council.data().join("council.db")).unwrap();
    let statements = statements::of_the_council();
    assert!(statements.len() > 150, "the statements are found: {}", statements.len());
    let wrong: Vec<String> = statements
        .iter()
        .filter_map(|one| database.prepare(&one.sql).err().map(|error| format!("{}: {error}\n{}", one.file, one.sql)))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

#[test]
fn every_statement_is_prepared_by_the_database_server() {
    let server = Postgres::start();
    let address = server.database();
    let _council = TestCouncil::open_on_postgres(&address);
    let statements = statements::of_the_council();
    let mut script = String::from("\\set ON_ERROR_STOP off\n");
    for (number, one) in statements.iter().enumerate() {
        writeln!(script, "\\echo == {number}\nPREPARE of_the_council_{number} AS {};", for_postgres(&one.sql)).unwrap();
    }
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("statements.sql");
    std::fs::write(&file, script).unwrap();
    let done = Command::new("psql")
        .args(["--no-psqlrc", "--quiet", "--dbname", &address, "--file"])
        .arg(&file)
        .output()
        .unwrap();
    let prepared = String::from_utf8_lossy(&done.stdout).matches("== ").count();
    assert_eq!(prepared, statements.len(), "all of them were put to it");
    let errors = String::from_utf8_lossy(&done.stderr).into_owned();
    assert!(errors.is_empty(), "{errors}");
}
