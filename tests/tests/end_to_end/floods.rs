//! What strangers can do to a service without signing in, and what everybody else notices of it.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

use doorstep_tests::desk::{ConsoleClient, session_cookie};
use doorstep_tests::harness::{PASSWORD, Phone, TestCouncil, sample};
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

/// The most memory that a council's service takes while something goes on, in MiB.
fn most_memory(council: &TestCouncil, work: impl FnOnce() + Send) -> u64 {
    thread::scope(|scope| {
        let working = scope.spawn(work);
        let mut most = council.memory_kib();
        while !working.is_finished() {
            most = most.max(council.memory_kib());
            thread::sleep(Duration::from_millis(2));
        }
        working.join().unwrap();
        most / 1024
    })
}

/// Sends the same request on many connections at once, and waits for the answers.
fn at_once(council: &TestCouncil, connections: usize, head: &str, body: &[u8]) -> Vec<String> {
    let request = [format!("{head}\r\nContent-Length: {}\r\n\r\n", body.len()).as_bytes(), body].concat();
    let sends = || {
        let mut connection = TcpStream::connect(council.address()).unwrap();
        // It may be closed before all was sent.
        let _closed = connection.write_all(&request);
        let mut answer = [0; 32];
        let read = connection.read(&mut answer).unwrap_or(0);
        String::from_utf8_lossy(&answer[..read]).into_owned()
    };
    thread::scope(|scope| {
        let all: Vec<_> = (0..connections).map(|_| scope.spawn(sends)).collect();
        all.into_iter().map(|one| one.join().unwrap()).collect()
    })
}

#[test]
fn a_small_body_that_unpacks_to_a_large_one_takes_little_memory_from_many_strangers_at_once() {
    let council = told(&[]);
    let phone = Phone::of("melton-2", &council, council.address());
    let packed = |window_log: u32| {
        let mut encoder = zstd::Encoder::new(Vec::new(), 3).unwrap();
        encoder.set_parameter(zstd::zstd_safe::CParameter::WindowLog(window_log)).unwrap();
        encoder.write_all(&vec![0_u8; 8 * 1024 * 1024 - 1]).unwrap();
        encoder.finish().unwrap()
    };
    let head = "POST /v2/sync HTTP/1.1\r\nHost: x\r\nContent-Encoding: zstd";
    let most = most_memory(&council, || {
        // The second says that it refers back by 128 MiB, and a decoder would take as much.
        for bomb in [packed(21), packed(27), packed(23)] {
            assert!(bomb.len() < 2048);
            let answers = at_once(&council, 180, head, &bomb);
            assert!(answers.iter().all(|answer| !answer.starts_with("HTTP/1.1 2")), "{answers:?}");
        }
    });
    assert!(most < 256, "{most} MiB for strangers");
    phone.does(&["visit", "no-answer", &phone.starts("WO-261124-00033")]);
    assert_eq!(phone.says(&["sync"])["waiting"], 0, "the phone was served");
}

#[test]
fn whoever_holds_back_the_end_of_large_bodies_gives_way_and_takes_little_memory() {
    let council = told(&[]);
    let phone = Phone::of("melton-2", &council, council.address());
    let session = session_cookie(&council, "vale-super");
    let holds_back = |number: usize| {
        let mut connection = TcpStream::connect(council.address()).unwrap();
        connection.set_write_timeout(Some(Duration::from_secs(8))).unwrap();
        connection.set_read_timeout(Some(Duration::from_secs(8))).unwrap();
        if number.is_multiple_of(2) {
            // Somebody who has signed in has more connections than strangers have.
            let head = format!("GET /api/session HTTP/1.1\r\nHost: x\r\nCookie: {session}\r\n\r\n");
            connection.write_all(head.as_bytes()).unwrap();
            let mut answer = [0; 8192];
            let read = connection.read(&mut answer).unwrap();
            assert!(answer[..read].starts_with(b"HTTP/1.1 200"));
        }
        let size = 2 * 1024 * 1024 - 1;
        let head = format!("POST /v2/sync HTTP/1.1\r\nHost: x\r\nContent-Length: {size}\r\n\r\n");
        let sent = connection.write_all(head.as_bytes()).and_then(|()| connection.write_all(&vec![b'a'; size - 1]));
        // Whoever gives way is answered, or finds the connection closed.
        sent.is_err() || connection.read(&mut [0; 64]).is_ok()
    };
    let most = most_memory(&council, || {
        let gave_way = thread::scope(|scope| {
            let holds_back = &holds_back;
            let all: Vec<_> = (0..100).map(|number| scope.spawn(move || holds_back(number))).collect();
            phone.does(&["visit", "no-answer", &phone.starts("WO-261124-00033")]);
            assert_eq!(phone.says(&["sync"])["waiting"], 0, "the phone was served");
            all.into_iter().map(|one| one.join().unwrap()).filter(|gave_way| *gave_way).count()
        });
        assert!(gave_way >= 12, "{gave_way} gave way");
    });
    assert!(most < 200, "{most} MiB for bodies of which nothing comes any more");
}

