//! What `cargo xtask bench` measures of phones while strangers flood the service: how long a phone
//! waits for its answer, beside the same a moment before, and the memory that the service takes.
//! Prints one JSON object a line.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use doorstep_tests::hand_phone::HandPhone;
use doorstep_tests::harness::{TestCouncil, sample};
use serde_json::json;

/// How many requests of the phone each figure is taken from.
const REQUESTS: usize = 120;
/// How long the phone waits between two requests.
const BETWEEN: Duration = Duration::from_millis(40);
/// How many connections say nothing.
const IDLE: usize = 2_000;
/// How many connections send their body byte by byte.
const SLOW: usize = 190;
/// How many wrong passwords are tried a second.
const GUESSES: u64 = 200;

/// Floods a council until it is over.
type Flood = fn(SocketAddr, &AtomicBool);

fn main() {
    let silent = TcpListener::bind("127.0.0.1:0").expect("there is a free port");
    let issuer = format!("http://{}", silent.local_addr().expect("it has an address"));
    let folder = tempfile::tempdir().expect("there is a folder");
    let secret = folder.path().join("secret");
    std::fs::write(&secret, "a secret").expect("a secret can be written");
    let mut council = TestCouncil::open();
    council.kill();
    council.is_told(&[
        ("DOORSTEP_OPENID_ISSUER", &issuer),
        ("DOORSTEP_OPENID_CLIENT", "doorstep"),
        ("DOORSTEP_OPENID_SECRET_FILE", &secret.display().to_string()),
        ("DOORSTEP_PUBLIC_ADDRESS", "http://localhost"),
    ]);
    council.start();
    council.does(&["import-appointments", &sample("appointments-2026-11-24.csv").display().to_string()]);
    let mut phone = HandPhone::of("melton-2", &council);
    phone.sends(|_| {});
    let floods: [(&str, Flood); 4] = [
        ("2,000 idle connections", idle),
        ("190 slow bodies", slow_bodies),
        ("200 wrong sign-ins a second", wrong_sign_ins),
        ("a silent provider", silent_provider),
    ];
    for (name, flood) in floods {
        let quiet_ms = p95_ms(&mut phone);
        let (over, measured, most) = (AtomicBool::new(false), AtomicBool::new(false), AtomicU64::new(0));
        let (flooded_ms, memory_kib) = thread::scope(|scope| {
            scope.spawn(|| flood(council.address(), &over));
            scope.spawn(|| {
                while !measured.load(Ordering::Relaxed) {
                    most.fetch_max(council.memory_kib(), Ordering::Relaxed);
                    thread::sleep(Duration::from_millis(5));
                }
            });
            // The flood is on its height after a moment.
            thread::sleep(Duration::from_secs(2));
            let flooded_ms = p95_ms(&mut phone);
            measured.store(true, Ordering::Relaxed);
            over.store(true, Ordering::Relaxed);
            (flooded_ms, most.load(Ordering::Relaxed))
        });
        let rounded = |number: f64| (number * 100.0).round() / 100.0;
        println!(
            "{}",
            json!({
                "what": name,
                "quiet_p95_ms": rounded(quiet_ms),
                "flooded_p95_ms": rounded(flooded_ms),
                "ratio": rounded(flooded_ms / quiet_ms),
                "most_memory_mib": memory_kib / 1024,
            })
        );
    }
}

/// The time below which 95 of 100 requests of the phone are answered, in milliseconds. Each comes
/// on a connection of its own, as after hours without signal.
fn p95_ms(phone: &mut HandPhone) -> f64 {
    let mut times: Vec<f64> = (0..REQUESTS)
        .map(|_| {
            thread::sleep(BETWEEN);
            phone.connects_anew();
            let began = Instant::now();
            phone.sends(|_| {});
            began.elapsed().as_secs_f64() * 1000.0
        })
        .collect();
    times.sort_by(f64::total_cmp);
    times[REQUESTS * 95 / 100]
}

/// Keeps as many connections open as it gets, and says nothing on them.
fn idle(council: SocketAddr, over: &AtomicBool) {
    let mut held = Vec::new();
    while !over.load(Ordering::Relaxed) {
        while held.len() < IDLE {
            held.extend(TcpStream::connect(council).ok());
        }
        // Those that were closed are opened again.
        held.retain(|connection: &TcpStream| {
            connection.set_nonblocking(true).is_ok()
                && matches!(connection.peek(&mut [0]), Err(error) if error.kind() == std::io::ErrorKind::WouldBlock)
        });
        thread::sleep(Duration::from_millis(20));
    }
}

/// Sends long bodies byte by byte.
fn slow_bodies(council: SocketAddr, over: &AtomicBool) {
    let begun = || {
        let mut connection = TcpStream::connect(council).ok()?;
        // Not all of it is read at once.
        connection.set_write_timeout(Some(Duration::from_secs(1))).ok()?;
        connection.write_all(b"POST /v2/sync HTTP/1.1\r\nHost: x\r\nContent-Length: 2000000\r\n\r\n").ok()?;
        // Most of it comes at once, so that it is held.
        connection.write_all(&vec![0; 1_900_000]).ok()?;
        Some(connection)
    };
    let mut held: Vec<TcpStream> = Vec::new();
    while !over.load(Ordering::Relaxed) {
        held.retain_mut(|connection| connection.write_all(&[0; 100]).is_ok());
        while held.len() < SLOW {
            held.extend(begun());
        }
        thread::sleep(Duration::from_millis(100));
    }
}

/// Sends a request on a connection of its own, and reads what comes back.
fn asks(council: SocketAddr, request: &str) {
    let Ok(mut connection) = TcpStream::connect(council) else { return };
    let _patience = connection.set_read_timeout(Some(Duration::from_secs(10)));
    if connection.write_all(request.as_bytes()).is_ok() {
        let _answer = connection.read_to_end(&mut Vec::new());
    }
}

fn at_a_rate(over: &AtomicBool, a_second: u64, ask: impl Fn(u64) + Sync) {
    let ask = &ask;
    thread::scope(|scope| {
        for number in 0.. {
            if over.load(Ordering::Relaxed) {
                return;
            }
            scope.spawn(move || ask(number));
            thread::sleep(Duration::from_micros(1_000_000 / a_second));
        }
    });
}

fn wrong_sign_ins(council: SocketAddr, over: &AtomicBool) {
    at_a_rate(over, GUESSES, |number| {
        let body =
            json!({ "user": format!("lead-{}", number % 500), "password": "not the right password" }).to_string();
        let head = "POST /api/session HTTP/1.1\r\nHost: x\r\nx-doorstep: 1\r\nConnection: close";
        let kind = "Content-Type: application/json";
        asks(council, &format!("{head}\r\n{kind}\r\nContent-Length: {}\r\n\r\n{body}", body.len()));
    });
}

fn silent_provider(council: SocketAddr, over: &AtomicBool) {
    at_a_rate(over, 50, |_| {
        asks(council, "GET /api/sign-in/openid HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    });
}
