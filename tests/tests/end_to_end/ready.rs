//! `/ready` says whether what a phone sends would be kept, and is looked at again.

use std::fs;
use std::thread;
use std::time::Duration;

use doorstep_tests::desk::ConsoleClient;
use doorstep_tests::harness::TestCouncil;
use doorstep_tests::postgres::Postgres;

/// Asks until it is so, for longer than what was found before holds.
fn becomes(council: &TestCouncil, status: u16) {
    let nobody = ConsoleClient::nobody(council);
    for _ in 0..120 {
        if nobody.asks("GET", "/ready").status() == status {
            return;
        }
        thread::sleep(Duration::from_millis(250));
    }
    panic!("/ready does not become {status}");
}

#[test]
fn a_disk_that_takes_no_picture_makes_the_service_not_ready_until_it_does() {
    let council = TestCouncil::open();
    let photos = council.data().join("photos");
    becomes(&council, 200);
    fs::remove_dir_all(&photos).unwrap();
    fs::write(&photos, "in its place").unwrap();
    becomes(&council, 503);
    assert_eq!(ConsoleClient::nobody(&council).asks("GET", "/health").status(), 200, "the process lives");
    fs::remove_file(&photos).unwrap();
    becomes(&council, 200);
}

#[test]
fn a_database_server_that_stops_flushing_makes_the_service_not_ready_until_it_does() {
    let server = Postgres::start();
    let database = server.database();
    let council = TestCouncil::open_on_postgres(&database);
    becomes(&council, 200);
    for (setting, status) in [("off", 503), ("on", 200)] {
        server.asks(&database, &format!("ALTER SYSTEM SET fsync = {setting}"));
        server.asks(&database, "SELECT pg_reload_conf()");
        becomes(&council, status);
    }
    // The service reads on, and takes no write.
    server.asks(&database, "ALTER TABLE meta RENAME TO broken_by_a_test");
    becomes(&council, 503);
    server.asks(&database, "ALTER TABLE broken_by_a_test RENAME TO meta");
    becomes(&council, 200);
    drop(server);
    becomes(&council, 503);
}
