//! What strangers put between the lines: where a request ends, and what the service's log makes of
//! their words.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use doorstep_tests::desk::ConsoleClient;
use doorstep_tests::harness::{TestCouncil, json};
use reqwest::header::{HeaderMap, HeaderValue};

/// What the council answers to these bytes on one connection, until it says nothing for a while.
fn answer(council: &TestCouncil, said: &str) -> String {
    let mut connection = TcpStream::connect(council.address()).unwrap();
    connection.set_read_timeout(Some(Duration::from_secs(1))).unwrap();
    connection.write_all(said.as_bytes()).unwrap();
    let (mut heard, mut piece) = (Vec::new(), [0; 4096]);
    loop {
        match connection.read(&mut piece) {
            Ok(0) => break,
            Ok(bytes) => heard.extend_from_slice(&piece[..bytes]),
            Err(error) if [ErrorKind::WouldBlock, ErrorKind::ConnectionReset].contains(&error.kind()) => break,
            Err(error) => panic!("{error}"),
        }
    }
    String::from_utf8(heard).unwrap()
}

#[test]
fn a_request_whose_end_two_readers_would_see_in_two_places_is_refused() {
    let council = TestCouncil::open();
    let hidden = "GET /health HTTP/1.1\r\nHost: hidden\r\n\r\n";
    let length = hidden.len();
    let posts = |lines: &str, body: &str| {
        let begin = "POST /api/session HTTP/1.1\r\nHost: x\r\nX-Doorstep: 1\r\nContent-Type: application/json";
        answer(&council, &format!("{begin}\r\n{lines}\r\n\r\n{body}"))
    };
    // The first is refused for what it says, so an answer of 200 is to the hidden one.
    let is_found = |heard: &str| heard.contains("HTTP/1.1 200");
    let in_pieces = format!("2\r\n{{}}\r\n0\r\n\r\n{hidden}");
    // Where nobody could differ, both requests are answered.
    for heard in [posts("Content-Length: 2", &format!("{{}}{hidden}")), posts("Transfer-Encoding: chunked", &in_pieces)]
    {
        assert!(is_found(&heard), "{heard}");
    }
    // A proxy that goes by the length, in front of a service that goes by the pieces.
    let lines = [format!("Content-Length: {}", length + 12), "Transfer-Encoding: chunked".to_owned()];
    for lines in [lines.join("\r\n"), format!("{}\r\n{}", lines[1], lines[0])] {
        let heard = posts(&lines, &in_pieces);
        assert!(!is_found(&heard), "{lines}: {heard}");
    }
    for (lines, body) in [
        // Lengths that differ, or that not everybody reads alike.
        (format!("Content-Length: 0\r\nContent-Length: {length}"), hidden.to_owned()),
        (format!("Content-Length: 0, {length}"), hidden.to_owned()),
        ("Content-Length: +0".to_owned(), hidden.to_owned()),
        ("Content-Length: 0x0".to_owned(), hidden.to_owned()),
        ("Content-Length : 0".to_owned(), hidden.to_owned()),
        // Ways of sending that not everybody knows.
        ("Transfer-Encoding: xchunked".to_owned(), format!("0\r\n\r\n{hidden}")),
        ("Transfer-Encoding: chunked, identity".to_owned(), format!("0\r\n\r\n{hidden}")),
        ("Transfer-Encoding : chunked".to_owned(), format!("0\r\n\r\n{hidden}")),
        // A piece whose size is no number.
        ("Transfer-Encoding: chunked".to_owned(), format!("0x0\r\n\r\n{hidden}")),
    ] {
        let heard = posts(&lines, &body);
        assert!(!is_found(&heard), "{lines}: {heard}");
    }
}

#[test]
fn nobody_begins_a_line_of_the_service_s_log() {
    let mut council = TestCouncil::open();
    council.kill();
    council.keeps_its_log();
    council.is_told(&[("DOORSTEP_LOG", "json"), ("DOORSTEP_PROXY", "127.0.0.1")]);
    council.start();
    let forged = "x\r\n{\"level\":\"ERROR\",\"message\":\"forged\"}\u{1b}[31m";
    let nobody = ConsoleClient::nobody(&council);
    let encoded: String = forged.bytes().map(|byte| format!("%{byte:02x}")).collect();
    for path in [format!("/api/visits/{encoded}"), format!("/{encoded}"), format!("/api/visits?q={encoded}")] {
        let _refused = nobody.asks("GET", &path).status();
    }
    assert_eq!(nobody.signs_in(forged, forged), 403);
    // More than is taken of one network, so that the service warns of it.
    let tries = |number: usize| nobody.signs_in_through(&format!("{forged}{number}"), forged, "203.0.113.9");
    let told_later = (0..500).filter(|number| tries(*number) != 403).take(20).count();
    assert_eq!(told_later, 20, "who tries on and on is told to come later");
    let mut lies = HeaderMap::new();
    lies.insert("x-forwarded-for", HeaderValue::from_static("1.2.3.4\tforged"));
    let _answer = reqwest::blocking::Client::new()
        .get(format!("http://{}/api/session", council.address()))
        .headers(lies)
        .send()
        .unwrap();
    let log = council.log();
    for line in log.lines() {
        let said = json(line);
        assert!(said["level"].is_string() && said["timestamp"].is_string(), "{line}");
        assert!(!said.to_string().contains("forged"), "{line}");
    }
    let warned = log.lines().filter(|line| line.contains("was told to come later")).count();
    assert!((1..=6).contains(&warned), "who tries on and on is in the log, and does not fill it: {warned}");
}