#[test]
fn somebody_at_a_desk_who_sends_large_tables_at_once_takes_little_memory() {
    let council = told(&[]);
    let session = session_cookie(&council, "super-1");
    let other = ConsoleClient::of("audit-1", &council);
    let head = |route: &str, kind: &str| {
        format!("POST {route} HTTP/1.1\r\nHost: x\r\nx-doorstep: 1\r\nCookie: {session}\r\nContent-Type: {kind}")
    };
    let large = vec![b'a'; 15 * 1024 * 1024];
    let most = most_memory(&council, || {
        let answers = at_once(&council, 60, &head("/api/appointments", "text/csv"), &large);
        let busy = answers.iter().filter(|answer| answer.starts_with("HTTP/1.1 503")).count();
        assert!(busy > 0, "some are told to come again: {answers:?}");
        let answers = at_once(&council, 24, &head("/api/session/password", "application/json"), &large);
        assert!(answers.iter().all(|answer| answer.is_empty() || answer.starts_with("HTTP/1.1 413")), "{answers:?}");
    });
    assert!(most < 400, "{most} MiB for one person");
    assert_eq!(other.asks("GET", "/api/today").status(), 200);
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
    assert_eq!(supervisor.signs_in("super-1", PASSWORD), StatusCode::OK);
    assert_eq!(phone.says(&["sync"])["waiting"], 0);
    let answers: Vec<u16> = guesses.into_iter().map(|guess| guess.join().unwrap()).collect();
    assert!(answers.iter().all(|status| [403, 429, 503].contains(status)), "{answers:?}");
    assert!(answers.contains(&503), "beyond a short queue strangers are told to come again");
    let megabytes = council.memory_kib() / 1024;
    assert!(megabytes < 170, "{megabytes} MB after 120 wrong passwords at once");
}

#[test]
fn strangers_lock_nobody_out_of_a_network_in_which_they_have_signed_in() {
    let council = told(&[("DOORSTEP_PROXY", "127.0.0.1")]);
    let signs_in = |user: &str, password: &str, from: &str| {
        ConsoleClient::nobody(&council).signs_in_through(user, password, from).as_u16()
    };
    let (office, elsewhere) = ("203.0.113.7", "203.0.113.8");
    assert_eq!(signs_in("super-1", PASSWORD, office), 200);
    for _ in 0..7 {
        assert!([403, 429].contains(&signs_in("super-1", "not the right password", elsewhere)));
    }
    // Each of these is a browser that has never been seen.
    assert_eq!(signs_in("super-1", PASSWORD, elsewhere), 429, "strangers wait, whoever they are");
    assert_eq!(signs_in("super-1", PASSWORD, office), 200, "the office is known");
    assert_eq!(signs_in("lead-1", PASSWORD, office), 200, "and the first time is no guess");

    // A network of strangers gets so many tries a minute, whatever names it tries.
    let has_enough = (0..300).any(|number| signs_in(&format!("nobody-{number}"), "a guess", elsewhere) == 503);
    assert!(has_enough, "it was never told to come later");
    assert_eq!(signs_in("audit-1", PASSWORD, "198.51.100.4"), 200, "others go on");
    assert_eq!(signs_in("super-1", PASSWORD, office), 200);
}

#[test]
fn whoever_shares_a_browser_is_known_in_it_with_the_others() {
    let council = told(&[]);
    let at_the_counter = ConsoleClient::nobody(&council);
    for user in ["super-1", "audit-1", "vale-super"] {
        assert_eq!(at_the_counter.signs_in(user, PASSWORD), 200);
    }
    for _ in 0..8 {
        assert!([403, 429].contains(&ConsoleClient::nobody(&council).signs_in("super-1", "a guess").as_u16()));
    }
    assert_eq!(ConsoleClient::nobody(&council).signs_in("super-1", PASSWORD), 429, "strangers wait");
    assert_eq!(at_the_counter.signs_in("super-1", PASSWORD), 200, "two others have signed in there since");
}

#[test]
fn nobody_takes_all_the_places_of_those_who_are_known() {
    let council = told(&[]);
    let firm = ConsoleClient::of("vale-super", &council);
    let supervisor = ConsoleClient::of("super-1", &council);
    let proves =
        || firm.sends("POST", "/api/session/proof", &serde_json::json!({ "password": PASSWORD })).status().as_u16();
    let taken = (0..300).map(|_| proves()).take_while(|status| *status == 200).count();
    assert!((20..300).contains(&taken), "{taken} tries were taken");
    assert_eq!(proves(), 503);
    assert_eq!(supervisor.signs_in("super-1", PASSWORD), 200, "others go on");
    assert_eq!(firm.asks("GET", "/api/today").status(), 200, "and so do they");
}

#[test]
fn a_clock_that_was_once_ahead_locks_nobody_out_and_lets_nobody_stay() {
    let council = TestCouncil::open();
    let supervisor = ConsoleClient::of("super-1", &council);
    for _ in 0..6 {
        assert!([403, 429].contains(&ConsoleClient::nobody(&council).signs_in("super-1", "a guess").as_u16()));
        assert!([403, 429].contains(&supervisor.signs_in("super-1", "a slip").as_u16()));
    }
    let code = council.code_for("melton-3");
    // What it would have left if the clock had been three years ahead meanwhile.
    let database = rusqlite::Connection::open(council.data().join("council.db")).unwrap();
    let years = 3_i64 * 365 * 24 * 60 * 60 * 1000;
    database
        .execute_batch(&format!(
            "UPDATE sign_in_try SET last_ms = last_ms + {years};
             UPDATE session SET created_ms = created_ms + {years}, seen_ms = seen_ms + {years};
             UPDATE enrolment_code SET expires_ms = expires_ms + {years}"
        ))
        .unwrap();
    assert_eq!(supervisor.asks("GET", "/api/today").status(), 401, "such a session would never end");
    assert_eq!(supervisor.signs_in("super-1", PASSWORD), 200);
    assert_eq!(ConsoleClient::nobody(&council).signs_in("super-1", PASSWORD), 200);
    let phone = Phone::new();
    let server = format!("http://{}", council.address());
    assert!(!phone.tries(&["enrol", "--server", &server, "--code", &code]).status.success(), "nor would such a code");
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
