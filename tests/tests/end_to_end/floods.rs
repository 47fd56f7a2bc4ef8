//! What strangers can do to a service without signing in, and what everybody else notices of it.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

use doorstep_tests::desk::{ConsoleClient, session_cookie};
use doorstep_tests::harness::{Phone, TestCouncil, sample};
use reqwest::StatusCode;

/// A council with a day's appointments, whose service is told these settings.
fn told(settings: &[(&str, &str)]) -> TestCouncil {
    let mut council = TestCouncil::open();
    council.kill();
    council.is_told(settings);
    council.start();
    council.does(&["import-appointments", &sample("appointments-2026-11-24.csv").display().to_string()]);
    council
}

/// Whether the council has closed a connection that says nothing.
fn is_closed(connection: &mut TcpStream) -> bool {
    connection.set_read_timeout(Some(Duration::from_millis(5))).unwrap();
    !matches!(connection.read(&mut [0]), Err(error) if error.kind() == std::io::ErrorKind::WouldBlock)
}

#[test]
fn strangers_who_hold_connections_open_give_way_to_everybody_else() {
    let council = told(&[("DOORSTEP_CONNECTIONS", "64")]);
    let phone = Phone::of("melton-2", &council, council.address());
    let supervisor = ConsoleClient::of("super-1", &council);
    let mut strangers: Vec<TcpStream> = Vec::new();
    for number in 0..300 {
        let mut stranger = TcpStream::connect(council.address()).unwrap();
        if number % 2 == 0 {
            // The others send nothing at all.
            stranger.write_all(b"POST /v1/sync HTTP/1.1\r\nHost: x\r\nContent-Le").unwrap();
        }
        strangers.push(stranger);
        if number % 60 == 59 {
            assert_eq!(supervisor.asks("GET", "/api/today").status(), 200, "after {number}");
        }
    }
    phone.does(&["visit", "no-answer", &phone.starts("WO-261124-00033")]);
    assert_eq!(phone.says(&["sync"])["waiting"], 0, "the phone was served");
    let closed = strangers.iter_mut().filter_map(|one| is_closed(one).then_some(())).count();
    assert!((230..300).contains(&closed), "those who were silent longest gave way: {closed}");
    assert!(is_closed(&mut strangers[0]) && !is_closed(strangers.last_mut().unwrap()));
    assert_eq!(supervisor.reads("/api/visits")["visits"].as_array().unwrap().len(), 1);
}

#[test]
fn one_person_who_holds_every_connection_gives_them_back() {
    let council = told(&[("DOORSTEP_CONNECTIONS", "64")]);
    let session = session_cookie(&council, "vale-super");
    let mut held: Vec<TcpStream> = (0..64)
        .map(|_| {
            let mut connection = TcpStream::connect(council.address()).unwrap();
            let request = format!("GET /api/today HTTP/1.1\r\nHost: x\r\nCookie: {session}\r\n\r\n");
            connection.write_all(request.as_bytes()).unwrap();
            let mut begin = [0; 12];
            connection.read_exact(&mut begin).unwrap();
            assert_eq!(&begin, b"HTTP/1.1 200");
            connection
        })
        .collect();
    let supervisor = ConsoleClient::of("super-1", &council);
    assert_eq!(supervisor.asks("GET", "/api/today").status(), 200);
    let phone = Phone::of("melton-2", &council, council.address());
    assert_eq!(phone.says(&["sync"])["waiting"], 0);
    // A connection ends when there is nothing more to read on it.
    let ends = |one: &mut TcpStream| {
        one.set_read_timeout(Some(Duration::from_millis(50))).unwrap();
        one.read_to_end(&mut Vec::new()).map_or_else(|error| error.kind() != std::io::ErrorKind::WouldBlock, |_| true)
    };
    assert!(held.iter_mut().any(ends), "some of theirs were closed for the others");
}

#[test]
fn many_tables_at_once_leave_the_others_their_threads() {
    let council = told(&[]);
    let auditor = ConsoleClient::of("audit-1", &council);
    let answers: Vec<u16> = thread::scope(|scope| {
        let exports: Vec<_> =
            (0..60).map(|_| scope.spawn(|| auditor.asks("GET", "/api/exports/audit.xlsx").status().as_u16())).collect();
        assert_eq!(auditor.asks("GET", "/api/today").status(), 200);
        exports.into_iter().map(|export| export.join().unwrap()).collect()
    });
    assert!(answers.contains(&200) && answers.iter().all(|status| [200, 503].contains(status)), "{answers:?}");
}

#[test]
fn many_wrong_passwords_at_once_take_little_memory_and_keep_nobody_out_of_their_own_browser() {
    let council = told(&[]);
    let phone = Phone::of("melton-2", &council, council.address());
    let supervisor = ConsoleClient::of("super-1", &council);
    let guesses: Vec<_> = (0..120)
        .map(|number| {
            let address = council.address();
            thread::spawn(move || {
                let stranger = ConsoleClient::nobody_at(address);
                stranger.signs_in(&format!("lead-{}", number % 40), "not the right password").as_u16()
            })
        })
        .collect();
    // The supervisor's browser is known, so it has a place of its own.
    assert_eq!(supervisor.signs_in("super-1", doorstep_tests::harness::PASSWORD), StatusCode::OK);
    assert_eq!(phone.says(&["sync"])["waiting"], 0);
    let answers: Vec<u16> = guesses.into_iter().map(|guess| guess.join().unwrap()).collect();
    assert!(answers.iter().all(|status| [403, 429, 503].contains(status)), "{answers:?}");
    assert!(answers.contains(&503), "beyond a short queue strangers are told to come again");
    let megabytes = council.memory_kib() / 1024;
    assert!(megabytes < 250, "{megabytes} MB after 120 wrong passwords at once");
}

#[test]
fn a_provider_that_does_not_answer_holds_up_nobody_but_those_who_sign_in_with_it() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let issuer = format!("http://{}", silent.local_addr().unwrap());
    let folder = tempfile::tempdir().unwrap();
    let secret = folder.path().join("secret");
    std::fs::write(&secret, "a secret").unwrap();
    let council = told(&[
        ("DOORSTEP_OPENID_ISSUER", &issuer),
        ("DOORSTEP_OPENID_CLIENT", "doorstep"),
        ("DOORSTEP_OPENID_SECRET_FILE", &secret.display().to_string()),
        ("DOORSTEP_PUBLIC_ADDRESS", "http://localhost"),
    ]);
    let phone = Phone::of("melton-2", &council, council.address());
    let supervisor = ConsoleClient::of("super-1", &council);
    let tries: Vec<_> = (0..200)
        .map(|_| {
            let address = council.address();
            thread::spawn(move || {
                let mut stranger = TcpStream::connect(address).unwrap();
                stranger
                    .write_all(b"GET /api/sign-in/openid HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
                    .unwrap();
                let mut answer = String::new();
                stranger.read_to_string(&mut answer).unwrap();
                answer
            })
        })
        .collect();
    let (connection, _) = silent.accept().unwrap();
    assert_eq!(supervisor.asks("GET", "/ready").status(), 200);
    assert_eq!(supervisor.asks("GET", "/api/today").status(), 200);
    phone.does(&["visit", "no-answer", &phone.starts("WO-261124-00033")]);
    assert_eq!(phone.says(&["sync"])["waiting"], 0);
    silent.set_nonblocking(true).unwrap();
    assert!(silent.accept().is_err(), "one request alone asks the provider");
    drop(connection);
    for tried in tries {
        let answer = tried.join().unwrap();
        assert!(answer.contains("sign-in=no-provider"), "{answer}");
    }
}
